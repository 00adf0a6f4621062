"""Keep a run, or a study, as a small folder that can be shipped, as in data/runs and data/studies."""

import dataclasses
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import Tensor

from .. import plots
from ..config import TrainConfig
from ..data import images_of
from ..machine.errors import UserError
from ..machine.files import read_json, to_json, whole_or_nothing
from ..machine.places import repo_data_dir
from ..machine.runtime import seeded
from ..measuring.scores import score_generator, scorer_for
from ..runs import Run
from ..runs.again import command, shareable
from ..runs.checkpoints import distance_name, half, step_of
from ..runs.writing import save_file
from ..sampling import draw_z, generate, grid_images, image_grid
from ..state import STATS
from ..trainer import train
from .studies import Study, read_begun, read_study, read_table, score_file

SHAREABLE = ("mnist", "avatars")  # pictures of other data belong to other people
PICTURES, PICTURE_BYTES = 21, 2_500_000  # at most so many sample grids are kept, evenly spread
LINES = 200  # of a study's training, at most so many lines of statistics: with few images it writes one for each step
LOSSLESS = {"lossless": True, "quality": 100, "method": 6}  # WebP: the pixels of PNG in two thirds of the bytes


def record(run: Run, folder: str | Path, discriminator: bool = False, n: int = 10_000) -> Run:
    """Copy what is worth keeping of a run into a new folder: config, machine, statistics, some sample grids, the film,
    and the weights of the best checkpoint (the last one where nothing was scored) in half precision.

    record.json holds the command that makes the run again, the seconds it took, its first steps, which checkpoint was
    kept, and, of a run that was scored, the scores of n generated images beside those of n real ones. The folder comes
    into being as a whole or not at all.

    Raises:
        UserError: the folder exists already, the run has no checkpoint or a damaged one, or its images are not here.
    """
    whole_or_nothing(Path(folder), lambda new: fill(new, run, discriminator, n))
    return Run(folder)


def fill(folder: Path, run: Run, discriminator: bool, n: int) -> None:
    """Write into a folder what `record` keeps of a run, with the scores of n images."""
    checkpoint, config = run.best_checkpoint() or run.last_checkpoint(), shareable(run.config)
    netG = run.load_generator(checkpoint)
    save_file(half(netG), folder / "generator.safetensors")
    if discriminator:
        save_file(half(run.load_discriminator(checkpoint)), folder / "discriminator.safetensors")
    (folder / "config.json").write_bytes(to_json(dataclasses.asdict(config)))
    for name in ("machine.json", "stats.jsonl", "metrics.jsonl", "curves.png", "training.gif", "explorer.json"):
        if (run.path / name).is_file():
            shutil.copy(run.path / name, folder / name)
    if config.data in SHAREABLE and (run.path / "reals.png").is_file():
        Image.open(run.path / "reals.png").save(folder / "reals.webp", **LOSSLESS)
    (folder / "samples").mkdir()
    pictures = [picture for _, picture in plots.thinned(run.samples(), PICTURES)]
    most = int(PICTURE_BYTES / max(1, max((picture.stat().st_size for picture in pictures), default=1)))
    for picture in plots.thinned(pictures, max(2, most)):  # the same pixels in half the bytes
        Image.open(picture).save(folder / "samples" / f"{picture.stem}.webp", **LOSSLESS)
    z_fixed = draw_z(config, 64, seeded(config.seed, "z_fixed"))
    Image.fromarray(image_grid(generate(netG, z_fixed)).numpy()).save(folder / "best.webp", **LOSSLESS)
    kimg = step_of(checkpoint) * config.images_per_step / 1000
    about = {"command": command(config), "seconds": round(seconds(run)), "checkpoint_step": step_of(checkpoint),
             "checkpoint_kimg": kimg, "first_steps": first_steps(run.config)}
    if run.metrics():
        about |= scores(run, folder, netG, n, kimg)
    (folder / "record.json").write_bytes(to_json(about))


def seconds(run: Run) -> float:
    """How long the training took, by its own statistics: without breaks between a stop and a resume."""
    total, before = 0.0, 0.0
    for line in run.stats():
        total += (line["kimg"] - before) * 1000 / line["images_per_s"]
        before = line["kimg"]
    return total


def first_steps(config: TrainConfig, steps: int = 8) -> list[list[float]]:
    """loss_D, loss_G, D_x and D_G_z of each of the first steps, which are made again for it: how to tell later that a
    training is the same. Further on, small differences of the arithmetic grow into another training."""
    with tempfile.TemporaryDirectory() as folder:
        count = images_of(config).count // config.images_per_step
        run = train(config.replace(out=folder, num_epochs=steps / count, log_steps=1, metric_every=0, device="auto",
                                   compile="auto"), quiet=True)
        if run.stopped:
            raise KeyboardInterrupt
        return [[round(line[key], 6) for key in STATS] for line in run.stats()]


def scores(run: Run, folder: Path, netG: torch.nn.Module, n: int, best: float) -> dict:
    """The scores of n images of G and of n real ones; draws metrics.png, the Frechet distance over time."""
    scorer, lines, told = scorer_for(run.config), run.metrics(), run.config.classes > 0
    name, floor = distance_name(lines[0]), scorer.floor(n, told)
    floor_then = floor if name in floor else scorer.floor(run.config.metric_n)  # scored with another n on the way
    plots.metric_curve(lines, name, floor_then[name], best).savefig(folder / "metrics.png", dpi=110)
    made = score_generator(scorer, netG, run.config, n)
    return {"generated": rounded({score: made[score] for score in floor}), "real": rounded(floor)}


# ---- studies


def record_study(source: str | Path, folder: str | Path) -> None:
    """Copy what is worth keeping of a study's folder into a new one: table.csv; of the first seed, curves.csv and the
    last samples of each config; about.json with the time that all trainings took, and the scores of real images
    ("real"). As a whole or not at all.

    Raises:
        UserError: the new folder exists already, or nothing has been trained yet.
    """
    source = Path(source)
    study = read_begun(source)
    whole_or_nothing(Path(folder), lambda new: fill_study(new, study, source))


def fill_study(folder: Path, study: Study, source: Path) -> None:
    """Write into a folder what `record_study` keeps of a study, which lies in the folder `source`."""
    table = read_table(study, source)
    if table.empty:
        raise UserError(f"{source}: nothing has been trained yet")
    table["value"] = table["value"].map("{:.5g}".format)
    table.to_csv(folder / "table.csv", index=False)
    cells = {cell: Run(next(score_file(source, *cell).parent.glob("0*"))) for cell in study.cells()
             if score_file(source, *cell).is_file()}
    lines = [{"config": name, **line} for (name, seed), run in cells.items() if seed == study.seeds[0]
             for line in plots.thinned(run.stats(), LINES)]
    curves = pd.DataFrame(lines)[["config", "kimg", *STATS]]
    curves.round(4).to_csv(folder / "curves.csv", index=False)
    for (name, seed), run in cells.items():
        if seed == study.seeds[0] and run.samples():
            sheet = Image.open(run.samples()[-1][1]).convert("RGB")
            sheet.crop((0, 0, sheet.width, sheet.height // 2 + 1)).save(folder / f"{name}.webp", quality=85)
    first = next(iter(cells.values()))
    floor = study.scorer(first.config).floor(study.n, first.config.classes > 0)
    about = {"command": f"dcgan-course study data/studies/{study.name}.json", "trainings": len(cells),
             "thousand_images": round(sum(run.stats()[-1]["kimg"] for run in cells.values())),
             "minutes": round(sum(map(seconds, cells.values())) / 60),
             "real": rounded(floor), "machine": read_json(first.path / "machine.json")}
    (folder / "about.json").write_bytes(to_json(about))


class RecordedStudy:
    """A study of data/studies: how it was defined, and what came out.

    Attributes:
        study: what was compared; `study.config(name, seed)` is the config of one training, to run it again.
        table: columns config, seed, metric, value; tables.py makes means and differences of it.
        about: the command, the number of trainings, thousand images, minutes (of one thread), the scores of real images
            (of the newer ones), the machine.

    Raises:
        UserError: no such study in data/studies.
    """

    def __init__(self, name: str):
        data = repo_data_dir()
        self.folder = data / "studies" / name if data else Path(name)
        if not (self.folder / "table.csv").is_file():
            raise UserError(f"study: found {name!r}, expected one recorded in data/studies of the repository")
        self.study = read_study(self.folder.with_suffix(".json"))
        self.table = pd.read_csv(self.folder / "table.csv")
        self.about = read_json(self.folder / "about.json")

    def values(self, config: str, metric: str) -> list[float]:
        """One number for each seed; metric: the beginning of its name, such as fd or confidence."""
        rows = self.table[(self.table["config"] == config) & self.table["metric"].str.startswith(metric)]
        return rows.sort_values("seed")["value"].tolist()

    def curves(self, config: str) -> list[dict]:
        """The statistics of the first seed, as a run's `stats()`."""
        curves = pd.read_csv(self.folder / "curves.csv")
        return curves[curves["config"] == config].to_dict("records")

    def sheet(self, config: str) -> Image.Image:
        """32 last samples of the first seed."""
        return Image.open(self.folder / f"{config}.webp")

    def images(self, config: str) -> Tensor:
        """The samples of the `sheet`, (32, 3, size, size) in [-1, 1]."""
        return grid_images(torch.from_numpy(np.array(self.sheet(config).convert("RGB"))))


def rounded(values: dict[str, float]) -> dict[str, float]:
    """The values with four significant digits."""
    return {name: float(f"{value:.4g}") for name, value in values.items()}
