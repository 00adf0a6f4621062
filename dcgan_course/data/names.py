"""Which name stands for which images."""

from pathlib import Path

import numpy as np

from ..config import nearest
from ..errors import UserError
from ..runtime import cache_dir
from . import celeba, huggingface, lsun, sources
from .images import Images
from .mnist import load_mnist
from .prepare import load_prepared, prepared, read_manifest

SOURCES = {  # prepared on first use; each takes what follows the colon
    "avatars": lambda where: sources.avatar_source(whole_number(where)) if where else sources.avatar_source(),
    "folder": lambda where: sources.folder_source(path_after("folder", where)),
    "celeba": lambda where: celeba.celeba_source(folder_or_cache(where, "celeba")),
    "lsun": lambda where: lsun_category(*where.partition(":")[::2]),
    "hf": huggingface.hf_source,
}
ARRAYS = {  # small enough for memory; each takes what follows the colon, and "train" or "test"
    "mnist": lambda where, split: load_mnist(split=split),
    "fashion_mnist": lambda where, split: from_torchvision("FashionMNIST", where, train=split == "train"),
    "cifar10": lambda where, split: from_torchvision("CIFAR10", where, train=split == "train"),
    "svhn": lambda where, split: from_torchvision("SVHN", where, split=split),
}
NAMES = ("mnist", "avatars", "folder:PATH", "celeba:PATH", "lsun/CATEGORY:PATH", "fashion_mnist", "cifar10", "svhn",
         "hf:OWNER/NAME", "prepared:PATH")


def load_images(name: str, image_size: int, split: str = "train") -> Images:
    """The images `name`, which come out of `Images.batch` at image_size x image_size.

    mnist is bundled; avatars are drawn on first use. celeba:PATH, lsun/CATEGORY:PATH, cifar10:PATH, svhn:PATH and
    fashion_mnist:PATH read what lies in a folder; without :PATH, in the cache folder, where torchvision downloads the
    last three. folder:PATH is any folder or zip of pictures, hf:OWNER/NAME a Hugging Face data set, prepared:PATH a
    folder made by `dcgan-course prepare`.

    Args:
        split: "test" for the images that mnist, fashion_mnist, cifar10 and svhn hold back from training.
    Raises:
        UserError: unknown name, files that are missing, damaged or refused by their server, or images without a test
            split.
    """
    kind, where = parsed(name)
    if split == "test" and kind not in ARRAYS:
        raise UserError(f"data: {name} has no test images of its own, expected one of {', '.join(ARRAYS)}")
    if kind == "prepared":
        return load_prepared(path_after(kind, where), image_size, name)
    if kind in ARRAYS:
        images = ARRAYS[kind](where, split)
        return Images(name, images.pixels, image_size, images.labels, images.label_names)
    folder = prepared(find_source(name), image_size)
    skipped = read_manifest(folder)["skipped"]
    if skipped:
        few = "; ".join(f"{item}: {reason}" for item, reason in skipped[:3])
        rest = f"; {folder / 'manifest.json'} lists all" if len(skipped) > 3 else ""
        print(f"{name}: {len(skipped)} picture{'s' * (len(skipped) > 1)} could not be decoded ({few}{rest})")
    return load_prepared(folder, image_size, name)


def find_source(name: str) -> sources.Source:
    """The pictures of a name that is prepared before use. Raises UserError for the others."""
    kind, where = parsed(name)
    if kind not in SOURCES:
        raise UserError(f"data: {name} needs no preparing, expected one of {', '.join(SOURCES)}")
    return SOURCES[kind](where)


def parsed(name: str) -> tuple[str, str]:
    """("folder", "PATH") for "folder:PATH". Raises UserError for an unknown name."""
    kind, _, where = name.partition("/" if name.startswith("lsun/") else ":")
    if kind not in (*SOURCES, *ARRAYS, "prepared"):
        raise UserError(f"data: found {name!r}, expected one of {', '.join(NAMES)}"
                        f"{nearest(kind, [*SOURCES, *ARRAYS, 'prepared'])}")
    return kind, where


def path_after(kind: str, where: str) -> Path:
    if not where:
        raise UserError(f"data: found {kind + ':'!r} without a path, expected {kind}:PATH")
    return Path(where).expanduser()


def folder_or_cache(where: str, name: str) -> Path:
    """The folder that was named after the colon, else `name` in the cache folder."""
    return Path(where).expanduser() if where else cache_dir() / name


def whole_number(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise UserError(f"data: found 'avatars:{text}', expected avatars:COUNT with a whole number above 0")
    return int(text)


def lsun_category(category: str, where: str) -> sources.Source:
    if not category:
        raise UserError("data: found 'lsun' without a category, expected such as lsun/church_outdoor:PATH")
    return lsun.lsun_source(category, folder_or_cache(where, "lsun"),
                               cache_dir() / "lsun" / f"{category}_unpacked")


def from_torchvision(kind: str, where: str, **part) -> Images:
    """A data set of torchvision, read from the folder `where`, or downloaded into the cache folder.

    torchvision compares its files with known checksums before it reads them.
    """
    import torchvision.datasets

    root = folder_or_cache(where, kind)
    try:
        data = getattr(torchvision.datasets, kind)(root, download=not where, **part)
    except (RuntimeError, OSError, ImportError) as error:
        what = "not found or damaged" if where else "cannot be downloaded"
        raise UserError(f"{kind.lower()}: {what} ({sources.one_line(error)}); without a network, fetch the files of "
                        f"torchvision.datasets.{kind} elsewhere and put them into {root}") from None
    pixels = np.asarray(data.data)  # (N, 32, 32, 3), (N, 28, 28), or (N, 3, 32, 32) for SVHN
    if kind == "SVHN":
        pixels = pixels.transpose(0, 2, 3, 1)
    elif pixels.ndim == 3:
        pixels = pixels[..., None]
    labels = np.asarray(data.labels if kind == "SVHN" else data.targets, np.int64)
    names = getattr(data, "classes", [str(digit) for digit in range(10)])
    return Images(kind, np.ascontiguousarray(pixels), pixels.shape[1], labels, tuple(names))
