"""For small data sets: D sees every image changed at random, real and generated alike (arXiv 2006.10738)."""

import torch
import torch.nn.functional as F
from torch import Tensor


def augmented(x: Tensor) -> Tensor:
    """Images (N, nc, size, size), each with another brightness, saturation and contrast, shifted by up to an eighth of
    its size, and with a square of half its size blanked.

    Gradients pass through to G, so G learns to draw images that look right after every change, and is not asked to draw
    the changes themselves. Draws from the global random stream of x's device.
    """
    return blanked(shifted(recoloured(x)))


def uniform(x: Tensor, low: float, high: float) -> Tensor:
    """A number for each image: (N, 1, 1, 1)."""
    return torch.rand(len(x), 1, 1, 1, device=x.device) * (high - low) + low


def recoloured(x: Tensor) -> Tensor:
    """Brighter or darker by up to 0.5, with 0 to 2 times the saturation and 0.5 to 1.5 times the contrast."""
    x = x + uniform(x, -0.5, 0.5)
    grey = x.mean(1, keepdim=True)
    x = (x - grey) * uniform(x, 0, 2) + grey
    mean = x.mean((1, 2, 3), keepdim=True)
    return (x - mean) * uniform(x, 0.5, 1.5) + mean


def shifted(x: Tensor, most: float = 1 / 8) -> Tensor:
    """By whole pixels; what comes in from outside is 0, mid-grey."""
    size = x.shape[2]
    reach = round(size * most)
    pixels = torch.randint(-reach, reach + 1, (len(x), 2), device=x.device)
    theta = torch.eye(2, 3, device=x.device).repeat(len(x), 1, 1)
    theta[:, :, 2] = pixels * 2 / size  # affine_grid measures in half sizes
    return F.grid_sample(x.float(), F.affine_grid(theta, list(x.shape), align_corners=False), "nearest", "zeros",
                         align_corners=False)


def blanked(x: Tensor) -> Tensor:
    """With a square of half the size, anywhere, partly outside too, set to 0."""
    size = x.shape[2]
    centres = torch.randint(0, size + 1, (len(x), 2, 1), device=x.device)
    away = torch.arange(size, device=x.device) - centres  # (N, 2, size): of rows and of columns
    inside = (away >= -(size // 4)) & (away < size // 4)
    return x * ~(inside[:, 0, :, None] & inside[:, 1, None, :])[:, None]
