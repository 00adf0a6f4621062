"""Chromium, for the tests of what a person sees. `make test` installs it where it may."""

import os

import chromium
import pytest
import sites
from processes import PATIENCE

sync_api = pytest.importorskip("playwright.sync_api")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]


def program() -> str:
    found = chromium.program()
    if found is None and os.environ.get("CI"):
        pytest.fail("no Chromium, and in CI it must be there")
    return found or pytest.skip("no Chromium; on Debian and Ubuntu: apt-get install chromium")


class Patient:
    """A browser that gives up nothing before a busy machine has had its time: each limit of its pages is PATIENCE."""

    def __init__(self, opened):
        self.opened = opened

    def new_context(self, **options):
        context = self.opened.new_context(**options)
        context.set_default_timeout(1000 * PATIENCE)
        return context

    def new_page(self, **options):
        page = self.opened.new_page(**options)
        page.set_default_timeout(1000 * PATIENCE)
        return page


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program(), args=FLAGS, timeout=1000 * PATIENCE)
        yield Patient(opened)
        opened.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    return sites.built(tmp_path_factory)
