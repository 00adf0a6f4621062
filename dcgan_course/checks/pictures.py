"""Checks about pictures: their range, and drawing them from a generator."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from ..data import to_float
from ..sampling import generate
from .base import described, exercise, expect, expect_none_of, expect_tensor, same


@exercise(to_float)
def check_scaled(answer: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """answer(pixels): (N, 1, H, W) uint8 from 0 to 255 -> float32 from -1 to 1."""
    pixels = torch.arange(256, dtype=torch.uint8).reshape(4, 1, 8, 8)
    grey = pixels[2:3].clone()  # 128 to 191: neither black nor white
    before, result, result_grey = pixels.clone(), answer(pixels), answer(grey)
    expect(torch.is_tensor(result), f"the result is {described(result)}, expected a tensor.")
    x = pixels.float()
    expect_none_of(result_grey, {
        "a batch without black and white is stretched until it has them. The range must be fixed: a grey picture stays "
        "grey.": (grey.float() - 128) / 63 * 2 - 1})
    expect_none_of(result, {
        "white becomes 2.82: this is the mean and deviation of digits for a classifier (0.1307, 0.3081). A tanh ends "
        "at 1 and could never draw it.": (x / 255 - 0.1307) / 0.3081,
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
    expect(torch.equal(pixels, before), "the pixels that were given were changed; make a new tensor.")


class Painter(nn.Module):
    """A small generator whose picture depends on its neighbours in train mode, and that notes the z it is given."""

    given: list = []  # of the class: a copy of the net notes here too  # noqa: RUF012

    def __init__(self):
        super().__init__()
        self.linear, self.norm, self.drop = nn.Linear(5, 12), nn.BatchNorm1d(12), nn.Dropout(0.3)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """z (N, 5), which is noted -> images (N, 3, 2, 2) in [-0.5, 0.5]."""
        self.given.append(z.detach().clone())
        return torch.tanh(self.drop(self.norm(self.linear(z)))).reshape(-1, 3, 2, 2) * 0.5


@exercise(generate)
def check_snapshot(answer: Callable[[nn.Module, torch.Tensor], torch.Tensor]) -> None:
    """answer(netG, z_fixed): images in eval mode, without a graph; the net's mode is put back."""
    netG = Painter().train()
    for _ in range(20):
        netG(torch.randn(30, 5) * 2 + 1)
    z_fixed = torch.randn(6, 5)
    statistics = netG.norm.running_mean.clone()
    with torch.no_grad():
        expected = netG.eval()(z_fixed)
        netG.train()
    Painter.given.clear()
    images = answer(netG, z_fixed)
    expect(torch.is_tensor(images), f"the result is {described(images)}, expected a tensor of images.")
    expect(bool(Painter.given) and same(torch.cat(Painter.given), z_fixed),
           "netG was given another z than z_fixed: every snapshot must draw the same ones.")
    expect(same(netG.norm.running_mean, statistics), "the running statistics of batch norm have changed: the images "
           "were drawn in train mode. Call netG.eval() first.")
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
    expect(all(p.requires_grad for p in netG.parameters()), "netG's weights are left frozen (requires_grad is False): "
           "it could not go on learning. Use torch.no_grad() for the drawing only.")
    expect(netG.training, "netG is left in eval mode: the training would go on with frozen batch norm. Put the mode "
           "back.")
    netG.eval()
    answer(netG, z_fixed)
    expect(not netG.training, "netG came in eval mode and is left in train mode: put back the mode that it had.")


def frame(sheet: torch.Tensor) -> torch.Tensor:
    """(3, H, W) in [-1, 1] -> (H, W, 3) uint8, rounded."""
    return ((sheet + 1) * 127.5).round().clamp(0, 255).byte().permute(1, 2, 0)


@exercise(frame)
def check_frame(answer: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """answer(sheet): (3, H, W) float in [-1, 1] -> (H, W, 3) uint8, -1 black and 1 white."""
    sheet = torch.rand(3, 5, 7) * 1.6 - 0.8  # neither black nor white: a picture that is stretched shows itself
    result = answer(sheet.clone())
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
           "(reshape, view) in place of a new order (permute): the colours are scrambled.")
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
    expect(abs(wanted - found).max() <= 1, f"a pixel of {x[0, 0, 0]:.2f} becomes {int(found[0, 0, 0])}, expected "
           f"{int(wanted[0, 0, 0])}.")
    ends = torch.as_tensor(answer(torch.tensor([-1.004, -1, 0, 1, 1.004, 1.5]).repeat(3, 1, 1)))
    ends = ends[0, :, 0].tolist()
    expect(ends[0] <= 1 and ends[4] >= 254 and ends[5] >= 254, "numbers just outside [-1, 1] wrap round: white turns "
           "black. Clamp to 0 ... 255 before the change to uint8.")
    expect(ends[1] == 0 and ends[3] == 255, f"-1 and 1 become {ends[1]} and {ends[3]}, expected 0 and 255.")
