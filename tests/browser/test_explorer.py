"""The explorer in a real browser: in JupyterLab, in lesson 08, and as a page of its own.

Needs Chromium: `make test` installs it where it may. $SCREENSHOTS names a folder that keeps what was seen."""

import json
import os
import sys
import time
from pathlib import Path

import pytest
from servers import PATIENCE, free_port, served

from dcgan_course.sampling import generate, image_grid, moved, png
from dcgan_course.widgets import LatentExplorer

sync_api = pytest.importorskip("playwright.sync_api")
LESSON = "08_latent_sliders.ipynb"


class Explorer:
    """The explorer on a page, beside one in this process that does the same without a browser."""

    def __init__(self, page, run: str, seed: int):
        self.page, self.twin = page, LatentExplorer(run, seed=seed)
        self.nz = self.twin.nz
        self.box = page.locator(".widget-hbox").filter(has=page.locator(".widget-tab")).last
        self.box.wait_for(timeout=1000 * PATIENCE)
        self.box.scroll_into_view_if_needed()

    def picture(self) -> bytes:
        """The PNG that the browser shows."""
        return bytes(self.box.locator("img.widget-image").evaluate(
            "async image => [...new Uint8Array(await (await fetch(image.src)).arrayBuffer())]"))

    def shows(self, **amounts: float) -> bool:
        """Whether it comes to show, within a while, what the pure functions draw for the sliders at these places."""
        z = moved(self.twin.start(self.twin.seed.value), amounts, self.twin.directions)
        expected = png(image_grid(generate(self.twin.netG, z[None])), self.twin.width)
        return self.eventually(lambda: self.picture() == expected)

    def eventually(self, condition) -> bool:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if condition():
                return True
            self.page.wait_for_timeout(100)
        return False

    def press(self, name: str, times: int) -> None:
        """Arrow keys on the handle of a slider."""
        handle = self.box.locator(".widget-slider").filter(has_text=name).locator(".noUi-handle")
        handle.focus()
        for _ in range(times):
            handle.press("ArrowRight")

    def click(self, name: str) -> None:
        self.box.get_by_role("button", name=name, exact=True).click()

    def screenshot(self, name: str) -> None:
        if os.environ.get("SCREENSHOTS"):
            self.page.screenshot(path=Path(os.environ["SCREENSHOTS"]) / f"{name}.png")


def try_everything(explorer: Explorer, name: str) -> None:
    step = explorer.twin.sliders["z[0]"].step
    assert explorer.shows()
    explorer.press("z[0]", 5)
    assert explorer.shows(**{"z[0]": 5 * step})
    explorer.press("z[1]", 40)  # faster than pictures come: the last one counts
    assert explorer.shows(**{"z[0]": 5 * step, "z[1]": 40 * step})
    explorer.screenshot(f"{name}_moved")
    before = explorer.picture()
    explorer.click("reset")
    assert explorer.shows() and explorer.picture() != before
    before = explorer.picture()
    explorer.click("random")
    assert explorer.eventually(lambda: explorer.picture() != before)
    explorer.box.locator("textarea").fill("[1, 2, 3]")
    explorer.click("use z")
    explorer.box.get_by_text(f"z: found 3 numbers, expected {explorer.nz}").wait_for(timeout=1000 * PATIENCE)
    explorer.click("copy z")
    assert explorer.eventually(lambda: explorer.box.locator("textarea").input_value().count(",") == explorer.nz - 1)
    before = explorer.picture()
    explorer.box.get_by_role("tab", name="four corners").click()
    explorer.press("u: across", 3)
    assert explorer.eventually(lambda: explorer.picture() != before)
    explorer.screenshot(f"{name}_corners")


def run_all(page) -> None:
    """Once the kernel is connected: a command that comes before that is lost, and so is a promise waited for."""
    kernel = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
    page.wait_for_function(f"() => {kernel}?.connectionStatus === 'connected' && {kernel}.status === 'idle'",
                           timeout=1000 * PATIENCE)
    for last in (False, True):
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")
        try:
            page.locator(".widget-tab").nth(1).wait_for(timeout=500 * PATIENCE)  # the last cell's explorer is there
            return
        except sync_api.TimeoutError:
            if last:
                raise


def test_lesson_08_in_jupyterlab(browser, tmp_path):
    """In a folder of the learner's, as `dcgan-course lab` opens it."""
    port = free_port()
    settings = {"IdentityProvider": {"token": ""}, "LabApp": {"expose_app_in_browser": True}}
    (tmp_path / "jupyter_server_config.json").write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", "dcgan_course", "lab", str(tmp_path / "lessons"), f"--port={port}", "--no_browser"]
    server = served(command, f"http://127.0.0.1:{port}/api", tmp_path / "lab.log",
                    env=os.environ | {"JUPYTER_CONFIG_DIR": str(tmp_path)})
    try:
        page = browser.new_page(viewport={"width": 1250, "height": 9000})  # a cell out of sight is not drawn
        page.goto(f"http://127.0.0.1:{port}/lab/tree/{LESSON}", timeout=1000 * PATIENCE)
        run_all(page)
        assert page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').count() == 0
        try_everything(Explorer(page, "mnist2d", seed=0), "lab")
    finally:
        server.terminate()
        server.wait(30)


def test_the_explorer_as_a_page(browser, tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "dcgan_course", "explore", "avatars", f"--port={port}", "--no_browser"]
    folder = tmp_path / "user"
    folder.mkdir()
    server = served(command, f"http://127.0.0.1:{port}/", tmp_path / "page.log", cwd=folder)
    try:
        page = browser.new_page(viewport={"width": 1000, "height": 700})
        page.goto(f"http://127.0.0.1:{port}/", timeout=1000 * PATIENCE)
        explorer = Explorer(page, "avatars", seed=0)
        try_everything(explorer, "page")
        assert page.locator("pre, .jp-InputArea").count() == 0  # no code
        explorer.click("save picture")
        file = folder / "explorer001.png"
        explorer.box.get_by_text(f"saved as {file}", exact=True).wait_for(timeout=1000 * PATIENCE)
        assert file.read_bytes() == explorer.picture()
        explorer.screenshot("page_saved")
    finally:
        server.terminate()
        server.wait(30)
