"""What this machine is and how to use it: device, precision, seeds."""

import hashlib
import os
import platform
import shutil
import sys
import time
from pathlib import Path

import torch

from .errors import UserError
from .threads import cpu_threads


def course_dir() -> Path | None:
    """The folder that holds notebooks/ and data/: a clone of the repository, or inside the package that its wheel has
    installed; None where there is only the package."""
    package = Path(__file__).resolve().parent
    return next((f for f in (package.parent, package / "course") if (f / "data" / "README.md").is_file()), None)


def repo_data_dir() -> Path | None:
    """The course's data/ folder, or None where there is only the package."""
    course = course_dir()
    return course and course / "data"


def cache_dir() -> Path:
    """Where downloads go: $DCGAN_COURSE_CACHE, or ~/.cache/dcgan_course."""
    return Path(os.environ.get("DCGAN_COURSE_CACHE") or "~/.cache/dcgan_course").expanduser()


def program() -> str:
    """How to call this command line again: by its name where the shell finds it, else as it was called."""
    called = Path(sys.argv[0])
    return "dcgan-course" if called.name != "dcgan-course" or shutil.which("dcgan-course") else str(called)


def pick_device(name: str = "auto") -> torch.device:
    """The device `name`; "auto" = CUDA, else Apple's MPS, else the CPU.

    Raises:
        UserError: no such device on this machine.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if name == "cuda" and "LOCAL_RANK" in os.environ and torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))  # torchrun: one GPU for each process
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        gpus = torch.cuda.device_count()
        found = f"{gpus} CUDA device{'s' * (gpus != 1)}"
        raise UserError(f"device: found {name!r}, expected auto, cpu or a device of this machine, which has "
                        f"{found}") from error
    return device


def seeded(seed: int, purpose: str, device: torch.device | str = "cpu") -> torch.Generator:
    """A random stream of its own for each purpose, so that drawing from one never shifts another.

    >>> a, b = seeded(0, "z"), seeded(0, "z")
    >>> bool((torch.rand(3, generator=a) == torch.rand(3, generator=b)).all())
    True
    """
    if not 0 <= seed < 2**63:
        raise UserError(f"seed: found {seed}, expected 0 to {2**63 - 1}")
    digest = hashlib.sha256(f"{purpose}/{seed}".encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest[:7], "little"))


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """The context in which networks run: bfloat16 convolutions for "bf16", nothing for "fp32"."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


def time_of(call, device: torch.device, repeats: int = 5) -> float:
    """Median seconds of `call()`, after one warm-up, waiting for the device."""
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        call()
        if device.type != "cpu":
            getattr(torch, device.type).synchronize()
        times.append(time.perf_counter() - start)
    return sorted(times[1:])[repeats // 2]


def probe_precision(device: torch.device) -> dict[str, float]:
    """Seconds of one small convolution, forward and backward, per precision: {"fp32": ..., "bf16": ...}.

    In turn, and the best of six: a busy machine must not decide. Takes about half a second. Without
    hardware for it, bfloat16 is several times slower than float32.
    """
    layer = torch.nn.Conv2d(64, 128, 4, stride=2, padding=1).to(device, memory_format=torch.channels_last)
    x = torch.zeros(64, 64, 16, 16, device=device).to(memory_format=torch.channels_last).requires_grad_()

    def step(precision):
        with autocast(device, precision):
            y = layer(x)
        y.float().sum().backward()

    with cpu_threads(1):  # several would wait for whatever else runs, which says nothing of the arithmetic
        rounds = [{precision: time_of(lambda p=precision: step(p), device, 1) for precision in ("fp32", "bf16")}
                  for _ in range(6)]
    return {precision: min(times[precision] for times in rounds) for precision in ("fp32", "bf16")}


def pick_precision(name: str, device: torch.device) -> str:
    """"fp32" or "bf16"; "auto" = bf16 where `probe_precision` finds it at least 1.1 times as fast."""
    if name != "auto":
        return name
    if device.type == "mps":
        return "fp32"
    seconds = probe_precision(device)
    return "bf16" if seconds["fp32"] > 1.1 * seconds["bf16"] else "fp32"


def machine() -> dict[str, str]:
    """This machine and the versions that matter, for run folders and for `doctor`."""
    import torchvision

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": f"{torch.backends.cpu.get_cpu_capability()}, threads: {torch.get_num_threads()}",
        "gpu": gpu,
    }


def in_notebook() -> bool:
    """True in a Jupyter or Colab kernel."""
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    return shell is not None and hasattr(shell, "kernel")
