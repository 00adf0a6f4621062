"""The lessons as teaching material: `make handout` and `make badges REPO=owner/name`.

    python notebooks/teach.py handout FOLDER     student, solutions and html sets, and plan.md
    python notebooks/teach.py badges OWNER/NAME  the repository that badges and guards point to
"""

import re
import sys
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter
from nbconvert.preprocessors import TagRemovePreprocessor

NOTEBOOKS = Path(__file__).parent
ROOT = NOTEBOOKS.parent
EXERCISE = re.compile(r"^\*\*Exercise (\d+) · (.+?)\*\* — difficulty (\d) of 3 · importance (\d) of 3 · (\d+) "
       "minutes", re.M)


def lessons() -> list[Path]:
    return sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))


def header(lesson: nbformat.NotebookNode) -> dict:
    """What a lesson's first cell and its exercise cards say."""
    first = lesson.cells[0].source
    cards = [card for cell in lesson.cells for card in EXERCISE.findall(cell.source)]
    return {
        "title": re.match(r"# (.+)", first)[1],
        "minutes": int(re.search(r"\*\*Time:\*\* (\d+) minutes", first)[1]),
        "need": " ".join(re.search(r"\*\*You need:\*\* (.+?)\n\n", first, re.S)[1].split()),
        "objectives": [" ".join(line.split()) for line in re.findall(r"^- (.+?)(?=\n- |\n\n)", first, re.M | re.S)],
        "exercises": [dict(zip(("number", "name", "difficulty", "importance", "minutes"), card, strict=True))
                      for card in cards],
    }


def plan() -> str:
    """One page for teachers: minutes, prerequisites, objectives and exercises of every lesson."""
    headers = [header(nbformat.read(path, 4)) for path in lessons()]
    total = sum(h["minutes"] for h in headers)
    lines = ["# The course on one page", "", f"{len(headers)} lessons, {total} minutes.", ""]
    for h in headers:
        lines += [f"## {h['title']} ({h['minutes']} minutes)", "", f"Needs: {h['need']}", ""]
        lines += ["Learners can afterwards:", "", *(f"- {objective}" for objective in h["objectives"])]
        for e in h["exercises"]:
            lines += ["", f"Exercise {e['number']}, {e['name']}: {e['minutes']} minutes, "
                          f"difficulty {e['difficulty']} of 3, importance {e['importance']} of 3"]
        lines.append("")
    return "\n".join(lines)


def without_solutions(lesson: nbformat.NotebookNode) -> nbformat.NotebookNode:
    return TagRemovePreprocessor(remove_cell_tags={"solution"}, enabled=True).preprocess(lesson, {})[0]


def with_open_solutions(lesson: nbformat.NotebookNode) -> nbformat.NotebookNode:
    for cell in lesson.cells:
        if "solution" in cell.metadata.get("tags", []):
            cell.source = cell.source.replace("<details>", "<details open>")
    return lesson


def handout(folder: Path) -> None:
    """Write the three sets and the plan into a folder."""
    for name in ("student", "solutions", "html"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for path in lessons():
        nbformat.write(without_solutions(nbformat.read(path, 4)), folder / "student" / path.name)
        nbformat.write(with_open_solutions(nbformat.read(path, 4)), folder / "solutions" / path.name)
        page, _ = HTMLExporter().from_notebook_node(nbformat.read(path, 4))
        (folder / "html" / f"{path.stem}.html").write_text(page, encoding="utf-8")
    (folder / "plan.md").write_text(plan(), encoding="utf-8")
    print(f"{folder}: {len(lessons())} lessons as student, solutions and html sets, and plan.md")


def repository() -> str:
    """owner/name, from pyproject.toml."""
    return re.search(r'^Repository = "https://github.com/([^"]+)"', (ROOT / "pyproject.toml").read_text(), re.M)[1]


def badges(repo: str) -> None:
    """Point every badge, guard and link from the repository named in pyproject.toml to another one."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repo):
        sys.exit(f"REPO: found {repo!r}, expected owner/name")
    old = repository()
    files = [ROOT / "pyproject.toml", ROOT / "README.md", *lessons(), *(NOTEBOOKS / "src").glob("*.py")]
    for file in files:
        text = file.read_text(encoding="utf-8")
        text = text.replace(f"github.com/{old}", f"github.com/{repo}").replace(f"/github/{old}/", f"/github/{repo}/")
        for use in ("test -d {} ", "install -q -e {}", 'chdir(\\"{}/notebooks', 'chdir("{}/notebooks', "&& cd {}\n"):
            text = text.replace(use.format(old.partition("/")[2]), use.format(repo.partition("/")[2]))
        file.write_text(text, encoding="utf-8")
    print(f"{len(files)} files now point to {repo}")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("handout", "badges"):
        sys.exit(__doc__)
    handout(Path(sys.argv[2])) if sys.argv[1] == "handout" else badges(sys.argv[2])
