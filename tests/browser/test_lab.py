"""The explorer in a notebook and as a Voila page, in a real browser; and its page opened through JupyterLab.

Needs Chromium: `make test` installs it where it may. $SCREENSHOTS names a folder that keeps what was seen."""

import json
import os
import sys
from pathlib import Path

import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from explorers import PATIENCE, Seen, resize
from servers import free_port, served

from dcgan_course.publishing.export import page as write_page
from dcgan_course.runs import load_run

sync_api = pytest.importorskip("playwright.sync_api")
LESSON = "08_latent_sliders.ipynb"


def screenshot(page, name: str) -> None:
    if os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(os.environ["SCREENSHOTS"]) / f"{name}.png")


def try_everything(seen: Seen, name: str) -> None:
    """Each tool once; the pictures are torch's, and each tool begins with what is shown."""
    first = seen.start(seen.about["seeds"][0])
    assert seen.comes(first)
    seen.open("Choose")
    seen.rested(".sheet canvas")
    seen.box.locator(".sheet button").nth(4).click()
    shown = seen.start(seen.about["seeds"][4])
    assert seen.comes(shown)
    for tool in ("Variations", "Corners", "Walk"):
        seen.open(tool)
        assert torch.allclose(seen.z(), shown, atol=1e-4)
    seen.slide("how far on the way", 20)
    moved = seen.z()
    assert not torch.allclose(moved, shown, atol=1e-2)
    screenshot(seen.page, f"{name}_walk")
    seen.open("Corners")
    assert torch.allclose(seen.z(), moved, atol=1e-4)
    pad = seen.box.locator(".square .pad")
    pad.evaluate("""pad => { for (let i = 0; i < 30; i++) for (const kind of ["keydown", "keyup"])
                               pad.dispatchEvent(new KeyboardEvent(kind, {key: "ArrowRight", bubbles: true})); }""")
    seen.page.wait_for_timeout(100)
    assert not torch.allclose(seen.z(), moved, atol=1e-2)  # faster than pictures come: the last one counts
    seen.click("back", exact=False)  # all of the way: keys in a row are one movement
    assert seen.comes(moved)
    screenshot(seen.page, f"{name}_corners")
    assert seen.box.locator(".status.wrong").count() == 0


def run_all(page) -> None:
    """Once the kernel is connected: a command that comes before that is lost, and so is a promise waited for."""
    kernel = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
    page.wait_for_function(f"() => {kernel}?.connectionStatus === 'connected' && {kernel}.status === 'idle'")
    for last in (False, True):
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")
        try:
            page.locator(".latent").nth(1).wait_for(timeout=1000 * PATIENCE / 2)  # the last cell's explorer is there
            return
        except sync_api.TimeoutError:
            if last:
                raise


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab with the lessons in a folder of the learner's, as `dcgan-course lab` opens it: (address, folder)."""
    folder, port = tmp_path_factory.mktemp("lab"), free_port()
    settings = {"IdentityProvider": {"token": ""}, "LabApp": {"expose_app_in_browser": True}}
    (folder / "jupyter_server_config.json").write_text(json.dumps(settings), encoding="utf-8")
    (folder / "labconfig").mkdir()
    overrides = {"@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"}}  # draw cells out of sight
    (folder / "labconfig" / "default_setting_overrides.json").write_text(json.dumps(overrides), encoding="utf-8")
    command = [sys.executable, "-m", "dcgan_course", "lab", str(folder / "lessons"), f"--port={port}", "--no_browser"]
    server = served(command, f"http://127.0.0.1:{port}/api", folder / "lab.log",
                    env=os.environ | {"JUPYTER_CONFIG_DIR": str(folder), "JUPYTER_DATA_DIR": str(folder / "data")})
    said = (folder / "lab.log").read_text("utf-8")
    assert "dcgan_course.commands.websocket | extension was successfully loaded" in said
    yield f"http://127.0.0.1:{port}", folder / "lessons"
    server.terminate()
    server.wait(PATIENCE)


def test_lesson_08_in_jupyterlab(browser, lab):
    page = browser.new_page(viewport={"width": 1250, "height": 900})
    page.goto(f"{lab[0]}/lab/tree/{LESSON}")
    run_all(page)
    assert page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').count() == 0
    seen = Seen(page, load_run("mnist2d"))
    assert seen.box.get_by_role("tab").first.inner_text() == "Map"
    try_everything(seen, "lab")
    cells = page.locator(".jp-CodeCell").count()
    before = seen.z()
    canvas = seen.box.locator(".frame canvas")
    canvas.focus()
    canvas.press("r")  # which outside of it turns a code cell into a raw one
    page.wait_for_timeout(300)
    assert not torch.equal(seen.z(), before) and page.locator(".jp-CodeCell").count() == cells
    canvas.press("z")
    assert seen.comes(before)
    found = Axe().run(page, context=".latent")
    assert found.violations_count == 0, found.generate_report()
    page.close()


def test_a_slider_moves_before_its_cell_has_been_run(browser, lab):
    page = browser.new_page(viewport={"width": 1250, "height": 900})
    page.goto(f"{lab[0]}/lab/tree/00_start_here.ipynb?reset")  # without what another test had open
    slider = page.locator("figure input[type=range]").first
    slider.wait_for()
    shown = slider.locator("xpath=following-sibling::div[1]/div")
    assert shown.nth(6).is_visible() and not shown.nth(0).is_visible()
    slider.fill("0")
    assert shown.nth(0).is_visible() and not shown.nth(6).is_visible()
    page.close()


def test_the_page_through_jupyterlab(browser, lab):
    """"Open in New Browser Tab" shows a file in a sandbox, which may load nothing beside it."""
    run = load_run("mnist2d")
    write_page(run, lab[1] / "my_page")
    page = browser.new_page(viewport={"width": 1250, "height": 800})
    answer = page.goto(f"{lab[0]}/files/my_page/index.html", referer=f"{lab[0]}/lab")
    assert "sandbox" in answer.headers["content-security-policy"]
    seen = Seen(page, run)
    assert seen.comes(seen.start(0))
    seen.click("New digit")
    assert not torch.equal(seen.z(), seen.start(0)) and "seed=" in page.url
    page.close()


def test_the_explorer_as_a_page(browser, tmp_path):
    """By Voila; nothing comes from the network, and saved pictures land where the command was started."""
    port, folder = free_port(), tmp_path / "user"
    folder.mkdir()
    command = [sys.executable, "-m", "dcgan_course", "explore", "avatars", f"--port={port}", "--no_browser"]
    server = served(command, f"http://127.0.0.1:{port}/", tmp_path / "page.log", cwd=folder)
    try:
        page, far = browser.new_page(viewport={"width": 1000, "height": 800}), []
        page.on("response", lambda response: far.append(response.url))
        page.goto(f"http://127.0.0.1:{port}/")
        seen = Seen(page, load_run("avatars"))
        try_everything(seen, "voila")
        assert page.locator("pre, .jp-InputArea").count() == 0  # no code
        seen.click("Save")
        file = folder / "explorer001.png"
        seen.box.get_by_text(f"Saved as {file}", exact=True).wait_for()
        assert file.read_bytes().startswith(b"\x89PNG")
        seen.open("Walk")
        seen.click("Save as GIF")
        seen.box.get_by_text("explorer002.gif").wait_for()
        assert (folder / "explorer002.gif").read_bytes().startswith(b"GIF89a")
        resize(page, {"width": 390, "height": 844})
        page.wait_for_function("document.querySelector('.latent').scrollWidth <= 390")  # once it has heard of its size
        screenshot(page, "voila_phone")
        assert all(url.startswith((f"http://127.0.0.1:{port}/", "data:", "blob:")) for url in far)
    finally:
        server.terminate()
        server.wait(PATIENCE)
