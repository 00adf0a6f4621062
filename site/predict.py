"""Questions on the site: a card for each, with one button that shows what came out and why.

In a lesson a question that begins with "Predict" stands in a quotation. Code follows, then an output that is folded,
then the explanation in a fold of its own. Here all of it becomes one card, and both folds become one. A list at the end
of the question holds answers, one of which may be chosen before the button is pressed; after that it shows which one is
right.
"""

import itertools

import teach
from docutils import nodes
from sphinx.application import Sphinx

WHY = "<details><summary>What came out, and why</summary>"
BUTTON = ('<details class="what"><summary><span class="folded">Show what came out</span>'
          '<span class="shown">What came out, and why</span></summary>')
FOLDS = {"input": "the code", "output": "the output", "all": "the code and its output"}


def setup(app: Sphinx) -> dict:
    app.connect("doctree-read", lambda app, document: cards(document))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def cards(document: nodes.document) -> None:
    """Make a card of each question that has an answer, and name the folds that are left."""
    for i, question in enumerate([quote for quote in document.findall(nodes.block_quote) if asks(quote)]):
        offer_choices(question, f"guess-{i}")
        make_card(question)
    for cell in [*document.findall(folded)]:
        join(cell)
    for cell in document.findall(folded):
        held = holds(cell)
        cell["prompt_show"], cell["prompt_hide"] = f"Show {held}", f"Hide {held}"


def asks(quote: nodes.block_quote) -> bool:
    strong = next(iter(quote.findall(nodes.strong)), None)
    return strong is not None and quote.astext().startswith("Predict") and strong.astext().startswith("Predict")


def offer_choices(question: nodes.block_quote, name: str) -> None:
    """The list at the end of a question, if there is one, as buttons, of which one may be pressed."""
    if isinstance(question[-1], nodes.bullet_list):
        choices = [choice(item[0].children, name) for item in question.pop()]
        guess = html("<fieldset><legend>Your guess</legend>")
        question += nodes.container("", guess, *choices, html("</fieldset>"), classes=["choices"])


def choice(words: list[nodes.Node], name: str) -> nodes.container:
    """An offered answer as a button; the mark that no one sees becomes a class."""
    shown = [part for part in words if not is_html(part, teach.RIGHT)]
    return nodes.container("", html(f'<label><input type="radio" name="{name}">'), *shown, html("</label>"),
                           classes=["choice", "right"] if len(shown) < len(words) else ["choice"])


def folded(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and node.get("hide_mode") in FOLDS


def answers(node: nodes.Node) -> bool:
    """Whether it is a cell whose output is folded."""
    return folded(node) and node["hide_mode"] != "input" and node.children[-1].get("nb_element") == "cell_code_output"


def holds(cell: nodes.container) -> str:
    """What is folded, in words. After code without an output open code often follows, so its name says more."""
    if "tag_imports" in cell["classes"]:
        return "the imports"
    if answers(cell):
        return FOLDS[cell["hide_mode"]]
    return FOLDS["input"] if cell.children[-1].get("nb_element") == "cell_code_output" else "a helper's code"


def join(cell: nodes.container) -> None:
    """Folded code without an output moves into the fold that follows it at once, if code begins that one: one line."""
    after = cell.next_node(descend=False, siblings=True)
    begins = after is not None and folded(after) and after["hide_mode"] != "output"
    if begins and len(cell) == 1 and "tag_imports" not in cell["classes"]:
        after[0].insert(0, cell[0].children)
        cell.parent.remove(cell)


def make_card(question: nodes.block_quote) -> None:
    """The question, the open code that leads to the answer, and in one fold all the rest."""
    parent, place = question.parent, question.parent.index(question) + 1
    after = parent[place:]
    first = next((i for i, node in enumerate(after) if answers(node) or ends(node)), None)
    if first is None or ends(after[first]):
        return
    last = first + 1  # the explanation begins here, where there is one
    while last < len(after) and after[last].get("nb_element") == "cell_code":
        last += 1
    if last < len(after) and is_html(after[last], WHY):
        end = closed(after, last)
        shown = [*after[first + 1 : last], *after[last + 1 : end]]
    else:
        shown = list(itertools.takewhile(answers, after[first + 1 :]))
        end = first + len(shown)
    helpers = [node for node in after[:first] if folded(node) and len(node) == 1]
    opened = [node for node in after[:first] if node not in helpers]
    code, output = apart(after[first])
    answer = [*helpers, output, *map(unfolded, shown)]
    fold = nodes.container("", html(BUTTON), *answer, html("</details>"), classes=["answer"])
    card = nodes.container("", question, *opened, *code, fold, classes=["predict"])
    parent[place - 1 : place + end + 1] = [card]


def ends(node: nodes.Node) -> bool:
    """Whether a question is over there: a new section, or the next question."""
    return isinstance(node, nodes.section) or (isinstance(node, nodes.block_quote) and asks(node))


def apart(cell: nodes.container) -> tuple[list[nodes.Node], nodes.Node]:
    """(the code that is open, the output) of a cell; folded code stays with its output."""
    if cell["hide_mode"] == "all":
        return [], unfolded(cell)
    output = nodes.container("", cell.children.pop(), classes=["cell"])
    del cell["hide_mode"]
    return [cell], output


def unfolded(node: nodes.Node) -> nodes.Node:
    """A cell with its output open."""
    if answers(node):
        node["hide_mode"] = "input" if node["hide_mode"] == "all" else None
    return node


def is_html(node: nodes.Node, words: str) -> bool:
    return isinstance(node, nodes.raw) and words in node.astext()


def closed(after: list[nodes.Node], first: int) -> int:
    """Where the fold ends that begins at `first`."""
    depth = 0
    for i, node in enumerate(after[first:], first):
        if isinstance(node, nodes.raw):
            depth += node.astext().count("<details") - node.astext().count("</details>")
        if not depth:
            return i
    raise ValueError(f"{after[first].astext()}: is never closed")


def html(text: str) -> nodes.raw:
    return nodes.raw("", text, format="html")
