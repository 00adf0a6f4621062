"""What is solved of the course, how it is kept, and the certificate at its end."""

import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

from dcgan_course import checks
from dcgan_course.checks import base
from dcgan_course.checks.certificate import certificate, drawn
from dcgan_course.machine import display, progress
from dcgan_course.machine.errors import UserError

LESSONS = sorted((Path(__file__).parents[1] / "notebooks").glob("[0-9]*.ipynb"))


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A learner's file, in what checks take for a notebook; it says its words as in a terminal."""
    monkeypatch.setenv("DCGAN_COURSE_PROGRESS", str(tmp_path / "new" / "progress.json"))
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    monkeypatch.setattr(progress, "solved_now", set())
    return tmp_path / "new" / "progress.json"


def test_the_table_is_that_of_the_lessons():
    """Every exercise with its check, its answer's name, and its place; and the last cell of each lesson counts."""
    assert list(progress.EXERCISES) == [path.name[:2] for path in LESSONS]
    assert len(progress.ALL) == len(set(progress.ALL)) == sum(name.startswith("check_") for name in checks.__all__)
    for path in LESSONS:
        code = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
        lesson = path.name[:2]
        assert re.findall(r"check_(\w+)\((\w+)\)", "\n".join(code)) == [
            (name, progress.answer_name(name)) for name in progress.EXERCISES[lesson]]
        assert sum(f'checks.progress("{lesson}")' in cell for cell in code) == 1
        assert f'checks.progress("{lesson}")' in code[-1]


def test_what_is_solved_is_kept(file, capsys, monkeypatch):
    checks.progress("07")
    for answer in (lambda a, b, t: None, checks.latent.slerp):
        checks.check_slerp(answer)
        checks.progress("07")
    checks.check_frame(checks.pictures.frame)
    monkeypatch.setattr(progress, "solved_now", set())  # another kernel
    checks.progress("07")
    said = re.findall(r"\d of .*", capsys.readouterr().out)
    of = f"of {len(progress.ALL)} in the course."
    assert said == [f"0 of 3 solved here, 0 {of}"] * 2 + [f"1 of 3 solved here, {n} {of}" for n in (1, 2)]
    assert json.loads(file.read_text("utf-8")) == {"solved": ["frame", "slerp"]}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"solved": 3}',
                                     b'{"solved": [3, null, ["slerp"]]}', b'{"solved": ["slerp", "no such exercise"]}'])
def test_a_damaged_file_is_no_trouble(file, content, capsys):
    file.parent.mkdir()
    file.write_bytes(content)
    checks.check_frame(checks.pictures.frame)
    checks.progress("04")
    count = 1 + (b'["slerp"' in content and b"null" not in content)
    assert f"1 of 2 solved here, {count} of {len(progress.ALL)}" in capsys.readouterr().out
    assert "frame" in json.loads(file.read_text("utf-8"))["solved"]


def test_where_nothing_can_be_written_the_kernel_knows(file, capsys):
    file.parent.write_bytes(b"")  # no folder
    checks.check_frame(checks.pictures.frame)
    checks.progress("04")
    assert f"1 of 2 solved here, 1 of {len(progress.ALL)}" in capsys.readouterr().out


def test_nothing_is_kept_outside_of_a_notebook_or_where_that_is_not_wanted(file, monkeypatch):
    monkeypatch.setattr(progress, "in_notebook", lambda: False)
    checks.check_frame(checks.pictures.frame)
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    monkeypatch.setenv("DCGAN_COURSE_PROGRESS", "")
    checks.check_slerp(checks.latent.slerp)
    assert progress.progress_file() is None and progress.read() == {"slerp"} and not file.parent.exists()
    monkeypatch.delenv("DCGAN_COURSE_PROGRESS")
    monkeypatch.setenv("DCGAN_COURSE_CACHE", str(file.parent))
    assert progress.progress_file() == file


def test_the_certificate_waits_until_all_is_solved(file, capsys, tmp_path):
    assert certificate("Ada", "today") is None
    n = len(progress.ALL)
    assert f"{n} of {n} exercises are not solved yet, the first of them in lesson 00." in capsys.readouterr().out
    progress.solved_now.update(set(progress.ALL) - {"frechet", "errata"})
    assert certificate("Ada", "today") is None
    assert f"2 of {n} exercises are not solved yet, the first of them in lesson 11." in capsys.readouterr().out
    progress.solved_now.update(progress.ALL)
    assert certificate(" ", "today", tmp_path / "a.png") is None and certificate("Ada", "", tmp_path / "a.png") is None
    assert capsys.readouterr().out.count("Type your name and the date") == 2 and not (tmp_path / "a.png").exists()
    assert certificate("Ada", "today", tmp_path / "a.png").size == (2338, 1654)
    assert (tmp_path / "a.png").is_file()
    with pytest.raises(UserError, match="cannot be written"):
        certificate("Ada", "today", tmp_path / "nowhere" / "a.png")


def test_a_certificate_is_of_its_name_and_keeps_its_margins():
    short, same, long = (np.asarray(drawn(name, "2025-12-10")) for name in ("Ada", "Ada", "Ada $x$ " * 20))
    assert (short == same).all() and (short[:500] != long[:500]).mean() > 0.5  # the faces
    for picture in (short, long):
        name = (picture[700:960] < 128).all(-1)  # dark, where the name stands
        assert name.any() and not name[:, :120].any() and not name[:, -120:].any()


def test_progress_in_a_notebook_has_a_mark(file, monkeypatch):
    shown = []
    monkeypatch.setattr(display, "in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
    checks.progress("04")
    checks.check_frame(lambda sheet: None)
    checks.check_frame(checks.pictures.frame)
    checks.check_snapshot(checks.pictures.generate)
    checks.progress("04")
    marks = [re.search(r"\w+\">(.)</b>", bundle["text/html"])[1] for bundle in shown]
    assert marks == ["○", "✗", "✓", "✓", "✓"]
    assert shown[2]["text/plain"] == base.RIGHT
