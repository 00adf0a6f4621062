"""The static page of a generator, opened as a file in a real browser that has no network."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from dcgan_course.export import page as write_page
from dcgan_course.runs import load_run
from dcgan_course.sampling import generate, lerp, slerp
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
    z = torch.tensor(found["z"], dtype=torch.float32)
    image = (generate(run.load_generator(), z[None])[0] + 1) * 127.5
    image = image.expand(3, -1, -1).permute(1, 2, 0).numpy()
    pixels = np.array(found["pixels"], float).reshape(*image.shape[:2], 4)
    assert abs(pixels[..., :3] - image).max() <= 1 and (pixels[..., 3] == 255).all()
    assert image.std() > 10
    return z


def starts(page, *seeds) -> list[torch.Tensor]:
    return [torch.tensor(page.evaluate("seed => start(seed)", seed)) for seed in seeds]


def of_class(z: torch.Tensor, label: int, run) -> torch.Tensor:
    return torch.cat([z[: run.config.nz], torch.eye(run.config.classes)[label]]) if run.config.classes else z


def made_by(page) -> list[str]:
    return page.evaluate("[...document.querySelectorAll('.shown')].map(e => e.id)")


def test_what_is_there(opened, run):
    assert opened.locator("select").count() == (7 if run.config.classes else 0)
    assert opened.locator("#map").is_visible() == (run.config.nz == 2)


def test_the_picture_stays_in_sight(opened):
    for size in ({"width": 390, "height": 800}, {"width": 1280, "height": 720}):  # a phone; the usual one comes last
        opened.set_viewport_size(size)
        opened.locator("#v").scroll_into_view_if_needed()
        box = opened.locator("#picture").bounding_box()
        assert 0 <= box["y"] and box["y"] + box["height"] <= size["height"] and box["width"] > 150
        assert opened.evaluate("document.documentElement.scrollWidth") <= size["width"]


@pytest.mark.parametrize("run", ["mnist2d"], indirect=True)
def test_where_scripts_are_off(opened, browser):
    """As in JupyterLab's own viewer of web pages."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(opened.url)
    assert "open index.html in a browser window of its own" in page.inner_text("#status")
    context.close()


def test_sliders(opened, run):
    opened.click("#reset")
    change(opened, {"seed": 5})
    z = of_class(starts(opened, 5)[0], 0, run)
    assert made_by(opened) == ["sliders"]
    assert torch.allclose(shown(opened, run), z, atol=1e-6)
    directions = json.loads(opened.evaluate("JSON.stringify(about.directions)"))
    explorer = LatentExplorer(run)
    named = [name.replace("_", " ") for name in explorer.directions if not name.startswith("class ")]
    assert [d["name"] for d in directions] == named
    last = len(directions) - 1
    change(opened, {"direction0": 0.6, f"direction{last}": -0.5})
    vectors = [explorer.directions[d["name"].replace(" ", "_")] if d["name"].replace(" ", "_") in explorer.directions
               else explorer.directions[d["name"]] for d in directions]
    wanted = z + 0.6 * vectors[0] - 0.5 * vectors[last]
    assert torch.allclose(shown(opened, run), wanted.clamp(-1, 1) if run.config.z == "uniform" else wanted, atol=1e-3)
    assert opened.inner_text("label:has(#direction0) output") == "0.60"
    opened.click("#reset")
    assert torch.allclose(shown(opened, run), z, atol=1e-6)
    odd = {"nonsense": 0, "-5": 0, "7.9": 7, "1e99": 999_999_999}
    for typed, seed in odd.items():  # for text a number field gives ""
        change(opened, {"seed": typed})
        assert torch.allclose(shown(opened, run), of_class(starts(opened, seed)[0], 0, run), atol=1e-6)
        opened.locator("#seed").dispatch_event("change")
        assert opened.input_value("#seed") == str(seed)


@pytest.mark.parametrize("run", ["mnist2d"], indirect=True)
def test_uniform_z_stay_in_their_range(opened, run):
    opened.click("#reset")
    change(opened, {"seed": 5, "direction0": 1.0, "direction1": -1.0})
    z, (start,) = shown(opened, run), starts(opened, 5)
    assert abs(z).max() <= 1 and torch.allclose(z, (start + torch.tensor([1.0, -1.0])).clamp(-1, 1))


@pytest.mark.parametrize("run", ["mnist_conditional"], indirect=True)
def test_a_class_is_chosen(opened, run):
    change(opened, {"seed": 5, "seedclass": 7})
    assert torch.allclose(shown(opened, run), of_class(starts(opened, 5)[0], 7, run), atol=1e-6)
    change(opened, {"from": 5, "fromclass": 2, "to": 5, "toclass": 9, "step": 7})
    between = shown(opened, run)[run.config.nz :]
    assert between[2].item() == pytest.approx(0.8, abs=1e-6) and between[9].item() == pytest.approx(0.2, abs=1e-6)


@pytest.mark.parametrize("run", ["mnist2d"], indirect=True)
def test_the_plane(opened, run):
    opened.locator("#map").scroll_into_view_if_needed()
    box = opened.locator("#map").bounding_box()
    opened.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.25 * box["height"])
    opened.mouse.down()
    assert torch.allclose(shown(opened, run), torch.tensor([0.8, -0.5]), atol=0.02) and made_by(opened) == ["plane"]
    opened.mouse.move(box["x"] - 50, box["y"] + 0.5 * box["height"])  # beyond the border
    opened.mouse.up()
    assert torch.allclose(shown(opened, run), torch.tensor([-1.0, 0.0]), atol=0.02)
    opened.mouse.move(box["x"] + 10, box["y"] + 10)  # no button is down
    assert torch.allclose(shown(opened, run), torch.tensor([-1.0, 0.0]), atol=0.02)
    size, n = run.config.image_size, 10
    sheet = torch.tensor(opened.evaluate(
        "() => { const m = document.querySelector('#map'); return [m.width, m.height, "
        "...m.getContext('2d').getImageData(0, 0, m.width, m.height).data]; }"))
    assert sheet[:2].tolist() == [n * size, n * size]
    grey = sheet[2:].view(n * size, n * size, 4)[:, :, 0].unfold(0, size, size).unfold(1, size, size)
    step = (torch.arange(n) + 0.5) / n * 2 - 1
    z = torch.stack([step[None].expand(n, n), step[:, None].expand(n, n)], -1).flatten(0, 1)
    expected = (generate(run.load_generator(), z)[:, 0] + 1) * 127.5
    assert abs(grey.flatten(0, 1) - expected).max() <= 1


def test_a_walk_and_corners(opened, run):
    change(opened, {"from": 3, "to": 8, "step": 12} | ({"fromclass": 0, "toclass": 1} if run.config.classes else {}))
    a, b = (of_class(z, i, run) for i, z in enumerate(starts(opened, 3, 8)))
    path = slerp if run.config.z == "normal" and not run.config.classes else lerp
    assert made_by(opened) == ["walk"]
    assert torch.allclose(shown(opened, run), path(a, b, 12 / 35), atol=1e-4)
    change(opened, {"corner0": 4, "corner1": 5, "corner2": 6, "corner3": 7, "u": 0.3, "v": 0.9})
    a, b, c, d = (of_class(z, i, run) for i, z in enumerate(starts(opened, 4, 5, 6, 7)))
    mixed = path(path(a, c, 0.9), path(b, d, 0.9), 0.3)
    assert torch.allclose(shown(opened, run), mixed, atol=1e-4) and made_by(opened) == ["corners"]
    if path is slerp:  # the middle of four has the length of normal z, which is 10 on average
        change(opened, {"u": 0.5, "v": 0.5})
        assert 8 < shown(opened, run).norm() < 12
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
    assert download.value.suggested_filename == f"{run.path.name}-seed-9.png"
    kept, size = np.array(Image.open(file).convert("RGB")), run.config.image_size
    times = 512 // size
    drawn = np.array(opened.evaluate(READ)["pixels"]).reshape(size, size, 4)[..., :3]
    assert np.array_equal(kept, drawn.repeat(times, 0).repeat(times, 1))
