"""One picture of any kind -> a square of uint8 pixels. Imports no torch, so that worker processes start at once."""

import contextlib
import functools
import io
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF", "JPEG2000")  # none that runs programs
SUFFIXES = frozenset(".jpg .jpeg .jpe .jfif .png .apng .webp .bmp .dib .gif .tif .tiff .ppm .pgm .pbm .pnm .avif "
                     ".jp2 .j2k .heic .heif".split())
MIN_SIDE = 8  # pixels: smaller pictures show nothing
SCALED = ("PPM", "JPEG2000")  # whose maximum is in the file, and which Pillow stretches to 65,535 by itself
PHOTOMETRIC, BITS, MAXIMA = 262, 258, (281, 341)  # tags of TIFF; MAXIMA: the largest value


class Undecodable(Exception):
    """Why a file cannot become a training image, in a few words."""


class UnknownRange(Exception):
    """A picture of more than 8 bits that does not say which value is white: its set must be asked, by `extent`."""


@dataclass(frozen=True)
class Look:
    """How a picture becomes a square.

    Args:
        fit: crop = the largest centred square; pad = all of it, on a square of pad_colour; stretch = all of it, its
            proportions changed.
        pad_colour: a name or #rrggbb.
        levels: the values of black and white in pictures of more than 8 bits; None = not known.
    """

    fit: Literal["crop", "pad", "stretch"] = "crop"
    pad_colour: str = "white"
    levels: tuple[int, int] | None = None


def decode(content: bytes, size: int, look: Look = Look()) -> np.ndarray:
    """A picture as a square, scaled to (size, size, 3) uint8 with antialiasing.

    Turned as its EXIF orientation says; grey, palette and CMYK become RGB, more than 8 bits become 8 by look.levels,
    and transparent places become white. Of several frames the first counts.

    Raises:
        Undecodable: empty, broken, smaller than MIN_SIDE, a decompression bomb (above Pillow's limit of 179 million
            pixels), or of a kind that is not supported.
        UnknownRange: more than 8 bits, and look has no levels.
    """
    with opened(content) as picture:
        picture.draft(None, (size, size))  # JPEG: decode at 1/2, 1/4 or 1/8 where that is still large enough
        inverted = getattr(picture, "tag_v2", {}).get(PHOTOMETRIC) == 0  # white is zero; Pillow sees to 8 bits only
        return square(to_rgb(eight_bits(ImageOps.exif_transpose(picture), look.levels, inverted)), size, look)


def extent(content: bytes) -> tuple[int, int] | None:
    """The least and the largest value of a picture of more than 8 bits, as far as it tells; None for any other."""
    try:
        with opened(content) as picture:
            if not picture.mode.startswith("I"):
                return None
            if picture.format in SCALED:
                return 0, 65535
            values, tags = np.asarray(picture), getattr(picture, "tag_v2", {})
            told = [2 ** min(tags.get(BITS, (16,))) - 1] if min(tags.get(BITS, (16,))) < 16 else []
            told += [int(np.max(tags[tag])) for tag in MAXIMA if tag in tags]
            return min(0, int(values.min())), max(int(values.max()), *told, 1)
    except Undecodable:  # `decode` will say so
        return None


def decode_all(read: Callable[..., bytes], items: list, size: int,
               look: Look) -> tuple[np.ndarray, list[tuple[int, str]]]:
    """What `read(item, size)` gives for each item, decoded: (N, size, size, 3) uint8; and (position, reason) of those
    that cannot be."""
    pixels, bad = np.empty((len(items), size, size, 3), np.uint8), []
    kept = 0
    for i, item in enumerate(items):
        try:
            pixels[kept] = decode(read(item, size), size, look)
            kept += 1
        except Undecodable as error:
            bad.append((i, str(error)))
    return pixels[:kept], bad


def extents(read: Callable[..., bytes], items: list, size: int) -> list[tuple[int, int]]:
    """The extents of those items that have more than 8 bits."""
    found = []
    for item in items:
        with contextlib.suppress(Undecodable):
            found.append(extent(read(item, size)))
    return [limits for limits in found if limits]


def whole_bits(low: int, high: int) -> tuple[int, int]:
    """The levels of a set whose pictures have values from low to high: as many bits as hold them, so that a set of
    12-bit pictures is white at 4,095 whether or not one of them reaches it.

    >>> whole_bits(0, 3990), whole_bits(-1000, 2000)
    ((0, 4095), (-1024, 2047))
    """
    return -(2 ** (-low - 1).bit_length()) if low < 0 else 0, 2 ** int(high).bit_length() - 1


@contextlib.contextmanager
def opened(content: bytes) -> Iterator[Image.Image]:
    """The picture in some bytes; whatever fails inside becomes Undecodable."""
    if not content:
        raise Undecodable("empty file")
    if content.startswith(b"version https://git-lfs"):
        raise Undecodable("the pointer of a file in Git LFS, not the file: git lfs pull fetches it")
    if content[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1"):
        raise Undecodable("HEIC is not supported, convert it to JPEG")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # large photographs are welcome; bombs still raise
            with Image.open(io.BytesIO(content), formats=formats()) as picture:
                if min(picture.size) < MIN_SIDE:
                    raise Undecodable(f"{picture.width}x{picture.height} pixels, at least {MIN_SIDE}x{MIN_SIDE} needed")
                yield picture
    except (Undecodable, UnknownRange):
        raise
    except Image.UnidentifiedImageError:
        raise Undecodable("not a picture, or of a kind that is not supported") from None
    except Image.DecompressionBombError:
        raise Undecodable("more pixels than Pillow accepts (179 million): a decompression bomb?") from None
    except Exception as error:  # decoders of broken files raise nearly anything
        raise Undecodable(str(error) or type(error).__name__) from None


@functools.cache
def formats() -> list[str]:
    """Those of FORMATS that this Pillow can read."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def eight_bits(picture: Image.Image, levels: tuple[int, int] | None, inverted: bool) -> Image.Image:
    """A picture of more than 8 bits, which convert() would clip, with levels[0] as 0 and levels[1] as 255 (the other
    way round where `inverted`); another one as it is."""
    if picture.mode == "F":
        raise Undecodable("floating-point pixels, whose range is unknown")
    if not picture.mode.startswith("I"):
        return picture
    if levels is None:
        raise UnknownRange
    low, high = levels
    values = (np.asarray(picture).astype(np.float64) - low) * (255 / (high - low))
    if inverted:
        values = 255 - values
    return Image.fromarray(values.round().clip(0, 255).astype(np.uint8))


def to_rgb(picture: Image.Image) -> Image.Image:
    """Any Pillow mode of 8 bits as RGB."""
    if picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture).convert("RGB")
    return picture.convert("RGB")


def square(picture: Image.Image, size: int, look: Look) -> np.ndarray:
    """(size, size, 3) uint8."""
    width, height = picture.size
    side = min(width, height) if look.fit == "crop" else max(width, height)
    left, top = ((width - side) / 2, (height - side) / 2) if look.fit == "crop" else (0, 0)
    box = (left, top, min(left + side, width), min(top + side, height))
    shape = tuple(max(1, round(size * part / side)) for part in (width, height)) if look.fit == "pad" else (size, size)
    scaled = picture.resize(shape, Image.Resampling.BICUBIC, box, reducing_gap=3.0)
    if shape != (size, size):
        sheet = Image.new("RGB", (size, size), look.pad_colour)
        sheet.paste(scaled, ((size - shape[0]) // 2, (size - shape[1]) // 2))
        scaled = sheet
    return np.asarray(scaled)
