"""One picture of any kind -> a square of uint8 pixels. Imports no torch, so that worker processes start at once."""

import functools
import io
import warnings

import numpy as np
from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF", "JPEG2000")  # none that runs programs
SUFFIXES = frozenset(".jpg .jpeg .png .webp .bmp .gif .tif .tiff .ppm .pgm .avif .jp2 .heic .heif".split())
MIN_SIDE = 8  # pixels: smaller pictures show nothing


class Undecodable(Exception):
    """Why a file cannot become a training image, in a few words."""


def decode(content: bytes, size: int) -> np.ndarray:
    """The largest centred square of a picture, scaled to (size, size, 3) uint8 with antialiasing.

    Turned as its EXIF orientation says; grey, palette and CMYK become RGB, 16 bits become 8, and transparent places
    become white. Of several frames the first counts.

    Raises:
        Undecodable: empty, broken, smaller than MIN_SIDE, a decompression bomb (above Pillow's limit of 179 million
            pixels), or of a kind that is not supported.
    """
    if not content:
        raise Undecodable("empty file")
    if content[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1"):
        raise Undecodable("HEIC is not supported, convert it to JPEG")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # large photographs are welcome; bombs still raise
            with Image.open(io.BytesIO(content), formats=formats()) as picture:
                if min(picture.size) < MIN_SIDE:
                    raise Undecodable(f"{picture.width}x{picture.height} pixels, at least {MIN_SIDE}x{MIN_SIDE} needed")
                picture.draft(None, (size, size))  # JPEG: decode at 1/2, 1/4 or 1/8 where that is still large enough
                return square(to_rgb(ImageOps.exif_transpose(picture)), size)
    except Undecodable:
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


def to_rgb(picture: Image.Image) -> Image.Image:
    """Any Pillow mode as RGB."""
    if picture.mode.startswith("I"):  # 16-bit grey, which convert() would clip
        return Image.fromarray((np.asarray(picture).clip(0, 65535) // 257).astype(np.uint8)).convert("RGB")
    if picture.mode == "F":
        raise Undecodable("floating-point pixels, whose range is unknown")
    if picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture).convert("RGB")
    return picture.convert("RGB")


def square(picture: Image.Image, size: int) -> np.ndarray:
    """The largest centred square, at size x size."""
    side = min(picture.size)
    left, top = (picture.width - side) / 2, (picture.height - side) / 2
    box = (left, top, left + side, top + side)
    return np.asarray(picture.resize((size, size), Image.Resampling.BICUBIC, box, reducing_gap=3.0))
