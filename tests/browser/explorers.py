"""An explorer in a browser, seen from outside: what it shows, beside what torch draws for the same z."""

import base64
import functools
import json
import time
from pathlib import Path

import numpy as np
import torch
from processes import PATIENCE

from dcgan_course.publishing.explorer import of_run, shown, start
from dcgan_course.runs import load_run
from dcgan_course.sampling import generate


def resize(page, size: dict) -> None:
    """The window gets that size, and the page has heard of it, which on a busy machine comes later."""
    page.set_viewport_size(size)
    page.wait_for_function("width => innerWidth === width", arg=size["width"])


@functools.cache
def known(path: Path) -> tuple[torch.nn.Module, dict]:
    """The generator of a recorded run, and what its explorer knows, which for attributes takes a thousand faces."""
    run = load_run(path)
    netG = run.load_generator()
    return netG, of_run(run, netG)


class Seen:
    """The explorer of a run on a page. `frame`: where it is; `box`: its element."""

    def __init__(self, page, run):
        self.page, (self.netG, self.about) = page, known(run.path)
        self.box = page.locator(".latent").last
        self.box.locator("canvas.drawn").first.wait_for()
        self.box.and_(page.locator("[data-drawn]")).wait_for()  # the small pictures may come before the large one

    def start(self, seed: int, label: int | None = None) -> torch.Tensor:
        z = start(seed, self.about["nz"], self.about["kind"], self.about["classes"])
        if label is not None:
            z[self.about["nz"]:] = torch.eye(self.about["classes"])[label]
        return z

    def z(self) -> torch.Tensor:
        """What is drawn, once its picture is what torch draws for it, to one grey level."""
        last, end = None, time.monotonic() + PATIENCE
        while time.monotonic() < end:
            drawn, pixels = self.drawn(), self.pixels()
            busy = self.box.get_attribute("aria-busy")
            if busy == "false" and last is not None and torch.equal(drawn, last) and self.close(pixels, drawn):
                return drawn
            last = drawn
            self.page.wait_for_timeout(50)
        raise AssertionError(f"not what torch draws for {drawn.tolist()}: off by {self.off(pixels, drawn)} levels; "
                             f"busy: {busy}; {self.box.locator('.status').inner_text()!r}")

    def comes(self, z: torch.Tensor, atol: float = 1e-4) -> bool:
        """Whether this z is drawn within a while."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if torch.allclose(self.drawn(), z, atol=atol):
                return torch.allclose(self.z(), z, atol=atol)
            self.page.wait_for_timeout(50)
        return False

    def drawn(self) -> torch.Tensor:
        """The z whose picture was painted last."""
        return torch.tensor(json.loads(self.box.get_attribute("data-drawn")), dtype=torch.float32)

    def pixels(self, canvas: str = ".frame canvas") -> np.ndarray:
        """(height, width, 3) of a canvas."""
        width, height, values = self.box.locator(canvas).first.evaluate(  # as text: a list of numbers takes long
            """c => [c.width, c.height, btoa(Array.from(c.getContext("2d").getImageData(0, 0, c.width, c.height).data,
                                                       value => String.fromCharCode(value)).join(""))]""")
        pixels = np.frombuffer(base64.b64decode(values), np.uint8)
        return pixels.reshape(height, width, 4)[..., :3].astype(float)

    def images(self, z: torch.Tensor) -> np.ndarray:
        """What torch draws for z (n, nz): (n, size, size, 3) from 0 to 255."""
        images = (generate(self.netG, z) + 1) * 127.5
        return images.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).numpy()

    def off(self, pixels: np.ndarray, z: torch.Tensor) -> float:
        """By how many grey levels at most the pixels are not what torch draws for z."""
        return float(abs(pixels - self.images(z[None])[0]).max())

    def close(self, pixels: np.ndarray, z: torch.Tensor) -> bool:
        return self.off(pixels, z) <= 1.01

    def of(self, **face) -> torch.Tensor:
        """The z that Python makes of a face."""
        return shown(self.about, {"amounts": {}} | face)

    # ---- what a person does

    def click(self, name: str, exact: bool = True) -> None:
        self.box.get_by_role("button", name=name, exact=exact).first.click()

    def open(self, name: str):
        """The panel of a tool."""
        self.box.get_by_role("tab", name=name, exact=True).click()
        return self.box.locator("[role=tabpanel]:visible")

    def slide(self, name: str, value: float) -> None:
        self.box.get_by_role("slider", name=name, exact=True).evaluate(
            """(e, value) => {
                 e.value = value;
                 for (const kind of ["input", "change"]) e.dispatchEvent(new Event(kind, {bubbles: true}));
               }""", value)

    def caption(self) -> str:
        return self.box.locator(".caption").inner_text()

    def status(self) -> str:
        return self.box.locator(".status").inner_text()

    def films(self, count: int) -> None:
        """Wait until the filmstrip has so many pictures: a movement of a slider is over after a moment of rest."""
        self.page.wait_for_function("([box, count]) => box.querySelectorAll('.film button').length === count",
                                    arg=[self.box.element_handle(), count])

    def rested(self, canvases: str) -> None:
        """Wait until all of these are drawn."""
        self.page.wait_for_function(
            """([box, what]) => { const all = [...box.querySelectorAll(what)];
                                  return all.length && all.every(c => c.classList.contains("drawn")); }""",
            arg=[self.box.element_handle(), canvases])
