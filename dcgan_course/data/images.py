"""What the trainer knows of data: a set of images, and batches of it in a seeded order."""

import mmap
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as TF

from ..errors import UserError
from ..parallel import World
from ..runtime import seeded

RELEASE_BYTES = 256 * 2**20  # read this much of a memory map, then give its pages back


@dataclass
class Images:
    """A set of images.

    Args:
        name: as in `load_images`.
        pixels: (N, height, width, channels) uint8, in memory or a memory map.
        size: height and width of a batch's images; another size than the pixels' is resized, antialiased.
        labels: (N,) int64 classes, or (N, attributes) uint8, 1 where present, or None.
        label_names: the classes' or the attributes' names.
    """

    name: str
    pixels: np.ndarray
    size: int
    labels: np.ndarray | None = None
    label_names: tuple[str, ...] = ()

    def __post_init__(self):
        self._read = 0  # bytes since the pages were given back

    @property
    def count(self) -> int:
        return len(self.pixels)

    @property
    def channels(self) -> int:
        return self.pixels.shape[3]

    def batch(self, indices) -> Tensor:
        """The images at `indices` (any sequence of N numbers): (N, channels, size, size) uint8."""
        rows = torch.from_numpy(self.pixels).index_select(0, torch.as_tensor(indices))
        self._release(rows.nbytes)
        return resized(rows.permute(0, 3, 1, 2), self.size)

    def _release(self, nbytes: int) -> None:
        """Keep resident memory flat however large the file is: the system's cache holds its pages anyway."""
        self._read += nbytes
        if self._read > RELEASE_BYTES and isinstance(self.pixels, np.memmap) and hasattr(mmap, "MADV_DONTNEED"):
            self.pixels._mmap.madvise(mmap.MADV_DONTNEED)
            self._read = 0


def resized(x: Tensor, size: int) -> Tensor:
    """(N, C, height, width) uint8 at size x size, antialiased."""
    return x if x.shape[2] == size else TF.resize(x, [size, size], antialias=True)


def to_float(x: Tensor) -> Tensor:
    """uint8 0..255 -> float32 in [-1, 1], the range of tanh: the only pre-processing (paper, section 4)."""
    return x.float().div_(127.5).sub_(1.0)


class Batches:
    """batches[step] -> x_real (batch_size, nc, size, size), float32 in [-1, 1], on the device.

    Every epoch has its own order, a function of the seed and the epoch alone: any step can be asked for at any time,
    so a resumed training sees the same images. The last, incomplete batch of an epoch is dropped. On a GPU the
    pixels are moved there once, where they fit.

    Args:
        flip: mirror a random half of the images, another half in each epoch.
        world: of several processes, each gets its share of the batch.
    Raises:
        UserError: fewer images than one batch.
    """

    def __init__(self, images: Images, batch_size: int, seed: int, device: torch.device | str = "cpu",
                 flip: bool = False, world: World = World()):  # noqa: B008 (frozen)
        if batch_size > images.count:
            raise UserError(f"batch_size: found {batch_size}, expected at most the number of images in "
                            f"{images.name}, {images.count}")
        self.images, self.batch_size, self.seed, self.device = images, batch_size, seed, torch.device(device)
        self.flip, self.world = flip, world
        self.steps_per_epoch = images.count // batch_size
        self._epoch, self._order, self._mirrored = -1, None, None
        self._resident = None
        if self.device.type != "cpu" and images.pixels.nbytes < room(self.device):
            self._resident = torch.tensor(images.pixels, device=self.device)

    def order(self, epoch: int) -> Tensor:
        """The order of the images in an epoch: a permutation of range(count)."""
        return torch.randperm(self.images.count, generator=seeded(self.seed, f"order of epoch {epoch}"))

    def mirrored(self, epoch: int) -> Tensor:
        """Which positions of an epoch are mirrored: (count,) bool, half of them true."""
        return torch.rand(self.images.count, generator=seeded(self.seed, f"flips of epoch {epoch}")) < 0.5

    def __getitem__(self, step: int) -> Tensor:
        epoch, i = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            where = "cpu" if self._resident is None else self.device
            self._epoch, self._order = epoch, self.order(epoch).to(where)
            self._mirrored = self.mirrored(epoch).to(self.device) if self.flip else None
        places = slice(i * self.batch_size, (i + 1) * self.batch_size)
        indices = self.world.share(self._order[places])
        if self._resident is not None:
            x = resized(self._resident[indices].permute(0, 3, 1, 2), self.images.size)
        else:
            x = self.images.batch(indices).to(self.device)
        if self.flip:
            x = torch.where(self.world.share(self._mirrored[places])[:, None, None, None], x.flip(3), x)
        return to_float(x)


def room(device: torch.device) -> float:
    """Bytes that images may take on a device: half of what is free on a CUDA device, else one GB."""
    return torch.cuda.mem_get_info(device)[0] / 2 if device.type == "cuda" else 1e9
