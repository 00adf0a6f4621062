"""Images by name."""

from ..config import nearest
from ..errors import UserError
from .images import Batches, Images, to_float
from .mnist import load_mnist

__all__ = ["Batches", "Images", "load_images", "load_mnist", "to_float"]

LOADERS = {"mnist": load_mnist}


def load_images(name: str, image_size: int) -> Images:
    """The images `name`, which come out of `Images.batch` at image_size x image_size.

    Raises:
        UserError: unknown name, or files that are missing or damaged.
    """
    if name not in LOADERS:
        raise UserError(f"data: found {name!r}, expected one of {', '.join(LOADERS)}{nearest(name, LOADERS)}")
    return LOADERS[name](image_size)
