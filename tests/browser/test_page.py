"""The static page of a generator, opened as a file in a real browser that has no network."""

import json

import numpy as np
import pytest
import torch

from dcgan_course.export import page as write_page
from dcgan_course.runs import load_run
from dcgan_course.sampling import bilinear, generate, lerp, slerp
from dcgan_course.widgets import LatentExplorer

PATIENCE = 60_000  # milliseconds

READ = """() => {
  const canvas = document.querySelector("#picture");
  return {z: JSON.parse(document.body.dataset.drawn || "[]"),
          pixels: [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data]};
}"""


@pytest.fixture(scope="module", params=["avatars", "mnist2d", "mnist_conditional"])
def run(request):
    return load_run(request.param)


@pytest.fixture(scope="module")
def opened(run, browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages") / run.path.name
    write_page(run, folder)
    context = browser.new_context(offline=True, accept_downloads=True)
    page, errors, asked = context.new_page(), [], []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((folder / "index.html").as_uri())
    page.wait_for_function("document.body.dataset.drawn", timeout=PATIENCE)
    yield page
    assert not errors and all(url.startswith(("file:", "blob:")) for url in asked)
    context.close()


def change(page, values: dict) -> None:
    """Give controls values by id, as a person's input would."""
    for name, value in values.items():
        page.locator(f"[id='{name}']").evaluate(
            "(e, v) => { e.value = v; e.dispatchEvent(new Event('input', {bubbles: true})); }", str(value))


def shown(page, run) -> torch.Tensor:
    """The z that is drawn, once its picture equals what torch draws for it, to one grey level."""
    page.wait_for_function("!busy && !wished", timeout=PATIENCE)
    found = page.evaluate(READ)
    z = torch.tensor(found["z"])
    image = (generate(run.load_generator(), z[None])[0] + 1) * 127.5
    image = image.expand(3, -1, -1).permute(1, 2, 0).numpy()
    pixels = np.array(found["pixels"], float).reshape(*image.shape[:2], 4)
    assert abs(pixels[..., :3] - image).max() <= 1 and (pixels[..., 3] == 255).all()
    assert image.std() > 10
    return z


def starts(page, *seeds) -> list[torch.Tensor]:
    return [torch.tensor(page.evaluate("start", seed)) for seed in seeds]


def test_sliders(opened, run):
    opened.click("#reset")
    change(opened, {"seed": 5})
    (z,) = starts(opened, 5)
    assert torch.allclose(shown(opened, run), z, atol=1e-6)
    directions = json.loads(opened.evaluate("JSON.stringify(about.directions)"))
    explorer = LatentExplorer(run)
    assert [d["name"] for d in directions] == [name.replace("_", " ") for name in explorer.directions]
    last = len(directions) - 1
    change(opened, {"direction0": 0.6, f"direction{last}": -0.5})
    vectors = list(explorer.directions.values())
    assert torch.allclose(shown(opened, run), z + 0.6 * vectors[0] - 0.5 * vectors[last], atol=0.02)
    opened.click("#reset")
    assert torch.allclose(shown(opened, run), z, atol=1e-6)
    change(opened, {"seed": "nonsense"})  # a number field gives "" for it
    assert torch.allclose(shown(opened, run), starts(opened, 0)[0], atol=1e-6)


def test_a_walk_and_corners(opened, run):
    change(opened, {"from": 3, "to": 8, "step": 12})
    a, b = starts(opened, 3, 8)
    path = slerp if run.config.z == "normal" and not run.config.classes else lerp
    assert torch.allclose(shown(opened, run), path(a, b, 12 / 35), atol=1e-4)
    change(opened, {"corner0": 4, "corner1": 5, "corner2": 6, "corner3": 7, "u": 0.3, "v": 0.9})
    corners = torch.stack(starts(opened, 4, 5, 6, 7))
    assert torch.allclose(shown(opened, run), bilinear(corners, 0.3, 0.9), atol=1e-4)
    opened.click("#play")
    opened.wait_for_function("Number(document.querySelector('#step').value) > 14", timeout=PATIENCE)
    opened.click("#play")
    assert opened.inner_text("#play") == "play"


def test_seeds_are_drawn_as_in_training(opened, run):
    """Their numbers have the distribution that G was trained on, and a conditional G's class follows the seed."""
    nz, classes = run.config.nz, run.config.classes
    z = torch.stack(starts(opened, *range(400)))
    assert z.shape == (400, nz + classes) and len(z.unique(dim=0)) == 400
    numbers = z[:, :nz].flatten()
    expected = {"normal": (0.0, 1.0), "uniform": (0.0, 3**-0.5)}[run.config.z]
    error = 5 / len(numbers) ** 0.5
    assert abs(numbers.mean() - expected[0]) < error and abs(numbers.std() - expected[1]) < error
    if classes:
        assert torch.equal(z[:, nz:], torch.eye(classes)[torch.arange(400) % classes])


def test_the_picture_can_be_kept(opened, run, tmp_path):
    change(opened, {"seed": 9})
    shown(opened, run)
    with opened.expect_download() as download:
        opened.click("#download")
    file = tmp_path / "kept.png"
    download.value.save_as(file)
    assert download.value.suggested_filename == "generated.png" and file.read_bytes()[:4] == b"\x89PNG"
