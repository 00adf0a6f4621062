"""What a trained generator draws.

Each function is a command, and its parameters are the flags.
"""

from pathlib import Path
from typing import Literal

from ..errors import UserError
from ..flags import NewFolder, RunName, expect_positive, save, writing

FILM = 256  # pixels, at least, of a side
TRANSLATING = "translating the generator into ONNX, and comparing it with torch: some seconds ..."


def sample(run: RunName, /, n: int = 64, seed: int = 0, nrow: int = 8, out: Path = Path("samples.png")) -> None:
    """Draw new images with a trained generator.

    Args:
        run: A run folder, or the name of a recorded run.
        n: How many images.
        seed: Start of the random stream of z.
        nrow: Images per row.
        out: The picture to write.
    """
    from ..runs import load_run
    from ..runtime import seeded
    from ..sampling import draw_z, generate, image_grid

    expect_positive(n=n, nrow=nrow)
    loaded = load_run(run)
    z = draw_z(loaded.config, n, seeded(seed, "sample"))
    save(image_grid(generate(loaded.load_generator(), z), nrow), out)


def interpolate(run: RunName, /, frames: int = 36, nrow: int = 9, method: Literal["slerp", "lerp"] = "slerp",
                seed: int = 0, out: Path = Path("interpolation.png")) -> None:
    """Walk from one random z to another and draw every step.

    Args:
        run: A run folder, or the name of a recorded run.
        frames: Steps of the walk, both ends included.
        nrow: Images per row.
        method: slerp = along the sphere that normal z lie near, lerp = straight.
        seed: Start of the random stream of z.
        out: The picture to write; with the ending .gif a film.
    """
    from ..runs import load_run
    from ..runtime import seeded
    from ..sampling import draw_z, generate, image_grid
    from ..sampling import interpolate as walk

    expect_positive(frames=frames, nrow=nrow)
    loaded = load_run(run)
    ends = draw_z(loaded.config, 2, seeded(seed, "interpolate"))
    images = generate(loaded.load_generator(), walk(*ends, frames, method))
    if out.suffix == ".gif":
        times = -(-FILM // images.shape[2])
        large = images.repeat_interleave(times, 2).repeat_interleave(times, 3)
        save([image_grid(image[None]) for image in large], out)
    else:
        save(image_grid(images, nrow), out)


def gif(run: RunName, /, seconds: float = 8.0, out: Path | None = None) -> None:
    """Make the film of a training again from its sample grids.

    Args:
        run: A run folder, or the name of a recorded run.
        seconds: Length of the film.
        out: The .gif to write; None = training.gif in the run folder.
    """
    from ..plots import write_gif
    from ..runs import load_run

    expect_positive(seconds=seconds)
    loaded = load_run(run)
    samples = loaded.samples()
    if not samples:
        raise UserError(f"{loaded.path}: no sample grids in {loaded.path / 'samples'}")
    file = out or loaded.path / "training.gif"
    with writing(file):
        write_gif(samples, file, seconds)
    print(file)


def export(run: RunName, folder: NewFolder, /) -> None:
    """Write a generator as ONNX with a model card, into a new folder.

    Args:
        run: A run folder, or the name of a recorded run.
        folder: The new folder: generator.onnx, README.md, samples.png.
    """
    from ..export import export as write
    from ..runs import load_run

    loaded = load_run(run)
    print(TRANSLATING)
    with writing(folder):
        write(loaded, folder)
    print(folder)


def page(run: RunName, folder: NewFolder, /) -> None:
    """Write a web page that runs a generator in the browser, without a server or a network.

    Args:
        run: A run folder, or the name of a recorded run.
        folder: The new folder; open its index.html. Its title and last line are plain HTML, to be changed by hand.
    """
    from ..export import page as write
    from ..runs import load_run

    loaded = load_run(run)
    print(TRANSLATING)
    with writing(folder):
        write(loaded, folder)
    print(folder / "index.html")
