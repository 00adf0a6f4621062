"""Checks about neighbours: precision, and the two-sample test."""

from collections.abc import Callable

import numpy as np

from ..measuring.metrics import precision, two_sample_accuracy
from .base import exercise, expect, serves
from .measuring import close, expect_none, number

# ---- precision


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Euclidean distances from each row of a (N, F) to each of b (M, F): (N, M)."""
    return np.sqrt(((a[:, None] - b) ** 2).sum(2))


def kth(d: np.ndarray, k: int) -> np.ndarray:
    """The k-th smallest number of each row of d (N, M), counted from 1: (N,)."""
    return np.sort(d, 1)[:, k - 1]


def reach(rows: np.ndarray, k: int) -> np.ndarray:
    """The distance of each row to its k-th nearest other row."""
    return kth(distances(rows, rows), k + 1)


def inside(real: np.ndarray, fake: np.ndarray, k: int) -> np.ndarray:
    """(M, N): whether a fake lies within the reach of a real row."""
    return distances(fake, real) <= reach(real, k)


def share_of(real: np.ndarray, fake: np.ndarray, k: int) -> float:
    """What is asked for."""
    return inside(real, fake, k).any(1).mean()


WRONG_SHARES = {
    "this is the recall: the share of real rows within reach of a fake. Here the fakes are counted, and the real "
    "ones have the reach.": lambda r, f, k: share_of(f, r, k),
    "each real row counts as its own nearest neighbour, at distance 0: the reach is one neighbour short.":
        lambda r, f, k: share_of(r, f, k - 1),
    "the reach is that of the fakes. A bad fake far from all others would reach far: take the real rows' own.":
        lambda r, f, k: (distances(f, r) <= reach(f, k)[:, None]).any(1).mean(),
    "the reach of a real row is measured to its k-th nearest fake, expected to its k-th nearest real neighbour.":
        lambda r, f, k: (distances(f, r) <= kth(distances(r, f), k)).any(1).mean(),
    "one reach serves all (the mean). Each real row has its own: large where real rows are sparse.":
        lambda r, f, k: (distances(f, r) <= reach(r, k).mean()).any(1).mean(),
    "one reach serves all (the median). Each real row has its own: large where real rows are sparse.":
        lambda r, f, k: (distances(f, r) <= np.median(reach(r, k))).any(1).mean(),
    "one reach serves all (the largest). Each real row has its own: large where real rows are sparse.":
        lambda r, f, k: (distances(f, r) <= reach(r, k).max()).any(1).mean(),
    "only the nearest real row is asked. A fake may lie within the reach of another one, whose reach is larger.":
        lambda r, f, k: inside(r, f, k)[np.arange(len(f)), distances(f, r).argmin(1)].mean(),
    "this is the share that lies outside.": lambda r, f, k: 1 - share_of(r, f, k),
    "all pairs are averaged: a fake counts as soon as one real row reaches it (any).":
        lambda r, f, k: inside(r, f, k).mean(),
    "a fake has to be within reach of every real row, expected of at least one.":
        lambda r, f, k: inside(r, f, k).all(1).mean(),
    "squared distances are compared with reaches that are not squared.":
        lambda r, f, k: (distances(f, r) ** 2 <= reach(r, k)).any(1).mean(),
    "distances are compared with squared reaches.": lambda r, f, k: (distances(f, r) <= reach(r, k) ** 2).any(1).mean(),
    "the fakes are counted, expected their share.": lambda r, f, k: len(f) * share_of(r, f, k),
    "this is a percentage, expected a share from 0 to 1.": lambda r, f, k: 100 * share_of(r, f, k),
    "the reach is one neighbour too far: the row itself is left out already.": lambda r, f, k: share_of(r, f, k + 1),
    "the real rows that reach a fake are counted, expected the fakes that are reached.":
        lambda r, f, k: inside(r, f, k).any(0).mean(),
}


@exercise(precision)
def check_precision(answer: Callable[[np.ndarray, np.ndarray, int], float]) -> None:
    """answer(real, fake, k): (N, F), (M, F) -> the share of fakes within the reach of at least one real row."""
    stream = np.random.RandomState(2497)  # where no two mistakes give the same numbers
    real = np.concatenate([stream.normal(size=(70, 2)), 4 + 0.3 * stream.normal(size=(30, 2))])  # wide, and narrow
    fake = np.concatenate([stream.normal(size=(60, 2)) * 1.5, 4 + 0.8 * stream.normal(size=(37, 2))])
    tries = [(real, fake, 3), (real[::2], fake, 3)]
    found = [number(answer(*given)) for given in tries]
    expect_none(found, tries, WRONG_SHARES)
    for x, given in zip(found, tries, strict=True):
        expect(close(x, share_of(*given)), f"found {x:.4g}, expected {share_of(*given):.4g}.")
    for k in (1, 5):
        expect(close(number(answer(real, fake, k)), share_of(real, fake, k)), f"for k = 3 it is right, for k = {k} "
               "it is not: is the argument used?")
    few = fake[:7]
    expect(close(number(answer(real, few, 3)), share_of(real, few, 3)), "with another number of fakes it is wrong: "
           "divide by theirs.")
    with serves("its number is printed with two digits, and it is called with the roles exchanged for the recall."):
        expect(format(answer(fake, real, 3), ".2f") == f"{share_of(fake, real, 3):.2f}", "with the roles exchanged it "
               "is wrong.")


# ---- the two-sample test


def agrees(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(N + M, N + M): for each row, whether its neighbours are of its set, from near to far; the last is itself."""
    both, own = np.concatenate([a, b]), np.arange(len(a) + len(b)) < len(a)
    d = distances(both, both)
    np.fill_diagonal(d, np.inf)
    return own[np.argsort(d, 1)] == own[:, None]


def accuracy(a: np.ndarray, b: np.ndarray) -> float:
    """What is asked for."""
    return agrees(a, b)[:, 0].mean()


WRONG_ACCURACIES = {
    "no row is right, as if neighbours were sought in the other set only. Seek among all other rows of both sets.":
        lambda a, b: 0.0,
    "this is the error, expected the accuracy.": lambda a, b: 1 - accuracy(a, b),
    "only the rows of a are asked; b's count too.": lambda a, b: agrees(a, b)[: len(a), 0].mean(),
    "only the rows of b are asked; a's count too.": lambda a, b: agrees(a, b)[len(a) :, 0].mean(),
    "three neighbours vote, expected the nearest one alone.":
        lambda a, b: (agrees(a, b)[:, :3].sum(1) >= 2).mean(),
    "the second neighbour decides: one row too many is left out.": lambda a, b: agrees(a, b)[:, 1].mean(),
    "the rows are counted, expected their share.": lambda a, b: agrees(a, b)[:, 0].sum(),
    "this is a percentage, expected a share from 0 to 1.": lambda a, b: 100 * accuracy(a, b),
    "the farthest row decides, expected the nearest.": lambda a, b: agrees(a, b)[:, -2].mean(),
}


@exercise(two_sample_accuracy)
def check_two_sample(answer: Callable[[np.ndarray, np.ndarray], float]) -> None:
    """answer(a, b): (N, F), (M, F) -> the leave-one-out accuracy of 1-NN in telling the rows of a and b apart."""
    stream = np.random.RandomState(345)  # where no two mistakes give the same numbers
    a, b = stream.normal(size=(60, 3)), stream.normal(size=(60, 3)) * 0.7 + 0.9
    tries = [(a, b), (a[::2], b[1::2])]
    found, copies = [number(answer(*given)) for given in tries], number(answer(a, a.copy()))
    own = ", even those with an exact copy in the other set, as if neighbours were sought in the row's own set only"
    how = own if close(copies, 1) else ", as if each were its own nearest neighbour, at distance 0"
    expect(not all(close(x, 1) for x in found), f"all rows are right{how}. Leave the row out, and seek among all "
           "others of both sets.")
    expect_none(found, tries, WRONG_ACCURACIES)
    for x, given in zip(found, tries, strict=True):
        n, expected = sum(map(len, given)), accuracy(*given)
        expect(close(x, expected), f"{round(n * expected)} of {n} rows have their nearest neighbour in their own set, "
               f"so the accuracy is {expected:.3f}; found {x:.3f}.")
    uneven, x = agrees(a[:20], b)[:, 0], number(answer(a[:20], b))
    expect(not close(x, (uneven[:20].mean() + uneven[20:].mean()) / 2), "for sets of unequal size this is the mean of "
           "both sets' shares, expected the share of all rows.")
    expect(close(x, uneven.mean()), f"for sets of equal size it is right, for 20 and 60 rows it is not: found {x:.3f}, "
           f"expected {uneven.mean():.3f}.")
    expect(not close(copies, agrees(a, a)[:, 1].mean()), "where b holds exact copies of a's rows they are passed over: "
           "leave the row itself out by its place (the diagonal), not by its distance of 0.")
    expect(close(copies, 0), f"where b is a copy of a, each row's nearest neighbour is its copy, of the other set, so "
           f"the accuracy is 0; found {copies:.2f}.")
    with serves("its number is printed with two digits."):
        format(answer(a, b), ".2f")
