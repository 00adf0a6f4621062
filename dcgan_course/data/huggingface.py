"""Data sets of the Hugging Face hub, by way of their own package."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..errors import UserError
from .decode import decode
from .sources import Source, one_line


class Rows(Sequence):
    """The undecoded pictures of one column of a Hugging Face data set."""

    def __init__(self, dataset, column: str):
        self.dataset, self.column = dataset, column

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, i: int) -> bytes:
        cell = self.dataset[i][self.column]
        return cell["bytes"] if cell["bytes"] is not None else Path(cell["path"]).read_bytes()


def hf_source(name: str) -> Source:
    """The training split of a Hugging Face data set (or of a local folder in that form): its first image column, with
    the first column of classes as labels.

    Raises:
        UserError: datasets is not installed, the set cannot be loaded, or has no images.
    """
    try:
        import datasets
    except ImportError:
        raise UserError("hf: the package datasets is not installed, expected after `pip install datasets`") from None
    try:
        dataset = datasets.load_dataset(name, split="train")
    except Exception as error:  # the hub client raises many kinds
        raise UserError(f"hf:{name}: cannot be loaded ({one_line(error)}); without a network, fetch the data set "
                        "elsewhere and give its folder: hf:PATH") from None
    images = [column for column, kind in dataset.features.items() if isinstance(kind, datasets.Image)]
    classes = [column for column, kind in dataset.features.items() if isinstance(kind, datasets.ClassLabel)]
    if not images:
        raise UserError(f"hf:{name}: found the columns {', '.join(dataset.features)}, expected one of images")
    labels = np.array(dataset[classes[0]], np.int64) if classes else None
    label_names = tuple(dataset.features[classes[0]].names) if classes else ()
    rows = dataset.select_columns(images[:1]).cast_column(images[0], datasets.Image(decode=False))
    return Source(f"hf:{name}", Rows(rows, images[0]), decode, str(dataset._fingerprint), labels, label_names)
