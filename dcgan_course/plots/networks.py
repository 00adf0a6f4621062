"""The architecture of G and D as a drawing: boxes to scale, and under each what makes it, with the guideline's number.

All shapes come from running the networks, on PyTorch's device of shapes, which computes nothing.
"""

from base64 import b64encode
from dataclasses import dataclass
from html import escape
from math import hypot, prod, sqrt

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ..config import TrainConfig
from ..models import Dropout, build_discriminator, build_generator, channels_seen, count_parameters
from ..sampling import png, to_pixels
from .style import BLUE, FONT, GREY, INK, ORANGE, PAGE

BEGINS = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)  # a stage: a layer with weights and what follows it
BEFORE = (nn.Upsample, nn.ZeroPad2d)  # what prepares the next stage's layer
SIDE, DEPTH = 92, 66  # pixels of the largest side and of the most channels; both grow with the root of the number
GUIDELINES = ("strided, no pools", "batch norm", "nothing dense", "ReLU, tanh in G", "LeakyReLU in D")
OWNERS = (GREY, GREY, GREY, ORANGE, BLUE)  # the colour of a guideline's number: of both networks, of G, of D
DEPARTS = "dashed: departs from it"


@dataclass
class Stage:
    """A shape on the way through a network, (channels, height, width) or (numbers,), and the layers that made it."""

    shape: tuple[int, ...]
    layers: list[nn.Module]

    @property
    def label(self) -> str:
        """4×4×1024, 100, or logit."""
        flat = prod(self.shape) == max(self.shape, default=1)
        if self.layers and flat and prod(self.shape) == 1:
            return "logit"
        return str(prod(self.shape)) if flat else "×".join(map(str, (*self.shape[1:], self.shape[0])))


@dataclass
class Badge:
    """What a layer is, the guideline that it is about (0 = none), and whether it is kept."""

    words: str
    guideline: int = 0
    kept: bool = True


def stages(net: nn.Module, x: Tensor) -> list[Stage]:
    """The input x (1, ...) and what each layer with weights makes of it, as a forward pass in eval mode finds them."""
    found, before, mode = [Stage(tuple(x.shape[1:]), [])], [], net.training

    def passed(layer: nn.Module, _: tuple, y: Tensor) -> None:
        if isinstance(layer, BEFORE):
            before.append(layer)
            return
        if isinstance(layer, BEGINS):
            found.append(Stage((), [*before, layer]))
            before.clear()
        elif len(found) > 1:
            found[-1].layers.append(layer)
        if len(found) > 1:
            found[-1].shape = tuple(y.shape[1:])

    hooks = [layer.register_forward_hook(passed) for layer in net.modules()
             if isinstance(layer, BEGINS) or type(layer) in NAMES]
    try:
        with torch.no_grad():
            y = net.eval()(x)
        found[-1].shape = tuple(y.shape[1:])  # D's logits are flat, the images of a fully connected G are not
    finally:
        net.train(mode)
        for hook in hooks:
            hook.remove()
    return found


NAMES: dict[type, str] = {
    nn.BatchNorm2d: "batch norm", nn.BatchNorm1d: "batch norm", nn.ReLU: "ReLU", nn.LeakyReLU: "LeakyReLU",
    nn.Tanh: "tanh", nn.Sigmoid: "sigmoid", nn.MaxPool2d: "max pool", nn.AvgPool2d: "mean pool", Dropout: "dropout",
    nn.Dropout: "dropout", nn.Dropout2d: "dropout", nn.Upsample: "resize", nn.ZeroPad2d: ""}


def badges(way: list[Stage], i: int, role: str) -> list[Badge]:
    """What is written under the stage i of G or of D ("G", "D")."""
    stage, last, found = way[i], i == len(way) - 1, []
    normed = any(isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)) for layer in stage.layers)
    outer = last if role == "G" else i == 1  # where guideline 2 leaves batch norm out
    for layer in stage.layers:
        name = NAMES.get(type(layer), "")
        if isinstance(layer, nn.Linear):
            found.append(Badge("dense", 3, kept=False))
        elif isinstance(layer, BEGINS):
            size, step = "×".join(map(str, layer.kernel_size)), layer.stride[0] > 1
            arrow = ("↑ " if isinstance(layer, nn.ConvTranspose2d) else "↓ ") if step else ""
            dense = not last and prod(stage.shape[1:]) == 1
            found.append(Badge("dense", 3, kept=False) if dense else Badge(f"{arrow}conv {size}", 1 if step else 0))
            found += [Badge("spectral norm")] if parametrize.is_parametrized(layer) else []
        elif name == "batch norm":
            found.append(Badge(name, 2, kept=not outer))
        elif name in ("max pool", "mean pool", "resize"):
            found.append(Badge(name, 1, kept=False))
        elif name in ("ReLU", "LeakyReLU", "tanh", "sigmoid"):
            kept = name in {"G": ("tanh",) if last else ("ReLU",), "D": ("LeakyReLU",)}[role]
            found.append(Badge(name, {"G": 4, "D": 5}[role] if not (role == "D" and last) else 0, kept))
        elif name:
            found.append(Badge(name))
    if not (normed or outer or last or any(b.words == "spectral norm" for b in found)):
        found.append(Badge("no norm", 2, kept=False))
    return found


def architecture(config: TrainConfig) -> tuple[str, str]:
    """The networks of a config: an SVG file as text, and what it shows in words, for those who cannot see it."""
    config = config if config.nc else config.replace(nc=1)  # images of an unknown kind: grey
    with torch.device("meta"):
        netG, netD = build_generator(config), build_discriminator(config)
        z = torch.zeros(1, config.nz + config.classes)
        x = torch.zeros(1, channels_seen(config), config.image_size, config.image_size)
    return draw_networks(netG, z, netD, x)


def draw_networks(netG: nn.Module, z: Tensor, netD: nn.Module, x: Tensor) -> tuple[str, str]:
    """As `architecture`, of networks that are there: G's way from z (1, nz) and, below it and back, D's from an image
    x (1, nc, size, size)."""
    ways = {"G": stages(netG, z), "D": stages(netD, x)}
    columns = max(map(len, ways.values()))
    pitch = PAGE / columns
    letter = min(19.0, pitch / 8.2)  # pixels
    most = {role: max(len(badges(way, i, role)) for i in range(1, len(way))) for role, way in ways.items()}
    parts, words, top = [], [], 10.0
    for (role, way), net in zip(ways.items(), (netG, netD), strict=True):
        colour, name = (ORANGE, "G, the generator") if role == "G" else (BLUE, "D, the discriminator")
        title = f"{name}: {count_parameters(net):,} parameters"
        parts.append(text(10, top + 20, title, 18, colour, "start", bold=True))
        middle = top + 40 + SIDE / 2
        for i, stage in enumerate(way):
            column = columns - len(way) + i if role == "G" else columns - 1 - i  # the same size above the same size
            centre = (column + 0.5) * pitch
            parts.append(box(stage, centre, middle, colour, ways))
            label = f"z: {stage.label}" if len(stage.shape) < 3 and i == 0 else stage.label
            parts.append(text(centre, middle + SIDE / 2 + 22, label, letter + 1, INK, bold=True))
            if len(stage.shape) == 3 and (i == 0 or (role == "G" and i == len(way) - 1)):
                parts.append(text(centre, middle + 6, "image", letter + 1, INK))
            if i:
                parts.append(arrow(centre, pitch, middle, stage, way[i - 1], ways, -1 if role == "G" else 1))
            for j, badge in enumerate(badges(way, i, role) if i else []):
                y = middle + SIDE / 2 + 48 + j * (letter + 11)
                parts.append(pill(badge, centre, y, letter, pitch - 6, colour))
        words.append(f"{role}: {' to '.join(stage.label for stage in way)}")
        top = middle + SIDE / 2 + 40 + most[role] * (letter + 11) + 6
    broken = {badge.guideline for role, way in ways.items() for i in range(1, len(way))
              for badge in badges(way, i, role) if not badge.kept}
    parts += legend(top + 24, broken)
    height, said = round(top + 72), f"Architecture. {'; '.join(words)}."
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{PAGE}" height="{height}" viewBox="0 0 {PAGE} {height}" '
            f'role="img" font-family="{FONT}"><title>{escape(said)}</title>'
            f'{"".join(parts)}</svg>', said)


def draw_unet(net: nn.Module, x: Tensor, t: float = 0.5) -> tuple[str, str]:
    """A `UNet` at work, as a U, on mixtures x (1, nc, size, size) at the time t: its sizes, its skip connection, what
    goes in and out, and on each block the most varied of its maps. An SVG file as text, and what it shows in words."""
    seen = {"x_t": x[0]}
    hooks = [part.register_forward_hook(lambda part, _, y, name=name: seen.update({name: y[0]}))
             for name, part in net.named_children()]
    try:
        with torch.no_grad():
            seen["v"] = net(x, torch.full((len(x),), t))[0]
    finally:
        for hook in hooks:
            hook.remove()
    stops = {"x_t": (f"x_t, t = {t:g}", 80, 75), "left": ("a block", 240, 200), "bottom": ("a block", PAGE / 2, 325),
             "right2": ("two blocks", PAGE - 240, 200), "v": ("velocity", PAGE - 80, 75)}
    ways = {"U": [Stage(tuple(seen[name].shape), []) for name in stops]}
    parts, at = [], {}
    for (name, (words, x, y)), stage in zip(stops.items(), ways["U"], strict=True):
        at[name] = x, y
        below = y + (SIDE / 2 + 22 if y < 100 else 62)
        parts += [box(stage, x, y, ORANGE, ways), face(stage, seen[name], x, y, ways),
                  text(x, below, stage.label, 17, INK, bold=True), text(x, below + 20, words, 16, INK)]
    for start, end, words in (("x_t", "left", "halved"), ("left", "bottom", "halved"), ("bottom", "right2", "doubled"),
                              ("right2", "v", "doubled"), ("left", "right2", "skip connection")):
        (x1, y1), (x2, y2) = at[start], at[end]
        part = 62 / hypot(x2 - x1, y2 - y1)  # of the way is inside of the box
        dx, dy = part * (x2 - x1), part * (y2 - y1)
        parts.append(f'<line x1="{x1 + dx:.1f}" y1="{y1 + dy:.1f}" x2="{x2 - dx:.1f}" y2="{y2 - dy:.1f}" '
                     f'stroke="{GREY}" stroke-width="2" marker-end="url(#tip)"/>')
        aside = 14 * ((y2 > y1) - (y2 < y1))  # inside the U, and the lower two outside, for inside is the time
        x, y = (x1 + x2) / 2 + aside, (y1 + y2) / 2 - 8
        if aside and "bottom" in (start, end):
            aside, x, y = -aside, PAGE / 2 - 5 * aside, 304
        parts.append(text(x, y, words, 16, INK, {14: "start", 0: "middle", -14: "end"}[aside]))
    parts.append(text(PAGE / 2, 246, "time t", 16, INK))
    for x1, y1, x2, y2 in ((-30, 239, -132, 213), (0, 253, 0, 288), (30, 239, 132, 213)):
        parts.append(f'<line x1="{PAGE / 2 + x1:.1f}" y1="{y1}" x2="{PAGE / 2 + x2:.1f}" y2="{y2}" stroke="{GREY}" '
                     'stroke-dasharray="3 3"/>')
    said = (f"A U-Net as a U: {' to '.join(stage.label for stage in ways['U'])}, with a skip connection from left to "
            "right; the time t goes to every block.")
    tip = (f'<defs><marker id="tip" viewBox="0 0 10 10" refX="6" refY="5" markerWidth="5" markerHeight="5" '
           f'orient="auto"><path d="M0 0L10 5L0 10z" fill="{GREY}"/></marker></defs>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{PAGE}" height="415" viewBox="0 0 {PAGE} 415" role="img" '
            f'font-family="{FONT}"><title>{escape(said)}</title>{tip}{"".join(parts)}</svg>', said)


def face(stage: Stage, values: Tensor, centre: float, middle: float, ways: dict[str, list[Stage]]) -> str:
    """What is to be seen on a stage's front: an image as it is; of feature maps (channels, height, width) the most
    varied one, from its lowest number in black to its highest in white."""
    if len(values) > 4:
        values = values[values.flatten(1).std(1).argmax()][None]
        values = 2 * (values - values.min()) / (values.max() - values.min()).clamp(min=1e-6) - 1
    wide, high, deep = measures(stage, ways)
    x, y = centre - (wide + 0.55 * deep) / 2 + 2, middle - (high - 0.3 * deep) / 2 + 2
    pixels = to_pixels(values).expand(-1, -1, 3)
    href = b64encode(png(pixels, 112)).decode()
    return (f'<image x="{x:.1f}" y="{y:.1f}" width="{wide - 4:.1f}" height="{high - 4:.1f}" '
            f'href="data:image/png;base64,{href}"/>')


# ---- parts of the drawing


def measures(stage: Stage, ways: dict[str, list[Stage]]) -> tuple[float, float, float]:
    """Width and height of a stage's front, and how deep it is, in pixels."""
    shapes = [other.shape for way in ways.values() for other in way]
    if prod(stage.shape) == max(stage.shape, default=1):  # a row of numbers
        most = max(max(shape, default=1) for shape in shapes)
        return 12, max(12, SIDE * sqrt(max(stage.shape, default=1) / most)), 0
    side = max(shape[-1] for shape in shapes if len(shape) == 3)
    channels = max(shape[0] for shape in shapes if len(shape) == 3)
    return (SIDE * sqrt(stage.shape[2] / side), SIDE * sqrt(stage.shape[1] / side),
            DEPTH * sqrt(stage.shape[0] / channels) if stage.shape[0] > 4 else 0)  # an image is thin


def box(stage: Stage, centre: float, middle: float, colour: str, ways: dict[str, list[Stage]]) -> str:
    """A stage as a box, seen from the right and a little from above; a row of numbers as a bar; the logit as a dot."""
    wide, high, deep = measures(stage, ways)
    if stage.label == "logit":
        return f'<circle cx="{centre:.1f}" cy="{middle:.1f}" r="9" fill="{colour}"/>'
    right, up = 0.55 * deep, 0.3 * deep
    x, y = centre - (wide + right) / 2, middle - (high - up) / 2
    if len(stage.shape) != 3 or prod(stage.shape[1:]) == 1:
        return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" rx="3" fill="{GREY}"/>'
    if len(stage.shape) == 3 and not deep:
        return (f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" rx="2" fill="{colour}" '
                f'fill-opacity="0.18" stroke="{colour}" stroke-width="2"/>')
    faces = ((0.95, [(x, y), (x + wide, y), (x + wide, y + high), (x, y + high)]),
             (0.45, [(x, y), (x + right, y - up), (x + wide + right, y - up), (x + wide, y)]),
             (0.70, [(x + wide, y), (x + wide + right, y - up), (x + wide + right, y - up + high),
                     (x + wide, y + high)]))
    return "".join(f'<polygon points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in points)}" fill="{colour}" '
                   f'fill-opacity="{opacity}" stroke="white" stroke-width="1"/>' for opacity, points in faces)


def arrow(centre: float, pitch: float, middle: float, stage: Stage, before: Stage, ways: dict[str, list[Stage]],
          side: int) -> str:
    """From the box before, which stands `side` columns to the right, to this one."""
    reach = [(wide + 0.55 * deep) / 2 + 7 for wide, _, deep in (measures(stage, ways), measures(before, ways))]
    start, end = centre + side * (pitch - reach[1]), centre + side * reach[0]
    head = f"{end:.1f},{middle:.1f} {end + side * 8:.1f},{middle - 5:.1f} {end + side * 8:.1f},{middle + 5:.1f}"
    return (f'<line x1="{start:.1f}" y1="{middle:.1f}" x2="{end + side * 7:.1f}" y2="{middle:.1f}" stroke="{GREY}" '
            f'stroke-width="2"/><polygon points="{head}" fill="{GREY}"/>')


def pill(badge: Badge, centre: float, y: float, letter: float, most: float, colour: str) -> str:
    """A layer's name in a rounded frame, behind the number of its guideline; dashed where it departs from it."""
    number = letter + 4 if badge.guideline else 0
    wide, high = min(most, 0.62 * letter * len(badge.words) + number + 14), letter + 8
    x = centre - wide / 2
    outline = f'stroke="{colour}" stroke-width="1.5"' + ("" if badge.kept else ' stroke-dasharray="4 3"')
    parts = [f'<rect x="{x:.1f}" y="{y - high / 2:.1f}" width="{wide:.1f}" height="{high:.1f}" rx="{high / 2:.1f}" '
             f'fill="{colour}" fill-opacity="0.09" {outline}/>',
             text(x + number + (wide - number) / 2, y + 0.36 * letter, badge.words, letter, INK)]
    if badge.guideline:
        parts.append(disc(badge.guideline, x + number / 2 + 4, y, letter, colour, outline, badge.kept))
    return "".join(parts)


def disc(guideline: int, x: float, y: float, letter: float, colour: str, outline: str = "", full: bool = True) -> str:
    """A guideline's number in a disc around (x, y); the disc is empty where a layer departs from it."""
    number = text(x, y + 0.32 * letter, str(guideline), letter - 2, "white" if full else INK, bold=True)
    return (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{letter / 2 + 1:.1f}" fill="{colour if full else "none"}" '
            f'{outline}/>{number}')


def legend(top: float, broken: set[int]) -> list[str]:
    """What the numbers in the drawing mean, in three columns and two rows; their first row is at `top`.

    broken: the guidelines that a layer departs from. Guideline 3 leaves something out, so it marks no layer else.
    """
    lines = [words + (": marks no layer" if i == 3 and i not in broken else "")
             for i, words in enumerate(GUIDELINES, 1)] + ([DEPARTS] if broken else [])
    parts = []
    for i, words in enumerate(lines):
        x, y = 24 + (0, 222, 444)[i % 3], top + 28 * (i // 3)
        if i < len(GUIDELINES):
            parts.append(disc(i + 1, x, y, 17, OWNERS[i]))
        parts.append(text(x + (18 if i < len(GUIDELINES) else -10), y + 6, words, 18, INK, "start"))
    return parts


def text(x: float, y: float, words: str, size: float, colour: str, anchor: str = "middle", bold: bool = False) -> str:
    """A line of words; y is that of the line they stand on."""
    weight = ' font-weight="bold"' if bold else ""
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:.1f}" text-anchor="{anchor}" fill="{colour}"{weight}>'
            f"{escape(words)}</text>")
