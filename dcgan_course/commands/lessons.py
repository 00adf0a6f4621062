"""The lessons, laid into a folder of the learner's and opened there."""

import contextlib
import importlib.util
import itertools
import os
import re
import subprocess
import sys
import sysconfig
from hashlib import sha256
from pathlib import Path

from ..machine.errors import UserError
from ..machine.files import read_json, to_json, write_atomically
from ..machine.flags import LessonsFolder, writing
from ..machine.places import course_dir

SETTINGS = Path(__file__).parent / "jupyter"  # no question about news at the first start, no request to the network
PICTURES = "pictures"  # the folder beside the lessons for what they show of data/
LAID = ".laid.json"  # the sha256 of each lesson as it was laid: another one has somebody's answers in it


def lab(folder: LessonsFolder = Path("lessons"), /, browser: bool = True, port: int = 8888) -> None:
    """Open the lessons in JupyterLab, in a folder of your own, where your answers and runs stay.

    Args:
        folder: Made where it is not there. A lesson that you have changed is never written over: a newer version is
            laid beside it.
        browser: Open the first lesson in the browser at once.
        port: Of the page; the next free one where it is taken.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise UserError('lab: jupyterlab is not installed; pip install "dcgan-course[lab]" installs it')
    with writing(folder):
        first = lay_lessons(folder)
    trust(folder)
    bin_folder = sysconfig.get_path("scripts")  # where terminals and cells find the command dcgan-course
    environment = dict(os.environ)
    for name, place in {"PATH": bin_folder, "JUPYTER_CONFIG_PATH": SETTINGS}.items():
        environment[name] = os.pathsep.join([str(place), *filter(None, [environment.get(name)])])
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder.resolve()}", f"--port={port}",
               *([] if browser else ["--no-browser"]),
               *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),  # a container's only user
               str(folder.resolve() / first)]
    start(command, environment)


def start(command: list[str], environment: dict[str, str]) -> None:
    """Become another program, which then has the terminal and its signals to itself; Windows can only wait for one."""
    sys.stdout.flush()
    if os.name == "nt":
        sys.exit(subprocess.call(command, env=environment))
    os.execve(command[0], command, environment)


def lay_lessons(folder: Path) -> str:
    """Lay every lesson, the pages beside them and their pictures into a folder; say what is not as it was. Returns the
    first lesson's name.

    Raises:
        UserError: there are no lessons here.
    """
    course = course_dir()
    lessons = sorted((course / "notebooks").glob("[0-9][0-9]_*.ipynb")) if course else []
    if not lessons:
        raise UserError("lab: found no lessons beside the package, expected a clone of the repository, or its wheel")
    folder.mkdir(parents=True, exist_ok=True)
    laid = read_json(folder / LAID) if (folder / LAID).is_file() else {}
    beside = sorted((course / "notebooks").glob("[a-z]*.ipynb"))  # the glossary, for one
    names = []
    for page in [*lessons, *beside]:
        content, pictures = with_pictures(page.read_bytes())
        for name, path in pictures.items():
            (folder / PICTURES).mkdir(exist_ok=True)
            write_atomically(folder / PICTURES / name, (course / path).read_bytes())
        names.append(lay(folder, page.stem, for_learners(content), laid))
    write_atomically(folder / LAID, to_json(laid))
    return names[0]


def lay(folder: Path, stem: str, content: bytes, laid: dict[str, str]) -> str:
    """Write one lesson, unless it is there already, under the first name that holds nobody's answers. Returns the
    name."""
    new = sha256(content).hexdigest()
    for i in itertools.count():
        name = f"{stem}{'_new' if i else ''}{i if i > 1 else ''}.ipynb"
        file = folder / name
        then, found = laid.get(name), sha256(file.read_bytes()).hexdigest() if file.is_file() else None
        if found in (None, then):
            if found != new:
                with writing(file):
                    write_atomically(file, content)
                if i or found:
                    print(f"{file}: {'a newer version, beside yours' if i else 'brought up to date'}")
            laid[name] = new
            return name
        if then == new:  # this version, with answers
            return name


def trust(folder: Path) -> None:
    """Sign each lesson that is as it was laid, so that JupyterLab lets the sliders of its stored pictures move before a
    cell has been run. What somebody else has put into a file stays untrusted."""
    from nbformat import reads
    from nbformat.sign import NotebookNotary

    with contextlib.suppress(OSError):  # nowhere to keep a signature: pictures stand still until their cells are run
        notary = NotebookNotary()
        for name, digest in read_json(folder / LAID).items():
            content = (folder / name).read_bytes()
            if sha256(content).hexdigest() == digest:
                notary.sign(reads(content.decode("utf-8"), 4))


def with_pictures(content: bytes) -> tuple[bytes, dict[str, str]]:
    """A lesson's file whose pictures, ../data/runs/a/b.png, lie in a folder beside it, and their names there with where
    they lie in the course: {"runs-a-b.png": "data/runs/a/b.png"}."""
    pictures = {}

    def moved(found: re.Match) -> bytes:
        name = found[1].replace(b"/", b"-")
        pictures[name.decode()] = f"data/{found[1].decode()}"
        return PICTURES.encode() + b"/" + name

    return re.sub(rb'\.\./data/([\w./-]+\.(?:svg|png|gif|webp))(?=\)|\\?")', moved, content), pictures


def for_learners(content: bytes) -> bytes:
    """A lesson's file whose links to the package's files lead to the repository, as its badge does: they are not in the
    learner's folder."""
    badge = re.search(rb"colab\.research\.google\.com/github/([\w.-]+/[\w.-]+)/blob/main/", content)
    return content.replace(b"](../", b"](https://github.com/" + badge[1] + b"/blob/main/") if badge else content
