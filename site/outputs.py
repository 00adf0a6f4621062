"""What a lesson has shown, for a page that runs nothing: tables, and what says how far a learner is."""

import re

import nbformat

from dcgan_course.checks.base import NOT_ATTEMPTED

TABLE = re.compile(r'<table class="dataframe">.*?</table>', re.S)
NO_NAMES = re.compile(r"<tr[^>]*>(?:\s*<td></td>)+\s*</tr>\s*(?=</thead>)")  # of the index, which pandas gives a row
ROW = re.compile(r"<tr.*?</tr>", re.S)
CELL = re.compile(r"<t[hd]>(.*?)</t[hd]>", re.S)
SHORT = 16  # letters of a row's name that stay on one line
WHERE = """<p class="where">To solve this, open the lesson in <a href="{colab}">Colab</a> or in
<a href="../index.html#four-ways-to-start">JupyterLab</a>. Here it goes on with the package's own version.</p>"""


def without_checks(page: nbformat.NotebookNode, colab: str) -> None:
    """Nothing of what a check says before there is an answer, and no count of the solved: on a page both would stay.
    The first check leads to where one can answer."""
    words = WHERE.format(colab=colab)
    for cell in page.cells:
        outputs = cell.get("outputs", [])
        if any("text/html" in one.get("data", {}) and NOT_ATTEMPTED in one.data["text/html"] for one in outputs):
            cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": words})] if words else []
            words = ""
        elif outputs and "checks.progress(" in cell.source:
            cell.metadata["tags"] = ["remove-cell"]


def tables(html: str) -> str:
    """An output with its tables as those of the site's own text: in a box that moves sideways where there is no room,
    with columns of words at their left."""
    return TABLE.sub(lambda found: f'<div class="pst-scrollable-table-container">{table(found[0])}</div>', html)


def table(html: str) -> str:
    html = NO_NAMES.sub("", html)
    rows = [CELL.findall(row) for row in ROW.findall(html)[1:]]
    columns = enumerate(zip(*rows, strict=True))
    words = [i for i, column in columns if i and all(re.match("(<[^>]+>)*[A-Za-z]|$", cell) for cell in column)]
    return ROW.sub(lambda row: at_left(row[0], words), html)


def at_left(row: str, words: list[int]) -> str:
    """A row whose cells at these places begin at the left, and whose short name is not broken."""
    places = iter(range(len(CELL.findall(row))))

    def cell(found: re.Match) -> str:
        place, text = next(places), found[0]
        if place in words:
            return text.replace(">", ' class="words">', 1)
        return text if place or len(found[1]) > SHORT else text.replace(" ", "\N{NO-BREAK SPACE}")

    return CELL.sub(cell, row)
