"""Machines that are lent for some hours: what the course adds to Colab's packages, and the lessons' first cell."""

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import nbformat
import processes
import pytest
import setuptools
import teach
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from test_layout import project

ROOT = Path(__file__).parents[1]
LESSONS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
URL = f"https://github.com/{teach.repository()}"
FOLDER = teach.repository().partition("/")[2]
LINES = Path(__file__).with_name("colab.txt").read_text("utf-8").splitlines()
COLAB = dict(line.partition("#")[0].strip().split("==") for line in LINES if not line.startswith("#"))
# what the first cell adds
NEEDS = {"torchmetrics": ["lightning-utilities"], "dicebear-core": ["dicebear-schema"]}  # among themselves
NEW = {"dicebear-core", "dicebear-schema", "dicebear-styles", "lightning-utilities", "resvg-py", "torchmetrics", "tyro"}


# ---- what Colab has


def needs(lines: list[str]) -> dict[str, Requirement]:
    """The requirements that hold with Colab's Python, by name."""
    found = [Requirement(line) for line in lines]
    return {canonicalize_name(r.name): r for r in found
            if r.marker is None or r.marker.evaluate({"python_version": "3.13", "extra": ""})}


def test_nothing_of_colabs_has_to_move():
    """The core, and what its new packages need in turn, are satisfied by Colab's versions or on the short list."""
    required = [needs(project()["dependencies"] + project()["optional-dependencies"]["sliders"])]
    required += [needs(importlib.metadata.requires(name) or []) for name in NEW]
    for name, requirement in ((n, r) for some in required for n, r in some.items()):
        assert name in NEW or requirement.specifier.contains(COLAB[name]), requirement
    assert set().union(*required) >= NEW and not NEW & COLAB.keys()


def test_colabs_widgets_are_those_of_the_lab():
    assert needs(project()["optional-dependencies"]["lab"])["ipywidgets"].specifier.contains(COLAB["ipywidgets"])


def test_lessons_import_nothing_else():
    """Each import of a lesson, where nothing is that only an extra brings. Lesson 12 installs ONNX Runtime itself."""
    optional = project()["optional-dependencies"]
    lists = [project()["dependencies"], optional["lab"], optional["export"], optional["lsun"]]
    core, *extras = ({re.split(r"[><=\[; ]", line)[0] for line in lines} for lines in lists)
    absent = [name.replace("-", "_") for name in set().union(*extras) - core - COLAB.keys() - {"dcgan-course"}]
    assert {*absent} == {"jupyterlab", "voila", "onnx", "onnxruntime", "onnxscript", "lmdb"}
    nodes = [(path.stem[:2], node) for path in sorted((ROOT / "notebooks" / "src").glob("[0-9]*.py"))
             for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    wanted = {ast.unparse(node): name for name, node in nodes if isinstance(node, (ast.Import, ast.ImportFrom))}
    code = f"""
import sys
sys.modules |= dict.fromkeys({absent!r})
for line, lesson in {wanted!r}.items():
    try:
        exec(line)
    except ImportError as error:
        print(lesson, line, error, sep="; ")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT,
                          env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    assert [line.split("; ")[:2] for line in done.stdout.splitlines()] == [["12", "import onnxruntime"]], done.stdout


# ---- the first cell


def wheel(folder: Path, name: str, version: str, *requires: str) -> None:
    """An empty wheel."""
    about = f"{name.replace('-', '_')}-{version}"
    with zipfile.ZipFile(folder / f"{about}-py3-none-any.whl", "w") as file:
        for part, text in dist_info(name, version, *requires).items():
            file.writestr(f"{about}.dist-info/{part}", text)


def dist_info(name: str, version: str, *requires: str) -> dict[str, str]:
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    return {"METADATA": "\n".join(lines), "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any",
            "RECORD": "", "INSTALLER": "pip"}


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", "-C", folder, *who, *arguments], check=True, capture_output=True, text=True).stdout


class Lent:
    """A machine with the packages of Colab's list (their names and versions; there is nothing in them), and with what
    it can reach, or not: the course's repository, and an index of packages."""

    def __init__(self, folder: Path):
        self.content, self.origin, self.index = (folder / name for name in ("content", "origin", "index"))
        self.python, self.clone = folder / "venv" / "bin" / "python", self.content / FOLDER
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        self.site = Path(sysconfig.get_path("purelib", vars={"base": str(folder / "venv")}))
        for old in self.site.glob("setuptools*"):
            shutil.rmtree(old)
        for new in Path(setuptools.__file__).parents[1].glob("setuptools*"):
            (self.site / new.name).symlink_to(new)  # builds the course, without a network
        for name, version in COLAB.items():
            about = self.site / f"{name.replace('-', '_')}-{version}.dist-info"
            about.mkdir()
            for part, text in dist_info(name, version).items():
                (about / part).write_text(text)
        self.there = set(self.site.iterdir())
        self.fill()

    def fill(self) -> None:
        """The repository, with one commit, and the index, which has a newer version of everything."""
        for new in (self.content, self.origin, self.index):
            new.mkdir()
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, self.origin)
        for name in ("dcgan_course", "notebooks/src"):
            shutil.copytree(ROOT / name, self.origin / name, ignore=shutil.ignore_patterns("__pycache__"))
        git(self.origin, "init", "-q")
        self.commit()
        for name in COLAB:
            wheel(self.index, name, "99.0")
        for name in NEW:
            wheel(self.index, name, "90.0", *NEEDS.get(name, []))
        wheel(self.index, "tyro", "99.0", "protobuf>=99")  # the newest one would move what is there

    def commit(self) -> str:
        git(self.origin, "add", ".")
        git(self.origin, "commit", "-q", "--allow-empty", "-m", "a change")
        return git(self.origin, "rev-parse", "HEAD")

    def reset(self) -> None:
        """As lent to the next person."""
        shutil.rmtree(self.content)
        self.content.mkdir()
        for new in set(self.site.iterdir()) - self.there:
            shutil.rmtree(new) if new.is_dir() else new.unlink()

    def packages(self) -> set[str]:
        listing = subprocess.run([self.python, "-m", "pip", "list", "--format=freeze"], check=True, capture_output=True,
                                 text=True)
        return set(listing.stdout.split())

    def notebook(self, where="colab", times=1, repository=True, index=True) -> subprocess.CompletedProcess:
        """A new kernel in the folder `content` that runs a lesson's first cell, so many times, and imports the course.
        Prints the working folder and where the course is."""
        code = f"""
import os, sys, types
if {where!r} == "colab":
    sys.modules["google"] = sys.modules["google.colab"] = types.ModuleType("google.colab")  # nothing in it is used
for _ in range({times}):
    exec({guard()!r})
import dcgan_course
print(os.getcwd(), os.path.realpath(dcgan_course.__file__))
"""
        url = f"file://{self.origin}" if repository else "http://127.0.0.1:9"  # where nobody answers
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.content.parent), "GIT_CONFIG_COUNT": "1",
                       "GIT_CONFIG_KEY_0": f"url.{url}.insteadOf", "GIT_CONFIG_VALUE_0": URL,
                       "PIP_CONFIG_FILE": os.devnull,
                       "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}  # pip means: no isolation
        environment |= {"PIP_FIND_LINKS": str(self.index)} if index else {}
        environment |= {"KAGGLE_KERNEL_RUN_TYPE": "Interactive"} if where == "kaggle" else {}
        return subprocess.run([self.python, "-c", code], cwd=self.content, env=environment, capture_output=True,
                              text=True, timeout=processes.PATIENCE)

    def arrived(self, done: subprocess.CompletedProcess) -> bool:
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()[-1] == f"{self.clone / 'notebooks'} {self.clone / 'dcgan_course/__init__.py'}"


def guard() -> str:
    """The first cell, the same in all lessons."""
    (cell,) = {next(c.source for c in nbformat.read(path, 4).cells if c.cell_type == "code") for path in LESSONS}
    return cell


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    if shutil.which("git") is None or os.name == "nt":
        pytest.skip("needs git, and folders as on Linux")
    return Lent(tmp_path_factory.mktemp("lent"))


@pytest.fixture
def lent(machine):
    machine.reset()
    return machine


def test_elsewhere_the_first_cell_does_nothing(lent):
    done = lent.notebook(where="home")
    assert done.stderr.splitlines()[-1] == "ModuleNotFoundError: No module named 'dcgan_course'" and not done.stdout
    assert not list(lent.content.iterdir())


def test_it_adds_the_short_list_and_moves_nothing(lent):
    """Though the index has a newer version of everything; run twice, it is the same."""
    before = lent.packages()
    done = lent.notebook(times=2)
    assert lent.arrived(done) and not done.stderr
    assert len(done.stdout.splitlines()) == 3
    added = lent.packages() - before
    assert before <= lent.packages()
    assert {canonicalize_name(line.partition("==")[0]) for line in added} == {*NEW, "dcgan-course"}
    assert "tyro==90.0" in added


def test_a_second_notebook_has_the_newest_commit_in_the_same_clone(lent):
    """Also one after a restart, from another folder."""
    assert lent.arrived(lent.notebook())
    (lent.clone / "notebooks" / "runs").mkdir()
    head, lent.content = lent.commit(), lent.content / "elsewhere"
    lent.content.mkdir()
    try:
        done = lent.notebook()
        assert lent.arrived(done) and not list(lent.content.iterdir())
    finally:
        lent.content = lent.content.parent
    assert git(lent.clone, "rev-parse", "HEAD") == head and (lent.clone / "notebooks" / "runs").is_dir()


def test_half_a_clone_is_removed(lent):
    """As one that was cut short leaves: it has another name until it is whole."""
    half = lent.clone.with_name(f"{FOLDER}.part")
    git(lent.content, "clone", "-q", "--no-checkout", lent.origin, half)
    (half / ".git" / "index.lock").touch()
    (half / "README.md").write_text("# dcg")
    assert lent.arrived(lent.notebook())
    assert (lent.clone / "README.md").read_text("utf-8") == (ROOT / "README.md").read_text("utf-8")
    assert not half.exists()


def test_an_old_clone_is_named_where_git_cannot_bring_it_up_to_date(lent):
    git(lent.content, "clone", "-q", lent.origin, lent.clone)
    git(lent.clone, "remote", "set-url", "origin", URL)
    done = lent.notebook(repository=False)
    commit = git(lent.clone, "log", "-1", "--format=%cs, commit %h").strip()
    assert lent.arrived(done)
    assert done.stdout.startswith(f"{lent.clone} is of {commit} and stays so; git cannot bring it up to date: fatal: ")


@pytest.mark.parametrize("where", ["colab", "kaggle"])
def test_without_a_network(lent, where):
    """One line, and git's words: no traceback; the next try works."""
    done = lent.notebook(where, repository=False)
    first, *rest = done.stderr.splitlines()
    assert done.returncode == 1 and not done.stdout
    assert first == f"{URL}: cannot be fetched (on Kaggle: is Internet on?)"
    assert len(rest) == 1 and rest[0].startswith("fatal: unable to access") and not list(lent.content.iterdir())
    assert lent.arrived(lent.notebook(where))


def test_where_pip_fails(lent):
    """One line, and the end of pip's words; the next try works."""
    before = lent.packages()
    done = lent.notebook(index=False)
    first, *rest = done.stderr.splitlines()
    assert done.returncode == 1 and first == f"-e {lent.clone}[sliders]: pip cannot install it. Its last words:"
    assert 1 <= len(rest) <= 4 and rest[-1].startswith("ERROR: No matching distribution found for ")
    assert lent.packages() == before
    assert lent.arrived(lent.notebook())


def test_a_folder_in_the_way_is_left_alone(lent):
    lent.clone.mkdir()
    (lent.clone / "mine.txt").write_text("mine")
    done = lent.notebook()
    assert done.returncode == 1 and "cannot be fetched" in done.stderr and "Traceback" not in done.stderr
    assert (lent.clone / "mine.txt").read_text("utf-8") == "mine"
