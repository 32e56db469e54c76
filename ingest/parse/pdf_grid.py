"""Grids of a page: the straight lines that it draws go in, the cells that they enclose come out, table by table.

The method is that of "lattice" readers (Nurminen, "Algorithmic Extraction of Data in Tables in PDF Documents",
2013): lines that nearly meet are one, two lines that cross make a corner, four corners joined by lines a cell.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import fmean

from ingest.parse.pdf_lines import Box

_NEAR = 3.0
_SHORTEST = 3.0
_STRAIGHT = 0.5

Segment = tuple[float, float, float, float]
"""A line from one point to another, in points from the top left corner of the page: x0, y0, x1, y1."""


@dataclass(slots=True)
class _Rule:
    """A line across the page, at one abscissa or ordinate: the stretches of it that are drawn."""

    at: float
    stretches: list[tuple[float, float]] = field(default_factory=list)

    def stretch(self, place: float) -> int | None:
        """Tell which stretch reaches `place`."""
        near = (n for n, (start, end) in enumerate(self.stretches) if start - _NEAR <= place <= end + _NEAR)
        return next(near, None)


def find_grids(segments: Iterable[Segment]) -> list[list[list[Box | None]]]:
    """Find the tables that lines enclose.

    Returns:
        For each table, from top to bottom, the cells of each row; None where a cell of another row or column
        covers the place.
    """
    upright: list[tuple[float, float, float]] = []
    level: list[tuple[float, float, float]] = []
    for x0, y0, x1, y1 in segments:
        if abs(x1 - x0) <= _STRAIGHT:
            upright.append(((x0 + x1) / 2, min(y0, y1), max(y0, y1)))
        elif abs(y1 - y0) <= _STRAIGHT:
            level.append(((y0 + y1) / 2, min(x0, x1), max(x0, x1)))
    return [_rows(cells) for cells in _tables(_cells(_rules(upright), _rules(level)))]


def _rules(lines: list[tuple[float, float, float]]) -> list[_Rule]:
    """Bring together the lines that nearly stand at the same place, and the stretches that nearly touch."""
    groups: list[list[tuple[float, float, float]]] = []
    for line in sorted(lines):
        if groups and line[0] - groups[-1][-1][0] <= _NEAR:
            groups[-1].append(line)
        else:
            groups.append([line])
    rules = [_Rule(fmean(at for at, _, _ in group), _joined(group)) for group in groups]
    return [rule for rule in rules if rule.stretches]


def _joined(group: list[tuple[float, float, float]]) -> list[tuple[float, float]]:
    stretches: list[tuple[float, float]] = []
    for start, end in sorted((start, end) for _, start, end in group):
        if stretches and start <= stretches[-1][1] + _NEAR:
            stretches[-1] = (stretches[-1][0], max(end, stretches[-1][1]))
        else:
            stretches.append((start, end))
    return [(start, end) for start, end in stretches if end - start >= _SHORTEST]


def _cells(upright: list[_Rule], level: list[_Rule]) -> list[Box]:
    """Find the smallest cell to the lower right of each corner."""
    # For each corner, the stretches that cross there: two corners of one stretch are joined by a line.
    corners: dict[tuple[int, int], tuple[int, int]] = {}
    for column, down in enumerate(upright):
        for row, across in enumerate(level):
            along_down, along_across = down.stretch(across.at), across.stretch(down.at)
            if along_down is not None and along_across is not None:
                corners[column, row] = (along_down, along_across)
    cells = []
    for column, row in corners:
        if (end := _opposite(corners, column, row, len(upright), len(level))) is not None:
            right, below = end
            cells.append((upright[column].at, level[row].at, upright[right].at, level[below].at))
    return cells


def _opposite(
    corners: dict[tuple[int, int], tuple[int, int]], column: int, row: int, columns: int, rows: int
) -> tuple[int, int] | None:
    down, across = corners[column, row]
    belows = [n for n in range(row + 1, rows) if corners.get((column, n), (None,))[0] == down]
    rights = [n for n in range(column + 1, columns) if corners.get((n, row), (None, None))[1] == across]
    for below in belows:
        for right in rights:
            end = corners.get((right, below))
            if end and end[0] == corners[right, row][0] and end[1] == corners[column, below][1]:
                return right, below
    return None


def _tables(cells: list[Box]) -> list[list[Box]]:
    """Put together the cells that share a corner, directly or through others; from top to bottom."""
    by_corner: dict[tuple[float, float], list[Box]] = {}
    for cell in cells:
        for corner in _corners(cell):
            by_corner.setdefault(corner, []).append(cell)
    tables: list[list[Box]] = []
    seen: set[Box] = set()
    for cell in sorted(cells, key=lambda box: (box[1], box[0])):
        waiting, table = [cell], []
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen.add(one)
                table.append(one)
                waiting.extend(near for corner in _corners(one) for near in by_corner[corner])
        if len(table) > 1:
            tables.append(table)
    return tables


def _corners(cell: Box) -> tuple[tuple[float, float], ...]:
    left, top, right, bottom = cell
    return (left, top), (right, top), (left, bottom), (right, bottom)


def _rows(cells: list[Box]) -> list[list[Box | None]]:
    lefts = sorted({cell[0] for cell in cells})
    rows: dict[float, list[Box | None]] = {
        top: [None] * len(lefts) for top in sorted({cell[1] for cell in cells})
    }
    for cell in cells:
        rows[cell[1]][bisect_left(lefts, cell[0])] = cell
    return list(rows.values())
