"""The lessons as teaching material: `make handout`, `make badges REPO=owner/name`, both ends of `make notebooks`.

    python notebooks/teach.py handout FOLDER     student and solutions sets, and plan.md
    python notebooks/teach.py badges OWNER/NAME  the repository that badges and guards point to
    python notebooks/teach.py frame SOURCE       what all lessons share, into the text of one: the badge, the first
                                                 code cell from guard.py, links to the lessons before and after it
    python notebooks/teach.py store NOTEBOOK     outputs as they are kept, so that every viewer shows the same
"""

import base64
import copy
import itertools
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
from nbconvert.preprocessors import CoalesceStreamsPreprocessor, TagRemovePreprocessor

from dcgan_course.commands.lessons import PICTURES, with_pictures
from dcgan_course.machine.display import figure_html
from dcgan_course.plots.showing import FOLDED

NOTEBOOKS = Path(__file__).parent
ROOT = NOTEBOOKS.parent
BESIDE = [NOTEBOOKS / f"{name}.ipynb" for name in ("faces", "glossary")]  # pages that lessons link to
EXERCISE = re.compile(r"^> \*\*Exercise (\d+) · (.+?)\*\* — difficulty (\d) of 3 · importance (\d) of 3 · (\d+) "
       "minutes", re.M)
OPEN = re.compile(r"> \*\*Open exercise · (.+?)\*\* — (\d+ (?:minutes|hours))")
CLOCK = re.compile(r"(%\|.*) \[[\d:]+<[\d:?]+, *[^],]+(?:, ([^]]*))?\]")  # of tqdm: time, time left, speed, words
FINISHED = re.compile(r"^.*100%\|.*\n?", re.M)  # such a bar: what it waited for is there
RIGHT = "<!-- right -->"  # after the right one of the answers that a question offers, where no reader sees it
SHORT = ("00", "01", "02", "03", "05", "08")  # the lessons of the short path


def note(message: str) -> None:
    print(f"note: {message}", file=sys.stderr)


def stop(message: str):
    print(message, file=sys.stderr)
    sys.exit(2)


def lessons() -> list[Path]:
    return sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))


def pages() -> list[Path]:
    """The lessons, and the pages beside them."""
    return [*lessons(), *BESIDE]


def header(lesson: nbformat.NotebookNode) -> dict:
    """What a lesson's first cell and its exercise cards say."""
    first = lesson.cells[0].source
    cards = [card for cell in lesson.cells for card in EXERCISE.findall(cell.source)]
    return {
        "title": re.match(r"# (.+)", first)[1],
        "minutes": int(re.search(r"\*\*Time:\*\* (\d+) minutes", first)[1]),
        "need": " ".join(re.search(r"\*\*You need:\*\* (.+?)\n\n", first, re.S)[1].split()),
        "objectives": [" ".join(line.split()) for line in re.findall(r"^- (.+?)(?=\n- |\n\n)", first, re.M | re.S)],
        "open": next((found.groups() for cell in lesson.cells if (found := OPEN.match(cell.source))), None),
        "exercises": [dict(zip(("number", "name", "difficulty", "importance", "minutes"), card, strict=True))
                      for card in cards],
    }


def plan(headers: list[dict]) -> str:
    """One page for teachers: two ways through the course, and what each lesson asks and gives."""
    total = sum(h["minutes"] for h in headers)
    return "\n".join(["# The course on one page", "",
                      f"{len(headers)} lessons, {total} minutes. After an exercise: its minutes and its difficulty, "
                      "1 to 3. The time of open exercises comes on top.",
                      "", sessions(headers), "", lesson_plan(headers)])


def lesson_plan(headers: list[dict]) -> str:
    """Minutes, prerequisites, objectives and exercises of every lesson."""
    lines = []
    for h in headers:
        exercises = "; ".join(f"{e['name']} ({e['minutes']} min, {e['difficulty']})" for e in h["exercises"])
        if h["open"]:
            exercises += "; open: {} ({})".format(*h["open"])
        lines += [f"**{h['title']}** ({h['minutes']} min). *Needs:* {h['need']} *Then you can:* "
                  f"{' '.join(h['objectives'])} *Exercises:* {exercises}.", ""]
    return "\n".join(lines)


def sessions(headers: list[dict]) -> str:
    """The short path in 4 sessions of 90 minutes, and all lessons in 14 of 90, as tables."""
    short = [h for h in headers if h["title"][:2] in SHORT]
    return "\n\n".join(table(dealt(lessons, count, minutes), count, minutes, name) for lessons, count, minutes, name in
                       ((short, 4, 90, "The short path"), (headers, 14, 90, "All lessons")))


def dealt(lessons: list[dict], count: int, minutes: int) -> tuple[list[list[dict]], list[dict]]:
    """(the lessons of each session, what is left for home): whole lessons in their order, as many as fit. A lesson
    longer than a session has one of its own."""
    rest, made = list(lessons), []
    for _ in range(count):
        session = rest[:1]
        while len(rest) > len(session) and sum(h["minutes"] for h in rest[: len(session) + 1]) <= minutes:
            session = rest[: len(session) + 1]
        made.append(session)
        rest = rest[len(session):]
    return made, rest


def table(plan: tuple[list[list[dict]], list[dict]], count: int, minutes: int, name: str) -> str:
    made, rest = plan
    lines = [f"| {name}: {count} x {minutes} minutes | lessons | minutes to spare, to talk |", "|---|---|---|"]
    for i, session in enumerate(made, 1):
        spare = minutes - sum(h["minutes"] for h in session)
        lines.append(f"| {i} | {', '.join(h['title'] for h in session) or 'questions'} | "
                     f"{spare if spare >= 0 else f'{-spare} more at home'} |")
    return "\n".join([*lines, *([f"| at home | {', '.join(h['title'] for h in rest)} | |"] if rest else [])])


def git(*arguments: str) -> subprocess.CompletedProcess:
    """git, run in notebooks/, which may be a folder of some larger repository."""
    return subprocess.run(["git", *arguments], cwd=NOTEBOOKS, capture_output=True, text=True, encoding="utf-8")


def why_no_commit() -> str | None:
    """Why there is nothing committed that notebooks/src could be compared with; None where there is."""
    try:
        found = git("rev-parse", "--verify", "HEAD:./src")
    except OSError as error:
        return f"git: {error.strerror}"
    return None if found.returncode == 0 else found.stderr.partition("\n")[0]


def source_of(path: Path) -> Path:
    """The text of a lesson."""
    source = NOTEBOOKS / "src" / f"{path.stem}.py"
    if not source.is_file():
        stop(f"{path}: has no source notebooks/src/{source.name}, expected a lesson (a copy? Move it elsewhere)")
    return source


def refuse_uncommitted(source: Path) -> None:
    """An answer in notebooks/src would pass for the lesson: only what somebody has committed is the lesson."""
    committed = git("cat-file", "blob", f"HEAD:./src/{source.name}")
    name = source.relative_to(ROOT).as_posix()
    if committed.returncode:
        stop(f"{name}: not committed. To keep it: git add {name} && git commit")
    if committed.stdout != source.read_text(encoding="utf-8"):
        stop(f"{name}: not as in the last commit (an answer, perhaps?). For the committed lesson: "
             f"git checkout HEAD {name}; to keep your changes: git commit {name}")


def pristine(path: Path) -> nbformat.NotebookNode:
    """A lesson as it is in notebooks/src: one with somebody's answers in it must not become a handout."""
    lesson, source = nbformat.read(path, 4), jupytext.read(source_of(path))
    for number, (cell, expected) in enumerate(itertools.zip_longest(lesson.cells, source.cells), 1):
        if cell is None or expected is None or compared(cell) != compared(expected):
            stop(f"{path}: cell {number} is not as in notebooks/src/{path.stem}.py (an answer, perhaps?). For a lesson "
                 f"without answers: git checkout {path.relative_to(ROOT)}; after a change in src: make notebooks")
    return lesson


def compared(cell: nbformat.NotebookNode) -> tuple:
    """What makes a cell the lesson's; without its tag a solution would stay in the student set."""
    return cell.cell_type, cell.source, cell.metadata.get("tags", [])


def linked(lesson: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Links that work outside of the repository: its files on the web."""
    files = f"](https://github.com/{repository()}/blob/main/"  # but not of pictures, which are copied
    for cell in lesson.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\]\(\.\./(?!data/\S+\.(?:svg|png|gif|webp)\))", files, cell.source)
    return lesson


def without_solutions(lesson: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A lesson for students. Its badge opens the branch `student`, where the workflow *pages* puts these lessons."""
    lesson.cells[0].source = lesson.cells[0].source.replace("/blob/main/notebooks/", "/blob/student/")
    return TagRemovePreprocessor(remove_cell_tags={"solution"}, enabled=True).preprocess(lesson, {})[0]


def without_answers(lesson: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """What a lesson asks to predict, without the folded output that answers it, and which of the offered answers is
    right."""
    for cell in lesson.cells:
        cell.source = cell.source.replace(f" {RIGHT}", "")
        if cell.metadata.get("jupyter", {}).get("outputs_hidden"):
            cell.outputs, cell.execution_count = [], None
    return lesson


def with_open_solutions(lesson: nbformat.NotebookNode) -> nbformat.NotebookNode:
    for cell in lesson.cells:
        if "solution" in cell.metadata.get("tags", []):
            cell.source = cell.source.replace("<details>", "<details open>")
    return lesson


def handout(folder: Path) -> None:
    """Write both sets and the plan into a folder; nothing where a lesson is not as in notebooks/src, or where that is
    not as committed."""
    if reason := why_no_commit():
        note(f"notebooks/src is not compared with a commit ({reason})")
    else:
        for path in pages():
            refuse_uncommitted(source_of(path))
    originals = {path: pristine(path) for path in pages()}
    if not reason and (outputs := git("diff", "--name-only", "--relative", "HEAD", "--", "*.ipynb").stdout.split()):
        note(f"not with the outputs of the last commit: {', '.join(outputs)}")
    for name in ("student", "solutions"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for path, original in originals.items():
        lesson = linked(copy.deepcopy(original))
        hand_out(without_answers(without_solutions(copy.deepcopy(lesson))), folder / "student" / path.name)
        hand_out(with_open_solutions(lesson), folder / "solutions" / path.name)
    (folder / "plan.md").write_text(plan([header(originals[path]) for path in lessons()]), encoding="utf-8")
    print(f"{folder}: {len(lessons())} lessons as student and solutions sets, and plan.md")


def hand_out(lesson: nbformat.NotebookNode, file: Path) -> None:
    """Write a lesson, with the pictures that it shows in a folder beside it."""
    content, pictures = with_pictures(nbformat.writes(lesson).encode())
    file.write_bytes(content)
    for name, path in pictures.items():
        (file.parent / PICTURES).mkdir(exist_ok=True)
        shutil.copy(ROOT / path, file.parent / PICTURES / name)


def frame(source: Path) -> None:
    """Bring up to date what all lessons share: the badge, which is a file of the repository; the first code cell; links
    at the end. The pages beside the lessons have none of them."""
    text = source.read_text(encoding="utf-8")
    if "\n# %% cellView=" not in text:
        return
    text = re.sub(r"!\[Open in Colab\]\([^)]*\)", "![Open in Colab](../data/colab.svg)", text)
    head, cell, rest = re.split(r"(?m)^(# %% cellView=.*\n)", text, maxsplit=1)
    code = (NOTEBOOKS / "guard.py").read_text(encoding="utf-8")
    rest = re.sub(r"\n# %% \[markdown\]\n# ---\n# .*\.ipynb\).*\n\Z", "", rest[rest.index("\n# %%") :]).rstrip() + "\n"
    links = f"\n# %% [markdown]\n# ---\n# {neighbours(source.stem)}\n"
    source.write_text(head + cell + code + rest + links, encoding="utf-8")


def neighbours(stem: str) -> str:
    """Links to the lesson before and the lesson after one, by their titles."""
    sources = sorted((NOTEBOOKS / "src").glob("[0-9][0-9]_*.py"))
    titles = {file.stem: re.search(r"(?m)^# # (.+)", file.read_text(encoding="utf-8"))[1] for file in sources}
    names = [None, *titles, None]
    before, after = names[names.index(stem) - 1], names[names.index(stem) + 1]
    return " · ".join([*([f"← [{titles[before]}]({before}.ipynb)"] if before else []),
                       *([f"[{titles[after]}]({after}.ipynb) →"] if after else [])])


def store(path: Path) -> None:
    """What JupyterLab, nbconvert and GitHub all show. Of a progress bar the last state stays, and nothing of one that
    is full; of a widget the picture beside it (a stored widget needs its kernel), of a picture one format; a film
    becomes HTML, for nbconvert drops image/gif. A bar keeps no times: they are this machine's. Of what is folded
    nothing shows."""
    lesson = nbformat.read(path, 4)
    lesson.metadata.pop("widgets", None)
    CoalesceStreamsPreprocessor(enabled=True).preprocess(lesson, {})
    for cell in lesson.cells:
        for output in (output for output in cell.get("outputs", []) if "text" in output):
            bars = CLOCK.sub(lambda bar: f"{bar[1]} [{bar[2]}]" if bar[2] else bar[1], output.text)
            output.text = FINISHED.sub("", bars)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("text") != ""]
        if cell.get("outputs") and cell.metadata.get("jupyter", {}).get("outputs_hidden"):
            first = cell.outputs[0].get("data", {}).get("text/html", "")
            if not first.startswith(FOLDED):  # the answer, or HTML, would be seen: printed lines have no other head
                cell.outputs.insert(0, nbformat.v4.new_output("display_data", {"text/html": FOLDED}))
    for output in (output for cell in lesson.cells for output in cell.get("outputs", [])):
        data = output.get("data", {})
        if "image/gif" in data:
            width = output.metadata.pop("image/gif", {}).get("width")
            words = "" if data["text/plain"].startswith("<") else data["text/plain"]  # <IPython ... object>
            data["text/html"] = figure_html(base64.b64decode(data.pop("image/gif")), words, width=width)
        if any(kind == "text/html" or kind.startswith("image/") for kind in data):
            data.pop("application/vnd.jupyter.widget-view+json", None)
        if "image/png" in data:
            data.pop("image/jpeg", None)
    nbformat.write(lesson, path)


def repository() -> str:
    """owner/name, from pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.search(r'^Repository = "https://github.com/([^"]+)"', text, re.M)[1]


def badges(repo: str) -> None:
    """Point every badge, first cell and link from the repository named in pyproject.toml to another one."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repo):
        stop(f"REPO: found {repo!r}, expected owner/name")
    old = repository()
    files = [*(ROOT / name for name in ("pyproject.toml", "README.md", "CITATION.cff")), *pages(),
             *(NOTEBOOKS / "src").glob("*.py"), NOTEBOOKS / "guard.py"]
    for file in files:
        text = file.read_text(encoding="utf-8")
        text = text.replace(f"github.com/{old}", f"github.com/{repo}").replace(f"/github/{old}/", f"/github/{repo}/")
        text = text.replace(".github.io/".join(old.split("/")), ".github.io/".join(repo.split("/")))
        text = text.replace(f"&& cd {old.partition('/')[2]}\n", f"&& cd {repo.partition('/')[2]}\n")
        file.write_text(text, encoding="utf-8")
    print(f"{len(files)} files now point to {repo}")


if __name__ == "__main__":
    does = {"handout": lambda folder: handout(Path(folder)), "badges": badges,
            "frame": lambda file: frame(Path(file)), "store": lambda file: store(Path(file))}
    if len(sys.argv) != 3 or sys.argv[1] not in does:
        sys.exit(__doc__)
    does[sys.argv[1]](sys.argv[2])
