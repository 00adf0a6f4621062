"""Data sets of the Hugging Face hub, by way of their own package."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..machine.errors import Unreadable, UserError
from ..machine.files import reading
from .decode import Undecodable
from .sources import Source, one_line

if TYPE_CHECKING:
    from datasets import Dataset


def read_cell(dataset: "Dataset", name: str, column: str, i: int, size: int) -> bytes:
    """The undecoded picture in a row. Raises Unreadable, or Undecodable for an empty cell."""
    try:
        cell = dataset[i][column]
    except Exception as error:  # its table's library raises many kinds
        raise Unreadable(f"hf:{name}: row {i} cannot be read ({one_line(error)})") from None
    if not cell or (cell["bytes"] is None and not cell["path"]):
        raise Undecodable("an empty cell")
    if cell["bytes"] is not None:
        return cell["bytes"]
    with reading(cell["path"]):
        return Path(cell["path"]).read_bytes()


def hf_source(name: str) -> Source:
    """The training split of a Hugging Face data set (or of a local folder in that form): its first image column, with
    the first column of classes as labels.

    Raises:
        UserError: datasets is not installed, the set cannot be loaded, or has no images.
    """
    try:
        import datasets
    except ImportError:
        raise UserError("hf: the package datasets is not installed; `pip install datasets` installs it") from None
    try:
        dataset = datasets.load_dataset(name, split="train")
    except Exception as error:  # the hub client raises many kinds
        raise UserError(f"hf:{name}: cannot be loaded ({one_line(error)}); without a network, fetch the data set "
                        "elsewhere and give its folder: hf:PATH") from None
    images = [column for column, kind in dataset.features.items() if isinstance(kind, datasets.Image)]
    classes = [column for column, kind in dataset.features.items() if isinstance(kind, datasets.ClassLabel)]
    if not images:
        raise UserError(f"hf:{name}: found the columns {', '.join(dataset.features)}, expected one of images")
    found = dataset[classes[0]] if classes else [None]
    unknown = sum(label is None or label < 0 for label in found)
    labels = None if unknown else np.array(found, np.int64)
    label_names = () if unknown else tuple(dataset.features[classes[0]].names)
    notes = (f"rows without a class in the column {classes[0]}: {unknown}, so there are no classes",
             ) if classes and unknown else ()
    rows = dataset.select_columns(images[:1]).cast_column(images[0], datasets.Image(decode=False))
    return Source(f"hf:{name}", range(len(rows)), functools.partial(read_cell, rows, name, images[0]),
                  str(dataset._fingerprint), labels, label_names, notes)
