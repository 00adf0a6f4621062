"""Grades: which exercises are solved in the notebooks of a class.

Neither a notebook's outputs nor its cells that call checks count: of each answer the lines that define it are taken
(slicing.py), and the course's own check tries them in a fresh process (apart.py).
"""

import ast
import json as as_json
import re
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from .. import __version__
from ..machine.errors import UserError
from ..machine.files import read_json, shown
from ..machine.flags import Notebooks, expect_positive
from ..machine.progress import EXERCISES, answer_name
from .apart import Limits, end_all, examined
from .slicing import NotPython, needed, statements, untouched_stub

WARNING = """note: this runs what others have written: each answer in a process of its own, in an empty folder, without
your environment, with limits of time and memory. These are no walls: it could still read and write what you may."""


def grade(notebooks: Notebooks, /, json: bool = False, seconds: float = 60.0, gigabytes: float = 2.0,
          jobs: int = 1) -> int:
    """Grade the exercises in notebooks, or in folders of them: status 0 where all are solved, 1 where not.

    Args:
        notebooks: Lessons with somebody's answers, under any names, or folders with such files.
        json: Print JSON instead of the table.
        seconds: The longest that an answer may take.
        gigabytes: The most memory that an answer may ask for, beyond what the course itself needs (on Linux).
        jobs: How many answers are tried at a time.
    """
    expect_positive(seconds=seconds, gigabytes=gigabytes, jobs=jobs)
    files = [file for path in notebooks for file in notebooks_in(path)]
    if not files:
        raise UserError("grade: found no name of a notebook or folder, expected at least one")
    if not json:
        print(WARNING, flush=True)
    limits, graded = Limits(seconds, int(gigabytes * 1e9), threading.Event()), []
    with ThreadPoolExecutor(jobs) as pool:
        try:
            for row in grades(files, limits, pool):
                graded.append(row)
                if not json:
                    print(in_lines(row), flush=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            end_all(limits)
            raise
    solved, of = sum(row["solved"] for row in graded), sum(row["of"] for row in graded)
    bad = [row["file"] for row in graded if row["problem"]]
    if json:
        print(as_json.dumps({"course": __version__, "solved": solved, "of": of, "notebooks": graded}, indent=2))
    else:
        print(f"{len(graded)} notebook{'s' * (len(graded) != 1)}: {solved} of {of} exercises solved"
              f"{f'; {len(bad)} could not be graded' if bad else ''}")
    return 2 if bad else int(solved < of)


def notebooks_in(path: Path) -> list[Path]:
    """A file, or all notebooks in a folder and the folders in it, without Jupyter's own copies.

    Raises:
        UserError: it is not there, or there is none in it.
    """
    if not path.is_dir():
        if not path.exists():
            raise UserError(f"{path}: not found, expected a notebook, or a folder of notebooks")
        return [path]
    found = sorted(file for file in path.rglob("*.ipynb")
                   if not any(part.startswith(".") for part in file.relative_to(path).parts))
    if not found:
        raise UserError(f"{path}: found no file *.ipynb in this folder, expected notebooks")
    return found


def grades(files: list[Path], limits: Limits, pool: ThreadPoolExecutor) -> Iterator[dict[str, Any]]:
    """A row for each file: its "problem", or its "exercises". Answers are tried in the pool, files in their order."""
    for file, exercises in [(file, begun(file, limits, pool)) for file in files]:
        row = {"file": str(file), "problem": None, "lessons": [], "solved": 0, "of": 0, "exercises": []}
        if isinstance(exercises, str):
            yield row | {"problem": exercises}
            continue
        found = [exercise | dict(zip(("outcome", "words", "seconds"), future.result(), strict=True))
                 for exercise, future in exercises]
        yield row | {"lessons": sorted({e["lesson"] for e in found}), "of": len(found), "exercises": found,
                     "solved": sum(e["outcome"] == "solved" for e in found)}


def begun(file: Path, limits: Limits, pool: ThreadPoolExecutor) -> str | list[tuple[dict[str, str], Any]]:
    """The exercises of a notebook, handed to the pool; or why there are none."""
    try:
        cells = code_of(file)
    except UserError as problem:
        return str(problem).removeprefix(f"{file}: ")
    text = "\n".join(cells)
    there = {lesson: sum(bool(re.search(rf"\b{answer_name(name)}\b", text)) for name in names) / len(names)
             for lesson, names in EXERCISES.items()}
    most = max(there.values())  # answers may have been deleted, and another lesson's name may have been used again
    lessons = [lesson for lesson, share in there.items() if share and share >= min(most, 0.5)]
    if not lessons:
        return "no exercise of the course is in it"
    return [({"lesson": lesson, "exercise": name}, pool.submit(graded_answer, cells, name, limits))
            for lesson in lessons for name in EXERCISES[lesson]]


def code_of(file: Path) -> list[str]:
    """The text of each code cell. Raises UserError where a file is no notebook, or cannot be read."""
    try:
        cells = read_json(file).get("cells")
    except RecursionError:
        cells = None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise UserError(f"{file}: not a notebook, expected JSON with a list of cells (nbformat 4)")
    sources = [cell.get("source", "") for cell in cells if cell.get("cell_type") == "code"]
    return [source if isinstance(source, str) else "".join(map(str, source)) for source in sources]


def graded_answer(cells: list[str], exercise: str, limits: Limits) -> tuple[str, str, float]:
    """The outcome of one exercise, in words too, and the seconds that it took."""
    name, began = answer_name(exercise), time.monotonic()
    try:
        nodes = needed(statements(cells, name), name)
    except NotPython as problem:
        return "error", str(problem), 0.0
    if not nodes:
        return "not attempted", f"{name} is not in the notebook", 0.0
    if untouched_stub(nodes, name):
        return "not attempted", "", 0.0
    outcome, words = examined(exercise, "\n\n".join(map(ast.unparse, nodes)) + "\n", limits)
    words = "" if outcome in ("solved", "not attempted") else words.removeprefix("Not yet: ")
    return outcome, words, round(time.monotonic() - began, 1)


def in_lines(row: dict[str, Any]) -> str:
    """A notebook's part of the table."""
    name = shown(row["file"])
    if row["problem"]:
        return f"{name}: {shown(row['problem'])}"
    width = max(len(e["exercise"]) for e in row["exercises"])
    outcomes = max(len(e["outcome"]) for e in row["exercises"])
    lines = [f"{name}: {row['solved']} of {row['of']} solved"]
    for e in row["exercises"]:
        begin = f"  {e['lesson']} {e['exercise']:<{width}}  {e['outcome']:<{outcomes}}  "
        lines.append(textwrap.fill(shown(e["words"]), 120, initial_indent=begin, subsequent_indent=" " * len(begin),
                                   break_on_hyphens=False) if e["words"] else begin.rstrip())
    return "\n".join(lines)
