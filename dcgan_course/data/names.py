"""Which name stands for which images."""

import os
from pathlib import Path

import numpy as np

from ..config import TrainConfig
from ..machine.errors import UserError, nearest
from ..machine.files import shown
from ..machine.places import cache_dir
from . import celeba, huggingface, lsun, sources
from .decode import Look
from .images import Images
from .manifest import load_prepared, read_manifest
from .mnist import load_mnist
from .prepare import prepared

SOURCES = {  # prepared on first use; each takes what follows the colon
    "avatars": lambda where: sources.avatar_source(whole_number(where)) if where else sources.avatar_source(),
    "folder": lambda where: sources.folder_source(path_after("folder", where)),
    "celeba": lambda where: celeba.celeba_source(folder_or_cache(where, "celeba")),
    "lsun": lambda where: lsun_category(*where.partition(":")[::2]),
    "hf": huggingface.hf_source,
}
ARRAYS = {  # small enough for memory; each takes what follows the colon, and "train" or "test"
    "mnist": lambda where, split: load_mnist(split=split, folder=Path(where).expanduser() if where else None),
    "fashion_mnist": lambda where, split: from_torchvision("FashionMNIST", where, train=split == "train"),
    "cifar10": lambda where, split: cifar10(where, split),
    "svhn": lambda where, split: from_torchvision("SVHN", where, split=split),
}
FILES = {  # of torchvision's sets
    "CIFAR10": "cifar-10-batches-py (unpacked from cifar-10-python.tar.gz), or pictures in train/CLASS and test/CLASS",
    "SVHN": "train_32x32.mat and test_32x32.mat",
    "FashionMNIST": "FashionMNIST/raw with the four IDX files",
}
NAMES = ("mnist", "avatars", "folder:PATH", "celeba:PATH", "lsun/CATEGORY:PATH", "fashion_mnist", "cifar10", "svhn",
         "hf:OWNER/NAME", "prepared:PATH")


def load_images(name: str, image_size: int, split: str = "train", nc: int | None = None,
                look: Look = Look()) -> Images:  # noqa: B008 (frozen)
    """The images `name`, which come out of `Images.batch` at image_size x image_size.

    mnist is bundled; avatars are drawn on first use. celeba:PATH, lsun/CATEGORY:PATH, cifar10:PATH, svhn:PATH and
    fashion_mnist:PATH read what lies in a folder; without :PATH, in the cache folder, where torchvision downloads the
    last three; cifar10:PATH may also have pictures in train/CLASS and test/CLASS. folder:PATH is any folder or zip of
    pictures, hf:OWNER/NAME a Hugging Face data set, prepared:PATH a folder made by `dcgan-course prepare`.

    Args:
        split: "test" for the images that mnist, fashion_mnist, cifar10 and svhn hold back from training.
        nc: 1 = as grey images, whatever they are; 3 = only if they have colour; None = as they are.
        look: how pictures that are not square become so, where they are prepared now.
    Raises:
        UserError: unknown name, files that are missing, damaged or refused by their server, images without a test
            split, or grey ones where nc is 3.
    """
    kind, where = parsed(name)
    if split == "test" and kind not in ARRAYS:
        raise UserError(f"data: {name} has no test images of its own, expected one of {', '.join(ARRAYS)}")
    if kind == "prepared":
        images = load_prepared(path_after(kind, where), image_size, name)
        require_look(path_after(kind, where), look)
    elif kind in ARRAYS:
        found = ARRAYS[kind](where, split)
        images = Images(name, found.pixels, image_size, found.labels, found.label_names, stamp=found.stamp,
                        remarks=found.remarks)
    else:
        images = load_prepared(prepared(find_source(name), image_size, look=look, tell=print), image_size, name)
    if nc == 3 and images.channels == 1:
        raise UserError(f"nc: found 3, expected 1, as the images of {name} have")
    images.grey = nc == 1
    return images


def images_of(config: TrainConfig, size: int | None = None) -> Images:
    """The images that a config trains on, at another size if it is given."""
    return load_images(config.data, size or config.image_size, nc=config.nc, look=Look(config.fit, config.pad_colour))


def require_look(folder: Path, look: Look) -> None:
    """Raise UserError where a prepared folder was made with another fit than a fit that was asked for."""
    found = read_manifest(folder).get("fit", "crop")
    if look.fit not in ("crop", found):
        raise UserError(f"fit: found {look.fit}, expected {found}, as {folder} was prepared; prepare again with "
                        f"--fit {look.fit}")


def prepared_look(name: str) -> dict[str, str]:
    """{"fit": ..., "pad_colour": ...} of images prepared:PATH."""
    manifest = read_manifest(path_after(*name.split(":", 1)))
    return {"fit": manifest.get("fit", "crop"), "pad_colour": manifest.get("pad_colour") or "white"}


def in_grey(config: TrainConfig) -> bool:
    """Whether images that have colour are taken as grey ones."""
    kind = config.data.partition(":")[0].partition("/")[0]
    return config.nc == 1 and kind in (*SOURCES, "prepared", "cifar10", "svhn")


def located(name: str) -> str:
    """The same images by a name that holds wherever the command is called: a relative path becomes a whole one."""
    kind, _, where = name.partition(":")
    if not where or kind == "avatars" or (kind == "hf" and not os.path.exists(where)):
        return name
    return f"{kind}:{os.path.abspath(os.path.expanduser(where))}"


def find_source(name: str) -> sources.Source:
    """The pictures of a name that is prepared before use. Raises UserError for the others."""
    kind, where = parsed(name)
    if kind not in SOURCES:
        raise UserError(f"data: {name} needs no preparing, it is used as it is: train --data {name}")
    return SOURCES[kind](where)


def parsed(name: str) -> tuple[str, str]:
    """("folder", "PATH") for "folder:PATH". Raises UserError for an unknown name."""
    kind, _, where = name.partition("/" if name.startswith("lsun/") else ":")
    if kind not in (*SOURCES, *ARRAYS, "prepared"):
        meant = nearest(kind.lower(), [*SOURCES, *ARRAYS, "prepared"])
        if "://" in name:
            meant = "; download it first"
        elif name and (os.path.exists(os.path.expanduser(name)) or (not meant and ("/" in name or os.sep in name))):
            meant = f"; did you mean folder:{shown(name)}?"
        raise UserError(f"data: found {name!r}, expected one of {', '.join(NAMES)}{meant}")
    return kind, where


def path_after(kind: str, where: str) -> Path:
    """The path that was named after the colon. Raises UserError where there is none."""
    if not where:
        raise UserError(f"data: found {kind + ':'!r} without a path, expected {kind}:PATH")
    return Path(where).expanduser()


def folder_or_cache(where: str, name: str) -> Path:
    """The folder that was named after the colon, else `name` in the cache folder."""
    return Path(where).expanduser() if where else cache_dir() / name


def whole_number(text: str) -> int:
    """The COUNT of avatars:COUNT. Raises UserError where it is no whole number above 0."""
    if not text.isdigit() or not int(text):
        raise UserError(f"data: found 'avatars:{text}', expected avatars:COUNT with a whole number above 0")
    return int(text)


def lsun_category(category: str, where: str) -> sources.Source:
    """A category of LSUN, from the folder that was named or the cache's. Raises UserError where none is named."""
    if not category:
        raise UserError("data: found 'lsun' without a category, expected one, such as lsun/church_outdoor:PATH")
    return lsun.lsun_source(category, folder_or_cache(where, "lsun"),
                               cache_dir() / "lsun" / f"{category}_unpacked")


def cifar10(where: str, split: str) -> Images:
    """CIFAR-10: a folder with pictures in train/CLASS and test/CLASS, prepared at 32x32, or torchvision's own files.

    Raises:
        UserError: not such a folder; a part without classes, or classes that differ between the parts; as
            `from_torchvision`.
    """
    root = Path(where).expanduser()
    parts = {part: root / part for part in ("train", "test")}
    if not where or not any(os.path.isdir(path) for path in parts.values()):
        return from_torchvision("CIFAR10", where, train=split == "train")
    found = {part: sources.folder_source(path) for part, path in parts.items()}
    for part, source in found.items():
        if source.labels is None:
            raise UserError(f"{parts[part]}: found fewer than two classes, expected a sub-folder of pictures for each")
    if found["train"].label_names != found["test"].label_names:
        apart = sorted({*found["train"].label_names} ^ {*found["test"].label_names})
        raise UserError(f"{root}: found {', '.join(apart[:3])} in only one of train and test, expected the same "
                        "classes in both")
    return load_prepared(prepared(found[split], 32, tell=print), 32)


def from_torchvision(kind: str, where: str, **part: bool | str) -> Images:
    """A data set of torchvision, read from the folder `where`, or downloaded into the cache folder.

    torchvision compares its files with known checksums before it reads them.
    """
    import torchvision.datasets

    root = folder_or_cache(where, kind)
    try:
        data = getattr(torchvision.datasets, kind)(root, download=not where, **part)
    except (RuntimeError, OSError, ImportError) as error:
        if where:
            raise UserError(f"{root}: found no {kind}, or a damaged one, expected {FILES[kind]}; without a path it is "
                            "downloaded; pictures in folders are folder:PATH") from None
        raise UserError(f"{kind}: cannot be downloaded ({sources.one_line(error)}); without a network, fetch "
                        f"{FILES[kind]} elsewhere and put them into {root}") from None
    pixels = np.asarray(data.data)  # (N, 32, 32, 3), (N, 28, 28), or (N, 3, 32, 32) for SVHN
    if kind == "SVHN":
        pixels = pixels.transpose(0, 2, 3, 1)
    elif pixels.ndim == 3:
        pixels = pixels[..., None]
    labels = np.asarray(data.labels if kind == "SVHN" else data.targets, np.int64)
    names = getattr(data, "classes", [str(digit) for digit in range(10)])
    return Images(kind, np.ascontiguousarray(pixels), pixels.shape[1], labels, tuple(names))
