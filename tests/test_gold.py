"""A gold passage is found again whatever its document is called, and however its quote is typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.documents import Kind
from server.case_schemas import GoldPassage
from server.quality.gold import holds, is_named, matches
from server.schemas import Passage
from tests.passages import make_passage

TEXT = "L’appel est décroché avant la quatrième sonnerie. L'accueil est « ouvert » de 9 h à 12 h."


def passage(document_id: str = "procedures:PR-001 Accueil physique.docx", **fields: object) -> Passage:
    return make_passage(TEXT, document_id=document_id, **fields)


ACCUEIL = passage(title="Accueil physique et téléphonique", number="PR-001", source="procedures")
ARTICLE = passage(
    "code-du-travail:LEGIARTI000037385739",
    title="Article L6323-17-1",
    number="L6323-17-1",
    source="code-du-travail",
    path=["Code du travail", "Partie législative"],
    kind=Kind.LEGAL,
)
SESSION = passage("offre:0009-F001-S01", title="Soudage", number="RNCP90043", source="offre-formation")
NESTED = passage("partage:2026/notes/NS 04.v2.pdf", title="Note", number=None)


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ("PR-001 Accueil physique.docx", ACCUEIL),
        ("pr-001 accueil physique.DOCX", ACCUEIL),
        ("PR-001 Accueil physique", ACCUEIL),
        ("procedures:PR-001 Accueil physique.docx", ACCUEIL),
        ("Accueil  physique et téléphonique", ACCUEIL),
        ("Accueil physique et telephonique", ACCUEIL),
        ("PR-001", ACCUEIL),
        ("pr 001", passage(number="PR001")),
        ("L. 6323-17-1", ARTICLE),
        ("L6323-17-1", ARTICLE),
        ("L.\N{NO-BREAK SPACE}6323\N{NON-BREAKING HYPHEN}17\N{NON-BREAKING HYPHEN}1", ARTICLE),
        ("article L. 6323-17-1", ARTICLE),
        ("art. L6323-17-1 du code du travail", ARTICLE),
        ("LEGIARTI000037385739", ARTICLE),
        ("R. 6313-7", passage(number="R*6313-7")),
        ("offre-formation.xml", SESSION),
        ("offre-formation", SESSION),
        ("NS 04.v2.pdf", NESTED),
        ("2026/notes/NS 04.v2.pdf", NESTED),
        ("NS 04.v2", NESTED),
    ],
)
def test_a_document_is_named_as_people_name_it(document: str, named: Passage) -> None:
    assert is_named(document, named)


@pytest.mark.parametrize(
    ("document", "other"),
    [
        ("PR-01", ACCUEIL),
        ("PR-0011", ACCUEIL),
        ("Accueil", ACCUEIL),
        ("physique.docx", ACCUEIL),
        ("L. 6323-17", ARTICLE),
        ("R. 6323-17-1", ARTICLE),
        ("L6323-17-1 du code de la sécurité sociale", ARTICLE),
        ("NS 04", NESTED),
        ("Note", passage(title="Note de service")),
        ("offre.xml", passage(source="offre-formation")),
    ],
)
def test_no_other_document_is(document: str, other: Passage) -> None:
    assert not is_named(document, other)


@pytest.mark.parametrize(
    "quote",
    [
        "L’appel est décroché avant la quatrième sonnerie.",
        "l'appel est décroché  avant\nla quatrième sonnerie",
        'L\'ACCUEIL EST "OUVERT" DE 9 H',
        "est “ouvert” de 9 h",
        "ouvert de 9\N{NO-BREAK SPACE}h à 12\N{NARROW NO-BREAK SPACE}h",
    ],
)
def test_a_quote_is_compared_as_people_read_it(quote: str) -> None:
    assert holds(TEXT, quote)
    assert matches(GoldPassage(document="PR-001", quote=quote), ACCUEIL)


@pytest.mark.parametrize("quote", ["appel est décro", "la troisième sonnerie", "de 9 h à 2 h", "", "«  »"])
def test_another_text_is_no_quote(quote: str) -> None:
    assert not holds(TEXT, quote)


def test_a_row_of_a_table_and_items_of_a_list_read_without_their_marks() -> None:
    table = "| Véhicule | Indemnité |\n|---|---|\n| Vélo | 0,25 € |"
    assert holds(table, "Vélo 0,25 €")
    assert not holds(table, "Vélo 0,45 €")
    assert holds(
        "Les phases :\n- la première ;\n2. la **seconde**.", "Les phases : la première ; la seconde."
    )


def test_the_quote_must_be_in_the_document_and_the_document_hold_the_quote() -> None:
    assert matches(GoldPassage(document="PR-001"), ACCUEIL)
    assert not matches(GoldPassage(document="PR-001", quote="une autre phrase"), ACCUEIL)
    assert not matches(GoldPassage(document="PR-002", quote="avant la quatrième sonnerie"), ACCUEIL)


WORD = st.text("abcdeéœ'’-19", min_size=1, max_size=6).filter(lambda word: word != "-")  # a bullet, in front
WORDS = st.lists(WORD, min_size=1, max_size=12)


@given(WORDS, st.data())
def test_any_run_of_words_of_a_text_is_found_in_it(words: list[str], data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(words) - 1))
    end = data.draw(st.integers(begin + 1, len(words)))
    space = data.draw(st.sampled_from([" ", "\n", "\N{NO-BREAK SPACE}", "  "]))
    quote = space.join(words[begin:end])
    if any(char.isalnum() for char in quote):
        assert holds(" ".join(words), quote)
