"""The drawing of G and D: its shapes and badges are those of the networks, whatever the config."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
from torch import nn

from dcgan_course.config import preset
from dcgan_course.diffusion import UNet
from dcgan_course.models import build_discriminator, build_generator
from dcgan_course.plots import architecture, draw_networks, draw_unet
from dcgan_course.plots.networks import badges, stages

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return [element.text for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_the_paper_is_drawn_as_in_the_paper():
    svg, words = architecture(preset("paper", nc=3))
    there = "100 to 4×4×1024 to 8×8×512 to 16×16×256 to 32×32×128 to 64×64×3"
    back = "64×64×3 to 32×32×128 to 16×16×256 to 8×8×512 to 4×4×1024 to logit"
    assert words == f"Architecture. G: {there}; D: {back}." and f"<title>{words}</title>" in svg
    found = texts(svg)
    assert [t for t in found if "×" in t and "conv" not in t] == f"{there} to {back}".split(" to ")[1:-1]
    counts = {"batch norm": 8, "ReLU": 4, "tanh": 1, "LeakyReLU": 4, "↑ conv 5×5": 4, "↓ conv 5×5": 4, "conv 4×4": 2}
    assert {name: found.count(name) for name in counts} == counts
    assert "dashed" not in svg
    assert found[-10:] == ["1", "strided, no pools", "2", "batch norm", "3", "nothing dense: marks no layer", "4",
                           "ReLU, tanh in G", "5", "LeakyReLU in D"]
    netG, netD = build_generator(preset("paper", nc=3)), build_discriminator(preset("paper", nc=3))
    for net in (netG, netD):
        assert any(t.endswith(f"{sum(p.numel() for p in net.parameters()):,} parameters") for t in found)


@pytest.mark.parametrize("changes", [{}, {"image_size": 64}, {"network": "basic"}, {"image_size": 128, "ngf": 8},
                                     {"dense": True, "classes": 10}])
def test_shapes_are_those_that_images_take(changes):
    """Beside a pass with numbers, whose layers are asked one by one."""
    config = preset("mnist", nc=1, **changes)
    netG, z = build_generator(config), torch.randn(2, config.nz + config.classes)
    seen = []
    for layer in netG.modules():
        if isinstance(layer, (nn.ConvTranspose2d, nn.Conv2d, nn.Linear)):
            layer.register_forward_hook(lambda layer, x, y: seen.append(tuple(y.shape[1:])))
    y = netG(z)
    expected = [*seen[:-1], tuple(y.shape[1:])]  # the fully connected one makes an image of its numbers
    way = stages(netG, z[:1])
    assert [stage.shape for stage in way] == [(z.shape[1],), *expected] and netG.training
    assert not [hook for layer in way[1].layers for hook in layer._forward_hooks.values() if "passed" in hook.__name__]


# a departure, and the badge that tells of it: network, guideline
DEPARTURES = {"output_norm": ("G", "batch norm", 2), "d_input_norm": ("D", "batch norm", 2),
              "norm": ("G", "no norm", 2), "g_upsample": ("G", "resize", 1),
              "d_downsample": ("D", "max pool", 1), "dense": ("D", "dense", 3),
              "g_activation": ("G", "LeakyReLU", 4), "output": ("G", "sigmoid", 4), "d_activation": ("D", "ReLU", 5)}
OTHERS = {"output_norm": True, "d_input_norm": True, "norm": "none", "g_upsample": "resize", "d_downsample": "pool",
          "dense": True, "g_activation": "leaky_relu", "output": "sigmoid", "d_activation": "relu"}


@pytest.mark.parametrize("switch", DEPARTURES)
def test_a_departure_is_dashed(switch):
    def broken(config):
        found = set()
        for role, net, x in (("G", build_generator(config), torch.zeros(1, 100)),
                             ("D", build_discriminator(config), torch.zeros(1, 1, 28, 28))):
            way = stages(net, x)
            found |= {(role, badge.words, badge.guideline) for i in range(1, len(way)) for badge in badges(way, i, role)
                      if not badge.kept}
        return found

    config = preset("mnist", nc=1)
    assert broken(config) == set()
    assert DEPARTURES[switch] in broken(config.replace(**{switch: OTHERS[switch]}))
    svg, _ = architecture(config.replace(**{switch: OTHERS[switch]}))
    assert "dashed" in svg and ("marks no layer" in svg) == (switch != "dense")


def test_the_picture_of_lesson_02_is_up_to_date():
    file = Path(__file__).parents[1] / "data" / "architecture.svg"
    assert file.read_text("utf-8") == architecture(preset("lsun"))[0], f"dcgan-course info lsun --svg {file}"


def test_spectral_norm_stands_for_batch_norm():
    svg, _ = architecture(preset("mnist", spectral_norm=True))
    assert texts(svg).count("spectral norm") == 4 and "dashed" not in svg


def test_boxes_are_to_scale_and_on_the_page():
    """The front's side and the depth grow with the root of the number, in both networks alike."""
    root = ElementTree.fromstring(architecture(preset("mnist64", nc=1))[0])
    fronts = {}
    for polygon in root.iter(f"{SVG}polygon"):
        points = [tuple(map(float, point.split(","))) for point in polygon.get("points").split()]
        assert all(0 <= x <= 848 and 0 <= y <= float(root.get("height")) for x, y in points)
        if polygon.get("fill-opacity") == "0.95":
            fronts.setdefault(polygon.get("fill"), []).append(points[1][0] - points[0][0])
    for sides in fronts.values():
        assert sorted(sides) == pytest.approx([92 * (n / 64) ** 0.5 for n in (4, 8, 16, 32)], abs=0.2)
    assert len(fronts) == 2
    for element in root.iter(f"{SVG}rect"):
        x, wide = float(element.get("x", 0)), float(element.get("width"))
        assert 0 <= x and x + wide <= 848


def test_networks_of_somebody_else():
    """The learner's own, with layers that the course does not have."""
    netG = nn.Sequential(nn.Linear(20, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Unflatten(1, (2, 4, 4)),
                         nn.ConvTranspose2d(2, 1, 4, 2, 1), nn.Tanh())
    netD = nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), nn.ELU(), nn.Flatten(), nn.Linear(64, 1), nn.Sigmoid())
    svg, words = draw_networks(netG, torch.zeros(1, 20), netD, torch.zeros(1, 1, 8, 8))
    assert words == "Architecture. G: 20 to 32 to 8×8×1; D: 8×8×1 to 4×4×4 to logit."
    assert re.findall(">(dense|sigmoid|ELU)<", svg) == ["dense", "dense", "sigmoid"]


def test_a_u_net_is_a_u():
    """Down at the left and up at the right, the same sizes at one height, a skip connection across, pictures on all."""
    svg, words = draw_unet(UNet(), torch.zeros(1, 1, 28, 28))
    assert words.startswith("A U-Net as a U: 28×28×1 to 14×14×64 to 7×7×112 to 14×14×64 to 28×28×1, with a skip")
    root = ElementTree.fromstring(svg)
    sizes = [(float(part.get("y")), part.text) for part in root.iter(f"{SVG}text") if "×" in part.text]
    assert sizes == sizes[::-1] and len({y for y, _ in sizes}) == 3
    told = [line for line in root.iter(f"{SVG}line") if line.get("stroke-dasharray")]  # the time, to each of the three
    assert len(list(root.iter(f"{SVG}image"))) == len(list(root.iter(f"{SVG}line"))) - len(told) == 5 and len(told) == 3
    assert max(y for y, _ in sizes) < float(root.get("height"))


def test_a_projection_is_no_layer_of_its_own():
    """The class enters in the last step, where the logit is; nothing hidden comes before it."""
    config = preset("mnist", nc=1, classes=10, class_input="projection")
    words = architecture(config)[1]
    assert "D: 28×28×11 to 14×14×32 to 7×7×64 to 4×4×128 to logit" in words
