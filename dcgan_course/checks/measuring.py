"""Checks about measuring: distances between Gaussians, and what they were of infinitely many samples."""

from collections.abc import Callable

import numpy as np
import torch

from ..measuring.metrics import extrapolated, frechet_of_gaussians
from .base import described, exercise, expect, serves


def number(found: object, what: str = "the result") -> float:
    """A learner's single number, of whatever type."""
    expect(found is not None and not isinstance(found, (str, tuple, list, dict)), f"{what} is {described(found)}, "
           "expected one number.")
    found = np.asarray(found.detach() if torch.is_tensor(found) else found)
    expect(found.ndim == 0, f"{what} has shape {found.shape}, expected one number.")
    expect(not np.iscomplexobj(found), f"{what} is a complex number: by rounding, a root can get a tiny imaginary "
           "part. Take `.real`.")
    expect(bool(np.isfinite(found)), f"{what} is {float(found)}, expected a finite number.")
    return float(found)


def close(a: float, b: float, tolerance: float = 1e-6) -> bool:
    """Whether a and b differ by at most `tolerance` times |b|, or times 1 where |b| is below 1."""
    return abs(a - b) <= tolerance * max(1, abs(b))


def expect_none(found: list[float], tries: list[tuple], mistakes: dict[str, Callable], tolerance: float = 1e-6) -> None:
    """Name the mistake whose numbers were found, in each of the tries: a single one may come about in many ways."""
    for message, mistake in mistakes.items():
        expect(not all(close(x, float(mistake(*given)), tolerance) for x, given in zip(found, tries, strict=True)),
               message)


# ---- the Frechet distance


def covariance(n: int) -> np.ndarray:
    """A covariance with all its entries in use."""
    x = np.random.normal(size=(n, n))
    return x @ x.T + np.eye(n)


def root(matrix: np.ndarray) -> np.ndarray:
    """The root of a symmetric matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return vectors * np.sqrt(values.clip(0)) @ vectors.T


def cross(A: np.ndarray, B: np.ndarray) -> float:
    """The trace of the root of A B."""
    return np.sqrt(np.linalg.eigvals(A @ B).real.clip(0)).sum()


def whole_root(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """The root of A B, for an A that can be inverted."""
    return root(A) @ root(root(A) @ B @ root(A)) @ np.linalg.inv(root(A))


def distance(a: np.ndarray, A: np.ndarray, b: np.ndarray, B: np.ndarray) -> float:
    """What is asked for: of two Gaussians, by means a, b and covariances A, B."""
    return ((a - b) ** 2).sum() + np.trace(A + B) - 2 * cross(A, B)


def square(a: np.ndarray, b: np.ndarray) -> float:
    """The squared distance of the means."""
    return ((a - b) ** 2).sum()


WRONG_DISTANCES = {
    "the means are not in it: their squared distance comes first.": lambda a, A, b, B: distance(a, A, a, B),
    "only the means are in it: add the trace.": lambda a, A, b, B: square(a, b),
    "the distance of the means is not squared.":
        lambda a, A, b, B: distance(a, A, b, B) - square(a, b) + np.sqrt(square(a, b)),
    "the squares of the means' differences are averaged, expected their sum.":
        lambda a, A, b, B: distance(a, A, a, B) + square(a, b) / len(a),
    "the means are added, expected their difference.": lambda a, A, b, B: distance(a, A, -b, B),
    "the root of A B counts once, expected twice.": lambda a, A, b, B: distance(a, A, b, B) + cross(A, B),
    "the root of A B is added, expected taken away.": lambda a, A, b, B: distance(a, A, b, B) + 4 * cross(A, B),
    "A B is taken away without its root.":
        lambda a, A, b, B: square(a, b) + np.trace(A + B) - 2 * np.trace(A @ B),
    "this is the root of each number of A @ B. A matrix's root is another matrix, which times itself gives A @ B: "
    "scipy.linalg.sqrtm.":
        lambda a, A, b, B: square(a, b) + np.trace(A + B) - 2 * np.sqrt(np.diag(A @ B)).sum(),
    "only the variances are in it, as if the covariances were diagonal: A @ B is a matrix product, and its root "
    "scipy.linalg.sqrtm.":
        lambda a, A, b, B: square(a, b) + np.trace(A + B) - 2 * np.sqrt(np.diag(A) * np.diag(B)).sum(),
    "the roots of A and B are multiplied: that is not the root of A @ B where the two do not commute.":
        lambda a, A, b, B: square(a, b) + np.trace(A + B) - 2 * np.trace(root(A) @ root(B)),
    "all numbers of the matrix are added up, expected those of its diagonal: the trace.":
        lambda a, A, b, B: square(a, b) + (A + B - 2 * whole_root(A, B)).sum(),
    "the traces of A and B are missing.": lambda a, A, b, B: square(a, b) - 2 * cross(A, B),
    "the root of A + B is taken, expected that of A @ B.":
        lambda a, A, b, B: square(a, b) + np.trace(A + B) - 2 * np.trace(root(A + B)),
    "the root of the whole is taken. In the formula, and in every FID, it stays squared.":
        lambda *given: np.sqrt(distance(*given)),
}


@exercise(frechet_of_gaussians)
def check_frechet(answer: Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], float]) -> None:
    """answer(mean_a, cov_a, mean_b, cov_b) -> |mean_a - mean_b|^2 + trace(A + B - 2 (A B)^(1/2)); means (F,),
    covariances (F, F)."""
    tries = [(np.random.normal(size=n), covariance(n), np.random.normal(size=n) + shift, covariance(n))
             for n, shift in ((4, 2), (3, -1))]
    found = [number(answer(*given)) for given in tries]
    expect_none(found, tries, WRONG_DISTANCES)
    for x, given in zip(found, tries, strict=True):
        expect(close(x, distance(*given), 1e-5), f"found {x:.3f}, expected {distance(*given):.3f}.")
    a, A, b, B = tries[0]
    expect(abs(number(answer(a, A, a.copy(), A.copy()))) < 1e-4, "between a Gaussian and itself the distance is not 0.")
    A[0] = A[:, 0] = B[0] = B[:, 0] = 0  # a feature that never moves
    found = number(answer(a, A, b, B), "where one feature never changes, the distance")
    expect(close(found, distance(a, A, b, B), 1e-3), "where one feature never changes (a row of zeros in both "
           "covariances) it is wrong.")
    with serves("it is called with means and covariances of 64 features."):
        x, y = np.random.normal(size=(300, 64)), np.random.normal(size=(200, 64)) * 3 + 1
        x[:, 5] = y[:, 5] = 0
        given = (x.mean(0), np.cov(x, rowvar=False), y.mean(0), np.cov(y, rowvar=False))
        expect(close(number(answer(*given)), distance(*given), 1e-3), "for 64 features, of which one never changes, it "
               "is wrong.")


# ---- infinitely many


def line(x: np.ndarray, y: np.ndarray, place: int = 1, degree: int = 1) -> float:
    """Its height at x = 0, or its slope (place 0)."""
    return np.polyfit(x, y, degree)[place]


def through(n: np.ndarray, y: np.ndarray, i: int, j: int) -> float:
    """The height at 1/n = 0 of the line through two of the points."""
    return line(1 / n[[i, j]], y[[i, j]])


WRONG_LIMITS = {
    "this is the line's slope, expected its height where 1/n = 0: np.polyfit gives the slope first.":
        lambda n, y: line(1 / n, y, 0),
    "the line is fitted in n, and read at n = 0: no image at all. Fit it in 1/n.": line,
    "the slope of a line in n. Fit it in 1/n, and take its height at 0.": lambda n, y: line(n, y, 0),
    "this is the distance at the largest n itself. The line goes on from there, to 1/n = 0.":
        lambda n, y: y[n.argmax()],
    "this is the line's height at the largest n, expected at 1/n = 0.":
        lambda n, y: line(1 / n, y, 0) / n.max() + line(1 / n, y),
    "the line is fitted in 1/sqrt(n), expected in 1/n.": lambda n, y: line(n**-0.5, y),
    "the line is fitted in log(n), expected in 1/n.": lambda n, y: line(np.log(n), y),
    "this is the mean of the distances.": lambda n, y: y.mean(),
    "the line goes through the first and the last point only, expected the best one for all (least squares).":
        lambda n, y: through(n, y, 0, -1),
    "the line goes through the last two points only, expected the best one for all (least squares).":
        lambda n, y: through(n, y, -2, -1),
    "this is a parabola, expected a line: degree 1.": lambda n, y: line(1 / n, y, -1, 2),
    "the two arguments of the fit are exchanged: first 1/n, then the distances.": lambda n, y: line(y, 1 / n),
    "this is 1/n where the line reaches 0, expected its height at 1/n = 0.":
        lambda n, y: -line(1 / n, y) / line(1 / n, y, 0),
}


@exercise(extrapolated)
def check_extrapolated(answer: Callable[[np.ndarray, np.ndarray], float]) -> None:
    """answer(sizes, distances): (K,) twice -> where the line in 1/n, fitted by least squares, meets 1/n = 0."""
    tries = []
    for sizes in ([500.0, 1000, 2000, 5000], [400.0, 700, 3000, 10_000, 20_000]):
        n = np.array(sizes)
        tries.append((n, 12 + 9000 / n + np.array([0.5, -0.8, 0.4, 0.3, -0.2])[: len(n)]))
    found = [number(answer(*given)) for given in tries]
    expect_none(found, tries, WRONG_LIMITS, 1e-9)
    for x, (n, y) in zip(found, tries, strict=True):
        expect(close(x, line(1 / n, y), 1e-4), f"found {x:.3f}, expected {line(1 / n, y):.3f}.")
    n, y = tries[0]
    order = [2, 0, 3, 1]
    expect(close(number(answer(n[order], y[order])), found[0], 1e-4), "in another order of the sizes it is wrong.")
    expect(close(number(answer(n[:3] * 2, y[:3] - 30)), line(0.5 / n[:3], y[:3] - 30), 1e-4), "for three other sizes, "
           "and a limit below 0, it is wrong: are the arguments used?")
    with serves("the sizes come as whole numbers there, and what is given back, a Python or NumPy number, is rounded."):
        x = number(answer(n.astype(int), y))
        expect(close(x, found[0], 1e-4), f"for sizes that are whole numbers (the lesson's are) it gives {x:.3f}, "
               f"expected {found[0]:.3f}.")
        format(round(answer(n.astype(int), y), 1) + 0, ".1f")
