"""What a training tells on the way: lines, pictures, scores and checkpoints, and a bar for those who watch."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from torch import Tensor
from tqdm import tqdm

from .. import plots
from ..config import TrainConfig
from ..data import Images, to_float
from ..machine.display import bar_options, in_notebook
from ..machine.files import to_json, write_atomically
from ..machine.runtime import seeded
from ..machine.threads import Fixed, Threads
from ..runs import IMAGES_FILE, Run
from ..runs.writing import add_line
from ..sampling import draw_z, generate, image_grid
from ..state import STATS, TrainState

FEW = 64_000  # images shown, of which little comes; after 96,000, churches could be recognised (data/studies)


@dataclass
class Journal:
    """Statistics, samples, scores and checkpoints go into the run's folder, and the first two also to those who watch.
    Each of several processes has a journal; only the main one writes and shows."""

    run: Run
    config: TrainConfig
    main: bool
    last_step: int
    bar: tqdm
    board: Any  # TensorBoard's writer, or None
    show: Callable[[Image.Image, str], None] | None
    scorer: Any  # or None

    def __post_init__(self):
        self.z_fixed = draw_z(self.config, 64, seeded(self.config.seed, "z_fixed"))
        self.z_metric = draw_z(self.config, self.config.metric_n, seeded(self.config.seed, "z_metric"))

    def begin(self, state: TrainState, threads: Threads | Fixed) -> None:
        """Start the clocks of lines and of checkpoints."""
        self.tell_threads(state, threads)
        self.saved_at = self.logged_at = time.perf_counter()
        self.logged_step = state.step

    def count(self, state: TrainState, threads: Threads | Fixed) -> None:
        """One more step is done."""
        self.tell_threads(state, threads)
        self.bar.update(self.config.images_per_step)

    def tell_threads(self, state: TrainState, threads: Threads | Fixed) -> None:
        """Keep in the state how many work, and say it where that is new: fewer than all, or others than before."""
        if not self.bar.disable and state.threads != threads.number and (state.threads or threads.fewer):
            after = f", after {state.threads}: not bit for bit" if state.threads else ""
            self.bar.write(f"{threads} work{after}", file=self.bar.fp)  # where the bar is
        state.threads, state.speed = threads.number, threads.speed

    def images_shown(self, state: TrainState) -> int:
        """Real images, so far."""
        return state.step * self.config.images_per_step

    def log(self, state: TrainState) -> None:
        """A line of statistics: into stats.jsonl, beside the bar, and to TensorBoard."""
        state.require_finite(self.run)
        line, now = state.take_stats(self.config.images_per_step), time.perf_counter()
        images = (state.step - self.logged_step) * self.config.images_per_step
        line |= {"images_per_s": round(images / (now - self.logged_at), 1), "threads": state.threads}
        self.logged_at, self.logged_step = now, state.step
        self.bar.set_postfix_str(f"loss_D {line['loss_D']:.2f}, loss_G {line['loss_G']:.2f}")
        if self.main:
            add_line(self.run, line)
        for key in STATS if self.board else ():
            self.board.add_scalar(key, line[key], self.images_shown(state))

    def sample_is_due(self, state: TrainState) -> bool:
        """Whether the last step reached, or went past, a multiple of sample_kimg thousand images."""
        every, shown = max(1, round(self.config.sample_kimg * 1000)), self.images_shown(state)
        return shown // every > (shown - self.config.images_per_step) // every

    def sample(self, state: TrainState) -> None:
        """Write the grid of z_fixed as samples/fakes_KKKKKK.png, and show it."""
        if not self.main:
            return
        kimg, grid = self.images_shown(state) / 1000, image_grid(generate(state.shown, self.z_fixed))
        name = f"fakes_{kimg:010.3f}".rstrip("0").rstrip(".")  # fakes_000040, fakes_000040.008: in order by name too
        save_picture(grid, self.run.path / "samples" / f"{name}.png")
        if self.board:
            self.board.add_image("samples", grid, self.images_shown(state), dataformats="HWC")
        if self.show:
            self.show(Image.fromarray(grid.numpy()), plots.clock(kimg))

    def score(self, state: TrainState) -> None:
        """A line of scores, into metrics.jsonl."""
        if self.scorer:
            scores = self.scorer(generate(state.shown, self.z_metric[: self.scorer.most]))
            add_line(self.run, {"step": state.step, "kimg": self.images_shown(state) / 1000, **scores}, "metrics.jsonl")

    def checkpoint_is_due(self) -> bool:
        """Whether checkpoint_minutes have passed since the last one."""
        return 0 < 60 * self.config.checkpoint_minutes <= time.perf_counter() - self.saved_at

    def save(self, state: TrainState) -> None:
        """Write a checkpoint, from which `checkpoint_is_due` counts anew."""
        if self.main:
            state.save(self.run, self.config.keep)
            self.saved_at = time.perf_counter()

    def say_stopped(self, state: TrainState) -> None:
        """Close the bar, and say how far the training came and what of it is kept."""
        if self.main:
            self.bar.close()
            print(f"Stopped after step {state.step} of {self.last_step}; {self.run.last_good(in_notebook())}")


def say_few_images(config: TrainConfig, count: int, last_step: int) -> None:
    """Say it where many epochs are a short training all the same, as 150 are of a hundred pictures."""
    shown = last_step * config.images_per_step
    if config.num_epochs >= 10 and shown < FEW:
        epochs = math.ceil(1.5 * FEW * config.num_epochs / shown)
        print(f"{config.num_epochs:g} epochs of {count} pictures show {shown / 1000:.2g} thousand images; the course's "
              f"trainings on few photographs drew something after {1.5 * FEW / 1000:.0f}: --num_epochs {epochs}")


def progress(run: Run, config: TrainConfig, step: int, last_step: int, show: bool) -> tqdm:
    """The progress bar, in images."""
    return tqdm(total=last_step * config.images_per_step, initial=step * config.images_per_step, unit="img",
                unit_scale=True, desc=run.path.name, disable=not show, **bar_options())


def write_images(run: Run, images: Images, new: bool) -> None:
    """images.json, and of a new run reals.png."""
    write_atomically(run.path / IMAGES_FILE, to_json(images.about()))
    if new:
        some = plots.thinned(range(images.count), 64)  # from all over: folders are sorted
        save_picture(image_grid(to_float(images.batch(some))), run.path / "reals.png")


def write_pictures(run: Run) -> None:
    """curves.png and training.gif from the run's statistics and samples."""
    stats = run.stats()
    if stats:
        plots.curves(stats, loss=run.config.loss).savefig(run.path / "curves.png", dpi=110)
    plots.write_gif(run.samples(), run.path / "training.gif")


def save_picture(grid: Tensor, file: Path) -> None:
    """Write a grid (height, width, 3) uint8 in the format of the file's ending."""
    Image.fromarray(grid.numpy()).save(file)
