"""LSUN (arXiv 1506.03365), from its official LMDB. Imports no torch: worker processes open the database themselves."""

import functools
import os
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ..machine.errors import Unreadable, UserError
from ..machine.files import in_bytes, moved, reading
from .listing import DAMAGES, open_zip, refuse_web_page, stamp_of
from .sources import Source, digest, require_room

if TYPE_CHECKING:
    from lmdb import Environment

HELP = "fetch it from http://dl.yf.io/lsun/scenes, or with https://github.com/fyu/lsun, and put it into"
OPEN: dict[Path, tuple] = {}  # the databases of this process: folder -> (stamp of its file, database)


def lsun_source(category: str, path: Path, unpack_to: Path) -> Source:
    """A category of LSUN, from its official LMDB: the folder with data.mdb, a folder that holds it, or its zip, which
    is unpacked once. The pictures are JPEG or WebP; nothing pickled is read.

    Raises:
        UserError: not found, not such a database, or lmdb is not installed.
    """
    keys, stamp = lmdb_keys(folder := lsun_folder(category, path, unpack_to))
    return Source(f"lsun/{category}:{path}", keys, functools.partial(read_value, folder), stamp)


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
    target, note = folder / "data.mdb", folder / "unpacked_from.txt"
    stamp = f"{stamp_of(archive)} {members[0].CRC}"  # of another zip, or a repaired one, it is unpacked anew
    if target.is_file() and note.is_file() and note.read_text(encoding="utf-8") == stamp:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    require_room(folder, members[0].file_size, str(archive))
    temporary = folder / ".data.mdb.tmp"
    try:
        with open_zip(archive).open(members[0]) as content, temporary.open("wb") as file:
            shutil.copyfileobj(content, file, 1 << 20)
        moved(temporary, target)
        note.write_text(stamp, encoding="utf-8")
    except (OSError, *DAMAGES) as error:
        temporary.unlink(missing_ok=True)
        raise UserError(f"{archive}: cannot be unpacked into {folder} ({error})") from None
    return folder


def lmdb_keys(folder: Path) -> tuple[list[bytes], str]:
    """Every key of a database, in its order, and its stamp."""
    try:
        import lmdb
    except ImportError:
        raise UserError("lsun: the package lmdb is not installed; `pip install lmdb` installs it") from None

    refuse_web_page(folder / "data.mdb", "an LSUN database")
    try:
        database = open_lmdb(folder)
        require_whole(folder, database)
        with database.begin() as transaction:
            keys = list(transaction.cursor().iternext(keys=True, values=False))
    except lmdb.Error as error:
        raise UserError(f"{folder}: not an LMDB database that can be read ({error})") from None
    except OSError as error:
        raise Unreadable(f"{folder / 'data.mdb'}: cannot be read ({error.strerror or error})") from None
    if not keys:
        raise UserError(f"{folder}: found an empty database, expected pictures")
    return keys, digest(os.path.abspath(folder), stamp_of(folder / "data.mdb"), str(len(keys)))


def require_whole(folder: Path, database: "Environment") -> None:
    """Raise UserError where data.mdb ends before its last page: reading beyond the end kills a process without a
    word."""
    found = (folder / "data.mdb").stat().st_size
    expected = (database.info()["last_pgno"] + 1) * database.stat()["psize"]
    if found < expected:
        raise UserError(f"{folder / 'data.mdb'}: cut short, found {in_bytes(found)} ({found} bytes), expected "
                        f"{expected}; copy or fetch it again")


def open_lmdb(folder: Path) -> "Environment":
    """One open database per process, opened anew when the file has changed."""
    import lmdb

    with reading(folder / "data.mdb"):
        stamp = stamp_of(folder / "data.mdb")
    before, database = OPEN.get(folder, (None, None))
    if before != stamp:
        if database is not None:  # a process may open a database only once
            database.close()
        database = lmdb.open(str(folder), readonly=True, lock=False, readahead=False, meminit=False)
        OPEN[folder] = (stamp, database)
    return database


def read_value(folder: Path, key: bytes, size: int) -> bytes:
    """The picture under a key. Raises Unreadable."""
    import lmdb

    try:
        with open_lmdb(folder).begin() as transaction:
            content = transaction.get(key)
    except (lmdb.Error, OSError) as error:
        raise Unreadable(f"{folder / 'data.mdb'}: cannot be read ({error})") from None
    if content is None:
        raise Unreadable(f"{folder / 'data.mdb'}: changed meanwhile, a key is no longer there")
    return content
