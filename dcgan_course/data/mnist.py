"""MNIST: 60,000 + 10,000 handwritten digits, 28x28, bundled with the repository as the four original IDX files."""

import gzip
import hashlib
import zlib
from pathlib import Path

import numpy as np

from ..machine.errors import UserError
from ..machine.places import cache_dir, repo_data_dir
from .images import Images
from .sources import one_line

# sha256 of the unpacked files: whoever packed them, the content must be this.
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


def load_mnist(image_size: int = 28, split: str = "train", folder: Path | None = None) -> Images:
    """MNIST as `Images`: pixels (N, 28, 28, 1) uint8, labels (N,) int64, 0 to 9.

    Args:
        image_size: what `Images.batch` resizes to.
        split: "train" (60,000) or "test" (10,000).
        folder: where the .gz files are; None = the repository's data/mnist, else a download in the cache folder.
    Raises:
        UserError: a file is missing, cut short or altered, or cannot be downloaded.
    """
    folder = folder or mnist_folder()
    prefix = {"train": "train", "test": "t10k"}[split]
    pixels = read_idx(folder, f"{prefix}-images-idx3-ubyte")[..., None]
    labels = read_idx(folder, f"{prefix}-labels-idx1-ubyte").astype(np.int64)
    return Images("mnist", pixels, image_size, labels, tuple("0123456789"))


def read_idx(folder: Path, name: str) -> np.ndarray:
    """One IDX file (.gz) as a uint8 array: two zero bytes, type 8 = uint8, the number of axes, each axis's length as
    a big-endian int32, then the values."""
    path = folder / f"{name}.gz"
    try:
        content = gzip.decompress(path.read_bytes())
    except FileNotFoundError:
        raise UserError(f"{path}: not found, expected MNIST's {name} as .gz") from None
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: cannot be unpacked ({error}), expected MNIST's {name} as .gz; "
                        "fetch the file again") from None
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256[name]:
        raise UserError(f"{path}: the unpacked sha256 is {found[:12]}…, expected {SHA256[name][:12]}…; "
                        "fetch the file again")
    axes = np.frombuffer(content, ">i4", count=content[3], offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(axes).copy()


def mnist_folder() -> Path:
    """The folder with the four .gz files: the repository's, or the cache folder's, downloaded when missing."""
    repo = repo_data_dir()
    if repo:
        return repo / "mnist"
    folder = cache_dir() / "MNIST" / "raw"  # torchvision's layout
    if not all((folder / f"{name}.gz").is_file() for name in SHA256):
        download_mnist(cache_dir())
    return folder


def download_mnist(root: Path) -> None:
    """torchvision's download, with its progress bar, to root/MNIST/raw."""
    from torchvision.datasets import MNIST

    try:
        MNIST(root, download=True)
    except (RuntimeError, OSError) as error:
        raise UserError(f"mnist: download failed ({one_line(error)}); without a network, put the four MNIST .gz files "
                        f"into {root / 'MNIST' / 'raw'} by hand, or install from a clone of the repository, "
                        "which holds them") from error
