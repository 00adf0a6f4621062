"""A machine that is lent for some hours, as by Colab or Kaggle: what a lesson's first cell does there.

Such a machine comes with hundreds of packages. Some are loaded already, and many rely on each other's versions; so
what is there stays as it is, and only what is missing is added.
"""

import importlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def ready() -> None:
    """Bring the clone that this file is in up to date, install it, and go to its lessons. Where that has been done in
    this kernel, nothing.

    Raises:
        SystemExit: pip could not install it; with the end of pip's words.
    """
    home = Path(__file__).resolve().parents[2]
    lessons = home / "notebooks"
    if Path.cwd() == lessons:
        return
    git = words("git", "-C", str(home), "pull", "--ff-only", "--quiet")
    if git.returncode:
        day = words("git", "-C", str(home), "log", "-1", "--format=%cs, commit %h").stdout.strip()
        print(f"{home} is of {day} and stays so; git cannot bring it up to date: {ending(git.stderr, 1)}")
    print("The course is being installed: less than a minute ...", flush=True)
    install("-e", f"{home}[sliders]")
    os.chdir(lessons)
    print(f"It is in {home}. What you train lands in {lessons / 'runs'} and is lost with this machine: lesson 00.")


def install(*what: str) -> None:
    """`pip install` what is missing, and move nothing that is there. Raises SystemExit with the end of pip's words."""
    there = words(*PIP, "list", "--format=freeze", "--exclude", "dcgan-course").stdout
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder) / "constraints.txt"
        constraints.write_text(there, encoding="utf-8")
        done = words(*PIP, "install", "--quiet", "-c", str(constraints), *what)
    if done.returncode:
        sys.exit(f"{' '.join(what)}: pip cannot install it. Its last words:\n{ending(done.stderr, 4)}")
    importlib.invalidate_caches()


def words(*command: str) -> subprocess.CompletedProcess:
    """A command that has run to its end, whatever came of it: stdout and stderr are text, returncode its status."""
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace")


def ending(said: str, lines: int) -> str:
    """The last so many lines of a text."""
    return "\n".join(said.strip().splitlines()[-lines:])
