"""What is solved of the course: kept in a small file of the learner's, and said at the end of each lesson."""

import contextlib
import os
from pathlib import Path

from filelock import FileLock

from .display import in_notebook, say
from .errors import UserError
from .files import read_json, to_json, write_atomically
from .places import cache_dir

EXERCISES = {  # of each lesson, by their checks: check_scaled ...
    "00": ("scaled",),
    "01": ("d_loss", "g_loss", "alternating_step"),
    "02": ("output_size", "generator_block", "init_weights", "generator", "discriminator"),
    "03": ("noise", "d_step", "g_step"),
    "04": ("snapshot", "frame"),
    "05": ("mode_count", "standing_statistics", "diagnosis"),
    "06": ("interval", "smoothed_d_loss", "ema"),
    "07": ("slerp", "corner_grid", "vector_sum"),
    "08": ("moved", "principal_directions"),
    "09": ("centre_box", "training_bytes", "convolution_flops"),
    "10": ("pooled", "guided", "dropped"),
    "11": ("frechet", "extrapolated", "precision", "two_sample"),
    "12": ("close", "errata"),
    "13": ("hinge", "r1", "influence", "relativistic"),
    "14": ("noised", "unmixed", "diffusion_loss", "ddim_step"),
    "15": ("class_planes", "projection_logit", "with_length", "inversion_step"),
}
NAMED_OTHERWISE = {"generator_block": "my_block", "generator": "MyGenerator", "discriminator": "MyDiscriminator"}
ALL = [name for names in EXERCISES.values() for name in names]

solved_now: set[str] = set()  # in this kernel


def answer_name(exercise: str) -> str:
    """What a lesson calls the answer to an exercise: "my_slerp" for "slerp"."""
    return NAMED_OTHERWISE.get(exercise, f"my_{exercise}")


def progress_file() -> Path | None:
    """Where it is kept: $DCGAN_COURSE_PROGRESS, which may be empty for nowhere, or in the cache."""
    asked = os.environ.get("DCGAN_COURSE_PROGRESS")
    return (Path(asked) if asked else None) if asked is not None else cache_dir() / "progress.json"


def read() -> set[str]:
    """The exercises that were solved, here and now or before. A damaged file counts as none."""
    file, kept = progress_file(), []
    if file is not None and file.is_file():
        with contextlib.suppress(UserError):
            kept = read_json(file).get("solved")
    return solved_now | {name for name in (kept if isinstance(kept, list) else []) if name in ALL}


def note(exercise: str) -> None:
    """Keep that an exercise is solved; only in a notebook. Where nothing can be written, this kernel alone knows."""
    if not in_notebook() or exercise not in ALL:
        return
    solved_now.add(exercise)
    file = progress_file()
    if file is not None:
        with contextlib.suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(file.with_suffix(".lock"), timeout=5):  # two lessons may be open
                solved = read()
                write_atomically(file, to_json({"solved": [name for name in ALL if name in solved]}))


def progress(lesson: str) -> None:
    """Say how many exercises are solved, in a lesson and in the course.

    Args:
        lesson: its number, as "07".
    """
    solved, here = read(), EXERCISES[lesson]
    count = sum(name in solved for name in here)
    say("✓" if count == len(here) else "○",
        f"{count} of {len(here)} solved here, {len(solved)} of {len(ALL)} in the course.")
