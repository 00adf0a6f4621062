"""Pictures decoded, cropped and scaled once, in parallel, into one memory-mapped array that training slices.

    NAME-64-1a2b3c4d5e6f/
        images.u8        (count, 64, 64, 3) uint8, nothing else
        labels.npy       where there are labels
        manifest.json    source, count, size, fit, what was skipped and why, sha256
"""

import contextlib
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from ..machine.display import bar_options
from ..machine.errors import Unreadable, UserError
from ..machine.files import file_sha256, moved, reading, shown, to_json
from ..machine.places import cache_dir
from .decode import Look, UnknownRange, decode_all, extents, whole_bits
from .manifest import read_manifest, remarks
from .sources import Source, digest, require_room

CHUNK = 512  # pictures per task of a worker process
VERSION = 2  # of the way from file to pixels: another one finds no old folder


def prepared(source: Source, size: int, folder: Path | None = None, limit: int | None = None,
             strict: bool = False, look: Look = Look(), tell: Callable[[str], None] | None = None) -> Path:  # noqa: B008
    """The folder with the source's pictures at size x size, made now unless it is there and whole.

    Safe to interrupt or kill at any moment: the next call goes on where this one stopped. Safe to call from several
    processes at once: one works and the others wait.

    Args:
        folder: where; None = a folder in the cache, found again as long as the source does not change.
        limit: only the first so many pictures; None = all.
        strict: stop at a picture that cannot be decoded, instead of skipping it.
        look: how a picture becomes a square.
        tell: called with each `remarks` line where the folder is made now.
    Raises:
        UserError: nothing could be decoded, a picture cannot be read, no room on the disk, or `folder` holds something
            else.
    """
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    count = min(limit or len(source.items), len(source.items))
    stamp = digest(source.stamp, str(count), str(size), str(VERSION), look.fit,
                   look.pad_colour if look.fit == "pad" else "", *source.notes)
    name = shown(source.name)
    kind, _, where = name.partition(":")
    slug = re.sub(r"[^\w.-]+", "-", f"{kind} {Path(where).name}").strip("-")[-60:]  # for people to read
    cached = folder is None
    folder = folder or cache_dir() / "prepared" / f"{slug}-{size}-{stamp}"
    try:
        if cached and is_whole(folder):  # also in a cache that may only be read
            return expect_all(folder, name) if strict else folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        with alone(folder, name):
            if cached and folder.exists() and not is_whole(folder):  # damaged: made anew
                shutil.rmtree(folder) if folder.is_dir() else folder.unlink()
            if folder.exists():
                found = read_manifest(folder)
                if found["stamp"] != stamp:
                    raise UserError(f"{folder}: exists already, holds {found['count']} pictures of {found['source']} "
                                    f"at {found['size']} pixels ({found.get('fit', 'crop')}), expected a new folder, "
                                    f"or what {name} has now: {count} at {size} pixels ({look.fit})")
                if strict:
                    expect_all(folder, name)
            else:
                build(source, size, count, stamp, strict, folder, look)
                for line in remarks(folder) if tell else ():
                    tell(f"{name}: {line}")
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"{name}: stopped; what is done is kept, run again to go on") from None
    except TerminatedWorkerError:
        raise UserError(f"{name}: a worker process was killed, perhaps for want of memory; what is done is "
                        "kept, run again to go on") from None
    except Unreadable as error:
        raise UserError(f"{name}: {error}; what is done is kept, run again to go on once it can be read, or without "
                        "it") from None
    except OSError as error:
        where = "; DCGAN_COURSE_CACHE names another place for such folders" if cached else ""
        raise UserError(f"{folder}: cannot be written ({error.strerror or error}); what is done is kept, "
                        f"run again to go on{where}") from error
    return folder


@contextlib.contextmanager
def alone(folder: Path, name: str) -> Iterator[None]:
    """While this is open, no other process makes the folder; says that it waits, where it has to."""
    from filelock import FileLock, Timeout

    locks = cache_dir() / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    lock = FileLock(locks / digest(str(folder.resolve())))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"{name}: another process prepares these images; waiting for it", file=sys.stderr)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def is_whole(folder: Path) -> bool:
    """Whether a folder has a readable manifest, and as many bytes of images as that says."""
    try:
        read_manifest(folder)
    except UserError:
        return False
    return True


def expect_all(folder: Path, name: str) -> Path:
    """The folder. Raises UserError where a picture was skipped."""
    skipped = read_manifest(folder)["skipped"]
    if skipped:
        raise UserError(f"{name}: {': '.join(skipped[0])} (--strict)")
    return folder


def build(source: Source, size: int, count: int, stamp: str, strict: bool, folder: Path, look: Look) -> None:
    """Make `folder`, by way of a folder NAME.partial that keeps what is done."""
    partial, name = folder.with_name(folder.name + ".partial"), shown(source.name)
    partial.mkdir(exist_ok=True)
    row = size * size * 3
    journal = Journal(partial, stamp, row)
    require_room(partial, (count - journal.tried) * row, str(folder))
    start, before = time.perf_counter(), journal.tried
    bar = tqdm(total=count, initial=journal.tried, unit=" images", desc=f"preparing {name}"[-60:], **bar_options())
    with bar, (partial / "images.u8").open("r+b") as images:
        images.truncate(journal.kept * row)
        images.seek(0, os.SEEK_END)
        if strict and journal.bad:
            raise UserError(f"{name}: {': '.join(journal.bad[0][:2])} (--strict)")
        while journal.tried < count:
            try:
                for tried, pixels, bad in chunks(source, size, journal, count, look):
                    if strict and bad:
                        raise UserError(f"{name}: {': '.join(bad[0][:2])} (--strict)")
                    if not journal.kept + len(pixels):  # none among the first hundreds: this is no set of pictures
                        raise UserError(f"{name}: none of the first {tried} can be decoded, expected pictures; "
                                        f"{': '.join(bad[0][:2])}")
                    images.write(pixels.tobytes())
                    images.flush()
                    journal.add(tried, pixels, bad)
                    bar.update(tried - bar.n)
            except UnknownRange:  # the first picture of more than 8 bits: ask all of them which value is white
                journal.set_levels(measured_levels(source, size, count))
        os.fsync(images.fileno())
    speed = (count - before) / (time.perf_counter() - start)
    if source.labels is not None:
        kept = np.delete(np.arange(count), [i for *_, i in journal.bad])
        np.save(partial / "labels.npy", source.labels[kept])
    manifest = {
        "source": name, "count": journal.kept, "size": size, "fit": look.fit,
        "pad_colour": look.pad_colour if look.fit == "pad" else None, "levels": journal.levels, "stamp": stamp,
        "label_names": source.label_names, "skipped": [[name, reason] for name, reason, _ in journal.bad],
        "notes": source.notes, "brightest": journal.brightest, "grey": journal.grey, "images_per_s": round(speed),
        "sha256": {name: file_sha256(partial / name) for name in ("images.u8", "labels.npy")
                   if (partial / name).is_file()},
    }
    (partial / "manifest.json").write_bytes(to_json(manifest))
    moved(partial, folder)
    with contextlib.suppress(PermissionError):  # where Windows has it read by somebody: all is whole without
        (folder / journal.file.name).unlink()


class Journal:
    """What of a half-made folder is done: a line per chunk, written after its pixels.

    Attributes:
        tried, kept: pictures that were looked at, and those of them that are in images.u8.
        bad: [name, why, index] of the others.
        brightest, grey: the largest value of all pixels; whether no picture has colour.
        levels: of black and white in pictures of more than 8 bits, once they had to be measured.
    """

    def __init__(self, partial: Path, stamp: str, row: int):
        self.file = partial / "journal.jsonl"
        self.tried, self.kept, self.bad = 0, 0, []
        self.brightest, self.grey, self.levels = 0, True, None
        lines = []
        with reading(self.file):
            texts = self.file.read_bytes().splitlines() if self.file.is_file() else []
        for text in texts:
            try:
                lines.append(json.loads(text))
            except ValueError:  # the last line, cut off
                break
        images = partial / "images.u8"
        if not lines or lines.pop(0) != stamp or not images.is_file():  # nothing, or of other pictures
            images.write_bytes(b"")
            self.file.write_text(json.dumps(stamp) + "\n", encoding="utf-8")
            return
        whole = [stamp]
        for line in lines:
            if "levels" not in line and (self.kept + line["kept"]) * row > images.stat().st_size:
                break
            self.count(line)
            whole.append(line)
        self.file.write_text("".join(json.dumps(line) + "\n" for line in whole), encoding="utf-8")

    def count(self, line: dict) -> None:
        """Add a line of the journal to what is known to be done."""
        if "levels" in line:
            self.levels = tuple(line["levels"])
            return
        self.tried, self.kept, self.bad = line["tried"], self.kept + line["kept"], self.bad + line["bad"]
        self.brightest, self.grey = max(self.brightest, line["brightest"]), self.grey and line["grey"]

    def add(self, tried: int, pixels: np.ndarray, bad: list) -> None:
        """`tried` pictures are done in all, `pixels` are the last ones in images.u8."""
        self.write({"tried": tried, "kept": len(pixels), "bad": bad, "brightest": int(pixels.max(initial=0)),
                    "grey": bool((pixels[..., :1] == pixels).all())})

    def set_levels(self, levels: tuple[int, int]) -> None:
        """Note which values are black and white in pictures of more than 8 bits."""
        self.write({"levels": levels})

    def write(self, line: dict) -> None:
        """Count a line, and append it to the file."""
        self.count(line)
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def chunks(source: Source, size: int, journal: Journal, count: int,
           look: Look) -> Iterator[tuple[int, np.ndarray, list]]:
    """(pictures tried so far, (N, size, size, 3) uint8, [[name, why it was skipped, index]]) for each chunk, in order,
    after those of the journal."""
    look = replace(look, levels=journal.levels)
    for (a, b), (pixels, bad) in in_workers(decode_all, source, journal.tried, count, size, look):
        yield b, pixels, [[title(source, a + i), reason, a + i] for i, reason in bad]


def measured_levels(source: Source, size: int, count: int) -> tuple[int, int]:
    """The values of black and white in those pictures of a source that have more than 8 bits."""
    chunks = in_workers(extents, source, 0, count, size)
    found = [limits for _, several in chunks for limits in several] or [(0, 65535)]  # none that can be decoded
    return whole_bits(min(low for low, _ in found), max(high for _, high in found))


def in_workers(task: Callable, source: Source, start: int, count: int,
               *options: object) -> Iterator[tuple[tuple[int, int], Any]]:
    """((first, end), task(read, items first to end, *options)) for each chunk of the items, in order."""
    from joblib import Parallel, cpu_count, delayed

    bounds = [(a, min(a + CHUNK, count)) for a in range(start, count, CHUNK)]
    workers = max(1, min(cpu_count(), len(bounds)))
    tasks = (delayed(task)(source.read, [source.items[i] for i in range(a, b)], *options) for a, b in bounds)
    yield from zip(bounds, Parallel(n_jobs=workers, return_as="generator")(tasks), strict=True)


def title(source: Source, i: int) -> str:
    """What messages call picture i of a source: by its file's name, if it has one, else by its number."""
    item = source.items[i]
    return shown(item) if isinstance(item, str) else f"number {i}"
