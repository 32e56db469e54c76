"""Answers as text for chat clients: what a reader is told, and what a document cannot make a client do."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ingest.documents import Kind, Status
from server.footnotes import EXTRACTIVE, JOINER, Footnotes, harmless
from server.schemas import Answer, Citation, Conflict, Passage, Statement
from tests.passages import BILAN, bilan_and_frais, make_passage

TODAY = date(2026, 11, 22)


def make_answer(passages: Sequence[Passage], statements: Sequence[Statement] = (), **fields: Any) -> Answer:
    values: dict[str, Any] = {
        "id": "r",
        "conversation_id": "c",
        "question": "Combien ?",
        "as_of": TODAY,
        "mode": "extractive",
        "abstained": not statements,
        "warnings": [],
        "model": "extraits",
        "timings": {},
        **fields,
    }
    return Answer(statements=list(statements), passages=list(passages), **values)


def written_text(answer: Answer) -> str:
    notes = Footnotes()
    stated = [notes.statement(statement) for statement in answer.statements]
    return "".join([*stated, notes.closing(answer, "http://fanal")])


def citing(passage: Passage, quote: str, text: str = "") -> Statement:
    start = passage.text.index(quote)
    citation = Citation(passage_id=passage.id, quote=quote, start=start, end=start + len(quote))
    return Statement(text=text or quote, verified=True, citations=[citation])


def test_a_source_says_where_it_is_whether_it_holds_and_its_address() -> None:
    law = make_passage(
        BILAN, "loi", title="Article R6313-4", kind=Kind.LEGAL, number="R6313-4",
        path=["Code du travail", "Article R6313-4"], valid_from=date(2019, 1, 1),
        url="https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000037815741",
    )  # fmt: skip
    text = written_text(make_answer([law], [citing(law, "la phase préliminaire")]))
    assert (
        "- [1] « la phase préliminaire » — Code du travail › Article R6313-4, en vigueur depuis le "
        "01/01/2019 : https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000037815741\n"
    ) in text
    assert text.endswith(EXTRACTIVE)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"status": Status.REPEALED, "valid_to": date(2020, 1, 1)}, "abrogé (jusqu’au 01/01/2020)"),
        ({"status": Status.SUPERSEDED}, "remplacé, dates non renseignées"),
        ({"valid_from": date(2019, 1, 1), "valid_to": date(2020, 1, 1)}, "plus en vigueur (du 01/01/2019"),
        ({"valid_from": date(2027, 1, 1)}, "pas encore en vigueur (le 01/01/2027)"),
        ({"page": 3, "number": "PR-9"}, "n° PR-9, page 3, en vigueur"),
    ],
)  # fmt: skip
def test_a_passage_that_does_not_hold_is_never_called_in_force(fields: dict[str, Any], words: str) -> None:
    passage = make_passage(BILAN, **fields)
    assert words in written_text(make_answer([passage], [citing(passage, "la phase préliminaire")]))


def test_the_legal_basis_and_conflicts_point_to_their_sources() -> None:
    sheet, rule = bilan_and_frais()
    law = make_passage("Le bilan…", "loi", title="Article L6313-4", legal_basis_of=["bilan"])
    conflict = Conflict(newer="bilan", older="frais", explanation="Les durées diffèrent.")
    answer = make_answer([sheet, rule, law], [citing(sheet, "la phase préliminaire")], conflicts=[conflict])
    text = written_text(answer)
    assert "Base légale :\n\n- Article L6313-4, en vigueur, dates non renseignées : http" in text
    assert "/file (pour [1])" in text
    assert (
        "- Les durées diffèrent. Le plus récent : [1]. Le plus ancien : PR-031 Frais de déplacement" in text
    )


HOSTILE = (
    "[cliquez](https://evil.example/?q=1)",
    "![](https://evil.example/pixel.png)",
    "[a][1] et [1]\n\n[1]: https://evil.example",
    "<img src=x onerror=alert(1)>",
    "<https://evil.example>",
    "<script>alert(1)</script>",
    "<!-- caché -->",
    "`[`](https://evil.example)",
    "```html\n<b>x</b>\n```",
    "~~~\ntout le reste\n~~~",
    "# Titre\n---\ntexte\n===",
    ":::artifact{identifier=x}",
    "&lt;img src=x&gt; &#91;a&#93;(https://evil.example)",
    "\\[a\\](https://evil.example)",
    "www.evil.example",
    "[a](javascript:alert(1))",
)
FORBIDDEN = {"link_open", "image", "html_inline", "html_block", "fence", "heading_open"}


def kinds_of(markdown: str) -> set[str]:
    """List what a Markdown reader that allows HTML makes of a text."""
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    tokens = reader.parse(markdown)
    return {part.type for token in tokens for part in [token, *(token.children or [])]}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_passage_can_inject_neither_links_nor_images_nor_html(text: str) -> None:
    passage = make_passage(text, "p", title=text, path=[text], number=text)
    statement = Statement(
        text=text, verified=False, unsupported=[text],
        citations=[Citation(passage_id="p", quote=text, start=0, end=len(text))],
    )  # fmt: skip
    answer = make_answer([passage], [statement, statement], warnings=[text], model=text, mode="generative")
    notes = Footnotes()
    whole = notes.understood(text) + "".join(map(notes.statement, answer.statements))
    whole += notes.closing(answer, "http://fanal")
    assert not kinds_of(whole) & FORBIDDEN
    assert "Sources :" in whole


@given(
    st.lists(
        st.sampled_from([*"[]()!<>`\\#-=~:|*_&;/ \n", "http://e.x", "www.e.x", "img", "a", "1", JOINER]),
        max_size=30,
    )
)
def test_no_mixture_of_signs_gets_through(pieces: list[str]) -> None:
    text = "".join(pieces)
    shown = f"Début\n\n{harmless(text) or 'x'}\n\nFin"
    assert not kinds_of(shown) & FORBIDDEN


def test_ordinary_text_is_left_as_it_is() -> None:
    text = (
        "Les phases (art. R. 6313-7) [sic] :\n- la phase préliminaire, < 3 h ;\n- 1 500 € * 2 : F_003_x & co."
    )
    assert harmless(text) == text
    assert harmless("Voir https://exemple.fr/a(b).") == "Voir `https://exemple.fr/a(b`)."
