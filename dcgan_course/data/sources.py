"""Where pictures come from: cartoon faces that are drawn, and any folder or zip file.

A Source only lists and reads; `prepare` turns it into training images. Imports no torch: its functions run in worker
processes, which open zip files and databases themselves, since an open one cannot be sent to another process.
"""

import contextlib
import functools
import hashlib
import itertools
import os
import shutil
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from ..machine.errors import UserError
from ..machine.files import in_bytes, shown
from . import avatars
from .decode import SUFFIXES
from .listing import OTHERS, Listing, list_files, read_member, read_plain

LOOSE = "(loose)"  # the class of pictures that lie beside the sub-folders
SPLITS = frozenset("train training test testing val valid validation eval".split())
# files that lie beside pictures and are none: nobody misses them
COMPANIONS = frozenset(".txt .csv .tsv .json .jsonl .md .xml .html .yml .yaml .log .ini .db .pdf .py .mat".split())


@dataclass(frozen=True)
class Source:
    """Pictures that are not prepared yet.

    Args:
        name: as in `load_images`.
        items: one entry per picture, for `read`; a str names the picture in messages.
        read: (item, size) -> an encoded picture, of any size (one that is drawn, of this size); it can be sent to
            another process. Raises Unreadable, or Undecodable where what it reads from is damaged.
        stamp: changes when the pictures do.
        labels: (N,) classes or (N, attributes), one row per item, or None.
        label_names: the classes' or the attributes' names.
        notes: what a person should know of these pictures, a line each.
    """

    name: str
    items: Sequence
    read: Callable[..., bytes]
    stamp: str
    labels: np.ndarray | None = None
    label_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def avatar_source(count: int = avatars.COUNT) -> Source:
    """The cartoon faces of seeds 0 to count - 1, with their attributes."""
    recipe = repr((avatars.OPTIONS, avatars.ATTRIBUTES))
    return Source("avatars" if count == avatars.COUNT else f"avatars:{count}", range(count), avatars.encoded,
                  f"avatars {count} {digest(recipe)}", avatars.labels(range(count)), tuple(avatars.ATTRIBUTES))


# ---- folders and zip files


def folder_source(path: Path) -> Source:
    """Every picture in a folder, in a zip file, or in a folder of a zip file; sub-folders, where there are several,
    become classes.

    Raises:
        UserError: no such path, no pictures, or a zip that is damaged or dangerous.
        Unreadable: a folder that cannot be listed.
    """
    listing = list_files(path)
    pictures = {name for name in listing.files if PurePosixPath(name).suffix.lower() in SUFFIXES}
    names = [name for name in listing.files if name in pictures]
    left_out = ending_note([name for name in listing.files if name not in pictures])
    if not names:
        raise UserError(f"{shown(str(path))}: found no pictures{'; ' * bool(left_out)}{left_out}; expected files that "
                        f"end in {' '.join(sorted(SUFFIXES))}")
    slashes = {"\\": "/"} if listing.stamp else {}  # some zips made on Windows have backslashes
    folders = [PurePosixPath(name.translate(str.maketrans(slashes))).parent for name in names]
    classes = class_names(sorted(set(folders)))
    order = {folder: i for i, folder in enumerate(classes)}
    labels = np.array([order[folder] for folder in folders], np.int64) if len(classes) > 1 else None
    notes = [*folder_notes(listing.root, folders, classes), left_out, link_note(listing.left_out)]
    stamp = digest(os.path.abspath(path), listing.stamp, *(f"{name} {listing.files[name]}" for name in names))
    return Source(f"folder:{path}", names, reader(listing), stamp, labels,
                  tuple(readable(name, bool(listing.stamp)) for name in classes.values()) if len(classes) > 1 else (),
                  tuple(filter(None, notes)))


def readable(name: str, zipped: bool) -> str:
    """A class's name as people write it: a Mac spells an ä as two characters, and its zips do not say that names are
    UTF-8."""
    if zipped:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return shown(unicodedata.normalize("NFC", name))


def reader(listing: Listing) -> Callable[..., bytes]:
    """What reads a listing's files by name, in any process."""
    return functools.partial(in_place, read_member if listing.stamp else read_plain, listing.root)


def in_place(read: Callable[[Path, str], bytes], root: Path, name: str, size: int) -> bytes:
    """A picture as it lies there, of whatever size: `size` is for those that are drawn."""
    return read(root, name)


def class_names(folders: list[PurePosixPath]) -> dict[PurePosixPath, str]:
    """{folder: its class} for the folders of pictures: the folder's own name, or where names repeat its path below what
    all have in common."""
    levels = zip(*(folder.parts for folder in folders), strict=False)
    common = sum(1 for _ in itertools.takewhile(lambda parts: len(set(parts)) == 1, levels))
    below = {folder: folder.parts[common:] for folder in folders}
    repeat = len({parts[-1:] for parts in below.values()}) < len(below)
    return {folder: ("/".join(parts) if repeat else parts[-1]) if parts else LOOSE for folder, parts in below.items()}


def folder_notes(root: Path, folders: list[PurePosixPath], classes: dict[PurePosixPath, str]) -> list[str]:
    """What of a set's folders a person may not have meant: the parts of a split, names that repeat, loose pictures."""
    notes, siblings = [], defaultdict(set)
    for folder in classes:
        for i, part in enumerate(folder.parts):
            siblings["/".join(folder.parts[:i])].add(part)
    for above, names in siblings.items():
        split = sorted((name for name in names if name.lower() in SPLITS), key=lambda name: "train" not in name.lower())
        if split and len(names) > 1:
            one = "/".join(filter(None, (str(root), above, split[0])))
            notes.append(f"found {' and '.join(split)}, as a split into parts has them: all pictures are taken "
                         f"together; one part alone is folder:{one}")
    counts = Counter(folder.name for folder in classes)
    twice = sorted(name for name, count in counts.items() if count > 1)
    if twice:
        notes.append(f"several folders are named {', '.join(twice[:5])}{' ...' * (len(twice) > 5)}: each is a class of "
                     "its own, called by its path")
    loose = sum(classes[folder] == LOOSE for folder in folders)
    if len(classes) > 1 and loose:
        notes.append(f"{loose} picture{'s lie' if loose > 1 else ' lies'} beside the sub-folders: the class {LOOSE!r}")
    return list(map(shown, notes))


def ending_note(names: list[str]) -> str:
    """Which files were left out for their endings; "" where none could be a picture."""
    endings = Counter(PurePosixPath(name).suffix.lower() for name in names)
    counts = [(ending, count) for ending, count in endings.most_common() if ending not in COMPANIONS]
    if not counts:
        return ""
    help = [f"{ending}: {text}" for suffixes, text in OTHERS.items() for ending, _ in counts
            if ending and ending in suffixes.split()]
    plain = [f"if those without an ending are pictures, name them such as {shown(PurePosixPath(name).name)}.jpg"
             for name in names if not PurePosixPath(name).suffix][:1]
    listed = ", ".join(f"{count} {shown(ending) or 'without an ending'}" for ending, count in counts[:6])
    total = sum(count for _, count in counts)
    return "; ".join([f"left out {total} file{'s' * (total > 1)} by their endings: {listed}"
                      f"{' ...' * (len(counts) > 6)}", *help, *plain])


def link_note(left_out: list[str]) -> str:
    """Links to nothing and the like, the first of them by name."""
    if not left_out:
        return ""
    return f"left out {'; '.join(left_out[:3])}" + (f"; and {len(left_out) - 3} more such" if left_out[3:] else "")


# ---- helpers


def one_line(error: Exception) -> str:
    """The last line of an error, at most 200 characters."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1][:200]


def digest(*lines: str) -> str:
    """12 characters that change when a line does. Names of files may hold any bytes."""
    total = hashlib.sha256()
    for line in lines:
        total.update(line.encode(errors="surrogatepass") + b"\n")
    return total.hexdigest()[:12]


def require_room(folder: Path, needed: int, what: str) -> None:
    """Raise UserError unless `needed` bytes are free on the folder's disk."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(f"{what}: needs {in_bytes(needed)} on the disk of {folder}, found {in_bytes(free)} free")
