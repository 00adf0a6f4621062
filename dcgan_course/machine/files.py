"""Files that are written whole or not at all, and recognised again."""

import contextlib
import functools
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from .errors import Unreadable, UserError

PATIENCE = [0.05 * 2**i for i in range(7)] if os.name == "nt" else []  # seconds between tries to rename, 6 in all


def file_sha256(file: Path) -> str:
    """The sha256 of a file of any size, in hexadecimal."""
    total = hashlib.sha256()
    with file.open("rb") as content:
        for block in iter(functools.partial(content.read, 1 << 20), b""):
            total.update(block)
    return total.hexdigest()


@contextlib.contextmanager
def reading(file: Path | str) -> Iterator[None]:
    """Turns a failure to read into one line."""
    try:
        yield
    except OSError as error:
        raise Unreadable(f"{shown(str(file))}: cannot be read ({error.strerror or error})") from None


def shown(name: str) -> str:
    r"""A file's name as text that can be printed in a line: what is no character becomes such as \udcff or \n."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def in_bytes(count: float) -> str:
    """A number of bytes in words: "12.3 MB"."""
    if count < 1000:
        return f"{count:.0f} bytes"
    unit, size = next(pair for pair in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)) if count >= pair[1])
    return f"{f'{count / size:,.1f}'.removesuffix('.0')} {unit}"


def sync(path: Path) -> None:
    """Ask the system to bring a file, or a folder's list of files, to the disk."""
    if os.name == "nt" and path.is_dir():  # Windows cannot open a folder
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(file: Path, content: bytes) -> None:
    """Replace a file as a whole or not at all."""
    temporary = file.with_name(f".{file.name}.tmp")
    with temporary.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    moved(temporary, file)


def moved(path: Path, target: Path) -> Path:
    """Rename a file, in the place of another one, or a folder. Windows refuses it while somebody reads such a file,
    for example a virus scanner, which is soon done: there it is tried for some seconds."""
    for seconds in PATIENCE:
        with contextlib.suppress(PermissionError):
            return path.replace(target)
        time.sleep(seconds)
    return path.replace(target)


def to_json(content: dict) -> bytes:
    """A JSON object for people to read too: indented, and with a newline at its end."""
    return (json.dumps(content, indent=2) + "\n").encode()


def read_json(file: Path) -> dict:
    """The JSON object in a file. Raises UserError where it holds none, Unreadable where it cannot be read."""
    with reading(file):
        content = file.read_bytes()
    try:
        found = json.loads(content)
    except ValueError as error:
        raise UserError(f"{file}: not JSON ({error})") from None
    if not isinstance(found, dict):
        raise UserError(f"{file}: found {type(found).__name__}, expected a JSON object")
    return found


def expect_new(folder: Path) -> None:
    """Raises UserError where a folder, or anything of that name, is there already."""
    if folder.exists():
        raise UserError(f"{folder}: exists already, expected a new folder")


def whole_or_nothing(folder: Path, fill: Callable[[Path], None]) -> None:
    """Fill a temporary folder, then rename it. Raises UserError where the folder exists already."""
    expect_new(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
    try:
        fill(temporary)
        temporary.chmod(0o755)
        moved(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def numbered(out: Path, name: str) -> Path:
    """A new folder out/NNNN-name, after the last number there; of several processes that ask at once each gets one."""
    while True:
        numbers = [int(p.name[:4]) for p in out.iterdir() if re.match(r"\d{4}-", p.name)]
        with contextlib.suppress(FileExistsError):
            path = out / f"{max(numbers, default=0) + 1:04d}-{name}"
            path.mkdir()
            return path
