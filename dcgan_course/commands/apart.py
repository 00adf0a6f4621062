"""One answer to one exercise, in a process apart, with limits.

A process, not a Jupyter kernel: it is forked, where that is safe, from one that has imported PyTorch already, and
begins in a moment instead of seconds, so that every answer can have its own. It opens no port, needs nothing that the
course has not installed, and what the answer prints is thrown away: the verdict has a pipe of its own.

This keeps accidents apart. It is no wall: the answer runs beside the check that judges it, as the user who grades.
"""

import contextlib
import json
import linecache
import multiprocessing
import os
import re
import signal
import sys
import tempfile
import threading
import types
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple

from ..machine.errors import UserError
from ..machine.progress import answer_name

OUTCOMES = ("solved", "wrong", "not attempted", "error", "timed out", "out of memory")
KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "PATHEXT", "COMSPEC")  # to begin at all
MOST = 1000  # characters of a verdict
START = 120.0  # seconds that a process may take to begin, on a busy machine

starting = threading.Lock()  # the environment is that of the whole process
running: set[BaseProcess] = set()


class Limits(NamedTuple):
    """Of one answer: seconds by the clock, and bytes beyond what the course itself needs (on Linux). And whether all is
    over."""

    seconds: float
    memory: int
    stop: threading.Event


def examined(exercise: str, source: str, limits: Limits) -> tuple[str, str]:
    """Run `source`, which defines the answer, and the official check on it. Returns one of OUTCOMES, and the words.

    Raises:
        UserError: no process can be started.
    """
    method = "forkserver" if sys.platform == "linux" else "spawn"
    context: Any = multiprocessing.get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload([__name__, "dcgan_course.checks", "dcgan_course.commands.cli"])
    receiver, sender = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True) as folder, receiver:
        bare = bare_environment(folder)
        process = context.Process(target=examine, args=(exercise, source, folder, bare, limits.memory, sender))
        with starting, environment(bare):
            process.start()
        sender.close()
        running.add(process)
        if limits.stop.is_set():  # while it began
            end(process)
        try:
            began = receiver.poll(START) and receiver.recv_bytes()
        except EOFError:
            began = None
        if not began:
            end(process)
            raise UserError(f"grade: no process could be started for {exercise} (status {process.exitcode})")
        process.join(limits.seconds)
        late = process.is_alive()
        end(process)  # so that what it tells cannot keep anybody waiting
        said = heard(receiver)
    if said is not None:
        return said
    if late:
        return "timed out", f"had not finished after {limits.seconds:g} s, and was stopped"
    return "error", f"its process ended without a verdict (status {process.exitcode}): a crash, os._exit, or memory"


def end(process: BaseProcess) -> None:
    """End a process, and all that it has begun and left in its session."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()
    running.discard(process)


def end_all(limits: Limits) -> None:
    """End all answers that are running, or begin just now."""
    limits.stop.set()
    for process in list(running):
        end(process)


def heard(receiver: Connection) -> tuple[str, str] | None:
    """What an ended process has told; None for nothing, or for what is no verdict. Read as JSON: unpickling what comes
    from there would run its code here."""
    with contextlib.suppress(EOFError, OSError, ValueError, TypeError):
        if receiver.poll():
            outcome, words = json.loads(receiver.recv_bytes(maxlength=100_000))
            if outcome in OUTCOMES:
                return outcome, str(words)
    return None


def bare_environment(folder: str) -> dict[str, str]:
    """The environment of an answer: no secrets of whoever grades, and a temporary folder for home."""
    own = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP", "MPLCONFIGDIR", "DCGAN_COURSE_CACHE"), folder)
    course = {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg",
              "DCGAN_COURSE_PROGRESS": ""}
    return {name: os.environ[name] for name in KEPT if name in os.environ} | own | course


@contextlib.contextmanager
def environment(variables: dict[str, str]) -> Iterator[None]:
    """Another environment for a while: a process that begins inherits it."""
    then = dict(os.environ)
    set_environment(variables)
    try:
        yield
    finally:
        set_environment(then)


def set_environment(variables: dict[str, str]) -> None:
    """These variables and no others."""
    os.environ.clear()
    os.environ.update(variables)


# ---- in the process apart


def examine(exercise: str, source: str, folder: str, bare: dict[str, str], memory: int, sender: Connection) -> None:
    """What the process does. What judges is taken before a line of the answer has run."""
    from .. import checks
    from ..checks import base

    if hasattr(os, "setsid"):
        os.setsid()
    set_environment(bare)
    os.chdir(folder)
    tempfile.tempdir = None  # look again
    verdict, then = getattr(checks, f"check_{exercise}").verdict, tools()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    limit_memory(memory)
    sender.send_bytes(b"begun")
    outcome, words = "error", ""
    try:
        words = verdict(defined(answer_name(exercise), source))
        outcome = outcome_of(words)
        if changed := [name for name, tool in tools().items() if then.get(name, tool) != tool]:
            outcome, words = "error", f"what checks are made of was replaced: {', '.join(changed[:3])}"
    except BaseException as error:  # of lines around the answer
        words = base.stumble(error, None)
        outcome = "out of memory" if short_of_memory(words) else "error"
    sender.send_bytes(json.dumps([outcome, words[:MOST]]).encode())
    os._exit(0)  # whatever threads there may be


def defined(name: str, source: str) -> object:
    """The answer. Its lines can be quoted, and it finds itself in __main__, as in a notebook."""
    linecache.cache["<notebook>"] = len(source), None, source.splitlines(keepends=True), "<notebook>"
    notebook = types.ModuleType("__main__")
    vars(notebook)["display"] = lambda *args, **kwargs: None  # Jupyter's
    sys.modules["__main__"] = notebook
    exec(compile(source, "<notebook>", "exec"), vars(notebook))
    return vars(notebook)[name]


def outcome_of(words: str) -> str:
    """The outcome, from what the check has found."""
    from ..checks import base

    if not words:
        return "solved"
    if words.startswith(base.NOT_ATTEMPTED):
        return "not attempted"
    if base.TOO_LONG in words:
        return "timed out"
    return "out of memory" if short_of_memory(words) else "wrong"


def short_of_memory(words: str) -> bool:
    """Whether it stopped for want of memory."""
    return bool(re.search("stopped with MemoryError|can't allocate memory", words))


def tools() -> dict[str, object]:
    """What checks are made of, the course's functions and those of PyTorch and NumPy that judge, to be compared."""
    parts = {name: module for name, module in sys.modules.items() if name.startswith("dcgan_course.") or name in (
        "builtins", "torch", "torch.linalg", "torch.nn.functional", "numpy", "numpy.linalg")}
    torch = sys.modules["torch"]
    parts |= {"torch.Tensor": torch.Tensor, "torch.nn.Module": torch.nn.Module}
    return {f"{where}.{name}": (tool, getattr(tool, "__code__", None)) for where, part in parts.items()
            for name, tool in list(vars(part).items()) if callable(tool)}


def limit_memory(more: int) -> None:
    """Let this process ask for so many bytes more than it has; and leave no image of its memory where it crashes."""
    if sys.platform != "linux":  # elsewhere the system does not hold to it
        return
    import resource

    now = 1024 * int(re.search(r"VmData:\s+(\d+)", Path("/proc/self/status").read_text(encoding="utf-8"))[1])
    resource.setrlimit(resource.RLIMIT_DATA, (now + more, now + more))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
