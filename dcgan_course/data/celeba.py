"""CelebA: 202,599 aligned faces with 40 attributes (Liu and others, arXiv 1411.7766). Imports no torch."""

import os
from pathlib import Path, PurePosixPath

import numpy as np

from ..machine.errors import UserError
from .decode import Undecodable
from .listing import Listing, list_files, read_file, refuse_web_page
from .sources import Source, digest, link_note, reader

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
    listing = list_files(path)
    tables = [n for n in listing.files if PurePosixPath(n).name in ("list_attr_celeba.txt", "list_attr_celeba.csv")]
    if not tables:
        raise UserError(f"{path}: list_attr_celeba.txt not found; {HELP} {path}; or take the pictures without "
                        f"attributes: folder:{path}")
    faces, archives = listing, [n for n in listing.files if PurePosixPath(n).name == "img_align_celeba.zip"]
    if not celeba_pictures(listing) and archives and path.is_dir():
        faces = list_files(path / archives[0])
    pictures = celeba_pictures(faces)
    if not pictures:
        raise UserError(f"{path}: img_align_celeba not found, neither folder nor zip; {HELP} {path}")
    attributes, rows = read_attributes(f"{path / tables[0]}", table_text(listing, tables[0]))
    missing = next((name for name in pictures if PurePosixPath(name).name not in rows), None)
    if missing:
        raise UserError(f"{path / tables[0]}: no row for {PurePosixPath(missing).name}, expected one for each image")
    labels = np.array([rows[PurePosixPath(name).name] for name in pictures], np.uint8)
    stamp = digest(os.path.abspath(path), faces.stamp, listing.files[tables[0]],
                   *(f"{name} {faces.files[name]}" for name in pictures))
    return Source(f"celeba:{path}", pictures, reader(faces), stamp, labels, attributes,
                  tuple(filter(None, [partly(len(rows), len(pictures)), link_note(faces.left_out)])))


def partly(rows: int, pictures: int) -> str:
    """A note for where the table lists other images than there are; "" where both are as many."""
    return f"the table has {rows:,} rows, found {pictures:,} pictures: unpacked in part?" if rows != pictures else ""


def table_text(listing: Listing, name: str) -> str:
    """The attribute file. Raises UserError where it, or the zip it is in, is damaged."""
    try:
        return read_file(listing, name).decode(errors="replace")
    except Undecodable as error:
        raise UserError(f"{listing.root}: {name} {error}; fetch it again") from None


def celeba_pictures(listing: Listing) -> list[str]:
    """The names of those pictures that lie in a folder img_align_celeba, however deep."""
    return [name for name in listing.files
            if "img_align_celeba" in PurePosixPath(name).parts and name.lower().endswith((".jpg", ".png"))]


def read_attributes(file: str, text: str) -> tuple[tuple[str, ...], dict[str, list[bool]]]:
    """The attributes' names, and {image: values} from list_attr_celeba.txt (or Kaggle's .csv): a count, the names,
    then a row per image with its name and -1 or 1 for each attribute."""
    refuse_web_page(file, "CelebA's attributes", text[:300].encode())
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
