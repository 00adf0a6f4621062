"""Pictures decoded, cropped and scaled once, in parallel, into one memory-mapped array that training slices.

    NAME-64-1a2b3c4d5e6f/
        images.u8        (count, 64, 64, 3) uint8, nothing else
        labels.npy       where there are labels
        manifest.json    source, count, size, crop, what was skipped and why, sha256
"""

import json
import os
import re
import time
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from ..errors import UserError
from ..files import file_sha256, to_json
from ..runtime import cache_dir
from .decode import Undecodable
from .images import Images
from .sources import Source, digest, require_room

CHUNK = 512  # pictures per task of a worker process
VERSION = 1  # of the way from file to pixels: another one finds no old folder


def prepared(source: Source, size: int, folder: Path | None = None, limit: int | None = None,
             strict: bool = False) -> Path:
    """The folder with the source's pictures at size x size, made now unless it is there and whole.

    Safe to interrupt or kill at any moment: the next call goes on where this one stopped. Safe to call from several
    processes at once: one works and the others wait.

    Args:
        folder: where; None = a folder in the cache, found again as long as the source does not change.
        limit: only the first so many pictures; None = all.
        strict: stop at a picture that cannot be decoded, instead of skipping it.
    Raises:
        UserError: nothing could be decoded, no room on the disk, or `folder` holds something else.
    """
    from filelock import FileLock
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    count = min(limit or len(source.items), len(source.items))
    stamp = digest(source.stamp, str(count), str(size), str(VERSION))
    slug = re.sub(r"[^\w.-]+", "-", source.name).strip("-")[-60:]
    folder = folder or cache_dir() / "prepared" / f"{slug}-{size}-{stamp}"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(folder.name + ".lock")):
            if folder.exists():
                found = read_manifest(folder)
                if found["stamp"] != stamp:
                    raise UserError(f"{folder}: holds {found['count']} pictures of {found['source']} at "
                                    f"{found['size']} pixels, expected a new folder, or {source.name} at {size}")
                if strict and found["skipped"]:
                    raise UserError(f"{source.name}: {': '.join(found['skipped'][0])} (--strict)")
            else:
                build(source, size, count, stamp, strict, folder)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"{source.name}: stopped; what is done is kept, run again to go on") from None
    except TerminatedWorkerError:
        raise UserError(f"{source.name}: a worker process was killed, perhaps for want of memory; what is done is "
                        "kept, run again to go on") from None
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror or error}); what is done is kept, "
                        "run again to go on") from error
    return folder


def build(source: Source, size: int, count: int, stamp: str, strict: bool, folder: Path) -> None:
    """Make `folder`, by way of a folder NAME.partial that keeps what is done."""
    partial = folder.with_name(folder.name + ".partial")
    partial.mkdir(exist_ok=True)
    row = size * size * 3
    journal = Journal(partial, stamp, row)
    require_room(partial, (count - journal.tried) * row, str(folder))
    start, before = time.perf_counter(), journal.tried
    with tqdm(total=count, initial=journal.tried, unit=" images", desc=f"preparing {source.name}"[-60:]) as bar, \
            (partial / "images.u8").open("r+b") as images:
        images.truncate(journal.kept * row)
        images.seek(0, os.SEEK_END)
        if strict and journal.bad:
            raise UserError(f"{source.name}: {': '.join(journal.bad[0][:2])} (--strict)")
        for tried, pixels, bad in chunks(source, size, journal.tried, count):
            if strict and bad:
                raise UserError(f"{source.name}: {title(source, bad[0][0])}: {bad[0][1]} (--strict)")
            images.write(pixels.tobytes())
            images.flush()
            journal.add(tried, len(pixels), [[title(source, i), reason, i] for i, reason in bad])
            if not journal.kept:  # not one picture among the first hundreds: this is no set of pictures
                first = journal.bad[0]
                raise UserError(f"{source.name}: none of the first {journal.tried} can be decoded, expected pictures; "
                                f"{first[0]}: {first[1]}")
            bar.update(tried - bar.n)
        os.fsync(images.fileno())
    speed = (count - before) / (time.perf_counter() - start)
    if source.labels is not None:
        kept = np.delete(np.arange(count), [i for *_, i in journal.bad])
        np.save(partial / "labels.npy", source.labels[kept])
    manifest = {
        "source": source.name, "count": journal.kept, "size": size, "crop": "largest centred square", "stamp": stamp,
        "label_names": source.label_names, "skipped": [[name, reason] for name, reason, _ in journal.bad],
        "images_per_s": round(speed),
        "sha256": {name: file_sha256(partial / name) for name in ("images.u8", "labels.npy")
                   if (partial / name).is_file()},
    }
    (partial / "manifest.json").write_bytes(to_json(manifest))
    partial.rename(folder)
    (folder / journal.file.name).unlink()


class Journal:
    """What of a half-made folder is done: a line per chunk, written after its pixels."""

    def __init__(self, partial: Path, stamp: str, row: int):
        self.file = partial / "journal.jsonl"
        self.tried, self.kept, self.bad = 0, 0, []
        lines = []
        for text in self.file.read_text().splitlines() if self.file.is_file() else []:
            try:
                lines.append(json.loads(text))
            except json.JSONDecodeError:  # the last line, cut off
                break
        images = partial / "images.u8"
        if not lines or lines.pop(0) != stamp or not images.is_file():  # nothing, or of other pictures
            images.write_bytes(b"")
            self.file.write_text(json.dumps(stamp) + "\n")
            return
        whole = [stamp]
        for tried, kept, bad in lines:
            if (self.kept + kept) * row > images.stat().st_size:
                break
            self.tried, self.kept, self.bad = tried, self.kept + kept, self.bad + bad
            whole.append([tried, kept, bad])
        self.file.write_text("".join(json.dumps(line) + "\n" for line in whole))

    def add(self, tried: int, kept: int, bad: list) -> None:
        """`tried` pictures are done in all, `kept` more are in images.u8."""
        self.tried, self.kept, self.bad = tried, self.kept + kept, self.bad + bad
        with self.file.open("a") as file:
            file.write(json.dumps([tried, kept, bad]) + "\n")


def chunks(source: Source, size: int, start: int, count: int):
    """(pictures tried so far, (N, size, size, 3) uint8, [(index, why it was skipped)]) for each chunk, in order."""
    from joblib import Parallel, cpu_count, delayed

    bounds = [(a, min(a + CHUNK, count)) for a in range(start, count, CHUNK)]
    workers = min(cpu_count(), len(bounds))
    tasks = (delayed(make_chunk)(source.make, [source.items[i] for i in range(a, b)], size) for a, b in bounds)
    done = Parallel(n_jobs=max(1, workers), return_as="generator")(tasks)
    for (a, b), (pixels, bad) in zip(bounds, done, strict=True):
        yield b, pixels, [(a + i, reason) for i, reason in bad]


def make_chunk(make, items: list, size: int) -> tuple[np.ndarray, list[tuple[int, str]]]:
    """The pictures of some items, and (position, reason) of those that cannot be decoded. Runs in a worker."""
    pixels, bad = np.empty((len(items), size, size, 3), np.uint8), []
    kept = 0
    for i, item in enumerate(items):
        try:
            pixels[kept] = make(item, size)
            kept += 1
        except Undecodable as error:
            bad.append((i, str(error)))
    return pixels[:kept], bad


def title(source: Source, i: int) -> str:
    item = source.items[i]
    return item if isinstance(item, str) else f"number {i}"


# ---- reading


def read_manifest(folder: Path) -> dict:
    """Raises UserError where the folder is not a prepared one, or only half of one."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        shape = (manifest["count"], manifest["size"], manifest["size"], 3)
        found, expected = (folder / "images.u8").stat().st_size, int(np.prod(shape))
    except (OSError, ValueError, KeyError, TypeError):
        half = " (half-written: run prepare again)" if folder.name.endswith(".partial") else ""
        raise UserError(f"{folder}: not a folder made by prepare{half}, expected manifest.json and images.u8") from None
    if found != expected:
        raise UserError(f"{folder / 'images.u8'}: found {found} bytes, expected {expected}; remove {folder} and "
                        "prepare again")
    return manifest


def load_prepared(folder: Path, image_size: int, name: str | None = None) -> Images:
    """The images of a prepared folder, still on disk: a memory map.

    Raises:
        UserError: not such a folder, or prepared for another size.
    """
    manifest = read_manifest(folder)
    size = manifest["size"]
    if size != image_size:
        raise UserError(f"{folder}: found images of {size}x{size}, expected {image_size}x{image_size}; "
                        f"use --image_size {size}, or prepare again")
    # mode "c": PyTorch wants arrays that could be written; nothing ever is
    pixels = np.memmap(folder / "images.u8", np.uint8, "c", shape=(manifest["count"], size, size, 3))
    labels = np.load(folder / "labels.npy") if (folder / "labels.npy").is_file() else None
    return Images(name or manifest["source"], pixels, size, labels, tuple(manifest["label_names"]))


def summary(folder: Path) -> str:
    """A prepared folder in words, after its checksums were verified.

    Raises:
        UserError: a file differs from the sha256 in the manifest.
    """
    manifest = read_manifest(folder)
    for name, expected in manifest["sha256"].items():
        if file_sha256(folder / name) != expected:
            raise UserError(f"{folder / name}: altered, its sha256 differs from the manifest's; remove {folder} and "
                            "prepare again")
    count, size, skipped = manifest["count"], manifest["size"], manifest["skipped"]
    lines = [f"{manifest['source']}: {count:,} images of {size}x{size}, {count * size * size * 3 / 1e6:,.1f} MB, "
             f"checksums right; prepared at {manifest['images_per_s']:,} images/s"]
    lines += [f"  skipped {name}: {reason}" for name, reason in skipped[:20]]
    if len(skipped) > 20:
        lines.append(f"  and {len(skipped) - 20} more, see {folder / 'manifest.json'}")
    return "\n".join([*lines, str(folder)])
