"""A prepared folder: what it says of itself, and its images."""

import json
import math
from pathlib import Path

import numpy as np

from ..machine.errors import UserError
from ..machine.files import file_sha256, in_bytes, reading
from .images import Images
from .sources import digest

DARK = 32  # of 255: a set whose brightest value is below it shows nothing


def read_manifest(folder: Path) -> dict:
    """The manifest of a prepared folder. Raises UserError where it is none, or only half of one."""
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        shape = (manifest["count"], manifest["size"], manifest["size"], 3)
        # not np.prod, which an older NumPy on Windows takes in 32 bits
        found, expected = (folder / "images.u8").stat().st_size, math.prod(shape)
        if not all(name in manifest for name in ("source", "stamp", "sha256", "skipped", "label_names")):
            raise KeyError
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
        half = " (half-written: run prepare again)" if folder.name.endswith(".partial") else ""
        raise UserError(f"{folder}: not a folder made by prepare{half}, expected manifest.json and images.u8") from None
    except OSError as error:
        raise UserError(f"{folder}: cannot be read ({error.strerror or error})") from None
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
    with reading(folder):
        if (folder / "images.u8").stat().st_mtime > (folder / "manifest.json").stat().st_mtime + 1:
            verify(folder)  # written to since it was made, or copied in another order
        # mode "r": for one that could be written Windows sets memory aside, as much as the file is long
        pixels = np.memmap(folder / "images.u8", np.uint8, "r", shape=(manifest["count"], size, size, 3))
    return Images(name or manifest["source"], pixels, size, read_labels(folder), tuple(manifest["label_names"]),
                  stamp=digest(*manifest["sha256"].values()), remarks=tuple(remarks(folder)))


def read_labels(folder: Path) -> np.ndarray | None:
    """The labels of a prepared folder, None where it has none. Raises UserError where they do not fit its images."""
    file, manifest = folder / "labels.npy", read_manifest(folder)
    if file.name not in manifest["sha256"]:
        return None
    names = len(manifest["label_names"])
    try:
        with reading(file):
            labels = np.load(file)
        known = 0 <= labels.min() <= labels.max() < names if labels.ndim == 1 else labels.shape[1:] == (names,)
        fits = known and len(labels) == manifest["count"]
    except (ValueError, EOFError, TypeError):
        fits = False
    if not fits:
        raise UserError(f"{file}: damaged, its labels do not fit the {manifest['count']:,} images; remove {folder} and "
                        "prepare again")
    return labels


def verify(folder: Path) -> None:
    """Raise UserError where a file of a prepared folder differs from the sha256 in its manifest."""
    for name, expected in read_manifest(folder)["sha256"].items():
        with reading(folder / name):
            found = file_sha256(folder / name)
        if found != expected:
            raise UserError(f"{folder / name}: altered, its sha256 differs from the manifest's; remove {folder} and "
                            "prepare again")


def remarks(folder: Path) -> list[str]:
    """What a person should know of a prepared folder, a line each."""
    manifest = read_manifest(folder)
    skipped, levels, names = manifest["skipped"], manifest.get("levels"), manifest["label_names"]
    lines = [*manifest.get("notes", ())]
    if names:
        labels = read_labels(folder)
        counts = np.bincount(labels, minlength=len(names)) if labels.ndim == 1 else labels.sum(0)
        listed = [f"{label} {count:,}" for label, count in zip(names, counts, strict=True)]
        lines.append(f"{len(names)} {'classes' if labels.ndim == 1 else 'attributes'}: {', '.join(listed[:10])}"
                     f"{' ...' * (len(names) > 10)}")
    if levels:
        lines.append(f"of more than 8 bits: the values {levels[0]:,} to {levels[1]:,} became black to white")
    if manifest.get("brightest", 255) < DARK:
        lines.append(f"almost black: the brightest value of all is {manifest['brightest']} of 255; do the files hold "
                     "fewer bits than they say?")
    if manifest.get("grey"):
        lines.append("all are grey: --nc 1 trains one channel instead of three")
    if skipped:
        few = "; ".join(f"{item}: {reason}" for item, reason in skipped[:3])
        rest = f"; {folder / 'manifest.json'} lists all" if len(skipped) > 3 else ""
        lines.append(f"{len(skipped)} picture{'s' * (len(skipped) > 1)} could not be decoded ({few}{rest})")
    return lines


def summary(folder: Path) -> str:
    """A prepared folder in words, after its checksums were verified.

    Raises:
        UserError: a file differs from the sha256 in the manifest.
    """
    verify(folder)
    manifest = read_manifest(folder)
    count, size, skipped = manifest["count"], manifest["size"], manifest["skipped"]
    lines = [f"{manifest['source']}: {count:,} images of {size}x{size}, {in_bytes(count * size * size * 3)}, "
             f"checksums right; prepared at {manifest.get('images_per_s', 0):,} images/s"]
    lines += [f"  {line}" for line in remarks(folder)[: -1 if skipped else None]]
    lines += [f"  skipped {name}: {reason}" for name, reason in skipped[:20]]
    if len(skipped) > 20:
        lines.append(f"  and {len(skipped) - 20} more, see {folder / 'manifest.json'}")
    return "\n".join([*lines, str(folder)])

