"""What keeps the lessons honest: their sources, stored outputs and conventions, and that nbval can turn red."""

import json
import re
import shutil
import statistics
import subprocess
import sys
import urllib.request
from pathlib import Path
from xml.etree import ElementTree

import jupytext
import matplotlib
import nbformat
import processes
import pytest
import servers
import teach
from PIL import Image

from dcgan_course.checks import LISTINGS
from dcgan_course.commands.lessons import with_pictures
from dcgan_course.machine.errors import UserError
from dcgan_course.machine.progress import ALL

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
LESSONS = teach.lessons()
REPOSITORY = teach.repository()

each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)


@pytest.fixture(autouse=True)
def own_style():
    """Lessons that are tried here tell matplotlib how figures look."""
    with matplotlib.rc_context():
        yield


def code_cells(path):
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]


def compared_text(cell) -> str:
    """The text of a cell's outputs that nbval compares; pictures and tagged cells are not."""
    if "nbval-ignore-output" in cell.metadata.get("tags", []):
        return ""
    return "".join(map(said, cell.outputs))


def said(output) -> str:
    """The text of an output: what was printed, what a check says, a table, words for a picture."""
    return output.get("text") or output.get("data", {}).get("text/plain", "")


@pytest.mark.parametrize("path", teach.pages(), ids=lambda p: p.stem)
def test_what_draws_a_bar_once_is_not_compared(path):
    """Pictures that are drawn or decoded are kept, so a cell that loads them shows a bar in one run and none in the
    next, unless it catches what is printed. Digits come with the course."""
    loads = re.compile(r"""\b(load_images|parts)\((DATA|f?"(?!mnist"))""")
    assert not [c.source for c in code_cells(path)
                if loads.search(c.source) and compared_text(c) and "redirect_stdout" not in c.source]


def test_no_cell_needs_what_the_first_one_imports(tmp_path):
    """It is for Colab and Kaggle alone, and others may leave it out."""
    for path in LESSONS:
        cells = [cell.source for cell in code_cells(path) if "# @title In Colab or on Kaggle" not in cell.source]
        assert len(cells) == len(code_cells(path)) - 1
        (tmp_path / f"{path.stem}.py").write_text("\n\n".join(cells), encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--select=F821", "--output-format=concise"]
    found = subprocess.run([*ruff, tmp_path], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout


def test_there_are_lessons():
    assert sorted(p.stem for p in teach.pages()) == sorted(p.stem for p in (NOTEBOOKS / "src").glob("*.py"))
    assert sorted(p.name for p in teach.pages()) == sorted(p.name for p in NOTEBOOKS.glob("*.ipynb"))
    assert LESSONS


@pytest.mark.parametrize("path", teach.pages(), ids=lambda p: p.stem)
def test_notebook_and_source_are_the_same(path):
    source = jupytext.read(NOTEBOOKS / "src" / f"{path.stem}.py")
    notebook = nbformat.read(path, 4)
    for made, written in zip(notebook.cells, source.cells, strict=True):
        assert (made.cell_type, made.source, made.metadata.get("tags"), made.metadata.get("jupyter")) == (
            written.cell_type, written.source, written.metadata.get("tags"), written.metadata.get("jupyter")), \
            "run `make notebooks`"


@each_lesson
def test_stored_executed_and_without_errors(path):
    """nbval compares nothing in a cell without an execution_count."""
    cells = code_cells(path)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]
    assert path.stat().st_size < 1.5e6
    assert not re.search(r"/(home|root|work|tmp|Users)/", path.read_text("utf-8"))  # no path of the machine that ran it


@each_lesson
def test_enough_is_compared(path):
    compared = [text for text in map(compared_text, code_cells(path)) if re.search(r"\d", text)]
    assert len(compared) >= 5


@each_lesson
def test_header(path):
    (title, idea, *_), (guard, imports) = nbformat.read(path, 4).cells, code_cells(path)[:2]
    number = path.stem[:2]
    assert title.source.startswith(f"# {number} · ")
    assert f"colab.research.google.com/github/{REPOSITORY}/blob/main/notebooks/{path.name})" in title.source
    assert "**Time:**" in title.source and "**You need:**" in title.source
    objectives = re.findall(r"^- ", title.source, re.M)
    assert 3 <= len(objectives) <= 5
    assert "[glossary](glossary.ipynb)" in title.source
    assert idea.cell_type == "markdown" and len(idea.source) > 80  # plumbing does not come first
    assert '"google.colab" in sys.modules' in guard.source and f'"https://github.com/{REPOSITORY}"' in guard.source
    assert f"{guard.source}\n" == (NOTEBOOKS / "guard.py").read_text("utf-8")
    assert len(imports.source.splitlines()) <= 15


def test_the_frame_is_brought_up_to_date(tmp_path):
    """The first code cell, badge and links at the end, twice as well as once."""
    source = NOTEBOOKS / "src" / f"{LESSONS[0].stem}.py"
    older = tmp_path / source.name
    text = source.read_text("utf-8")
    head, _, links = text.rpartition("\n# %% [markdown]\n# ---\n")
    assert links == "# [01 · The adversarial game](01_adversarial_game.ipynb) →\n"
    for changed in (text.replace("--depth=1", "--depth=2"), text.replace("../data/colab", "https://a.b/c"), head, text):
        older.write_text(changed, "utf-8")
        teach.frame(older)
        assert older.read_text("utf-8") == text


@each_lesson
def test_cells_are_small(path):
    lengths = [len(cell.source.splitlines()) for cell in code_cells(path)]
    assert max(lengths) <= 40
    assert statistics.median(lengths) <= 8


@each_lesson
def test_code_fits_a_window(path):
    """One of 1,280 pixels cuts longer lines off."""
    assert not [line for cell in code_cells(path) for line in cell.source.splitlines() if len(line) > 95]


@each_lesson
def test_a_lesson_begins_with_a_picture(path):
    """Under its title, a file of data/ that is there, with alt text; and with code after it, not before."""
    title = nbformat.read(path, 4).cells[0].source
    hero = re.match(r'# .+\n\n<img src="\.\./(data/[^"]+)"(?: width="\d+")? alt="[^"]{20,}">\n', title)
    assert hero and (NOTEBOOKS.parent / hero[1]).is_file()


@pytest.mark.parametrize("path", teach.pages(), ids=lambda p: p.stem)
def test_nothing_sticks_to_a_fold(path):
    """JupyterLab leaves no room between a fold and what follows it in the same cell."""
    prose = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown"]
    assert not [text for text in prose if re.search(r"</details>\s+(?!<)\S", text)]


@pytest.mark.parametrize("path", teach.pages(), ids=lambda p: p.stem)
def test_no_line_is_lost_on_the_site(path):
    """There a line of prose that begins with a per cent sign is a comment."""
    prose = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown"]
    assert prose and not [line for text in prose for line in text.splitlines() if line.lstrip().startswith("%")]


# ---- exercises


def exercises(path):
    """(stub cell, check cell, the solution's code) for each exercise of a lesson."""
    cells = nbformat.read(path, 4).cells
    found = []
    for i, cell in enumerate(cells):
        if cell.cell_type == "code" and cell.source.rstrip().endswith("raise NotImplementedError"):
            solution = next(c for c in cells[i:] if "solution" in c.metadata.get("tags", []))
            found.append((cell, cells[i + 1], re.search(r"```python\n(.+?)```", solution.source, re.S)[1]))
    return found


@each_lesson
def test_exercises_have_their_parts(path):
    """A card, a stub, a check that answers "not attempted yet", and a solution that is folded and never run."""
    cells = nbformat.read(path, 4).cells
    solutions = [cell for cell in cells if "solution" in cell.metadata.get("tags", [])]
    cards = teach.header(nbformat.read(path, 4))["exercises"]
    assert len(exercises(path)) == len(solutions) == len(cards) >= 1
    assert [card["number"] for card in cards] == [str(i + 1) for i in range(len(cards))]
    assert all(cell.cell_type == "markdown" and cell.source.startswith("<details>") for cell in solutions)
    for _, check, _ in exercises(path):
        assert said(check.outputs[0]).startswith("Not attempted yet.")
    assert said(cells[-2].outputs[0]) == f"0 of {len(cards)} solved here, 0 of {len(ALL)} in the course."


@each_lesson
def test_there_is_one_open_exercise_and_its_rubric_is_folded(path):
    cells = nbformat.read(path, 4).cells
    found = [i for i, cell in enumerate(cells) if cell.source.startswith("> **Open exercise · ")]
    assert len(found) == 1 and teach.header(nbformat.read(path, 4))["open"]
    rubric = cells[found[0] + 1].source
    assert rubric.startswith("<details><summary>Rubric") and rubric.endswith("</details>")
    assert len(re.findall(r"^\| .+ \|$", rubric, re.M)) >= 4  # a head and three or more criteria


def test_the_glossary_is_sorted_and_names_lessons_that_are_there():
    text = "\n".join(cell.source for cell in nbformat.read(NOTEBOOKS / "glossary.ipynb", 4).cells)
    terms = [re.sub(r"[^\w ]", "", term).lower() for term in re.findall(r"^\| \*\*(.+?)\*\*", text, re.M)]
    assert len(terms) > 60 and terms == sorted(terms) and len(set(terms)) == len(terms)
    links = set(re.findall(r"\]\((\d\d_\w+\.ipynb)\)", text))
    assert links == {path.name for path in LESSONS}


@each_lesson
def test_solutions_pass_their_checks(path, capsys):
    names = {}
    exec(code_cells(path)[1].source, names)  # the imports
    capsys.readouterr()
    for stub, check, solution in exercises(path):
        exec(solution, names)
        defined = re.search(r"^(?:def|class) (\w+)", stub.source, re.M)[1]
        assert re.search(rf"^(?:def|class) {defined}\b", solution, re.M)
        exec(check.source, names)
        assert capsys.readouterr().out == "Right. The lesson goes on with yours.\n", (defined, path.stem)


@pytest.mark.slow
def test_lesson_05_trains_what_is_chosen(finished_run, monkeypatch):
    """Beside two records, at once and at the end with curves, or in a line why not; nothing else meanwhile."""
    text = (NOTEBOOKS / "src" / "05_failure_lab.py").read_text("utf-8")
    cells, lesson, began, seen = re.split(r"(?m)^# %%.*\n", text), {}, [], []

    def train(config, quiet, show):
        began.append((config.beta1, config.seed, quiet, lesson["chosen"].disabled))
        if config.norm == "none":
            raise UserError("a < b")
        if config.output == "sigmoid":
            raise KeyboardInterrupt
        show(Image.open(finished_run.samples()[0][1]), "0 thousand images")
        return finished_run

    monkeypatch.setattr("dcgan_course.trainer.train", train)
    monkeypatch.setattr("IPython.display.display", lambda *all: None)
    for word in ("import BLUE", "stabilisers, rates", "def early_card", "chosen = ", "def train_chosen"):
        exec(next(cell for cell in cells if word in cell), lesson)
    lesson["trained"].observe(lambda change: seen.append(change["new"]), "value")
    for name in ("beta1 of 0.9", "", "no batch norm", "no batch norm", "sigmoid output"):
        lesson["chosen"].value = name
        assert not lesson["chosen"].disabled and lesson["chosen"].value == ""  # the same can be chosen again
    assert began == [(0.9, 2, True, True), *3 * [(0.5, 2, True, True)]]
    assert [words.count("<img") for words in seen] == [0, 3, 3, *6 * [0]]
    assert [seen[i] for i in (4, 6, 8)] == ["a &lt; b", "a &lt; b", "Stopped."]


def test_the_solution_of_lesson_02_is_the_package(capsys):
    """The same layers in the same order: the package's weights, given to the lesson's networks, draw the same."""
    import torch

    from dcgan_course.checks.networks import Reference64, Reference64D
    from dcgan_course.models import init_weights

    path, names = NOTEBOOKS / "02_five_guidelines.ipynb", {}
    exec(code_cells(path)[1].source, names)
    for _, check, solution in exercises(path):
        exec(solution, names)
        exec(check.source, names)
    for own, package, x in ((names["MyGenerator"](20, 8, 3), Reference64(20, 8, 3), torch.randn(4, 20)),
                            (names["MyDiscriminator"](8, 3), Reference64D(8, 3), torch.randn(4, 3, 64, 64))):
        init_weights(package)
        own.load_state_dict(dict(zip(own.state_dict(), package.state_dict().values(), strict=True)))
        assert torch.equal(own(x), package(x))


def test_stored_outputs_need_no_kernel():
    """Pictures instead of widgets, and no bytes in any text: as GitHub, an export and an untrusted copy show them."""
    for path in LESSONS:
        lesson = nbformat.read(path, 4)
        assert "widgets" not in lesson.metadata
        for output in (output for cell in lesson.cells for output in cell.get("outputs", [])):
            assert "application/vnd.jupyter.widget-view+json" not in output.get("data", {}), path.name
            assert "\\x" not in str(output.get("data", {}).get("text/plain", "")), path.name


@each_lesson
def test_pictures_have_alt_text(path):
    """`plots.show` gives it. JupyterLab and nbconvert show that of HTML alone, whatever an image's metadata say."""
    outputs = [output.get("data", {}) for cell in code_cells(path) for output in cell.outputs]
    assert not any(kind.startswith("image/") for data in outputs for kind in data)
    images = [image for data in outputs for image in re.findall(r"<img\b[^>]*>", data.get("text/html", ""))]
    assert images and all(re.search(r'\balt="[^"<]{8,}"', image) for image in images)


BAR = "\r0001: 99%|####| 9k/9k [05:05<00:00, 58.8img/s, loss 1.03, x 2]\n"


@pytest.mark.parametrize(("bar", "kept"), [
    ("99%|###| 4/4 [03:08<00:00, 47.06s/it]\n", "99%|###| 4/4\n"), ("a [1, 2] 5%", "a [1, 2] 5%"),
    ("a: 100%|###| 4/4 [03:08<00:00, 47.06s/it]\nright: 100%\n", "right: 100%\n"),
    ("  0%|   | 0/4 [00:00<?, ?it/s]", "  0%|   | 0/4"),
    ("9%|#| 4/4 [1:03:08<2:00:00, 7it/s, x 1]", "9%|#| 4/4 [x 1]")])
def test_bars_are_stored_without_the_times_of_this_machine(tmp_path, bar, kept):
    output = nbformat.v4.new_output("stream", name="stderr", text=bar)
    cell = nbformat.v4.new_code_cell("1", execution_count=1, outputs=[output])
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "a.ipynb")
    teach.store(tmp_path / "a.ipynb")
    assert nbformat.read(tmp_path / "a.ipynb", 4).cells[0].outputs[0].text == kept


def test_nothing_is_stored_of_bars_that_are_full(tmp_path):
    bar = "  0%|  | 0/4\r100%|##| 4/4 [00:01<00:00, 4it/s]\n"
    outputs = [nbformat.v4.new_output("stream", name="stderr", text=bar),
               nbformat.v4.new_output("display_data", {"text/html": "<img>"})]
    cell = nbformat.v4.new_code_cell("1", execution_count=1, outputs=outputs)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "a.ipynb")
    teach.store(tmp_path / "a.ipynb")
    stored = nbformat.read(tmp_path / "a.ipynb", 4).cells[0].outputs
    assert [output.output_type for output in stored] == ["display_data"]


@each_lesson
def test_what_answers_a_question_is_folded_with_its_reason(path):
    """After the cells that answer it the next text begins with the explanation, of which the site makes one card."""
    cells = nbformat.read(path, 4).cells
    for question in [i for i, cell in enumerate(cells) if re.search(r"^> \*\*Predict", cell.source, re.M)]:
        folded = (i for i, cell in enumerate(cells) if cell.metadata.get("jupyter", {}).get("outputs_hidden"))
        answer = next(i for i in folded if i > question)
        reason = next(cell for cell in cells[answer:] if cell.cell_type == "markdown")
        assert reason.source.startswith("<details><summary>What came out, and why</summary>"), cells[question].source


@each_lesson
def test_a_question_offers_few_answers_inside_its_quotation(path):
    """What stands outside of it, or in a second one, the site makes no buttons of."""
    for text in (cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown"):
        for question in re.findall(r"(?:^>.*\n?)+", text, re.M):
            if question.startswith("> **Predict"):
                offered = re.findall(r"^> [-*] (.+)", question, re.M)
                assert len(offered) in (0, 2, 3, 4), question
                assert sum(words.endswith(teach.RIGHT) for words in offered) == bool(offered), question
            else:
                assert not re.match(r"> [-*] ", question), question


@pytest.mark.parametrize("number", LISTINGS)
def test_the_choices_under_a_listing_agree_with_its_check(number):
    """Lines where a listing can be mended are all in the choice that is right, if it names lines, and in no other."""
    text = (NOTEBOOKS / "src" / "12_your_own_images.py").read_text("utf-8")
    card = re.search(rf"mistake of listing {number}\?\n((?:# >.*\n)+)", text)[1]
    for lines, words in re.findall(r"> - lines? ([\d or]+): (.+)", card):
        named = set(map(int, lines.split(" or ")))
        assert named == set(LISTINGS[number].faulty) if words.endswith(teach.RIGHT) else \
            named.isdisjoint(LISTINGS[number].faulty), words


@each_lesson
def test_nothing_shows_of_what_is_folded(path):
    """JupyterLab shows the first line that is not empty of a folded output's HTML, or of its other text."""
    folded = [cell for cell in code_cells(path) if cell.metadata.get("jupyter", {}).get("outputs_hidden")]
    for cell in folded:
        assert cell.outputs[0].get("data", {}).get("text/html", "").startswith(" \n"), cell.source[:80]


def test_outputs_are_stored_for_every_viewer(tmp_path):
    """One line of a progress bar, a film that HTML keeps, no widget where there is a picture, one format of it."""
    def shown(**data):
        return nbformat.v4.new_output("display_data", {kind.replace("_", "/"): what for kind, what in data.items()})

    widget = {"application/vnd.jupyter.widget-view+json": {}}
    bar = [nbformat.v4.new_output("stream", name="stdout", text=text) for text in ("a\n", "\r 0%", "\r50%", BAR)]
    outputs = [*bar, shown(image_gif="R0lGODlh", text_plain="a film"), shown(image_png="AA==", image_jpeg="AA=="),
               shown(text_html="<img>", **widget), shown(text_plain="a slider", **widget)]
    cell = nbformat.v4.new_code_cell("1", execution_count=1, outputs=outputs)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": {}}), tmp_path / "a.ipynb")
    teach.store(tmp_path / "a.ipynb")
    lesson = nbformat.read(tmp_path / "a.ipynb", 4)
    stream, film, picture, still, slider = lesson.cells[0].outputs
    assert stream.text == "a\n0001: 99%|####| 9k/9k [loss 1.03, x 2]\n" and "widgets" not in lesson.metadata
    assert '<img src="data:image/gif;base64,R0lGODlh" alt="a film"' in film.data["text/html"]
    assert [set(output.data) for output in (film, picture, still, slider)] == [
        {"text/html", "text/plain"}, {"image/png"}, {"text/html"}, {"text/plain", *widget}]


def test_lesson_00_says_how_long_each_way_takes():
    """To half an hour, from the minutes of its lessons."""
    text = (teach.NOTEBOOKS / "src" / "00_start_here.py").read_text("utf-8")
    minutes = [teach.header(nbformat.read(path, 4))["minutes"] for path in LESSONS]
    ways = re.findall(r"^# \| [^|]+ \| (\d\d[\d, to]+) \| (\d+)(½?) \|$", text, re.M)
    assert len(ways) == 4
    for lessons, hours, half in ways:
        taken = sum(minutes[k] for a, b in re.findall(r"(\d\d)(?: to (\d\d))?", lessons)
                    for k in range(int(a), int(b or a) + 1))
        assert abs(taken / 60 - int(hours) - bool(half) / 2) <= 0.25, lessons


def test_the_map_of_lesson_00_has_every_lesson_with_its_minutes():
    text = (teach.NOTEBOOKS / "src" / "00_start_here.py").read_text("utf-8")
    mapped = dict(re.findall(r"\]\((\d\d_\w+\.ipynb)\)\*\*<br><small>(\d+) min · ", text))
    assert mapped == {path.name: str(teach.header(nbformat.read(path, 4))["minutes"]) for path in LESSONS[1:]}


# ---- for teachers


@pytest.mark.slow
def test_handout(tmp_path, monkeypatch):
    monkeypatch.setattr(teach, "why_no_commit", lambda: "somebody may be writing a lesson")
    teach.handout(tmp_path)
    for path in LESSONS:
        student, solutions = (nbformat.read(tmp_path / name / path.name, 4) for name in ("student", "solutions"))
        assert not [cell for cell in student.cells if "solution" in cell.metadata.get("tags", [])]
        assert "<details open><summary>Solution" in "".join(cell.source for cell in solutions.cells)
        assert len(student.cells) + len(exercises(path)) == len(solutions.cells)
        assert teach.RIGHT not in "".join(cell.source for cell in student.cells)
        for cell in student.cells:  # what was to be predicted is not given away
            hidden = cell.metadata.get("jupyter", {}).get("outputs_hidden")
            assert not (hidden and cell.outputs) and (hidden or cell.cell_type != "code" or cell.execution_count)
        badge = f"https://colab.research.google.com/github/{REPOSITORY}/blob"
        first = student.cells[0].source
        assert f"{badge}/student/{path.name}" in first and f"{badge}/main" not in first
    plan = (tmp_path / "plan.md").read_text("utf-8")
    for path in LESSONS:
        lesson = teach.header(nbformat.read(path, 4))
        assert f"**{lesson['title']}** ({lesson['minutes']} min)" in plan
        assert all(e["name"] in plan for e in lesson["exercises"]) and all(o in plan for o in lesson["objectives"])
    assert not re.findall(r"\]\(\.\./", "".join(p.read_text("utf-8") for p in tmp_path.glob("s*/*.ipynb")))
    assert "| 4 | 05 · The failure lab | 25 |" in plan and "14 x 90 minutes" in plan


def test_sessions():
    """Whole lessons, in order, as many as fit; a longer one has a session of its own; what is left is for home."""
    lessons = [{"title": str(k), "minutes": minutes} for k, minutes in enumerate((10, 35, 60, 75, 20, 20))]
    made, rest = teach.dealt(lessons, 4, 60)
    assert [[h["title"] for h in session] for session in made] == [["0", "1"], ["2"], ["3"], ["4", "5"]] and not rest
    table = teach.table(teach.dealt(lessons, 3, 60), 3, 60, "All")
    assert table.splitlines()[2:] == ["| 1 | 0, 1 | 15 |", "| 2 | 2 | 0 |", "| 3 | 3 | 15 more at home |",
                                      "| at home | 4, 5 | |"]


STUB, ANSWER = "    raise NotImplementedError", "    return pixels / 127.5 - 1"  # in lesson 00


def course(folder: Path, commit: bool) -> Path:
    """A copy of the course with lesson 00 and the pages beside the lessons alone."""
    (folder / "notebooks" / "src").mkdir(parents=True)
    for name in ("pyproject.toml", "notebooks/teach.py", *(
            name for stem in (LESSONS[0].stem, *(page.stem for page in teach.BESIDE)) for name in (
                f"notebooks/{stem}.ipynb", f"notebooks/src/{stem}.py"))):
        shutil.copy(NOTEBOOKS.parent / name, folder / name)
    for name in with_pictures(LESSONS[0].read_bytes())[1].values():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(NOTEBOOKS.parent / name, folder / name)
    if commit:
        if shutil.which("git") is None:
            pytest.skip("no git")
        git = ["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "commit.gpgsign=false"]
        for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "lesson 00"]):
            subprocess.run([*git, *arguments], check=True)
    return folder


def answer(*files: Path) -> None:
    for file in files:
        text = file.read_text("utf-8")
        assert STUB in text
        file.write_text(text.replace(STUB, ANSWER))


def handout(root: Path) -> tuple[int, str, bool]:
    """The status and the words of `teach.py handout`, and whether there is a student set."""
    process = processes.begin(processes.script(root / "notebooks" / "teach.py", "handout", root / "handout"),
                              GIT_CEILING_DIRECTORIES=str(root.parent))  # no repository above the copy counts
    _, error = process.communicate()
    return process.returncode, error, (root / "handout" / "student" / LESSONS[0].name).exists()


@pytest.mark.slow
def test_a_lesson_with_answers_is_no_handout(tmp_path):
    """Also one that JupyterLab saved by itself."""
    root = course(tmp_path, commit=False)
    answer(root / "notebooks" / LESSONS[0].name)
    status, said, written = handout(root)
    note, refusal = said.splitlines()
    assert status == 2 and f"git checkout notebooks/{LESSONS[0].name}" in refusal and not written
    assert note.startswith("note: notebooks/src is not compared with a commit (fatal: not a git repository")


@pytest.mark.slow
def test_a_source_with_answers_is_no_handout(tmp_path):
    """Notebook and source agree, and are not what is committed, also where the change is staged."""
    root = course(tmp_path, commit=True)
    assert handout(root) == (0, "", True)
    shutil.rmtree(root / "handout")
    notebook, source = root / "notebooks" / LESSONS[0].name, root / "notebooks" / "src" / f"{LESSONS[0].stem}.py"
    answer(notebook, source)
    subprocess.run(["git", "-C", root, "add", "."], check=True)
    status, said, written = handout(root)
    assert status == 2 and len(said.splitlines()) == 1 and not written
    assert f"git checkout HEAD notebooks/src/{source.name}; to keep your changes: git commit" in said
    subprocess.run(["git", "-C", root, "checkout", "HEAD", f"notebooks/src/{source.name}"], check=True)
    assert "cell" in handout(root)[1]  # the notebook still has the answer
    source.rename(source.with_stem("13_new"))
    notebook.rename(notebook.with_stem("13_new"))
    status, said, written = handout(root)
    assert status == 2 and said == ("notebooks/src/13_new.py: not committed. To keep it: git add "
                                    "notebooks/src/13_new.py && git commit\n")
    source.with_stem("13_new").unlink()
    assert "13_new.ipynb: has no source notebooks/src/13_new.py" in handout(root)[1]


@pytest.mark.slow
def test_a_handout_has_the_tags_and_says_whose_outputs(tmp_path):
    root = course(tmp_path, commit=True)
    file = root / "notebooks" / LESSONS[0].name
    lesson = nbformat.read(file, 4)
    next(cell for cell in lesson.cells if cell.cell_type == "code" and cell.outputs).outputs = []
    nbformat.write(lesson, file)
    assert handout(root) == (0, f"note: not with the outputs of the last commit: {file.name}\n", True)
    tagged = next(cell for cell in lesson.cells if "solution" in cell.metadata.get("tags", []))
    tagged.metadata.tags = []  # it would stay in the student set
    nbformat.write(lesson, file)
    assert handout(root)[0] == 2


@pytest.mark.slow
def test_answers_saved_in_jupyterlab_do_not_reach_the_sources(tmp_path):
    """Through the interface that JupyterLab's autosave uses, with jupytext at work in it: where a copy of the course
    pairs its notebooks, the save does reach the source, and the handout refuses all the same."""
    own, paired = course(tmp_path / "own", commit=True), course(tmp_path / "paired", commit=True)
    (paired / "pyproject.toml").write_text(
        '[tool.jupytext]\nformats = { "notebooks/" = "ipynb", "notebooks/src/" = "py:percent" }\n')
    port, name = servers.free_port(), LESSONS[0].name
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1",
               "--IdentityProvider.token=secret", f"--ServerApp.root_dir={tmp_path}", "--LabApp.news_url="]
    server = servers.served(command, f"http://127.0.0.1:{port}/api", tmp_path / "lab.log")
    try:
        for root in (own, paired):
            request = urllib.request.Request(f"http://127.0.0.1:{port}/api/contents/{root.name}/notebooks/{name}",
                                             headers={"Authorization": "token secret"})
            with urllib.request.urlopen(request) as response:
                model = json.load(response)
            stub = next(cell for cell in model["content"]["cells"] if STUB in cell["source"])
            stub["source"] = stub["source"].replace(STUB, ANSWER)
            request.method = "PUT"
            request.data = json.dumps({"type": "notebook", "content": model["content"]}).encode()
            urllib.request.urlopen(request).close()
            assert ANSWER in (root / "notebooks" / name).read_text("utf-8")
    finally:
        server.terminate()
        server.wait(processes.PATIENCE)
    source = Path("notebooks/src") / f"{LESSONS[0].stem}.py"
    original = (NOTEBOOKS.parent / source).read_bytes()
    assert (own / source).read_bytes() == original != (paired / source).read_bytes()
    for root, what in ((own, f"git checkout notebooks/{name}"), (paired, f"git checkout HEAD {source}")):
        status, said, written = handout(root)
        assert status == 2 and what in said and not written


@each_lesson
def test_the_readme_lists_the_lesson(path):
    lesson = teach.header(nbformat.read(path, 4))
    title = lesson["title"].partition(" · ")[2]
    row = next(line for line in (NOTEBOOKS.parent / "README.md").read_text("utf-8").splitlines() if path.name in line)
    assert row.startswith(f"| {path.stem[:2]} | [{title}](notebooks/{path.name})") and f"| {lesson['minutes']} |" in row
    assert f"/github/{REPOSITORY}/blob/main/notebooks/{path.name}" in row


def test_badges(tmp_path):
    """On a copy: nothing points to the old place any more, and back again is what it was."""
    shutil.copytree(NOTEBOOKS, tmp_path / "notebooks", ignore=shutil.ignore_patterns("runs", "__pycache__"))
    for name in ("pyproject.toml", "README.md", "CITATION.cff"):
        shutil.copy(NOTEBOOKS.parent / name, tmp_path / name)

    def run(repo):
        process = processes.begin(processes.script(tmp_path / "notebooks" / "teach.py", "badges", repo))
        _, error = process.communicate()
        return process.returncode, error

    assert run("ada/gan-class") == (0, "")
    changed = {p: p.read_text("utf-8") for p in tmp_path.rglob("*") if p.suffix in (".ipynb", ".py", ".md", ".toml")}
    for path in LESSONS:
        text = changed[tmp_path / "notebooks" / path.name]
        assert f"/github/ada/gan-class/blob/main/notebooks/{path.name}" in text
        assert 'url = \\"https://github.com/ada/gan-class\\"' in text and REPOSITORY not in text
    assert "github.com/ada/gan-class && cd gan-class\n" in changed[tmp_path / "README.md"]
    assert run(REPOSITORY) == (0, "")
    for path in LESSONS:
        assert (tmp_path / "notebooks" / path.name).read_text("utf-8") == path.read_text("utf-8")
    status, error = run("no slash")
    assert status and "expected owner/name" in error


# the cells of a short notebook: tag, code, stored output; and whether nbval must pass it, or its complaint
CELLS = [("", "print(12)", "12", None), ("", "print(34)", "37", "Cell outputs differ"), ("", "print(56)", "56", None),
         ("nbval-ignore-output", "print(78)", "79", None),
         ("", "# NBVAL_IGNORE_OUTPUT\nprint(90)", "90", "nbval does not notice another digit")]


@pytest.mark.slow
def test_a_corrupted_output_turns_nbval_red(tmp_path):
    """That cell, and no other one; and a cell in which nobody would notice it. With the words of the Makefile: there
    the lessons' conftest.py tries another digit in every output that is compared, in every lesson."""
    cells = [nbformat.v4.new_code_cell(code, execution_count=1, metadata={"tags": [tag] if tag else []},
                                       outputs=[nbformat.v4.new_output("stream", name="stdout", text=f"{output}\n")])
             for tag, code, output, _ in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "short.ipynb")
    shutil.copy(NOTEBOOKS / "conftest.py", tmp_path)
    makefile = (NOTEBOOKS.parent / "Makefile").read_text("utf-8")
    words = re.search(r"pytest (--nbval .*)notebooks$", makefile, re.M)[1].replace("$(call WORKERS,1)", "-n 2")
    command = [sys.executable, "-m", "pytest", *words.split(), "-p", "no:cacheprovider", f"--rootdir={tmp_path}",
               f"--junitxml={tmp_path / 'results.xml'}", tmp_path]
    assert subprocess.run(command, capture_output=True, cwd=tmp_path, timeout=processes.PATIENCE).returncode == 1
    found = [case.find("failure") for case in ElementTree.parse(tmp_path / "results.xml").iter("testcase")]
    for failure, (*_, complaint) in zip(found, CELLS, strict=True):
        assert failure is None if complaint is None else complaint in failure.get("message") + failure.text
