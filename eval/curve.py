"""The curve of abstention: probabilities of answerable questions and of others go in, an SVG drawing comes out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from eval.logistic import Array

STEPS = 100

WIDTH, HEIGHT = 360, 260
LEFT, TOP, GAP = 50, 34, 70
INK, BLUE, ORANGE, GREY = "#333333", "#0b6e99", "#c05a00", "#bbbbbb"


@dataclass(frozen=True, slots=True)
class Point:
    """What a threshold gives; all shares in [0, 1].

    Args:
        sensitivity: of the answerable questions, those answered.
        specificity: of the others, those left.
        coverage: of all questions, those answered, were half of them answerable.
        risk: of those answered, those that should not be.
    """

    threshold: float
    sensitivity: float
    specificity: float
    coverage: float
    risk: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Points for the thresholds 0, 0.01, … 1, and the threshold in use."""

    points: Sequence[Point]
    used: float

    @classmethod
    def of(cls, answerable: Sequence[float], others: Sequence[float], used: float) -> "Curve":
        """Draw it from the probabilities that questions were given."""
        yes, no = np.array(answerable, dtype=np.float64), np.array(others, dtype=np.float64)
        return cls([_point(step / STEPS, yes, no) for step in range(STEPS + 1)], used)


def _point(threshold: float, yes: Array, no: Array) -> Point:
    answered, wrongly = float((yes >= threshold).mean()), float((no >= threshold).mean())
    total = answered + wrongly
    return Point(threshold, answered, 1 - wrongly, total / 2, wrongly / total if total else 0.0)


def written_svg(curve: Curve) -> str:
    """Write both drawings side by side: by threshold, and risk by coverage."""
    width = 2 * (LEFT + WIDTH) + GAP
    by_threshold, by_coverage = LEFT, 2 * LEFT + WIDTH + GAP // 2
    parts = [
        *_frame(by_threshold, "threshold", "Answered and left, by threshold"),
        _line(by_threshold, curve.points, lambda p: (p.threshold, p.sensitivity), BLUE),
        _line(by_threshold, curve.points, lambda p: (p.threshold, p.specificity), ORANGE),
        _mark(by_threshold, curve.used),
        _text(by_threshold + 8, TOP + HEIGHT - 28, "answerable questions answered", BLUE),
        _text(by_threshold + 8, TOP + HEIGHT - 10, "other questions left", ORANGE),
        *_frame(by_coverage, "share of questions answered", "Wrongly answered, by share answered"),
        _line(by_coverage, curve.points, lambda p: (p.coverage, p.risk), INK),
        _dot(by_coverage, min(curve.points, key=lambda point: abs(point.threshold - curve.used))),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {TOP + HEIGHT + 46}" '
        f'font-family="sans-serif" font-size="12">\n'
        f'<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _frame(left: int, under: str, title: str) -> list[str]:
    ticks = []
    for tenth in range(0, 11, 2):
        x, y = _at(left, tenth / 10, tenth / 10)
        ticks += [
            f'<path d="M{left} {y:.1f}h{WIDTH}M{x:.1f} {TOP}v{HEIGHT}" stroke="{GREY}" stroke-width="0.5"/>',
            _text(x, TOP + HEIGHT + 16, f"{tenth / 10:.1f}", INK, "middle"),
            _text(left - 6, y + 4, f"{tenth / 10:.1f}", INK, "end"),
        ]
    return [
        *ticks,
        f'<rect x="{left}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="{INK}"/>',
        _text(left + WIDTH / 2, TOP - 12, title, INK, "middle"),
        _text(left + WIDTH / 2, TOP + HEIGHT + 36, under, INK, "middle"),
    ]


def _line(
    left: int, points: Sequence[Point], place: Callable[[Point], tuple[float, float]], colour: str
) -> str:
    drawn = " ".join("{:.1f},{:.1f}".format(*_at(left, *place(point))) for point in points)
    return f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _mark(left: int, threshold: float) -> str:
    x, _ = _at(left, threshold, 0)
    return f'<path d="M{x:.1f} {TOP}v{HEIGHT}" stroke="{INK}" stroke-dasharray="4 3"/>'


def _dot(left: int, point: Point) -> str:
    x, y = _at(left, point.coverage, point.risk)
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{INK}"/>'


def _text(x: float, y: float, text: str, colour: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}">{text}</text>'


def _at(left: int, across: float, up: float) -> tuple[float, float]:
    return left + across * WIDTH, TOP + (1 - up) * HEIGHT
