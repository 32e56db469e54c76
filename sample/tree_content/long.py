"""Long documents for timing: a number of sections or rows goes in, a `Source` to be rendered comes out."""

from sample.rendering.source import Source
from sample.tree_content.tables import HEADER, follow_up
from sample.tree_content.wording import Draft

SEED = 11
SENTENCES_A_PARAGRAPH = 4


def long_text(sections: int) -> Source:
    """A handbook: sections of three dense paragraphs (about 1,000 characters) under numbered headings."""
    drafts = [Draft(SEED, f"MAN-{number:04d}", number) for number in range(sections)]
    parts = [_section(number, draft) for number, draft in enumerate(drafts, start=1)]
    return drafts[0].source("\n\n".join(parts) + "\n", "Manuel du conseiller")


def _section(number: int, draft: Draft) -> str:
    sentences = [*draft.steps, *draft.rules, *draft.cases, *draft.rules[::-1]]
    paragraphs = [
        " ".join(sentences[start : start + SENTENCES_A_PARAGRAPH])
        for start in range(0, len(sentences), SENTENCES_A_PARAGRAPH)
    ]
    return "\n\n".join([f"## {number}. {draft.title}", *paragraphs])


def long_table(rows: int) -> Source:
    """A register: one ruled table of `rows` rows, over as many pages as it takes."""
    cells = follow_up([Draft(SEED, f"REG-{number:04d}", number) for number in range(rows)])
    lines = [f"| {' | '.join(row)} |" for row in [HEADER, ["---"] * len(HEADER), *cells]]
    return Draft(SEED, "REG-0000", 0).source("\n".join(lines) + "\n", "Registre des dossiers")


def web_page(number: int) -> Source:
    """An intranet page: sections, lists and a table, 15 to 20 kB once in HTML."""
    drafts = [Draft(SEED, f"WEB-{number:03d}-{section:02d}", section) for section in range(10)]
    parts = [f"{_section(place, draft)}\n\n{_list(draft)}" for place, draft in enumerate(drafts, start=1)]
    rows = [HEADER, ["---"] * len(HEADER), *follow_up(drafts)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return drafts[0].source("\n\n".join([*parts, "## Suivi", table]) + "\n", f"Guide en ligne n° {number}")


def _list(draft: Draft) -> str:
    return "\n".join(f"- {sentence}" for sentence in draft.steps)
