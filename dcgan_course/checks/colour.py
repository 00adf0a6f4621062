"""Checks about larger images: cropping, memory, and arithmetic."""

import numbers
from collections.abc import Callable

from PIL import Image

from ..backstage.memory import training_bytes
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


# ---- arithmetic


def convolution_flops(inputs: int, outputs: int, kernel: int, side: int) -> int:
    """The floating-point operations of a convolution without bias, for one image: each product counts as two."""
    return 2 * kernel**2 * inputs * outputs * side**2


@exercise(convolution_flops)
def check_convolution_flops(answer: Callable[[int, int, int, int], int]) -> None:
    """answer(channels before, channels after, the kernel's side, the result's side) -> operations."""
    for inputs, outputs, kernel, side in ((3, 8, 5, 32), (11, 7, 3, 6), (512, 1024, 5, 4), (1, 2, 1, 9)):
        found = plain(answer(inputs, outputs, kernel, side))
        expect(isinstance(found, numbers.Real) and not isinstance(found, bool), f"the result is {described(found)}, "
               "expected a number of operations.")
        expected, places = convolution_flops(inputs, outputs, kernel, side), side**2
        mistakes = [
            (expected / 2, "half of it: each product counts as two, a multiplication and an addition."),
            (expected / 2 / places, "these are the weights. Each is used at every place of the result, and counts as "
                                    "two operations there."),
            (expected / places, "these are the operations at one place. The result has side x side of them."),
            (expected / side, "the result is side x side places: one side is missing."),
            (expected / kernel, "a kernel is kernel x kernel: one side of it is missing."),
            (expected / kernel**2, "the kernel's size is missing."),
            (expected / inputs, "the inputs are missing: a kernel reaches through all channels."),
            (expected / outputs, "the outputs are missing: each of these channels has a kernel of its own."),
            (4 * expected, "four times too many: side is the result's, after the stride."),
            (expected - outputs * places, "exact to the last: the first product of a sum needs no addition. It is "
                                          "usual to count two for each product, and so do we."),
            (expected + outputs * places, "a bias was counted; there is none."),
            (expected / 1e9, "these are Gflop, expected operations."),
        ]
        for value, message in mistakes:
            expect(found == expected or abs(found - value) > 1e-9 * value, message)
        expect(found == expected, f"from {inputs} channels to {outputs}, kernels of {kernel} x {kernel}, a result of "
               f"{side} x {side}: it is {found:,}, expected {expected:,}.")
    with serves("Gflop are made of it, and summed: convolution_flops(...) / 1e9."):
        format(sum([answer(3, 128, 5, 32) / 1e9]), ".2f")
