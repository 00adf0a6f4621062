"""What the trainer knows of data: a set of images in memory, and batches of it in a seeded order."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as TF

from ..errors import UserError
from ..runtime import seeded


@dataclass
class Images:
    """A set of images.

    Args:
        name: as in `load_images`.
        pixels: (N, height, width, channels) uint8.
        size: height and width of a batch's images; another size than the pixels' is resized, antialiased.
        labels: (N,) int64 classes, or None.
        label_names: the classes' names.
    """

    name: str
    pixels: np.ndarray
    size: int
    labels: np.ndarray | None = None
    label_names: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return len(self.pixels)

    @property
    def channels(self) -> int:
        return self.pixels.shape[3]

    def batch(self, indices) -> Tensor:
        """The images at `indices` (any sequence of N numbers): (N, channels, size, size) uint8."""
        x = torch.from_numpy(self.pixels[np.asarray(indices)]).permute(0, 3, 1, 2)
        return x if x.shape[2] == self.size else TF.resize(x, [self.size, self.size], antialias=True)


def to_float(x: Tensor) -> Tensor:
    """uint8 0..255 -> float32 in [-1, 1], the range of tanh: the only pre-processing (paper, section 4)."""
    return x.float().div_(127.5).sub_(1.0)


class Batches:
    """batches[step] -> x_real (batch_size, nc, size, size), float32 in [-1, 1], on the device.

    Every epoch has its own order, a function of the seed and the epoch alone: any step can be asked for at any time,
    so a resumed training sees the same images. The last, incomplete batch of an epoch is dropped. On a GPU the
    pixels are moved there once.

    Raises:
        UserError: fewer images than one batch.
    """

    def __init__(self, images: Images, batch_size: int, seed: int, device: torch.device | str = "cpu"):
        if batch_size > images.count:
            raise UserError(f"batch_size: found {batch_size}, expected at most the number of images in "
                            f"{images.name}, {images.count}")
        self.images, self.batch_size, self.seed, self.device = images, batch_size, seed, torch.device(device)
        self.steps_per_epoch = images.count // batch_size
        self._epoch, self._order = -1, None
        self._resident = None
        if self.device.type != "cpu" and images.pixels.shape[1] == images.size:
            self._resident = torch.tensor(images.pixels, device=self.device)

    def order(self, epoch: int) -> Tensor:
        """The order of the images in an epoch: a permutation of range(count)."""
        return torch.randperm(self.images.count, generator=seeded(self.seed, f"order of epoch {epoch}"))

    def __getitem__(self, step: int) -> Tensor:
        epoch, i = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            self._epoch, self._order = epoch, self.order(epoch)
            if self._resident is not None:
                self._order = self._order.to(self.device)
        indices = self._order[i * self.batch_size : (i + 1) * self.batch_size]
        if self._resident is not None:
            return to_float(self._resident[indices].permute(0, 3, 1, 2))
        return to_float(self.images.batch(indices).to(self.device))
