"""XML of no known vocabulary: attributes and elements are fields, records keep their names."""

import pytest

from ingest.parse import parse_bytes


def texts(xml: str) -> list[str]:
    return [block.text for block in parse_bytes(xml.encode(), "a.xml").blocks]


def test_attributes_are_fields_and_those_for_programs_are_not() -> None:
    xml = (
        "<f xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='liste'>"
        "<formation id='x7' xml:lang='fr' titre='Bilan' prix_ttc='1500'/></f>"
    )
    assert texts(xml) == ["titre : Bilan ; prix ttc : 1500"]


def test_a_record_with_another_inside_keeps_the_names_of_its_fields() -> None:
    inner = "<titre>Bilan</titre><prix devise='EUR'>1500</prix><lieu><ville>Lyon</ville></lieu>"
    xml = f"<f><formation code='12'>{inner}</formation></f>"
    assert texts(xml) == ["code : 12 ; titre : Bilan ; prix : 1500 ; prix devise : EUR ; lieu ville : Lyon"]


def test_each_record_of_a_list_is_alone_and_what_is_around_keeps_its_name() -> None:
    xml = "<c date='2026'><nom>Cap</nom><s><v>Lyon</v></s><s><v>Brest</v></s><a no='1'/><a no='2'/><note>fin</note></c>"
    assert texts(xml) == [
        "date : 2026",
        "nom : Cap",
        "v : Lyon",
        "v : Brest",
        "no : 1",
        "no : 2",
        "note : fin",
    ]


def test_attributes_of_a_text_come_before_it() -> None:
    assert texts("<f><a titre='Bilan'>Un texte.</a><a/></f>") == ["titre : Bilan ; Un texte."]


@pytest.mark.parametrize("nested", ["<a><t>x</t>" * 200 + "</a>" * 200, "<a>" + "<t>x</t>" * 200 + "</a>"])
def test_a_record_too_large_to_be_one_loses_no_text(nested: str) -> None:
    assert "".join(texts(nested)).count("x") == 200


def test_attributes_about_the_look_of_a_text_are_not_fields() -> None:
    xml = "<f><a titre='x'>Un <b>texte</b> mêlé.</a><b viewBox='0 0' color='red' r='1'>Nu</b></f>"
    assert texts(xml) == ["a : Un texte mêlé. ; b : Nu"]


def test_a_row_of_a_table_is_one_record_whatever_the_attributes_of_its_cells() -> None:
    rows = (
        "<row height='12' r='1'><cell code='A'>Nom</cell><cell code='B'>Ville</cell></row>",
        "<row><cell>x</cell></row>",
    )
    assert texts(f"<t>{''.join(rows)}</t>") == [
        "cell : Nom ; cell code : A ; cell : Ville ; cell code : B",
        "cell : x",
    ]


def test_a_list_of_records_that_are_bare_texts_with_attributes_is_not_a_row() -> None:
    assert texts("<f><p prix='1500'>Bilan</p><p prix='900'>VAE</p></f>") == [
        "prix : 1500 ; Bilan",
        "prix : 900 ; VAE",
    ]
