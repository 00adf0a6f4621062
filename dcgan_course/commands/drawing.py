"""What a trained generator draws.

Each function is a command, and its parameters are the flags.
"""

import os
import unicodedata
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..machine.errors import UserError, nearest
from ..machine.files import expect_new
from ..machine.flags import (
    FileOrFolder,
    NewFolder,
    RunName,
    expect_file,
    expect_picture,
    expect_positive,
    save,
    writing,
)

if TYPE_CHECKING:
    from torch import Tensor

    from ..runs import Run

FILM, FRAME = 256, 80  # pixels, at least, of a side of a film; milliseconds of a step of a walk
TRANSLATING = "translating the generator into ONNX, and comparing it with torch: some seconds ..."


def sample(run: RunName, /, n: int = 64, seed: int = 0, label: str | None = None, checkpoint: str = "best",
           nrow: int = 8, out: FileOrFolder = "samples.png") -> None:
    """Draw new images with a trained generator.

    Args:
        run: A run folder, or the name of a recorded run.
        n: How many images.
        seed: Start of the random stream of z; the first images of a seed are the same for every n.
        label: Only of this class, its name or number, where G was told the class; None = all in turn.
        checkpoint: Whose weights: best = of those that were scored, else the last; last; or the number of a step.
        nrow: Images per row.
        out: The picture to write; or, with a slash at its end, a folder, for one picture per image.
    """
    import torch

    from ..machine.runtime import seeded
    from ..runs import load_run
    from ..sampling import draw_z, generate, image_grid

    expect_positive(n=n, nrow=nrow)
    if not out:
        raise UserError("out: found nothing, expected a picture or a folder")
    folder = Path(out) if out.endswith(("/", os.sep)) or Path(out).is_dir() else None
    files = [folder / f"seed{seed}_{i:04d}.png" for i in range(n)] if folder else [Path(out)]
    expect_free(folder, files) if folder else expect_picture(files[0], f"; or a folder, {out}/")
    loaded = load_run(run, checkpoint)
    labels = None if label is None else torch.full((n,), class_of(loaded, label))
    netG = loaded.load_generator()
    say_weights(loaded)
    images = generate(netG, draw_z(loaded.config, n, seeded(seed, "sample"), labels=labels))
    if folder:
        save_each(images, files)
    else:
        save(image_grid(images, nrow), files[0])


def interpolate(run: RunName, /, frames: int = 36, nrow: int = 9, method: Literal["slerp", "lerp"] = "slerp",
                seed: int = 0, checkpoint: str = "best", out: Path = Path("interpolation.png")) -> None:
    """Walk from one random z to another and draw every step.

    Args:
        run: A run folder, or the name of a recorded run.
        frames: Steps of the walk, both ends included.
        nrow: Images per row.
        method: slerp = along the sphere that normal z lie near, lerp = straight.
        seed: Start of the random stream of z.
        checkpoint: Whose weights, as for sample.
        out: The picture to write; with the ending .gif, .webp or .mp4 a film.
    """
    from ..machine.runtime import seeded
    from ..plots import FILMS, encoded, expect_film
    from ..runs import load_run
    from ..sampling import draw_z, generate, image_grid
    from ..sampling import interpolate as walk

    expect_positive(frames=frames, nrow=nrow)
    ending = out.suffix.lower()
    expect_film(out) if ending in FILMS else expect_picture(out, "; or of a film, .gif, .webp or .mp4")
    expect_file(out)
    loaded = load_run(run, checkpoint)
    netG = loaded.load_generator()
    say_weights(loaded)
    ends = draw_z(loaded.config, 2, seeded(seed, "interpolate"))
    images = generate(netG, walk(ends[0], ends[1], frames, method))
    if ending not in FILMS:
        return save(image_grid(images, nrow), out)
    times = -(-FILM // images.shape[2])
    large = images.repeat_interleave(times, 2).repeat_interleave(times, 3)
    with writing(out):
        out.write_bytes(encoded([image_grid(image[None]).numpy() for image in large], ending, FRAME))
    print(out)


def gif(run: RunName, /, seconds: float = 8.0, out: Path | None = None) -> None:
    """Make the film of a training again from its sample grids.

    Args:
        run: A run folder, or the name of a recorded run.
        seconds: Length of the film, at most 600.
        out: The .gif, .webp or .mp4 to write; None = training.gif in the run folder; of a recorded run
            NAME.gif here.
    """
    from ..plots import expect_film, write_film
    from ..runs import load_run

    expect_positive(seconds=seconds)
    if seconds > 600:
        raise UserError(f"seconds: found {seconds}, expected at most 600")
    if out:
        expect_film(out)
        expect_file(out)
    loaded = load_run(run)
    samples = loaded.samples()
    if not samples:
        raise UserError(f"{loaded.path}: no sample grids in {loaded.path / 'samples'}")
    recorded = (loaded.path / "generator.safetensors").is_file()  # its film stays: it was made of more sheets
    file = out or (Path(f"{loaded.path.name}.gif") if recorded else loaded.path / "training.gif")
    with writing(file):
        write_film(samples, file, seconds)
    print(file)


def export(run: RunName, folder: NewFolder, /, checkpoint: str = "best") -> None:
    """Write a generator as ONNX with a model card, into a new folder.

    Args:
        run: A run folder, or the name of a recorded run.
        folder: The new folder: generator.onnx, README.md, samples.png.
        checkpoint: Whose weights, as for sample.
    """
    expect_new(folder)
    from ..publishing.export import export as write

    write_folder(run, checkpoint, folder, write)
    print(folder)


def page(run: RunName, folder: NewFolder, /, checkpoint: str = "best", seed: int | None = None,
         title: str | None = None, source: str | None = None) -> None:
    """Write a web page that runs a generator in the browser, without a server or a network.

    Args:
        run: A run folder, or the name of a recorded run.
        folder: The new folder, for one file, index.html.
        checkpoint: Whose weights, as for sample.
        seed: Of the first picture.
        title: Above the picture; None = the run's name.
        source: Where the training images come from, in words, such as "my photographs of mushrooms".
    """
    expect_new(folder)
    if seed is not None and not 0 <= seed < 10**9:
        raise UserError(f"seed: found {seed}, expected 0 to 999999999")
    from ..publishing.export import page as write

    write_folder(run, checkpoint, folder, partial(write, seed=seed, title=title, source=source))
    print(folder / "index.html")


# ---- what they share


def write_folder(run: str, checkpoint: str, folder: Path, write: "Callable[[Run, Path], None]") -> None:
    """Have `write` make the folder of a run, once it is clear that the run can be exported; says whose weights."""
    from ..publishing.export import expect_exportable
    from ..runs import load_run

    loaded = load_run(run, checkpoint)
    expect_exportable(loaded)
    say_weights(loaded)
    print(TRANSLATING, flush=True)
    with writing(folder):
        write(loaded, folder)


def say_weights(run: "Run") -> None:
    """A line for a run with checkpoints: which of them draws."""
    if words := run.weights():
        print(f"weights: {words}", flush=True)


def class_of(run: "Run", label: str) -> int:
    """The number of a class of a conditional run, by its name or number.

    Raises:
        UserError: the run is not conditional, or has no such class, or several.
    """
    classes, label = run.config.classes, unicodedata.normalize("NFC", label)
    names = [unicodedata.normalize("NFC", name) for name in run.class_names()]
    if not classes:
        raise UserError(f"label: found {label}, expected none: the generator of {run.path} was not told classes "
                        "(train --classes)")
    if names.count(label) > 1:
        numbers = ", ".join(str(i) for i, name in enumerate(names) if name == label)
        raise UserError(f"label: found {label}, the name of several classes, expected one of their numbers, {numbers}")
    if label in names:
        return names.index(label)
    if label.isdecimal() and int(label) < classes:
        return int(label)
    named = [name for i, name in enumerate(names) if name != str(i)]
    known = f"{', '.join(named[:20])}{' ...' if len(named) > 20 else ''}, or " if named else ""
    meant = "" if label.lstrip("-").isdecimal() else nearest(label, names)
    raise UserError(f"label: found {label}, expected {known}0 to {classes - 1}{meant}")


def expect_free(folder: Path, files: list[Path]) -> None:
    """Raises UserError where one of the files is there already, or the folder cannot be written."""
    around = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not around.is_dir() or not os.access(around, os.W_OK):
        raise UserError(f"{folder}: cannot be written ({around} is {'read-only' if around.is_dir() else 'a file'})")
    there = next((file for file in files if file.exists()), None)
    if there:
        raise UserError(f"{there}: exists already, expected another folder or seed; nothing was written")


def save_each(images: "Tensor", files: list[Path]) -> None:
    """One PNG per image (nc, size, size) in [-1, 1], grey or in colour as it is, and which files they are."""
    from PIL import Image

    from ..sampling import to_pixels

    with writing(files[0].parent):
        files[0].parent.mkdir(parents=True, exist_ok=True)
    for image, file in zip(images, files, strict=True):
        with writing(file):
            Image.fromarray(to_pixels(image).squeeze(2).numpy()).save(file)
    print(f"{files[0]} to {files[-1].name}" if len(files) > 1 else files[0])
