"""CelebA: 202,599 aligned faces with 40 attributes (Liu and others, arXiv 1411.7766). Imports no torch."""

import functools
from pathlib import Path, PurePosixPath

import numpy as np

from ..errors import UserError
from .sources import Source, digest, list_files, picture_in, read_file

HELP = ("fetch img_align_celeba.zip and list_attr_celeba.txt by hand from "
        "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html and put them into")


def celeba_source(path: Path) -> Source:
    """CelebA's aligned faces with their 40 attributes (1 = present), from torchvision's layout: a folder, or a zip of
    it, with img_align_celeba/ (or img_align_celeba.zip) and list_attr_celeba.txt (or .csv).

    Raises:
        UserError: a part is missing, or the attribute file does not fit the images.
    """
    if not path.exists():
        raise UserError(f"{path}: not found, expected CelebA; {HELP} {path}")
    files = list_files(path)
    tables = [n for n in sorted(files) if PurePosixPath(n).name in ("list_attr_celeba.txt", "list_attr_celeba.csv")]
    if not tables:
        raise UserError(f"{path}: list_attr_celeba.txt not found; {HELP} {path}")
    root, pictures = path, celeba_pictures(files)
    archives = [name for name in files if PurePosixPath(name).name == "img_align_celeba.zip"]
    if not pictures and archives and path.is_dir():
        root = path / archives[0]
        files |= list_files(root)
        pictures = celeba_pictures(files)
    if not pictures:
        raise UserError(f"{path}: img_align_celeba not found, neither folder nor zip; {HELP} {path}")
    attributes, rows = read_attributes(f"{path / tables[0]}", read_file(path, tables[0]).decode(errors="replace"))
    missing = next((name for name in pictures if PurePosixPath(name).name not in rows), None)
    if missing:
        raise UserError(f"{path / tables[0]}: no row for {PurePosixPath(missing).name}, expected one for each image")
    labels = np.array([rows[PurePosixPath(name).name] for name in pictures], np.uint8)
    stamp = digest(*(f"{name} {files[name]}" for name in [tables[0], *pictures]))
    return Source(f"celeba:{path}", pictures, functools.partial(picture_in, root), stamp, labels, attributes)


def celeba_pictures(files: dict[str, str]) -> list[str]:
    return sorted(name for name in files
                  if "img_align_celeba" in PurePosixPath(name).parts and name.lower().endswith((".jpg", ".png")))


def read_attributes(file: str, text: str) -> tuple[tuple[str, ...], dict[str, list[bool]]]:
    """The attributes' names, and {image: values} from list_attr_celeba.txt (or Kaggle's .csv): a count, the names,
    then a row per image with its name and -1 or 1 for each attribute."""
    lines = [line.replace(",", " ").split() for line in text.splitlines()]
    count = int(lines.pop(0)[0]) if lines and len(lines[0]) == 1 and lines[0][0].isdigit() else None
    if not lines or not lines[0]:
        raise UserError(f"{file}: found no attribute names, expected a count, a line of names, and a row per image")
    attributes = tuple(name for name in lines[0] if name != "image_id")
    rows = {}
    for number, row in enumerate(lines[1:], 2 + (count is not None)):
        if len(row) != len(attributes) + 1 or not set(row[1:]) <= {"1", "-1", "0"}:
            raise UserError(f"{file}: line {number} does not fit: found {len(row)} words, expected an image's name and "
                            f"{len(attributes)} values, each 1 or -1")
        rows[row[0]] = [value == "1" for value in row[1:]]
    if count not in (None, len(rows)):
        raise UserError(f"{file}: found {len(rows)} rows, expected {count}, as its first line says")
    return attributes, rows
