"""Where a training shows itself: a progress bar, a picture in a notebook, TensorBoard."""

import contextlib
import sys
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
