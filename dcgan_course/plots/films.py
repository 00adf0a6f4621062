"""Films of a training, from its sheets of samples."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, UnidentifiedImageError

from ..machine.errors import UserError
from .curves import clock
from .style import BLUE, DENSE, GREY, INK, ORANGE, STYLE, lettering

FILMS = (".gif", ".webp", ".mp4")
STRIP = 22  # pixels of the line above a picture


def caption(picture: Image.Image, text: str, height: int = STRIP) -> Image.Image:
    """The picture with a line of text on a white strip above it."""
    framed = Image.new("RGB", (picture.width, picture.height + height), "white")
    framed.paste(picture.convert("RGB"), (0, height))
    ImageDraw.Draw(framed).text((6, 3), text, fill="black", font=lettering(12))
    return framed


def under_sliders(picture: Image.Image, sliders: Mapping[str, float], low: float, high: float) -> Image.Image:
    """A picture with sliders beside it, as a notebook has them: where no kernel runs it shows what moves what.

    Args:
        sliders: {name: where it stands, from low to high}.
    """
    track, row = 190, 34
    whole = Image.new("RGBA", (picture.width + 330, max(picture.height, row * len(sliders))))
    whole.paste(picture, (0, 0))
    pen, font = ImageDraw.Draw(whole), lettering(13)
    for place, (name, value) in enumerate(sliders.items()):
        left, y = picture.width + 75, row * place + row // 2
        x = left + track * (value - low) / (high - low)
        pen.text((left - 12, y), name, INK, font, "rm")
        pen.line((left, y, left + track, y), GREY, 4)
        pen.ellipse((x - 8, y - 8, x + 8, y + 8), BLUE)
        pen.text((left + track + 14, y), f"{value:.2f}", INK, font, "lm")
    return whole


def expect_film(file: Path) -> None:
    """Raises UserError where a file's ending is not that of a film, or is .mp4 and there is no ffmpeg."""
    if file.suffix.lower() not in FILMS:
        raise UserError(f"{file}: cannot be written as a film, expected an ending of {', '.join(FILMS)}")
    if file.suffix.lower() == ".mp4":
        try:
            import imageio_ffmpeg

            imageio_ffmpeg.get_ffmpeg_exe()
        except (ImportError, RuntimeError):
            raise UserError(f'{file}: an .mp4 needs ffmpeg; `pip install "imageio[ffmpeg]"` installs it; .gif and '
                            ".webp need nothing") from None


def encoded(frames: list[np.ndarray], ending: str, milliseconds: int, quality: int = 90) -> bytes:
    """Frames (height, width, 3) uint8, of a .webp also (height, width, 4), as a film of that ending, which shows each
    for so long. quality: 0 to 100, of a .webp."""
    import imageio.v3 as iio

    if ending == ".mp4":  # its sides are even: a row or a column is repeated, nothing is rescaled
        frames = [np.pad(f, ((0, len(f) % 2), (0, f.shape[1] % 2), (0, 0)), mode="edge") for f in frames]
        return iio.imwrite("<bytes>", frames, extension=ending, plugin="FFMPEG", fps=1000 / milliseconds, quality=8,
                           macro_block_size=1)
    options = {"quality": quality} if ending == ".webp" else {}
    return iio.imwrite("<bytes>", frames, extension=ending, duration=milliseconds, loop=0, **options)


def write_film(samples: list[tuple[float, Path]], file: Path, seconds: float = 8.0, hold: float = 2.0) -> Path:
    """As `write_gif`, in the format of the file's ending: .gif, .webp or .mp4. The latter two are small: they show
    whole sheets.

    Raises:
        UserError: another ending, no ffmpeg for .mp4, or a picture that cannot be read.
    """
    expect_film(file)
    if file.suffix.lower() == ".gif":
        return write_gif(samples, file, seconds, hold)
    frames, milliseconds = held(captioned(thinned(samples, 80)), seconds, hold)
    file.write_bytes(encoded([np.asarray(frame) for frame in frames], file.suffix.lower(), milliseconds))
    return file


def write_gif(samples: list[tuple[float, Path]], file: Path, seconds: float = 8.0, hold: float = 2.0,
              max_bytes: int = 1_500_000) -> Path:
    """A film of sample grids, each under its clock; the last picture stays `hold` seconds longer.

    A film larger than `max_bytes` shows a quarter of each sheet, and then fewer pictures, until it fits.

    Args:
        samples: (thousand images shown, PNG file), in order, as from Run.samples().
        file: the .gif to write.
        seconds: length of the film.
    """
    samples, part = thinned(samples, 80), 1.0
    while True:
        frames, milliseconds = held(captioned(samples, part), seconds, hold)
        palette = frames[-1].quantize(64)  # one for all: grey digits need no more, and the file halves
        frames = [np.asarray(frame.quantize(palette=palette, dither=Image.Dither.NONE).convert("RGB"))
                  for frame in frames]
        content = encoded(frames, ".gif", milliseconds)
        if len(content) <= max_bytes or len(samples) <= 2:
            file.write_bytes(content)
            return file
        if part == 1:
            part = 0.5
        else:
            samples = thinned(samples, max(2, int(0.8 * len(samples) * min(1, 1.25 * max_bytes / len(content)))))


def captioned(samples: Sequence[tuple[float, Path]], part: float = 1.0) -> list[Image.Image]:
    """The pictures of samples, or the upper left part of each, under their clocks."""
    frames = []
    decimals = 1 if len({clock(kimg) for kimg, _ in samples}) == len(samples) else 3  # each frame has its own caption
    for kimg, picture in samples:
        try:
            with Image.open(picture) as opened:
                frames.append(caption(corner(opened, part), clock(kimg, decimals)))
        except (OSError, SyntaxError) as error:  # PIL raises SyntaxError for a broken PNG
            reason = "not a picture" if isinstance(error, UnidentifiedImageError) else error
            raise UserError(f"{picture}: cannot be read ({reason})") from None
    return frames


def over_curves(samples: Sequence[tuple[float, Image.Image]], stats: list[dict]) -> list[np.ndarray]:
    """Frames of a film, (height, width, 4) uint8: each sheet twice as large under its clock, and below it the losses,
    in which a cursor marks the moment. What lies behind clock and losses is the page, light or dark.

    Args:
        samples: (thousand images shown, sheet), in order; the sheets are of one size.
        stats: lines with kimg, loss_D and loss_G, as of `Run.stats`.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    wide, frames = DENSE * samples[0][1].width, []
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(wide / 100, 1.6))
        canvas, axes = FigureCanvasAgg(figure), figure.subplots()
        for key, colour in (("loss_D", BLUE), ("loss_G", ORANGE)):
            axes.plot([line["kimg"] for line in stats], [line[key] for line in stats], color=colour, label=key)
        axes.set(xlabel="thousand images shown", xlim=(0, samples[-1][0]), ylim=(0, None))
        axes.legend(ncols=2, loc="upper right")
        axes.grid(visible=False)  # a line would cross the legend
        canvas.draw()
        below = Image.fromarray(np.asarray(canvas.buffer_rgba()))
        low, high = (below.height - axes.transAxes.transform((0, y))[1] for y in (1, 0))
    for kimg, sheet in samples:
        x = axes.transData.transform((kimg, 0))[0]
        large = sheet.convert("RGB").resize((wide, DENSE * sheet.height), Image.Resampling.NEAREST)
        top = STRIP + large.height
        frame = Image.new("RGBA", (wide, top + below.height))
        frame.paste(large, (0, STRIP))
        frame.paste(below, (0, top))
        pen = ImageDraw.Draw(frame)
        pen.text((6, 2), clock(kimg), INK, lettering(14))
        pen.line((x, top + low, x, top + high), INK, 2)
        frames.append(np.asarray(frame))
    return frames


def held(frames: list[Image.Image], seconds: float, hold: float) -> tuple[list[Image.Image], int]:
    """Frames that play for so long, the last one repeated, and the milliseconds of each."""
    milliseconds = max(40, round(100 * seconds / len(frames)) * 10)  # GIF counts in hundredths of a second
    return frames + frames[-1:] * round(1000 * hold / milliseconds), milliseconds


def thinned(items: Sequence, most: int) -> Sequence:
    """At most that many of the items, evenly spread, the first and the last among them."""
    if len(items) <= most:
        return items
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def corner(sheet: Image.Image, part: float) -> Image.Image:
    """The upper left part of a sheet of pictures: 0.5 = half of its width and height."""
    return sheet.crop((0, 0, round(sheet.width * part) + 1, round(sheet.height * part) + 1)) if part < 1 else sheet
