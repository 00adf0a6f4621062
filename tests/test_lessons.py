"""The lessons in a folder of the learner's, and the package without its repository."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import nbformat
import pytest
from filelock import FileLock
from nbformat.sign import NotebookNotary

from dcgan_course.commands import lessons
from dcgan_course.commands.cli import main
from dcgan_course.machine import places

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
NAMES = sorted(file.name for file in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A small course that can be brought up to date."""
    folder = tmp_path / "course" / "notebooks"
    folder.mkdir(parents=True)
    for name in ("00_start.ipynb", "01_game.ipynb"):
        (folder / name).write_bytes(b"old " + name.encode())
    (folder / "teach.py").touch()
    monkeypatch.setattr(lessons, "course_dir", lambda: tmp_path / "course")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.glob("*.ipynb"))}


def test_lessons_are_laid_once_and_answers_stay(course, tmp_path, capsys):
    folder = tmp_path / "mine"
    assert lessons.lay_lessons(folder) == "00_start.ipynb"
    laid = contents(folder)
    assert laid == contents(course)
    (folder / "01_game.ipynb").write_bytes(b"my answer")
    assert lessons.lay_lessons(folder) == "00_start.ipynb"
    assert contents(folder) == laid | {"01_game.ipynb": b"my answer"}
    assert capsys.readouterr().out == ""


def test_a_newer_version_lies_beside_an_answer_and_replaces_what_nobody_changed(course, tmp_path, capsys):
    folder = tmp_path / "mine"
    lessons.lay_lessons(folder)
    (folder / "01_game.ipynb").write_bytes(b"my answer")
    for name in ("00_start.ipynb", "01_game.ipynb"):
        (course / name).write_bytes(b"new " + name.encode())
    for _ in range(2):  # the second time finds nothing to do
        assert lessons.lay_lessons(folder) == "00_start.ipynb"
        assert contents(folder) == {"00_start.ipynb": b"new 00_start.ipynb", "01_game.ipynb": b"my answer",
                                    "01_game_new.ipynb": b"new 01_game.ipynb"}
    assert capsys.readouterr().out == (f"{folder}/00_start.ipynb: brought up to date\n"
                                       f"{folder}/01_game_new.ipynb: a newer version, beside yours\n")
    (folder / "01_game_new.ipynb").write_bytes(b"an answer in this one too")
    (course / "01_game.ipynb").write_bytes(b"newest")
    lessons.lay_lessons(folder)
    assert contents(folder)["01_game_new.ipynb"] == b"an answer in this one too"
    assert contents(folder)["01_game_new2.ipynb"] == b"newest"


def test_pictures_lie_beside_the_lessons(course, tmp_path):
    (course.parent / "data" / "runs").mkdir(parents=True)
    (course.parent / "data" / "runs" / "a.gif").write_bytes(b"film")
    text = '![a](../data/runs/a.gif) <img src="../data/runs/a.gif" width="9"> [b](../data/README.md)'
    (course / "00_start.ipynb").write_text(json.dumps({"source": text}))
    for film in (b"film", b"another"):
        (course.parent / "data" / "runs" / "a.gif").write_bytes(film)
        lessons.lay_lessons(tmp_path)
        assert (tmp_path / "pictures" / "runs-a.gif").read_bytes() == film
    assert json.loads(contents(tmp_path)["00_start.ipynb"])["source"] == (
        '![a](pictures/runs-a.gif) <img src="pictures/runs-a.gif" width="9"> [b](../data/README.md)')


def test_a_file_that_was_there_before_is_not_written_over(course, tmp_path):
    (tmp_path / "00_start.ipynb").write_bytes(b"somebody's own")
    assert lessons.lay_lessons(tmp_path) == "00_start_new.ipynb"
    assert contents(tmp_path)["00_start.ipynb"] == b"somebody's own"


def test_a_removed_lesson_comes_back(course, tmp_path):
    lessons.lay_lessons(tmp_path)
    (tmp_path / "00_start.ipynb").unlink()
    lessons.lay_lessons(tmp_path)
    assert contents(tmp_path) == contents(course)


@pytest.fixture
def started(monkeypatch, tmp_path_factory):
    """What would have been started; signatures go into a folder of the test's own."""
    calls = []
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path_factory.mktemp("jupyter")))
    monkeypatch.setattr(lessons, "start", lambda *call: calls.append(call))
    return calls


def test_lab_opens_jupyterlab_at_the_first_lesson(tmp_path, started):
    assert main(["lab", str(tmp_path / "mine"), "--no-browser", "--port", "9001"]) == 0
    (command, environment), = started
    assert command[:3] == [sys.executable, "-m", "jupyterlab"] and command[-1] == str(tmp_path / "mine" / NAMES[0])
    assert {f"--ServerApp.root_dir={tmp_path / 'mine'}", "--port=9001", "--no-browser"} < set(command)
    assert environment["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)
    assert (Path(environment["JUPYTER_CONFIG_PATH"]) / "labconfig" / "default_setting_overrides.json").is_file()
    assert sorted(contents(tmp_path / "mine")) == NAMES


def test_jupyterlab_trusts_the_lessons_as_they_were_laid(tmp_path, started):
    """And nothing that came into one of them later."""
    lessons.lay_lessons(tmp_path)
    changed = tmp_path / NAMES[0]
    changed.write_text(changed.read_text("utf-8").replace("Turn a knob", "Turn another"), encoding="utf-8")
    assert main(["lab", str(tmp_path)]) == 0 and started
    notary = NotebookNotary()
    assert [name for name in NAMES if not notary.check_signature(nbformat.read(tmp_path / name, 4))] == [NAMES[0]]


def test_without_a_place_for_signatures_the_lessons_open_all_the_same(tmp_path, started, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "file" / "data"))
    assert main(["lab", str(tmp_path / "mine")]) == 0 and started


def test_the_lessons_links_lead_to_the_repository(tmp_path):
    lessons.lay_lessons(tmp_path)
    for name in NAMES:
        cells = nbformat.read(tmp_path / name, 4).cells
        text = "".join(cell.source for cell in cells if cell.cell_type == "markdown")
        links, pictures = re.findall(r"\]\(([^)]+)\)", text), re.findall(r'<img [^>]*\bsrc="([^"]+)"', text)
        for link in links + pictures:
            assert re.match(r"https?://|#|attachment:", link) or (tmp_path / link).is_file(), link
        if name == "03_train_mnist.ipynb":
            assert any(link.endswith("/blob/main/dcgan_course/models.py") for link in links)


@pytest.mark.parametrize(("damage", "words"), [
    (lambda folder: (folder / ".laid.json").write_bytes(b"{"), ".laid.json: not JSON"),
    (lambda folder: (folder / ".laid.json").write_bytes(b"[]"), ".laid.json: found list, expected a JSON object"),
    (lambda folder: (folder / "00_start.ipynb").mkdir(), "00_start.ipynb"),
])
def test_what_cannot_be_laid_is_said_in_one_line(course, tmp_path, started, capsys, damage, words):
    folder = tmp_path / "mine"
    folder.mkdir()
    damage(folder)
    assert main(["lab", str(folder)]) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1 and not started


def test_a_file_in_the_folders_place_is_said(tmp_path, started, capsys):
    (tmp_path / "mine").touch()
    assert main(["lab", str(tmp_path / "mine")]) == 2
    assert "mine: cannot be written (File exists)" in capsys.readouterr().err and not started


def test_without_jupyterlab_it_says_what_to_install(tmp_path, started, monkeypatch, capsys):
    monkeypatch.setattr(lessons.importlib.util, "find_spec", lambda name: None)
    assert main(["lab", str(tmp_path / "mine")]) == 2
    assert 'jupyterlab is not installed; pip install "dcgan-course[lab]" installs it' in capsys.readouterr().err
    assert not (tmp_path / "mine").exists() and not started


def test_the_package_alone_says_where_runs_and_lessons_are_to_be_had(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(places, "__file__", str(tmp_path / "dcgan_course" / "machine" / "places.py"))
    assert main(["sample", "mnist", "--out", str(tmp_path / "x.png")]) == 2
    assert main(["lab", str(tmp_path / "mine")]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "dcgan-course: mnist: not found, expected a run folder; recorded runs come with a clone of the repository, or "
        "with its wheel",
        "dcgan-course: lab: found no lessons beside the package, expected a clone of the repository, or its wheel"]


# ---- the wheel


@pytest.fixture(scope="session")
def distributions(tmp_path_factory):
    """The wheel, built from the sdist, and the sdist."""
    folder = tmp_path_factory.getbasetemp()
    out = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "dist"
    with FileLock(f"{out}.lock"):  # once for all workers: building writes into the repository
        if not list(out.glob("*.whl")):
            command = [sys.executable, "-m", "build", "--outdir", str(out), str(ROOT)]
            built = subprocess.run(command, capture_output=True, text=True)
            if "Could not find a version" in built.stdout + built.stderr:
                pytest.skip("setuptools cannot be fetched")
            assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
    return next(out.glob("*.whl")), next(out.glob("*.tar.gz"))


@pytest.fixture(scope="session")
def environment(distributions, tmp_path_factory):
    """An environment with the wheel, and the packages that are here, but not this repository."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "packages.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps",
                    str(distributions[0])], check=True, env=without_pythonpath())
    return folder


def in_environment(folder: Path, where: Path, *words: str) -> subprocess.CompletedProcess:
    clean = without_pythonpath() | {"OMP_NUM_THREADS": "1"}
    return subprocess.run([str(folder / "bin" / words[0]), *words[1:]], cwd=where, env=clean, capture_output=True,
                          text=True)


def without_pythonpath() -> dict[str, str]:
    """Where it names the repository, pip would find the package installed."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


@pytest.mark.slow
def test_the_wheel_carries_lessons_and_data_and_is_not_large(distributions):
    wheel, sdist = distributions
    assert 30e6 < wheel.stat().st_size < 100e6 and sdist.stat().st_size < 150e6
    told = re.search(r"the wheel, which carries the lessons and their data\s+\((\d+) MB\)", README)[1]
    assert abs(int(told) - wheel.stat().st_size / 1e6) < 5
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if "dist-info" not in name}
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    expected = {f"dcgan_course/course/{name}" for name in tracked.split("\0")
                if name.startswith("data/") or re.fullmatch(r"notebooks/\w+\.ipynb", name)}
    expected |= {name for name in tracked.split("\0") if name.startswith("dcgan_course/")}
    assert held == expected


@pytest.mark.slow
def test_the_wheel_works_without_the_repository(environment, tmp_path):
    info = in_environment(environment, tmp_path, "dcgan-course", "info", "heritage")
    assert info.returncode == 0 and str(environment) in info.stdout and str(ROOT) not in info.stdout
    drawn = in_environment(environment, tmp_path, "dcgan-course", "sample", "mnist", "--n", "4")
    assert drawn.returncode == 0 and (tmp_path / "samples.png").is_file()
    script = ("from dcgan_course.commands.lessons import lay_lessons; from pathlib import Path; "
              "print(lay_lessons(Path('mine')))")
    laid = in_environment(environment, tmp_path, "python", "-c", script)
    assert laid.stdout.split() == [NAMES[0]] and sorted(contents(tmp_path / "mine")) == NAMES
    assert len(list((tmp_path / "mine" / "pictures").iterdir())) > 10
    assert json.loads((tmp_path / "mine" / NAMES[0]).read_bytes())["nbformat"] == 4
