"""What a check leaves as it was, and how long an answer may take."""

import contextlib
import dis
import random
import signal
import threading
import time
from collections.abc import Iterator

import numpy as np
import torch

from ..machine.runtime import streams_kept

SECONDS = 20.0  # of work, for all that a check asks of an answer; a right one takes a second at most

SETTINGS = {  # what an answer could change for all that follows: how to read it, how to set it
    "the mode of gradients": (torch.is_grad_enabled, torch.set_grad_enabled),
    "torch's default dtype": (torch.get_default_dtype, torch.set_default_dtype),
    "torch's number of threads": (torch.get_num_threads, torch.set_num_threads),
    "torch's deterministic mode": (
        lambda: (torch.are_deterministic_algorithms_enabled(),
                 torch.is_deterministic_algorithms_warn_only_enabled()),
        lambda then: torch.use_deterministic_algorithms(then[0], warn_only=then[1])),
    "torch's anomaly mode": (
        lambda: (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()),
        lambda then: torch.set_anomaly_enabled(*then)),
    "NumPy's handling of errors (np.seterr)": (np.geterr, lambda then: np.seterr(**then)),
}


class TooLong(BaseException):
    """The time is over. Not an Exception: an endless loop may catch those."""


def settings() -> dict[str, object]:
    """The settings as they are."""
    return {name: read() for name, (read, _) in SETTINGS.items()}


def restore(then: dict[str, object]) -> None:
    """Put those settings back that are not as they were. (Some setters take their time, so not all are called.)"""
    for name, (read, write) in SETTINGS.items():
        if read() != then[name]:
            write(then[name])


@contextlib.contextmanager
def untouched() -> Iterator[None]:
    """Runs the learner's code without letting it change what the notebook goes on with: random streams, settings.
    Whatever they are outside, it runs with gradients, in float32, and with the same random numbers each time."""
    then, numpy_stream, python_stream = settings(), np.random.get_state(), random.getstate()
    try:
        with streams_kept(), torch.enable_grad(), limited(SECONDS):
            torch.set_default_dtype(torch.float32)
            for seed in (torch.manual_seed, np.random.seed, random.seed):
                seed(0)
            yield
    finally:
        restore(then)
        np.random.set_state(numpy_stream)
        random.setstate(python_stream)


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raises TooLong in what works longer, where there is a timer signal: not on Windows, and in no other thread. On a
    busy machine, where an import can take as long, it waits; but not for what sleeps."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        if time.process_time() - worked > 0.9 * seconds or time.monotonic() - begun > 5 * seconds:
            raise TooLong

    begun, worked = time.monotonic(), time.process_time()
    handler = signal.signal(signal.SIGALRM, stop)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, 1)  # and each second: a bare `except:` swallows one
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL if handler is None else handler)
        if left:  # somebody else's timer, as a test's
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - begun), 0.001), interval)


def raised_on_purpose(error: BaseException) -> bool:
    """Whether a `raise` made it: Ctrl-C interrupts any other instruction."""
    at = error.__traceback__
    while at.tb_next:
        at = at.tb_next
    return dis.opname[at.tb_frame.f_code.co_code[at.tb_lasti]] == "RAISE_VARARGS"
