"""What this machine is and how to use it: device, precision, seeds."""

import contextlib
import hashlib
import math
import os
import platform
import shutil
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import torch
import torch.nn.functional as F

from .errors import UserError
from .threads import Threads, cpu_threads, settle


def program() -> str:
    """How to call this command line again: by its name where the shell finds it, else as it was called."""
    called = Path(sys.argv[0])
    if called.name not in ("dcgan-course", "__main__.py") or shutil.which("dcgan-course"):
        return "dcgan-course"
    return "python -m dcgan_course" if called.name == "__main__.py" else str(called)


# ---- device


def pick_device(name: str = "auto") -> torch.device:
    """The device `name`; "auto" = CUDA, else Apple's MPS, else the CPU. It has shown that it computes.

    Raises:
        UserError: no such device on this machine, or one for which this PyTorch has no kernels.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if name == "cuda" and "LOCAL_RANK" in os.environ and torch.cuda.is_available():  # torchrun: a GPU for each process
        rank, gpus = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
        if rank >= gpus:
            raise UserError(f"nproc-per-node: found {rank + 1} processes or more, expected at most {gpus}, one for "
                            "each GPU of this machine")
        torch.cuda.set_device(rank)
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        gpus = torch.cuda.device_count()
        found = f"{gpus} CUDA device{'s' * (gpus != 1)}"
        raise UserError(f"device: found {name!r}, expected auto, cpu or a device of this machine, which has "
                        f"{found}") from error
    try:
        try_convolution(device)
    except RuntimeError as error:  # a GPU too old or too new for this PyTorch has memory, but no kernels
        raise UserError(f"device: found {name!r}, which cannot run a small convolution ({first_line(error)}), expected "
                        "one that can, such as cpu") from error
    return device


def try_convolution(device: torch.device, precision: str = "fp32") -> None:
    """A small convolution, forward and backward, waited for. Raises RuntimeError where the device cannot."""
    weight = torch.ones(8, 8, 4, 4, device=device, requires_grad=True)
    with autocast(device, precision):
        y = F.conv2d(torch.ones(2, 8, 8, 8, device=device), weight, stride=2, padding=1)
    y.float().sum().backward()
    weight.grad.sum().item()


def first_line(error: BaseException) -> str:
    """What an error says, in one line; libraries add pages, of NCCL's the last error counts."""
    said = str(error).partition("Last error:")[2] or str(error)
    return next((line.strip() for line in said.splitlines() if line.strip()), type(error).__name__)


def wait(device: torch.device) -> None:
    """Until the device has done what it was told; the CPU always has."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def memory_format(device: torch.device) -> torch.memory_format:
    """How images lie in memory: channels side by side, as fast convolutions want them. Not on Apple's MPS, where
    batch norm then has wrong gradients in some versions of PyTorch from 2.8 on (pytorch/pytorch#175189, #188371)."""
    return torch.contiguous_format if device.type == "mps" else torch.channels_last


def use_fast_arithmetic(device: torch.device) -> None:
    """On CUDA, for the rest of the process: matrix products in TF32, as convolutions are by PyTorch's default, and for
    each shape the convolution that a trial finds fastest. (Trials differ, so that two trainings of a seed do too.)"""
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # 2.9 calls this old; what it wants instead breaks its torch.compile
            torch.set_float32_matmul_precision("high")


# ---- random streams


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


@contextlib.contextmanager
def streams_kept() -> Iterator[None]:
    """The global random streams, of every GPU too, are put back afterwards."""
    mps = torch.mps.get_rng_state() if torch.backends.mps.is_available() else None
    try:
        with torch.random.fork_rng(range(torch.cuda.device_count()), device_type="cuda"):  # else it warns of several
            yield
    finally:
        if mps is not None:
            torch.mps.set_rng_state(mps)


# ---- precision

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}  # of convolutions; "fp32" leaves them as they are
GAIN = 1.1  # 16 bits have to be so much faster than 32 to be taken


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """The context in which networks run: 16-bit convolutions for "bf16" and "fp16", nothing for "fp32"."""
    return torch.autocast(device.type, DTYPES.get(precision, torch.bfloat16), enabled=precision in DTYPES)


def time_of(call: Callable[[], object], device: torch.device, repeats: int = 5, most: float = math.inf) -> float:
    """Median seconds of `call()`, after one warm-up, waiting for the device; fewer repeats after `most` seconds."""
    times = []
    while len(times) <= repeats and (len(times) < 2 or sum(times) < most):
        start = time.perf_counter()
        call()
        wait(device)
        times.append(time.perf_counter() - start)
    return sorted(times[1:])[len(times[1:]) // 2]


def probe_precision(device: torch.device) -> dict[str, float]:
    """Seconds of one convolution, forward and backward, per precision: {"fp32": ..., "bf16": ...}, on CUDA also
    "fp16". Infinite where the device raises, or only imitates bfloat16.

    In turn, and the best of six: a busy machine must not decide. Takes about half a second. Without
    hardware for it, bfloat16 is several times slower than float32.
    """
    width = 64 if device.type == "cpu" else 256  # a small one would only time how fast a GPU is told
    form = memory_format(device)

    def once(precision: str) -> float:
        try:
            weight, x = (torch.zeros(shape, device=device).to(memory_format=form).requires_grad_()
                         for shape in ((2 * width, width, 4, 4), (64, width, width // 4, width // 4)))

            def step():
                with autocast(device, precision):
                    y = F.conv2d(x, weight, stride=2, padding=1)
                y.float().sum().backward()

            return time_of(step, device, 1)
        except RuntimeError:  # no kernel of that kind, or no memory for it
            return math.inf

    seconds = {"fp32": math.inf, "bf16": math.inf} | ({"fp16": math.inf} if device.type == "cuda" else {})
    tried = [name for name in seconds if name != "bf16" or has_bf16(device)]
    with cpu_threads(1):  # several would wait for whatever else runs, which says nothing of the arithmetic
        for _ in range(6):
            for name in tried:
                seconds[name] = min(seconds[name], once(name))
    return seconds


def has_bf16(device: torch.device) -> bool:
    """False on a device that only imitates bfloat16; it takes seconds to be seen to be slow. A T4 does, and a CPU
    without oneDNN, as PyTorch has Apple's."""
    if device.type != "cuda":
        return device.type != "cpu" or torch.backends.mkldnn.is_available()
    with torch.cuda.device(device):
        return torch.cuda.is_bf16_supported(including_emulation=False)


def fastest(seconds: dict[str, float]) -> str:
    """What `probe_precision` found best. bf16 before fp16: it has the range of float32, so that nothing overflows."""
    better = [name for name in DTYPES if seconds["fp32"] > GAIN * seconds.get(name, math.inf)]
    return better[0] if better else "fp32"


def pick_precision(name: str, device: torch.device) -> str:
    """"fp32", "bf16" or "fp16"; "auto" = the `fastest` of a short probe; on MPS, where nobody has tried others, fp32.

    Raises:
        UserError: the device cannot compute in the precision `name`.
    """
    if name == "auto":
        return "fp32" if device.type == "mps" else fastest(probe_precision(device))
    try:
        try_convolution(device, name)
    except RuntimeError as error:
        raise UserError(f"precision: found {name}, in which {device} cannot run a convolution ({first_line(error)}), "
                        "expected auto or another one") from error
    return name


# ---- threads


def settle_threads() -> int:
    """Let this process, such as a notebook's, work with the number of CPU threads that is fastest now, and return it.
    Takes half a second; a training in it measures by itself again."""
    weight, x = torch.zeros(64, 32, 4, 4, requires_grad=True), torch.zeros(64, 32, 14, 14)
    settle(Threads(lambda: lambda n: torch.conv2d(x[:n], weight, stride=2).sum().backward(), len(x)).number)
    return torch.get_num_threads()


# ---- machine


def machine() -> dict[str, str]:
    """This machine and the versions that matter, for run folders and for `doctor`."""
    apple = "Apple's, by MPS" if torch.backends.mps.is_available() else "none"
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else apple
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": version("torchvision"),
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": f"{torch.backends.cpu.get_cpu_capability()}, threads: {torch.get_num_threads()}",
        "gpu": gpu,
    }
