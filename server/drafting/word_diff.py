"""What a person changed, word by word: two texts go in, the pieces that they share and do not come out.

Put together, the pieces that are "same" and "removed" give the first text to the letter, "same" and "added" the second.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from server.draft_schemas import DiffPart

MAX_PAIRS = 100_000
"""Places of one text times places of the other, summed over their words, that are compared: pages of prose have a
third of that, and what is made to have more would take seconds. Past it the changed part is one piece."""

_WORD = re.compile(r"\s*\S+|\s+$")


def diff_words(before: str, after: str) -> list[DiffPart]:
    """Tell two texts apart, word by word; nothing when they are the same."""
    parts: list[DiffPart] = []
    if before == after:
        return parts
    for removed, added in _pieces(_WORD.findall(before), _WORD.findall(after)):
        if removed == added:
            _add(parts, DiffPart(op="same", text=removed))
        else:
            _add(parts, DiffPart(op="removed", text=removed))
            _add(parts, DiffPart(op="added", text=added))
    return parts


def _pieces(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pair what the texts share with itself, and what stands in its place on either side."""
    # Most edits leave the beginning and the end: without them the rest is short, and its common words count again.
    head = _shared(before, after)
    tail = _shared(before[head:][::-1], after[head:][::-1])
    left, right = before[head : len(before) - tail], after[head : len(after) - tail]
    yield ("".join(before[:head]),) * 2
    if _pairs(left, right) > MAX_PAIRS:
        yield "".join(left), "".join(right)
    else:
        for _, first, end, begin, last in SequenceMatcher(None, left, right).get_opcodes():
            yield "".join(left[first:end]), "".join(right[begin:last])
    yield ("".join(before[len(before) - tail :]),) * 2


def _shared(before: Sequence[str], after: Sequence[str]) -> int:
    pairs = enumerate(zip(before, after, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(before), len(after)))


def _pairs(before: Sequence[str], after: Sequence[str]) -> int:
    """Count what `SequenceMatcher` may compare: it leaves out words that make more than 1 % of a long text."""
    here, there = Counter(before), Counter(after)
    popular = len(after) // 100 + 1 if len(after) >= 200 else len(after)
    return sum(count * there[word] for word, count in here.items() if there[word] <= popular)


def _add(parts: list[DiffPart], part: DiffPart) -> None:
    """Add a piece, to the last one where it goes on with it."""
    if not part.text:
        return
    if parts and parts[-1].op == part.op:
        parts[-1] = DiffPart(op=part.op, text=parts[-1].text + part.text)
    else:
        parts.append(part)
