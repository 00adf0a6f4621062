"""A hundred kill -9 at random moments, for test_kills.py: what is gone on with must end as if nothing had happened.

python tests/kills.py FOLDER prints a line of JSON: {job: [kills, whether the end is that of an undisturbed one]}.
Each attempt is a fork of this process, so that Python and torch are imported once, and kills hit the work.
"""

import contextlib
import hashlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np
import tiny
import torch
import torchmetrics.image  # noqa: F401  before the forks
from PIL import Image

from dcgan_course import plots
from dcgan_course.data import avatars
from dcgan_course.data.prepare import prepared
from dcgan_course.data.sources import avatar_source, folder_source
from dcgan_course.machine.errors import UserError
from dcgan_course.measuring.scores import Scorer, score_generator
from dcgan_course.runs import Run
from dcgan_course.trainer import train


def fork(work) -> int:
    """A child, in a process group of its own, that does `work` in silence."""
    child = os.fork()
    if child:
        return child
    try:
        os.setpgid(0, 0)
        with (open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere),
              contextlib.redirect_stderr(nowhere)):
            work()
        os._exit(0)
    except BaseException:
        os._exit(1)


def ends_within(child: int, seconds: float) -> bool:
    """Whether it ended by itself in time; else it is killed, with all that it has started."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert status == 0, f"an attempt failed: {status}"
            return True
        time.sleep(0.002)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def disturbed(work, kills: int, longest: float, moments: random.Random) -> int:
    """Do `work`, killed after random times, anew from the start where it ends too soon; at last left alone."""
    count = 0
    while count < kills:
        count += not ends_within(fork(work), moments.uniform(0, longest))
    assert ends_within(fork(work), 300)
    return count


def digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in sorted(files))).hexdigest()


# ---- the jobs: each takes a folder, goes on with what it finds there, and says how it ended


def training(folder: Path) -> None:
    """One run to its end, then the next one: each kill hits one of them."""
    unfinished = None
    for path in sorted(folder.glob("0*")):
        with contextlib.suppress(UserError):
            run = Run(path)
            run.last_checkpoint()
            unfinished = run if not (path / "training.gif").is_file() else None
    config = tiny.config(folder, keep=1)
    if unfinished:
        train(unfinished.config, resume=unfinished, quiet=True)
    else:
        train(config, quiet=True)


def training_ended(folder: Path) -> set[str]:
    ends = set()
    for path in folder.glob("0*"):
        if (path / "training.gif").is_file():
            run = Run(path)
            stats = [{k: v for k, v in line.items() if k != "images_per_s"} for line in run.stats()]
            ends.add(digest(*run.last_checkpoint().glob("*.safetensors")) + json.dumps(stats))
    return ends


def next_folder(folder: Path) -> Path:
    """The folder that is not whole yet."""
    return folder / str(sum(".partial" not in str(file) for file in folder.glob("*/manifest.json")))


def preparing(folder: Path) -> None:
    prepared(folder_source(folder.parent / "pictures"), 32, next_folder(folder))


def drawing(folder: Path) -> None:
    prepared(avatar_source(40), 32, next_folder(folder))


def prepared_ended(folder: Path) -> set[str]:
    whole = [file.parent for file in folder.glob("[0-9]*/manifest.json") if ".partial" not in str(file)]
    return {digest(path / "images.u8") + digest(*path.glob("labels.npy")) for path in whole}


def scoring(folder: Path) -> None:
    run = Run(next((folder.parent / "training alone").glob("0*")))

    class Plain(torch.nn.Module):
        family, size, attributes = "plain", 28, False

        def features(self, x):
            return x.flatten(1)[:, ::49]

        def head(self, x):
            return x[:, :3]

        def probabilities(self, x):
            return x.softmax(1)

    from dcgan_course.measuring.judges import Part

    images = tiny.images(28)
    scorer = Scorer(Plain(), Part(images, range(0, 200, 2)), Part(images, range(1, 200, 2)))
    scores = score_generator(scorer, run.load_generator(), run.config, 100)
    run_files = digest(*(file for file in run.path.rglob("*") if file.is_file()))
    (folder / "scores.tmp").write_text(json.dumps(scores) + run_files)
    (folder / "scores.tmp").rename(folder / "scores.json")


def scoring_ended(folder: Path) -> set[str]:
    return {(folder / "scores.json").read_text("utf-8")}


# kills, and the seconds within which they come: about as long as the job takes
JOBS = {"training": (training, training_ended, 55, 0.5), "preparing": (preparing, prepared_ended, 15, 0.2),
        "drawing": (drawing, prepared_ended, 15, 0.4), "scoring": (scoring, scoring_ended, 15, 0.1)}


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    plots.curves = tiny.Curves
    avatars.draw_seed(0, 32)  # what takes seconds the first time is done before the forks
    (folder / "pictures").mkdir()
    colours = np.random.default_rng(0)
    for i in range(60):
        Image.fromarray(colours.integers(0, 256, (40, 50, 3), np.uint8)).save(folder / "pictures" / f"{i}.png")
    found, moments = {}, random.Random(0)
    for name, (work, ended, kills, longest) in JOBS.items():
        alone, killed = folder / f"{name} alone", folder / f"{name} killed"
        alone.mkdir()
        killed.mkdir()
        assert ends_within(fork(lambda work=work, alone=alone: work(alone)), 300)
        count = disturbed(lambda work=work, killed=killed: work(killed), kills, longest, moments)
        found[name] = [count, ended(killed) == ended(alone)]
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
