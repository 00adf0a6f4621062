"""The sheet to choose from (widgets.chooser): its JavaScript alone in a real browser, with a model like Python's."""

import io

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from dcgan_course.publishing.explorer import FOLDER

MODEL = """
async ([module, bytes]) => {
  const values = {picture: new DataView(Uint8Array.from(bytes).buffer), columns: 4, rows: 3, place: 5, words: "digits"};
  const listeners = [];
  const model = {get: name => values[name],
                 set: (name, value) => { values[name] = value; listeners.forEach(f => f()); },
                 save_changes: () => { values.saved = values.place; }, on: (_, f) => listeners.push(f),
                 off: (_, f) => listeners.splice(listeners.indexOf(f), 1)};
  const {default: sheet} = await import(URL.createObjectURL(new Blob([module], {type: "text/javascript"})));
  const end = sheet.render({model, el: document.querySelector("main")});
  Object.assign(window, {values, listeners, end});
}"""


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 500, "height": 400})
    page.set_content('<html lang="en"><title>sheet</title><main style="width: 400px"><h1>Sheet</h1></main></html>')
    content = io.BytesIO()
    Image.new("L", (80, 60), 128).save(content, "PNG")
    page.evaluate(MODEL, [(FOLDER / "sheet.js").read_text("utf-8"), list(content.getvalue())])
    page.get_by_alt_text("digits").wait_for()
    yield page
    page.close()


def test_a_click_and_the_arrow_keys_choose(page):
    box = page.get_by_alt_text("digits").bounding_box()
    assert (box["width"], box["height"]) == (400, 300)
    page.mouse.click(box["x"] + 3.5 * 100, box["y"] + 0.5 * 100)  # first row, fourth column
    assert page.evaluate("values.saved") == 3
    places = [3 + 4, 3 + 4 - 1, 3 - 1, 3]
    for key, place in zip(("ArrowDown", "ArrowLeft", "ArrowUp", "ArrowRight"), places, strict=True):
        page.keyboard.press(key)
        assert page.evaluate("values.saved") == place
        assert page.evaluate("document.activeElement.ariaLabel") == f"place {place + 1}"
    for _ in range(20):
        page.keyboard.press("ArrowDown")
    assert page.evaluate("values.saved") == 11  # not beyond the last one
    assert page.get_by_role("button", pressed=True).count() == 1
    assert page.locator("button[tabindex='0']").count() == 1


def test_it_can_be_used_by_all_and_ends(page):
    found = Axe().run(page, context="main")
    assert found.violations_count == 0, found.generate_report()
    page.evaluate("end()")
    assert page.evaluate("listeners.length") == 0
