"""Scores of cases, and the figures of a run: `score` each case, then `aggregate` them."""

from eval.scoring.aggregate import Figures, aggregate
from eval.scoring.case import score

__all__ = ["Figures", "aggregate", "score"]
