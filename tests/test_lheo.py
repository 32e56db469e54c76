"""The reader of LHEO catalogues, on small files made here."""

from datetime import date
from pathlib import Path

import pytest

from ingest.errors import UnreadableFile
from ingest.sources.lheo import read_lheo
from ingest.sources.records import Remark
from ingest.sources.training import CatalogueError, TrainingSession

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
