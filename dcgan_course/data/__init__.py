"""Images by name. `load_images` knows the names; `Images` is what the trainer sees of them."""

import importlib

__all__ = ["Batches", "Images", "avatar_pair", "images_of", "load_images", "load_mnist", "to_float"]

HOMES = {"Batches": "images", "Images": "images", "to_float": "images", "load_images": "names", "images_of": "names",
         "load_mnist": "mnist", "avatar_pair": "avatars"}


def __getattr__(name: str):
    """Import on first use: the processes that decode pictures come through here and must not wait for torch."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{HOMES[name]}", __name__), name)
