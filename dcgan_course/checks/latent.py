"""Checks about the latent space: paths, grids and sums of z."""

import math

import torch

from ..sampling import corner_grid, lerp, slerp, vector_sum
from .base import described, exercise, expect, expect_none_of, same


def expect_shape(found, shape: tuple, hint: str = "") -> None:
    expect(torch.is_tensor(found), f"the result is {described(found)}, expected a tensor.")
    expect(tuple(found.shape) == shape, f"the result has shape {tuple(found.shape)}, expected {shape}{hint}.")


# ---- slerp


def turned(angle: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Two vectors of length 3 in six dimensions with that angle between them."""
    a, b = torch.zeros(6), torch.zeros(6)
    a[1], b[1], b[4] = 3, 3 * math.cos(angle), 3 * math.sin(angle)
    return a, b


@exercise(slerp)
def check_slerp(answer) -> None:
    """answer(a, b, t): the point at the share t of the way from a to b, along the great circle."""
    a, b = turned(2.0)
    t, angle = 0.3, 2.0
    sin_a, sin_b, sin = (math.sin(x) for x in ((1 - t) * angle, t * angle, angle))
    expected = (sin_a * a + sin_b * b) / sin
    found = answer(a, b, t)
    expect_shape(found, (6,), ", as a and b have")
    straight = lerp(a, b, t)
    raw = torch.acos(torch.clamp(a @ b, -1, 1)).item()  # the dot product of vectors that are not of length 1
    degrees = math.degrees(angle)
    expect_none_of(found, {
        "this is the straight line: it cuts through the inside of the sphere, where the z are too short.": straight,
        "this is the straight line, pulled out to the right length. It stays on the sphere, but does not turn evenly: "
        "use the sines of the two parts of the angle.": straight / straight.norm() * 3,
        "a and b are swapped: t = 0 must give a.": (sin_a * b + sin_b * a) / sin,
        "not divided by the sine of the whole angle: the point is not on the circle.": sin_a * a + sin_b * b,
        "the angle is not that between a and b: divide their product by both lengths before the arccosine.":
            (math.sin((1 - t) * raw) * a + math.sin(t * raw) * b) / (math.sin(raw) or 1),
        "the angle is in degrees; torch.sin expects radians, as torch.acos returns them.":
            (math.sin((1 - t) * degrees) * a + math.sin(t * degrees) * b) / math.sin(degrees),
        "cosines in place of sines: at t = 0 the part of b must be 0.":
            (math.cos((1 - t) * angle) * a + math.cos(t * angle) * b) / sin,
        "the length is lost: the result has length 1, a and b have 3.": expected / 3,
    })
    expect(bool(torch.isfinite(found).all()), "the result is not a number. The arccosine needs the product of a and b "
           "divided by both lengths, which lies between -1 and 1.")
    expect(same(found, expected, 1e-4), f"the result has length {found.norm():.2f} and turns by "
           f"{torch.acos(torch.clamp(found @ a / 3 / found.norm(), -1, 1)):.2f}, expected 3.00 and {t * angle:.2f}.")
    for end, point in ((0.0, a), (1.0, b)):
        expect(same(answer(a, b, end), point, 1e-4), f"t = {end:.0f} does not give {'a' if end == 0 else 'b'}.")
    expect(same(answer(a, turned(0.4)[1], 0.5), turned(0.2)[1], 1e-4), "for an angle of 2 it is right, for 0.4 it is "
           "not: is the angle taken from a and b?")
    a = torch.full((6,), 0.7)  # by rounding, the cosine of a with itself may come out above 1
    found = answer(a, a.clone(), 0.5)
    expect(bool(torch.isfinite(found).all()) and same(found, a, 1e-3), "where a and b are equal the result is not a: "
           "the sine of an angle of 0 is 0, and nothing may be divided by it. Fall back to the straight line.")


# ---- the grid


@exercise(corner_grid)
def check_corner_grid(answer) -> None:
    """answer(corners, n): (4, nz) -> (n * n, nz), row by row, bilinear."""
    corners, n = torch.randn(4, 5), 4
    found = answer(corners.clone(), n)
    expect(not (torch.is_tensor(found) and tuple(found.shape) == (n, n, 5)), "the result has shape (4, 4, 5): G takes "
           "rows of z, expected (16, 5). flatten(0, 1) puts the grid's rows one after the other.")
    expect_shape(found, (n * n, 5), ", for n = 4 and four corners of length 5")

    def grid(order=(0, 1, 2, 3), line=None, swap=False):
        c, line = corners[list(order)], torch.linspace(0, 1, n) if line is None else line
        rows = [[lerp(lerp(c[0], c[2], v), lerp(c[1], c[3], v), u) for u in line] for v in line]
        cells = [rows[j][i] if swap else rows[i][j] for i in range(n) for j in range(n)]
        return torch.stack(cells)

    expect_none_of(found, {
        "rows and columns are swapped: the second corner is at the upper right, the third at the lower left.":
            grid(swap=True),
        "the last two corners are swapped: the order is upper left, upper right, lower left, lower right, row by row, "
        "not round the square.": grid(order=(0, 1, 3, 2)),
        "the far corners are not reached: torch.arange(n) / n ends before 1. torch.linspace(0, 1, n) includes both "
        "ends.": grid(line=torch.arange(n) / n),
        "the corners are not reached: torch.linspace(0, 1, n) includes both ends.":
            grid(line=(torch.arange(n) + 0.5) / n),
        "it is upside down: the first row is the upper one.": grid(order=(2, 3, 0, 1)),
        "left and right are swapped.": grid(order=(1, 0, 3, 2)),
        "all is turned round: corner 0 belongs to the upper left.": grid(order=(3, 2, 1, 0)),
    })
    places = {"upper left": 0, "upper right": n - 1, "lower left": n * (n - 1), "lower right": n * n - 1}
    for i, (name, place) in enumerate(places.items()):
        expect(same(found[place], corners[i]), f"the {name} point is not corner {i}.")
    expect(same(found, grid(), 1e-4), "the four corners are right, the points between them are not: go straight down "
           "both sides, then straight across.")
    expect(tuple(answer(corners, 3).shape) == (9, 5), "for n = 4 it is right, for n = 3 it is not: is the argument "
           "used?")


# ---- sums of concepts


@exercise(vector_sum)
def check_vector_sum(answer) -> None:
    """answer(a, b, c): exemplars (k, nz) of three concepts -> a - b + c, from their means, (nz,)."""
    a, b, c = torch.randn(3, 6), torch.randn(4, 6) + 1, torch.randn(5, 6) - 1
    same_k = answer(a, b[:3], c[:3])
    expect(not (torch.is_tensor(same_k) and tuple(same_k.shape) == (3, 6)), "there is one result for each exemplar, "
           "expected one for all: take the mean of each concept's exemplars first.")
    expect_shape(same_k, (6,), ": one z")
    found = answer(a, b, c)
    expect_shape(found, (6,), ": one z")
    means = [x.mean(0) for x in (a, b, c)]
    expect_none_of(found, {
        "the signs are off: b is taken away, c is added.": means[0] + means[1] - means[2],
        "c is taken away too, expected added.": means[0] - means[1] - means[2],
        "nothing is taken away: a - b + c.": means[0] + means[1] + means[2],
        "b is missing: a - b + c.": means[0] + means[2],
        "c is missing: a - b + c.": means[0] - means[1],
        "the exemplars are summed, expected their mean: five would count five times.": a.sum(0) - b.sum(0) + c.sum(0),
        "only the first exemplar of each concept is used.": a[0] - b[0] + c[0],
        "the order is off: a - b + c.": means[1] - means[0] + means[2],
        "divided by 3: this is a sum of three concepts, not their mean.": (means[0] - means[1] + means[2]) / 3,
        "the result is scaled to length 1: G expects z of their usual length.":
            (means[0] - means[1] + means[2]) / (means[0] - means[1] + means[2]).norm(),
        "the middle exemplar is used (median), expected the mean.":
            a.median(0).values - b.median(0).values + c.median(0).values,
    })
    expect(same(found, means[0] - means[1] + means[2], 1e-4), "this is not mean(a) - mean(b) + mean(c).")
