"""Does the GPU of this machine do what a training needs? Tried one by one, and said in a report to paste."""

import math
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial

import torch
import torch.distributed as dist
from torch import Tensor

from ..backstage.compiling import COST, GAIN, obstacle, trial
from ..backstage.memory import in_words
from ..config import TrainConfig, preset
from ..machine.errors import UserError
from ..machine.parallel import World, backend
from ..machine.runtime import fastest, first_line, machine, pick_device, probe_precision, time_of
from ..sampling import draw_z, generate
from ..state import TrainState
from ..trainer import both_steps, one_step
from .bench import images_per_second

STEEP = {"d_norm": "none", "init": "he", "r1": 100.0, "r2": 100.0, "penalty_every": 1}  # nearly all of D's gradient
CLOSE = {"fp32": 0.1, "bf16": 0.3, "fp16": 0.1}  # of a gradient's length; TF32, which fp32 is on CUDA, rounds as fp16


def report(device: torch.device, bench: TrainConfig) -> Iterator[str]:
    """Lines, as they come. Each begins with "ok"; with "note", where the device lacks something that a training can do
    without; or with "FAIL", where something raised or was found wrong.

    Args:
        bench: what is timed.
    """
    yield from (f"ok    {name}: {value}" for name, value in (machine() | about(device)).items())
    seconds = probe_precision(device)
    for name, time in seconds.items():
        yield (f"ok    a convolution in {name}: {1000 * time:.2f} ms" if math.isfinite(time) else
               f"{'FAIL' if name == 'fp32' else 'note'}  a convolution in {name}: cannot be run, or is only imitated")
    usable, best = [name for name, time in seconds.items() if math.isfinite(time)], fastest(seconds)
    small = preset("avatars", nc=3, batch_size=16, ngf=16, ndf=16, lr_d=1e-9, compile="off")
    bench = bench.replace(device=str(device), nc=bench.nc or 1, precision=best, compile="off")
    checks: dict[str, Callable[[], str]] = {
        **{f"gradients in {p}": partial(gradients_alike, small, device, p) for p in usable},
        **{f"penalties in {p}": partial(gradients_alike, small.replace(**STEEP), device, p) for p in usable},
        "pictures": lambda: pictures_alike(small, device),
        **{f"{bench.preset} in {p}": partial(timed, bench.replace(precision=p)) for p in usable},
        "memory": lambda: high_mark(device),
        f"compilation in {best}": lambda: compiled(bench),
        "several processes": lambda: summed(device),
    }
    for name, check in checks.items():
        try:
            yield f"ok    {name}: {check()}"
        except Exception as error:  # whatever a driver, a compiler or a library raises belongs into the report
            yield f"FAIL  {name}: {type(error).__name__}: {first_line(error)}"


def about(device: torch.device) -> dict[str, str]:
    """What a reader of the report wants to know of the device."""
    if device.type != "cuda":
        return {"device": str(device)}
    found = torch.cuda.get_device_properties(device)
    asked = [shutil.which("nvidia-smi"), "--query-gpu=driver_version", "--format=csv,noheader"]
    said = subprocess.run(asked, capture_output=True, text=True).stdout.split() if asked[0] else []
    return {"device": f"{device}, {found.name}, {in_words(found.total_memory)}, capability {found.major}.{found.minor}",
            "driver": f"{said[0] if said else '?'}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}"}


# ---- against the CPU


def gradients_after_a_step(config: TrainConfig, device: torch.device, precision: str) -> dict[str, Tensor]:
    """{"netG": ..., "netD": ...}: all gradients of one step as one vector, from the same weights, images and z on every
    device. (With a learning rate of nearly 0 for D, as Adam's first step is all signs, and those of nothing differ.)"""
    config = config.replace(device=str(device), precision=precision)
    state, stream = TrainState.start(config), torch.Generator().manual_seed(0)
    shape = (config.batch_size, config.nc, config.image_size, config.image_size)
    x_real = (torch.rand(shape, generator=stream) * 2 - 1).to(device)
    z = draw_z(config, config.batch_size, stream).to(device)
    both_steps(config, state, state.netG, state.netD, x_real, z)
    return {name: torch.cat([p.grad.flatten().cpu() for p in net.parameters()])
            for name, net in (("netG", state.netG), ("netD", state.netD))}


def gradients_alike(config: TrainConfig, device: torch.device, precision: str) -> str:
    """How far gradients are from those of the CPU in float32, relative to their length. Raises UserError where that is
    too far."""
    here = gradients_after_a_step(config, torch.device("cpu"), "fp32")
    there = gradients_after_a_step(config, device, precision)
    apart = max(((there[name] - here[name]).norm() / here[name].norm()).item() for name in here)
    if not apart < CLOSE[precision]:
        raise UserError(f"{apart:.3f} apart from the CPU's, expected less than {CLOSE[precision]}")
    return f"{apart:.4f} apart from the CPU's"


def pictures_alike(config: TrainConfig, device: torch.device) -> str:
    """How near the device's pictures of G are to the CPU's, in eval mode; in words, as the gradients."""
    z = draw_z(config, 4, torch.Generator().manual_seed(0))
    here, there = (generate(TrainState.start(config.replace(device=str(place), precision="fp32")).shown, z)
                   for place in ("cpu", device))
    apart = ((there - here).norm() / here.norm()).item()
    if not apart < CLOSE["fp32"]:
        raise UserError(f"{apart:.3f} apart from the CPU's, expected less than {CLOSE['fp32']}")
    return f"{apart:.4f} apart from the CPU's"


# ---- how fast, how much


def timed(config: TrainConfig) -> str:
    """How many images a second a training takes in, in words."""
    return f"{images_per_second(config):,.0f} images/s with data, not compiled"


def high_mark(device: torch.device) -> str:
    """How much of a GPU's memory has been in use: on CUDA at most so far, on MPS now."""
    if device.type == "cuda":
        return f"{in_words(torch.cuda.max_memory_allocated(device))} at most so far"
    return f"{in_words(torch.mps.driver_allocated_memory())} now" if device.type == "mps" else "not told"


def compiled(config: TrainConfig) -> str:
    """What compiling costs and gains, beside what `compiling` supposes."""
    device = torch.device(config.device)
    if why := obstacle(device):
        return f"off, as {why}"

    def make_step(c: TrainConfig):
        return one_step(c, World())

    cost = trial(config, make_step)
    plain, faster = (time_of(make_step(config.replace(compile=c)), device, 20) for c in ("off", "on"))
    return f"costs {cost:.0f} s, supposed {COST:.0f}; saves {1 - faster / plain:.0%} of a step, supposed {GAIN:.0%}"


def summed(device: torch.device) -> str:
    """What several processes share by, tried in a group of one."""
    if device.type == "mps" or not dist.is_available():
        return f"torch.distributed {'knows no MPS' if dist.is_available() else 'is not here'}, one process only"
    if not dist.is_backend_available(backend(device)):
        return f"no {backend(device)} here, one process only"
    dist.init_process_group(backend(device), store=dist.HashStore(), rank=0, world_size=1)
    try:
        mean = World(joined=True).average_(torch.full((3,), 2.0, device=device)).tolist()
    finally:
        dist.destroy_process_group()
    if mean != [2.0] * 3:
        raise UserError(f"{backend(device)} made {mean} of 2.0 three times")
    return backend(device) + (" " + ".".join(map(str, torch.cuda.nccl.version())) if backend(device) == "nccl" else "")


def this_gpu() -> torch.device:
    """Raises UserError where there is none."""
    if not (torch.cuda.is_available() or torch.backends.mps.is_available()):
        raise UserError("gpu: found neither CUDA nor Apple's MPS, expected one of them; without --gpu this machine is "
                        "checked as it is")
    return pick_device()
