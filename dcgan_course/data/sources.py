"""Where pictures come from: cartoon faces that are drawn, and any folder or zip file.

A Source only lists and reads; `prepare` turns it into training images. Imports no torch: its functions run in worker
processes, which open zip files and databases themselves, since an open one cannot be sent to another process.
"""

import functools
import hashlib
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from ..errors import UserError
from . import avatars
from .decode import SUFFIXES, Undecodable, decode

MAX_MEMBER = 500_000_000  # bytes of one unpacked picture in a zip; more is taken for a bomb


@dataclass(frozen=True)
class Source:
    """Pictures that are not prepared yet.

    Args:
        name: as in `load_images`.
        items: one entry per picture, for `make`; a str names the picture in messages.
        make: (item, size) -> (size, size, 3) uint8; it can be sent to another process. Raises Undecodable.
        stamp: changes when the pictures do.
        labels: (N,) classes or (N, attributes), one row per item, or None.
        label_names: the classes' or the attributes' names.
    """

    name: str
    items: Sequence
    make: Callable[..., np.ndarray]
    stamp: str
    labels: np.ndarray | None = None
    label_names: tuple[str, ...] = ()


def avatar_source(count: int = avatars.COUNT) -> Source:
    """The cartoon faces of seeds 0 to count - 1, with their attributes."""
    recipe = repr((avatars.OPTIONS, avatars.ATTRIBUTES))
    return Source("avatars" if count == avatars.COUNT else f"avatars:{count}", range(count), avatars.draw_seed,
                  f"avatars {count} {digest(recipe)}", avatars.labels(range(count)), tuple(avatars.ATTRIBUTES))


# ---- folders and zip files


def folder_source(path: Path) -> Source:
    """Every picture in a folder or zip file; sub-folders, where there are several, become classes.

    Raises:
        UserError: no such path, no pictures, or a zip that is damaged or dangerous.
    """
    files = {name: stamp for name, stamp in list_files(path).items() if PurePosixPath(name).suffix.lower() in SUFFIXES}
    if not files:
        raise UserError(f"{path}: found no pictures, expected files that end in {' '.join(sorted(SUFFIXES))}")
    names = sorted(files)
    folders = [str(PurePosixPath(name).parent) for name in names]
    classes = sorted(set(folders))
    labels = np.array([classes.index(folder) for folder in folders], np.int64) if len(classes) > 1 else None
    label_names = tuple(PurePosixPath(name).name or "." for name in classes) if len(classes) > 1 else ()
    return Source(f"folder:{path}", names, functools.partial(picture_in, path),
                  digest(*(f"{name} {files[name]}" for name in names)), labels, label_names)


def picture_in(root: Path, name: str, size: int) -> np.ndarray:
    try:
        content = read_file(root, name)
    except (OSError, RuntimeError, zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
        raise Undecodable(f"cannot be read ({error})") from None
    return decode(content, size)


def list_files(root: Path) -> dict[str, str]:
    """Every file below a folder, or in a zip file, as {name with slashes: size and time}; hidden ones are left out.

    Raises:
        UserError: neither, or a zip whose names lead outside, or with a member too large to be a picture.
    """
    if root.is_dir():
        found = {}
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in names:
                stat = os.stat(os.path.join(folder, name))
                found[Path(folder, name).relative_to(root).as_posix()] = f"{stat.st_size} {stat.st_mtime_ns}"
    elif root.is_file():
        found = {info.filename: f"{info.file_size} {info.CRC}" for info in open_zip(root).infolist()
                 if not info.is_dir() and safe_member(root, info)}
    else:
        raise UserError(f"{root}: not found, expected a folder or a zip file of pictures")
    return {name: stamp for name, stamp in found.items()
            if not any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)}


def safe_member(archive: Path, info: zipfile.ZipInfo) -> bool:
    """True. Raises UserError for a name that leads outside the archive, and for a bomb."""
    name = info.filename.replace("\\", "/")
    if name.startswith("/") or ".." in name.split("/") or ":" in name.split("/")[0]:
        raise UserError(f"{archive}: found the member {info.filename!r}, whose name leads outside the archive; "
                        "such a zip is not opened")
    if info.file_size > MAX_MEMBER and PurePosixPath(name).suffix.lower() in SUFFIXES:
        raise UserError(f"{archive}: {info.filename} unpacks to {info.file_size / 1e6:,.0f} MB, expected a picture of "
                        f"at most {MAX_MEMBER / 1e6:,.0f} MB; a decompression bomb?")
    return True


@functools.lru_cache(maxsize=4)
def open_zip(path: Path) -> zipfile.ZipFile:
    """Raises UserError where it is not a zip file, and says so where it is a web page in place of one."""
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        with open(path, "rb") as file:
            if file.read(300).lstrip().lower().startswith((b"<!doctype", b"<html")):
                raise UserError(f"{path}: found a web page, expected a zip file; a download that was refused (over "
                                "its quota, or 404) leaves such a page. Fetch the file by hand with a browser and "
                                "put it in this place") from None
        raise UserError(f"{path}: not a zip file, or cut short ({error})") from None


def read_file(root: Path, name: str) -> bytes:
    """A file from a folder, or from a zip file without unpacking it to disk."""
    return (root / name).read_bytes() if root.is_dir() else open_zip(root).read(name)


# ---- helpers


def one_line(error: Exception) -> str:
    """The last line of an error, at most 200 characters."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1][:200]


def digest(*lines: str) -> str:
    """12 characters that change when a line does."""
    total = hashlib.sha256()
    for line in lines:
        total.update(line.encode() + b"\n")
    return total.hexdigest()[:12]


def require_room(folder: Path, needed: int, what: str) -> None:
    """Raise UserError unless `needed` bytes are free on the folder's disk."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(f"{what}: needs {needed / 1e9:.2f} GB on the disk of {folder}, found {free / 1e9:.2f} GB free")
