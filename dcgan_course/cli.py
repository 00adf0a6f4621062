"""The command line: dcgan-course COMMAND ..., or python -m dcgan_course COMMAND ..."""

import contextlib
import io
import os
import re
import sys
from pathlib import Path
from typing import Literal

from . import __version__
from .config import PRESETS, TrainConfig, nearest, preset
from .errors import UserError


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
    from .sampling import generate, image_grid, sample_z

    expect_positive(n=n, nrow=nrow)
    loaded = load_run(run)
    z = sample_z(n, loaded.config.nz, loaded.config.z, seeded(seed, "sample"))
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
    from .sampling import generate, image_grid, sample_z
    from .sampling import interpolate as walk

    expect_positive(frames=frames, nrow=nrow)
    loaded = load_run(run)
    ends = sample_z(2, loaded.config.nz, loaded.config.z, seeded(seed, "interpolate"))
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


def score(run: str, /, n: int = 10_000, seed: int = 0) -> None:
    """Judge a generator of digits by numbers: one line for each checkpoint that the run has kept.

    Args:
        run: A run folder, or the name of a recorded run.
        n: How many images to draw; numbers compare only at equal n.
        seed: Start of the random stream of z.
    """
    from .metrics import score_run
    from .runs import load_run

    expect_positive(n=n)
    for line in score_run(load_run(run), n, seed):
        print(line)


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


# ---- parsing and errors

OWN_PARSING = {"train": train, "resume": resume}
COMMANDS = OWN_PARSING | {f.__name__: f for f in (prepare, sample, interpolate, gif, score, info, bench, doctor)}


def main(argv: list[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0, 2 after bad input, 130 after Ctrl-C."""
    args = list(sys.argv[1:] if argv is None else argv)
    try:
        if not args or args[0] in ("-h", "--help"):
            print(overview())
        elif args[0] == "--version":
            print(__version__)
        elif args[0] not in COMMANDS:
            known = ", ".join(COMMANDS)
            raise UserError(f"command: found {args[0]!r}, expected one of {known}{nearest(args[0], COMMANDS)}")
        elif args[0] in OWN_PARSING:
            OWN_PARSING[args[0]](args[1:])
        else:
            parse(COMMANDS[args[0]], args[1:], args[0])
    except UserError as error:
        rank = f"rank {os.environ['RANK']}: " if "RANK" in os.environ else ""  # one of torchrun's processes
        print(f"dcgan-course: {rank}{error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(f"dcgan-course: {stop or 'stopped'}", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, such as head, has gone
        sys.stdout = None
    return 0


def overview() -> str:
    lines = [f"  {name:<12} {command.__doc__.splitlines()[0]}" for name, command in COMMANDS.items()]
    return "\n".join(["dcgan-course COMMAND [--help] ...", "", *lines, "", f"presets: {', '.join(PRESETS)}"])


def parse(target, args: list[str], command: str, default=None):
    """tyro's parsing of `args` for a dataclass or a function, with its boxed errors made into one line."""
    import tyro

    keywords = {} if default is None else {"default": default}
    args = [re.sub(r"^--channels[-_]noise(?==|$)", "--nz", arg) for arg in args]
    errors = io.StringIO()
    try:
        with contextlib.redirect_stderr(errors):
            return tyro.cli(target, args=args, prog=f"dcgan-course {command}", use_underscores=True, **keywords)
    except SystemExit as stop:
        if stop.code:
            raise UserError(f"{command}: {one_line(errors.getvalue())}") from None
        return sys.exit(0)  # --help


def one_line(box: str) -> str:
    """What tyro says inside its box, as one line: the first paragraph, and the nearest flag where it knows one."""
    paragraphs = [[]]
    for line in box.splitlines():
        if re.fullmatch(r"[╭╰+]?[─-].*[─-][╮╯+]?", line.strip("│| ")):  # a border or a rule, in Unicode or ASCII
            paragraphs.append([])
        elif line.strip("│| "):
            paragraphs[-1].append(line.strip("│| "))
    paragraphs = [lines for lines in paragraphs if lines]
    if not box.lstrip().startswith("╭"):  # in ASCII the title stands alone between two rules
        del paragraphs[0]
    message = " ".join(paragraphs[0])
    message = re.sub(r"Error parsing (\S+): invalid literal for int\(\) with base 10: (.+)",
                     r"\1: found \2, expected a whole number", message)
    message = re.sub(r"Error parsing (\S+): could not convert string to float: (.+)",
                     r"\1: found \2, expected a number", message)
    if len(paragraphs) > 1 and paragraphs[1][0].startswith("Perhaps you meant"):
        message += f"; did you mean {paragraphs[1][1].split()[0]}?"
    return message


def flag_value(args: list[str], flag: str) -> str | None:
    """The value of a flag written as "--flag value" or "--flag=value"; None where it is missing."""
    for i, arg in enumerate(args):
        if arg == flag:
            return args[i + 1] if i + 1 < len(args) else None
        if arg.startswith(flag + "="):
            return arg.removeprefix(flag + "=")
    return None


def expect_positive(**values: float) -> None:
    for name, value in values.items():
        if not value > 0:
            raise UserError(f"{name}: found {value}, expected a number above 0")


# ---- results


def show_result(run) -> None:
    """Where the pictures of a run are. Of several processes, one says it."""
    if os.environ.get("RANK", "0") != "0":
        return
    print(f"samples  {run.samples()[-1][1]}")
    print(f"film     {run.path / 'training.gif'}")
    print(f"curves   {run.path / 'curves.png'}")


def save(picture, out: Path) -> None:
    """Write one picture, or a list of pictures as a film, and say where."""
    import imageio.v3 as iio

    with writing(out):
        if isinstance(picture, list):
            iio.imwrite(out, [frame.numpy() for frame in picture], extension=".gif", duration=80, loop=0)
        else:
            iio.imwrite(out, picture.numpy())
    print(out)


@contextlib.contextmanager
def writing(file: Path):
    """Turns a failure to write into one line."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise UserError(f"{file}: cannot be written ({getattr(error, 'strerror', None) or error})") from error


def script() -> None:
    """The console script `dcgan-course`."""
    sys.exit(main())
