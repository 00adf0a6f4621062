"""How somebody else makes a run again: its config without what belongs to this machine, and as a command."""

import dataclasses
import shlex
from pathlib import Path

from ..config import PRESETS, TrainConfig
from ..data.names import in_grey

# what the machine decides, not the person
MACHINE = ("device", "precision", "compile", "out", "nc", "keep", "checkpoint_minutes", "tensorboard")


def shareable(config: TrainConfig) -> TrainConfig:
    """The same without the paths of this machine: of a folder, a zip or a judge's file, only the name stays."""
    kind, colon, where = config.data.partition(":")
    data = kind + colon + Path(where).expanduser().resolve().name if colon and kind != "hf" else config.data
    return config.replace(data=data, judge=Path(config.judge).name, out="runs")


def command(config: TrainConfig) -> str:
    """The command that trains with this config: its preset, and every flag that differs from it."""
    default = PRESETS.get(config.preset, TrainConfig())
    words = ["dcgan-course", "train", "--preset", config.preset]
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        chosen = field.name not in MACHINE or (field.name == "nc" and in_grey(config))
        if chosen and value != getattr(default, field.name):
            flags = {True: [f"--{field.name}"], False: [f"--no_{field.name}"]} if isinstance(value, bool) else {}
            whole = isinstance(value, float) and value.is_integer()
            words += flags.get(value) or [f"--{field.name}", str(int(value) if whole else value)]
    return shlex.join(words)
