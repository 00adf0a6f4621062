"""Where the course shows itself: a sentence, a progress bar, a picture in a notebook, TensorBoard."""

import contextlib
import html
import re
import shutil
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from .errors import UserError

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


def bar_options() -> dict:
    """How tqdm draws a bar: in a notebook as ordinary output, which stays right when the notebook is stored."""
    return {"file": sys.stdout, "ncols": 100} if in_notebook() else {"dynamic_ncols": True}


def in_notebook() -> bool:
    """True in a Jupyter or Colab kernel."""
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    return shell is not None and hasattr(shell, "kernel")


# at least 3.5 to 1 on white, on JupyterLab's dark pages and on Colab's; all else has the page's own colour
COLOURS = {"✓": "#0a8a5f", "✗": "#b86e00", "○": "#7f7f7f"}
BOX = ("border-left: 4px solid {colour}; background: {colour}14; padding: 6px 12px; max-width: 60em; "
       "white-space: normal; word-break: normal; overflow-wrap: break-word")


def say(mark: str, text: str) -> None:
    """Says one sentence, or some, broken between words: in a notebook after a mark of COLOURS, with its first sentence,
    or what stands before a colon, in bold; elsewhere, and for whatever shows no HTML, the same words alone."""
    if not in_notebook():
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
        return print(filled(text, width) if width else text)
    from IPython.display import display

    colour = COLOURS[mark]
    lead, rest = re.fullmatch(r"(.*?[.:!?](?= |$)|)(.*)", html.escape(text, quote=False), re.S).groups()
    rest = re.sub("`([^`]+)`", r"<code>\1</code>", rest)
    box = f'<div style="{BOX.format(colour=colour)}"><b style="color: {colour}">{mark}</b> <b>{lead}</b>{rest}</div>'
    return display({"text/plain": filled(text, 95), "text/html": box}, raw=True)


def filled(text: str, width: int) -> str:
    """Broken between words into lines; a word that is too long for one stays whole."""
    return textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)


def notebook_picture() -> Callable[[Image.Image, str], None]:
    """A function (picture, caption) that shows a picture in a notebook and replaces it at the next call."""
    from IPython.display import Markdown, display

    handles = [display(Markdown(""), display_id=True), display(Markdown(""), display_id=True)]

    def show(picture: Image.Image, caption: str) -> None:
        handles[0].update(Markdown(caption))
        handles[1].update(picture)

    return show


def tensorboard(folder: Path, asked: bool) -> "contextlib.AbstractContextManager[SummaryWriter | None]":
    """A TensorBoard writer into a folder, or None where it is not asked for. Raises UserError where it is
    not installed."""
    if not asked:
        return contextlib.nullcontext()
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise UserError("tensorboard: not installed, expected after `pip install tensorboard`") from None
    return SummaryWriter(str(folder))
