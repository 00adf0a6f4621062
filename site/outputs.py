"""What a lesson has shown, for a page that runs nothing: tables, and what says how far a learner is."""

import re

import nbformat

from dcgan_course.checks.base import NOT_ATTEMPTED

TABLE = re.compile(r'<table class="dataframe">.*?</table>', re.S)
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
    """An output with its tables in boxes that move sideways where there is no room, as those of the site's own text."""
    return TABLE.sub(r'<div class="pst-scrollable-table-container">\g<0></div>', html)
