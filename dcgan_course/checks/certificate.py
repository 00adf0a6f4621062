"""The certificate: a picture to share, for whoever has solved every exercise."""

import hashlib
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from .. import __version__
from ..machine import progress
from ..machine.display import say
from ..machine.errors import UserError
from ..plots.style import BLUE, ORANGE
from ..runs import load_run
from ..sampling import draw_z, generate, to_pixels

GREEN, INK, GREY = "#00855f", "#1f2933", "#6b7280"  # dark enough to carry white words, and to be printed
COLUMNS, ROWS, DPI = 16, 4, 200
TEXT = ("has written both networks of a deep convolutional GAN, trained them, broken them on purpose,\n"
        "walked their latent space, measured the result, and solved all {count} exercises of the course.")
NOTE = ("From noise to faces: drawn by the course's own generator, out of random numbers that begin with this name. "
        "Checked on the learner's own computer.")


def certificate(name: str, date: str, out: Path | str = "certificate.png") -> Image.Image | None:
    """Draw the certificate where every exercise is solved; else say what is missing.

    Args:
        name: the learner's, as it is to be read.
        date: in any form.
        out: the picture to write.
    Raises:
        UserError: the picture cannot be written.
    """
    solved = progress.read()
    missing = [exercise for exercise in progress.ALL if exercise not in solved]
    if missing:
        lesson = next(lesson for lesson, names in progress.EXERCISES.items() if missing[0] in names)
        say("○", f"The certificate waits. {len(missing)} of {len(progress.ALL)} exercises "
            f"{'is' if len(missing) == 1 else 'are'} not solved yet, the first of them in lesson {lesson}.")
        return None
    if not (name.strip() and date.strip()):
        say("✓", "All is solved. Type your name and the date into the cell, and run it again.")
        return None
    picture = drawn(" ".join(name.split()), " ".join(date.split()))
    try:
        picture.save(out, dpi=(DPI, DPI))
    except (OSError, ValueError) as error:
        raise UserError(f"{out}: cannot be written ({getattr(error, 'strerror', None) or error})") from None
    say("✓", f"{out} is yours to share.")
    return picture


def drawn(name: str, date: str) -> Image.Image:
    """The certificate, A4 across, 200 dots an inch."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    figure = Figure(figsize=(11.69, 8.27), facecolor="white")
    canvas = FigureCanvasAgg(figure)
    rows = figure.add_axes((0, 0.647, 1, 0.353))
    rows.imshow(noise_to_faces(name), interpolation="nearest", aspect="auto")
    rows.axis("off")
    page = figure.add_axes((0, 0, 1, 1), xlim=(0, 1), ylim=(0, 1))
    page.axis("off")
    for i, colour in enumerate((BLUE, GREEN, ORANGE)):
        page.add_patch(Rectangle((i / 3, 0.641), 1 / 3, 0.006, color=colour, linewidth=0))

    def write(x: float, y: float, text: str, size: float, colour: str = INK, **options: object) -> None:
        written = page.text(x, y, text, fontsize=size, color=colour, va="center", parse_math=False,
                            **{"ha": "center"} | options)
        width = written.get_window_extent(canvas.get_renderer()).width / figure.bbox.width
        if width > 0.86:  # a long name
            written.set_fontsize(size * 0.86 / width)

    write(0.5, 0.565, "C E R T I F I C A T E", 13, GREY)
    write(0.5, 0.468, name, 42, weight="bold")
    write(0.5, 0.357, TEXT.format(count=len(progress.ALL)), 14, linespacing=1.6)
    lessons = list(progress.EXERCISES)
    for i, lesson in enumerate(lessons):
        x = 0.5 + (i - (len(lessons) - 1) / 2) * 0.0667
        page.plot(x, 0.222, "o", color=GREEN, markersize=21)
        write(x, 0.221, lesson, 11, "white", weight="bold")
    page.plot([0.07, 0.93], [0.14, 0.14], color="#d1d5db", linewidth=1)
    write(0.07, 0.099, date, 14, ha="left")
    write(0.93, 0.099, "dcgan-course", 14, BLUE, ha="right", weight="bold")
    write(0.07, 0.052, NOTE, 8.5, GREY, ha="left")
    write(0.93, 0.052, __version__, 8.5, GREY, ha="right")
    figure.set_dpi(DPI)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy())


def noise_to_faces(name: str) -> np.ndarray:
    """(ROWS * 64, COLUMNS * 64, 3) uint8: noise on the left, generated faces on the right, of this name alone."""
    run = load_run("avatars")
    stream = torch.Generator().manual_seed(int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big"))
    faces = generate(run.load_generator(), draw_z(run.config, COLUMNS * ROWS, stream))
    faces = faces.unflatten(0, (ROWS, COLUMNS)).permute(0, 3, 1, 4, 2).flatten(2, 3).flatten(0, 1)
    noise = torch.rand(faces.shape, generator=stream) * 2 - 1
    seen = torch.linspace(-0.35, 1.6, faces.shape[1]).clamp(0, 1)[:, None]
    mixed = seen.sqrt() * faces + (1 - seen).sqrt() * (1 - seen) * noise
    return to_pixels(mixed.movedim(-1, 0)).numpy()
