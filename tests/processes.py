"""Processes of their own that begin at once: forks of one that has imported torch and the package, which takes seconds.

A fork then lives, and ends, as `python -c CODE` does, but for taking the interpreter down, which takes seconds too.
"""

import atexit
import functools
import gc
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

PATIENCE = 300  # seconds until a test gives up waiting: never seen but on a machine that is very busy, or broken

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # which no process can hear; on Windows either ends it like that


def ended_by(number: int) -> int:
    """The status of a process that a signal has ended."""
    return number if os.name == "nt" else -number


def begin(code: str, **variables: str):
    """A process that runs `code`, with these variables in its environment: what the tests use of subprocess.Popen."""
    environment = os.environ | variables
    if sys.platform != "linux":  # elsewhere what torch has loaded does not always survive a fork
        return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env=environment, preexec_fn=listen if os.name == "posix" else None)
    return Fork(code, environment)


def listen() -> None:
    """In a new process: hear Ctrl-C and a hang-up, which a shell's `&` and nohup have told the tests to ignore."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def own_memory(key: str) -> int:
    """Bytes that this process has asked for, now ("VmRSS") or at its worst ("VmHWM"), by Linux; without the pages of
    files, libraries above all: how many of those are resident is the system's choice."""
    fields = dict(re.findall(r"(\w+):\s+(\d+) kB", Path("/proc/self/status").read_text("utf-8")))
    return 1024 * (int(fields[key]) - int(fields["RssFile"]))


def script(file: Path, *words) -> str:
    """The code that is `python FILE WORDS`."""
    return f"import runpy, sys; sys.argv = {[str(file), *map(str, words)]!r}; sys.path[:0] = [{str(file.parent)!r}]; " \
           "runpy.run_path(sys.argv[0], run_name='__main__')"


class Fork:
    """What it says goes into two files, which take any amount of it."""

    def __init__(self, code: str, environment: dict[str, str]):
        self.returncode, folder = None, tempfile.mkdtemp(dir=words().name)
        self.said = [os.path.join(folder, name) for name in ("stdout", "stderr")]
        self.pid = ask(code=code, environment=environment, folder=os.getcwd(), said=self.said)

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = ask(ended=self.pid)
        return self.returncode

    def wait(self, timeout: float = PATIENCE) -> int:
        end = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            time.sleep(0.005)
        return self.returncode

    def communicate(self, timeout: float = PATIENCE) -> tuple[str, str]:
        self.wait(timeout)
        out, err = (Path(file).read_text("utf-8", "replace") for file in self.said)
        return out, err

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


@functools.cache
def words() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="said-")


@functools.cache
def server() -> subprocess.Popen:
    process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               env=os.environ | {"OMP_NUM_THREADS": "1"})
    atexit.register(process.communicate)  # the end of its input is its end
    return process


def ask(**question):
    server().stdin.write(json.dumps(question) + "\n")
    server().stdin.flush()
    return json.loads(server().stdout.readline())


# ---- the server


def serve() -> str:
    """Start and watch forks. Returns in each fork, with the code that it is to run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the tests
    running = set()
    for line in sys.stdin:
        question = json.loads(line)
        if "code" in question:
            answer = os.fork()
            if not answer:
                listen()
                become(**question)
                return question["code"]
            running.add(answer)
        else:
            child, status = os.waitpid(question["ended"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if child else None
            running.discard(child)
        print(json.dumps(answer), flush=True)
    for child in running:
        os.kill(child, signal.SIGKILL)
    sys.exit()


def become(code: str, environment: dict[str, str], folder: str, said: list[str]) -> None:
    """All that a new process would have been given."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["-c"]
    for stream, (file, mode) in enumerate([(os.devnull, os.O_RDONLY), *((f, os.O_WRONLY | os.O_CREAT) for f in said)]):
        descriptor = os.open(file, mode)
        os.dup2(descriptor, stream)
        os.close(descriptor)


def live(code: str) -> None:
    status = 0
    try:
        exec(code, {"__name__": "__main__"})
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if not isinstance(end.code, int) and status:
            print(end.code, file=sys.stderr)
    except BaseException as error:
        traceback.print_exc()
        status = 130 if isinstance(error, KeyboardInterrupt) else 1
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


if __name__ == "__main__":
    import imageio.v3  # noqa: F401
    import jupytext  # noqa: F401
    import matplotlib.figure  # noqa: F401
    import nbconvert  # noqa: F401
    import tiny  # noqa: F401
    import torch._dynamo  # noqa: F401  the first optimiser would import it
    import torch.nn.parallel  # noqa: F401

    from dcgan_course.commands import cli  # noqa: F401
    from dcgan_course.experiments import studies  # noqa: F401
    gc.freeze()  # else each fork would copy nearly all memory as soon as it collects garbage
    live(serve())
