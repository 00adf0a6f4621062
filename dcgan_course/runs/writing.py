"""How a run comes onto the disk: its folder, its lines and its checkpoints. What a run is stands in `Run`."""

import contextlib
import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import torch
from filelock import FileLock, Timeout
from safetensors import SafetensorError
from safetensors.torch import save
from torch import Tensor, nn

from ..config import TrainConfig
from ..machine.errors import UserError
from ..machine.files import file_sha256, moved, numbered, sync, to_json, write_atomically
from ..machine.runtime import machine
from . import Run
from .checkpoints import STATE_FILE


def create(config: TrainConfig) -> Run:
    """A run in a new folder under config.out, numbered after the last one there: runs/0003-mnist."""
    out = Path(config.out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        path = numbered(out, config.preset)
        (path / "samples").mkdir()
        (path / "checkpoints").mkdir()
        (path / "config.json").write_bytes(to_json(dataclasses.asdict(config)))
        (path / "machine.json").write_bytes(to_json(machine()))
    except OSError as error:
        raise UserError(f"{out}: cannot make a run folder ({error.strerror or error})") from error
    return Run(path)


@contextlib.contextmanager
def trained_alone(run: Run, main: bool = True) -> Iterator[None]:
    """While this is open, no other process can train the run (`main`: of several that train it together, the one
    that asks). Raises UserError where one does already."""
    try:
        with FileLock(run.path / "checkpoints" / ".lock", timeout=0) if main else contextlib.nullcontext():
            yield
    except Timeout:
        raise UserError(f"{run.path}: another process is training it; wait for it, or stop it first") from None


def add_line(run: Run, line: dict, name: str = "stats.jsonl") -> None:
    """Append one line to stats.jsonl or metrics.jsonl."""
    with (run.path / name).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def rewind(run: Run, config: TrainConfig, step: int) -> None:
    """Go back to a checkpoint: forget the statistics after `step`, which will be made again, and note `config`."""
    for name, lines in (("stats.jsonl", run.stats()), ("metrics.jsonl", run.metrics())):
        kept = [json.dumps(line) + "\n" for line in lines if line["step"] <= step]
        if kept or (run.path / name).exists():
            write_atomically(run.path / name, "".join(kept).encode())
    write_atomically(run.path / "config.json", to_json(dataclasses.asdict(config)))
    (run.path / "samples").mkdir(exist_ok=True)
    run.config = config


def save_checkpoint(run: Run, step: int, nets: dict[str, nn.Module], state: dict, keep: int) -> Path:
    """Write checkpoints/step_NNNNNNN as a whole or not at all: to a temporary folder, synced, renamed.

    Args:
        nets: written as NAME.safetensors.
        state: everything else, for torch.load(weights_only=True).
        keep: how many checkpoints stay, and the best one beside them; 0 = all.
    Raises:
        UserError: the disk is full or read-only; the checkpoints before this one stay whole.
    """
    folder = run.path / "checkpoints"
    final, temporary = folder / f"step_{step:07d}", folder / f".step_{step:07d}.tmp"
    try:
        for left in folder.glob(".step_*.tmp"):  # by a kill
            shutil.rmtree(left, ignore_errors=True)
        temporary.mkdir()
        fill(temporary, nets, state)
        shutil.rmtree(final, ignore_errors=True)
        moved(temporary, final)
        sync(folder)
    except (OSError, RuntimeError, SafetensorError) as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise UserError(f"{final}: cannot be written ({error}); {run.last_good()}") from error
    best = run.best_checkpoint()
    for old in run.checkpoints()[:-keep] if keep else []:
        if old != best:
            with contextlib.suppress(OSError):  # it stays where somebody reads it; the new one is written
                shutil.rmtree(old.replace(folder / f".{old.name}.tmp"), ignore_errors=True)  # half of it is never seen
    return final


def save_file(weights: dict[str, Tensor], file: Path) -> None:
    """Write weights as safetensors, readable as the umask says: safetensors' own function makes a file for its owner
    alone."""
    file.write_bytes(save(weights))


def fill(folder: Path, nets: dict[str, nn.Module], state: dict) -> None:
    """The files of a checkpoint, each with its sha256, and all of it on the disk itself."""
    for name, net in nets.items():
        save_file({k: v.contiguous() for k, v in net.state_dict().items()}, folder / f"{name}.safetensors")
    torch.save(state, folder / STATE_FILE)
    digests = {f.name: file_sha256(f) for f in sorted(folder.iterdir())}
    (folder / "sha256.json").write_bytes(to_json(digests))
    for file in [*folder.iterdir(), folder]:
        sync(file)
