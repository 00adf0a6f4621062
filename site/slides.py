"""Slides of some lessons, for a teacher's wall: what their cells say and show, in their order.

A section is a column of slides: its title with its formulas, then a slide for each question that asks to predict, each
exercise, and each picture, whose caption is its title.
"""

import re
import shutil
from pathlib import Path

import nbformat
import teach
from sphinx.cmd.build import build_main

from dcgan_course.machine.errors import UserError

LESSONS = ("01", "02", "03", "05")
TOLD = re.compile(r"^## (?P<title>.+)$|^(?P<formula>\$\$.+?\$\$)$"
                  r"|\*\*Predict(?::\*\* (?P<ask>(?:(?!\n\n)[^?])+\?)|\*\* (?P<what>[^?.:]+(?::[^?.]+)?[?.:]))"
                  r"(?:.|\n(?!\n))*(?:\n\n(?P<choices>(?:(?:- |  ).+\n?)+))?"
                  r"|^\*\*Exercise (?P<exercise>\d+ · .+?)\*\*.+? (?P<minutes>\d+ minutes)", re.M)
QUOTED = re.compile("^> ?", re.M)  # the band beside exercises and questions
FOLDED = re.compile("<details>.+?</details>", re.S)
SHOWN = re.compile(r"<figure[^>]*>((?:(?!</figure>).)*?<img.+?)(?:<figcaption[^>]*>(.*?)</figcaption>)?</figure>", re.S)


def build_slides(source: Path, made: Path) -> None:
    """Write the slides beside the pages of the site.

    Args:
        source: the folder whose notebooks/ Sphinx has read, with their pictures in files.
        made: the new site; gets a folder slides/.
    Raises:
        UserError: Sphinx is not content.
    """
    folder = source / "slides"
    folder.mkdir()
    for name in names():
        lesson = nbformat.read(source / "notebooks" / f"{name}.ipynb", 4)
        (folder / f"{name}.md").write_text("\n\n".join(slides(lesson)), encoding="utf-8")
    index = "# Slides\n\n```{toctree}\n:maxdepth: 1\n\n" + "\n".join(names()) + "\n```\n"
    (folder / "index.md").write_text(index, encoding="utf-8")
    settings = ["-c", str(source), "-D", "extensions=myst_nb,sphinx_revealjs"]
    pages = ["-d", str(source.parent / "slides_doctrees"), str(folder), str(made / "slides")]
    if build_main(["-q", "-W", "-b", "revealjs", *settings, *pages]):
        raise UserError("slides: Sphinx is not content; what it said stands above")
    reveal = made / "slides" / "_static" / "revealjs"
    for unused in ("plugin", "css"):  # 2 MB of plugins, and the sources of its themes
        shutil.rmtree(reveal / unused)
    for twin in (*reveal.rglob("*.ttf"), *reveal.rglob("*.eot"), *reveal.rglob("*.esm.js")):  # of a .woff, and of a .js
        twin.unlink()


def names() -> list[str]:
    return [path.stem for path in teach.lessons() if path.stem[:2] in LESSONS]


def links() -> str:
    """To each lesson's slides, for a page of the site."""
    first = [f'<a href="slides/{name}.html">{name[:2]}</a>' for name in names()]
    return f"{', '.join(first[:-1])} and {first[-1]}"


def slides(lesson: nbformat.NotebookNode) -> list[str]:
    """The text of a lesson's slides."""
    about = teach.header(lesson)
    parts = [f"# {about['title']}", "After it you can", "\n".join(f"- {words}" for words in about["objectives"])]
    for cell in lesson.cells[1:]:
        if cell.cell_type == "markdown":
            if cell.source.startswith("## Questions"):
                break
            for found in TOLD.finditer(QUOTED.sub("", FOLDED.sub("", cell.source))):
                parts.append(told(found, after_picture="<img" in parts[-1]))
        for output in cell.get("outputs", []):
            parts += [shown(*found) for found in SHOWN.findall(output.get("data", {}).get("text/html", ""))]
    return parts


def told(found: re.Match, after_picture: bool) -> str:
    if found["title"]:
        return f"## {found['title']}"
    if found["formula"]:
        return f"### In one line\n\n{found['formula']}" if after_picture else found["formula"]
    if found["exercise"]:
        return f"### Exercise {found['exercise']}\n\n{found['minutes']}"
    question = re.sub(":$", ".", " ".join((found["ask"] or found["what"]).split()))
    choices = (found["choices"] or "").replace(teach.RIGHT, "")
    return f"### Predict\n\n{question[0].upper()}{question[1:]}\n\n{choices}".rstrip()


def shown(image: str, caption: str) -> str:
    image = image.replace('src="pictures/', 'src="../notebooks/pictures/')
    image = f"<figure>{image}</figure>" if "<input" in image else image  # a slider looks for its picture in there
    return f"### {caption or 'A picture'}\n\n```{{raw}} html\n{image}\n```"
