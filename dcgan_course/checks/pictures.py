"""Checks about pictures: their range, and drawing them from a generator."""

from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from torch import nn

from .. import models
from ..data import to_float
from ..sampling import generate, image_grid
from .base import described, exercise, expect, expect_none_of, expect_tensor, same, serves


@exercise(to_float, numbers="the {name} that were given have changed; make a new tensor.")
def check_scaled(answer: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """answer(pixels): (N, 1, H, W) uint8 from 0 to 255 -> float32 from -1 to 1."""
    pixels = torch.arange(256, dtype=torch.uint8).reshape(4, 1, 8, 8)
    grey = pixels[2:3].clone()  # 128 to 191: neither black nor white
    result, result_grey = answer(pixels), answer(grey)
    expect(torch.is_tensor(result), f"the result is {described(result)}, expected a tensor.")
    x = pixels.float()
    expect_none_of(result_grey, {
        "a batch without black and white is stretched until it has them. The range must be fixed: a grey picture stays "
        "grey.": (grey.float() - 128) / 63 * 2 - 1})
    expect_none_of(result, {
        "white becomes 2.82: this is the mean and standard deviation of digits for a classifier (0.1307, 0.3081). A "
        "tanh ends at 1 and could never draw it.": (x / 255 - 0.1307) / 0.3081,
        "black becomes 0, expected -1: the range is [0, 1], half of what a tanh can draw.": x / 255,
        "black becomes 0 and white 2, expected -1 and 1: subtract 1 at the end.": x / 127.5,
        "black and white are swapped: 255 must become 1.": 1 - x / 127.5,
        "black becomes 1: uint8 numbers cannot be negative, 0 - 128 turns into 128. Change to float first.":
            (pixels - 128) / 128,
        "black becomes 1.02: uint8 numbers cannot be negative, 0 - 127 turns into 129. Change to float first.":
            (pixels - 127) / 127,
        "bright pixels are wrong: 2 * 200 does not fit into a uint8 and wraps round to 144. Change to float first.":
            2 * pixels / 255 - 1,
        "white becomes 0.992, expected 1: the middle of 0 and 255 is 127.5, not 128.": (x - 128) / 128,
        "the range is [-0.5, 0.5], expected [-1, 1].": x / 255 - 0.5,
        "nothing has changed: 0 to 255, expected -1 to 1.": x,
    })
    expect_tensor(result, pixels.shape, dtype=torch.float32)
    expect(same(result, x / 127.5 - 1), f"0, 128 and 255 become {result[0, 0, 0, 0]:.3f}, {result[2, 0, 0, 0]:.3f} and "
           f"{result[3, 0, 7, 7]:.3f}, expected -1, 0.004 and 1.")
    expect(same(result_grey, grey / 127.5 - 1), "a batch without black and white comes out otherwise than among "
           "others. The range must be fixed: 0 to 255, whatever the batch holds.")
    for shape in ((2, 3, 5, 7), (1, 1, 28, 28)):
        given = torch.randint(0, 256, shape, dtype=torch.uint8)
        found = answer(given)
        expect_tensor(found, shape, f"for pixels of shape {shape} the result", dtype=torch.float32)
        expect(same(found, given / 127.5 - 1), f"for pixels of shape {shape} it is wrong: is each pixel changed for "
               "itself?")


class Painter(nn.Module):
    """A small generator whose picture depends on its neighbours in train mode, and that notes the z it is given."""

    given: list = []  # of the class: a copy of the net notes here too  # noqa: RUF012

    def __init__(self, nc: int):
        super().__init__()
        self.layer, self.norm, self.drop = nn.ConvTranspose2d(5, nc, 2), nn.BatchNorm2d(nc), nn.Dropout(0.3)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """z (N, 5), which is noted -> images (N, 3, 2, 2) in [-0.5, 0.5]."""
        self.given.append(z.detach().clone())
        return torch.tanh(self.drop(self.norm(self.layer(z[:, :, None, None])))) * 0.5


@exercise(generate,
          statistics="the running statistics of batch norm have changed, as in train mode: call netG.eval() before "
                     "drawing, and leave the statistics alone.",
          frozen="{name}'s weights are left frozen (requires_grad is False): it could not go on learning. Use "
                 "torch.no_grad() for the drawing only.",
          mode="{name} came in {then} and is left in {now}: the training would go on in another mode. Put back the one "
               "that it had.")
def check_snapshot(answer: Callable[[nn.Module, torch.Tensor], torch.Tensor]) -> None:
    """answer(netG, z_fixed): images in eval mode, without a graph; the net's mode is put back."""
    for nc, n in ((3, 6), (1, 6), (1, 1)):
        expect_snapshot(answer, nc, n)
    with serves("a sheet is made of the pictures, and G goes on learning."):
        netG = models.init_weights(models.Generator(6, 2)).train()
        images = answer(netG, torch.randn(4, 6))
        expect_tensor(images, (4, 1, 28, 28), "what the lesson's G draws", dtype=torch.float32)
        image_grid(images, 2)
        netG(torch.randn(4, 6)).sum().backward()


def expect_snapshot(answer: Callable, nc: int, n: int) -> None:
    """Of n pictures with nc channels, from a net in train mode, then in eval mode."""
    netG = Painter(nc).train()
    for _ in range(20):
        netG(torch.randn(30, 5) * 2 + 1)
    z_fixed = torch.randn(n, 5)
    with torch.no_grad():
        expected = netG.eval()(z_fixed)
        netG.train()
    Painter.given.clear()
    images = answer(netG, z_fixed)
    expect(torch.is_tensor(images), f"the result is {described(images)}, expected a tensor of images.")
    expect(bool(Painter.given) and same(torch.cat(Painter.given), z_fixed),
           "netG was given another z than z_fixed: every snapshot must draw the same ones.")
    spans = [(expected.min(), expected.max()), (expected.amin((1, 2, 3), True), expected.amax((1, 2, 3), True))]
    for low, high in spans:  # over all images, or each for itself
        stretched = (expected - low) / (high - low)
        expect(not same(images, stretched) and not same(images, stretched * 2 - 1), "the images are stretched between "
               "their own darkest and brightest. Leave them in [-1, 1], so that all snapshots share one range.")
    expect_none_of(images, {"the images are in [0, 1]; leave them in [-1, 1], as netG draws them.": (expected + 1) / 2})
    expect_tensor(images, expected.shape, dtype=torch.float32)
    expect(same(images, expected), "these are not netG's images for z_fixed in eval mode.")
    expect(not images.requires_grad, "the images still carry the graph of their making, which fills the memory: draw "
           "them under torch.no_grad() or torch.inference_mode().")
    expect(same(answer(netG.eval(), z_fixed), expected), "of a netG that comes in eval mode the images are wrong.")


def frame(sheet: torch.Tensor) -> torch.Tensor:
    """(3, H, W) in [-1, 1] -> (H, W, 3) uint8, rounded."""
    return ((sheet + 1) * 127.5).round().clamp(0, 255).byte().permute(1, 2, 0)


@exercise(frame)
def check_frame(answer: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """answer(sheet): (3, H, W) float in [-1, 1] -> (H, W, 3) uint8, -1 black and 1 white."""
    grey = torch.randint(26, 230, (3, 5, 7))  # neither black nor white: a picture that is stretched shows itself
    sheet = (grey + torch.rand(3, 5, 7) * 0.8 - 0.4) / 127.5 - 1  # each is nearer to one whole number than to others
    result = answer(sheet)
    expect(torch.is_tensor(result) or isinstance(result, np.ndarray), f"the result is {described(result)}, expected a "
           "tensor or a NumPy array of pixels.")
    result = torch.as_tensor(np.ascontiguousarray(result))
    shape = tuple(result.shape)
    expect(shape != (7, 5, 3), "height and width are swapped: (3, H, W) became (W, H, 3). permute(1, 2, 0) keeps them.")
    expect(shape != (3, 5, 7), "the channels are still first; a picture file wants them last: (H, W, 3).")
    expect(shape == (5, 7, 3), f"the result has shape {shape}, expected (H, W, 3) = (5, 7, 3).")
    expect(result.dtype == torch.uint8, f"the result has type {result.dtype}, expected torch.uint8.")
    wanted, found = frame(sheet).float(), result.float()
    expect(abs(wanted.permute(1, 0, 2).reshape(5, 7, 3) - found).max() > 1, "the pixels are reshaped, not permuted: "
           "rows and columns are mixed up.")
    expect(abs(sheet.reshape(5, 7, 3).add(1).mul(127.5) - found).max() > 1.5, "the numbers were given a new shape "
           "(reshape, view) instead of a new order (permute): the colours are scrambled.")
    x = sheet.permute(1, 2, 0)
    expect(abs((x * 255).clamp(0, 255) - found).max() > 1.5, "everything below 0 has become black: the sheet is in "
           "[-1, 1], not [0, 1].")
    expect(abs((x * 255).remainder(256) - found).remainder(255).max() > 2, "everything below 0 wraps round and turns "
           "bright: the sheet is in [-1, 1], not [0, 1].")
    expect(abs(wanted.flip(2) - found).max() > 1, "red and blue are swapped.")
    expect(abs(wanted.flip(0) - found).max() > 1, "the picture stands on its head.")
    low, high = sheet.min(), sheet.max()
    expect(abs((x - low) / (high - low) * 255 - found).max() > 1.5, "the picture is stretched between its own darkest "
           "and brightest; keep the fixed range from -1 to 1.")
    worst = int(abs(wanted - found).argmax())
    values = [t.flatten()[worst].item() for t in (x, found, wanted)]
    cut = torch.equal(((x + 1) * 127.5).floor(), found)
    expect(torch.equal(wanted, found), f"a pixel of {values[0]:.3f} becomes {values[1]:.0f}, expected {values[2]:.0f}"
           f"{': the fractions are cut off, round() first' if cut else ''}.")
    outside = [-3, -1.5, -1.004, -1, 1, 1.004, 1.5, 3]
    ends = torch.as_tensor(np.asarray(answer(torch.tensor(outside).repeat(3, 2, 1))))[0, :, 0].tolist()
    expect(ends[3] == 0 and ends[4] == 255, f"-1 and 1 become {ends[3]} and {ends[4]}, expected 0 and 255.")
    wrong = [(value, end) for value, end in zip(outside, ends, strict=True) if end != (255 if value > 0 else 0)]
    expect(not wrong, f"numbers outside [-1, 1] become something else than black and white: {wrong[:1]}. Clamp to "
           "0 ... 255 before the change to uint8, or they wrap round.")
    with serves("a picture file is made of it."):
        sheet = to_float(image_grid(torch.rand(9, 1, 28, 28) * 2 - 1).permute(2, 0, 1)[None])[0]
        picture = np.asarray(Image.fromarray(np.asarray(answer(sheet))))
        apart = abs(picture.astype(int) - frame(sheet).numpy())  # grey between them is 127.5, which may go either way
        expect(apart.max() <= 1, "a sheet of nine pictures comes out wrong.")
