"""Logistic regression for a few hundred questions: features and classes go in, weights and probabilities come out.

Both classes weigh the same whatever their sizes; features are standardised; a ridge penalty keeps weights small.
Fitted by Newton's method (iteratively reweighted least squares; Hastie, Tibshirani and Friedman, 2009, 4.4.1).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Classes = npt.NDArray[np.bool_]

STEPS = 60
CLOSE = 1e-8


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted regression over `features` columns.

    Args:
        mean: of each feature; shape (features,).
        scale: standard deviation of each, 1 for a constant one; shape (features,).
        weights: of the standardised features; shape (features,).
    """

    mean: Array
    scale: Array
    weights: Array
    intercept: float

    def probabilities(self, measured: Array) -> Array:
        """Give the probability of the positive class; (questions, features) in, (questions,) out."""
        scores = (measured - self.mean) / self.scale @ self.weights + self.intercept
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(scores, -50, 50))), dtype=np.float64)


def fit(measured: Array, positive: Classes, ridge: float) -> Fit:
    """Fit on `measured`, shape (questions, features); both classes are there."""
    mean = measured.mean(axis=0)
    spread = measured.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    design = np.column_stack([(measured - mean) / scale, np.ones(len(measured))])
    balance = np.where(positive, 0.5 / positive.sum(), 0.5 / (~positive).sum()) * len(positive)
    penalty = ridge * np.eye(design.shape[1])
    penalty[-1, -1] = 0.0  # the intercept is free
    weights = np.zeros(design.shape[1])
    for _ in range(STEPS):
        probability = 1.0 / (1.0 + np.exp(-np.clip(design @ weights, -50, 50)))
        gradient = design.T @ (balance * (probability - positive)) + penalty @ weights
        curvature = (design * (balance * probability * (1 - probability))[:, None]).T @ design + penalty
        step = np.linalg.solve(curvature, gradient)
        weights -= step
        if np.abs(step).max() < CLOSE:
            break
    return Fit(mean, scale, weights[:-1], float(weights[-1]))


def out_of_fold(
    measured: Array,
    positive: Classes,
    ridge: float,
    *,
    folds: int = 10,
    rounds: int = 10,
    seed: int = 20261122,
) -> Array:
    """Give each question the probability that a fit without it gives: the mean of `rounds` stratified splits."""
    total = np.zeros(len(positive))
    for number in range(rounds):
        part = _split(positive, folds, seed + number)
        for held in range(folds):
            away = part == held
            if away.any():
                total[away] += fit(measured[~away], positive[~away], ridge).probabilities(measured[away])
    return total / rounds


def _split(positive: Classes, folds: int, seed: int) -> npt.NDArray[np.int_]:
    drawn = np.random.default_rng(seed)
    part = np.zeros(len(positive), dtype=np.int_)
    for group in (positive, ~positive):
        at = drawn.permutation(np.flatnonzero(group))
        part[at] = np.arange(len(at)) % folds
    return part


def balanced_accuracy(probabilities: Array, positive: Classes, threshold: float) -> float:
    """Mean of the shares of positives at or over the threshold and of negatives under it."""
    over = probabilities >= threshold
    return float((over[positive].mean() + (~over[~positive]).mean()) / 2)


def best_threshold(probabilities: Array, positive: Classes, width: float = 0.05) -> float:
    """Give the threshold of the best balanced accuracy, averaged over `width` on both sides: a plateau, not a peak."""
    tried = np.linspace(0.01, 0.99, 197)
    reached = np.array([balanced_accuracy(probabilities, positive, at) for at in tried])
    smooth = [reached[np.abs(tried - at) <= width].mean() for at in tried]
    best = np.flatnonzero(np.isclose(smooth, np.max(smooth)))
    return round(float(tried[best[len(best) // 2]]), 3)
