"""The explorer of a latent space: what it shows of a generator, as one description, and the files that draw it.

The same JavaScript draws it in a notebook (widgets.py), where the kernel makes the pictures, and on a page of its own
(export.py), where the browser does. What both know of a generator comes from `described`, as JSON.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from ..config import TrainConfig
from ..data.avatars import BACKGROUND, HAIR, SKIN
from ..machine.errors import UserError
from ..machine.files import read_json
from ..machine.runtime import seeded
from ..measuring.judges import judged
from ..measuring.scores import judge_for
from ..runs import Run
from ..sampling import (
    attribute_direction,
    draw_z,
    first_layer,
    generate,
    image_grid,
    moved,
    own_direction,
    png,
    principal_directions,
)

FOLDER = Path(__file__).parent / "assets"  # of the JavaScript, the style and the page
PARTS = ("latent.js", "painter.js", "explorer.js", "tools.js", "numbers.js", "paths.js")
REACH = 1.5  # of a slider to either side; 1 = the whole way between pictures without an attribute and with it
REPLACED = 1.75  # how far a colour goes: 1 = the mean of its images; farther on more of them are seen to have it
CHOSEN = "These twelve came out well; others are not chosen by anyone."
STRONGEST = 5  # principal directions that get a slider
LIMITS = {"normal": 3.5, "uniform": 1.0, "uniform01": 1.0}  # of a number of z; of normal ones 1 in 2,000 is larger

# An attribute's place: its group, its name there and, where it excludes the others of its group, its colour.
PLACES = {
    "smile": ("face", "smile", None), "smiling": ("face", "smile", None), "glasses": ("face", "glasses", None),
    "eyeglasses": ("face", "glasses", None), "facial_hair": ("face", "beard", None), "male": ("face", "man", None),
    "young": ("face", "young", None), "long_hair": ("hair", "long", None), "bangs": ("hair", "fringe", None),
    **{f"{name}_hair": ("hair colour", name, colour) for name, colour in HAIR.items()},
    "gray_hair": ("hair colour", "grey", HAIR["grey"]),
    **{f"{name}_skin": ("skin", name, colour) for name, colour in SKIN.items()},
    **{f"{name}_background": ("background", name, colour) for name, colour in BACKGROUND.items()},
}
# What images are called, one of them, and where they come from, by the name of the data.
SOURCES = {
    "mnist": ("digit", "60,000 handwritten digits (MNIST, CC BY-SA 3.0)"),
    "fashion_mnist": ("picture", "60,000 pictures of clothes (Fashion-MNIST)"),
    "avatars": ("face", "10,000 drawn faces (Avataaars by Pablo Stanley, free to use)"),
    "celeba": ("face", "photographs of 10,177 people (CelebA)"),
}


def script(end: str) -> str:
    """The JavaScript of the explorer, with "widget.js" or "page.js" at its end."""
    return "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in (*PARTS, end))


def style() -> str:
    """The explorer's style sheet, as text."""
    return (FOLDER / "explorer.css").read_text(encoding="utf-8")


def attribute_groups(run: Run, netG: nn.Module, n: int = 1000) -> list[dict]:
    """The groups of controls of a run whose judge knows attributes, from n generated images; [] for other runs."""
    try:
        judge = judge_for(run.config)
    except UserError:  # images that no judge knows
        return []
    if not judge.attributes:
        return []
    z = draw_z(run.config, n, seeded(0, "attributes"))
    scores = torch.from_numpy(judged(judge, generate(netG, z))[1])
    return grouped(judge.names, z, scores)


def grouped(names: Sequence[str], z: Tensor, scores: Tensor) -> list[dict]:
    """The attributes by group, in the order of PLACES, those without a place last.

    Args:
        names: of the attributes.
        z: (n, nz).
        scores: (n, attributes), the probability that the image of each z has them.
    """
    order = {name: i for i, name in enumerate(PLACES)}
    found: dict[str, list] = {}
    for i in sorted(range(len(names)), key=lambda i: order.get(names[i].lower(), len(order))):
        group, word, colour = PLACES.get(names[i].lower(), ("attributes", names[i].lower().replace("_", " "), None))
        item = {"key": names[i], "name": word} | ({"colour": colour} if colour else {})
        found.setdefault(group, []).append((i, item))
    made = [swatches(name, z, scores, found[name]) if "colour" in found[name][0][1]
            else sliders(name, z, scores > 0.5, found[name]) for name in found]
    return [group for group in made if group["items"]]


def sliders(name: str, z: Tensor, present: Tensor, items: list[tuple[int, dict]]) -> dict:
    """A group of attributes that do not exclude one another: each adds its direction, so many times as its slider says,
    without what it shares with those of all other attributes. One that all images have, or none, is left out."""
    known = [i for i in range(present.shape[1]) if 0 < present[:, i].sum() < len(z)]
    ways = torch.stack([attribute_direction(z, present[:, i]) for i in known]) if known else z[:0]
    return {"name": name, "swatches": False, "items": [
        item | {"vector": rounded(own_direction(ways, known.index(i)))} for i, item in items if i in known]}


def swatches(name: str, z: Tensor, scores: Tensor, items: list[tuple[int, dict]]) -> dict:
    """A group of which an image has one. A direction that is added makes black hair blacker, and brown hair never: it
    lies between others. So the part of z in which the group's members differ, by least squares, is replaced."""
    which = scores[:, [i for i, _ in items]].argmax(1)
    items = [(k, item) for k, (_, item) in enumerate(items) if (which == k).any()]
    if len(items) < 2:
        return {"name": name, "swatches": True, "items": []}
    member = torch.stack([(which == k).float() for k, _ in items], 1)
    weight = torch.linalg.lstsq(z, member - member.mean(0)).solution.T
    basis = torch.linalg.svd(weight, full_matrices=False).Vh[: len(items) - 1]
    means = torch.stack([z[which == k].mean(0) for k, _ in items])
    targets = REPLACED * (means - means.mean(0)) @ basis.T @ basis
    return {"name": name, "swatches": True, "basis": [rounded(b) for b in basis], "items": [
        item | {"vector": rounded(target)} for (_, item), target in zip(items, targets, strict=True)]}


def uniform_numbers(seed: int) -> Iterator[float]:
    """Numbers in [0, 1), the same for a seed here and in the browser: mulberry32 (Tommy Ettinger, public domain)."""
    whole = 0xFFFFFFFF
    for state in itertools.count(seed + 0x6D2B79F5, 0x6D2B79F5):
        state &= whole
        t = (state ^ state >> 15) * (state | 1) & whole
        t ^= t + ((t ^ t >> 7) * (t | 61)) & whole
        yield ((t ^ t >> 14) & whole) / 2**32


def start(seed: int, nz: int, kind: str, classes: int = 0) -> Tensor:
    """The z of a seed, (nz,), or (nz + classes,) of a conditional generator, of the class seed % classes."""
    drawn = uniform_numbers(seed)
    number = {"normal": lambda: math.sqrt(-2 * math.log(1 - next(drawn))) * math.cos(2 * math.pi * next(drawn)),
              "uniform": lambda: 2 * next(drawn) - 1, "uniform01": lambda: next(drawn)}[kind]
    return torch.tensor([number() for _ in range(nz)] + [float(i == seed % classes) for i in range(classes)])


def within(z: Tensor, nz: int, kind: str) -> Tensor:
    """z with its nz numbers held in the range of a uniform distribution; others are left as they are."""
    if kind == "normal":
        return z
    return torch.cat([z[:nz].clamp(-1 if kind == "uniform" else 0, 1), z[nz:]])


def strongest(netG: nn.Module, nz: int, classes: int) -> list[Tensor]:
    """Principal directions of G's first layer, each as long as half of a usual z at REACH. Of two numbers none: a map
    shows all of them."""
    if nz == 2:
        return []
    directions = principal_directions(first_layer(netG)[:nz], STRONGEST) * math.sqrt(nz) / 2 / REACH
    return [torch.cat([direction, torch.zeros(classes)]) for direction in directions]


def rounded(vector: Tensor) -> list[float]:
    """A vector's numbers with five decimals, which keeps the JSON short."""
    return [round(v, 5) for v in vector.tolist()]


def shown(about: dict, face: dict) -> Tensor:
    """The z that is drawn for a face, {"z": where it starts from, "amounts": {key: number}}: what is chosen of a group
    of colours replaces its part, then the sliders add theirs."""
    z, amounts = torch.tensor(face["z"]), face["amounts"]
    for group in about["groups"]:
        for item in group["items"]:
            if group["swatches"] and amounts.get(item["key"]):
                basis = torch.tensor(group["basis"])
                z = z - z @ basis.T @ basis + torch.tensor(item["vector"])
    directions = {item["key"]: torch.tensor(item["vector"]) for item in sliding(about)}
    added = {key: amount for key, amount in amounts.items() if key in directions}
    return within(moved(z, added, directions), about["nz"], about["kind"])


def sliding(about: dict) -> list[dict]:
    """The controls that are sliders."""
    return [item for group in about["groups"] if not group["swatches"] for item in group["items"]] + about["strongest"]


def sheet(about: dict, netG: nn.Module, width: int) -> bytes:
    """The pictures to begin with, six in a row, as a PNG file at least so wide."""
    z = torch.stack([start(seed, about["nz"], about["kind"], about["classes"]) for seed in about["seeds"]])
    return png(image_grid(generate(netG, z), 6), width)


def described(netG: nn.Module, config: TrainConfig, name: str, groups: list[dict], labels: list[str],
              **texts: object) -> dict:
    """All that the explorer knows of a generator, as JSON.

    Args:
        config: nz, z, classes, image_size and nc are used, and data for the words.
        groups: of controls, as of `attribute_groups`.
        labels: what the classes are called.
        texts: "title", "noun" (what one image is called), "source" (of the training images), "seeds" (of the first
            pictures), "note" (on them): instead of the usual ones. None = the usual one.
    """
    noun, source = SOURCES.get(config.data, ("picture", None))
    texts = {key: value for key, value in texts.items() if value is not None}
    noun = texts.get("noun", noun)
    source = texts.get("source", source)
    trained = f" It learned from {source}." if source else ""
    numbers = f"{config.nz} random numbers{', and the class that you choose' if config.classes else ''}"
    return {
        "name": name, "title": texts.get("title", name), "noun": noun,
        "text": f"A DCGAN draws every {noun} from {numbers}.{trained}",
        "nz": config.nz, "classes": config.classes, "labels": labels, "kind": config.z, "limit": LIMITS[config.z],
        "size": config.image_size, "channels": config.nc, "reach": REACH,
        "seeds": texts.get("seeds", list(range(12))), "note": texts.get("note", ""), "groups": groups,
        "strongest": [{"key": f"strongest {i + 1}", "name": f"strongest {i + 1}", "vector": rounded(direction)}
                      for i, direction in enumerate(strongest(netG, config.nz, config.classes))]}


def of_run(run: Run, netG: nn.Module, seed: int | None = None, title: str | None = None,
           source: str | None = None) -> dict:
    """The description of a run's generator, with the words and the first seeds that its explorer.json has, if there is
    one ({"title": ..., "noun": ..., "source": ..., "seeds": [12 numbers]}, all of them optional).

    Args:
        netG: the run's generator.
        seed: of the first picture. title, source: instead of the file's.
    Raises:
        UserError: the file cannot be read, or is not of this kind.
    """
    texts = words_of(run)
    if "seeds" in texts and seed is None:
        texts["note"] = CHOSEN
    texts |= {key: value for key, value in {"title": title, "source": source}.items() if value is not None}
    if seed is not None:
        texts["seeds"] = [seed, *(i for i in texts.get("seeds", range(12)) if i != seed)][:12]
    return described(netG, run.config, run.path.name, attribute_groups(run, netG), run.class_names(), **texts)


def source_of(run: Run) -> str:
    """What its training images were, in words; "" where nobody has said it. Raises UserError as `words_of`."""
    return words_of(run).get("source") or SOURCES.get(run.config.data, ("", ""))[1]


def words_of(run: Run) -> dict:
    """The run's explorer.json, {} where there is none. Raises UserError where it is not of the kind of `of_run`."""
    file = run.path / "explorer.json"
    if not file.is_file():
        return {}
    words = read_json(file)
    kinds = {"title": str, "noun": str, "source": str, "seeds": list}
    for key, value in words.items():
        if not isinstance(value, kinds.get(key, ())):
            raise UserError(f"{file}: found {key} = {value!r}, expected text for title, noun and source, and a list of "
                            "numbers for seeds")
    if not all(type(seed) is int and 0 <= seed < 10**9 for seed in words.get("seeds", [0])) or words.get("seeds") == []:
        raise UserError(f"{file}: found seeds = {words['seeds']}, expected whole numbers from 0 to 999999999")
    return words
