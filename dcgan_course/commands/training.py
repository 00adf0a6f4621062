"""Prepare images, train, and keep what came out.

Each function is a command, and its parameters are the flags.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..config import TrainConfig, is_colour, preset
from ..machine.errors import UserError
from ..machine.files import expect_new
from ..machine.flags import ImagesName, NewFolder, RunName, StudyFile, expect_positive, flag_value, parse, writing

if TYPE_CHECKING:
    from ..runs import Run


def prepare(name: ImagesName, /, image_size: int = 64, fit: Literal["crop", "pad", "stretch"] = "crop",
            pad_colour: str = "white", limit: int | None = None, strict: bool = False, out: Path | None = None) -> None:
    """Decode, crop and scale images once, in parallel; training does it by itself where it was not done before.

    Args:
        name: Images by name: avatars, folder:PATH, celeba:PATH, lsun/CATEGORY:PATH, hf:OWNER/NAME.
        image_size: Height and width in pixels.
        fit: Pictures that are not square: their centred square, all of them on a square of pad_colour, or stretched.
        pad_colour: A name such as black, or #rrggbb.
        limit: Only the first so many images.
        strict: Stop at an image that cannot be decoded, instead of skipping it.
        out: A new folder for the result, to train from with --data prepared:OUT; None = a cache.
    """
    from ..data.decode import Look
    from ..data.manifest import summary
    from ..data.names import find_source
    from ..data.prepare import prepared

    expect_positive(image_size=image_size, limit=1 if limit is None else limit)
    if not is_colour(pad_colour):
        raise UserError(f"pad_colour: found {pad_colour!r}, expected a colour such as black or #1188ff")
    print(summary(prepared(find_source(name), image_size, out, limit, strict, Look(fit, pad_colour))))


def train(args: list[str]) -> None:
    """Train into a new run folder. Every parameter is a flag; --preset chooses their defaults."""
    from ..trainer import train as run_training

    config = parse(TrainConfig, args, "train", default=preset(flag_value(args, "--preset") or "mnist"))
    show_result(run_training(config))


def resume(args: list[str]) -> None:
    """Go on with a stopped or killed run, bit for bit: dcgan-course resume RUN [--num_epochs 10]."""
    from ..backstage.resolve import GROWABLE
    from ..runs import Run
    from ..trainer import train as run_training

    if not args or args[0].startswith("-"):
        if not {"-h", "--help"} & set(args):
            raise UserError("resume: no run folder given, expected: dcgan-course resume RUN")
        print(f"{resume.__doc__}\n\nIts flags are those of train, of which these may change: {', '.join(GROWABLE)};\n"
              "and judge and metric_n, where nothing was scored before.")
        return
    run = Run(args[0])
    show_result(run_training(parse(TrainConfig, args[1:], "resume RUN", default=run.config), resume=run))


def study(file: StudyFile, /, out: Path = Path("runs/studies"), workers: int | None = None) -> None:
    """Train a grid of configs times seeds, score all, and write one table; goes on where it was stopped.

    Args:
        file: The study, as JSON: {"preset": "mnist", "common": {"num_epochs": 1}, "seeds": 3, "n": 2000, "configs":
            {"plain": {}, "slow": {"lr_g": 1e-4}}}, or instead of configs "grid": {"z": ["normal", "uniform"]}. "real"
            may name the data that all are compared with, where configs train on parts of them.
        out: The folder in which the study, named after the file, has its own.
        workers: Trainings at once, with one thread each; None = as many as there are cores, 1 on a GPU.
    """
    from ..experiments.studies import read_study, run_study
    from ..measuring.tables import comparison, summary

    expect_positive(workers=1 if workers is None else workers)
    asked = read_study(file)
    table = run_study(asked, out, workers)
    first, *others = asked.configs
    print(f"means over {len(asked.seeds)} seeds, with the half width of their 95 % confidence interval:")
    print(summary(table))
    if others:
        print(f"\ndifference from {first!r}, seed by seed; ? = undecided, the interval includes 0")
        print("(one in twenty does not, where nothing differs):")
        print(comparison(table, first))
    print(out / asked.name / "table.csv")


def diffusion(folder: NewFolder, /, num_epochs: float = 20, seed: int = 0) -> None:
    """Train the diffusion model of lesson 14 on digits, into a new folder; goes on where it was stopped.

    Args:
        folder: Where everything is kept: pictures, numbers, weights.
        num_epochs: How many times every image is shown.
        seed: Start of every random stream.
    """
    from ..experiments.diffusing import DiffusionConfig, train_diffusion
    from ..machine.runtime import settle_threads

    config = DiffusionConfig(num_epochs=num_epochs, seed=seed)
    settle_threads()
    with writing(folder):
        done = train_diffusion(folder, config)
    print(f"samples  {folder / 'samples'}" if done else f"stopped; the same command goes on in {folder}")


def judge(data: ImagesName, /, epochs: int | None = None, out: Path = Path("judge.safetensors")) -> None:
    """Train a classifier of real images, whose features then score generated ones: --judge FILE.

    Args:
        data: Images by name, with labels: mnist, avatars, or for example folder:PATH with a sub-folder for each
            class.
        epochs: How often it sees each image; None = 10 for digits, 8 for avatars, 60 for others.
        out: The file to write, named after what the judge knows.
    """
    from ..measuring.judges import train_judge

    expect_positive(epochs=1 if epochs is None else epochs)
    if out.suffix != ".safetensors":
        raise UserError(f"out: found {out}, expected a name that ends in .safetensors")
    if not out.parent.is_dir():
        raise UserError(f"out: found {out}, expected a file in a folder that exists")
    trained, right = train_judge(data, out.stem, epochs)
    with writing(out):
        trained.save(out)
    print(f"{out}: {100 * right:.2f} % of the answers are right, on images that it never saw")


def record(run: RunName, folder: NewFolder, /, discriminator: bool = False) -> None:
    """Keep the best of a run, or a study, as a small folder to ship.

    As in data/runs and data/studies: weights in half precision, pictures, numbers.

    Args:
        run: A run folder, or the folder of a study or of a diffusion training.
        folder: The new folder.
        discriminator: Keep D too.
    """
    expect_new(folder)
    from ..experiments.diffusing import record_diffusion
    from ..experiments.recording import record as keep
    from ..experiments.recording import record_study
    from ..runs import Run

    with writing(folder):
        if (Path(run) / "study.json").is_file():
            record_study(run, folder)
        elif (Path(run) / "diffusion.json").is_file():
            record_diffusion(run, folder)
        else:
            keep(Run(run), folder, discriminator)
        print(folder)


def show_result(run: "Run") -> None:
    """Where the pictures of a run are, and what can be done next. Of several processes, one says it."""
    from ..machine.runtime import program
    from ..measuring.scores import has_judge

    if os.environ.get("RANK", "0") != "0":
        return
    kimg, last = run.samples()[-1]
    print(f"samples  {last}" if kimg else f"samples  none since the start: one comes every {run.config.sample_kimg:g} "
          "thousand images (--sample_kimg of a new run)")
    print(f"film     {run.path / 'training.gif'}")
    print(f"curves   {run.path / 'curves.png'}")
    others = "score, neighbours, page" if has_judge(run.config) else "neighbours, page"
    print(f"next     {program()} sample {run.path}; or {others} instead of sample")
