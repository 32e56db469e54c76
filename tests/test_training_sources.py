"""The catalogue readers, on the sample organisation's files and on small files made here."""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from ingest.documents import Document
from ingest.errors import SourceUnavailable, UnreadableFile
from ingest.sources.catalogue import CatalogueSource
from ingest.sources.config import SourceConfig
from ingest.sources.lheo import read_lheo
from ingest.sources.records import Remark
from ingest.sources.rendering import to_markdown
from ingest.sources.table import read_table
from ingest.sources.training import FRENCH_COLUMNS, CatalogueError, MissingColumnError, TrainingSession

CATALOGUE = Path(__file__).parents[1] / "sample" / "documents" / "catalogue"
PARTNER_COLUMNS = {
    **FRENCH_COLUMNS, "session_id": "Réf.", "audience": "Public", "prerequisites": "Prérequis",
}  # fmt: skip
CSV_COLUMNS = {
    "title": "Intitulé", "provider": "Organisme", "place": "Ville", "postal_code": "CP",
    "starts_on": "Début", "ends_on": "Fin", "duration_hours": "Durée (h)", "price_euros": "Prix",
    "level": "Niveau", "cpf": "CPF", "mode": "Modalité",
}  # fmt: skip
CSV_HEADER = ";".join(CSV_COLUMNS.values())
CSV_ROW = "Métallier;École;Ellien;1000;12/01/2027;30/06/2027;35,5 h;1 250,50 €;Niveau IV;oui;En présentiel"

LHEO = """<?xml version="1.0" encoding="{encoding}"?>{doctype}
<lheo xmlns="{namespace}"><offres><formation numero="F1">
<intitule-formation>{title}</intitule-formation>
<objectif-formation><![CDATA[<p>Savoir &eacute;crire.</p><ul><li>Lire</li><li>Compter</li></ul>]]></objectif-formation>
<resultats-attendus>-</resultats-attendus>
<certification><code-RNCP>90011</code-RNCP></certification>
<code-niveau-sortie>{level}</code-niveau-sortie>
<action><modalites-enseignement>1</modalites-enseignement>
<conditions-specifiques>-</conditions-specifiques>
<lieu-de-formation><coordonnees><adresse><codepostal>99100</codepostal><ville>Brisecombe</ville>
<region>75</region></adresse></coordonnees></lieu-de-formation>
{sessions}
<extras info="action"><extras info="frais-pedagogiques"><extra info="frais-ttc">1200.00</extra></extras></extras>
<nombre-heures-centre>70</nombre-heures-centre><nombre-heures-entreprise>35</nombre-heures-entreprise>
</action>
<organisme-formation-responsable><SIRET-organisme-formation><SIRET>00090011200015</SIRET>
</SIRET-organisme-formation></organisme-formation-responsable>
</formation></offres></lheo>"""
SESSION = '<session numero="{}"><periode><debut>{}</debut><fin>{}</fin></periode></session>'
BOMB = """<!DOCTYPE lheo [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">
<!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;">
<!ENTITY g "&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;"><!ENTITY h "&g;&g;&g;&g;&g;&g;&g;&g;&g;&g;">]>"""


def write_lheo(
    path: Path,
    *,
    title: str = "Maçon",
    doctype: str = "",
    encoding: str = "UTF-8",
    namespace: str = "http://lheo.gouv.fr/2.3",
    level: int = 14,
    sessions: tuple[tuple[str, str, str], ...] = (("S1", "20270112", "20270630"),),
) -> Path:
    text = LHEO.format(
        title=title, doctype=doctype, encoding=encoding, namespace=namespace, level=level,
        sessions="".join(SESSION.format(*session) for session in sessions),
    )  # fmt: skip
    path.write_bytes(text.encode(encoding))
    return path


def write_csv(path: Path, *rows: str, header: str = CSV_HEADER, encoding: str = "cp1252") -> Path:
    path.write_bytes("\r\n".join((header, *rows, "")).encode(encoding))
    return path


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


class TestReadLheo:
    def test_reads_an_export_of_mon_compte_formation(self, tmp_path: Path) -> None:
        path = write_lheo(
            tmp_path / "edof.xml",
            encoding="ISO-8859-1",
            namespace="https://www.of.moncompteformation.gouv.fr",
        )
        assert list(read_lheo(path)) == [
            TrainingSession(
                session_id="00090011200015-F1-brisecombe-20270112-S1",
                title="Maçon",
                objectives="Savoir écrire.\n- Lire\n- Compter",
                certification_code="RNCP90011",
                level=4,
                provider="SIRET 00090011200015",
                place="Brisecombe",
                postal_code="99100",
                region="Nouvelle-Aquitaine",
                starts_on=date(2027, 1, 12),
                ends_on=date(2027, 6, 30),
                duration_hours=105.0,
                price_euros=1200.0,
                mode="mixte",
            )
        ]

    @pytest.mark.parametrize("namespace", ["http://lheo.gouv.fr/2.2", "http://www.lheo.org/2.2", ""])
    def test_namespace_does_not_matter(self, tmp_path: Path, namespace: str) -> None:
        assert len(list(read_lheo(write_lheo(tmp_path / "a.xml", namespace=namespace)))) == 1

    @pytest.mark.parametrize(
        ("code", "level"), [(4, 3), (8, 7), (13, 3), (17, 7), (0, None), (1, None), (3, None)]
    )
    def test_former_and_present_levels(self, tmp_path: Path, code: int, level: int | None) -> None:
        (session,) = read_lheo(write_lheo(tmp_path / "a.xml", level=code))
        assert session.level == level

    @pytest.mark.parametrize("day", ["00000000", "99999999", "20270100", "20270000"])
    def test_a_date_unknown_or_without_its_day_is_not_made_up(self, tmp_path: Path, day: str) -> None:
        (session,) = read_lheo(write_lheo(tmp_path / "a.xml", sessions=(("S1", day, ""),)))
        assert (session.starts_on, session.ends_on) == (None, None)

    def test_a_bad_date_is_reported_and_the_others_are_read(self, tmp_path: Path) -> None:
        sessions = (("S1", "20270231", ""), ("S2", "20270630", "20270112"), ("S3", "20270112", "20270630"))
        said: list[Remark] = []
        read = list(read_lheo(write_lheo(tmp_path / "a.xml", sessions=sessions), said.append))
        assert [session.session_id for session in read] == ["00090011200015-F1-brisecombe-20270112-S3"]
        assert "S1" in said[0].reason
        assert "20270231" in said[0].reason
        assert "précède le début" in said[1].reason
        assert [remark.is_note for remark in said] == [False, False]

    def test_a_missing_title_and_a_duplicate_are_reported(self, tmp_path: Path) -> None:
        said: list[Remark] = []
        assert not list(read_lheo(write_lheo(tmp_path / "a.xml", title=" "), said.append))
        twice = (("S1", "20270112", ""), ("S1", "20270112", "20270301"))
        assert len(list(read_lheo(write_lheo(tmp_path / "b.xml", sessions=twice), said.append))) == 1
        assert "intitulé absent" in said[0].reason
        assert "double" in said[1].reason
        assert [remark.is_note for remark in said] == [False, True]

    @pytest.mark.parametrize("numbers", [(' numero="A1"', ' numero="A2"'), ("", "")])
    def test_two_actions_that_number_their_sessions_alike_are_both_read(
        self, tmp_path: Path, numbers: tuple[str, str]
    ) -> None:
        whole = write_lheo(tmp_path / "a.xml").read_text("utf-8")
        start, end = whole.index("<action>"), whole.index("</action>") + len("</action>")
        first, second = (whole[start:end].replace("<action>", f"<action{number}>") for number in numbers)
        second = second.replace("Brisecombe", "Brest")
        path = tmp_path / "b.xml"
        path.write_text(whole[:start] + first + second + whole[end:], "utf-8")
        sessions = list(read_lheo(path, pytest.fail))
        assert [session.place for session in sessions] == ["Brisecombe", "Brest"]
        path.write_text(whole[:start] + second + first + whole[end:], "utf-8")
        assert {s.session_id for s in read_lheo(path)} == {s.session_id for s in sessions}

    def test_a_session_left_out_keeps_its_id_where_it_can_be_told(self, tmp_path: Path) -> None:
        path = write_lheo(tmp_path / "a.xml")
        [before] = read_lheo(path)
        path.write_text(path.read_text("utf-8").replace("20270630", "20270231"), "utf-8")
        said: list[Remark] = []
        assert list(read_lheo(path, said.append)) == []
        assert said[0].key == before.session_id
        path.write_text(path.read_text("utf-8").replace("20270112", "20270231"), "utf-8")
        assert list(read_lheo(path, said.append)) == []
        assert said[1].key is None

    def test_without_a_number_the_id_is_stable_and_tells_dates_apart(self, tmp_path: Path) -> None:
        sessions = (("", "20270112", ""), ("", "20270301", ""))
        path = write_lheo(tmp_path / "a.xml", sessions=sessions)
        ids = [session.session_id for session in read_lheo(path)]
        assert len(set(ids)) == 2
        assert ids == [session.session_id for session in read_lheo(path)]

    def test_entity_bomb_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(CatalogueError, match="entités XML"):
            list(read_lheo(write_lheo(tmp_path / "bomb.xml", doctype=BOMB, title="&h;")))

    def test_entity_bomb_in_an_attribute_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "bomb.xml"
        path.write_text(f'{BOMB}<lheo info="&h;"><offres/></lheo>', "utf-8")
        with pytest.raises(CatalogueError):
            list(read_lheo(path))

    def test_external_entity_is_not_read(self, tmp_path: Path) -> None:
        secret = tmp_path / "secret.txt"
        secret.write_text("mot de passe", "utf-8")
        doctype = f'<!DOCTYPE lheo [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
        with pytest.raises(CatalogueError, match="entités XML") as caught:
            list(read_lheo(write_lheo(tmp_path / "a.xml", doctype=doctype, title="&x;")))
        assert "mot de passe" not in str(caught.value)

    def test_external_parameter_entity_is_not_read(self, tmp_path: Path) -> None:
        (tmp_path / "x.dtd").write_text('<!ENTITY x "lu dans la DTD">', "utf-8")
        doctype = f'<!DOCTYPE lheo [<!ENTITY % p SYSTEM "{(tmp_path / "x.dtd").as_uri()}"> %p;]>'
        with pytest.raises(CatalogueError, match="entités XML"):
            list(read_lheo(write_lheo(tmp_path / "a.xml", doctype=doctype, title="&x;")))

    def test_external_dtd_is_not_loaded(self, tmp_path: Path) -> None:
        (tmp_path / "lheo.dtd").write_text('<!ENTITY x "lu dans la DTD">', "utf-8")
        doctype = f'<!DOCTYPE lheo SYSTEM "{(tmp_path / "lheo.dtd").as_uri()}">'
        (session,) = read_lheo(write_lheo(tmp_path / "a.xml", doctype=doctype, title="Maçon &x;"))
        assert session.title == "Maçon &x;"

    def test_what_is_not_lheo_is_refused(self, tmp_path: Path) -> None:
        for name, content in (
            ("a.xml", "<html/>"),
            ("b.xml", "pas du XML"),
            ("c.xml", ""),
            ("d.xml", "<lheo>"),
        ):
            (tmp_path / name).write_text(content, "utf-8")
            with pytest.raises(CatalogueError, match=name) as caught:
                list(read_lheo(tmp_path / name))
            assert isinstance(caught.value, UnreadableFile)
            assert isinstance(caught.value, ValueError)

    def test_reads_as_it_goes(self, tmp_path: Path) -> None:
        whole = write_lheo(tmp_path / "a.xml").read_text("utf-8")
        start, end = whole.index("<formation"), whole.index("</offres>")
        path = tmp_path / "b.xml"
        path.write_text(whole[:start] + whole[start:end] * 200 + "<tronqué", "utf-8")
        sessions = read_lheo(path)
        assert next(sessions).title == "Maçon"
        with pytest.raises(CatalogueError, match="illisible"):
            list(sessions)


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


class TestReadTable:
    @pytest.mark.parametrize(
        ("encoding", "separator"), [("cp1252", ";"), ("utf-8-sig", ";"), ("utf-8", "\t"), ("cp1252", "|")]
    )
    def test_finds_encoding_and_separator(self, tmp_path: Path, encoding: str, separator: str) -> None:
        rows = [line.replace(";", separator) for line in (CSV_HEADER, CSV_ROW)]
        path = write_csv(tmp_path / "a.csv", rows[1], header=rows[0], encoding=encoding)
        (session,) = read_table(path, CSV_COLUMNS, pytest.fail)
        assert (session.title, session.provider, session.place) == ("Métallier", "École", "Ellien")
        assert (session.starts_on, session.ends_on) == (date(2027, 1, 12), date(2027, 6, 30))
        assert (session.duration_hours, session.price_euros) == (35.5, 1250.5)
        assert (session.postal_code, session.level, session.cpf) == ("01000", 4, True)
        assert session.mode == "présentiel"

    def test_header_is_found_below_a_title_whatever_its_case_and_order(self, tmp_path: Path) -> None:
        path = write_csv(tmp_path / "a.csv", "", "VILLE; intitule ", "Ellien;Maçon", header="Catalogue;2027")
        (session,) = read_table(path, {"title": "Intitulé", "place": "Ville"})
        assert (session.title, session.place) == ("Maçon", "Ellien")

    def test_quoted_cell_keeps_its_lines(self, tmp_path: Path) -> None:
        path = write_csv(tmp_path / "a.csv", '"Maçon";"- Murs\r\n- Enduits"', header="Intitulé;Programme")
        (session,) = read_table(path, {"title": "Intitulé", "programme": "Programme"})
        assert session.programme == "- Murs\n- Enduits"

    def test_missing_columns_are_named(self, tmp_path: Path) -> None:
        path = write_csv(tmp_path / "a.csv", "Maçon;Ellien", header="Intitulé;Ville")
        columns = {"title": "Intitulé", "starts_on": "Date de début", "ends_on": "Date de fin"}
        with pytest.raises(MissingColumnError, match="« Date de début », « Date de fin »") as caught:
            list(read_table(path, columns))
        assert isinstance(caught.value, ValueError)

    def test_a_wrong_mapping_is_refused(self, tmp_path: Path) -> None:
        path = write_csv(tmp_path / "a.csv")
        with pytest.raises(CatalogueError, match="couleur"):
            list(read_table(path, {"title": "Intitulé", "couleur": "Couleur"}))
        with pytest.raises(CatalogueError, match="intitulé"):
            list(read_table(path, {"place": "Ville"}))

    @pytest.mark.parametrize(
        ("written", "meant"),
        [("titel", "title"), ("start_on", "starts_on"), ("intitulé", "title"), ("Organisme", "provider")],
    )
    def test_a_wrong_field_is_answered_with_the_nearest(
        self, tmp_path: Path, written: str, meant: str
    ) -> None:
        with pytest.raises(CatalogueError, match=f"« {written} » .vouliez-vous dire « {meant} »") as caught:
            list(read_table(write_csv(tmp_path / "a.csv"), {"title": "Intitulé", written: "Ville"}))
        assert "certification_code" in str(caught.value)

    def test_a_missing_header_is_answered_with_the_nearest_and_those_of_the_file(
        self, tmp_path: Path
    ) -> None:
        path = write_csv(tmp_path / "a.csv", "Maçon;12/01/2027;Ellien", header="Intitulé;Date debut;Ville")
        columns = {"title": "Intitulé", "starts_on": "Date de début", "price_euros": "Tarif"}
        with pytest.raises(MissingColumnError) as caught:
            list(read_table(path, columns))
        assert str(caught.value) == (
            "a.csv : colonnes absentes : « Date de début » (la plus proche : « Date debut »), « Tarif ». "
            "En-têtes du fichier : « Intitulé », « Date debut », « Ville »."
        )

    def test_headers_are_listed_even_when_none_is_mapped(self, tmp_path: Path) -> None:
        path = write_csv(tmp_path / "a.csv", "Name;Town", "Mason;Ellien", header="Catalogue 2027;")
        with pytest.raises(MissingColumnError, match="En-têtes du fichier : « Name », « Town »"):
            list(read_table(path, {"title": "Intitulé"}))

    def test_rows_of_two_encodings_glued_together_are_both_read(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_bytes("Intitulé\nTôlier\n".encode() + "Métallier\n".encode("cp1252"))
        titles = [session.title for session in read_table(tmp_path / "a.csv", {"title": "Intitulé"})]
        assert titles == ["Tôlier", "Métallier"]

    def test_lines_that_end_as_on_old_macintoshes_are_read(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_bytes(b"Titre\rUn\rDeux\r")
        assert [s.title for s in read_table(tmp_path / "a.csv", {"title": "Titre"})] == ["Un", "Deux"]

    def test_bad_rows_are_reported_with_their_line(self, tmp_path: Path) -> None:
        bad_date = CSV_ROW.replace("12/01/2027", "31/02/2027")
        bad_price = CSV_ROW.replace("1 250,50 €", "sur devis").replace("12/01/2027", "à définir")
        said: list[Remark] = []
        path = write_csv(tmp_path / "a.csv", bad_date, ";;;", bad_price, CSV_ROW)
        first, second = read_table(path, CSV_COLUMNS, said.append)
        assert said == [
            Remark("ligne 2 : date illisible « 31/02/2027 »"),
            Remark("ligne 4 : prix illisible : « sur devis »", is_note=True),
        ]
        assert (first.price_euros, first.starts_on) == (None, None)
        assert second.starts_on == date(2027, 1, 12)

    @pytest.mark.parametrize(
        "written",
        [
            "2027-03-01",
            "2027-03-01 00:00:00",
            "01.03.2027",
            "01/03/27",
            "20270301",
            "1er mars 2027",
            "lundi 1 mars 2027",
        ],
    )
    def test_dates_as_people_write_them(self, tmp_path: Path, written: str) -> None:
        path = write_csv(tmp_path / "a.csv", f"Maçon;{written}", header="Intitulé;Début")
        (session,) = read_table(path, {"title": "Intitulé", "starts_on": "Début"})
        assert session.starts_on == date(2027, 3, 1)

    @pytest.mark.parametrize(
        ("written", "level"),
        [
            ("Niveau 5 (bac +2)", 5),
            ("bac +5 (niveau 7)", 7),
            ("Niveau : 5", 5),
            ("NIV5", 5),
            ("V", 3),
            ("V bis", None),
            ("Sans niveau", None),
        ],
    )
    def test_levels_as_people_write_them(self, tmp_path: Path, written: str, level: int | None) -> None:
        path = write_csv(tmp_path / "a.csv", f"Maçon;{written}", header="Intitulé;Niveau")
        (session,) = read_table(path, {"title": "Intitulé", "level": "Niveau"})
        assert session.level == level

    def test_workbook_with_several_sheets_and_kinds_of_dates(self, tmp_path: Path) -> None:
        book = Workbook()
        book.active.append(["Lisez-moi"])
        sheet = book.create_sheet("Sessions")
        sheet.append(["Catalogue 2027"])
        sheet.append([None, "Intitulé", "Début", "CP", "Prix"])
        for start in (datetime(2027, 1, 12), "12/01/2027", 46399):
            sheet.append([None, f"Maçon {start}", start, 1000.0, 1250])
        book.save(tmp_path / "a.xlsx")
        columns = {"title": "Intitulé", "starts_on": "Début", "postal_code": "CP", "price_euros": "Prix"}
        sessions = list(read_table(tmp_path / "a.xlsx", columns, pytest.fail))
        assert [session.starts_on for session in sessions] == [date(2027, 1, 12)] * 3
        assert {(session.postal_code, session.price_euros) for session in sessions} == {("01000", 1250.0)}

    def test_an_unreadable_file_is_a_clear_error(self, tmp_path: Path) -> None:
        (tmp_path / "a.xlsx").write_bytes(b"pas un classeur")
        with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as archive:
            archive.writestr("autre.txt", "")
        (tmp_path / "c.csv").write_bytes(b"Intitul\x81;\xff\x8d")
        (tmp_path / "d.csv").write_bytes(b"")
        for name in ("a.xlsx", "b.xlsx", "c.csv", "d.csv"):
            with pytest.raises(CatalogueError, match=name):
                list(read_table(tmp_path / name, {"title": "Intitulé"}))

    def test_rows_come_one_by_one(self, tmp_path: Path) -> None:
        path = write_csv(tmp_path / "a.csv", *(f"Titre {n}" for n in range(1000)), header="Intitulé")
        sessions: Iterator[TrainingSession] = read_table(path, {"title": "Intitulé"})
        assert [session.title for session in islice(sessions, 2)] == ["Titre 0", "Titre 1"]


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
