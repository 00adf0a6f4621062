"""Cartoon faces with exact labels, drawn on first use: style Avataaars by Pablo Stanley, by way of DiceBear.

Every choice follows from the seed alone, so that the same seed is the same person on any machine, and one choice can be
changed while the person stays. Imports no torch, so that worker processes start at once.
"""

import functools
import random
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from ..machine.errors import UserError
from .decode import decode

if TYPE_CHECKING:
    import dicebear

COUNT = 10_000  # how many `avatars` means

LONG_HAIR = ("bob", "longButNotTooLong", "miaWallace", "straight01", "straight02", "straightAndStrand", "curvy",
             "bigHair", "curly")
SHORT_HAIR = ("shortCurly", "shortFlat", "shortRound", "shortWaved", "theCaesar", "theCaesarAndSidePart", "dreads01")
HAIR = {"black": "#2c1b18", "brown": "#724133", "blond": "#d6b370", "red": "#c93305", "grey": "#e8e1e1"}
SKIN = {"pale": "#ffdbb4", "tan": "#edb98a", "brown": "#ae5d29", "dark": "#614335"}
BACKGROUND = {"blue": "#65c9ff", "green": "#a7ffc4", "pink": "#ffafb9", "yellow": "#ffffb1"}

# What a person is made of: option -> its values, drawn evenly.
OPTIONS = {
    "background": tuple(BACKGROUND), "skin": tuple(SKIN), "hair": tuple(HAIR),
    "length": ("short", "long"), "short": SHORT_HAIR, "long": LONG_HAIR,
    "smiling": (True, False), "not_smiling": ("serious", "sad", "disbelief"),
    "wears_glasses": (True, False, False),
    "glasses": ("prescription01", "prescription02", "round", "kurt", "wayfarers"),
    "frame": ("#25557c", "#5199e4", "#ff488e"),
    "bearded": (True, False, False),
    "beard": ("beardLight", "beardMedium", "beardMajestic", "moustacheFancy", "moustacheMagnum"),
    "eyes": ("default", "happy", "side", "surprised"),
    "eyebrows": ("defaultNatural", "flatNatural", "raisedExcitedNatural", "upDownNatural", "angryNatural"),
    "clothes": ("shirtCrewNeck", "hoodie", "blazerAndShirt", "collarAndSweater"),
    "cloth": ("#262e33", "#25557c", "#ff5c5c", "#929598", "#ffffff"),
}

# Attribute -> (option, its value where the attribute is present).
ATTRIBUTES = {
    "smile": ("smiling", True), "glasses": ("wears_glasses", True), "facial_hair": ("bearded", True),
    "long_hair": ("length", "long"),
    **{f"{name}_hair": ("hair", name) for name in HAIR},
    **{f"{name}_skin": ("skin", name) for name in SKIN},
    **{f"{name}_background": ("background", name) for name in BACKGROUND},
}


def person(seed: int) -> dict:
    """Every choice for a seed: {"background": "blue", "smiling": True, ...}."""
    stream = random.Random(f"avatar {seed}")  # the same on every machine and Python
    return {option: values[int(stream.random() * len(values))] for option, values in OPTIONS.items()}


def labels(seeds: Iterable[int]) -> np.ndarray:
    """(N, attributes) uint8: 1 where the person has the attribute, in the order of ATTRIBUTES."""
    people = [person(seed) for seed in seeds]
    return np.array([[who[option] == value for option, value in ATTRIBUTES.values()] for who in people], np.uint8)


def draw(who: dict, size: int = 64) -> np.ndarray:
    """A person as (size, size, 3) uint8."""
    return decode(drawn(who, size), size)


def drawn(who: dict, size: int) -> bytes:
    """A person as a PNG file."""
    import resvg_py
    from dicebear import Avatar

    svg = Avatar(style(), {
        "seed": "0", "size": size, "scale": 1.45, "translateY": 4,  # the face fills the frame
        "backgroundColor": BACKGROUND[who["background"]], "skinColor": SKIN[who["skin"]],
        "hairColor": HAIR[who["hair"]], "facialHairColor": HAIR[who["hair"]],
        "topVariant": who[who["length"]],
        "mouthVariant": "smile" if who["smiling"] else who["not_smiling"],
        "accessoriesProbability": 100 * who["wears_glasses"], "accessoriesVariant": who["glasses"],
        "accessoriesColor": who["frame"],
        "facialHairProbability": 100 * who["bearded"], "facialHairVariant": who["beard"],
        "eyesVariant": who["eyes"], "eyebrowsVariant": who["eyebrows"], "noseVariant": "default",
        "clothesVariant": who["clothes"], "clothesColor": who["cloth"],
    }).to_string()
    return bytes(resvg_py.svg_to_bytes(svg_string=svg))


def draw_seed(seed: int, size: int) -> np.ndarray:
    """The person of a seed as (size, size, 3) uint8."""
    return draw(person(seed), size)


def encoded(seed: int, size: int) -> bytes:
    """The person of a seed as a PNG file."""
    return drawn(person(seed), size)


def avatar_pair(seed: int, attribute: str, size: int = 64) -> np.ndarray:
    """The same person with and without an attribute: (2, size, size, 3) uint8, with first.

    Raises:
        UserError: an unknown attribute.
    """
    if attribute not in ATTRIBUTES:
        raise UserError(f"attribute: found {attribute!r}, expected one of {', '.join(ATTRIBUTES)}")
    option, value = ATTRIBUTES[attribute]
    who = person(seed)
    others = [other for other in OPTIONS[option] if other != value]
    without = who[option] if who[option] != value else others[seed % len(others)]
    return np.stack([draw(who | {option: choice}, size) for choice in (value, without)])


@functools.cache
def style() -> "dicebear.Style":
    """The drawing style, read once per process."""
    import importlib.resources
    import json

    import dicebear_styles
    from dicebear import Style

    return Style(json.loads((importlib.resources.files(dicebear_styles) / "avataaars.json").read_bytes()))
