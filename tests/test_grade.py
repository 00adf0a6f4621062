"""Grades: what counts of a notebook, and that no answer touches another one, or the grader."""

import ast
import contextlib
import io
import json
import os
import textwrap
import time
from pathlib import Path

import processes
import pytest

from dcgan_course.commands import apart, cli, slicing

SLERP = """
def my_slerp(a, b, t):
    cosine = (a * b).sum(-1, True) / a.norm(dim=-1, keepdim=True) / b.norm(dim=-1, keepdim=True)
    angle = torch.arccos(cosine.clip(-1, ONE))
    if (angle.sin() < 1e-4).all():
        return a + (b - a) * t
    return (((ONE - t) * angle).sin() * a + (t * angle).sin() * b) / angle.sin()
"""
FAKE = """
import dcgan_course.checks.base
dcgan_course.checks.base.found = lambda *anything: ""
checks.check_corner_grid = lambda answer: print("✓ Right. The lesson goes on with yours.")
corner_grid = checks.check_corner_grid(my_corner_grid)
"""
STUB = "def my_vector_sum(a, b, c):\n    '''To do.'''\n    raise NotImplementedError"
TELLS = """
import os, subprocess
from pathlib import Path
open("left.txt", "w").write("something")
sleeper = subprocess.Popen(["sleep", "1000"])
seen = "sesame" in Path("/proc/self/environ").read_text() or "sesame" in str(os.environ)
raise LookupError(f"{seen}; {os.getcwd()}; {os.listdir()}; {sleeper.pid}; {os.environ['HOME']}")
"""


def notebook(file: Path, *cells: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    said = {"output_type": "stream", "name": "stdout", "text": "Right. The lesson goes on with yours.\n"}
    cells = [{"cell_type": "code", "source": cell.splitlines(keepends=True), "metadata": {}, "outputs": [said]}
             for cell in cells]
    file.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), "utf-8")
    return file


def grade(*words) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = cli.main(["grade", *map(str, words)])
    return status, out.getvalue()


@pytest.fixture(scope="module")
def of_a_class(tmp_path_factory):
    """The status, the JSON, and {(learner, exercise): its row}; all that need a process are graded once."""
    folder = tmp_path_factory.mktemp("class")
    imports = "%matplotlib inline\nimport torch\nfrom dcgan_course import checks"
    notebook(folder / "ada" / "07.ipynb", imports, "ONE = 1.0\nraise SystemExit", SLERP,
             "def my_corner_grid(corners, n):\n    return torch.zeros(n * n, corners.shape[1])", FAKE, STUB)
    notebook(folder / "ben" / "walking.ipynb", imports, "ONE = 2.0", SLERP, "ONE = 1.0",
             "def my_corner_grid(corners, n):\n    while True:\n        pass",
             "def my_vector_sum(a, b, c):\n    hog = []\n    while True:\n        hog.append(bytearray(10**7))")
    notebook(folder / "cleo" / "07.ipynb", imports, "torch.equal = torch.allclose = lambda *a, **k: True",
             "while True: pass",
             "def my_corner_grid(corners, n):\n    torch.allclose = lambda *a, **k: True\n    return corners",
             "def my_vector_sum(a, b, c):\n    import os\n    os._exit(0)")
    notebook(folder / "dan" / "07.ipynb", "def my_corner_grid(corners, n):" + textwrap.indent(TELLS, "    "),
             "def my_vector_sum(a, b, c)\n    return a - b + c", "my_slerp = nobody_knows", "check_slerp(my_slerp)")
    (folder / "eve").mkdir()
    (folder / "eve" / "07.ipynb").write_text('{"cells": [', "utf-8")
    (folder / "eve" / "list.ipynb").write_text("[]", "utf-8")
    notebook(folder / "eve" / "other.ipynb", "print(1)")
    notebook(folder / "eve" / ".ipynb_checkpoints" / "07.ipynb", SLERP)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECRET", "sesame")
        status, out = grade(folder, "--json", "--seconds", 6, "--gigabytes", 0.2, "--jobs", 2)
    report = json.loads(out)
    rows = {(Path(book["file"]).parent.name, row["exercise"]): row
            for book in report["notebooks"] for row in book["exercises"]}
    return status, report, rows


@pytest.mark.slow
def test_the_official_check_decides(of_a_class):
    _, _, rows = of_a_class
    assert rows["ada", "slerp"]["outcome"] == "solved" and not rows["ada", "slerp"]["words"]
    assert rows["ada", "corner_grid"]["outcome"] == "wrong"  # whatever the notebook's own check says
    assert "corner" in rows["ada", "corner_grid"]["words"]
    assert rows["ada", "vector_sum"]["outcome"] == rows["cleo", "slerp"]["outcome"] == "not attempted"
    assert rows["cleo", "slerp"]["words"] == "my_slerp is not in the notebook"


@pytest.mark.slow
def test_answers_do_not_touch_one_another(of_a_class):
    """The same answer, with another global in another notebook."""
    _, _, rows = of_a_class
    assert rows["ada", "slerp"]["outcome"] == "solved" and rows["ben", "slerp"]["outcome"] == "wrong"


@pytest.mark.slow
def test_what_ends_badly(of_a_class):
    _, _, rows = of_a_class
    assert rows["ben", "corner_grid"]["outcome"] == "timed out" and "6 s" in rows["ben", "corner_grid"]["words"]
    assert 6 <= rows["ben", "corner_grid"]["seconds"] < 120
    if os.path.exists("/proc/self/status"):
        assert rows["ben", "vector_sum"]["outcome"] == "out of memory", rows["ben", "vector_sum"]
    assert rows["cleo", "corner_grid"]["words"] == "what checks are made of was replaced: torch.allclose"
    assert "ended without a verdict (status 0)" in rows["cleo", "vector_sum"]["words"]
    assert rows["dan", "vector_sum"]["words"] == "code cell 2 is not Python: expected ':', line 1"
    assert rows["dan", "slerp"]["words"] == ("your code stopped with NameError: name 'nobody_knows' is not defined, "
                                             "at `my_slerp = nobody_knows`")
    outcomes = [rows[who]["outcome"] for who in (("cleo", "corner_grid"), ("cleo", "vector_sum"),
                                                 ("dan", "vector_sum"), ("dan", "slerp"))]
    assert outcomes == ["error"] * 4


@pytest.mark.skipif(not os.path.exists("/proc/self/environ"), reason="reads /proc")
@pytest.mark.slow
def test_a_bare_environment_and_an_empty_folder_of_which_nothing_stays(of_a_class):
    _, _, rows = of_a_class
    words = rows["dan", "corner_grid"]["words"]
    seen, folder, listed, sleeper, home = words.partition("LookupError: ")[2].partition(", at `")[0].split("; ")
    assert seen == "False" and listed == "['left.txt']" and home == folder and "grade-" in folder
    assert not Path(folder).exists()
    end = time.monotonic() + processes.PATIENCE
    while Path(f"/proc/{sleeper}/cmdline").exists() and Path(f"/proc/{sleeper}/cmdline").read_bytes():
        assert time.monotonic() < end, "a process of the answer's is still there"
        time.sleep(0.05)


@pytest.mark.slow
def test_the_json_and_the_status(of_a_class):
    status, report, rows = of_a_class
    assert status == 2  # some files are no notebooks
    assert report.keys() == {"course", "solved", "of", "notebooks"}
    assert (report["solved"], report["of"]) == (1, 12)
    problems = {"/".join(Path(book["file"]).parts[-2:]): book["problem"] for book in report["notebooks"]}
    assert list(problems) == ["ada/07.ipynb", "ben/walking.ipynb", "cleo/07.ipynb", "dan/07.ipynb", "eve/07.ipynb",
                              "eve/list.ipynb", "eve/other.ipynb"]
    assert not any(list(problems.values())[:4])
    assert problems["eve/07.ipynb"].startswith("not JSON (") and "found list" in problems["eve/list.ipynb"]
    assert problems["eve/other.ipynb"] == "no exercise of the course is in it"
    for book in report["notebooks"]:
        assert book.keys() == {"file", "problem", "lessons", "solved", "of", "exercises"}
        assert book["of"] == len(book["exercises"]) == (0 if book["problem"] else 3)
        assert book["lessons"] == ([] if book["problem"] else ["07"])
    for row in rows.values():
        assert row.keys() == {"lesson", "exercise", "outcome", "words", "seconds"}
        assert row["outcome"] in apart.OUTCOMES


def test_the_table_and_the_status(tmp_path):
    """Without a process: a stub is seen as one."""
    file = notebook(tmp_path / "a.ipynb", STUB, "def my_slerp(a, b, t):\n    raise NotImplementedError")
    status, out = grade(file)
    assert status == 1
    assert out.splitlines()[2:] == [f"{file}: 0 of 3 solved", "  07 slerp        not attempted",
                                    "  07 corner_grid  not attempted  my_corner_grid is not in the notebook",
                                    "  07 vector_sum   not attempted", "1 notebook: 0 of 3 exercises solved"]
    assert "runs what others have written" in out.splitlines()[0]


def test_all_solved_is_status_0(tmp_path, monkeypatch):
    monkeypatch.setattr("dcgan_course.commands.grading.examined", lambda *_: ("solved", ""))
    file = notebook(tmp_path / "a.ipynb", "my_scaled = 1")
    status, out = grade(file)
    assert (status, out.splitlines()[2:]) == (0, [f"{file}: 1 of 1 solved", "  00 scaled  solved",
                                                  "1 notebook: 1 of 1 exercises solved"])


@pytest.mark.parametrize(("words", "said"), [
    (["nowhere.ipynb"], "nowhere.ipynb: not found"), (["."], "found no file *.ipynb in this folder"),
    ([], "grade: "), ([".", "--seconds", "0"], "seconds: found 0"), ([".", "--jobs", "-1"], "jobs: found -1")])
def test_nothing_to_grade(words, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["grade", *words]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def needed(*cells: str) -> list[str]:
    return [ast.unparse(node) for node in slicing.needed(slicing.statements(list(cells), "my_x"), "my_x")]


@pytest.mark.parametrize(("cells", "expected"), {
    "helpers and their names": (["import a, b\nk = 1", "def g(): return a.f(k)", "print(0)", "def my_x(): return g()"],
                                ["import a, b", "k = 1", "def g():\n    return a.f(k)", "def my_x():\n    return g()"]),
    "not what only has a name of its own": (["x = train()", "def my_x(x): return [y for y in x]", "y = 1"],
                                            ["def my_x(x):\n    return [y for y in x]"]),
    "the last one counts": (["def my_x(): return 1", "my_x = 2", "check(my_x)"],
                            ["def my_x():\n    return 1", "my_x = 2"]),
    "what comes later does not": (["k = 1", "def my_x(): return k", "check(my_x)", "k = 2"],
                                  ["k = 1", "def my_x():\n    return k"]),
    "parts": (["class my_x: pass", "my_x.f = g", "def g(): pass", "my_x.f = g"],
              ["class my_x:\n    pass", "my_x.f = g", "def g():\n    pass", "my_x.f = g"]),
    "not parts of a module": (["import torch", "torch.allclose = yes", "def my_x(): return torch.pi"],
                              ["import torch", "def my_x():\n    return torch.pi"]),
    "a star": (["from torch import *", "def my_x(): return pi"], ["from torch import *", "def my_x():\n    return pi"]),
    "a block": (["if True:\n    k = 1", "class my_x(k): pass"], ["if True:\n    k = 1", "class my_x(k):\n    pass"]),
    "nothing": (["from torch import *", "print(my_x)"], []),
    "what is not Python": (["x = = 1", "!ls\nmy_x = 1\n%timeit x"], ["my_x = 1"]),
}.values(), ids=lambda value: "")
def test_of_a_notebook_what_an_answer_needs(cells, expected):
    assert needed(*cells) == expected


@pytest.mark.parametrize(("source", "untouched"), [
    ("def my_x():\n    'text'\n    raise NotImplementedError", True), ("def my_x(): return 1", False),
    ("class my_x(k):\n    'text'\n    def f(self):\n        super().__init__()\n        raise NotImplementedError",
     True), ("def my_x(): raise NotImplementedError\nmy_x = 1", False), ("my_x = 1", False),
    ("class my_x:\n    def f(self): return 1\n    def g(self): raise NotImplementedError", False)])
def test_stubs(source, untouched):
    assert slicing.untouched_stub(slicing.needed(slicing.statements([source], "my_x"), "my_x"), "my_x") == untouched
