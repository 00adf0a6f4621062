"""A run on disk: what was asked, what happened, what it looks like, and how to go on.

    runs/0003-mnist/
        config.json        every parameter, resolved
        machine.json       versions and hardware
        images.json        the images: name, count, stamp, classes
        stats.jsonl        one line per logging interval
        metrics.jsonl      one line per score, where --metric_every asks for them
        reals.png          a grid of training images; .webp in recorded runs, as are the samples
        samples/           fakes_000040.png: a grid from the fixed z after 40 thousand images
        checkpoints/       step_0003748/: all that is needed to go on, bit for bit
        curves.png, training.gif
"""

import json
import re
from pathlib import Path

from torch import nn

from ..config import FIELD_TYPES, TrainConfig
from ..machine.errors import UserError, nearest
from ..machine.files import read_json, reading
from ..machine.places import repo_data_dir
from ..machine.runtime import program
from ..models import build_discriminator, build_generator
from .checkpoints import check_files, distance_name, load_weights, named_checkpoint, no_run, step_of

IMAGES_FILE = "images.json"


class Run:
    """A run folder.

    Attributes:
        stopped: Ctrl-C or a signal has just ended its training before the last step.
        chosen: the checkpoint that its networks are loaded from; None = the last one, or what was recorded.
    Raises:
        UserError: the folder is not a run, or its config cannot be read.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        file = self.path / "config.json"
        if not file.is_file():
            raise UserError(no_run(self.path))
        self.config = read_config(file)
        self.stopped, self.chosen = False, None

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    # ---- statistics

    def stats(self) -> list[dict]:
        """The lines of stats.jsonl. A last line that was cut off by a crash is left out."""
        return self._lines("stats.jsonl")

    def metrics(self) -> list[dict]:
        """The lines of metrics.jsonl: step, kimg and the scores by name."""
        return self._lines("metrics.jsonl")

    def _lines(self, name: str) -> list[dict]:
        file = self.path / name
        return read_lines(file) if file.is_file() else []

    # ---- pictures

    def samples(self) -> list[tuple[float, Path]]:
        """(thousand images shown, file) of every sample grid, oldest first."""
        files = (self.path / "samples").glob("fakes_*")
        ours = ((re.fullmatch(r"fakes_(\d+(?:\.\d+)?)\.(?:png|webp)", f.name), f) for f in files)
        return sorted((float(match[1]), f) for match, f in ours if match)

    # ---- checkpoints

    def checkpoints(self) -> list[Path]:
        """Every whole checkpoint folder, oldest first."""
        folders = (self.path / "checkpoints").glob("step_*")
        return sorted(f for f in folders if re.fullmatch(r"step_\d{7,}", f.name) and f.is_dir())

    def last_checkpoint(self) -> Path:
        """The newest checkpoint folder. Raises UserError where there is none yet."""
        checkpoints = self.checkpoints()
        if not checkpoints:
            raise UserError(f"{self.path}: no checkpoint yet")
        return checkpoints[-1]

    def best_checkpoint(self) -> Path | None:
        """The checkpoint with the lowest Frechet distance in metrics.jsonl; None where nothing was scored."""
        try:
            scores = {line["step"]: line[distance_name(line)] for line in self.metrics()}
        except (KeyError, StopIteration, TypeError, AttributeError):
            raise UserError(f"{self.path / 'metrics.jsonl'}: a line is no score of a step, expected a step and a "
                            "Frechet distance in each") from None
        kept = [c for c in self.checkpoints() if step_of(c) in scores]
        return min(kept, key=lambda c: scores[step_of(c)], default=None)

    def choose(self, name: str | int = "best") -> None:
        """Load the networks from a checkpoint from now on.

        Args:
            name: "best" = the best of those that were scored, else the last; "last"; or the number of a step, or its
                folder's name.
        Raises:
            UserError: there is no such checkpoint; the message lists those that there are.
        """
        if (self.path / "generator.safetensors").is_file():
            if name != "best":
                raise UserError(f"checkpoint: found {name}, expected best: the recorded run {self.path} has one set of "
                                "weights, without checkpoints")
            return
        found = self.checkpoints()
        if name in ("best", "last"):
            self.chosen = (self.best_checkpoint() if name == "best" else None) or (found[-1] if found else None)
        else:
            self.chosen = named_checkpoint(name, found, self.path)

    def weights(self) -> str | None:
        """Which checkpoint the networks are loaded from, in words; None of a recorded run."""
        found, best = self.checkpoints(), self.best_checkpoint()
        if not found or (self.path / "generator.safetensors").is_file():
            return None
        used = self.chosen or found[-1]
        which = (f"the best by {distance_name(self.metrics()[0])}" if used == best else
                 "the last" if used == found[-1] else "one")
        return (f"{used.name}, {which} of {len(found)} checkpoint{'s' * (len(found) > 1)}"
                f"{'' if best else '; none was scored'}")

    def last_good(self, cell: bool = False) -> str:
        """What is safe and how to go on from it, in words; `cell`: in a notebook too, which takes more lines."""
        checkpoints = self.checkpoints()
        if not checkpoints:
            return "there is no checkpoint yet"
        safe, shell = f"the last good checkpoint is {checkpoints[-1].name}", f"{program()} resume {self.path}"
        if not cell:
            return f"{safe}, go on with: {shell}"
        return (f"{safe}. To go on, in a cell, with the name that you gave the run:\n"
                f"    run = train(run.config, resume=run)\nor in a terminal:\n    {shell}")

    def class_names(self) -> list[str]:
        """What a conditional run's classes are called, by images.json; without that file "0", "1" and so on."""
        file, numbers = self.path / IMAGES_FILE, [str(i) for i in range(self.config.classes)]
        names = read_json(file).get("label_names") if numbers and file.is_file() else numbers
        if not isinstance(names, list) or len(names) < len(numbers):
            raise UserError(f"{file}: no label_names in it, expected {len(numbers)}")
        return [str(name) for name in names][: len(numbers)]

    def load_generator(self, checkpoint: Path | None = None) -> nn.Module:
        """The trained generator in eval mode, on the CPU: the moving average where the run has one.

        From a checkpoint, by default the `chosen` one; a recorded run has generator.safetensors in its place.
        """
        name = "netG_ema" if self.config.ema_kimg else "netG"
        return self._load(build_generator(self.config), "generator", name, checkpoint)

    def load_discriminator(self, checkpoint: Path | None = None) -> nn.Module:
        """The discriminator in eval mode, on the CPU, from the same places as the generator.

        Raises:
            UserError: a recorded run that was kept without it.
        """
        return self._load(build_discriminator(self.config), "discriminator", "netD", checkpoint)

    def _load(self, net: nn.Module, recorded: str, name: str, checkpoint: Path | None) -> nn.Module:
        file = self.path / f"{recorded}.safetensors"
        checkpoint = checkpoint or self.chosen
        if checkpoint or not file.is_file():
            if (self.path / "generator.safetensors").is_file() and not checkpoint:
                raise UserError(f"{self.path}: recorded without its {recorded}")
            checkpoint = checkpoint or self.last_checkpoint()
            check_files(checkpoint)
            file = checkpoint / f"{name}.safetensors"
        load_weights(net, file)
        return net.eval()


def load_run(name: str | Path, checkpoint: str | int = "best") -> Run:
    """A run by its folder, or a recorded one by its name in data/runs: load_run("mnist").

    Args:
        checkpoint: whose weights its networks have, as in `Run.choose`.
    Raises:
        UserError: no such run, or no such checkpoint.
    """
    run = Run(name if Path(name).exists() or Path(name).name != str(name) else recorded_run(name))
    run.choose(checkpoint)
    return run


def recorded_run(name: str | Path) -> Path:
    """The folder of a recorded run. Raises UserError where there is none of that name."""
    data = repo_data_dir()
    if not data:
        raise UserError(f"{name}: not found, expected a run folder; recorded runs come with a clone of the repository, "
                        "or with its wheel")
    recorded = sorted(file.parent.name for file in (data / "runs").glob("*/config.json"))
    if str(name) not in recorded:
        raise UserError(f"{name}: not found, expected a run folder or a recorded run "
                        f"({', '.join(recorded)}){nearest(name, recorded)}")
    return data / "runs" / str(name)


def load_generator(name: str | Path) -> nn.Module:
    """The generator of `load_run(name)`, in eval mode, on the CPU."""
    return load_run(name).load_generator()


def load_discriminator(name: str | Path) -> nn.Module:
    """The discriminator of `load_run(name)`, in eval mode, on the CPU."""
    return load_run(name).load_discriminator()


# ---- files


def read_config(file: Path) -> TrainConfig:
    """The TrainConfig in a config.json.

    Raises:
        UserError: not JSON, or a field that is unknown or out of range.
    """
    fields = read_json(file)
    if unknown := sorted(fields.keys() - FIELD_TYPES.keys()):
        raise UserError(f"{file}: found {unknown}, expected the fields of TrainConfig")
    try:
        return TrainConfig(**fields)
    except UserError as error:
        raise UserError(f"{file}: {error}") from None


def read_lines(file: Path) -> list[dict]:
    """The lines of statistics or scores in a file, each with its step. A last line that was cut off by a crash is left
    out.

    Raises:
        UserError: the file cannot be read, or a line is not JSON or has no step.
    """
    with reading(file):
        lines = file.read_bytes().splitlines()
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(json.loads(line))
        except ValueError:
            if number < len(lines):
                raise UserError(f"{file}: line {number} is not JSON; remove that line to go on") from None
            break
        if not isinstance(found[-1], dict) or not isinstance(found[-1].get("step"), int):
            raise UserError(f"{file}: line {number} has no step; remove that line to go on")
    return found
