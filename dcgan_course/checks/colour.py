"""Checks about larger images: cropping, memory, and several processes."""

import numbers
from collections.abc import Callable

import torch
import torch.nn.functional as F
from PIL import Image

from .. import models
from ..backstage.memory import training_bytes
from ..machine.parallel import World
from .base import described, exercise, expect, plain, serves

# ---- the square in the middle


def centre_box(width: int, height: int) -> tuple[int, int, int, int]:
    """The largest square in the middle of a picture: (left, top, right, bottom)."""
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    return left, top, left + side, top + side


@exercise(centre_box)
def check_centre_box(answer: Callable[[int, int], tuple[int, int, int, int]]) -> None:
    """answer(width, height) -> (left, top, right, bottom), whole numbers."""
    for width, height in ((178, 218), (640, 480), (64, 64), (7, 4), (30, 5)):
        found = answer(width, height)
        what = f"for a picture {width} wide and {height} high the result is "
        expect(isinstance(found, (tuple, list)) and len(found) == 4,
               f"{what}{described(found)}, expected four numbers: (left, top, right, bottom).")
        found = [plain(x) for x in found]
        expect(all(isinstance(x, numbers.Integral) for x in found),
               f"{what}{tuple(found)}, expected whole numbers: // divides without a remainder.")
        left, top, right, bottom = found = tuple(found)
        side, own = min(width, height), centre_box(width, height)
        if found == own:
            continue
        what += f"{found}: "
        mistakes = {
            (0, 0, width, height): "the whole picture. Scaling that to a square would squash it.",
            (0, 0, side, side): "the square in the upper left corner, expected the one in the middle.",
            (width - side, height - side, width, height): "the square in the lower right corner, expected the middle.",
            (own[0], own[1], side, side): "left, top and a size, expected left, top, right and bottom.",
            (own[1], own[0], own[3], own[2]): "the order is (left, top, right, bottom).",
        }
        expect(found not in mistakes, what + mistakes.get(found, ""))
        expect(0 <= left and 0 <= top and right <= width and bottom <= height, what + "it reaches outside the picture.")
        expect(right - left == bottom - top, what + f"it is {right - left} wide and {bottom - top} high, no square.")
        expect(right - left == side, what + f"its side is {right - left}, expected {side}, the largest that fits; "
               "right and bottom are the first column and row that no longer belong to it.")
        centred = abs(left + right - width) <= 1 and abs(top + bottom - height) <= 1  # an odd rest may go either way
        expect(centred, what + "it is not in the middle.")
    with serves("a picture is cropped to the box."):
        box = answer(40, 24)
        expect(Image.new("L", (40, 24)).crop(box).size == (24, 24), "the picture that is left is no square.")
        format((box[2] - box[0]) ** 2 / (40 * 24), ".0%")


# ---- memory


@exercise(training_bytes)
def check_training_bytes(answer: Callable[..., int]) -> None:
    """answer(parameters_G, parameters_D, ema), how many there are -> bytes."""
    for g, d, ema in ((1000, 300, False), (7, 11, False), (1000, 300, True)):
        found = plain(answer(g, d, ema))
        expect(isinstance(found, numbers.Real) and not isinstance(found, bool), f"the result is {described(found)}, "
               "expected a number of bytes.")
        n, expected, extra = g + d, training_bytes(g, d, ema), 4 * g if ema else 0
        mistakes = [
            (4 * n + extra, "4 for each weight: the bytes of the weights alone, or a count of numbers. Training also "
                            "keeps a gradient for each weight, and Adam two moments, of 4 bytes each."),
            (8 * n + extra, "8 bytes for each weight: two numbers are missing, or 2 bytes were taken for a number. "
                            "bfloat16 is used in the arithmetic only; what is kept is float32, 4 bytes."),
            (12 * n + extra, "12 bytes for each weight: a moment is missing, or weight and gradient were taken for "
                             "bfloat16. Four numbers are kept, each of 4 bytes."),
            (8 * expected, "these are bits, expected bytes: a float32 has 32 bits, 4 bytes."),
            (16 * g + extra, "D is missing."), (16 * d + extra, "G is missing."),
            (expected / 1e6, "these are megabytes, expected bytes."),
            (expected / 2**20, "these are MiB, expected bytes."), (expected / 1e9, "these are GB, expected bytes."),
        ]
        if ema:
            mistakes += [
                (16 * n, "the moving average of G is missing: another float32 for each of its weights."),
                (20 * n, "a moving average is kept of G only, not of D."),
                (16 * n + 16 * g, "the moving average has no gradients and no moments: 4 bytes for each weight."),
                (16 * n + g, "the moving average's numbers were added, expected their bytes."),
            ]
        else:
            mistakes += [(20 * g + 16 * d, "a moving average was counted, though ema is False.")]
        for value, message in mistakes:
            expect(found == expected or abs(found - value) > 1e-9 * value, message)
        expect(found == expected, f"for G with {g} parameters and D with {d}{', and ema' if ema else ''} it is "
               f"{found:,}, expected {expected:,}.")
    with serves("it is called without `ema`, which is False then: training_bytes(G, D)."):
        found, expected = answer(1_234_567, 89_101), training_bytes(1_234_567, 89_101)
        expect(plain(found) == expected, f"without `ema`, which is False then, it gives {found}, expected {expected}.")
        format(found / 1e6, ",.0f")


# ---- several processes


def share(batch: torch.Tensor, rank: int, size: int) -> torch.Tensor:
    """The part of a batch that process `rank` of `size` works on."""
    return World(rank, size).share(batch)


@exercise(share)
def check_share(answer: Callable[[torch.Tensor, int, int], torch.Tensor]) -> None:
    """answer(batch, rank, size): equal parts, none twice, together the batch; rank counts from 0."""
    for shape, size in (((12, 2), 3), ((12, 3, 5, 4), 4), ((8, 1, 2, 2), 1), ((10, 2), 5), ((24, 3, 1, 7), 2)):
        expect_parts(answer, torch.arange(float(shape[0])), shape, size)
    with serves("the mean of the shares' gradients is taken, for pictures (N, 3, 64, 64) and a D."):
        netD, x = models.Discriminator(2, 3, 64, norm="none"), torch.rand(8, 3, 64, 64) * 2 - 1
        losses = [F.softplus(-netD(answer(x, rank, 4))).mean() for rank in range(4)]
        torch.stack(losses).mean().backward()
        expect(torch.allclose(torch.stack(losses).mean(), F.softplus(-netD(x)).mean(), atol=1e-5), "the mean of the "
               "shares' losses is not that of the batch.")


def expect_parts(answer: Callable, numbered: torch.Tensor, shape: tuple, size: int) -> None:
    """Of a batch of that shape, each image filled with its number."""
    n = shape[0]
    batch = numbered.reshape(n, *[1] * (len(shape) - 1)).expand(shape).clone()
    parts = [answer(batch, rank, size) for rank in range(size)]
    what = f"of a batch {tuple(shape)} and {size} processes "
    for rank, part in enumerate(parts):
        expect(torch.is_tensor(part), f"{what}rank {rank} got {described(part)}, expected a tensor.")
        expect(part.shape[1:] == batch.shape[1:] and part.ndim == batch.ndim, f"{what}rank {rank} got shape "
               f"{tuple(part.shape)}: cut along the first axis only, with a slice.")
        expect(part.dtype == batch.dtype, f"{what}rank {rank} got {part.dtype}, expected {batch.dtype}.")
        whole = part.flatten(1)
        expect(bool((whole == whole[:, :1]).all()), f"{what}rank {rank} got images that are mixed up.")
    lengths = [len(part) for part in parts]
    rows = [part.flatten(1)[:, 0].tolist() for part in parts]
    if size > 1:
        expect(set(lengths) != {n}, f"{what}each got the whole batch: then nothing is won.")
        expect(rows[0] == [] or not all(row == rows[0] for row in rows), f"{what}all got the same images.")
        expect(lengths[0] > 0, f"{what}rank 0 got nothing: ranks count from 0.")
        expect(lengths[-1] > 0, f"{what}the last rank got nothing.")
    expect(max(lengths) == min(lengths), f"{what}the parts have {', '.join(map(str, lengths))} images, expected "
           f"{n // size} each: with unequal parts the mean of the gradients is not that of the batch.")
    every = sorted(x for row in rows for x in row)
    twice = sorted({x for x in every if every.count(x) > 1})
    expect(not twice, f"{what}image {twice[0] if twice else 0:.0f} is in more than one part.")
    expect(every == list(range(n)), f"{what}only {len(every)} images are used.")
    again = [answer(batch, rank, size).flatten(1)[:, 0].tolist() for rank in range(size)]
    expect(again == rows, f"{what}the parts change from call to call: each process asks for itself, so that "
           "all must get the same answer.")
