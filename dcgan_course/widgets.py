"""Sliders for the latent space, in JupyterLab, in Colab and as a page of their own.

A thin shell: what they compute is in sampling.py. ipywidgets is 7.7, as Colab has it, or 8, and loads when used.
"""

import contextlib
import html
import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from .errors import UserError, require_packages
from .judges import judged
from .runs import Run, load_run
from .runtime import seeded
from .sampling import (
    attribute_direction,
    bilinear,
    draw_z,
    first_layer,
    generate,
    image_grid,
    lerp,
    moved,
    png,
    principal_directions,
    sample_z,
    slerp,
)
from .scores import judge_for
from .threads import cpu_threads

FRAMES = 36  # of a walk, as in the paper's figure 4


def attribute_directions(run: Run, n: int = 1000) -> dict[str, Tensor]:
    """{"smile": (nz,), ...} for a run whose judge knows attributes, from n generated images; {} for other runs."""
    try:
        judge = judge_for(run.config)
    except UserError:  # images that no judge knows
        return {}
    if not judge.attributes:
        return {}
    z = draw_z(run.config, n, seeded(0, "attributes"))
    present = torch.from_numpy(judged(judge, generate(run.load_generator(), z))[1] > 0.5)
    return {name: attribute_direction(z, present[:, i]) for i, name in enumerate(judge.names)
            if 0 < present[:, i].sum() < n}


def moves(netG: nn.Module, kind: str = "normal", classes: int = 0, attributes: dict[str, Tensor] | None = None,
          entries: Sequence[int] | None = None, principal: int = 3) -> dict[str, tuple[Tensor, float]]:
    """What each slider of a generator adds to z: {name: (direction (nz,), how far it goes to either side)}. In this
    order: single numbers of z, principal directions, classes, attributes. The arguments are those of `LatentExplorer`.

    Raises:
        UserError: an entry that z does not have.
    """
    weight = first_layer(netG)
    nz, reach = len(weight), 3.0 if kind == "normal" else 1.0
    entries = range(min(3, nz)) if entries is None else entries
    for entry in entries:
        if not 0 <= entry < nz:
            raise UserError(f"entries: found {entry}, expected 0 to {nz - 1}, as z has {nz} numbers")
    unit, length = torch.eye(nz), start(0, nz, kind, classes).norm() / 2  # of a step along a principal direction
    found = {f"z[{i}]": (unit[i], reach) for i in entries}
    found |= {f"principal {i + 1}": (length * d / reach, reach)
              for i, d in enumerate(principal_directions(weight, principal))}
    found |= {name: (d, 1.0) for name, d in zip(class_names(classes), unit[nz - classes :], strict=True)}
    return found | {name: (d, 2.0) for name, d in (attributes or {}).items()}


def class_names(classes: int) -> list[str]:
    """What the sliders of a conditional generator's classes are called."""
    return [f"class {i}" for i in range(classes)]


def start(seed: int, nz: int, kind: str, classes: int) -> Tensor:
    """The z of a seed, (nz,); for a conditional generator of the class seed % classes."""
    z = sample_z(1, nz - classes, kind, seeded(seed, "explorer"))[0]
    return torch.cat([z, torch.eye(classes)[seed % classes]]) if classes else z


def ipywidgets():
    """The package. Raises UserError where it is not installed."""
    require_packages("explore", "ipywidgets")
    import ipywidgets

    return ipywidgets


def explore(source: str | Path | Run | nn.Module, **options):
    """`LatentExplorer(source).view`; or, where the source cannot be used, a widget that says why.

    Raises:
        UserError: ipywidgets is not installed.
    """
    w = ipywidgets()
    try:
        return LatentExplorer(source, **options).view
    except UserError as error:
        return w.HTML(f"<b>{html.escape(str(error))}</b>")


class LatentExplorer:
    """Sliders that move z, a square that mixes four pictures, and a player that walks between two.

    Args:
        source: a generator, a run, a run's folder, or the name of a recorded run.
        entries: which numbers of z get a slider; None = the first three.
        principal: how many principal directions of G's first layer get one.
        attributes: {name: direction}; None = those of the run's judge, if it knows any.
        kind: the distribution of z; None = the run's, or normal.
        seed: of the first picture.
        width: of the picture on the page, in pixels.
        folder: where pictures are saved.
    Attributes:
        z: what is shown, (nz,); with the class at its end where the generator is conditional.
        view: the widget.
    Raises:
        UserError: no such run, weights of another network, an entry that z does not have, or no ipywidgets.
    """

    def __init__(self, source, entries: Sequence[int] | None = None, principal: int = 3,
                 attributes: dict[str, Tensor] | None = None, kind: str | None = None, seed: int = 0, width: int = 256,
                 folder: str | Path = "."):
        if isinstance(source, nn.Module):
            self.netG, self.kind, self.classes, attributes = source, kind or "normal", 0, attributes or {}
        else:
            run = source if isinstance(source, Run) else load_run(source)
            self.netG, self.kind, self.classes = run.load_generator(), kind or run.config.z, run.config.classes
            attributes = attribute_directions(run) if attributes is None else attributes
        made = moves(self.netG, self.kind, self.classes, attributes, entries, principal)
        self.directions = {name: direction for name, (direction, _) in made.items()}
        self.sliders = {name: slider(name.replace("_", " "), -reach, reach) for name, (_, reach) in made.items()}
        self.attributes = {name: self.sliders[name] for name in attributes}
        self.nz, self.width, self.folder = len(first_layer(self.netG)), width, Path(folder)
        self.pasted = None  # a z that somebody brought along; a new seed replaces it
        w = ipywidgets()
        self.seed = w.BoundedIntText(seed, 0, 10**9, description="seed")
        self.image = w.Image(format="png", width=width)
        self.text = w.Textarea(description="z as text", layout=w.Layout(width="95%", height="60px"))
        self.message = w.HTML(layout=w.Layout(max_width=f"{width}px"))  # long ones wrap below the picture
        self.view = self.layout()
        self.walk()

    # ---- what is shown

    def start(self, seed: int) -> Tensor:
        """The z of a seed, (nz,)."""
        return start(seed, self.nz, self.kind, self.classes)

    def show(self, z: Tensor) -> None:
        self.z = z
        with cpu_threads(1):  # hardly slower for one picture, and as fast where the machine is busy
            picture = generate(self.netG, z[None])
        self.image.value = png(image_grid(picture), self.width)

    def walk(self, *_) -> None:
        """The picture of the seed, or of the pasted z, moved by the sliders."""
        z = self.start(self.seed.value) if self.pasted is None else self.pasted
        self.show(moved(z, {name: s.value for name, s in self.sliders.items()}, self.directions))

    def mix(self, *_) -> None:
        """The point (u, v) between four seeds' pictures."""
        self.show(bilinear(torch.stack([self.start(s.value) for s in self.corner_seeds]), self.u.value, self.v.value))

    def play(self, *_) -> None:
        """A step of the walk between two seeds' pictures: on the great circle for normal z, else straight."""
        path = slerp if self.kind == "normal" else lerp
        self.show(path(*(self.start(s.value) for s in self.ends), self.frame.value / (FRAMES - 1)))

    # ---- buttons

    def new_seed(self, *_) -> None:
        self.pasted = None
        self.walk()

    def random(self, *_) -> None:
        self.seed.value = int(torch.randint(10**6, ()))  # walks by itself, unless the seed is the same

    def reset(self, *_) -> None:
        self.restart(None)

    def restart(self, pasted: Tensor | None) -> None:
        """All sliders at 0, from a pasted z or the seed's; drawn once, not once for each slider."""
        self.pasted = pasted
        for s in self.sliders.values():
            s.unobserve(self.walk, names="value")
            s.value = 0
            s.observe(self.walk, names="value")
        self.walk()

    def save(self, *_) -> None:
        """A new file in the folder, and its whole path in the message."""
        try:
            file = new_file(self.folder.absolute())
            try:
                file.write_bytes(self.image.value)
            except OSError:
                file.unlink()
                raise
            message = f"saved as {file}"
        except OSError as error:
            message = f"{error.filename or self.folder}: cannot be written ({error.strerror})"
        # a path has no blanks to wrap at
        self.message.value = f'<span style="overflow-wrap: anywhere">{html.escape(message)}</span>'

    def copy_z(self, *_) -> None:
        self.text.value = json.dumps([round(v, 4) for v in self.z.tolist()])
        self.say("z is in the field: copy it from there")

    def use_z(self, *_) -> None:
        try:
            z = read_z(self.text.value, self.nz)
        except UserError as error:
            self.say(str(error))
        else:
            self.say("")
            self.restart(z)

    def say(self, message: str) -> None:
        self.message.value = html.escape(message)

    # ---- how it looks

    def layout(self):
        w = ipywidgets()
        self.u, self.v = slider("u: across", 0, 1, 0.5), slider("v: down", 0, 1, 0.5)
        self.corner_seeds = [seed_field(name, i) for i, name in
                             enumerate(("upper left", "upper right", "lower left", "lower right"))]
        self.ends = [seed_field("from seed", 0), seed_field("to seed", 1)]
        self.frame = w.IntSlider(0, 0, FRAMES - 1, description="step", layout=w.Layout(width="330px"))
        player = w.Play(min=0, max=FRAMES - 1, interval=120)
        w.jslink((player, "value"), (self.frame, "value"))
        actions = {self.walk: self.sliders.values(), self.new_seed: [self.seed],
                   self.mix: [self.u, self.v, *self.corner_seeds], self.play: [self.frame, *self.ends]}
        for action, widgets in actions.items():
            for widget in widgets:
                widget.observe(action, names="value")
        row = w.HBox([button("random", self.random), button("reset", self.reset), self.seed])
        pages = {"directions": [row, *(s for name, s in self.sliders.items() if name not in self.attributes)],
                 "attributes": [*self.attributes.values()], "four corners": [*self.corner_seeds, self.u, self.v],
                 "walk": [*self.ends, w.HBox([player, self.frame])]}
        pages = {title: page for title, page in pages.items() if page}
        tabs = w.Tab([w.VBox(page) for page in pages.values()])
        for i, title in enumerate(pages):
            tabs.set_title(i, title)  # Tab(titles=...) is of ipywidgets 8 alone
        below = w.HBox([button("save picture", self.save), button("copy z", self.copy_z), button("use z", self.use_z)])
        return w.HBox([w.VBox([self.image, below, self.message]), w.VBox([tabs, self.text])],
                      layout=w.Layout(flex_flow="row wrap"))


def new_file(folder: Path) -> Path:
    """An empty explorerNNN.png after the last one there; of several explorers that ask at once each gets its own."""
    numbers = [int(p.stem[8:]) for p in folder.glob("explorer*.png") if p.stem[8:].isdecimal()]
    for number in itertools.count(1 + max(numbers, default=0)):
        file = folder / f"explorer{number:03d}.png"
        with contextlib.suppress(FileExistsError):
            file.touch(exist_ok=False)
            return file


def read_z(text: str, nz: int) -> Tensor:
    """A z from text such as "[0.1, -2.3]". Raises UserError where it is not nz finite numbers."""
    try:
        values = json.loads(text)
        if not isinstance(values, list) or any(isinstance(v, bool) for v in values):
            raise ValueError
        z = torch.tensor([float(v) for v in values])
    except (ValueError, TypeError, OverflowError, RecursionError):
        shown = text.strip() if len(text.strip()) <= 40 else f"{text.strip()[:40]} ..."
        raise UserError(f"z: found {shown!r}, expected {nz} numbers in square brackets, such as [0.1, -2.3, ...]"
                        ) from None
    if len(z) != nz or not z.isfinite().all():
        raise UserError(f"z: found {len(z)} numbers{'' if z.isfinite().all() else ', not all finite'}, expected {nz}")
    return z


def slider(name: str, low: float, high: float, value: float = 0.0):
    w = ipywidgets()
    return w.FloatSlider(value, min=low, max=high, step=(high - low) / 100, description=name,
                         style={"description_width": "130px"}, layout=w.Layout(width="400px"))


def seed_field(name: str, seed: int):
    return ipywidgets().BoundedIntText(seed, 0, 10**9, description=name)


def button(name: str, action):
    w = ipywidgets()
    made = w.Button(description=name, layout=w.Layout(width="auto"))
    made.on_click(action)
    return made
