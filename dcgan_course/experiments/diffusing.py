"""Train the diffusion model of lesson 14, go on where a training was stopped, and keep what is worth shipping.

    runs/digits/
        diffusion.json     every parameter
        machine.json       versions and hardware
        stats.jsonl        one line per logging interval
        metrics.jsonl      one line per score
        samples/           fakes_000040.png: a grid from the fixed noise after 40 thousand images
        unet.safetensors   the average of the network's weights, in half precision
        checkpoint.pt      all that is needed to go on
"""

import copy
import dataclasses
import io
import json
import math
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import save
from torch import Tensor
from tqdm import tqdm

from .. import plots
from ..config import preset
from ..data import Batches, load_images
from ..diffusion import UNet, diffusion_loss, sample
from ..machine.display import bar_options
from ..machine.errors import Diverged, UserError
from ..machine.files import read_json, to_json, whole_or_nothing, write_atomically
from ..machine.places import repo_data_dir
from ..machine.runtime import autocast, machine, pick_precision, seeded
from ..machine.signals import stop_on_interrupt
from ..measuring.scores import Scorer, scorer_for
from ..runs import read_lines
from ..runs.checkpoints import half, load_state, load_weights
from ..sampling import image_grid
from ..state import update_ema
from .recording import LOSSLESS, rounded

CPU = torch.device("cpu")
SHOWN = (64, 1, 28, 28)  # the fixed noise of the sample grids
COUNTS = (1, 2, 5, 10, 25, 50)  # of sampling steps, that are compared
LOG_STEPS = 100
SHEETS = 11  # at most so many sample grids are kept


@dataclass(frozen=True)
class DiffusionConfig:
    """A training of the diffusion model on digits."""

    channels: int = 64
    num_epochs: float = 20.0
    batch_size: int = 64
    lr: float = 1e-3  # Adam's
    ema_kimg: float = 60.0  # half-life of the average of the weights, in thousand images
    sample_kimg: float = 20.0  # a grid every so many thousand images, and a checkpoint
    metric_every: int = 5  # epochs between two scores
    metric_n: int = 10_000
    metric_steps: int = 10  # sampling steps of a scored image
    seed: int = 0

    def __post_init__(self):
        for name, good, expected in (
                ("channels", self.channels > 0 and self.channels % 32 == 0, "32, 64, 96 ..."),
                ("num_epochs", 0 < self.num_epochs < 1e6, "a number above 0, below a million"),
                ("seed", 0 <= self.seed < 2**63, "a whole number, 0 or more")):
            if not good:
                raise UserError(f"{name}: found {getattr(self, name)!r}, expected {expected}")


class Diffusing:
    """A training: networks, optimizer, random stream, step, and the lines that it has told so far."""

    def __init__(self, config: DiffusionConfig, folder: Path):
        self.config, self.folder, self.step = config, folder, 0
        self.precision: str | None = None  # chosen by its speed at the first step, then kept: it changes the numbers
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.net = UNet(channels=config.channels)
        self.ema = copy.deepcopy(self.net).eval().requires_grad_(False)
        self.optimizer = torch.optim.Adam(self.net.parameters(), config.lr, fused=True)
        self.stream = seeded(config.seed, "diffusion")
        self.total = torch.zeros(())  # of the losses since the last line
        self.stats: list[dict] = []
        self.metrics: list[dict] = []
        self.fixed = torch.randn(SHOWN, generator=seeded(config.seed, "z_fixed"))

    @property
    def kimg(self) -> float:
        """Thousand images shown so far."""
        return self.step * self.config.batch_size / 1000

    def train_on(self, x_0: Tensor, precision: str) -> None:
        """One step, on images (N, 1, 28, 28)."""
        noise = torch.randn(x_0.shape, generator=self.stream)
        t = torch.rand(len(x_0), generator=self.stream)
        with autocast(CPU, precision):
            loss = diffusion_loss(self.net, x_0, noise, t)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.step += 1
        self.total += loss.detach()
        half_life = min(self.config.ema_kimg, 0.05 * self.kimg)  # as of a GAN's G: the first pictures are not stale
        update_ema(self.ema, self.net, 1 - 0.5 ** (self.config.batch_size / 1000 / half_life))

    def start_clock(self) -> None:
        """From now on seconds count as training."""
        self.begun = time.perf_counter(), time.process_time()

    def log(self) -> float:
        """A line of statistics since the last one; its loss."""
        steps = self.step - (self.stats[-1]["step"] if self.stats else 0)
        seconds, cpu_seconds = time.perf_counter() - self.begun[0], time.process_time() - self.begun[1]
        loss = self.total.item() / steps
        if not math.isfinite(loss):
            raise Diverged(f"step {self.step}: the loss is NaN or infinite; what {self.folder} kept before is whole")
        self.stats.append({"step": self.step, "kimg": self.kimg, "loss": round(loss, 5),
                           "seconds": round(seconds, 2), "cpu_seconds": round(cpu_seconds, 2)})
        self.total.zero_()
        self.start_clock()
        return loss

    def draw(self) -> None:
        """The grid of the fixed noise, into samples/."""
        file = self.folder / "samples" / f"fakes_{round(self.kimg):06d}.png"
        Image.fromarray(image_grid(sample(self.ema, self.fixed)).numpy()).save(file)
        self.start_clock()

    def score(self, scorer: Scorer, precision: str) -> None:
        """A line of scores."""
        noise = torch.randn(self.config.metric_n, *SHOWN[1:], generator=seeded(self.config.seed, "z_metric"))
        with autocast(CPU, precision):
            images = sample(self.ema, noise, self.config.metric_steps)
        self.metrics.append({"step": self.step, "kimg": self.kimg, **scorer(images)})
        self.start_clock()

    def save(self) -> None:
        """All of it, each file as a whole or not at all; what `load` reads comes last."""
        for name, lines in (("stats", self.stats), ("metrics", self.metrics)):
            write_atomically(self.folder / f"{name}.jsonl", in_lines(lines).encode())
        write_atomically(self.folder / "unet.safetensors", save(half(self.ema)))
        content = io.BytesIO()
        torch.save({"step": self.step, "net": self.net.state_dict(), "ema": self.ema.state_dict(), "stats": self.stats,
                    "metrics": self.metrics, "optimizer": self.optimizer.state_dict(),
                    "stream": self.stream.get_state(), "precision": self.precision}, content)
        write_atomically(self.folder / "checkpoint.pt", content.getvalue())

    def load(self) -> None:
        """Go on from the folder's checkpoint. Raises UserError where it is damaged or of another network."""
        file = self.folder / "checkpoint.pt"
        state = load_state(file)
        try:
            self.net.load_state_dict(state["net"])
            self.ema.load_state_dict(state["ema"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.stream.set_state(state["stream"])
            self.step, self.stats, self.metrics = state["step"], state["stats"], state["metrics"]
            self.precision = state.get("precision")  # older ones kept none
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            reason = str(error).strip().splitlines()[0]
            raise UserError(f"{file}: not a checkpoint of this training ({reason[:120]})") from None


def train_diffusion(folder: Path, config: DiffusionConfig, quiet: bool = False) -> bool:
    """Train into a folder, or go on there. Whether it came to its end: Ctrl-C ends it after a step, which is kept.

    Raises:
        UserError: the folder holds something else, or a training with other parameters.
        Diverged: the loss is no longer finite; what was kept before stays.
    """
    state = opened(folder, config)
    batches = Batches(load_images("mnist", SHOWN[-1]), config.batch_size, config.seed)
    per_epoch = batches.steps_per_epoch
    last = max(1, round(config.num_epochs * per_epoch))
    sample_steps = max(1, round(1000 * config.sample_kimg / config.batch_size))
    state.precision = precision = state.precision or pick_precision("auto", CPU)
    scorer = scorer_for(preset("mnist")) if config.metric_every else None
    bar = tqdm(total=last, initial=state.step, unit="step", desc=folder.name, disable=quiet, **bar_options())
    with stop_on_interrupt() as stop, bar:
        while state.step < last and not stop.is_set():
            state.train_on(batches[state.step], precision)
            bar.update()
            done, draw = state.step == last, state.step % sample_steps == 0
            keep = done or draw or stop.is_set()
            if keep or state.step % LOG_STEPS == 0:
                bar.set_postfix_str(f"loss {state.log():.3f}")
            if done or draw:
                state.draw()
            if scorer and (done or state.step % (config.metric_every * per_epoch) == 0):
                state.score(scorer, precision)
                keep = True
            if keep:
                state.save()
    return state.step == last


def opened(folder: Path, config: DiffusionConfig) -> Diffusing:
    """A training that begins in a new folder, or goes on in its own."""
    about = folder / "diffusion.json"
    if not folder.exists():
        (folder / "samples").mkdir(parents=True)
        write_atomically(folder / "machine.json", to_json(machine()))
        write_atomically(about, to_json(dataclasses.asdict(config)))
    if not about.is_file():
        raise UserError(f"{folder}: found something else, expected a new folder, or one of a diffusion training")
    found, asked = read_json(about), dataclasses.asdict(config)
    different = [f"{name} {found.get(name)}, not {value}" for name, value in asked.items() if found.get(name) != value]
    if different:
        raise UserError(f"{folder}: holds a training with {'; '.join(different)}; expected the same, or a new folder")
    state = Diffusing(config, folder)
    if (folder / "checkpoint.pt").is_file():
        state.load()
    elif (folder / "unet.safetensors").is_file():
        raise UserError(f"{folder}: recorded without what is needed to go on, expected a new folder")
    state.start_clock()
    return state


# ---- what is kept


def load_unet(folder: str | Path = "mnist_diffusion") -> UNet:
    """The trained network, the average of its weights, in eval mode: of a folder, or recorded in data/runs by its name.

    Raises:
        UserError: no such training, or a damaged file.
    """
    path = diffusion_folder(folder)
    net = UNet(channels=DiffusionConfig(**read_json(path / "diffusion.json")).channels)
    load_weights(net, path / "unet.safetensors")
    return net.eval()


def diffusion_folder(folder: str | Path) -> Path:
    """The folder of a diffusion training, or of a recorded one by its name. Raises UserError where there is none."""
    data, path = repo_data_dir(), Path(folder)
    if data and not path.exists():
        path = data / "runs" / path
    if not (path / "unet.safetensors").is_file():
        raise UserError(f"{folder}: found no unet.safetensors, expected a folder of `dcgan-course diffusion`, or "
                        "mnist_diffusion")
    return path


def record_diffusion(source: str | Path, folder: str | Path) -> None:
    """Copy what is worth keeping of a training into a new folder, as data/runs/mnist_diffusion: the average of the
    weights, some sample grids, the statistics; and in record.json the command, the seconds, the losses of the first
    steps, and the scores of 10,000 images by each number of sampling steps, beside those of as many real ones.

    Raises:
        UserError: the folder exists already, or the training has not kept anything yet.
    """
    path = diffusion_folder(source)
    whole_or_nothing(Path(folder), lambda new: fill_diffusion(new, path, Path(folder).name))


def fill_diffusion(folder: Path, source: Path, name: str) -> None:
    """Write into a folder what `record_diffusion` keeps."""
    config = DiffusionConfig(**read_json(source / "diffusion.json"))
    for file in ("diffusion.json", "machine.json", "unet.safetensors"):
        shutil.copy(source / file, folder / file)
    stats, metrics = (read_lines(source / f"{file}.jsonl") for file in ("stats", "metrics"))
    for file, lines in (("stats", stats), ("metrics", list(map(scores_rounded, metrics)))):
        (folder / f"{file}.jsonl").write_text(in_lines(lines), encoding="utf-8")
    (folder / "samples").mkdir()
    for picture in plots.thinned(sorted((source / "samples").glob("fakes_*.png")), SHEETS):
        Image.open(picture).save(folder / "samples" / f"{picture.stem}.webp", **LOSSLESS)
    flags = [f" --{flag} {getattr(config, flag):g}" for flag in ("num_epochs", "seed")
             if getattr(config, flag) != getattr(DiffusionConfig, flag)]
    net, scorer, precision = load_unet(source), scorer_for(preset("mnist")), precision_of(source)
    noise = torch.randn(config.metric_n, *SHOWN[1:], generator=seeded(config.seed, "score"))
    scores = {}
    for steps in COUNTS:
        with autocast(CPU, precision):
            images = sample(net, noise, steps)
        scores[steps] = rounded(scorer(images))
        print(f"{steps} steps: {scores[steps]}", flush=True)
    about = {"command": f"dcgan-course diffusion runs/{name}" + "".join(flags), "kimg": stats[-1]["kimg"],
             "seconds": round(sum(line["seconds"] for line in stats)),
             "cpu_seconds": round(sum(line["cpu_seconds"] for line in stats)),
             "first_losses": first_losses(config, precision),
             "scores": scores, "real": rounded(scorer.floor(config.metric_n))}
    (folder / "record.json").write_bytes(to_json(about))


def scores_rounded(line: dict) -> dict:
    """A line of metrics.jsonl with four digits, but for the clock."""
    return line | rounded({name: value for name, value in line.items() if name not in ("step", "kimg")})


def precision_of(folder: Path) -> str:
    """The precision that a training's checkpoint says it has, else the faster one here."""
    file = folder / "checkpoint.pt"
    kept = load_state(file).get("precision") if file.is_file() else None
    return kept or pick_precision("auto", CPU)


def first_losses(config: DiffusionConfig, precision: str, steps: int = 8) -> list[float]:
    """The loss of each of the first steps, made again: how to tell later that a training is the same."""
    with tempfile.TemporaryDirectory() as folder:
        state = opened(Path(folder) / "again", config)
        batches = Batches(load_images("mnist", SHOWN[-1]), config.batch_size, config.seed)
        for step in range(steps):
            state.train_on(batches[step], precision)
            state.log()
        return [line["loss"] for line in state.stats]


def in_lines(lines: list[dict]) -> str:
    """Objects as JSON, one a line."""
    return "".join(json.dumps(line) + "\n" for line in lines)
