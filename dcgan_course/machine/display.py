"""Where the course shows itself: a sentence, a progress bar, a picture with words, TensorBoard."""

import base64
import contextlib
import html
import re
import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

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


def figure_html(content: bytes, alt: str, caption: str = "", width: int | None = None) -> str:
    """A picture as HTML, with words for those who cannot see it. JupyterLab and nbconvert give an output of the kind
    image/png no alt text whatever its metadata say, and drop image/gif; an <img> they all show, with its alt text.

    Args:
        content: a PNG, JPEG, GIF, WebP or SVG file.
        alt: what is to be seen.
        caption: a line below it, as text.
        width: on the page, in pixels; None = the picture's own.
    """
    return framed(image_html(content, alt, width), caption)


def image_html(content: bytes, alt: str, width: int | None = None, more: str = "") -> str:
    """The <img> of `figure_html`; `more` stands at the end of it and may have other attributes, a style among them."""
    wide = f' width="{width}"' if width else ""
    more = more or 'style="max-width:100%;height:auto;border-radius:4px"'
    return (f'<img src="data:{kind_of(content)};base64,{base64.b64encode(content).decode()}" '
            f'alt="{html.escape(alt)}"{wide} {more}>')


def framed(inside: str, caption: str = "") -> str:
    """HTML as a figure, with a line below it."""
    words = f'<figcaption style="max-width:60em;opacity:0.85">{html.escape(caption)}</figcaption>' if caption else ""
    return f'<figure style="margin:0.3em 0 0.8em">{inside}{words}</figure>'


def kind_of(content: bytes) -> str:
    """The MIME type of a picture's file, by its first bytes."""
    for start, kind in ((b"\x89PNG", "png"), (b"GIF8", "gif"), (b"RIFF", "webp"), (b"\xff\xd8", "jpeg")):
        if content.startswith(start):
            return f"image/{kind}"
    return "image/svg+xml"


def tensorboard(folder: Path, asked: bool) -> "contextlib.AbstractContextManager[SummaryWriter | None]":
    """A TensorBoard writer into a folder, or None where it is not asked for. Raises UserError where it is
    not installed."""
    if not asked:
        return contextlib.nullcontext()
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise UserError("tensorboard: not installed; `pip install tensorboard` installs it") from None
    return SummaryWriter(str(folder))
