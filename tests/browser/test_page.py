"""The page of a generator, opened as a file in a real browser that has no network."""

import json
import math

import numpy as np
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from explorers import Seen, resize
from PIL import Image

from dcgan_course.publishing.explorer import FOLDER, within
from dcgan_course.publishing.export import page as write_page
from dcgan_course.runs import load_run
from dcgan_course.sampling import lerp, slerp

PHONE, USUAL, WIDE = {"width": 390, "height": 844}, {"width": 1280, "height": 800}, {"width": 1600, "height": 1000}
TOOLS = {"avatars": ["Choose", "Change", "Variations", "Corners", "Walk"],
         "mnist2d": ["Map", "Choose", "Numbers", "Variations", "Corners", "Walk"],
         "mnist_conditional": ["Choose", "Change", "Variations", "Corners", "Walk"]}


def only(*names):
    """Of a kind that the others add nothing to."""
    return pytest.mark.parametrize("run", names, indirect=True)


@pytest.fixture(scope="module", params=["avatars", "mnist2d", "mnist_conditional"])
def run(request):
    return load_run(request.param)


@pytest.fixture(scope="module")
def file(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages") / run.path.name
    write_page(run, folder)
    assert [made.name for made in folder.iterdir()] == ["index.html"]
    return folder / "index.html"


@pytest.fixture(scope="module")
def context(browser):
    context = browser.new_context(offline=True, accept_downloads=True, viewport=USUAL)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context
    context.close()


@pytest.fixture
def opened(context, file, run):
    """A page of its own for each test, which must ask for nothing and raise nothing."""
    page, errors, asked = context.new_page(), [], []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    yield Seen(page, run)
    page.close()
    assert not errors and all(url.startswith(("file:", "blob:")) for url in asked)


@pytest.fixture(scope="module")
def latent(browser):
    """latent.js alone."""
    page = browser.new_page()
    page.add_script_tag(content=(FOLDER / "latent.js").read_text("utf-8"))
    yield page
    page.close()


def test_it_begins_with_a_picture_and_twelve_to_choose_from(opened, run):
    seeds = opened.about["seeds"]
    assert opened.comes(opened.start(seeds[0])) and opened.pixels().std() > 10
    tabs = opened.box.get_by_role("tab").all_inner_texts()
    assert tabs == TOOLS[run.path.name] and opened.box.get_by_role("tab").first.get_attribute("aria-selected") == "true"
    opened.open("Choose")
    opened.rested(".sheet canvas")
    opened.box.locator(".sheet button").nth(5).click()
    assert opened.comes(opened.start(seeds[5]))
    opened.films(2)
    opened.click("Twelve others")
    opened.box.locator(".sheet button").nth(3).click()
    seed = int(opened.caption().split()[1].rstrip(","))
    assert opened.comes(opened.start(seed)) and seed not in seeds


def test_title_and_words(opened, run):
    assert opened.page.title() == opened.box.locator("h1").inner_text() == opened.about["title"] != run.path.name
    words = opened.box.locator("header p").inner_text()
    assert words == opened.about["text"] and "learned from" in words and "None" not in words


@only("avatars")
def test_nothing_jumps(file, context):
    """From the first frame to the last picture, and whatever tool is open, the picture stays where it is."""
    for size in (PHONE, USUAL, WIDE):
        page = context.new_page()
        resize(page, size)
        page.goto(file.as_uri(), wait_until="commit")
        page.locator(".frame canvas").wait_for()
        first = page.locator(".frame").bounding_box()
        page.locator(".frame canvas.drawn").wait_for()
        for tab in page.get_by_role("tab").all():
            tab.click()
            page.evaluate("scrollTo(0, 0)")
            assert page.locator(".frame").bounding_box() == first
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert first["width"] == first["height"] and (400 <= first["width"] <= 512 or size == PHONE)
        page.close()


@only("mnist2d")
def test_the_tools_names_stand_in_one_row(opened, run):
    """Those of the generator that has most of them, in a lesson's frame too."""
    for width in (390, 752, 784, 1280):
        resize(opened.page, {"width": width, "height": 800})
        for name in TOOLS[run.path.name]:
            opened.open(name)
            assert len({tab.bounding_box()["y"] for tab in opened.box.get_by_role("tab").all()}) == 1, (width, name)


@only("avatars")
def test_the_picture_stays_in_sight(opened):
    for size in (PHONE, USUAL):
        resize(opened.page, size)
        panel = opened.open(opened.box.get_by_role("tab").last.inner_text())
        panel.evaluate("panel => panel.scrollIntoView({block: 'end'})")
        box = opened.box.locator(".frame").bounding_box()
        assert -1 <= box["y"] and box["y"] + box["height"] <= size["height"] and box["width"] > 250


@only("avatars", "mnist2d")
def test_fingers_and_readers(opened, run):
    """Touch targets of 44 pixels, and no violation that axe knows of, in each tool, dark and light."""
    for scheme, size in (("light", PHONE), ("dark", USUAL)):
        opened.page.emulate_media(color_scheme=scheme)
        resize(opened.page, size)
        for name in TOOLS[run.path.name]:
            opened.open(name)
            folded = opened.box.locator("details:visible:not([open]) > summary")
            while folded.count():
                folded.first.click()
            small = opened.page.evaluate("""() => [...document.querySelectorAll(
                ".latent :is(button, input, summary, [role=slider])")].filter(e => e.checkVisibility()).map(e => {
                  const box = (e.matches("[type=checkbox]") ? e.parentElement : e).getBoundingClientRect();
                  return [e.getAttribute("aria-label") || e.textContent, box.width, box.height]; })
                .filter(([, width, height]) => width < 43.9 || height < 43.9)""")
            assert small == []
            found = Axe().run(opened.page)
            assert found.violations_count == 0, found.generate_report()


@only("avatars")
def test_sliders_and_colours(opened):
    start = opened.start(opened.about["seeds"][0]).tolist()
    opened.open("Change")
    opened.slide("glasses", 1.2)
    opened.slide("smile", -0.5)
    assert opened.comes(opened.of(z=start, amounts={"glasses": 1.2, "smile": -0.5}))
    assert opened.caption() == f"seed {opened.about['seeds'][0]} · smile −0.50 · glasses +1.20"
    opened.films(3)  # each slider's movement is one
    skin = opened.box.locator("fieldset").filter(has=opened.page.get_by_text("skin", exact=True))
    for name in ("brown", "dark"):  # of each group one
        skin.get_by_role("button", name=name).click()
    assert opened.comes(opened.of(z=start, amounts={"glasses": 1.2, "smile": -0.5, "dark_skin": 1}))
    assert opened.caption().endswith("dark skin")
    skin.get_by_role("button", name="dark").click()
    opened.box.get_by_role("slider", name="glasses").dblclick(force=True)
    assert opened.comes(opened.of(z=start, amounts={"smile": -0.5}))
    opened.click("back", exact=False)
    assert opened.comes(opened.of(z=start, amounts={"glasses": 1.2, "smile": -0.5}))
    assert float(opened.box.get_by_role("slider", name="glasses").input_value()) == 1.2  # sliders come back too
    opened.click("New face")
    assert float(opened.box.get_by_role("slider", name="glasses").input_value()) == 0


@only("avatars", "mnist_conditional")
def test_the_strongest_changes(opened, run):
    panel, z = opened.open("Change"), opened.drawn()
    if panel.locator("fieldset").count():
        panel.get_by_text("strongest changes").click()
    opened.rested(".strip canvas")
    opened.slide("strongest 2", 0.6)
    vector = torch.tensor(opened.about["strongest"][1]["vector"])
    assert opened.comes(z + 0.6 * vector)
    panel.get_by_role("button", name="strongest 2 −1.50").click()
    assert opened.comes(z - 1.5 * vector)
    thumb = opened.pixels("[aria-label='strongest 2 −1.50'] canvas")
    assert opened.close(thumb, z - 1.5 * vector)


@only("avatars", "mnist2d")
def test_raw_numbers(opened, run):
    panel, z = opened.open("Numbers" if run.config.nz == 2 else "Change"), opened.drawn()
    folded = panel.locator("details").last
    if folded.get_attribute("open") is None:
        folded.locator("summary").click()
    bars = panel.locator("canvas.bars")
    bars.focus()
    bars.press("ArrowRight")
    for _ in range(3):
        bars.press("ArrowDown")
    wanted = z.clone()
    wanted[1] -= 0.3
    limited = within(wanted, run.config.nz, run.config.z)
    assert opened.comes(limited) and f"z[1] = {limited[1]:.2f}" in panel.locator(".which").inner_text()
    box = bars.bounding_box()
    opened.page.mouse.move(box["x"] + 0.5 * box["width"] / run.config.nz, box["y"] + 0.25 * box["height"])
    opened.page.mouse.down()
    opened.page.mouse.up()
    limited[0] = opened.about["limit"] / 2
    assert opened.comes(limited, atol=0.05)
    panel.get_by_label("seed", exact=True).fill("123456789")
    opened.click("Use seed")
    assert opened.comes(opened.start(123456789, 0 if run.config.classes else None))
    opened.click("Copy z")
    copied = json.loads(opened.page.evaluate("navigator.clipboard.readText()"))
    assert torch.allclose(torch.tensor(copied), opened.z(), atol=1e-4)
    text = panel.get_by_label("z as text")
    for wrong, said in (("[1, 2, 3]", "found 3 numbers"), ("eight", "expected"), ("[null]", "expected")):
        text.fill(wrong)
        opened.click("Use z")
        assert said in opened.status() and opened.box.locator(".status.wrong").count() == 1
    text.fill(json.dumps([2.5] * run.config.nz + [0] * run.config.classes))
    opened.click("Use z")
    limit = 1.0 if run.config.z == "uniform" else 2.5  # 2.5 and not 2.52
    assert opened.comes(torch.tensor([limit] * run.config.nz + [0.0] * run.config.classes), atol=1e-6)


@only("avatars", "mnist_conditional")
def test_variations(opened, run):
    opened.open("Variations")
    opened.rested(".nine canvas")
    z = opened.drawn()
    opened.slide("how far", 0.1)
    opened.rested(".nine canvas")
    opened.box.get_by_role("button", name="variation 2", exact=True).click()
    near = opened.z()
    nz = run.config.nz
    assert 0 < (near - z).norm() < 0.35 * math.sqrt(nz) and torch.equal(near[nz:], z[nz:])
    if run.config.z == "normal":  # as long as any other z
        assert near[:nz].norm().item() == pytest.approx(z[:nz].norm().item(), rel=0.1)
    opened.page.wait_for_timeout(500)
    opened.rested(".nine canvas")
    assert opened.close(opened.pixels(".nine .centre canvas"), near)


def corners(opened) -> list[torch.Tensor]:
    """The z of the four, by a click on each."""
    found = []
    for name in ("upper left", "upper right", "lower left", "lower right"):
        opened.box.get_by_role("button", name=name, exact=True).click()
        opened.page.wait_for_timeout(150)
        found.append(opened.z())
    return found


def between(run, a, b, t):
    nz = run.config.nz
    return torch.cat([(slerp if run.config.z == "normal" else lerp)(a[:nz], b[:nz], t), lerp(a[nz:], b[nz:], t)])


@only("avatars", "mnist2d")
def test_corners(opened, run):
    opened.click(f"New {opened.about['noun']}")
    before = opened.z()
    opened.open("Corners")
    assert torch.equal(opened.z(), before)  # it starts from what is shown
    a, b, c, d = corners(opened)
    assert torch.equal(a, before)
    box = opened.box.locator(".square .pad canvas").bounding_box()
    opened.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.9 * box["height"])
    opened.page.mouse.down()
    opened.page.mouse.up()
    mixed = between(run, between(run, a, c, 0.9), between(run, b, d, 0.9), 0.3)
    assert opened.comes(mixed, atol=0.05)
    pad = opened.box.locator(".square .pad")
    pad.focus()
    for _ in range(60):
        pad.press("ArrowLeft")
    pad.press("End")
    for _ in range(60):
        pad.press("ArrowUp")
    assert opened.comes(a)
    pad.evaluate("""pad => { for (let i = 0; i < 10; i++) for (const kind of ["keydown", "keyup"])
                               pad.dispatchEvent(new KeyboardEvent(kind, {key: "ArrowRight", bubbles: true})); }""")
    assert opened.comes(between(run, a, b, 0.2))  # faster than pictures come: the last one counts
    pad.press("ArrowRight")
    opened.click("another one: upper left")
    opened.page.wait_for_timeout(200)
    assert not torch.allclose(opened.z(), a)


@only("avatars", "mnist_conditional")
def test_a_walk(opened, run, tmp_path):
    before = opened.z()
    opened.open("Walk")
    assert torch.equal(opened.z(), before)
    opened.click("the end")
    opened.page.wait_for_timeout(150)
    end = opened.z()
    opened.slide("how far on the way", 12)
    assert opened.comes(between(run, before, end, 12 / 35))
    with opened.page.expect_download() as download:
        opened.click("Save as GIF")
    download.value.save_as(tmp_path / "walk.gif")
    with Image.open(tmp_path / "walk.gif") as film:
        assert film.n_frames == 70 and film.info["duration"] == 80
        film.seek(12)
        frame = np.asarray(film.convert("RGB"), float)
    size = opened.about["size"]
    times = frame.shape[0] // size
    assert frame.shape == (times * size, times * size, 3) and times * size >= 256
    small = frame.reshape(size, times, size, times, 3).mean((1, 3))
    drawn = opened.images(between(run, before, end, 12 / 35)[None])[0]
    near, far = (abs(small - image).mean() for image in (drawn, opened.images(end[None])[0]))
    assert near < 8 and near < 0.5 * far  # 256 colours, smoothed
    opened.click("▶ Play")
    opened.page.wait_for_timeout(600)
    opened.click(f"New {opened.about['noun']}")  # stops the walk
    fresh = opened.start(int(opened.caption().split()[1].rstrip(",")), 0 if run.config.classes else None)
    assert opened.comes(fresh)
    opened.page.wait_for_timeout(600)
    assert torch.allclose(opened.z(), fresh, atol=1e-4) and opened.box.get_by_text("▶ Play").is_visible()


@only("mnist_conditional")
def test_a_class_is_chosen(opened, run):
    start = opened.start(0)
    opened.box.locator(".chips button").nth(7).click()
    assert opened.comes(opened.start(0, 7))
    pressed = opened.box.locator(".chips [aria-pressed=true]")
    assert pressed.all_inner_texts() == ["7"] and opened.caption() == "seed 0, as 7"
    opened.click("New digit")
    assert opened.z()[run.config.nz:].argmax() == 7  # stays a 7
    opened.open("Variations")
    opened.rested(".nine canvas")
    opened.click("variation 3")
    opened.page.wait_for_timeout(200)
    assert opened.z()[run.config.nz:].argmax() == 7 and not torch.equal(opened.z(), start)


@only("mnist2d")
def test_the_map(opened, run):
    opened.rested(".tool-plane canvas")
    pad, dot = opened.box.locator(".tool-plane .pad"), opened.box.locator(".tool-plane .dot")
    box, around = pad.locator("canvas").bounding_box(), pad.bounding_box()

    def at() -> list[float]:
        """Where the dot is on the pictures: to the right and upwards, from -1 to 1. Nothing of it is cut off."""
        spot = dot.bounding_box()
        for k, side in (("x", "width"), ("y", "height")):
            assert around[k] <= spot[k] and spot[k] + spot[side] <= around[k] + around[side]
        return [2 * (spot["x"] + spot["width"] / 2 - box["x"]) / box["width"] - 1,
                1 - 2 * (spot["y"] + spot["height"] / 2 - box["y"]) / box["height"]]

    assert at() == pytest.approx(opened.z().tolist(), abs=0.02)
    opened.page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.25 * box["height"])
    opened.page.mouse.down()
    assert opened.comes(torch.tensor([0.8, 0.5]), atol=0.02)
    opened.page.mouse.move(box["x"] - 50, box["y"] + 0.5 * box["height"])  # beyond the border
    opened.page.mouse.up()
    assert opened.comes(torch.tensor([-1.0, 0.0]), atol=0.02) and at() == pytest.approx([-1, 0], abs=0.02)
    opened.page.mouse.move(box["x"] + 10, box["y"] + 10)  # no button is down
    pad.focus()
    pad.press("ArrowRight")
    pad.press("ArrowDown")
    assert opened.comes(torch.tensor([-0.96, -0.04]), atol=0.02)
    size, n = run.config.image_size, 10
    sheet = opened.pixels(".tool-plane canvas").reshape(n, size, n, size, 3).transpose(0, 2, 1, 3, 4)
    step = (torch.arange(n) + 0.5) / n * 2 - 1
    z = torch.stack([step[None].expand(n, n), -step[:, None].expand(n, n)], -1).flatten(0, 1)  # z[1] = 0.9 on top
    assert abs(sheet.reshape(-1, size, size, 3) - opened.images(z)).max() <= 1.01


@only("mnist_conditional")
def test_back_pin_and_compare(opened):
    canvas = opened.box.locator(".frame canvas")
    first = opened.z()
    opened.click("Pin")
    for _ in range(2):
        opened.click(f"New {opened.about['noun']}")
        last = opened.z()
    canvas.focus()
    opened.page.keyboard.down(" ")
    opened.page.wait_for_timeout(100)
    assert opened.close(opened.pixels(), first)
    opened.page.keyboard.up(" ")
    assert opened.close(opened.pixels(), last)
    hold = opened.box.get_by_role("button", name="Hold to compare")
    hold.hover()
    opened.page.mouse.down()
    assert opened.close(opened.pixels(), first)
    opened.page.mouse.up()
    assert opened.close(opened.pixels(), last)
    canvas.press("z")
    canvas.press("ArrowLeft")
    assert opened.comes(first)
    canvas.press("ArrowRight")
    canvas.press("ArrowRight")
    assert opened.comes(last)
    canvas.press("z")
    middle = opened.z()
    canvas.press("r")
    opened.z()
    canvas.press("z")
    assert opened.comes(middle)  # back is where one was, not what was made after it
    for _ in range(14):
        canvas.press("r")
        opened.page.wait_for_timeout(60)
    opened.z()
    opened.rested(".film canvas")
    opened.films(12)
    pinned = opened.box.locator(".film .pinned")  # it was the oldest and is still there
    pinned.click()
    assert opened.comes(first)
    opened.click("Pin")
    assert pinned.count() == 0


@only("avatars", "mnist_conditional")
def test_the_address_reproduces_the_picture(opened, context, file, run):
    opened.open("Change")
    opened.slide("strongest 1" if run.config.classes else "glasses", 0.8)
    opened.z()
    opened.open("Variations")
    opened.rested(".nine canvas")
    links = [(opened.page.url, opened.z())]
    opened.click("variation 6")
    opened.page.wait_for_timeout(200)
    links.append((opened.page.url, opened.z()))
    assert links[0][0] != links[1][0]
    for url, z in links:
        page = context.new_page()
        page.goto(url)
        assert Seen(page, run).comes(z, atol=5e-4)
        page.reload()
        again = Seen(page, run)
        assert again.comes(z, atol=5e-4)
        page.evaluate("url => { location.href = url; }", links[0][0])  # another link in the same page
        assert again.comes(links[0][1], atol=5e-4)
        page.close()
    opened.page.goto("about:blank")
    opened.page.goto(file.as_uri() + "#z=nonsense")
    assert Seen(opened.page, run).comes(opened.start(opened.about["seeds"][0]))


def test_links_that_are_none(latent):
    about = {"nz": 2, "classes": 2, "labels": ["a", "b"], "kind": "normal", "limit": 3.5, "reach": 1.5, "groups": [],
             "strongest": [{"key": "strongest 1", "vector": [1, 0]}]}
    read = "([about, text]) => fromLink(about, text)"
    for wrong in ("", "seed=nonsense", "seed=-1", "seed=1e12", "seed=1.5", "z=AAAA", "z=%", "z=*", "seed=1&class=9",
                  "seed=1&class=x", "x" * 10_000):
        assert latent.evaluate(read, [about, wrong]) is None, wrong
    for right, label, amounts in (("seed=1", 1, {}), ("seed=1&class=0&strongest+1=-0.5", 0, {"strongest 1": -0.5}),
                                  ("seed=1&strongest+1=99&nonsense=1", 1, {})):
        face = latent.evaluate(read, [about, right])
        assert face["label"] == label and face["amounts"] == amounts and len(face["z"]) == 4


@only("avatars")
def test_the_picture_can_be_kept(opened, run, tmp_path):
    size, times = run.config.image_size, -(-512 // run.config.image_size)
    opened.box.locator(".pixels").check()
    for smooth in (False, True):
        with opened.page.expect_download() as download:
            opened.click("Save")
        assert download.value.suggested_filename.startswith(f"{run.path.name}-seed-")
        download.value.save_as(tmp_path / "kept.png")
        kept = np.asarray(Image.open(tmp_path / "kept.png").convert("RGB"), float)
        squares = opened.pixels().repeat(times, 0).repeat(times, 1)
        assert kept.shape == (times * size, times * size, 3) and np.array_equal(kept, squares) != smooth
        assert abs(kept - squares).mean() < 25
        opened.box.locator(".pixels").uncheck()


@only("mnist2d")
def test_where_scripts_are_off(file, browser):
    """Words and twelve pictures, and nothing to press."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert "Scripts are off here" in page.inner_text("noscript") and page.locator("button").count() == 0
    assert page.locator("noscript img").evaluate("image => image.naturalWidth") > 500
    context.close()


@pytest.mark.parametrize("kind, mean, std", [("normal", 0, 1), ("uniform", 0, 3**-0.5), ("uniform01", 0.5, 12**-0.5)])
def test_a_seed_is_the_same_z_in_both_languages(latent, kind, mean, std):
    """And its numbers have the distribution that G was trained on; a conditional G's class follows the seed."""
    from dcgan_course.publishing.explorer import start

    about = {"nz": 30, "classes": 3, "labels": ["a", "b", "c"], "kind": kind}
    seeds = [*range(400), 4_294_967, 999_999_999]
    found = latent.evaluate("([about, seeds]) => seeds.map(seed => ofSeed(about, seed).z)", [about, seeds])
    found = torch.tensor(found)
    assert torch.allclose(found, torch.stack([start(seed, 30, kind, 3) for seed in seeds]), atol=1e-6)
    numbers = found[:, :30].flatten()
    error = 5 / len(numbers) ** 0.5
    assert abs(numbers.mean() - mean) < error and abs(numbers.std() - std) < error
    assert len(found.unique(dim=0)) == len(seeds)


def test_a_face_is_the_same_z_in_both_languages(latent):
    """Sliders, colours and limits: random faces of random generators."""
    from dcgan_course.publishing.explorer import shown

    for trial in range(30):
        torch.manual_seed(trial)
        basis = torch.linalg.qr(torch.randn(8, 2)).Q.T.tolist()
        kind = ("normal", "uniform", "uniform01")[trial % 3]
        about = {"nz": 8, "classes": 0, "kind": kind, "limit": 1.0, "reach": 1.5,
                 "groups": [
                     {"name": "a", "swatches": False, "items": [{"key": "x", "vector": torch.randn(8).tolist()}]},
                     {"name": "b", "swatches": True, "basis": basis, "items": [
                         {"key": k, "colour": "#000", "vector": torch.randn(8).tolist()} for k in "pq"]}],
                 "strongest": [{"key": "strongest 1", "vector": torch.randn(8).tolist()}]}
        face = {"z": torch.randn(8).tolist(), "name": "", "amounts": {
            "x": 0.7, "p": trial % 2, "q": 0 if trial % 2 else (trial // 2) % 2, "strongest 1": -0.4}}
        found = latent.evaluate("([about, face]) => shown(about, face)", [about, face])
        found = torch.tensor(found, dtype=torch.float32)
        assert torch.allclose(found, shown(about, face), atol=1e-5)
        if about["kind"] != "normal":
            assert found.max() <= 1 and found.min() >= (-1 if about["kind"] == "uniform" else 0)
