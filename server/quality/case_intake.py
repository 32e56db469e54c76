"""A case that a person typed: it goes in as it was sent, and comes out checked and masked, with who may read it.

A case is kept for years and sent to models by every run: what people type in it is masked as their questions are. Gold
that is in a document is the organisation's own text, and stays as it is (`server.quality.gold_masking`). An id that
says what the masked case does not say is replaced by one made of its content: no masker sees a name in one word.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from ingest.text import fold
from server.case_schemas import Case, DraftExpectation
from server.mask import About, Masker
from server.mask_schemas import EntityType
from server.quality.case_records import derived_id
from server.quality.errors import CaseRefused, CaseWrong
from server.quality.gold_masking import IndexedGold, hidden_gold
from server.templates import Templates

NAMES_SOMEBODY = (
    "L’identifiant (champ « id ») semble contenir une donnée personnelle : nommez le cas par son sujet, sans nom ni "
    "numéro de personne."
)
NO_MASK_CASES = (
    "Un cas de masquage ne se garde pas dans la base, où tout est masqué : écrivez-le dans un fichier de cas, avec "
    "des personnes inventées."
)
OTHER_GROUPS = (
    "Ce cas serait posé au nom d’un groupe dont vous n’êtes pas ({groups}) : demandez à une personne de ce groupe de "
    "l’écrire."
)
TOO_LONG_MASKED = "Une fois masqué, ce cas est trop long : raccourcissez {field}."

_IDENTITIES: frozenset[EntityType] = frozenset({"PERSONNE", "EMAIL", "TELEPHONE", "NIR", "ADRESSE"})

_FIELDS = {
    "question": "la question",
    "history": "les questions précédentes",
    "facts": "les faits attendus",
    "gold": "les passages attendus",
    "forbidden": "ce qui ne doit pas être dit",
    "tags": "les étiquettes",
    "draft": "les notes ou ce qui en est attendu",
}
"""What is masked, as a person reads it."""

_MADE_ID = re.compile(r"(cas-)?\d{1,4}|c-[0-9a-f]{8,32}|gen-q[0-9a-f]{1,32}x|retour-[a-p]{1,12}")
"""Ids that programs make: of a number, a digest, or the id of an answer in letters (the page « Qualité »)."""


@dataclass(frozen=True, slots=True)
class TakenCase:
    """A case that may be kept.

    Args:
        readers: the groups that one needs, all of them, to read it.
        masked: the placeholders that stand in place of what was typed, in order.
    """

    case: Case
    readers: frozenset[str]
    masked: list[str]


def take(
    case: Case,
    masker: Masker,
    templates: Templates,
    groups: frozenset[str],
    before: "TakenCase | None" = None,
    indexed: IndexedGold | None = None,
) -> TakenCase:
    """Check a case and mask it.

    Args:
        groups: those of its writer.
        before: what it replaces: it keeps its id.
        indexed: tells which gold is in a document; None where all of it comes from documents.

    Raises:
        CaseWrong: its fields contradict each other or what it is; the message names the field.
        CaseRefused: it is of a group that its writer is not of.
        MaskingFailed: a text of it cannot be read for personal data.
    """
    check(case, templates)
    if strange := sorted(set(case.groups) - groups):
        raise CaseRefused(OTHER_GROUPS.format(groups=", ".join(f"« {name} »" for name in strange)))
    if _names_somebody(case.id, masker):
        raise CaseWrong(NAMES_SOMEBODY)
    masked, placeholders = mask_case(case, masker, indexed)
    if before is None and not _says_no_more(masked):
        masked = masked.model_copy(update={"id": derived_id(masked)})
    return TakenCase(masked, _readers(masked, groups, before), placeholders)


def _names_somebody(case_id: str, masker: Masker) -> bool:
    """Tell whether an id says who somebody is; a date in it does not, nor do letters and digits of a digest."""
    words = [word for word in re.split(r"[-_.:]+", case_id) if word.isdigit() or not re.search(r"\d", word)]
    return any(entity.type in _IDENTITIES for entity in masker.mask(" ".join(words)).entities)


def _says_no_more(case: Case) -> bool:
    """Tell whether an id was made by a program, or has only words that the masked case has, and numbers."""
    if _MADE_ID.fullmatch(case.id):
        return True
    said = set(re.findall(r"\w+", fold(" ".join((*_texts(case), *case.groups)))))
    return all(word.isdigit() or word in said for word in re.findall(r"[^\W_]+", fold(case.id)))


def _readers(case: Case, groups: frozenset[str], before: TakenCase | None) -> frozenset[str]:
    """Tell who may read a case: what must not be said to its groups may be read in another of its writer's."""
    needed = frozenset(case.groups)
    if not case.forbidden:
        return needed
    if before is not None and set(case.forbidden) <= set(before.case.forbidden):
        return needed | before.readers
    return needed | groups


def check(case: Case, templates: Templates) -> None:
    """Check that the fields of a case go together; raises `CaseWrong` with all that do not."""
    faults = list(_faults(case, templates))
    if faults:
        raise CaseWrong(" ".join(faults))


def _faults(case: Case, templates: Templates) -> Iterator[str]:
    if case.kind == "mask" or case.mask is not None:
        yield NO_MASK_CASES
    elif case.kind == "ask":
        yield from _ask_faults(case)
    else:
        yield from _draft_faults(case, templates)


def _ask_faults(case: Case) -> Iterator[str]:
    if not case.question:
        yield "Il manque la question (champ « question »)."
    if case.draft is not None:
        yield "Une question n’a pas de notes (champ « draft ») : choisissez le type « draft », ou retirez-les."
    if case.must_abstain and (case.facts or case.gold):
        yield (
            "Un cas où l’assistant doit s’abstenir (champ « must_abstain ») n’a ni faits attendus (champ « facts ») "
            "ni passages attendus (champ « gold »)."
        )
    if case.abstention is not None and not case.must_abstain:
        yield "La raison de l’abstention (champ « abstention ») demande que « must_abstain » soit vrai."


def _draft_faults(case: Case, templates: Templates) -> Iterator[str]:
    asked = ("question", "history", "facts", "gold", "forbidden", "must_abstain", "abstention")
    if given := [name for name in asked if getattr(case, name)]:
        yield (
            f"Un cas de synthèse ne prend pas {' ni '.join(f'« {name} »' for name in given)} : ce qui est attendu "
            "d’elle s’écrit dans « draft »."
        )
    if case.draft is None:
        yield "Il manque les notes (champ « draft »)."
        return
    template = templates.get(case.draft.template)
    if template is None:
        yield f"Le modèle « {case.draft.template} » (champ « draft.template ») n’existe pas."
        return
    known = {section.id for section in template.sections}
    told = {fact.section for fact in case.draft.facts if fact.section is not None}
    for name in sorted({*told, *case.draft.non_renseigne} - known):
        yield f"La partie « {name} » (champ « draft ») n’est pas du modèle « {template.id} »."
    for name in sorted(told & set(case.draft.non_renseigne)):
        yield f"La partie « {name} » (champ « draft ») a un fait attendu et doit pourtant être « non renseigné »."


def mask_case(case: Case, masker: Masker, indexed: IndexedGold | None = None) -> tuple[Case, list[str]]:
    """Mask the texts of a case, the same value by the same placeholder in all of them; gives the placeholders too.

    Args:
        indexed: as in `take`.

    Raises:
        CaseWrong: a text of it is too long once masked.
        MaskingFailed: a text of it cannot be read for personal data.
    """
    hide = _Hiding(masker, case)
    texts: dict[str, object] = {
        "history": [hide(text) for text in case.history],
        "question": hide(case.question),
        "facts": [hide(text) for text in case.facts],
        "forbidden": [hide(text) for text in case.forbidden],
        "tags": [hide(text) for text in case.tags],
        "draft": _masked_draft(case.draft, hide) if case.draft else None,
    }
    if indexed is not None:
        texts["gold"] = [hidden_gold(gold, hide.unless, indexed) for gold in case.gold]
    try:
        return Case.model_validate(case.model_dump() | texts), list(hide.known)
    except ValidationError as error:
        place = str(error.errors(include_input=False)[0]["loc"][0])
        raise CaseWrong(TOO_LONG_MASKED.format(field=_FIELDS.get(place, place))) from None


def _masked_draft(draft: DraftExpectation, hide: "_Hiding") -> dict[str, object]:
    return draft.model_dump() | {
        "notes": hide(draft.notes, "notes"),
        "facts": [fact.model_dump() | {"text": hide(fact.text, "notes")} for fact in draft.facts],
        "forbidden": [hide(text, "notes") for text in draft.forbidden],
    }


class _Hiding:
    """Masks the texts of one case, one after the other."""

    def __init__(self, masker: Masker, case: Case) -> None:
        self._masker = masker
        self._beside = "\n".join(_texts(case))  # a placeholder that stands anywhere in it is not given again
        self.known: dict[str, str] = {}

    def __call__(self, text: str, about: About = "question") -> str:
        masked = self._masker.mask(text, self._beside, about=about, known=self.known)
        self.known |= masked.restore
        return masked.text

    def unless(self, text: str, is_own: Callable[[str], bool]) -> str:
        """Mask a text unless it is the organisation's own, which is asked only where there is something to mask."""
        masked = self._masker.mask(text, self._beside, about="question", known=self.known)
        if not masked.entities or is_own(text):
            return text
        self.known |= masked.restore
        return masked.text


def _texts(case: Case) -> Iterator[str]:
    yield from (*case.history, case.question, *case.facts, *case.forbidden, *case.tags)
    for gold in case.gold:
        yield from (gold.document, gold.quote or "")
    if case.draft is not None:
        yield from (case.draft.notes, *(fact.text for fact in case.draft.facts), *case.draft.forbidden)
