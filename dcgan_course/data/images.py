"""What the trainer knows of data: a set of images, and batches of it in a seeded order."""

import functools
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from io import FileIO

import numpy as np
import torch
from torch import Tensor

from ..machine.errors import UserError
from ..machine.files import reading
from ..machine.parallel import World
from ..machine.runtime import memory_format, seeded


@dataclass
class Images:
    """A set of images.

    Args:
        name: as in `load_images`.
        pixels: (N, height, width, channels) uint8, in memory or a memory map.
        size: height and width of a batch's images; another size than the pixels' is resized, antialiased.
        labels: (N,) int64 classes, or (N, attributes) uint8, 1 where present, or None.
        label_names: the classes' or the attributes' names.
        grey: batches have one channel, however many the pixels have.
        stamp: changes when a pixel or a label does, not when a folder is moved; "" = computed when it is asked for.
        remarks: what a person should know of them, a line each: which pictures were left out and why, the classes.
    """

    name: str
    pixels: np.ndarray
    size: int
    labels: np.ndarray | None = None
    label_names: tuple[str, ...] = ()
    grey: bool = False
    stamp: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many images there are."""
        return len(self.pixels)

    @property
    def channels(self) -> int:
        """Of a batch: 1 where it is grey, else as many as the pixels have."""
        return 1 if self.grey else self.pixels.shape[3]

    def about(self) -> dict:
        """What a run keeps of its images, to know them again."""
        if not self.stamp:
            content = hashlib.sha256(self.pixels)
            content.update(b"" if self.labels is None else np.ascontiguousarray(self.labels))
            self.stamp = content.hexdigest()[:12]
        return {"count": self.count, "stamp": self.stamp, "label_names": list(self.label_names)}

    def batch(self, indices: Sequence[int] | np.ndarray | Tensor) -> Tensor:
        """The images at `indices` (N whole numbers): (N, channels, size, size) uint8."""
        indices = torch.as_tensor(indices)
        if isinstance(self.pixels, np.memmap):
            rows = self._read(indices)
        else:
            rows = torch.from_numpy(self.pixels).index_select(0, indices)
        return self.finished(rows)

    def finished(self, rows: Tensor) -> Tensor:
        """(N, height, width, channels of the pixels) as a batch of the images' own size and channels."""
        x = rows.permute(0, 3, 1, 2)
        return resized(luminance(x) if self.grey and x.shape[1] == 3 else x, self.size)

    def _read(self, indices: Tensor) -> Tensor:
        """Rows of the mapped file, by plain reads: twice as fast as through the map, whose pages (16 for each row
        touched) would also fill the process's memory until the whole file is in it."""
        if len(indices) and not 0 <= int(indices.min()) <= int(indices.max()) < self.count:
            raise IndexError(f"found an index outside 0 to {self.count - 1}")
        size = self.pixels[0].nbytes
        content = bytearray(len(indices) * size)
        view = memoryview(content)
        with reading(self.pixels.filename):  # type: ignore[attr-defined]  # of the map
            for place, i in enumerate(indices.tolist()):
                if read_at(self._file, i * size, view[place * size : (place + 1) * size]) < size:
                    raise OSError("it has become shorter")
        return torch.frombuffer(content, dtype=torch.uint8).view(len(indices), *self.pixels.shape[1:])

    @functools.cached_property
    def _file(self):
        return open(self.pixels.filename, "rb", buffering=0)  # closed with the Images


def read_at(file: FileIO, place: int, view: memoryview) -> int:
    """Fill `view` with what a file holds from a place on. Returns how many bytes that were."""
    if hasattr(os, "preadv"):  # all but Windows; processes that share the file do not disturb one another
        return os.preadv(file.fileno(), (view,), place)
    file.seek(place)
    return file.readinto(view)


def resized(x: Tensor, size: int) -> Tensor:
    """(N, C, height, width) uint8 at size x size, antialiased."""
    if x.shape[2] == size:
        return x
    from torchvision.transforms.v2 import functional as TF  # takes seconds to import

    return TF.resize(x, [size, size], antialias=True)


def luminance(x: Tensor) -> Tensor:
    """(N, 3, height, width) uint8 in colour -> (N, 1, height, width), by ITU-R BT.601; grey pixels keep their value."""
    weights = torch.tensor([19595, 38470, 7471], device=x.device).view(3, 1, 1)  # of 65,536, as in Pillow
    return ((x.int() * weights).sum(1, keepdim=True) + 32768 >> 16).to(torch.uint8)


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
        self._where = "cpu" if self._resident is None else self.device  # where order and labels lie
        self._labels = None if images.labels is None else torch.as_tensor(images.labels, device=self._where)

    def order(self, epoch: int) -> Tensor:
        """The order of the images in an epoch: a permutation of range(count)."""
        return torch.randperm(self.images.count, generator=seeded(self.seed, f"order of epoch {epoch}"))

    def mirrored(self, epoch: int) -> Tensor:
        """Which positions of an epoch are mirrored: (count,) bool, half of them true."""
        return torch.rand(self.images.count, generator=seeded(self.seed, f"flips of epoch {epoch}")) < 0.5

    def labels(self, step: int) -> Tensor:
        """The classes of a whole batch's images, of all processes' shares: (batch_size,) int64."""
        return self._labels[self._order[self._places(step)]]

    def _places(self, step: int) -> slice:
        """Which part of its epoch's order a whole batch is; draws the order where it is not there yet."""
        epoch, i = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            self._epoch, self._order = epoch, self.order(epoch).to(self._where)
            self._mirrored = self.mirrored(epoch).to(self.device) if self.flip else None
        return slice(i * self.batch_size, (i + 1) * self.batch_size)

    def __getitem__(self, step: int) -> Tensor:
        places = self._places(step)
        indices = self.world.share(self._order[places])
        if self._resident is not None:
            x = self.images.finished(self._resident[indices])
        else:
            x = self.images.batch(indices).to(self.device)
        if self.flip:
            x = torch.where(self.world.share(self._mirrored[places])[:, None, None, None], x.flip(3), x)
        x = to_float(x)  # its channels lie side by side, as the pixels do
        wanted = memory_format(self.device)  # clone: with one channel, contiguous() leaves the strides as they are
        return x if wanted == torch.channels_last else x.clone(memory_format=wanted)


def room(device: torch.device) -> float:
    """Bytes that images may take on a device: half of what is free on a CUDA device, else one GB."""
    return torch.cuda.mem_get_info(device)[0] / 2 if device.type == "cuda" else 1e9
