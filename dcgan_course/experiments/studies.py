"""A study: a grid of configs times seeds, trained and scored, in one tidy table.

    runs/studies/NAME/
        study.json                     what is compared, with every "auto" resolved
        CONFIG/seed_0/score.json       the scores of one training, whose run lies beside it, without checkpoints
        table.csv                      config, seed, metric, value: a line for each number
"""

import dataclasses
import functools
import itertools
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from ..backstage.resolve import resolve
from ..config import TrainConfig, preset
from ..machine.display import bar_options
from ..machine.errors import Diverged, UserError, nearest
from ..machine.files import read_json, to_json, write_atomically
from ..machine.parallel import started_by_torchrun
from ..measuring.scores import Scorer, score_generator, scorer_for
from ..models import halvings
from ..runs import Run
from ..trainer import train

KEYS = ("preset", "common", "configs", "grid", "seeds", "n", "real")
RESOLVED = ("device", "precision", "compile")  # once for the whole study, where it was begun
FIXED = ("preset", "seed", "out", *RESOLVED)  # what no config of a study may change


@dataclass(frozen=True)
class Study:
    """What is compared.

    Args:
        name: of the folder in which it is kept.
        base: what all trainings share.
        configs: {name: the fields that differ from base}; the first is the one that the others are compared with.
        seeds: each config is trained with each of them.
        n: how many images are drawn for the scores; at most as many as there are real ones to compare with.
        real: the data whose images all scores compare with, where configs train on parts of them: distances to other
            images do not compare. None = each config's own.
    Raises:
        UserError: no configs or seeds, a name that is no good for a folder, or fields that are unknown or out of range.
    """

    name: str
    base: TrainConfig
    configs: dict[str, dict]
    seeds: tuple[int, ...] = (0, 1, 2)
    n: int = 2000
    real: str | None = None

    def __post_init__(self):
        for name in (self.name, *self.configs):
            if not re.fullmatch(r"\w([\w .,=+-]*\w)?", name):  # it becomes a folder
                raise UserError(f"study: found the name {name!r}, expected letters, digits and spaces between them")
        if len({name.casefold() for name in self.configs}) < len(self.configs):
            raise UserError(f"study {self.name}: found configs whose names differ in upper and lower case only")
        if not self.configs or not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise UserError(f"study {self.name}: found {len(self.configs)} configs and the seeds {self.seeds}, "
                            "expected at least one of each, and no seed twice")
        if not isinstance(self.n, int) or self.n < 65:
            raise UserError(f"n: found {self.n!r}, expected a whole number, 65 or more")
        if not isinstance(self.real, str | None):
            raise UserError(f"real: found {self.real!r}, expected the name of data, such as folder:PATH")
        for cell in self.cells():
            self.config(*cell)

    def config(self, name: str, seed: int) -> TrainConfig:
        """What is trained for one line of the grid: of its pictures, only the first and the last are kept."""
        if name not in self.configs:
            raise UserError(f"study {self.name}: found no config {name!r}, expected one of {', '.join(self.configs)}"
                            f"{nearest(name, self.configs)}")
        fixed = [field for field in self.configs[name] if field in FIXED]
        if fixed:
            raise UserError(f"study {self.name}, config {name!r}: found {fixed[0]}, which a whole study shares")
        try:
            config = self.base.replace(**{"sample_kimg": 1e9, "keep": 1} | self.configs[name] | {"seed": seed})
            if config.network == "dcgan":
                halvings(config.image_size)
            return config
        except UserError as error:
            raise UserError(f"study {self.name}, config {name!r}: {error}") from None

    def cells(self) -> list[tuple[str, int]]:
        """Every (config, seed): first all configs with the first seed, so that there is something to see early."""
        return [(name, seed) for seed in self.seeds for name in self.configs]

    def scorer(self, config: TrainConfig) -> Scorer:
        """What scores a training of this study."""
        return scorer_of(config.replace(data=self.real or config.data))

    def definition(self) -> dict:
        """What study.json holds."""
        return {"name": self.name, "base": dataclasses.asdict(self.base), "configs": self.configs,
                "seeds": list(self.seeds), "n": self.n, "real": self.real}


def grid(**values: list) -> dict[str, dict]:
    """Every combination, by name: grid(z=["normal", "uniform"], flip=[False, True]) has four, the first of them
    "z=normal, flip=False"."""
    rows = [dict(zip(values, row, strict=True)) for row in itertools.product(*values.values())]
    return {", ".join(f"{key}={value}" for key, value in row.items()): row for row in rows}


def read_study(file: str | Path) -> Study:
    """A study from a JSON file, which names it.

    {"preset": "mnist", "common": {"num_epochs": 1}, "seeds": 5, "n": 2000,
     "configs": {"plain": {}, "slow": {"lr_g": 1e-4}}}    or    "grid": {"z": ["normal", "uniform"], ...}

    and, where configs train on parts of the images, "real": the data that all are compared with, such as "folder:ALL".

    Raises:
        UserError: not found, not JSON, or another content.
    """
    file = Path(file)
    try:
        content = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise UserError(f"{file}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise UserError(f"{file}: not JSON ({error})") from None
    if not isinstance(content, dict) or ("configs" in content) == ("grid" in content):
        found = ", ".join(content) or "no key" if isinstance(content, dict) else type(content).__name__
        raise UserError(f"{file}: found {found}, expected an object with the key configs or grid, one of them")
    for key in content:
        if key not in KEYS:
            raise UserError(f"{file}: found the unknown key {key!r}{nearest(key, KEYS)}")
    seeds = content.get("seeds", 3)
    seeds = list(range(seeds)) if isinstance(seeds, int) else seeds
    configs, values, common = (content.get(key, {}) for key in ("configs", "grid", "common"))
    if not (isinstance(configs, dict) and all(isinstance(change, dict) for change in configs.values())
            and isinstance(values, dict) and all(isinstance(row, list) for row in values.values())
            and isinstance(common, dict) and not {"name", "preset"} & common.keys()
            and isinstance(seeds, list) and all(isinstance(seed, int) for seed in seeds)):
        raise UserError(f"{file}: expected configs {{name: {{field: value}}}} or a grid {{field: [values]}}, common "
                        "{field: value}, and whole numbers for seeds")
    try:
        base = preset(str(content.get("preset", "mnist")), **common)
        return Study(file.stem, base, configs if "configs" in content else grid(**values), tuple(seeds),
                     content.get("n", 2000), content.get("real"))
    except UserError as error:
        raise UserError(f"{file}: {error}") from None


# ---- running


def run_study(study: Study, out: str | Path = "runs/studies", workers: int | None = None) -> pd.DataFrame:
    """Train and score what is not there yet, and write table.csv. Killed at any moment, it goes on where it was.

    Args:
        out: the folder in which the study has its own.
        workers: how many trainings at once, each with one thread; None = as many as there are cores, or 1 on a GPU.
    Returns:
        the table: columns config, seed, metric, value. The metric "diverged" is 1 for a training whose losses did not
        stay finite, which has no other.
    Raises:
        UserError: the folder holds another study of that name, another process works in it, or no judge knows the
            images. More configs and seeds may be added.
    """
    from filelock import FileLock, Timeout
    from joblib import Parallel, cpu_count, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    if started_by_torchrun():
        raise UserError("study: started by torchrun, expected one process; it trains with one thread or GPU at a time")
    folder = Path(out) / study.name
    for name in study.configs:
        study.scorer(study.config(name, 0))  # no judge for these images: said before anything is trained
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock", timeout=0):
            study = begun(study, folder)
            cells = [cell for cell in study.cells() if not score_file(folder, *cell).is_file()]
            workers = workers or (cpu_count() if study.base.device == "cpu" else 1)
            pool = Parallel(max(1, min(workers, len(cells))), batch_size=1, return_as="generator_unordered")
            done = pool(delayed(run_cell)(study, name, seed, folder) for name, seed in cells)
            for _ in tqdm(done, total=len(cells), unit=" trainings", desc=study.name, **bar_options()):
                pass
            table = read_table(study, folder)
            write_atomically(folder / "table.csv", table.to_csv(index=False).encode())
    except Timeout:
        raise UserError(f"{folder}: another process is working on this study") from None
    except TerminatedWorkerError:
        raise UserError(f"{folder}: a training was killed, perhaps for lack of memory; the same command goes on, with "
                        "fewer --workers if it was memory") from None
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror or error})") from error
    return table


def begun(study: Study, folder: Path) -> Study:
    """The study with its base as it was resolved when the folder was begun. Notes in study.json what has been asked for
    so far: a config that was left out once and comes back must still be the same."""
    file = folder / "study.json"
    base = resolve(study.base.replace(out="runs"), None)
    if base.compile == "auto":  # for all its trainings alike; most are short
        base = base.replace(compile="off")
    notes = study.definition() | {"base": dataclasses.asdict(base)}
    if file.is_file():
        try:
            then = json.loads(file.read_bytes())
            then["base"] = dataclasses.asdict(TrainConfig(**then["base"]))  # with fields that came later
            base = base.replace(**{name: then["base"][name] for name in RESOLVED})
            notes["base"] = dataclasses.asdict(base)
            changed = [name for name in study.configs if then["configs"].get(name, study.configs[name])
                       != study.configs[name]]
            then.setdefault("real", None)  # it came later
            if changed or any(notes[key] != then[key] for key in ("base", "n", "real")):
                raise UserError(f"{folder}: holds another study of that name; rename one of them, or remove the folder")
            notes["configs"] = then["configs"] | study.configs
            notes["seeds"] = sorted({*then["seeds"], *study.seeds})
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UserError(f"{file}: damaged; remove {folder} to begin the study anew") from None
    write_atomically(file, to_json(notes))
    return dataclasses.replace(study, base=base)


def read_begun(folder: Path) -> Study:
    """The study that was begun in a folder, with all configs and seeds asked for so far.

    Raises:
        UserError: it is not the folder of a study.
    """
    try:
        then = read_json(folder / "study.json")
        return Study(then["name"], TrainConfig(**then["base"]), then["configs"], tuple(then["seeds"]), then["n"],
                     then.get("real"))
    except (UserError, ValueError, KeyError, TypeError):
        raise UserError(f"{folder}: not the folder of a study, it has no readable study.json") from None


def run_cell(study: Study, name: str, seed: int, folder: Path) -> None:
    """Train one config with one seed, or go on with it, and write its scores. Runs in a worker, with one thread."""
    import torch
    from filelock import FileLock

    here, threads = score_file(folder, name, seed).parent, torch.get_num_threads()
    here.mkdir(parents=True, exist_ok=True)
    config = study.config(name, seed).replace(out=str(here))
    if config.device == "cpu":
        torch.set_num_threads(1)
    try:
        with FileLock(here / ".lock"):  # a worker may outlive a study that was killed: wait for it
            if score_file(folder, name, seed).is_file():
                return
            try:
                run = train_on(config, here)
                if run.stopped:
                    raise KeyboardInterrupt
                scores = score_generator(study.scorer(config), run.load_generator(), config, study.n)
                score = {"diverged": 0.0, **scores}
            except Diverged:
                score = {"diverged": 1.0}
            for checkpoints in here.glob("*/checkpoints"):  # the study keeps numbers and pictures
                shutil.rmtree(checkpoints)
            write_atomically(score_file(folder, name, seed), to_json(score))
    finally:
        torch.set_num_threads(threads)


def train_on(config: TrainConfig, here: Path) -> Run:
    """A run in the folder `here`: the one that was begun there, where it has a checkpoint, or a new one."""
    for path in sorted(here.glob("0*")):
        if any(path.glob("checkpoints/step_*[0-9]")):
            run = Run(path)
            return train(run.config, resume=run, quiet=True)
        shutil.rmtree(path)
    return train(config, quiet=True)


def scorer_of(config: TrainConfig) -> Scorer:
    """As `scorer_for`, made once for all configs of a worker that ask for the same one."""
    return cached_scorer(*(getattr(config, name) for name in SCORED_BY))


SCORED_BY = ("data", "image_size", "nc", "fit", "pad_colour", "judge")  # what a scorer asks of a config


@functools.lru_cache(2)
def cached_scorer(*values: str | int | None) -> Scorer:
    """One for all trainings of a worker: reading the real images takes seconds."""
    return scorer_for(TrainConfig(**dict(zip(SCORED_BY, values, strict=True))))


def score_file(folder: Path, name: str, seed: int) -> Path:
    """Where a study in `folder` keeps the scores of the config `name` with a seed; the run lies beside it."""
    return folder / name / f"seed_{seed}" / "score.json"


# ---- the table


def read_table(study: Study, folder: Path) -> pd.DataFrame:
    """The scores that are there: config, seed, metric, value."""
    rows = [(name, seed, metric, value) for name, seed in study.cells() if score_file(folder, name, seed).is_file()
            for metric, value in read_json(score_file(folder, name, seed)).items()]
    return pd.DataFrame(rows, columns=["config", "seed", "metric", "value"])
