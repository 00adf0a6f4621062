"""Checks about measuring: distances between Gaussians, precision, the two-sample test, infinitely many samples."""

from collections.abc import Callable

import numpy as np
import torch

from ..measuring.metrics import extrapolated, frechet_of_gaussians, precision, two_sample_accuracy
from .base import described, exercise, expect


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


def expect_not(found: float, mistakes: dict[str, float], tolerance: float = 1e-6) -> None:
    """Name the mistake whose number was found."""
    for message, value in mistakes.items():
        expect(not close(found, value, tolerance), message)


# ---- the Frechet distance


def covariance(n: int) -> np.ndarray:
    """A covariance with all its entries in use."""
    x = np.random.normal(size=(n, n))
    return x @ x.T + np.eye(n)


def root(matrix: np.ndarray) -> np.ndarray:
    """The root of a symmetric matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return vectors * np.sqrt(values.clip(0)) @ vectors.T


@exercise(frechet_of_gaussians)
def check_frechet(answer: Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], float]) -> None:
    """answer(mean_a, cov_a, mean_b, cov_b) -> |mean_a - mean_b|^2 + trace(A + B - 2 (A B)^(1/2)); means (F,),
    covariances (F, F)."""
    np.random.seed(0)
    a, b, A, B = np.random.normal(size=4), np.random.normal(size=4) + 2, covariance(4), covariance(4)
    square, spread = ((a - b) ** 2).sum(), np.trace(A + B)
    cross = np.sqrt(np.linalg.eigvals(A @ B).real).sum()
    product = root(root(A) @ B @ root(A))  # has the trace of (A B)^(1/2)
    AB_root = root(A) @ product @ np.linalg.inv(root(A))
    found = number(answer(a.copy(), A.copy(), b.copy(), B.copy()))
    expected = square + spread - 2 * cross
    expect_not(found, {
        "the means are not in it: their squared distance comes first.": spread - 2 * cross,
        "only the means are in it: add the trace.": square,
        "the distance of the means is not squared.": np.sqrt(square) + spread - 2 * cross,
        "the squares of the means' differences are averaged, expected their sum.": square / 4 + spread - 2 * cross,
        "the means are added, expected their difference.": ((a + b) ** 2).sum() + spread - 2 * cross,
        "the root of A B counts once, expected twice.": square + spread - cross,
        "the root of A B is added, expected taken away.": square + spread + 2 * cross,
        "A B is taken away without its root.": square + spread - 2 * np.trace(A @ B),
        "this is the root of each number of A @ B. A matrix's root is another matrix, which times itself gives A @ B: "
        "scipy.linalg.sqrtm.": square + spread - 2 * np.sqrt(np.diag(A @ B)).sum(),
        "only the variances are in it, as if the covariances were diagonal: A @ B is a matrix product, and its root "
        "scipy.linalg.sqrtm.": square + spread - 2 * np.sqrt(np.diag(A) * np.diag(B)).sum(),
        "the roots of A and B are multiplied: that is not the root of A @ B where the two do not commute.":
            square + spread - 2 * np.trace(root(A) @ root(B)),
        "all numbers of the matrix are added up, expected those of its diagonal: the trace.":
            square + (A + B - 2 * AB_root).sum(),
        "the traces of A and B are missing.": square - 2 * cross,
        "the root of A + B is taken, expected that of A @ B.": square + spread - 2 * np.trace(root(A + B)),
    })
    expect(not close(found, np.sqrt(expected)), "the root of the whole is taken. In the formula, and in every FID, it "
           "stays squared.")
    expect(close(found, expected, 1e-5), f"found {found:.3f}, expected {expected:.3f}.")
    expect(abs(number(answer(a.copy(), A.copy(), a.copy(), A.copy()))) < 1e-4, "between a Gaussian and itself the "
           "distance is not 0.")
    A[0] = A[:, 0] = B[0] = B[:, 0] = 0  # a feature that never moves
    expected = square + np.trace(A + B) - 2 * np.sqrt(np.linalg.eigvals(A @ B).real.clip(0)).sum()
    found = number(answer(a.copy(), A.copy(), b.copy(), B.copy()), "where one feature never changes, the distance")
    expect(close(found, expected, 1e-3), "where one feature never changes (a row of zeros in both covariances) it is "
           "wrong.")


# ---- precision


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Euclidean distances from each row of a (N, F) to each of b (M, F): (N, M)."""
    return np.sqrt(((a[:, None] - b) ** 2).sum(2))


def kth(d: np.ndarray, k: int) -> np.ndarray:
    """The k-th smallest number of each row of d (N, M), counted from 1: (N,)."""
    return np.sort(d, 1)[:, k - 1]


@exercise(precision)
def check_precision(answer: Callable[[np.ndarray, np.ndarray, int], float]) -> None:
    """answer(real, fake, k): (N, F), (M, F) -> the share of fakes within the reach of at least one real row."""
    stream = np.random.RandomState(2497)  # where no two mistakes give the same number
    real = np.concatenate([stream.normal(size=(70, 2)), 4 + 0.3 * stream.normal(size=(30, 2))])  # wide, and narrow
    fake = np.concatenate([stream.normal(size=(60, 2)) * 1.5, 4 + 0.8 * stream.normal(size=(37, 2))])
    k = 3
    found = number(answer(real.copy(), fake.copy(), k))
    d, own = distances(fake, real), kth(distances(real, real), k + 1)
    inside = d <= own
    expected, own_fake = inside.any(1).mean(), kth(distances(fake, fake), k + 1)
    expect_not(found, {
        "this is the recall: the share of real rows within reach of a fake. Here the fakes are counted, and the real "
        "ones have the reach.": (d.T <= own_fake).any(1).mean(),
        "each real row counts as its own nearest neighbour, at distance 0: the reach is one neighbour short.":
            (d <= kth(distances(real, real), k)).any(1).mean(),
        "the reach is that of the fakes. A bad fake far from all others would reach far: take the real rows' own.":
            (d <= own_fake[:, None]).any(1).mean(),
        "the reach of a real row is measured to its k-th nearest fake, expected to its k-th nearest real neighbour.":
            (d <= kth(d.T, k)).any(1).mean(),
        "one reach serves all (the mean). Each real row has its own: large where real rows are sparse.":
            (d <= own.mean()).any(1).mean(),
        "one reach serves all (the median). Each real row has its own: large where real rows are sparse.":
            (d <= np.median(own)).any(1).mean(),
        "one reach serves all (the largest). Each real row has its own: large where real rows are sparse.":
            (d <= own.max()).any(1).mean(),
        "only the nearest real row is asked. A fake may lie within the reach of another one, whose reach is larger.":
            inside[np.arange(len(d)), d.argmin(1)].mean(),
        "this is the share that lies outside.": 1 - expected,
        "all pairs are averaged: a fake counts as soon as one real row reaches it (any).": inside.mean(),
        "a fake has to be within reach of every real row, expected of at least one.": inside.all(1).mean(),
        "squared distances are compared with reaches that are not squared.": (d**2 <= own).any(1).mean(),
        "distances are compared with squared reaches.": (d <= own**2).any(1).mean(),
        "the fakes are counted, expected their share.": inside.any(1).sum(),
        "this is a percentage, expected a share from 0 to 1.": 100 * expected,
        "the reach is one neighbour too far: the row itself is left out already.":
            (d <= kth(distances(real, real), k + 2)).any(1).mean(),
        "the real rows that reach a fake are counted, expected the fakes that are reached.": inside.any(0).mean(),
    })
    expect(close(found, expected), f"found {found:.2f}, expected {expected:.2f}.")
    for other in (1, 5):
        value = (d <= kth(distances(real, real), other + 1)).any(1).mean()
        expect(close(number(answer(real.copy(), fake.copy(), other)), value), f"for k = 3 it is right, for k = {other} "
               "it is not: is the argument used?")
    few = fake[:7]
    expect(close(number(answer(real.copy(), few.copy(), k)), (distances(few, real) <= own).any(1).mean()),
           "with another number of fakes it is wrong: divide by theirs.")


# ---- the two-sample test


@exercise(two_sample_accuracy)
def check_two_sample(answer: Callable[[np.ndarray, np.ndarray], float]) -> None:
    """answer(a, b): (N, F), (M, F) -> the leave-one-out accuracy of 1-NN in telling the rows of a and b apart."""
    stream = np.random.RandomState(345)  # where no two mistakes give the same number
    a, b = stream.normal(size=(60, 3)), stream.normal(size=(60, 3)) * 0.7 + 0.9

    def right(a: np.ndarray, b: np.ndarray, place: int = 0) -> np.ndarray:
        """For each row, whether its neighbour at that place is of its set."""
        both, own = np.concatenate([a, b]), np.arange(len(a) + len(b)) < len(a)
        d = distances(both, both)
        np.fill_diagonal(d, np.inf)
        return own[np.argsort(d, 1)[:, : place + 1]] == own[:, None]

    first, three = right(a, b)[:, 0], right(a, b, 2)
    found = number(answer(a.copy(), b.copy()))
    expected = first.mean()
    expect_not(found, {
        "all are right. Is each row its own nearest neighbour, at distance 0? Or are neighbours sought in the row's "
        "own set only? Leave the row out, and seek among all others of both sets.": 1.0,
        "none is right: neighbours are sought in the other set only. Seek among all other rows of both sets.": 0.0,
        "this is the error, expected the accuracy.": 1 - expected,
        "only the rows of a are asked; b's count too.": first[:60].mean(),
        "only the rows of b are asked; a's count too.": first[60:].mean(),
        "three neighbours vote, expected the nearest one alone.": (three.sum(1) >= 2).mean(),
        "the second neighbour decides: one row too many is left out.": three[:, 1].mean(),
        "the rows are counted, expected their share.": first.sum(),
        "this is a percentage, expected a share from 0 to 1.": 100 * expected,
        "the farthest row decides, expected the nearest.": right(a, b, 118)[:, 118].mean(),
    })
    expect(close(found, expected), f"{first.sum()} of 120 rows have their nearest neighbour in their own set, so the "
           f"accuracy is {expected:.3f}; found {found:.3f}.")
    uneven = right(a[:20], b)[:, 0]
    found = number(answer(a[:20].copy(), b.copy()))
    expect(not close(found, (uneven[:20].mean() + uneven[20:].mean()) / 2), "for sets of unequal size this is the mean "
           "of both sets' shares, expected the share of all rows.")
    expect(close(found, uneven.mean()), "for sets of equal size it is right, for 20 and 60 rows it is not: which row "
           "is of which set?")
    found = number(answer(a.copy(), a.copy()))
    expect(not close(found, right(a, a, 1)[:, 1].mean()), "where b holds exact copies of a's rows they are passed "
           "over: leave the row itself out by its place (the diagonal), not by its distance of 0.")
    expect(close(found, 0), f"where b is a copy of a, each row's nearest neighbour is its copy, of the other set, so "
           f"the accuracy is 0; found {found:.2f}. Is the row itself left out, and nothing else?")


# ---- infinitely many


@exercise(extrapolated)
def check_extrapolated(answer: Callable[[np.ndarray, np.ndarray], float]) -> None:
    """answer(sizes, distances): (K,) twice -> where the line in 1/n, fitted by least squares, meets 1/n = 0."""
    n = np.array([500.0, 1000, 2000, 5000])
    y = 12 + 9000 / n + np.array([0.5, -0.8, 0.4, 0.3])
    slope, intercept = np.polyfit(1 / n, y, 1)
    found = number(answer(n.copy(), y.copy()))
    expect_not(found, {
        "this is the line's slope, expected its height where 1/n = 0: np.polyfit gives the slope first.": slope,
        "the line is fitted in n, and read at n = 0: no image at all. Fit it in 1/n.": np.polyfit(n, y, 1)[1],
        "the slope of a line in n. Fit it in 1/n, and take its height at 0.": np.polyfit(n, y, 1)[0],
        "this is the distance at the largest n itself. The line goes on from there, to 1/n = 0.": y[-1],
        "this is the line's height at the largest n, expected at 1/n = 0.": slope / n[-1] + intercept,
        "the line is fitted in 1/sqrt(n), expected in 1/n.": np.polyfit(n**-0.5, y, 1)[1],
        "the line is fitted in log(n), expected in 1/n.": np.polyfit(np.log(n), y, 1)[1],
        "this is the mean of the distances.": y.mean(),
        "the line goes through the first and the last point only, expected the best one for all (least squares).":
            y[-1] - (y[0] - y[-1]) / (1 / n[0] - 1 / n[-1]) / n[-1],
        "the line goes through the last two points only, expected the best one for all (least squares).":
            y[-1] - (y[-2] - y[-1]) / (1 / n[-2] - 1 / n[-1]) / n[-1],
        "this is a parabola, expected a line: degree 1.": np.polyfit(1 / n, y, 2)[-1],
        "the two arguments of the fit are exchanged: first 1/n, then the distances.": np.polyfit(y, 1 / n, 1)[1],
        "this is 1/n where the line reaches 0, expected its height at 1/n = 0.": -intercept / slope,
    }, 1e-9)
    expect(close(found, intercept, 1e-4), f"found {found:.3f}, expected {intercept:.3f}.")
    order = [2, 0, 3, 1]
    expect(close(number(answer(n[order], y[order])), intercept, 1e-4), "in another order of the sizes it is wrong.")
    expect(close(number(answer(n[:3] * 2, y[:3])), np.polyfit(0.5 / n[:3], y[:3], 1)[1], 1e-4), "for three other sizes "
           "it is wrong: are the arguments used?")
