"""The files in a folder or a zip: listed, recognised again, and read. Imports no torch: worker processes read too.

What is not there to be read, such as a link to nothing, is left out and named; what fails to be read now, as on a drive
that has gone, is never left out: it raises Unreadable.
"""

import errno
import functools
import os
import stat
import sys
import zipfile
import zlib
from dataclasses import dataclass, field
from lzma import LZMAError
from pathlib import Path, PurePosixPath

from ..machine.errors import Unreadable, UserError
from ..machine.files import in_bytes, reading, shown
from .decode import SUFFIXES, Undecodable

MAX_MEMBER = 500_000_000  # bytes of one unpacked picture in a zip; more is taken for a bomb
# how a damaged zip shows
DAMAGES = (zipfile.BadZipFile, zlib.error, LZMAError, RuntimeError, NotImplementedError, EOFError, ValueError)
# what a path may lead to instead of a folder or a zip -> what to do with it
OTHERS = {
    ".tar .tgz .gz .bz2 .xz .7z .rar": "an archive that is no zip: unpack it and give the folder",
    ".mp4 .mov .avi .mkv .webm .m4v .mpg .mpeg": "a film: take pictures out of it (ffmpeg -i FILM pictures/%05d.png) "
                                                  "and give their folder",
    ".dcm": "a DICOM picture: convert such files to PNG (pydicom reads them) and give their folder",
    ".npy .npz": "a NumPy array: save its pictures as PNG (PIL.Image.fromarray) and give their folder",
    ".mdb": "a database: LSUN is lsun/CATEGORY:FOLDER",
    ".parquet .arrow": "a table: hf:FOLDER reads it",
}


@dataclass
class Listing:
    """What is in a folder or a zip.

    Args:
        root: the folder or the zip.
        files: {name with slashes: what changes with its content}, sorted by name.
        stamp: changes when a zip does, even where the list of its members stays the same.
        left_out: what cannot be a picture, with the reason: "a.png: a link to nothing".
    """

    root: Path
    files: dict[str, str]
    stamp: str = ""
    left_out: list[str] = field(default_factory=list)


def list_files(path: Path) -> Listing:
    """Every file below a folder, in a zip, or in a folder of a zip (set.zip/train); hidden ones are left out. Links are
    followed, each folder once.

    Raises:
        UserError: nothing of that kind, or a zip whose names lead outside, or with a member too large to be a picture.
        Unreadable: a folder that cannot be listed.
    """
    with reading(path):
        if os.path.isdir(path):
            return list_folder(path)
        archive = next((parent for parent in (path, *path.parents) if parent.is_file()), None)
        if archive is None:
            raise UserError(f"{shown(str(path))}: not found, expected a folder or a zip file of pictures")
        return list_zip(archive, path.relative_to(archive).as_posix())


def list_folder(root: Path) -> Listing:
    """All that lies in a folder and below it but hidden names, in the same order on every machine."""
    listing, seen, waiting = Listing(root, {}), set(), [""]
    while waiting:
        prefix = waiting.pop()
        folder = os.stat(os.path.join(root, prefix))
        if (folder.st_dev, folder.st_ino) in seen:  # a link to a folder above, or a second one to the same
            listing.left_out.append(f"{shown(prefix)}: a link to a folder that is listed already")
            continue
        seen.add((folder.st_dev, folder.st_ino))
        with reading(os.path.join(root, prefix)), os.scandir(os.path.join(root, prefix)) as entries:
            for entry in entries:
                if not hidden(entry.name):
                    add(entry, f"{prefix}/{entry.name}".lstrip("/"), listing, waiting)
        waiting.sort(reverse=True)  # the same order on every machine
    listing.files = dict(sorted(listing.files.items()))
    listing.left_out.sort()
    return listing


def add(entry: os.DirEntry, name: str, listing: Listing, waiting: list[str]) -> None:
    """One entry of a folder, into the listing or among the folders that wait to be listed."""
    try:
        status = entry.stat()
    except OSError as error:
        if not entry.is_symlink() or error.errno not in (errno.ENOENT, errno.ELOOP, errno.ENOTDIR):
            raise
        listing.left_out.append(f"{shown(name)}: a link to {'itself' if error.errno == errno.ELOOP else 'nothing'}")
        return
    if stat.S_ISDIR(status.st_mode):
        waiting.append(name)
    elif stat.S_ISREG(status.st_mode):
        listing.files[name] = in_words(status)
    else:  # opening a pipe would wait for ever
        listing.left_out.append(f"{shown(name)}: a pipe, socket or device, not a file")


def list_zip(archive: Path, inside: str) -> Listing:
    """The members below the folder `inside`, "." for all."""
    prefix = "" if inside == "." else inside.rstrip("/") + "/"
    files = {info.filename: f"{info.file_size} {info.CRC}" for info in open_zip(archive).infolist()
             if not info.is_dir() and safe_member(archive, info) and info.filename.startswith(prefix)}
    if prefix and not files:
        raise UserError(f"{shown(str(archive))}: found no folder {inside} in it")
    names = (name for name in sorted(files) if not any(map(hidden, PurePosixPath(name).parts)))
    listed = [info.filename for info in open_zip(archive).infolist() if info.filename in files]
    twice = len(listed) - len(files)
    return Listing(archive, {name: files[name] for name in names}, stamp_of(archive),
                   [f"{twice} of its members, whose names occur more than once"] if twice else [])


def hidden(part: str) -> bool:
    """Whether a name is not for people: it begins with a dot, or macOS has put it into a zip."""
    return part.startswith((".", "__MACOSX"))


def stamp_of(file: Path) -> str:
    """What changes when a file does."""
    return in_words(os.stat(file))


def in_words(status: os.stat_result) -> str:
    """A file's size and when it was changed. On a Mac without the change of its attributes: there a file gets one when
    somebody opens it."""
    changed = "" if sys.platform == "darwin" else f" {status.st_ctime_ns}"
    return f"{status.st_size} {status.st_mtime_ns}{changed}"


def safe_member(archive: Path, info: zipfile.ZipInfo) -> bool:
    """True for a member that may be read. Raises UserError for one that leads outside the archive, or is a bomb."""
    name = info.filename.replace("\\", "/")
    if name.startswith("/") or ".." in name.split("/") or ":" in name.split("/")[0]:
        raise UserError(f"{archive}: found the member {info.filename!r}, whose name leads outside the archive; "
                        "such a zip is not opened")
    if info.file_size > MAX_MEMBER and PurePosixPath(name).suffix.lower() in SUFFIXES:
        raise UserError(f"{archive}: {info.filename} unpacks to {in_bytes(info.file_size)}, expected a picture of "
                        f"at most {in_bytes(MAX_MEMBER)}; a decompression bomb?")
    return True


def open_zip(path: Path) -> zipfile.ZipFile:
    """One open zip for each process, opened anew when the file has changed.

    Raises:
        UserError: it is not a zip file; says what it is instead, as far as that can be seen.
    """
    with reading(path):
        return unchanged_zip(path, stamp_of(path))


@functools.lru_cache(maxsize=4)
def unchanged_zip(path: Path, stamp: str) -> zipfile.ZipFile:
    """As `open_zip`, for a file whose stamp is known: another stamp opens it anew."""
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        refuse_web_page(path, "a zip file")
        suffix = path.suffix.lower()
        what = next((text for suffixes, text in OTHERS.items() if suffix and suffix in suffixes.split()), None)
        if suffix in SUFFIXES:
            what = "a single picture: give the folder it is in"
        raise UserError(f"{path}: {what or f'not a zip file, or cut short ({error})'}; expected a folder or a zip file "
                        "of pictures") from None


def refuse_web_page(file: Path | str, expected: str, content: bytes | None = None) -> None:
    """Raise UserError where a file (or `content`, its beginning) is HTML: the answer of a server that refused."""
    if content is None:
        with reading(file), open(file, "rb") as opened:
            content = opened.read(300)
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype", b"<html")):
        raise UserError(f"{file}: found a web page, expected {expected}; a download that was refused (over its quota, "
                        "or 404) leaves such a page. Fetch the file by hand with a browser and put it in this place")


def read_file(listing: Listing, name: str) -> bytes:
    """A file of a listing: from its folder, or from its zip without unpacking it to disk.

    Raises:
        Unreadable: the file, or the zip, cannot be read.
        Undecodable: the zip is damaged at this member.
    """
    return (read_member if listing.stamp else read_plain)(listing.root, name)


def read_plain(root: Path, name: str) -> bytes:
    """A file in a folder. Raises Unreadable."""
    with reading(root / name):
        return (root / name).read_bytes()


def read_member(archive: Path, name: str) -> bytes:
    """A file in a zip. Raises Unreadable where the zip cannot be read, Undecodable where the file in it is damaged or
    has a password."""
    try:
        return open_zip(archive).read(name)
    except DAMAGES as error:
        if "password" in str(error):
            raise Undecodable("needs a password: unzip it and give the folder") from None
        raise Undecodable(f"cannot be unpacked ({error})") from None
    except OSError as error:
        if error.errno in (None, errno.EINVAL):  # of a decompressor, or of a wrong place in the zip's own list
            raise Undecodable(f"cannot be unpacked ({error})") from None
        raise Unreadable(f"{archive}: cannot be read ({error.strerror})") from None
