"""Pictures that a slider moves, in Chromium: with scripts, and as a page that may run none shows them."""

import io

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from PIL import Image

from dcgan_course.plots import show_turned, show_wiped

RED, GREEN, BLUE = (200, 30, 30), (30, 160, 30), (30, 30, 200)


@pytest.fixture
def written(tmp_path, monkeypatch):
    """A page with what a call has shown."""
    def page(shows, *what):
        shown = []
        monkeypatch.setattr("IPython.display.display", lambda what: shown.append(DisplayFormatter().format(what)[0]))
        shows(*what)
        style = "<style>body { margin: 0 } img { max-width: 100%; height: auto }</style>"  # as JupyterLab's for all
        (tmp_path / "page.html").write_text(style + shown[0]["text/html"], "utf-8")
        return tmp_path / "page.html"

    return page


def plain(*colours) -> list[Image.Image]:
    return [Image.new("RGB", (400, 100), colour) for colour in colours]


@pytest.fixture
def file(written):
    return written(show_wiped, *plain(RED, BLUE), "x", ("all red", "all blue"))


def line(page) -> float:
    """The share of the picture's width that is red, left of the line; right of it all is blue."""
    box = page.locator("img").first.bounding_box()
    row = Image.open(io.BytesIO(page.screenshot(clip=box))).convert("RGB")
    pixels = np.asarray(row)[row.height // 2].astype(int)
    red, blue = (np.abs(pixels - colour).max(1) < 30 for colour in (RED, BLUE))
    assert red[: red.sum()].all() and (red | blue).sum() >= row.width - 4  # and the line itself
    return red.mean()


def test_the_line_moves(browser, file):
    page = browser.new_page(viewport={"width": 600, "height": 400})
    page.goto(file.as_uri())
    slider = page.get_by_role("slider", name="where the line stands")
    slider.wait_for()
    assert not page.get_by_text("Run the cell").is_visible()
    assert line(page) == pytest.approx(0.5, abs=0.01)
    for value in (20, 75, 100):
        slider.fill(str(value))
        assert line(page) == pytest.approx(value / 100, abs=0.01)
    slider.press("Home")
    assert line(page) == pytest.approx(0, abs=0.01)
    page.set_viewport_size({"width": 300, "height": 400})  # a phone: smaller, and still one over the other
    slider.fill("40")
    assert line(page) == pytest.approx(0.4, abs=0.01)
    page.close()


def test_it_stands_still_where_no_script_runs(browser, file):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 600, "height": 400})
    page = context.new_page()
    page.goto(file.as_uri())
    assert not page.locator("input").is_visible() and line(page) == pytest.approx(0.5, abs=0.01)
    assert page.get_by_text("Run the cell, and a slider appears.").is_visible()
    context.close()


@pytest.fixture
def turned(written):
    return written(show_turned, dict(zip(("a < b", "half", "whole"), plain(RED, GREEN, BLUE), strict=True)),
                   "x", "one colour", 1)


def seen(page) -> tuple[tuple[int, ...], str]:
    """The colour of the only picture that is seen, and the words below it."""
    image = page.locator("img:visible")
    pixels = Image.open(io.BytesIO(page.screenshot(clip=image.bounding_box()))).convert("RGB")
    return pixels.getpixel((pixels.width // 2, pixels.height // 2)), image.locator("xpath=..").inner_text()


def test_the_slider_turns_to_another_picture(browser, turned):
    page = browser.new_page(viewport={"width": 300, "height": 300})
    page.goto(turned.as_uri())
    slider = page.get_by_role("slider", name="which of the pictures")
    slider.wait_for()
    assert seen(page) == (GREEN, "half") and slider.get_attribute("aria-valuetext") == "half"
    for key, expected in (("End", (BLUE, "whole")), ("Home", (RED, "a < b")), ("ArrowRight", (GREEN, "half"))):
        slider.press(key)
        assert seen(page) == expected and slider.get_attribute("aria-valuetext") == expected[1]
    image, words = page.locator("img:visible"), page.locator("img:visible + div")
    assert image.bounding_box()["width"] == 300  # a phone
    assert words.bounding_box()["y"] - image.bounding_box()["y"] - image.bounding_box()["height"] >= 6
    page.close()


@pytest.mark.parametrize(("first", "marks"), [(0, []), (1, ["1"]), (2, [])])
def test_a_slider_that_begins_between_its_ends_has_a_mark_there(browser, written, first, marks):
    page = browser.new_page()
    page.goto(written(show_turned, dict(zip("abc", plain(RED, GREEN, BLUE), strict=True)), "x", "y", first).as_uri())
    found = page.get_by_role("slider").evaluate("e => [...e.list?.options ?? []].map(option => option.value)")
    assert found == marks
    page.close()


def test_the_slider_of_a_high_picture_stands_above_it(browser, written):
    page = browser.new_page()
    file = written(show_turned, dict(zip("ab", plain(RED, GREEN), strict=True)), "x", "y", 0, None, None, True)
    page.goto(file.as_uri())
    tops = [page.locator(part).bounding_box()["y"] for part in ("input", "div:has(+ img:visible)", "img:visible")]
    assert tops == sorted(tops)
    page.close()


def test_the_first_picture_is_seen_where_no_script_runs(browser, turned):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(turned.as_uri())
    assert not page.locator("input").is_visible() and seen(page) == (GREEN, "half")
    assert page.get_by_text("Run the cell, and a slider appears.").is_visible()
    context.close()


def test_a_picture_stays_beside_the_slider(browser, written):
    """And above it where the page is narrow."""
    file = written(show_turned, dict(zip(("half", "whole"), plain(RED, GREEN), strict=True)), "x", "one colour", 0,
                   ("all blue", plain(BLUE)[0]), 200)
    page = browser.new_page(viewport={"width": 500, "height": 300})
    page.goto(file.as_uri())
    page.get_by_role("slider").press("End")
    still, other = page.get_by_alt_text("all blue"), page.get_by_alt_text("one colour: whole")
    assert not page.get_by_alt_text("one colour: half").is_visible()
    left, right = still.bounding_box(), other.bounding_box()
    assert left["width"] == right["width"] == 200 and left["y"] == right["y"] and left["x"] + 200 < right["x"]
    page.set_viewport_size({"width": 300, "height": 300})
    above, below = still.bounding_box(), other.bounding_box()
    assert above["x"] == below["x"] and above["y"] + above["height"] < below["y"]
    page.close()


COLOURS = [(40 * i, 240 - 40 * i, 128) for i in range(6)]


@pytest.fixture
def grid(written):
    """Six pictures, and three by two places that choose them."""
    whole = Image.new("RGB", (300, 100))
    for i, colour in enumerate(COLOURS):
        whole.paste(colour, (i % 3 * 100, i // 3 * 50, i % 3 * 100 + 100, i // 3 * 50 + 50))
    return written(show_turned, {f"place {i}": picture for i, picture in enumerate(plain(*COLOURS))}, "x", "one colour",
                   4, ("six colours", whole), None, False, 3)


@pytest.mark.parametrize("width", [600, 300, 171])  # with room, without, and a phone
def test_a_click_on_a_grid_turns_to_the_picture_of_its_place(browser, grid, width):
    page = browser.new_page(viewport={"width": width, "height": 500})
    page.goto(grid.as_uri())
    slider, places, frame = page.get_by_role("slider"), page.get_by_alt_text("six colours"), page.locator(".chosen")
    slider.wait_for()

    def chosen() -> int:
        """The place whose picture is seen: the frame is around it, and the slider stands there."""
        i = int(slider.input_value())
        assert page.locator("img:visible").count() == 2
        assert page.get_by_alt_text(f"one colour: place {i}").is_visible()
        assert slider.get_attribute("aria-valuetext") == f"place {i}"
        box, around = places.bounding_box(), frame.bounding_box()
        assert around["width"] == pytest.approx(box["width"] / 3, abs=0.1)
        assert around["x"] - box["x"] == pytest.approx(i % 3 * box["width"] / 3, abs=0.1)
        assert around["y"] - box["y"] == pytest.approx(i // 3 * box["height"] / 2, abs=0.1)
        return i

    assert chosen() == 4 and places.evaluate("image => getComputedStyle(image).cursor") == "pointer"
    box = places.bounding_box()
    assert box["width"] == min(300, width)
    assert box["y"] + box["height"] < page.get_by_alt_text("one colour: place 4").bounding_box()["y"]
    for i in (0, 1, 2, 5, 3, 4):  # the middle of each place, and a point near its last corner
        for share in (0.5, 0.95):
            places.click(position={"x": (i % 3 + share) * box["width"] / 3, "y": (i // 3 + share) * box["height"] / 2})
            assert chosen() == i
    slider.press("ArrowRight")  # the keyboard still works
    assert chosen() == 5
    page.close()


def test_the_frame_stands_at_the_first_picture_where_no_script_runs(browser, grid):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(grid.as_uri())
    places = page.get_by_alt_text("six colours")
    assert page.get_by_alt_text("one colour: place 4").is_visible() and not page.locator("input").is_visible()
    box, around = places.bounding_box(), page.locator(".chosen").bounding_box()
    assert (around["x"] - box["x"], around["y"] - box["y"]) == pytest.approx((100, 50), abs=0.1)
    assert places.evaluate("image => getComputedStyle(image).cursor") == "auto"
    context.close()
