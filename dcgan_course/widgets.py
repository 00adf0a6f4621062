"""Sliders for the latent space, in JupyterLab, in Colab, in VS Code and as a page of their own; and the picture that
stands for a widget where no kernel runs.

The browser's part is in publishing/assets/, by way of anywidget, which brings one module into each of them. The kernel
draws. ipywidgets is 7.7, as Colab has it, or 8. Both load when used.
"""

import contextlib
import functools
import html
import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from .config import TrainConfig
from .machine.display import figure_html
from .machine.errors import UserError, require_packages
from .machine.threads import cpu_threads
from .plots import encoded
from .publishing.explorer import described, of_run, script, sheet, shown, sliding, start, style
from .runs import Run, load_run
from .sampling import first_layer, generate, png, to_pixels

if TYPE_CHECKING:
    import anywidget
    import ipywidgets

RUN = "Run the cell, and it moves."  # below what stands in a widget's place
PICTURE, FILM, FRAME = 512, 256, 80  # pixels, at least, of a saved picture and film; milliseconds of a step


def explore(source: str | Path | Run | nn.Module, **options: object) -> "LatentExplorer | ipywidgets.HTML":
    """`LatentExplorer(source)`; or, where the source cannot be used, a widget that says why.

    Raises:
        UserError: anywidget or ipywidgets is not installed.
    """
    require_packages("explore", "anywidget", "ipywidgets")
    import ipywidgets

    try:
        return LatentExplorer(source, **options)
    except UserError as error:
        return ipywidgets.HTML(f"<b>{html.escape(str(error))}</b>")


class Still:
    """A widget, and the picture that stands in its place where no kernel runs: in a stored notebook, on the web.

    Args:
        picture: a PNG, GIF or WebP file.
        words: what it shows, for those who cannot see it.
    """

    def __init__(self, widget: "ipywidgets.DOMWidget", picture: bytes, words: str):
        self.widget, self.picture, self.words = widget, bytes(picture), words  # of a widget it is a memoryview

    def __repr__(self) -> str:
        return self.words

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> tuple[dict, dict]:
        about = told_to_colab(self.widget)
        return {"application/vnd.jupyter.widget-view+json": {"version_major": 2, "version_minor": 0,
                                                             "model_id": self.widget.model_id},
                "text/html": figure_html(self.picture, self.words, RUN),
                "text/plain": self.words}, about


class LatentExplorer:
    """One face, or digit, or church, and tools that change it: a sheet to choose from, sliders with names, variations,
    corners, a walk; for a z of two numbers a map. In a notebook it shows itself.

    Args:
        source: a generator, a run, a run's folder, or the name of a recorded run.
        seed: of the first picture; None = the run's own first one, or 0.
        title: above the picture; None = the run's own, or its name.
        kind: the distribution of z, of a generator without a run.
        folder: where pictures are saved.
    Attributes:
        about: what the browser knows of the generator, see `explorer.described`.
        face: what is shown: {"z": ..., "amounts": {name: number}, "name": words}.
        widget: the part that is in the browser.
    Raises:
        UserError: no such run, weights of another network, or anywidget is not installed.
    """

    def __init__(self, source: str | Path | Run | nn.Module, seed: int | None = None, title: str | None = None,
                 kind: str = "normal", folder: str | Path = "."):
        if isinstance(source, nn.Module):
            self.still, self.netG, config = None, source, config_of(source, kind)
            self.about = described(source, config, "generator", [], [], title=title,
                                   seeds=None if seed is None else [seed])
        else:
            run = source if isinstance(source, Run) else load_run(source)
            self.still, self.netG = run.path / "explorer.webp", run.load_generator()
            self.about = of_run(run, self.netG, seed, title)
        self.folder = Path(folder)
        self.face = self.of_seed(self.about["seeds"][0])
        self.widget = widget_class()(about=self.about, face=self.face)
        self.widget.observe(self._follow, names="face")
        self.widget.on_msg(self._answer)

    def __repr__(self) -> str:
        return f"LatentExplorer of {self.about['name']}, {self.face['name']}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> tuple[dict, dict]:
        whole = self.still and self.still.is_file()  # all of it, as a browser showed it
        picture = self.still.read_bytes() if whole else sheet(self.about, self.netG, 2 * 6 * self.about["size"])
        return Still(self.widget, picture, repr(self))._repr_mimebundle_()

    # ---- what is shown

    @property
    def z(self) -> Tensor:
        """Of the picture that is shown, (nz,); with the class at its end where the generator is conditional."""
        return shown(self.about, self.face)

    @property
    def directions(self) -> dict[str, Tensor]:
        """What each slider adds to z, (nz,), where it stands at 1."""
        return {item["key"]: torch.tensor(item["vector"]) for item in sliding(self.about)}

    def start(self, seed: int) -> Tensor:
        """The z of a seed, (nz,); the same on the page that `dcgan-course page` writes."""
        return start(seed, self.about["nz"], self.about["kind"], self.about["classes"])

    def of_seed(self, seed: int) -> dict:
        """The `face` of a seed before any change: its z, and of a conditional generator the class seed % classes."""
        face = {"z": self.start(seed).tolist(), "amounts": {}, "name": f"seed {seed}", "seed": seed}
        if not self.about["classes"]:
            return face
        label = seed % self.about["classes"]
        return face | {"label": label, "name": f"seed {seed}, as {self.about['labels'][label]}"}

    def go(self, seed: int | None = None, **amounts: float) -> None:
        """Show the picture of a seed (None = stay with this one), its sliders at these amounts, all others at 0;
        1 chooses a colour.

        Raises:
            UserError: there is no such control.
        """
        known = [item["key"] for group in self.about["groups"] if group["swatches"] for item in group["items"]]
        known += self.directions
        for name in amounts:
            if name not in known:
                raise UserError(f"{name}: no such control, expected one of {', '.join(known)}")
        self.widget.face = (self.face if seed is None else self.of_seed(seed)) | {"amounts": amounts}

    # ---- what the browser asks for

    def _follow(self, change: dict) -> None:
        self.face = change["new"]

    def _answer(self, widget: object, content: dict, buffers: list) -> None:
        """content: {"kind": "draw", "png" or "gif", "id", "count", "smooth"}; buffers: the z, float32."""
        id, kind = content["id"], content["kind"]
        try:
            z = torch.frombuffer(bytearray(buffers[0]), dtype=torch.float32).view(content["count"], -1)
            if kind == "draw":
                self.widget.send({"id": id}, [self.pixels(z)])
            else:
                self.widget.send({"id": id, "words": f"Saved as {self._save(kind, z, content['smooth'])}"})
        except OSError as error:
            where = error.filename or self.folder
            self.widget.send({"id": id, "error": f"{where}: cannot be written ({error.strerror})"})
        except (RuntimeError, ValueError) as error:
            self.widget.send({"id": id, "error": str(error)})

    def pixels(self, z: Tensor) -> bytes:
        """The pictures of z (n, nz) as a canvas wants them: n * size * size times red, green, blue and 255."""
        with cpu_threads(1):  # hardly slower for one picture, and as fast where the machine is busy
            images = generate(self.netG, z)
        pixels = torch.stack([to_pixels(image) for image in images]).expand(-1, -1, -1, 3)
        return torch.cat([pixels, torch.full_like(pixels[..., :1], 255)], -1).numpy().tobytes()

    def _save(self, kind: str, z: Tensor, smooth: bool) -> Path:
        """A new file in the folder: "png" of the first z, or a "gif" of all."""
        least = FILM if kind == "gif" else PICTURE
        frames = [enlarged(image, least, smooth) for image in generate(self.netG, z)]
        content = encoded(frames, ".gif", FRAME) if kind == "gif" else png(torch.tensor(frames[0]))
        file = new_file(self.folder.absolute(), kind)
        try:
            file.write_bytes(content)
        except OSError:
            file.unlink()
            raise
        return file


@functools.cache
def widget_class() -> "type[anywidget.AnyWidget]":
    """The part in the browser. Raises UserError where anywidget is not installed."""
    require_packages("explore", "anywidget", "ipywidgets")
    import anywidget
    import traitlets

    class ExplorerWidget(anywidget.AnyWidget):
        _esm = script("widget.js")
        _css = style()
        about = traitlets.Dict().tag(sync=True)
        face = traitlets.Dict().tag(sync=True)

        def __repr__(self) -> str:  # its state is a page long
            return f"ExplorerWidget of {self.about['name']}"

    return ExplorerWidget


def told_to_colab(widget: "ipywidgets.Widget") -> dict:
    """The metadata of an output that shows a widget: an anywidget, though it be inside of others, tells Colab from
    where to load what draws it; elsewhere, and of all other widgets, {}."""
    if hasattr(widget, "_esm"):
        return widget._repr_mimebundle_()[1]
    return {key: value for part in getattr(widget, "children", ()) for key, value in told_to_colab(part).items()}


def config_of(netG: nn.Module, kind: str) -> TrainConfig:
    """What `described` asks of a generator that comes without a run."""
    nz = len(first_layer(netG))
    image = generate(netG, torch.zeros(1, nz))
    return TrainConfig(nz=nz, z=kind, image_size=image.shape[-1], nc=image.shape[1])


def enlarged(image: Tensor, least: int, smooth: bool) -> np.ndarray:
    """(1 or 3, size, size) in [-1, 1] as (height, width, 3) uint8, enlarged by a whole number to `least` or more."""
    picture = Image.fromarray(to_pixels(image.expand(3, -1, -1)).numpy())
    side = picture.width * -(-least // picture.width)
    return np.asarray(picture.resize((side, side), Image.Resampling.BILINEAR if smooth else Image.Resampling.NEAREST))


def new_file(folder: Path, kind: str) -> Path:
    """An empty explorerNNN.png after the last one there; of several explorers that ask at once each gets its own."""
    numbers = [int(p.stem[8:]) for p in folder.glob("explorer*") if p.stem[8:].isdecimal()]
    for number in itertools.count(1 + max(numbers, default=0)):
        file = folder / f"explorer{number:03d}.{kind}"
        with contextlib.suppress(FileExistsError):
            file.touch(exist_ok=False)
            return file
