"""Flags into values, results into files, and every complaint in one line."""

import contextlib
import inspect
import io
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro
from safetensors import SafetensorError

from .errors import UserError, nearest

if TYPE_CHECKING:
    from torch import Tensor

# What stands without a flag, as --help and complaints call it.
RunName = Annotated[str, tyro.conf.arg(metavar="RUN")]
ImagesName = Annotated[str, tyro.conf.arg(metavar="IMAGES")]
LessonsFolder = Annotated[Path, tyro.conf.arg(metavar="[FOLDER]")]
NewFolder = Annotated[Path, tyro.conf.arg(metavar="FOLDER")]
StudyFile = Annotated[Path, tyro.conf.arg(metavar="FILE")]
Notebooks = Annotated[tuple[Path, ...], tyro.conf.arg(metavar="NOTEBOOK...")]
FileOrFolder = Annotated[str, tyro.conf.arg(metavar="PATH")]  # a Path would lose the slash at a folder's end

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")


def parse(target: Callable, args: list[str], command: str, default: object = None) -> Any:
    """tyro's parsing of `args` for a dataclass or a function, with its boxed errors made into one line."""
    keywords = {} if default is None else {"default": default}
    args = [re.sub(r"^--channels[-_]noise(?==|$)", "--nz", arg) for arg in args]
    errors = io.StringIO()
    try:
        with contextlib.redirect_stderr(errors):
            return tyro.cli(target, args=args, prog=f"dcgan-course {command}", use_underscores=True, **keywords)
    except SystemExit as stop:
        if stop.code:
            raise UserError(f"{command}: {one_line(errors.getvalue(), usage(target))}") from None
        return sys.exit(0)  # --help


def usage(target: Callable) -> str:
    """What a command takes without a flag, where that is more than one word: RUN FOLDER."""
    words = [p.name.upper() for p in inspect.signature(target).parameters.values() if p.kind is p.POSITIONAL_ONLY]
    return " ".join(words) if len(words) > 1 else ""


def one_line(box: str, usage: str = "") -> str:
    """What tyro says inside its box, as one line: the first paragraph, and the nearest flag where it knows one.

    usage: all that the command takes without a flag; "" = what is missing."""
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
    message = re.sub(r"Error parsing (\S+): no type matching (\S+) could be instantiated from \[(.*?)\].*",
                     lambda m: f"{m[1]}: found {m[3]}, expected {in_words(m[2])}", message)
    message = re.sub(r"Missing from (dcgan-course \S+): (\S+) .*",
                     lambda m: f"{m[2]} is missing, expected: {m[1]} {usage or m[2]}", message)
    message = re.sub(r"Missing value for argument '(\S+?)'\..*", r"\1: found no value, expected one", message)
    if choice := re.fullmatch(r"invalid choice '(.*)' for argument '(\S+)'\. Expected one of \((.+)\)\.", message):
        found, flag, known = choice.groups()
        names = re.findall(r"'([^']*)'", known)
        message = f"{flag}: found {found!r}, expected one of {', '.join(names)}{nearest(found, names)}"
    if unknown := re.fullmatch(r"Unrecognized options: (.+)", message):
        words = unknown[1].split(", ")
        flags = [word for word in words if word.startswith("-")] or words  # without the values that follow them
        message = f"Unrecognized options: {', '.join(flags)}"
        if len(paragraphs) > 1 and paragraphs[1][0].startswith("Perhaps you meant"):
            near = [line.split()[0] for line in paragraphs[1][1:]]
            same = flags[0].partition("=")[0].lower()  # --lr_G is nearer to --lr_g than to --lr_d
            message += f"; did you mean {same if same in near else near[0]}?"
    return message


def in_words(kinds: str) -> str:
    """What tyro writes as INT|{auto}: "a whole number or auto"."""
    names = {"INT": "a whole number", "FLOAT": "a number"}
    return " or ".join(names.get(kind, kind.strip("{}")) for kind in kinds.split("|"))


def flag_value(args: list[str], flag: str) -> str | None:
    """The value of a flag written as "--flag value" or "--flag=value"; None where it is missing."""
    for i, arg in enumerate(args):
        if arg == flag:
            return args[i + 1] if i + 1 < len(args) else None
        if arg.startswith(flag + "="):
            return arg.removeprefix(flag + "=")
    return None


def expect_positive(**values: float) -> None:
    """Raises UserError, by the name of the flag, where a value is not above 0, or is above 1e9."""
    for name, value in values.items():
        if not 0 < value <= 1e9:
            raise UserError(f"{name}: found {value}, expected a number above 0{', at most 1e9' * (value > 0)}")


def expect_file(out: Path) -> None:
    """Said before the work: UserError where a file of that name cannot be written anyway."""
    reason = ("it is a folder" if out.is_dir() else
              f"there is no folder {out.parent}" if not out.parent.is_dir() else
              "it may only be read" if not os.access(out if out.exists() else out.parent, os.W_OK) else None)
    if reason:
        raise UserError(f"{out}: cannot be written ({reason})")


def expect_picture(out: Path, others: str = "") -> None:
    """Raises UserError where no picture can be written, or its ending is unknown. `others`: what else would do."""
    if out.suffix.lower() not in PICTURES:
        raise UserError(f"{out}: cannot be written as a picture, expected an ending of {', '.join(PICTURES)}{others}")
    expect_file(out)


@contextlib.contextmanager
def writing(file: Path) -> Iterator[None]:
    """Turns a failure to write into one line; one to read another file on the way is told apart."""
    try:
        yield
    except (OSError, ValueError, SafetensorError) as error:
        reason, at = getattr(error, "strerror", None) or error, getattr(error, "filename", None)
        reason = " ".join(str(reason).split())  # ffmpeg's has many lines
        if isinstance(at, str | Path) and not concerns(Path(at), file):
            raise UserError(f"{at}: cannot be read ({reason}); {file} was not written") from error
        raise UserError(f"{file}: cannot be written ({reason})") from error


def concerns(path: Path, file: Path) -> bool:
    """Is a path the file, a folder around it, or inside it, under its own name or that of `whole_or_nothing`?"""
    return file.is_relative_to(path) or path.is_relative_to(file) or any(p.startswith(".new-") for p in path.parts)


def save(sheet: "Tensor", out: Path) -> None:
    """Write a picture (height, width, 3) uint8, and say where."""
    from PIL import Image

    with writing(out):
        Image.fromarray(sheet.numpy()).save(out)
    print(out)
