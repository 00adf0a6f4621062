"""Files that are written whole or not at all, and recognised again."""

import contextlib
import functools
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from .errors import UserError


def file_sha256(file: Path) -> str:
    """The sha256 of a file of any size, in hexadecimal."""
    total = hashlib.sha256()
    with file.open("rb") as content:
        for block in iter(functools.partial(content.read, 1 << 20), b""):
            total.update(block)
    return total.hexdigest()


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
    temporary.replace(file)


def to_json(content: dict) -> bytes:
    return (json.dumps(content, indent=2) + "\n").encode()


def expect_new(folder: Path) -> None:
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
        temporary.rename(folder)
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
