"""A certification of France compétences' registers: what it says, from when to when it holds, its text.

Out of `ingest.sources.rncp`; each becomes one document.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from ingest.documents import Block, Status, Validity
from ingest.sources.rendering import written_dates

_REGISTERS = {
    "RNCP": "Répertoire national des certifications professionnelles",
    "RS": "Répertoire spécifique",
}


@dataclass(frozen=True, slots=True)
class Certification:
    """A certification registered in the RNCP or the RS; "", () and None are what the tables do not say.

    Args:
        number: "RNCP37098" or "RS5616".
        form: what it is ("Titre professionnel", "BTS").
        level: in the French framework, 1 to 8.
        rome, nsf, formacodes: code and label of what it prepares for, as one text each.
        skill_blocks: code and title of each bloc de compétences.
        access: ways to obtain it.
        partners: how many organisations are entitled to prepare for it.
        replaced_by, replaces: numbers.
        registration: how it came to the register.
        active: what the register says of it on the day of the export.
    """

    number: str
    title: str
    form: str = ""
    level: int | None = None
    certifiers: tuple[str, ...] = ()
    rome: tuple[str, ...] = ()
    nsf: tuple[str, ...] = ()
    formacodes: tuple[str, ...] = ()
    skill_blocks: tuple[str, ...] = ()
    access: tuple[str, ...] = ()
    partners: int = 0
    replaced_by: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    registration: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    active: bool | None = None

    @property
    def register(self) -> str:
        """The register it is in: "RNCP" or "RS"."""
        return self.number.rstrip("0123456789")

    @property
    def url(self) -> str:
        """Its page on the site of France compétences."""
        digits = self.number.removeprefix(self.register)
        return f"https://www.francecompetences.fr/recherche/{self.register.lower()}/{digits}/"

    def validity(self, today: date) -> Validity:
        """Tell from when to when it holds.

        One that the register calls inactive before its planned end was ended on a day that it does not give:
        it then has no last day, and holds on none.
        """
        has_ended = self.ends_on is not None and self.ends_on < today
        if self.active is not False and not has_ended:
            return Validity(self.starts_on, self.ends_on)
        status = Status.SUPERSEDED if self.replaced_by else Status.REPEALED
        return Validity(self.starts_on, self.ends_on if has_ended else None, status)

    def blocks(self, source: str) -> tuple[Block, ...]:
        """Write it as labelled French lines; what is not known has no line.

        Args:
            source: name of the source, for the links to the certifications it replaces or that replace it.
        """
        return tuple(self._blocks(source))

    def _blocks(self, source: str) -> Iterator[Block]:
        for label, value in self._before():
            if value:
                yield Block("paragraph", f"{label} : {value}")
        for label, numbers in (("Remplacée par", self.replaced_by), ("Remplace", self.replaces)):
            if numbers:
                links = tuple(f"{source}:{number}" for number in numbers)
                yield Block("paragraph", f"{label} : {', '.join(numbers)}", links=links)
        for label, value in self._after():
            if value:
                yield Block("paragraph", f"{label} : {value}")
        if self.skill_blocks:
            yield Block("paragraph", "Blocs de compétences :")
            yield from (Block("list_item", block) for block in self.skill_blocks)

    def _before(self) -> tuple[tuple[str, str], ...]:
        return (
            ("Certification", self.title),
            ("Numéro", f"{self.number} ({_REGISTERS.get(self.register, self.register)})"),
            ("Type", self.form),
            ("Niveau", "" if self.level is None else str(self.level)),
            ("Certificateur", ", ".join(self.certifiers)),
            ("Enregistrement", written_dates(self.starts_on, self.ends_on)),
            ("Mode d’enregistrement", self.registration),
            ("État", "cette certification n’est plus active" if self.active is False else ""),
        )

    def _after(self) -> tuple[tuple[str, str], ...]:
        return (
            ("Métiers (ROME)", " ; ".join(self.rome)),
            ("Spécialités (NSF)", " ; ".join(self.nsf)),
            ("Domaines (Formacode)", " ; ".join(self.formacodes)),
            ("Voies d’accès", " ; ".join(self.access)),
            ("Partenaires habilités", str(self.partners) if self.partners else ""),
        )
