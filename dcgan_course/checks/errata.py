"""Checks of the last lesson: two sets of images that must be equal, and listings with one mistake each."""

import numbers
import textwrap
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from .base import Check, described, exercise, expect, plain, serves
from .costs import check_g_loss
from .networks import check_generator_block, check_init_weights
from .pictures import check_scaled, check_snapshot
from .steps import check_d_step

# ---- equal within a tolerance


def close(a: torch.Tensor, b: torch.Tensor, tolerance: float) -> bool:
    """Whether two batches have the same shape, and every number of one is within `tolerance` of the other's."""
    return a.shape == b.shape and bool(((a - b).abs() <= tolerance).all())


@exercise(close, numbers="the images that were given have changed ({name}): they are still needed.")
def check_close(answer: Callable[[torch.Tensor, torch.Tensor, float], bool]) -> None:
    """answer(a, b, tolerance) -> True or False."""
    a = torch.rand(8, 3, 64, 64) * 2 - 1

    def differs(image: int, by: float) -> torch.Tensor:
        b = a.clone()
        b[image, 1, 2, 3] += by
        return b

    def ask(b: torch.Tensor, expected: bool, message: str, first: torch.Tensor = a) -> None:
        found = plain(answer(first, b, 1e-4))
        expect(not torch.is_tensor(found), "there is one answer for each number, expected one for all: .all() makes "
               "it.")
        expect(isinstance(found, bool), f"the result is {described(found)}, expected True or False.")
        expect(found == expected, message)

    ask(a.clone(), True, "equal images are not recognised as equal.")
    ask(a + 5e-5, True, "images that differ by half the tolerance are equal; here they are not.")
    ask(a - 5e-5, True, "images that differ by minus half the tolerance are equal; here they are not.")
    above, below = (bool(answer(a.clone(), a + by, 1e-4)) for by in (0.5, -0.5))
    expect(above == below, "images that are far apart are called equal, if they lie on one side: take the absolute "
           "value of the difference.")
    expect(not above, "images that are far apart are called equal.")
    ask(-a, False, "the same images with black and white exchanged are called equal: the sign of each number counts.")
    ask(a.flip(3), False, "the same images, mirrored, are called equal: each number has its place.")
    ask(differs(0, -0.01), False, "one pixel is off by a hundred times the tolerance, and they are called equal. A "
        "mean over all pixels, or of their squares, hides it: every number must be close, above or below.")
    ask(differs(7, 0.01), False, "the last image differs, and they are called equal: all images count.")
    ask(differs(3, 1.6e-4), False, "one pixel is off by one and a half times the tolerance, and they are called "
        "equal: a mean hides it, or more than the tolerance is allowed.")
    large = torch.full_like(a, 1000)
    ask(large + 5e-3, False, "large numbers that differ by fifty times the tolerance are called equal: allclose has a "
        "relative tolerance too, set rtol=0.", large)
    ask(differs(2, torch.nan), False, "one pixel is not a number (NaN), and they are called equal. Every comparison "
        "with NaN is False: so ask whether all are close, not whether one is far.")
    ask(differs(2, torch.nan), False, "both have a pixel that is not a number (NaN), and they are called equal: a "
        "generator that draws NaN is broken, twice or once.", differs(2, torch.nan))
    ask(a, False, "one pixel of the first batch is not a number (NaN), and they are called equal.",
        differs(5, torch.nan))
    grey = a[:, :1]
    ask(grey, False, "the shapes differ, (8, 3, 64, 64) and (8, 1, 64, 64), and they are called equal: arithmetic "
        "repeats the one channel. Compare the shapes first.", grey.expand(-1, 3, -1, -1))
    flat = torch.zeros(8, 3, 64, 64)
    ask(flat.permute(0, 2, 3, 1), False, "the shapes differ, (8, 3, 64, 64) and (8, 64, 64, 3), and they are called "
        "equal. Compare the whole shapes.", flat)
    ask(flat[:, :, :1], False, "the heights differ, 64 and 1, and they are called equal. Compare the whole shapes.",
        flat)
    ask(a[:2], False, "one batch has 8 images, the other 2, and they are called equal.")
    ask(flat + 5e-5, True, "near 0 a difference of half the tolerance is called unequal: the tolerance is absolute, "
        "not a share of the value.", flat)
    expect(bool(answer(a.clone(), a + 0.05, 0.1)), "for the tolerance 0.0001 it is right, for 0.1 it is not: is the "
           "argument used?")
    odd = torch.randn(1, 1, 7, 5) * 100
    ask(odd.clone(), True, "one equal picture of 7 x 5 with large numbers is not recognised as equal.", odd)
    with serves("pictures that ONNX made, from a NumPy array, are compared."):
        found = a.numpy().copy()
        expect(bool(answer(torch.from_numpy(found), a, 1e-4)), "equal pictures from a NumPy array are not recognised.")
        found[7, 0, 30, 30] += 0.001
        expect(not answer(torch.from_numpy(found), a, 1e-4), "one wrong pixel is not seen.")


# ---- the hunt


@dataclass(frozen=True)
class Listing:
    """Some lines of code with one mistake.

    Args:
        about: what it should do.
        code: the lines.
        faulty: the lines where one may mend it, counted from 1.
        mended: what one of them should be.
        why: what is wrong.
        check: what refuses it, and accepts it once mended.
        seen: where such a line has been seen; "" = in no source that could be named.
    """

    about: str
    code: str
    faulty: tuple[int, ...]
    mended: str
    why: str
    check: Check
    seen: str

    def __str__(self) -> str:
        lines = [f"{i:>2}  {line}" for i, line in enumerate(self.code.splitlines(), 1)]
        return "\n".join([f"# {self.about}", *lines])

    def line(self, number: int) -> str:
        """One of its lines, counted from 1, without what it is indented by."""
        return self.code.splitlines()[number - 1].strip()

    def mend(self, number: int, line: str) -> str:
        """The code with another line in that place, indented as the one that stood there."""
        lines = self.code.splitlines()
        indent = lines[number - 1].removesuffix(lines[number - 1].lstrip())
        lines[number - 1] = indent + line.strip()
        return "\n".join(lines)

    def right(self) -> str:
        """The code with its mistake mended."""
        return self.mend(self.faulty[0], self.mended)

    def refused(self, code: str) -> str:
        """What its check says of some code in its place, "" for nothing."""
        names = {}
        try:
            exec(code, {"torch": torch, "nn": nn, "F": F}, names)
        except Exception as error:
            return f"Python cannot read it ({type(error).__name__}: {getattr(error, 'msg', error)})."
        functions = [made for made in names.values() if callable(made)]
        return self.check.verdict(functions[0]).removeprefix("Not yet: ") if functions else "it makes no function."


def listing(about: str, code: str, faulty: tuple[int, ...], mended: str, why: str, check: Check,
            seen: str) -> Listing:
    """A Listing of code that is indented like what stands around it, and begins and ends with empty lines."""
    return Listing(about, textwrap.dedent(code).strip(), faulty, mended, why, check, seen)


LISTINGS = {
    1: listing("the first weights of both networks, by the DCGAN's rules", """
        def init_weights(net):
            for module in net.modules():
                if hasattr(module, "weight"):
                    nn.init.normal_(module.weight, 0.0, 0.02)
                if getattr(module, "bias", None) is not None:
                    nn.init.zeros_(module.bias)
            return net
        """, (4, 3), "            nn.init.normal_(module.weight, float(isinstance(module, nn.BatchNorm2d)), 0.02)",
        "batch norm's gains are drawn around 0, so every channel shrinks to about a fiftieth; they belong around 1",
        check_init_weights,
        "the DCGAN chapter of Dive into Deep Learning"),
    2: listing("a hidden block of G: twice the size", """
        def block(n_in, n_out):
            return nn.Sequential(
                nn.ConvTranspose2d(n_in, n_out, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(n_out, 0.8),
                nn.ReLU(),
            )
        """, (4,), "        nn.BatchNorm2d(n_out),",
        "the second argument of BatchNorm2d is eps, which is added to the variance; momentum was meant",
        check_generator_block, "the collection PyTorch-GAN, and Lightning's tutorial on a basic GAN"),
    3: listing("one update of D", """
        def d_step(netD, optD, x_real, x_fake):
            logits_real = netD(x_real)
            logits_fake = netD(x_fake)
            loss_D = F.softplus(-logits_real).mean() + F.softplus(logits_fake).mean()
            optD.zero_grad()
            loss_D.backward()
            optD.step()
            return loss_D.detach()
        """, (3, 6), "    logits_fake = netD(x_fake.detach())",
        "without detach the gradient runs on into G, and the graph of x_fake is used up before G's own step",
        check_d_step, ""),
    4: listing("bytes of digits, (N, 1, 28, 28) uint8, scaled for a game whose G ends in tanh", """
        def scaled(pixels):
            x = pixels.float() / 255
            mean, deviation = 0.1307, 0.3081
            return (x - mean) / deviation
        """, (3, 4), "    mean, deviation = 0.5, 0.5",
        "the images lie between -0.42 and 2.82, tanh between -1 and 1: D tells them apart by their range alone",
        check_scaled, "Lightning's tutorial on a basic GAN"),
    5: listing("what G minimises, from D's logits", """
        def g_loss(logits_fake):
            D_G_z = torch.sigmoid(logits_fake)
            target = torch.ones_like(D_G_z)
            return F.binary_cross_entropy_with_logits(D_G_z, target)
        """, (2, 4), "    D_G_z = logits_fake",
        "the sigmoid is applied twice: the loss never falls below 0.31, and its gradient is weak everywhere",
        check_g_loss, ""),
    6: listing("the same pictures at each moment of a training, to be compared", """
        def snapshot(netG, z_fixed):
            mode = netG.training
            netG.eval()
            with torch.no_grad():
                images = netG(z_fixed)
            netG.train(mode)
            return (images - images.min()) / (images.max() - images.min())
        """, (7,), "    return images",
        "each sheet is stretched between its own darkest and brightest pixel: a training that fades to grey looks fine",
        check_snapshot, "the collection PyTorch-GAN, as save_image(..., normalize=True)"),
}


@exercise(lambda: {number: (entry.faulty[0], entry.mended) for number, entry in LISTINGS.items()})
def check_errata(answer: Callable[[], dict[int, tuple[int, str]]]) -> None:
    """answer(): {number of the listing: (number of the line, the line as it should be)}."""
    found = answer()
    expect(isinstance(found, dict), f"the result is {described(found)}, expected a dict: {{1: (3, \"...\"), ...}}, the "
           "number of each listing, of its line, and what the line should be.")
    expect(not any(isinstance(number, str) for number in found), "the numbers of the listings are text, expected whole "
           "numbers: 1, not '1'.")
    found = {plain(number): pair for number, pair in found.items()}
    strange = [number for number in found if number not in LISTINGS]
    expect(not strange, f"there is no listing {strange[0] if strange else ''!r}; they are numbered from 1 to "
           f"{len(LISTINGS)}.")
    missing = [number for number in LISTINGS if found.get(number) is None]
    expect(not missing, f"nothing yet for listing {', '.join(map(str, missing))}.")
    mended = {}
    for number, entry in LISTINGS.items():
        pair, lines = found[number], len(entry.code.splitlines())
        expect(isinstance(pair, tuple | list) and len(pair) == 2, f"listing {number}: found {pair!r}, expected two "
               "things in brackets, the number of the line and what it should be: (2, \"...\").")
        at, line = plain(pair[0]), pair[1]
        expect(isinstance(at, numbers.Integral) and 1 <= at <= lines,
               f"listing {number}: found line {at!r}, expected a whole number from 1 to {lines}.")
        expect(isinstance(line, str) and len(line.splitlines()) == 1,
               f"listing {number}: line {at} should be {line!r}, expected one line of code as text.")
        mended[number] = at, line
    faults = {}
    for number, (at, line) in mended.items():
        entry = LISTINGS[number]
        fault = "it is the line that stands there." if line.strip() == entry.line(at) else \
            entry.refused(entry.mend(at, line))
        if fault:
            faults[number] = f"Listing {number} with your line {at}: {fault}"
    right = len(LISTINGS) - len(faults)
    verb = "is" if right == 1 else "are"
    expect(not faults, f"{right} of {len(LISTINGS)} {verb} right. {next(iter(faults.values()), '')}")
