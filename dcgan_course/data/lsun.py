"""LSUN (arXiv 1506.03365), from its official LMDB. Imports no torch: worker processes open the database themselves."""

import functools
import shutil
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np

from ..errors import UserError
from .decode import Undecodable, decode
from .sources import Source, digest, open_zip, require_room

HELP = "fetch it from http://dl.yf.io/lsun/scenes, or with https://github.com/fyu/lsun, and put it into"


def lsun_source(category: str, path: Path, unpack_to: Path) -> Source:
    """A category of LSUN, from its official LMDB: the folder with data.mdb, a folder that holds it, or its zip, which
    is unpacked once. The pictures are JPEG or WebP; nothing pickled is read.

    Raises:
        UserError: not found, or not such a database.
    """
    keys, stamp = lmdb_keys(folder := lsun_folder(category, path, unpack_to))
    return Source(f"lsun/{category}:{path}", keys, functools.partial(picture_in_lmdb, folder), stamp)


def lsun_folder(category: str, path: Path, unpack_to: Path) -> Path:
    """The folder with data.mdb."""
    names = (category, f"{category}_train", f"{category}_lmdb", f"{category}_train_lmdb")
    for folder in (path, *(path / name for name in names)):
        if (folder / "data.mdb").is_file():
            return folder
    for archive in (path, *(path / f"{name}.zip" for name in names)):
        if archive.is_file():
            return unpack_lmdb(archive, unpack_to)
    raise UserError(f"{path}: no data.mdb and no {category}_train_lmdb.zip found, expected LSUN's {category}; "
                    f"{HELP} {path}")


def unpack_lmdb(archive: Path, folder: Path) -> Path:
    """data.mdb from a zip, into a folder, whole or not at all."""
    members = [info for info in open_zip(archive).infolist() if PurePosixPath(info.filename).name == "data.mdb"]
    if not members:
        raise UserError(f"{archive}: found no data.mdb in it, expected a zip of an LSUN database")
    target = folder / "data.mdb"
    if target.is_file() and target.stat().st_size == members[0].file_size:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    require_room(folder, members[0].file_size, str(archive))
    temporary = folder / ".data.mdb.tmp"
    try:
        with open_zip(archive).open(members[0]) as content, temporary.open("wb") as file:
            shutil.copyfileobj(content, file, 1 << 20)
        temporary.replace(target)
    except (OSError, zipfile.BadZipFile) as error:
        temporary.unlink(missing_ok=True)
        raise UserError(f"{archive}: cannot be unpacked into {folder} ({error})") from None
    return folder


def lmdb_keys(folder: Path) -> tuple[list[bytes], str]:
    """Every key of a database, in its order, and its stamp."""
    import lmdb

    try:
        with open_lmdb(folder).begin() as transaction:
            keys = list(transaction.cursor().iternext(keys=True, values=False))
    except lmdb.Error as error:
        raise UserError(f"{folder}: not an LMDB database that can be read ({error})") from None
    if not keys:
        raise UserError(f"{folder}: found an empty database, expected pictures")
    stat = (folder / "data.mdb").stat()
    return keys, digest(f"{stat.st_size} {stat.st_mtime_ns} {len(keys)}")


@functools.lru_cache(maxsize=4)
def open_lmdb(folder: Path):
    """One open database per process."""
    import lmdb

    return lmdb.open(str(folder), readonly=True, lock=False, readahead=False, meminit=False)


def picture_in_lmdb(folder: Path, key: bytes, size: int) -> np.ndarray:
    import lmdb

    try:
        with open_lmdb(folder).begin() as transaction:
            content = transaction.get(key)
    except lmdb.Error as error:
        raise Undecodable(f"cannot be read ({error})") from None
    return decode(content, size)
