"""What keeps the lessons honest: their sources, stored outputs and conventions, and that nbval can turn red."""

import re
import statistics
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
LESSONS = sorted(NOTEBOOKS.glob("*.ipynb"))
REPOSITORY = "dcgan-course/dcgan-course"

each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)


def code_cells(path):
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]


def compared_text(cell) -> str:
    """The text of a cell's outputs that nbval compares; pictures and tagged cells are not."""
    if "nbval-ignore-output" in cell.metadata.get("tags", []):
        return ""
    return "".join(output.get("text", "") for output in cell.outputs if output.output_type == "stream")


def test_there_are_lessons():
    assert [p.stem for p in LESSONS] == sorted(p.stem for p in (NOTEBOOKS / "src").glob("*.py"))
    assert LESSONS


@each_lesson
def test_notebook_and_source_are_the_same(path):
    source = jupytext.read(NOTEBOOKS / "src" / f"{path.stem}.py")
    notebook = nbformat.read(path, 4)
    for made, written in zip(notebook.cells, source.cells, strict=True):
        assert (made.cell_type, made.source, made.metadata.get("tags")) == (
            written.cell_type, written.source, written.metadata.get("tags")), "run `make notebooks`"


@each_lesson
def test_stored_executed_and_without_errors(path):
    """nbval compares nothing in a cell without an execution_count."""
    cells = code_cells(path)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]
    assert path.stat().st_size < 1.5e6


@each_lesson
def test_enough_is_compared(path):
    compared = [text for text in map(compared_text, code_cells(path)) if re.search(r"\d", text)]
    assert len(compared) >= 8


@each_lesson
def test_header(path):
    title, guard, imports = nbformat.read(path, 4).cells[:3]
    number = path.stem[:2]
    assert title.source.startswith(f"# {number} · ")
    assert f"colab.research.google.com/github/{REPOSITORY}/blob/main/notebooks/{path.name})" in title.source
    assert "**Time:**" in title.source and "**You need:**" in title.source
    objectives = re.findall(r"^- ", title.source, re.M)
    assert 3 <= len(objectives) <= 5
    assert 'if "google.colab" in sys.modules:' in guard.source and f"github.com/{REPOSITORY}" in guard.source
    assert len(imports.source.splitlines()) <= 15


@each_lesson
def test_cells_are_small(path):
    lengths = [len(cell.source.splitlines()) for cell in code_cells(path)]
    assert max(lengths) <= 40
    assert statistics.median(lengths) <= 8


def nbval(path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "pytest", "--nbval", "-p", "no:cacheprovider", f"--rootdir={path.parent}", path]
    return subprocess.run(command, capture_output=True, text=True, cwd=path.parent, timeout=300)


@each_lesson
def test_a_corrupted_output_turns_nbval_red(path, tmp_path):
    """The lesson's beginning, up to its first compared output, as stored and with one character changed."""
    notebook = nbformat.read(path, 4)
    first = next(i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code" and compared_text(cell))
    notebook.cells = notebook.cells[: first + 1]
    nbformat.write(notebook, tmp_path / "stored.ipynb")
    output = notebook.cells[first].outputs[0]
    digit = re.search(r"\d", output.text)[0]
    output.text = output.text.replace(digit, "7" if digit != "7" else "3", 1)
    nbformat.write(notebook, tmp_path / "corrupted.ipynb")
    assert nbval(tmp_path / "stored.ipynb").returncode == 0
    assert nbval(tmp_path / "corrupted.ipynb").returncode == 1
