"""The files of a checkpoint: weights as safetensors, optimisers without pickled code, and a sha256 of each."""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from ..machine.errors import UserError
from ..machine.files import file_sha256

STATE_FILE = "state.pt"  # of optimisers and random streams


def distance_name(scores: dict) -> str:
    """The Frechet distance's name among scores: fd10k_mnist."""
    return next(name for name in scores if name.startswith("fd"))


def step_of(checkpoint: Path) -> int:
    """How many steps had been done when a checkpoint was written, by its name."""
    return int(checkpoint.name.removeprefix("step_"))


def named_checkpoint(name: str | int, found: list[Path], run: Path) -> Path:
    """The checkpoint of a run with the step `name`: 3748, or step_0003748, also with the path before it.

    Raises:
        UserError: none of those found is it.
    """
    step = Path(str(name)).name.removeprefix("step_")
    for checkpoint in found:
        if step.isdecimal() and step_of(checkpoint) == int(step):
            return checkpoint
    names = [checkpoint.name for checkpoint in found]
    names = names if len(names) <= 12 else [*names[:3], "...", *names[-3:]]
    raise UserError(f"checkpoint: found {name}, expected best, last, or one of those in {run}: "
                    f"{', '.join(names) or 'there are none yet'}")


def no_run(path: Path) -> str:
    """Why a path is not a run folder, in words, and which run is meant, perhaps."""
    what = "not a run folder, it has no config.json" if path.is_dir() else (
        "a file, expected a run folder" if path.exists() else "not found, expected a run folder")
    around = [folder for folder in path.parents if (folder / "config.json").is_file()]
    inside = sorted(file.parent for file in path.glob("*/config.json")) if path.is_dir() else []
    meant = around[:1] or inside[-1:]
    return f"{path}: {what}" + (f"; did you mean {meant[0]}?" if meant else "")


def half(net: nn.Module) -> dict[str, torch.Tensor]:
    """A net's weights in half precision: half the size, and no visible difference."""
    return {name: v.half() if v.is_floating_point() else v for name, v in net.state_dict().items()}


def load_weights(net: nn.Module, file: Path) -> None:
    """Fill `net` from a safetensors file, which cannot hold code.

    Raises:
        UserError: damaged, another format, or the weights of another network.
    """
    try:
        weights = load_file(file)
    except FileNotFoundError:
        raise UserError(f"{file}: not found") from None
    except (SafetensorError, OSError) as error:
        raise UserError(f"{file}: not a safetensors file, or damaged ({error})") from None
    try:
        net.load_state_dict(weights)
    except RuntimeError as error:
        first = str(error).strip().splitlines()[1].strip()
        raise UserError(f"{file}: weights of another network ({first})") from None


def load_state(file: Path) -> dict:
    """The optimisers and random streams of a checkpoint. Pickled code is refused, never run.

    Raises:
        UserError: damaged, or not a checkpoint of ours.
    """
    try:
        return torch.load(file, weights_only=True, map_location="cpu")
    except Exception as error:  # a damaged file raises nearly anything
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UserError(f"{file}: not a checkpoint, or damaged ({reason[:120]})") from None


def check_files(checkpoint: Path) -> None:
    """Compare every file of a checkpoint with the sha256 written beside it.

    Raises:
        UserError: the folder is not a checkpoint, or a file is missing or altered.
    """
    try:
        digests = json.loads((checkpoint / "sha256.json").read_bytes())
        files = dict(digests.items())
    except (OSError, ValueError, AttributeError):
        raise UserError(f"{checkpoint}: not a checkpoint, it has no readable sha256.json") from None
    for name, expected in files.items():
        if not (checkpoint / name).is_file():
            raise UserError(f"{checkpoint / name}: missing; {remedy(checkpoint)}")
        if file_sha256(checkpoint / name) != expected:
            raise UserError(f"{checkpoint / name}: damaged, its sha256 differs from the one written with it; "
                            f"{remedy(checkpoint)}")


def remedy(checkpoint: Path) -> str:
    """What can be done where a checkpoint is damaged."""
    if any(other < checkpoint for other in checkpoint.parent.glob("step_*")):
        return f"remove {checkpoint} to go on from the one before it"
    return "there is none before it: restore it from a copy, or train anew"
