"""The catalogues: those of the sample organisation, and sessions as documents."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ingest.documents import Document
from ingest.errors import SourceUnavailable
from ingest.sources.catalogue import CatalogueSource
from ingest.sources.config import SourceConfig
from ingest.sources.lheo import read_lheo
from ingest.sources.rendering import to_markdown
from ingest.sources.table import read_table
from ingest.sources.training import FRENCH_COLUMNS, TrainingSession
from tests.training_files import write_csv

CATALOGUE = Path(__file__).parents[1] / "sample" / "documents" / "catalogue"
PARTNER_COLUMNS = {
    **FRENCH_COLUMNS, "session_id": "Réf.", "audience": "Public", "prerequisites": "Prérequis",
}  # fmt: skip
FULL_LHEO = """<lheo xmlns="https://www.of.moncompteformation.gouv.fr"><offres><formation numero="F1">
<intitule-formation>Métallier</intitule-formation><objectif-formation>Savoir souder.</objectif-formation>
<contenu-formation>Soudure. Montage.</contenu-formation>
<certification><code-RS>5616</code-RS><extras info="certification">
<extra info="intitule-certification">Soudage</extra></extras></certification>
<code-niveau-sortie>13</code-niveau-sortie>
<action><lieu-de-formation><coordonnees><adresse><codepostal>37000</codepostal><ville>Tours</ville>
<region>24</region></adresse></coordonnees></lieu-de-formation>
<session numero="S1"><periode><debut>20270112</debut><fin>20270630</fin></periode></session>
<extras info="action"><extra info="eligibilite-cpf">oui</extra></extras>
<nombre-heures-total>210</nombre-heures-total></action>
<organisme-formation-responsable><nom-organisme>École des métaux</nom-organisme><contact-organisme><coordonnees>
<nom>Forge</nom><prenom>Ana</prenom><telfixe><numtel>0200000000</numtel></telfixe><courriel>a@ecole.invalid</courriel>
</coordonnees></contact-organisme></organisme-formation-responsable>
</formation></offres></lheo>"""


@pytest.fixture(scope="module")
def lheo_sessions() -> list[TrainingSession]:
    return list(read_lheo(CATALOGUE / "offre-formation.xml", pytest.fail))


@pytest.fixture(scope="module")
def partner_sessions() -> list[TrainingSession]:
    return list(read_table(CATALOGUE / "catalogue-partenaires.xlsx", PARTNER_COLUMNS, pytest.fail))


class TestSampleCatalogue:
    @pytest.fixture
    def everything(
        self, lheo_sessions: list[TrainingSession], partner_sessions: list[TrainingSession]
    ) -> list[TrainingSession]:
        return lheo_sessions + partner_sessions

    def test_counts(
        self, lheo_sessions: list[TrainingSession], partner_sessions: list[TrainingSession]
    ) -> None:
        assert len(lheo_sessions) >= 230
        assert len(partner_sessions) >= 110
        assert len(lheo_sessions) + len(partner_sessions) >= 340

    def test_ids_are_unique(self, everything: list[TrainingSession]) -> None:
        assert len({session.session_id for session in everything}) == len(everything)

    def test_every_session_is_complete_and_within_the_period(self, everything: list[TrainingSession]) -> None:
        for session in everything:
            assert session.provider
            assert session.place
            assert session.region
            assert session.objectives
            assert session.programme.count("\n- ") >= 3
            assert session.mode in ("présentiel", "distance", "mixte")
            assert session.starts_on
            assert session.ends_on
            assert date(2026, 9, 1) <= session.starts_on <= session.ends_on <= date(2027, 12, 31)

    def test_codes_cannot_be_taken_for_real_ones(self, everything: list[TrainingSession]) -> None:
        codes = {session.certification_code for session in everything} - {""}
        assert all(code.startswith(("RNCP900", "RS990")) for code in codes)

    def test_only_certifying_trainings_are_open_to_the_cpf(self, everything: list[TrainingSession]) -> None:
        assert all(session.cpf is bool(session.certification_code) for session in everything)

    def test_offers_at_least_seventy_trainings_past_and_to_come(
        self, everything: list[TrainingSession]
    ) -> None:
        assert len({session.title for session in everything}) >= 70
        ended = [
            session for session in everything if session.ends_on and session.ends_on < date(2026, 11, 22)
        ]
        assert ended

    def test_committed_files_are_small(self) -> None:
        assert sum(file.stat().st_size for file in CATALOGUE.iterdir()) < 2_000_000


class TestCatalogueSource:
    @staticmethod
    def documents(folder: Path, **place: Any) -> list[Document]:
        config = SourceConfig.model_validate(
            {"name": "offre", "kind": "training", "groups": ["conseil"], "max_removed_share": 0.5, **place}
        )
        source = CatalogueSource(config, folder)
        assert (source.groups, source.max_removed_share) == (("conseil",), 0.5)
        return [item.load() for item in source.items()]

    def test_every_field_of_an_lheo_session_is_shown_or_searched(self, tmp_path: Path) -> None:
        (tmp_path / "a.xml").write_text(FULL_LHEO, "utf-8")
        (document,) = self.documents(tmp_path, lheo="a.xml")
        assert document.title == "Métallier"
        assert document.number == "RS5616"
        assert document.groups == ("conseil",)
        assert document.attributes == {
            "place": "Tours", "region": "Centre-Val de Loire", "starts_on": "2027-01-12", "cpf": True,
            "certification": "Soudage", "certification_code": "RS5616", "level": 3, "provider": "École des métaux",
        }  # fmt: skip
        assert document.blocks[0].text.splitlines() == [
            "Intitulé : Métallier",
            "Organisme : École des métaux",
            "Lieu : 37000 Tours (Centre-Val de Loire)",
            "Dates : du 12 janvier 2027 au 30 juin 2027",
            "Durée : 210 heures",
            "Certification : Soudage (RS5616)",
            "Niveau : 3",
            "Éligible au CPF : oui",
            "Objectifs : Savoir souder.",
            "Programme : Soudure. Montage.",
            "Contact : Ana Forge, 0200000000, a@ecole.invalid",
        ]

    def test_a_session_holds_until_its_last_day(self, tmp_path: Path) -> None:
        (tmp_path / "a.xml").write_text(FULL_LHEO, "utf-8")
        (document,) = self.documents(tmp_path, lheo="a.xml")
        assert document.validity.holds_on(date(2027, 6, 30))
        assert not document.validity.holds_on(date(2027, 7, 1))

    def test_a_code_is_written_one_way_and_an_undated_session_takes_the_source_s_validity(
        self, tmp_path: Path
    ) -> None:
        write_csv(tmp_path / "a.csv", "Maçon;rncp n° 37098", header="Intitulé;Code")
        columns = {"title": "Intitulé", "certification_code": "Code"}
        (document,) = self.documents(tmp_path, table="a.csv", columns=columns, valid_to=date(2027, 12, 31))
        assert document.number == document.attributes["certification_code"] == "RNCP37098"
        assert document.validity.valid_to == date(2027, 12, 31)

    def test_a_catalogue_that_is_not_there_deletes_nothing(self, tmp_path: Path) -> None:
        config = SourceConfig.model_validate({"name": "offre", "kind": "training", "lheo": "absent.xml"})
        with pytest.raises(SourceUnavailable, match=r"absent\.xml"):
            CatalogueSource(config, tmp_path).fingerprint()


class TestToMarkdown:
    def test_every_line(self) -> None:
        session = TrainingSession(
            session_id="1", title="Maçon", objectives="Bâtir.", programme="- Murs\n- Enduits",
            prerequisites="Aucun.", audience="Adultes", certification="Titre Maçon",
            certification_code="RNCP90041", level=3, provider="École", place="Ellien", postal_code="99240",
            region="Nouvelle-Aquitaine", starts_on=date(2027, 1, 12), ends_on=date(2027, 6, 30),
            duration_hours=1085.5, price_euros=9620.0, mode="mixte", cpf=True, contact="05 36 49 00 00",
        )  # fmt: skip
        assert to_markdown(session).splitlines() == [
            "Intitulé : Maçon",
            "Organisme : École",
            "Lieu : 99240 Ellien (Nouvelle-Aquitaine)",
            "Dates : du 12 janvier 2027 au 30 juin 2027",
            "Durée : 1 085,50 heures",
            "Modalité : mixte",
            "Certification : Titre Maçon (RNCP90041)",
            "Niveau : 3",
            "Éligible au CPF : oui",
            "Objectifs : Bâtir.",
            "Programme :",
            "- Murs",
            "- Enduits",
            "Public : Adultes",
            "Prérequis : Aucun.",
            "Prix : 9 620 €",
            "Contact : 05 36 49 00 00",
        ]

    def test_what_is_unknown_has_no_line(self) -> None:
        assert to_markdown(TrainingSession(session_id="1", title="Maçon")) == "Intitulé : Maçon"

    @pytest.mark.parametrize(
        ("start", "end", "written"),
        [
            (date(2027, 3, 1), date(2027, 3, 1), "le 1er mars 2027"),
            (date(2027, 3, 1), None, "à partir du 1er mars 2027"),
            (None, date(2027, 8, 21), "jusqu'au 21 août 2027"),
        ],
    )
    def test_dates(self, start: date | None, end: date | None, written: str) -> None:
        session = TrainingSession(session_id="1", title="Maçon", starts_on=start, ends_on=end)
        assert f"Dates : {written}" in to_markdown(session)

    def test_free_and_not_open_to_the_cpf(self) -> None:
        lines = to_markdown(TrainingSession(session_id="1", title="Maçon", price_euros=0, cpf=False))
        assert "Prix : gratuit" in lines
        assert "Éligible au CPF : non" in lines
