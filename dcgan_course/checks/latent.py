"""Checks about the latent space: paths, grids and sums of z."""

import math
from collections.abc import Callable, Sequence

import torch

from ..sampling import corner_grid, lerp, moved, principal_directions, slerp, vector_sum
from .base import exercise, expect, expect_none_of, expect_tensor, same

# ---- slerp


def turned(angle: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Two vectors of length 3 in six dimensions with that angle between them."""
    a, b = torch.zeros(6), torch.zeros(6)
    a[1], b[1], b[4] = 3, 3 * math.cos(angle), 3 * math.sin(angle)
    return a, b


@exercise(slerp)
def check_slerp(answer: Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]) -> None:
    """answer(a, b, t): the point at the share t of the way from a to b, along the great circle."""
    a, b = turned(2.0)
    t, angle = 0.3, 2.0
    sin_a, sin_b, sin = (math.sin(x) for x in ((1 - t) * angle, t * angle, angle))
    expected = (sin_a * a + sin_b * b) / sin
    found = answer(a, b, t)
    expect_tensor(found, (6,), hint=", as a and b have")
    found = found.float()  # NumPy computes in float64
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
def check_corner_grid(answer: Callable[[torch.Tensor, int], torch.Tensor]) -> None:
    """answer(corners, n): (4, nz) -> (n * n, nz), row by row, bilinear."""
    corners, n = torch.randn(4, 5), 4
    found = answer(corners.clone(), n)
    expect(not (torch.is_tensor(found) and tuple(found.shape) == (n, n, 5)), "the result has shape (4, 4, 5): G takes "
           "rows of z, expected (16, 5). flatten(0, 1) puts the grid's rows one after the other.")
    expect_tensor(found, (n * n, 5), hint=", for n = 4 and four corners of length 5")

    def grid(order: Sequence[int] = (0, 1, 2, 3), line: torch.Tensor | None = None, swap: bool = False) -> torch.Tensor:
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
def check_vector_sum(answer: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]) -> None:
    """answer(a, b, c): exemplars (k, nz) of three concepts -> a - b + c, from their means, (nz,)."""
    a, b, c = torch.randn(3, 6), torch.randn(4, 6) + 1, torch.randn(5, 6) - 1
    same_k = answer(a, b[:3], c[:3])
    expect(not (torch.is_tensor(same_k) and tuple(same_k.shape) == (3, 6)), "there is one result for each exemplar, "
           "expected one for all: take the mean of each concept's exemplars first.")
    expect_tensor(same_k, (6,), hint=": one z")
    found = answer(a, b, c)
    expect_tensor(found, (6,), hint=": one z")
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


# ---- sliders


@exercise(moved)
def check_moved(answer: Callable[[torch.Tensor, dict[str, float], dict[str, torch.Tensor]], torch.Tensor]) -> None:
    """answer(z, amounts, directions): z plus each amount times the direction of that name; z itself stays."""
    z, directions = torch.randn(6), {name: torch.randn(6) for name in ("smile", "age", "hair")}
    amounts = {"hair": 2.0, "smile": -0.5}
    hair, smile = directions["hair"], directions["smile"]
    before = z.clone()
    try:
        found = answer(z, dict(amounts), dict(directions))
    except KeyError as missing:
        expect(missing.args != ("age",), "amounts may name fewer directions than there are: go through amounts.")
        raise
    expect_tensor(found, (6,), hint=", as z has")
    expect(torch.equal(z, before), "the z that was given has changed: with the next movement of a slider the steps "
           "would add up. z = z + ... makes a new one, z += ... does not.")
    expected = z + 2.0 * hair - 0.5 * smile
    expect_none_of(found, {
        "nothing has moved.": z,
        "z itself is missing: only the sum of the steps came back.": expected - z,
        "only the last of the directions counts.": z - 0.5 * smile,
        "only the first of the directions counts.": z + 2.0 * hair,
        "the amounts are not used: each direction is added once.": z + hair + smile,
        "all directions are added, expected those that are named in amounts.": z + sum(directions.values()),
        "amounts and directions are matched by their place, expected by name.":
            z + 2.0 * smile - 0.5 * directions["age"],
        "the directions were scaled to length 1: their length says how long a step is.":
            z + 2.0 * hair / hair.norm() - 0.5 * smile / smile.norm(),
        "the sign is wrong: a positive amount goes along the direction.": z - 2.0 * hair + 0.5 * smile,
        "the mean of the steps is taken, expected their sum.": z + (2.0 * hair - 0.5 * smile) / 2,
    })
    expect(same(found, expected), "this is not z + 2 * hair - 0.5 * smile, for the amounts hair 2 and smile -0.5.")
    expect(same(answer(z, {}, directions), z), "without any amount z must stay as it is.")


@exercise(principal_directions)
def check_principal_directions(answer: Callable[[torch.Tensor, int], torch.Tensor]) -> None:
    """answer(weight, n): the left singular vectors of weight (nz, outputs) of the largest singular values, (n, nz)."""
    weight = torch.randn(7, 7) * torch.tensor([3.0, 1, 5, 2, 0.5, 4, 1.5])  # square, so that a mix-up shows
    U, S, Vh = torch.linalg.svd(weight)
    found = answer(weight.clone(), 3)
    expect_tensor(found, (3, 7), hint=" for n = 3 and z of 7 numbers")

    def is_(directions: torch.Tensor) -> bool:
        """Up to their signs."""
        return all(min((a - b).abs().max(), (a + b).abs().max()) < 1e-3 for a, b in zip(found, directions, strict=True))

    centred = weight - weight.mean(0)
    for message, directions in {
        "these are rows of U, expected its columns: U.T[:n].": U[:3],
        "these live in the space of the outputs (Vh), expected in that of z (U).": Vh[:3],
        "these are columns of Vh. The directions of z are the columns of U.": Vh.T[:3],
        "these are stretched least: the order is from large to small (eigh sorts the other way).": U.T[-3:],
        "these are stretched least, the last one first.": U.T.flip(0)[:3],
        "the right ones, but the one that is stretched most must come first.": U.T[:3].flip(0),
        "they have the length of their singular values, expected 1.": (U * S).T[:3],
        "these are numbers of z one by one: the rows with the largest weights.":
            torch.eye(7)[weight.norm(dim=1).argsort(descending=True)[:3]],
        "the mean of the rows was subtracted, as for principal components of data. A matrix stretches as it is.":
            torch.linalg.svd(centred).U.T[:3],
    }.items():
        expect(not is_(directions), message)
    expect(is_(U.T[:3]), "these are not the singular vectors with the largest singular values.")
    expect(tuple(answer(torch.randn(5, 9), 2).shape) == (2, 5), "for a square weight it is right, for (5, 9) it is "
           "not.")
