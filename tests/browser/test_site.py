"""The site, opened as files in a browser that has no network."""

import base64
import html
import io
import itertools
import json
import re
import string
from pathlib import Path
from urllib.parse import unquote, urlsplit

import build
import nbformat
import numpy as np
import outputs
import pandas as pd
import pytest
import slides
import teach
from axe_playwright_python.sync_playwright import Axe
from explorers import Seen, resize
from PIL import Image, ImageFont
from PIL.ImageSequence import Iterator
from predict import FOLDS

from dcgan_course.checks.base import NOT_ATTEMPTED
from dcgan_course.runs import load_run

PHONE, USUAL = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
LESSONS = teach.lessons()
JUDGED = ["index.html", "notebooks/00_start_here.html", "gallery/avatars.html", "duel.html"]


@pytest.fixture(scope="module")
def context(browser):
    context = browser.new_context(offline=True, viewport=USUAL)
    yield context
    context.close()


@pytest.fixture
def page(context, loaded):
    """Whatever is opened must ask for nothing outside of the site, find all that it asks for, and raise nothing."""
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: request.url.startswith(("file:", "blob:", "data:")) or wrong.append(request.url))
    page.on("request", lambda request: request.url.startswith("file:") and loaded.append(place(request.url)))
    yield page
    page.close()
    assert not wrong and all(file.exists() for file in loaded)


@pytest.fixture
def loaded():
    """The files that the page has asked for."""
    return []


def place(url):
    return Path(unquote(urlsplit(url).path))


def pages(site):
    """Of the gallery only the one with an explorer and one without."""
    files = sorted(file for file in site.rglob("*.html") if "_static" not in file.parts)
    return [file for file in files if file.parent.name != "gallery" or file.stem in ("index", "avatars", "mnist")]


def open_on_a_phone(page, loaded, file):
    """It is no wider than that, also unfolded, splits no word of a table, has all its pictures, and a lesson is at most
    3 MB with all that it loads."""
    loaded.clear()
    page.goto(file.as_uri(), wait_until="load")
    width, split, broken = page.evaluate("""() => {
        const folded = document.querySelectorAll("details:not([open])");
        for (const part of folded) part.open = true;
        const width = document.documentElement.scrollWidth;
        const split = [...document.querySelectorAll("td, th")].filter(
            cell => getComputedStyle(cell).overflowWrap === "anywhere").length;
        for (const part of folded) part.open = false;
        return [width, split, [...document.images].filter(
            i => i.complete && !i.naturalWidth && i.loading !== "lazy").length]; }""")
    assert width <= PHONE["width"] and not split and not broken, file
    assert all(one.exists() for one in loaded), file
    if file.parent.name == "notebooks":
        assert 0.3e6 < sum(one.stat().st_size for one in set(loaded)) < 3e6, file


def test_every_page_opens_and_asks_for_nothing_elsewhere(site, page, loaded):
    """All but those that `test_readers_and_fingers` opens."""
    resize(page, PHONE)
    assert {path.stem for path in LESSONS} < {file.stem for file in pages(site)}
    for file in {*pages(site)} - {site / name for name in JUDGED}:
        open_on_a_phone(page, loaded, file)


def test_links_between_pages_lead_somewhere(site):
    for file in site.rglob("*.html"):
        for target in re.findall(r'href="([^"#?:]+\.(?:html|pdf))', file.read_text("utf-8")):
            assert (file.parent / target).exists(), f"{file}: {target}"


def test_it_is_small(site):
    """At most 60 MB, with the generators of all recorded runs that have an explorer, of which one is here."""
    here = site / "_static" / "explorers" / "avatars.js"
    weights = (teach.ROOT / "data" / "runs").glob("*/generator.safetensors")
    runs = {file.parent.name: file.stat().st_size for file in weights
            if not build.why_no_explorer(load_run(file.parent.name))}
    most = here.stat().st_size / runs["avatars"] * sum(runs.values())
    rest = sum(file.stat().st_size for file in site.rglob("*") if file.is_file() and file != here)
    assert 30e6 < rest + most < 60e6


def seen(content, kind):
    """What is to be seen of a picture, whatever its kind: a hash of its pixels and, of a film, of its times."""
    if "svg" in kind:
        return hash(content)
    image = Image.open(io.BytesIO(content))
    frames = [(frame.convert("RGBA").tobytes(), frame.info.get("duration")) for frame in Iterator(image)]
    return hash((image.size, *(frames if len(frames) > 1 else [frames[0][0]])))


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem[:2])
def test_a_lesson_is_all_there(site, path):
    """Every picture and film, formulas, folded solutions, no guard for Colab, a badge that needs no network, and
    the explorer that is here wherever one is opened."""
    lesson = nbformat.read(path, 4)
    text = (site / "notebooks" / f"{path.stem}.html").read_text("utf-8")
    assert text.count("<iframe") == sum(build.explored(path.stem, cell) == build.HOME for cell in lesson.cells)
    outputs = [output.data for cell in lesson.cells for output in cell.get("outputs", []) if "data" in output]
    pictures = [data for data in outputs if any(kind.startswith("image/") for kind in data)]
    shown = re.findall(r'<img[^>]+src="\.\./_images/([^"]+)"', text)
    assert len(shown) >= len(pictures)
    embedded = [code for data in outputs for code in re.findall(r'src="(data:image/[^"]+)"', data.get("text/html", ""))]
    files = [(site / "notebooks" / name) for name in re.findall(r'<img src="(pictures/[^"]+)"', text)]
    assert len(embedded) + len(pictures) > 0
    there = {seen(file.read_bytes(), file.suffix) for file in files}
    assert {seen(base64.b64decode(code.partition(",")[2]), code.partition(";")[0]) for code in embedded} <= there
    assert all(".film." in file.name for file in files if file.suffix != ".svg" and Image.open(file).n_frames > 1)
    assert len({file.read_bytes() for file in files}) == len(set(files))  # none twice
    solutions = sum("solution" in cell.metadata.get("tags", []) for cell in lesson.cells)
    assert text.count("<summary>Solution") == solutions and "<details open" not in text
    prose = "\n".join(c.source for c in lesson.cells if c.cell_type == "markdown")
    assert text.count("<math xmlns") >= prose.count("$$") // 2
    assert "$$" not in re.sub(r"<pre>.*?</pre>", "", text, flags=re.S)
    assert "fetch the course" not in text and "colab-badge.svg" not in text
    colab = f"https://colab.research.google.com/github/{teach.repository()}/blob/main/notebooks/{path.name}"
    assert f'href="{colab}">Open in Colab</a>' in text
    assert "](../" not in text and 'href="../../' not in text
    assert ".github.io/" not in text


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem[:2])
def test_nothing_waits_for_an_answer_that_cannot_come(site, path):
    """No check that says so, no count of the solved, and one line on where exercises are solved."""
    text = (site / "notebooks" / f"{path.stem}.html").read_text("utf-8")
    assert NOT_ATTEMPTED not in text and "solved here" not in text
    colab = f"https://colab.research.google.com/github/{teach.repository()}/blob/main/notebooks/{path.name}"
    assert re.findall('<p class="where">.+?</p>', text, re.S) == [outputs.WHERE.format(colab=colab)]


def test_tables_are_those_of_the_sites_own_text(site, page):
    """In a box that can be moved sideways; words stand at the left; no row is empty."""
    said = outputs.tables(pd.DataFrame({"n": ["1"]}).to_html(border=0) + "<p>after</p>")
    assert said.startswith('<div class="pst-scrollable-table-container"><table') and "</table></div><p>" in said
    page.goto((site / "notebooks" / "05_failure_lab.html").as_uri(), wait_until="load")
    tables = page.locator(".pst-scrollable-table-container > table.dataframe").all()
    assert tables and len(tables) == page.locator("table.dataframe").count()
    for table in tables:
        assert all(row.strip() for row in table.locator("tr").all_text_contents())
    words = page.locator("table.dataframe td > div")
    assert set(words.evaluate_all("all => all.map(one => getComputedStyle(one).textAlign)")) == {"left"}


@pytest.mark.parametrize("size", [PHONE, USUAL], ids=["phone", "usual"])
def test_a_heading_is_smaller_than_the_one_above_it(site, page, size):
    """And one that divides a lesson is larger than its sections'."""
    resize(page, size)
    page.goto((site / "notebooks" / "12_your_own_images.html").as_uri(), wait_until="load")
    sizes = [page.locator(f"article {name}").first.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
             for name in ("h1", "section[id^=part-] > h2", "section:not([id^=part-]) > h2", "h3")]
    assert all(above >= 1.1 * below for above, below in itertools.pairwise(sizes))


def test_on_a_phone_what_is_wide_moves_sideways_and_shows_it(site, page):
    """Code, whose lines are not broken, pictures, those of a slider, and tables; a small chart shrinks."""
    resize(page, PHONE)
    page.goto((site / "notebooks" / "11_measuring_gans.html").as_uri(), wait_until="load")
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    for kind in ("pre", "figure", "figure input + div", ".pst-scrollable-table-container"):
        part = page.locator(f"article {kind}.wide").first
        part.wait_for()
        assert part.evaluate("part => part.classList.contains('more') && part.tabIndex === 0")
        sign = part.locator("xpath=ancestor-or-self::figure/figcaption") if "figure" in kind else part
        assert "↔" in sign.evaluate("part => getComputedStyle(part, '::before').content")
        part.evaluate("part => part.scrollLeft = part.scrollWidth")
        page.wait_for_function("part => !part.classList.contains('more')", arg=part.element_handle())
        assert "wide" in part.get_attribute("class")
    code = page.locator("article .cell_input pre")
    assert set(code.evaluate_all("all => all.map(part => getComputedStyle(part).whiteSpace)")) == {"pre"}
    page.goto((site / "notebooks" / f"{LESSONS[1].stem}.html").as_uri(), wait_until="load")
    charts = page.locator("figure > img[src$='.svg']").evaluate_all(
        "all => all.map(image => [image.width, +image.getAttribute('width')])")
    assert all((shown < PHONE["width"]) == (own <= 600) for shown, own in charts if shown) and charts


def test_lesson_01_leads_to_the_duel(site):
    text = (site / "notebooks" / f"{LESSONS[1].stem}.html").read_text("utf-8")
    assert re.search(r'href="\.\./duel\.html"><span class="[\w -]+">the duel</span></a>', text)


def test_a_question_is_one_card_with_one_button(site, page):
    """It opens what came out together with the reason; nothing of both is to be seen before."""
    page.goto((site / "notebooks" / f"{LESSONS[1].stem}.html").as_uri(), wait_until="load")
    cards = page.locator(".predict")
    assert cards.count() == page.locator("article blockquote", has_text=re.compile("^\\s*Predict")).count() > 5
    assert page.locator(".predict .below-input").count() == 0
    card = cards.filter(has_text="twice as often as the data")
    output = card.locator("tr", has_text=re.compile(r"a mode that G draws\s+0\.33"))
    reason = card.get_by_text("It is 1/3")
    assert output.is_hidden() and reason.is_hidden()
    card.get_by_text("Show what came out").click()
    assert output.is_visible() and reason.is_visible() and card.get_by_text("What came out, and why").is_visible()


def test_of_the_answers_that_a_question_offers_one_can_be_chosen(site, page):
    for path in LESSONS:
        page.goto((site / "notebooks" / f"{path.stem}.html").as_uri(), wait_until="load")
        text = "\n\n".join(cell.source for cell in nbformat.read(path, 4).cells)
        questions = re.findall(r"^> \*\*Predict.*(?:\n>.*)*", text, re.M)
        offered = sum(len(re.findall(r"^> - ", question, re.M)) for question in questions)
        assert page.locator(".predict input[type=radio]").count() == offered
        assert page.locator(".predict blockquote li").count() == 0
    for card in page.locator(".predict:has(.choices)").all():
        guesses = card.get_by_role("group", name="Your guess").get_by_role("radio")
        for guess in (guesses.first, guesses.last):
            guess.check()
            assert card.locator(":checked").count() == 1
        assert card.locator(".choice.right").count() == 1 and "right -->" not in card.inner_html()
    assert page.locator(":checked").count() == page.locator(".predict:has(.choices)").count() > 0
    mark = """element => getComputedStyle(element.querySelector("label"), "::after").content"""
    right, wrong = (card.locator(kind).first for kind in (".choice.right", ".choice:not(.right)"))
    wrong.get_by_role("radio").check()
    said = mark.replace("after", "before")
    assert {one.evaluate(words) for one in (right, wrong) for words in (mark, said)} == {"none"}
    card.get_by_text("Show what came out").click()  # not before it
    assert "✓" in right.evaluate(mark) and right.evaluate(said) == "none"
    assert "✗" in wrong.evaluate(mark) and "You guessed" in wrong.evaluate(said)
    right.get_by_role("radio").check()
    assert "✓" in right.evaluate(mark) and "You guessed" in right.evaluate(said) and wrong.evaluate(mark) == "none"


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem[:2])
def test_each_fold_says_what_it_holds(site, path):
    text = (site / "notebooks" / f"{path.stem}.html").read_text("utf-8")
    folds = map(html.unescape, re.findall(r'<p class="collapsed admonition-title">(.+?)</p>', text))
    assert set() < set(folds) <= {f"Show {what}" for what in (*FOLDS.values(), "the imports", "a helper's code")}
    bare = r"a helper's code</p>(?:(?!<details).)*</details>\s*</div>\s*<div class=.cell[^>]*>\s*<details class=.adm"
    assert not re.search(bare, html.unescape(text), re.S)  # one after the other would be two lines of nothing
    asked = [card.split('<details class="what">')[0] for card in text.split('<div class="predict ')[1:]]
    assert asked and not [card for card in asked if "a helper's code" in html.unescape(card)]
    assert text.count('<div class="about') == 1 and "Run the cell, and it moves" not in text


def test_what_can_only_be_watched_leads_to_where_it_can_be_turned(site):
    for path, run in ((LESSONS[0], "mnist2d"), (LESSONS[8], "mnist2d"), (LESSONS[8], "avatars")):
        text = (site / "notebooks" / f"{path.stem}.html").read_text("utf-8")
        assert f'<a href="../gallery/{run}.html">Turn it yourself' in text
    assert 'Here it is a film; <a href="../gallery/avatars.html">the explorer</a>' in text  # not of those sliders


def test_the_font_has_all_that_formulas_need(site):
    formulas = [formula for file in site.rglob("*.html")
                for formula in re.findall(r"<math .*?</math>", file.read_text("utf-8"), re.S)]
    characters = set(html.unescape(re.sub(r"<[^>]+>", "", "".join(formulas)))) - set(string.whitespace)
    font = ImageFont.truetype(site / "_static" / "stix-two-math.woff2", 20)
    missing = bytes(font.getmask("\ue123"))
    assert len(formulas) > 100 and [one for one in characters if bytes(font.getmask(one)) == missing] == []


def test_the_model_card_has_its_numbers(site, page):
    """A table in the card that lesson 12 displays, with those of real images beside those of the generated ones."""
    page.goto((site / "notebooks" / "12_your_own_images.html").as_uri(), wait_until="load")
    row = page.locator(".cell_output table tr", has_text="Frechet distance")
    record = json.loads((load_run("avatars").path / "record.json").read_bytes())
    expected = [record[name]["fd10k_avatars"] for name in ("generated", "real")]
    assert row.locator("td").all_inner_texts() == [f"{value:.0f}" for value in expected]


@pytest.mark.parametrize("name", slides.names(), ids=lambda name: name[:2])
def test_slides_show_every_picture_and_fit(site, page, name):
    lesson = nbformat.read(teach.NOTEBOOKS / f"{name}.ipynb", 4)
    shown = sum(output.data.get("text/html", "").count("<img ")
                for cell in lesson.cells for output in cell.get("outputs", []) if "data" in output)
    page.goto((site / "slides" / f"{name}.html").as_uri(), wait_until="load")
    page.wait_for_function("Reveal.isReady()")
    high = page.evaluate("""() => Reveal.getSlides().map(slide => {
        const {h, v} = Reveal.getIndices(slide);
        Reveal.slide(h, v || 0);
        return Math.max(slide.scrollHeight / 720, slide.scrollWidth / 1280); })""")
    assert len(high) > 20 and max(high) <= 1
    assert page.locator(".slides img").count() == shown > 3
    assert page.locator(".slides h2").count() >= 5
    asked = page.locator(".slides section", has=page.locator("h3", has_text="Predict"))
    offered = asked.locator("li").all_inner_texts()
    right = [choice for cell in lesson.cells for choice in re.findall(f"> - (.+?) {teach.RIGHT}", cell.source)]
    assert len(offered) > 2 * len(right) > 0 and all("right -->" not in choice for choice in offered)


def test_the_home_page_has_a_face_to_play_with(site, page):
    run = load_run("avatars")
    page.goto((site / "index.html").as_uri())
    seen = Seen(page, run)
    first = seen.z()
    seen.open("Change")
    seen.slide("glasses", 1.2)
    assert seen.comes(seen.of(z=first.tolist(), amounts={"glasses": 1.2}))
    assert page.locator("article h1").inner_text().startswith("Learn DCGANs")


def test_the_map_tells_the_minutes(site):
    text = (site / "index.html").read_text("utf-8")
    headers = [teach.header(nbformat.read(path, 4)) for path in LESSONS]
    cards = re.findall(r'<a class="card-link" href="notebooks/(.+?)\.html">.*?<p class="foot">(\d+) minutes</p>', text)
    assert cards == [(path.stem, str(h["minutes"])) for path, h in zip(LESSONS, headers, strict=True)]


@pytest.mark.parametrize("lesson", ["08_latent_sliders", "12_your_own_images"], ids=lambda name: name[:2])
def test_a_lesson_has_the_explorer_itself(site, page, lesson):
    """In a frame, with the generator, in place of the film of it: a slider changes the face. The frame is as high as
    its page, and the face stays in sight."""
    page.goto((site / "notebooks" / f"{lesson}.html").as_uri(), wait_until="load")
    page.get_by_text("Open the explorer here").click()
    frame = page.frame_locator("iframe")
    frame.locator(".latent canvas.drawn").first.wait_for()
    before = frame.locator(".latent").get_attribute("data-drawn")
    frame.get_by_role("tab", name="Change", exact=True).click()
    frame.get_by_role("slider", name="glasses", exact=True).press("ArrowRight")
    frame.locator(f".latent:not([data-drawn='{before}'])").wait_for()
    outer = page.locator("iframe")
    assert page.locator(".cell_output:has(iframe) > .output:not(:has(iframe)):visible").count() == 0
    for size in (USUAL, PHONE):
        resize(page, size)
        page.wait_for_function("frame => frame.offsetHeight > 800", arg=outer.element_handle())
        frame.locator("html").evaluate("""async page => {
            while (page.scrollHeight > page.clientHeight) await new Promise(requestAnimationFrame); }""")
        outer.evaluate("frame => { frame.scrollIntoView(); scrollBy(0, 300); }")
        frame.locator("html").evaluate("""async page => {
            const above = () => parseFloat(page.style.getPropertyValue('--above'));
            while (!(above() > 250)) await new Promise(requestAnimationFrame); }""")
        assert frame.locator(".frame canvas").bounding_box()["y"] >= 0


def test_every_recorded_run_is_in_the_gallery(site):
    runs = [file.parent for file in (teach.ROOT / "data" / "runs").glob("*/config.json")]
    index = (site / "gallery" / "index.html").read_text("utf-8")
    for run in runs:
        page = (site / "gallery" / f"{run.name}.html").read_text("utf-8")
        assert f'href="{run.name}.html"' in index and "dcgan-course" in page and f"{run.name}.film.webp" in page


@pytest.mark.parametrize("name", JUDGED)
def test_readers_and_fingers(site, page, loaded, name):
    """No violation that axe knows of, in both themes and at both widths."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    resize(page, PHONE)
    open_on_a_phone(page, loaded, site / name)
    for scheme, size in (("light", PHONE), ("dark", USUAL)):
        page.emulate_media(color_scheme=scheme)
        resize(page, size)
        page.wait_for_function("scheme => document.documentElement.dataset.theme === scheme", arg=scheme)
        # some time after a new size the theme makes code that has to be scrolled reachable by keys
        page.wait_for_function("""() => [...document.querySelectorAll('pre')].every(
            code => code.scrollWidth <= code.clientWidth || code.tabIndex === 0)""")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        for tool in page.get_by_role("tab").all()[1:] if name.startswith("gallery") else []:
            tool.click()
            found = Axe().run(page, context=".latent")
            assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", ["gallery/mnist_plain.html", "notebooks/01_adversarial_game.html"])
def test_films_stand_still_for_who_asked(site, page, loaded, name):
    """At their last picture."""
    page.emulate_media(reduced_motion="reduce")
    resize(page, PHONE)
    open_on_a_phone(page, loaded, site / name)
    play = page.locator(".film-play").first
    film, still = (play.locator(f"xpath=preceding-sibling::img[{place}]") for place in (2, 1))
    assert still.is_visible() and not film.is_visible() and still.get_attribute("alt") == film.get_attribute("alt")
    last, found = (Image.open(place(picture.evaluate("image => image.src"))) for picture in (film, still))
    last.seek(last.n_frames - 1)
    assert last.size == found.size
    assert np.abs(np.asarray(last.convert("RGB"), float) - np.asarray(found.convert("RGB"), float)).mean() < 6
    play.click()
    assert film.is_visible() and not still.is_visible() and play.inner_text() == "Stop the film"


def test_search_needs_no_server(site, page):
    page.goto((site / "search.html").as_uri() + "?q=saturates")
    page.locator("#search-results a").first.wait_for()
    assert "adversarial game" in page.locator("#search-results").inner_text()


def test_the_cheat_sheet_has_two_pages(site):
    assert len(re.findall(rb"/Type\s*/Page\b", (site / "cheatsheet.pdf").read_bytes())) == 2
