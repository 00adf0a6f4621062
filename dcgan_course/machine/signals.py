"""Stops that are asked for from outside: Ctrl-C, docker stop, a batch system, a closed terminal.

Nothing is imported that takes time, so that the command line can listen from the start.
"""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TextIO

# Ctrl-C; docker stop, a batch system or kill; a closed terminal, which Windows does not tell
STOPS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]

came: list[int] = []  # the signals that asked this process to stop, since `interrupted_by_all` was opened last


@contextlib.contextmanager
def stop_on_interrupt() -> Iterator[threading.Event]:
    """Turns Ctrl-C (in a notebook: the stop button), SIGTERM and SIGHUP into an event that a loop can look at between
    two steps.

    A second one of the same kind interrupts at once. What is ignored, as SIGHUP under nohup, stays ignored. Yields a
    threading.Event.
    """
    stop = threading.Event()
    with answered(lambda signum, handler: signum == signal.SIGINT or handler != signal.SIG_IGN, stop.set):
        yield stop


@contextlib.contextmanager
def interrupted_by_all() -> Iterator[None]:
    """SIGTERM and SIGHUP interrupt as Ctrl-C does, where nothing else listens to them: what is done is kept, and worker
    processes end."""
    def interrupt():
        raise KeyboardInterrupt

    came.clear()
    with answered(lambda signum, handler: handler == signal.SIG_DFL, interrupt):
        yield


@contextlib.contextmanager
def answered(chosen: Callable[[int, object], bool], answer: Callable[[], None]) -> Iterator[None]:
    """While this is open, `answer()` is called at the first signal of each kind for which `chosen(signal, handler)`.

    A second one goes to the handler of before. Two within a second are one request: `timeout` and a closing terminal
    send two. A hand at Ctrl-C means each; torchrun repeats them all, and never means it.
    """
    before, seen = {}, {}
    if threading.current_thread() is threading.main_thread():  # only the main thread may set handlers
        handlers = {signum: signal.getsignal(signum) for signum in STOPS}
        before = {signum: handler for signum, handler in handlers.items()
                  if handler is not None and chosen(signum, handler)}

    def come(signum: int, frame: FrameType | None) -> None:
        if signum not in seen:
            seen[signum] = time.monotonic()
            came.append(signum)
            if signum not in (signal.SIGINT, signal.SIGTERM):
                sys.stdout, sys.stderr = Lossy(sys.stdout), Lossy(sys.stderr)  # the terminal may be gone
            answer()
        elif "LOCAL_RANK" not in os.environ and (signum == signal.SIGINT or time.monotonic() > seen[signum] + 1):
            signal.signal(signum, before[signum])
            signal.raise_signal(signum)

    for signum in before:
        signal.signal(signum, come)
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


class Lossy:
    """A stream whose reader may go away, such as a closed terminal or a `tee` that Ctrl-C has ended: what is said then
    is lost, and the work is not."""

    def __init__(self, stream: TextIO | None):
        self.stream = stream or open(os.devnull, "w", encoding="utf-8")  # closed from the start

    def __getattr__(self, name: str):
        return getattr(self.stream, name)

    def write(self, text: str) -> None:
        """Pass a text on to the stream; where that fails, it is lost."""
        with contextlib.suppress(OSError):
            self.stream.write(text)

    def flush(self) -> None:
        """Have the stream write out what it holds; where that fails, it is lost."""
        with contextlib.suppress(OSError):
            self.stream.flush()
