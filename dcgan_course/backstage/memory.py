"""Memory: what a training needs at least, what this machine has, and one line where it did not suffice, or the disk."""

import contextlib
import errno
import os
import re
import shutil
import traceback
from collections.abc import Iterator
from pathlib import Path

import torch

from ..config import TrainConfig
from ..machine.errors import UserError
from ..machine.parallel import started_by_torchrun
from ..machine.runtime import DTYPES
from ..models import build_discriminator, build_generator, count_parameters, halvings
from ..runs import Run

WHAT_HELPS = "Try a smaller batch_size first, then ngf and ndf, or image_size"
PROC, CGROUP = Path("/proc/self"), Path("/sys/fs/cgroup")


# ---- before a training


def training_bytes(parameters_G: int, parameters_D: int, ema: bool = False) -> int:
    """Bytes that weights, gradients and Adam's two moments take, in float32, for networks of so many parameters; with
    `ema` also G's moving average."""
    return 16 * (parameters_G + parameters_D) + (4 * parameters_G if ema else 0)


def least_bytes(config: TrainConfig, processes: int = 1) -> int:
    """Bytes that a training takes at its fullest moment, the backward pass of D, in each of so many processes.

    Counted: `training_bytes`, but for D's gradients, which come while its outputs go; and for each image of the batch
    what convolutions and batch norms give out and keep for the gradient: G's once, D's twice, for the real and the
    generated image. Not counted, so that the truth is larger: other layers, the batch itself, the data, working space,
    PyTorch.
    """
    bare = config.replace(nc=config.nc or 1, spectral_norm=False)
    with torch.device("meta"):  # counted without taking memory
        netG, netD = (count_parameters(build(bare)) for build in (build_generator, build_discriminator))
    numbers = bare.nc * bare.image_size**2  # the generated image
    if bare.network == "dcgan":
        sizes = halvings(bare.image_size)
        smaller = [2**i * size**2 for i, size in enumerate(sizes[1:])]  # a layer's numbers for each base channel
        same = [2**i * size**2 for i, size in enumerate(sizes[:-1])]
        norms = config.norm == "batch" and config.compile != "on"  # compiled, they are computed again
        numbers += config.ngf * (1 + norms) * sum(smaller)
        of_D = same if config.d_downsample == "pool" else smaller
        norms = norms and config.d_norm == "batch" and not config.spectral_norm
        numbers += 2 * config.ndf * (sum(of_D) + norms * sum(of_D[1:]))
    share = config.batch_size // processes
    return (training_bytes(netG, netD, config.ema_kimg > 0) - 4 * netD
            + share * numbers * (2 if config.precision in DTYPES else 4))


def memory_limit(device: torch.device) -> int | None:
    """Bytes that a process can have on a device at most; None where that is not known.

    Of a GPU all that it has; else the least of the machine's memory, what the process may still map (ulimit -v; PyTorch
    has mapped much already), and the limits of its control groups, which a container or a batch system sets.
    """
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    limits = control_group_limits()
    with contextlib.suppress(AttributeError, ValueError, OSError):  # not on Windows
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with contextlib.suppress(ImportError, OSError):  # not on Windows; macOS has no /proc, and does not keep to it
        import resource

        soft = resource.getrlimit(resource.RLIMIT_AS)[0]
        if soft != resource.RLIM_INFINITY:
            mapped = int((PROC / "statm").read_text(encoding="utf-8").split()[0]) * resource.getpagesize()
            limits.append(max(1, soft - mapped))
    return min(limits, default=None)


def control_group_limits() -> list[int]:
    """The limits in bytes of this process's control groups, of version 1 or 2, and of those above them."""
    limits = []
    with contextlib.suppress(OSError, ValueError):
        for line in (PROC / "cgroup").read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers in ("", "memory"):
                top, name = (CGROUP / "memory", "memory.limit_in_bytes") if controllers else (CGROUP, "memory.max")
                here = top / path.lstrip("/")  # inside a container often not there, but the top is
                for folder in (here, *here.parents):
                    with contextlib.suppress(OSError, ValueError):  # "max": without a limit
                        limits.append(int((folder / name).read_text(encoding="utf-8")))
    return limits


def require_memory(config: TrainConfig) -> None:
    """Raise UserError where this machine clearly cannot train with a config."""
    processes = int(os.environ["WORLD_SIZE"]) if started_by_torchrun() else 1
    limit, least = memory_limit(torch.device(config.device)), least_bytes(config, processes)
    if limit and least > limit:
        raise UserError(f"batch_size: found {config.batch_size}, expected at most what fits into the {in_words(limit)} "
                        f"of {config.device}: with {widths(config)} it needs {in_words(least)} at least. {WHAT_HELPS}")


def widths(config: TrainConfig) -> str:
    """In words, the parameters that decide beside batch_size how much memory a training takes."""
    return f"ngf {config.ngf}, ndf {config.ndf} and image_size {config.image_size}"


def in_words(size: int) -> str:
    """So many bytes as text: "1.5 GB", below 1 GB in whole megabytes, "340 MB"."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


# ---- when it has happened


def out_of_memory(error: BaseException) -> bool:
    """Whether memory did not suffice: for Python or numpy, for the system, on a GPU, or, by its words alone, for
    PyTorch on a CPU and for the libraries below it."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    words = ("out of memory|not enough memory|can't allocate memory|bad_alloc|ALLOC_FAILED|"
             "could not (create|execute) a primitive$")  # oneDNN, which names no reason; what it cannot do says more
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or (
        isinstance(error, RuntimeError) and re.search(words, str(error)) is not None)


def asked_for(error: BaseException) -> str:
    """How much was asked for, where the error says so, in brackets."""
    found = re.search(r"(?:tried|unable) to allocate ([\d.]+) (\w+)", str(error), re.IGNORECASE)
    if not found:
        return ""
    number, unit = found.groups()
    return f" (asked for {in_words(int(number)) if unit == 'bytes' else f'{number} {unit}'} at once)"


@contextlib.contextmanager
def memory_in_one_line(config: TrainConfig, resumed: Run | None) -> Iterator[list[Run]]:
    """Says in one line that memory did not suffice for a training. Yields a list for the new run that is begun; where
    it has no checkpoint yet nothing stays of it."""
    begun: list[Run] = []
    try:
        yield begun
    except (MemoryError, RuntimeError, OSError) as error:
        if not out_of_memory(error):
            raise
        # a notebook keeps the last error, and with it what its functions held: networks, images, what a step computed
        traceback.clear_frames(error.__traceback__)
        what = f"out of memory{asked_for(error)} on {config.device} with batch_size {config.batch_size}, " \
               f"{widths(config)}. {WHAT_HELPS}"
        for run in [resumed] if resumed else begun:
            if run.checkpoints():
                what += f", in a new run; or free some memory: {run.last_good()}"
            elif not resumed:
                shutil.rmtree(run.path, ignore_errors=True)
        raise UserError(what) from error


@contextlib.contextmanager
def disk_in_one_line(run: Run) -> Iterator[None]:
    """Says in one line that a run cannot be written, and what is safe."""
    try:
        yield
    except OSError as error:
        if out_of_memory(error):
            raise
        raise UserError(f"{run.path}: cannot be written ({error.strerror or error}); {run.last_good()}") from error
