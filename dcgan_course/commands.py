"""What each command of the command line does: a function each, whose parameters are its flags."""

import os
from pathlib import Path
from typing import Literal

from .config import TrainConfig, preset
from .errors import UserError
from .flags import expect_positive, flag_value, parse, save, writing


def train(args: list[str]) -> None:
    """Train into a new run folder. Every parameter is a flag; --preset chooses their defaults."""
    from .trainer import train as run_training

    config = parse(TrainConfig, args, "train", default=preset(flag_value(args, "--preset") or "mnist"))
    show_result(run_training(config))


def resume(args: list[str]) -> None:
    """Go on with a stopped or killed run, bit for bit: dcgan-course resume RUN [--num_epochs 10]."""
    from .runs import Run
    from .trainer import train as run_training

    if not args or args[0].startswith("-"):
        if not {"-h", "--help"} & set(args):
            raise UserError("resume: no run folder given, expected: dcgan-course resume RUN")
        print(resume.__doc__)
        return
    run = Run(args[0])
    show_result(run_training(parse(TrainConfig, args[1:], "resume RUN", default=run.config), resume=run))


def prepare(name: str, /, image_size: int = 64, limit: int | None = None, strict: bool = False,
            out: Path | None = None) -> None:
    """Decode, crop and scale images once, in parallel; training does it by itself where it was not done before.

    Args:
        name: Images by name: avatars, folder:PATH, celeba:PATH, lsun/CATEGORY:PATH, hf:OWNER/NAME.
        image_size: Height and width in pixels.
        limit: Only the first so many images.
        strict: Stop at an image that cannot be decoded, instead of skipping it.
        out: A new folder for the result, to train from with --data prepared:OUT; None = a cache.
    """
    from .data.names import find_source
    from .data.prepare import prepared, summary

    expect_positive(image_size=image_size, limit=1 if limit is None else limit)
    print(summary(prepared(find_source(name), image_size, out, limit, strict)))


def sample(run: str, /, n: int = 64, seed: int = 0, nrow: int = 8, out: Path = Path("samples.png")) -> None:
    """Draw new images with a trained generator.

    Args:
        run: A run folder, or the name of a recorded run.
        n: How many images.
        seed: Start of the random stream of z.
        nrow: Images per row.
        out: The picture to write.
    """
    from .runs import load_run
    from .runtime import seeded
    from .sampling import draw_z, generate, image_grid

    expect_positive(n=n, nrow=nrow)
    loaded = load_run(run)
    z = draw_z(loaded.config, n, seeded(seed, "sample"))
    save(image_grid(generate(loaded.load_generator(), z), nrow), out)


def interpolate(run: str, /, frames: int = 36, nrow: int = 9, method: Literal["slerp", "lerp"] = "slerp",
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
    from .runs import load_run
    from .runtime import seeded
    from .sampling import draw_z, generate, image_grid
    from .sampling import interpolate as walk

    expect_positive(frames=frames, nrow=nrow)
    loaded = load_run(run)
    ends = draw_z(loaded.config, 2, seeded(seed, "interpolate"))
    images = generate(loaded.load_generator(), walk(*ends, frames, method))
    save([image_grid(image[None]) for image in images] if out.suffix == ".gif" else image_grid(images, nrow), out)


def gif(run: str, /, seconds: float = 8.0, out: Path | None = None) -> None:
    """Make the film of a training again from its sample grids.

    Args:
        run: A run folder, or the name of a recorded run.
        seconds: Length of the film.
        out: The .gif to write; None = training.gif in the run folder.
    """
    from .plots import write_gif
    from .runs import load_run

    expect_positive(seconds=seconds)
    loaded = load_run(run)
    samples = loaded.samples()
    if not samples:
        raise UserError(f"{loaded.path}: no sample grids in {loaded.path / 'samples'}")
    file = out or loaded.path / "training.gif"
    with writing(file):
        write_gif(samples, file, seconds)
    print(file)


def score(run: str, /, n: int = 10_000, seed: int = 0, judge: str = "auto") -> None:
    """Judge a generator by numbers: one line for each checkpoint that the run has kept.

    Args:
        run: A run folder, or the name of a recorded run.
        n: How many images to draw; numbers compare only at equal n. At most as many as there are real ones.
        seed: Start of the random stream of z.
        judge: Whose features are compared: auto = the run's; mnist, avatars or heritage, a file made by
            `dcgan-course judge`, or the weights of the Inception network.
    """
    from .runs import load_run
    from .scores import score_run

    expect_positive(n=n)
    for line in score_run(load_run(run), n, seed, judge):
        print(line)


def neighbours(run: str, /, n: int = 16, seed: int = 0, judge: str = "auto",
               out: Path = Path("neighbours.png")) -> None:
    """Draw images, and right of each the training image that is nearest to it: has G learned them by heart?

    Args:
        run: A run folder, or the name of a recorded run whose training images are here.
        n: How many.
        seed: Start of the random stream of z.
        judge: In whose features; as for score.
        out: The picture to write.
    """
    import torch

    from .runs import load_run
    from .runtime import seeded
    from .sampling import draw_z, generate, image_grid
    from .scores import training_neighbours

    expect_positive(n=n)
    loaded = load_run(run)
    config = loaded.config if judge == "auto" else loaded.config.replace(judge=judge)
    z = draw_z(config, max(n, 1000), seeded(seed, "sample"))
    images = generate(loaded.load_generator(), z)
    found, ratio = training_neighbours(images, config)
    save(image_grid(torch.stack([images[:n], found[:n]], 1).flatten(0, 1), 8), out)
    print(f"median distance to the nearest training image, over that among training images: {ratio:.2f} "
          "(1 = as new as another training image, 0 = copies)")


def judge(data: str, /, epochs: int | None = None, out: Path = Path("judge.safetensors")) -> None:
    """Train a classifier of real images, whose features then score generated ones: --judge FILE.

    Args:
        data: Images by name, with labels: mnist, avatars, or such as folder:PATH with a sub-folder for each class.
        epochs: How often it sees each image; None = 10 for digits, 8 for avatars, 60 for others.
        out: The file to write, named after what the judge knows.
    """
    from .judges import train_judge

    expect_positive(epochs=1 if epochs is None else epochs)
    if out.suffix != ".safetensors":
        raise UserError(f"out: found {out}, expected a name that ends in .safetensors")
    if not out.parent.is_dir():
        raise UserError(f"out: found {out}, expected a file in a folder that exists")
    trained, right = train_judge(data, out.stem, epochs)
    with writing(out):
        trained.save(out)
    print(f"{out}: {100 * right:.2f} % of the answers are right, on images that it never saw")


def record(run: str, folder: Path, /, discriminator: bool = False) -> None:
    """Keep the best of a run, or a study, as a small folder to ship, as in data/runs and data/studies: weights in half
    precision, pictures, numbers.

    Args:
        run: A run folder, or the folder of a study.
        folder: The new folder.
        discriminator: Keep D too.
    """
    from .recording import record as keep
    from .recording import record_study
    from .runs import Run

    with writing(folder):
        if (Path(run) / "study.json").is_file():
            record_study(run, folder)
        else:
            keep(Run(run), folder, discriminator)
        print(folder)


def export(run: str, folder: Path, /) -> None:
    """Write a generator as ONNX with a model card, into a new folder.

    Args:
        run: A run folder, or the name of a recorded run.
        folder: The new folder: generator.onnx, README.md, samples.png.
    """
    from .export import export as write
    from .runs import load_run

    with writing(folder):
        write(load_run(run), folder)
    print(folder)


def page(run: str, folder: Path, /) -> None:
    """Write a web page that runs a generator in the browser, without a server or a network.

    Args:
        run: A run folder, or the name of a recorded run.
        folder: The new folder; open its index.html.
    """
    from .export import page as write
    from .runs import load_run

    with writing(folder):
        write(load_run(run), folder)
    print(folder / "index.html")


def study(file: Path, /, out: Path = Path("runs/studies"), workers: int | None = None) -> None:
    """Train a grid of configs times seeds, score all, and write one table; goes on where it was stopped.

    Args:
        file: The study, as JSON: {"preset": "mnist", "common": {"num_epochs": 1}, "seeds": 3, "n": 2000, "configs":
            {"plain": {}, "slow": {"lr_g": 1e-4}}}, or in place of configs "grid": {"z": ["normal", "uniform"]}.
        out: The folder in which the study, named after the file, has its own.
        workers: Trainings at once, with one thread each; None = as many as there are cores, 1 on a GPU.
    """
    from .studies import read_study, run_study
    from .tables import comparison, summary

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


def info(name: str, /) -> None:
    """Describe a run, or the networks of a preset: shapes, parameters, statistics.

    Args:
        name: A run folder, the name of a recorded run, or a preset.
    """
    from .info import describe

    print(describe(name))


def bench(preset: str = "mnist64", seconds: float = 60.0) -> None:
    """Measure this machine: our training step and data path against the plain loop, interleaved.

    Args:
        preset: Which networks and batch.
        seconds: How long to measure, about.
    """
    from .bench import report
    from .config import preset as get_preset

    expect_positive(seconds=seconds)
    print(report(get_preset(preset), seconds))


def doctor() -> None:
    """Check the set-up: versions, device, precision, data, disk."""
    from .info import check_setup

    print(check_setup())


def features(run: str, /, labels: tuple[int, ...] = (100, 1000), draws: int = 3, data: str | None = None,
             out: Path = Path("features.csv")) -> None:
    """How well do few labels do on D's features, on raw pixels, and others? A linear SVM's answers on the test images.

    Args:
        run: A run folder with its discriminator, or the name of a recorded run.
        labels: How many labelled images, one number or several.
        draws: How often other ones are drawn.
        data: Images by name, with classes and a test set: mnist, fashion_mnist, cifar10, svhn; None = the run's.
        out: The table to write, a line for each draw.
    """
    import pandas as pd

    from .features import label_study
    from .runs import load_run
    from .tables import summary

    expect_positive(draws=draws)
    rows = []
    for row in label_study(load_run(run), labels, draws, data):
        print(f"{row['metric']:<13} draw {row['seed']}  {row['config']:<11} {row['value']:.2f} %", flush=True)
        rows.append(row)
    with writing(out):
        pd.DataFrame(rows).to_csv(out, index=False)
    print(f"percent right, means over the draws:\n{summary(pd.DataFrame(rows))}\n{out}")


# ---- results


def show_result(run) -> None:
    """Where the pictures of a run are. Of several processes, one says it."""
    if os.environ.get("RANK", "0") != "0":
        return
    print(f"samples  {run.samples()[-1][1]}")
    print(f"film     {run.path / 'training.gif'}")
    print(f"curves   {run.path / 'curves.png'}")
