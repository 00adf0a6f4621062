"""torch.compile: can it, does it pay, and what if it fails."""

import importlib
import time
from collections.abc import Callable

import torch

from ..config import TrainConfig
from ..machine.runtime import first_line, time_of, wait
from .memory import out_of_memory

COST = 60.0  # seconds that compiling both networks takes, about
GAIN = 0.15  # of a step's time that it saves: batch norm, activations and casts; convolutions stay as they are
# Both are guesses on the careful side, for no GPU was at hand; `dcgan-course doctor --gpu` measures them.


def obstacle(device: torch.device) -> str:
    """Why "auto" does not compile here, in words; "" where it may."""
    if device.type != "cuda":
        return f"on {device.type} nothing is gained"
    if torch.cuda.get_device_capability(device) < (7, 0):
        return "the GPU is older than Triton wants, capability 7.0"
    try:
        importlib.import_module("triton")
    except Exception as error:  # a broken one raises nearly anything
        return f"Triton cannot be imported ({first_line(error)})"
    return ""


def pays(step_seconds: float, steps: int) -> bool:
    """Whether steps of so many seconds are enough of them: what compiling saves against what it costs."""
    return GAIN * step_seconds * steps > COST


def decided(config: TrainConfig, steps: int, make_step: Callable[[TrainConfig], Callable[[], None]]) -> str:
    """config.compile as "on" or "off": "auto" is on where nothing stands against it and so many steps pay. A trial step
    has then shown that it compiles; where it does not, one line says so, and the training goes on without: its pictures
    are the same, and a run that was compiled on another machine can be resumed.

    Args:
        make_step: called with a config, returns a step of a new training: () -> None.
    """
    device = torch.device(config.device)
    if config.compile == "off" or (config.compile == "auto" and obstacle(device)):
        return "off"
    if config.compile == "auto" and not pays(time_of(make_step(config.replace(compile="off")), device), steps):
        return "off"
    if steps < 1:  # it has ended
        return "on"
    try:
        trial(config, make_step)
    except Exception as error:  # the compiler's errors have no common class
        if out_of_memory(error):
            raise
        reason = getattr(error, "inner_exception", error)  # what PyTorch's compiler wraps
        print(f"compile: off, as compiling failed here: {first_line(reason)}")
        return "off"
    return "on"


def trial(config: TrainConfig, make_step: Callable[[TrainConfig], Callable[[], None]]) -> float:
    """Seconds until the first compiled step is done. Raises whatever compiling raises."""
    start = time.perf_counter()
    make_step(config.replace(compile="on"))()
    wait(torch.device(config.device))
    return time.perf_counter() - start
