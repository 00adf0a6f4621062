"""Flags into values, results into files, and every complaint in one line."""

import contextlib
import io
import re
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import tyro
from safetensors import SafetensorError

from .errors import UserError

# What stands without a flag, as --help and complaints call it.
RunName = Annotated[str, tyro.conf.arg(metavar="RUN")]
ImagesName = Annotated[str, tyro.conf.arg(metavar="IMAGES")]
NewFolder = Annotated[Path, tyro.conf.arg(metavar="FOLDER")]
StudyFile = Annotated[Path, tyro.conf.arg(metavar="FILE")]


def interrupt_on_signals() -> None:
    """SIGTERM (docker stop, a batch system) and SIGHUP (a closed terminal) end a command as Ctrl-C does."""

    def interrupt(signum, frame):
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():  # only there handlers can be set
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)  # no SIGHUP on Windows
            if number and signal.getsignal(number) is signal.SIG_DFL:  # under nohup it is ignored
                signal.signal(number, interrupt)


def parse(target, args: list[str], command: str, default=None):
    """tyro's parsing of `args` for a dataclass or a function, with its boxed errors made into one line."""
    keywords = {} if default is None else {"default": default}
    args = [re.sub(r"^--channels[-_]noise(?==|$)", "--nz", arg) for arg in args]
    errors = io.StringIO()
    try:
        with contextlib.redirect_stderr(errors):
            return tyro.cli(target, args=args, prog=f"dcgan-course {command}", use_underscores=True, **keywords)
    except SystemExit as stop:
        if stop.code:
            raise UserError(f"{command}: {one_line(errors.getvalue())}") from None
        return sys.exit(0)  # --help


def one_line(box: str) -> str:
    """What tyro says inside its box, as one line: the first paragraph, and the nearest flag where it knows one."""
    paragraphs = [[]]
    for line in box.splitlines():
        if re.fullmatch(r"[╭╰+]?[─-].*[─-][╮╯+]?", line.strip("│| ")):  # a border or a rule, in Unicode or ASCII
            paragraphs.append([])
        elif line.strip("│| "):
            paragraphs[-1].append(line.strip("│| "))
    paragraphs = [lines for lines in paragraphs if lines]
    if not box.lstrip().startswith("╭"):  # in ASCII the title stands alone between two rules
        del paragraphs[0]
    message = " ".join(paragraphs[0])
    message = re.sub(r"Error parsing (\S+): invalid literal for int\(\) with base 10: (.+)",
                     r"\1: found \2, expected a whole number", message)
    message = re.sub(r"Error parsing (\S+): could not convert string to float: (.+)",
                     r"\1: found \2, expected a number", message)
    if len(paragraphs) > 1 and paragraphs[1][0].startswith("Perhaps you meant"):
        message += f"; did you mean {paragraphs[1][1].split()[0]}?"
    return message


def flag_value(args: list[str], flag: str) -> str | None:
    """The value of a flag written as "--flag value" or "--flag=value"; None where it is missing."""
    for i, arg in enumerate(args):
        if arg == flag:
            return args[i + 1] if i + 1 < len(args) else None
        if arg.startswith(flag + "="):
            return arg.removeprefix(flag + "=")
    return None


def expect_positive(**values: float) -> None:
    for name, value in values.items():
        if not value > 0:
            raise UserError(f"{name}: found {value}, expected a number above 0")


@contextlib.contextmanager
def writing(file: Path):
    """Turns a failure to write into one line."""
    try:
        yield
    except (OSError, ValueError, SafetensorError) as error:
        raise UserError(f"{file}: cannot be written ({getattr(error, 'strerror', None) or error})") from error


def save(picture, out: Path) -> None:
    """Write one picture, or a list of pictures as a film, and say where."""
    import imageio.v3 as iio

    with writing(out):
        if isinstance(picture, list):
            iio.imwrite(out, [frame.numpy() for frame in picture], extension=".gif", duration=80, loop=0)
        else:
            iio.imwrite(out, picture.numpy())
    print(out)
