"""The other way to make images: a network that takes noise away, a little at a time. Lesson 14 is about it.

Time t runs from 0, an image, to 1, nothing but noise, and x_t lies between them on a quarter of a circle:

    x_t = cos(a) x_0 + sin(a) noise,   a = t pi / 2

The network sees x_t and t and guesses the velocity on that circle, v = cos(a) noise - sin(a) x_0, from which the image
and the noise both follow (arXiv 2202.00512). DDPM (arXiv 2006.11239) guesses the noise itself; near t = 1 that says
next to nothing about the image.
"""

import itertools
import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# ---- noise, and back


def mixture(t: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
    """How much of an image and how much noise there is at the times t (N,): cos(a) and sin(a), whose squares sum to 1,
    in the shape (N, 1, ...) that multiplies `like` (N, ...)."""
    angle = (t * math.pi / 2).view(-1, *[1] * (like.ndim - 1))
    return angle.cos(), angle.sin()


def noised(x_0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """x_t: images x_0 and noise N(0, 1), both (N, nc, size, size), or points (N, 2), mixed as at the times t (N,) in
    [0, 1]."""
    image, rest = mixture(t, x_0)
    return image * x_0 + rest * noise


def velocity(x_0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """What the network learns to guess from x_t: where x_t moves as t grows; shapes as in `noised`."""
    image, rest = mixture(t, x_0)
    return image * noise - rest * x_0


def unmixed(x_t: Tensor, v: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """The image x_0 and the noise that x_t is made of, if its velocity is v."""
    image, rest = mixture(t, x_t)
    return image * x_t - rest * v, rest * x_t + image * v


def diffusion_loss(net: nn.Module, x_0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """The mean square error of the guessed velocity, a scalar."""
    return F.mse_loss(net(noised(x_0, noise, t), t).float(), velocity(x_0, noise, t))


def ddim_step(x_t: Tensor, v: Tensor, t: Tensor, s: Tensor) -> Tensor:
    """From the times t to the earlier ones s, both (N,), without new noise (DDIM, arXiv 2010.02502): the guessed image
    and the guessed noise, mixed as at s."""
    x_0, noise = unmixed(x_t, v, t)
    return noised(x_0, noise, s)


def denoising(net: nn.Module, noise: Tensor, steps: int) -> Iterator[tuple[Tensor, Tensor]]:
    """From noise (N, nc, size, size) to images in equal steps of t: yields, for each, x_s and the image x_0 that was
    guessed on the way. The last x_s are the images."""
    x = noise
    times = torch.linspace(1, 0, steps + 1, device=x.device)[:, None].expand(-1, len(x))
    for t, s in itertools.pairwise(times):
        v = net(x, t).float()
        guess, _ = unmixed(x, v, t)
        x = ddim_step(x, v, t, s)
        yield x, guess


def sample(net: nn.Module, noise: Tensor, steps: int = 25, batch_size: int = 50) -> Tensor:
    """Images for noise (N, nc, size, size), one of them for each: float32 in [-1, 1] on the CPU, in eval mode. The same
    noise gives the same images."""
    mode, device = net.training, next(net.parameters()).device
    net.eval()
    try:
        with torch.inference_mode():
            parts = []
            for part in noise.split(batch_size):
                *_, (x, _) = denoising(net, part.to(device), steps)
                parts.append(x.clamp(-1, 1).cpu())
    finally:
        net.train(mode)
    return torch.cat(parts).clone()  # outside of inference mode: ordinary


# ---- the network


class Block(nn.Module):
    """Two convolutions and a way around them; the time scales and shifts what is between the two.
    (N, n_in, size, size) and (N, n_time) -> (N, n_out, size, size)."""

    def __init__(self, n_in: int, n_out: int, n_time: int):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(8, n_in), nn.Conv2d(n_in, n_out, 3, padding=1)
        self.norm2, self.conv2 = nn.GroupNorm(8, n_out), nn.Conv2d(n_out, n_out, 3, padding=1)
        self.time = nn.Linear(n_time, 2 * n_out)
        self.around = nn.Identity() if n_in == n_out else nn.Conv2d(n_in, n_out, 1)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """As the class says."""
        scale, shift = self.time(time)[:, :, None, None].chunk(2, dim=1)
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h) * (1 + scale) + shift))
        return self.around(x) + h


class UNet(nn.Module):
    """Noisy images (N, nc, size, size) and their times (N,) in [0, 1] -> the guessed velocity, of the images' shape.

    A U (arXiv 1505.04597): down to a quarter of the size, and up again, with a skip connection from the way down to the
    way up. The first convolution halves the size and the last one gives four pixels for one, because on a CPU full size
    costs most of the time.

    Args:
        nc: image channels.
        channels: at half the size; a multiple of 32. A quarter of the size has 7/4 as many.
    """

    def __init__(self, nc: int = 1, channels: int = 64):
        super().__init__()
        deep, n_time = channels * 7 // 4, 64
        self.register_buffer("frequencies", torch.logspace(0, 3, n_time // 4), persistent=False)
        self.time = nn.Sequential(nn.Linear(n_time // 2, n_time), nn.SiLU(), nn.Linear(n_time, n_time), nn.SiLU())
        self.first = nn.Conv2d(nc, channels, 4, stride=2, padding=1)  # 28 -> 14
        self.left = Block(channels, channels, n_time)
        self.down = nn.Conv2d(channels, deep, 3, stride=2, padding=1)  # 14 -> 7
        self.bottom = Block(deep, deep, n_time)
        self.up = nn.ConvTranspose2d(deep, channels, 2, stride=2)  # 7 -> 14
        self.right1 = Block(2 * channels, channels, n_time)
        self.right2 = Block(channels, channels, n_time)
        self.last = nn.Conv2d(channels, 4 * nc, 3, padding=1)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """As the class says."""
        waves = t[:, None] * self.frequencies
        time = self.time(torch.cat([waves.sin(), waves.cos()], dim=1))
        skip = self.left(self.first(x), time)
        h = self.up(self.bottom(self.down(skip), time))
        h = self.right2(self.right1(torch.cat([h, skip], dim=1), time), time)
        return F.pixel_shuffle(self.last(F.silu(h)), 2)  # 14 -> 28
