"""The course as a site, from the stored notebooks, the recorded runs and the pages beside this file: `make site`.

    python site/build.py FOLDER [RUN ...]    a new folder; RUN: only explorers of these recorded runs
    python site/build.py --links FILE        links that lead nowhere, into a file; the status is 1 where there are any
"""

import base64
import copy
import functools
import hashlib
import html
import io
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SITE = Path(__file__).resolve().parent
ROOT = SITE.parent
sys.path.insert(0, str(ROOT / "notebooks"))

import chromium
import nbformat
import outputs
import slides
import teach
from PIL import Image
from PIL.ImageSequence import Iterator
from sphinx.cmd.build import build_main

from dcgan_course.machine.display import kind_of
from dcgan_course.machine.errors import UserError
from dcgan_course.machine.files import whole_or_nothing
from dcgan_course.publishing.explorer import FOLDER, words_of
from dcgan_course.publishing.export import about_machine, score_table
from dcgan_course.publishing.site import section, write_generator, write_programs
from dcgan_course.runs import Run, load_run
from dcgan_course.runs.again import command
from dcgan_course.widgets import RUN

BADGE = r"\[!\[Open in Colab\]\([^)]*\)\]\(([^)]*)\)"
ABOUT = re.compile(BADGE + r"\n\n(\*\*Time:.+?)(After this lesson.+?)(\*\*You write.+?)$", re.S)
EXPLORED = re.compile(r'xplore(?:r)?\("(\w+)"\)')  # the run whose explorer a cell opens
DATA_URI = re.compile(r'src="data:image/(gif|png|jpeg|webp|svg\+xml);base64,([^"]+)"')
DRAWN = re.compile(r'^<img src="[^"]+\.svg".*>$', re.M)  # under a title
UNDER_TITLE = re.compile(r"\.\./data/([\w./-]+\.(?:png|gif|webp))")
HOME = "avatars"  # the run whose explorer is on the home page
TURNS = {"05": "In JupyterLab and in Colab you can choose and train.",
         "08": 'Here it is a film; <a href="../gallery/avatars.html">the explorer</a> has sliders that move.'}
DUEL = ("networks", "game", "view", "steps", "page")  # in this order
PDF = '<a href="cheatsheet.pdf">cheatsheet.pdf</a>.'
FRAME = ("""<details class="what" ontoggle="const frame = this.querySelector('iframe');
if (this.open && !frame.src) frame.src = frame.dataset.src"><summary>Open the explorer here</summary>"""  # 12 MB
         '<iframe data-src="../_static/explorers/{name}.html" title="The explorer of the run {name}" '
         'style="width:100%;height:720px;border:0"></iframe></details>')  # frames.js makes it as high as its page
STANDS_FOR = {"12": HOME}  # a cell with the tag "explorer": of which run
ALONE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<style>
:root { color-scheme: light dark; } body { margin: 0; }
:root[data-theme="light"] { color-scheme: light; } :root[data-theme="dark"] { color-scheme: dark; }
body .latent .stage { top: calc(.5rem + var(--above, 0px)); }
@container (max-width: 719.9px) { body .latent .frame { top: var(--above, 0px); } }
</style>
<script>
new ResizeObserver(([{contentRect}]) => parent.postMessage({height: Math.ceil(contentRect.height)}, "*"))
  .observe(document.documentElement);
addEventListener("message", ({source, data}) => {  // how much of the frame is above the window: what sticks goes there
  if (source === parent) document.documentElement.style.setProperty("--above", `${Number(data.above)}px`);
});
try {  // light or dark as the lesson around it; from a disk, as the reader's system
  const around = parent.document.documentElement;
  const follow = () => document.documentElement.setAttribute("data-theme", around.dataset.theme);
  follow();
  new MutationObserver(follow).observe(around, {attributeFilter: ["data-theme"]});
} catch {}
</script>
"""  # the beginning of a page that stands in a frame
THUMB = 480  # pixels, the width of a card's picture


def build(folder: Path, explorers: list[str] | None = None) -> None:
    """The site, in a new folder.

    Args:
        explorers: names of recorded runs; None = of all that have their weights.
    Raises:
        UserError: the folder exists, a run cannot be drawn, or Sphinx is not content with a page.
    """
    def fill(new: Path) -> None:
        with tempfile.TemporaryDirectory() as temporary:
            source, made = Path(temporary) / "source", Path(temporary) / "made"  # MyST-NB leaves a folder beside it
            write_source(source, explorers)
            os.environ["COURSE_REPOSITORY"] = teach.repository()
            if build_main(["-q", "-W", "--keep-going", "-d", f"{temporary}/doctrees", str(source), str(made)]):
                raise UserError(f"{folder}: Sphinx is not content; what it said stands above")
            shutil.copytree(made, new, dirs_exist_ok=True)
            slides.build_slides(source, new)
            pictures = Path("notebooks") / teach.PICTURES  # those in HTML, which Sphinx leaves alone
            shutil.copytree(source / pictures, new / pictures)
        for film in {*new.rglob("*.gif"), *new.rglob("*.film.*"), new / "_static" / "duel.webp"}:
            still(film)
        (new / ".nojekyll").touch()
        for file in new.rglob("*.map"):  # of the theme's own sources
            file.unlink()
        shutil.rmtree(new / "_static" / "locales", ignore_errors=True)  # the theme's words in 46 languages, for Sphinx
        themes = new / "slides" / "_static" / "revealjs" / "dist" / "theme"
        for file in {*themes.glob("*.css")} - {themes / "white.css"}:  # the slides have this one
            file.unlink()
        shutil.rmtree(themes / "fonts" / "league-gothic", ignore_errors=True)
        # 1.5 MB for every page; the theme's fonts have the same icons
        (new / "_static" / "scripts" / "fontawesome.js").write_text("", encoding="utf-8")
        print_sheet(new)

    whole_or_nothing(folder, fill)


def broken_links(file: Path) -> bool:
    """Follow every link of the pages, and write those that fail into a file, one a line. Whether there were any."""
    with tempfile.TemporaryDirectory() as temporary:
        source, found = Path(temporary) / "source", Path(temporary) / "found"
        write_source(source, [])
        os.environ["COURSE_REPOSITORY"] = teach.repository()
        build_main(["-q", "-b", "linkcheck", str(source), str(found)])
        links = map(json.loads, (found / "output.json").read_text(encoding="utf-8").splitlines())
        lines = [f"{link['filename']}: {link['uri']} ({link['info']})" for link in links if link["status"] == "broken"]
    file.write_text("\n".join(lines), encoding="utf-8")
    return bool(lines)


def gans() -> list[Path]:
    """The recorded runs with a generator to explore: all but the diffusion model."""
    return sorted(file.parent for file in (ROOT / "data" / "runs").glob("*/config.json"))


def write_source(source: Path, explorers: list[str] | None) -> None:
    """All pages as Sphinx reads them: those beside this file, the lessons, and one for each recorded run."""
    others = shutil.ignore_patterns("build.py", "outputs.py", "predict.py", "slides.py", "run.md", "readme",
                                    "__pycache__")
    shutil.copytree(SITE, source, ignore=others)
    static = source / "_static"
    for name in ("explorers", "thumbs"):
        (static / name).mkdir()
    write_programs(static / "explorers")
    (static / "duel.js").write_text(duel(), encoding="utf-8")
    shutil.rmtree(static / "duel")
    runs = [load_run(path.name) for path in gans()]
    told = {run.path.name: run_page(run, source, explorers) for run in runs}
    lessons = [lesson_page(path, source) for path in teach.lessons()]
    for page in teach.BESIDE:
        write_notebook(nbformat.read(page, 4), source / "notebooks" / page.name)
    for page, words in pages(lessons, told).items():
        file = source / page
        file.write_text(filled(file.read_text(encoding="utf-8"), words), encoding="utf-8")


def duel() -> str:
    """The script of the duel, with what it shares with the explorer."""
    files = [FOLDER / f"{name}.js" for name in ("latent", "painter", "tools")]
    files += [SITE / "_static" / "duel" / f"{name}.js" for name in DUEL]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    return f'(() => {{\n"use strict";\n{text}\n}})();\n'


def filled(text: str, words: dict[str, str]) -> str:
    """A page with each {{name}} replaced by its words."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: words[found[1]], text)


# ---- lessons


def lesson_page(path: Path, source: Path) -> dict:
    """A lesson as a page. Returns what its card says: `teach.header`, and "name", "can" and "thumb"."""
    lesson = nbformat.read(path, 4)
    about = teach.header(lesson) | {"name": path.stem, "can": in_the_readme()[path.name]}
    write_notebook(lesson, source / "notebooks" / path.name)
    about["thumb"] = thumb(lesson, source / "_static" / "thumbs" / path.stem)
    return about


def write_notebook(notebook: nbformat.NotebookNode, file: Path) -> None:
    """A lesson, or a page beside them, as Sphinx reads it, with its pictures beside it."""
    page = unbroken(at_home(teach.linked(copy.deepcopy(notebook))))
    if badge := re.search(BADGE, page.cells[0].source):
        outputs.without_checks(page, badge[1])
    page.cells[0].source = ABOUT.sub(about, page.cells[0].source)
    page.cells[0].source = DRAWN.sub(r'<div class="drawn">\g<0></div>', page.cells[0].source)
    if page.cells[-1].source.startswith("---\n"):  # links to the lessons beside it, which each page has at its foot
        page.cells.pop()
    code = [cell for cell in page.cells if cell.cell_type == "code"]
    for before, cell in itertools.pairwise([nbformat.v4.new_code_cell(), *code]):
        if cell.metadata.get("cellView") == "form":  # what fetches the course on a machine that is lent
            cell.metadata["tags"] = ["remove-cell"]
            continue
        if before.metadata.get("cellView") and cell.metadata.get("jupyter"):  # imports, and the machine that ran them
            cell.metadata["jupyter"]["outputs_hidden"] = True
            cell.metadata.setdefault("tags", []).append("imports")
        folded = cell.metadata.get("jupyter", {})  # what draws, and what is to be predicted
        parts = {"source_hidden": "hide-input", "outputs_hidden": "hide-output"}
        hidden = [tag for part, tag in parts.items() if folded.get(part)]
        tags = cell.metadata.get("tags", [])
        name = explored(file.stem, cell)
        if name and (file.parents[1] / "_static" / "explorers" / f"{name}.html").is_file():
            cell.outputs.append(nbformat.v4.new_output("display_data", {"text/html": FRAME.format(name=name)}))
        cell.metadata["tags"] = tags + (hidden if len(hidden) < 2 else ["hide-cell"])
    pictures = file.parent / teach.PICTURES
    pictures.mkdir(parents=True, exist_ok=True)
    for cell in page.cells:
        cell.source = UNDER_TITLE.sub(lambda found: f"{teach.PICTURES}/{of_data(found[1], pictures)}", cell.source)
        for data in (output.data for output in cell.get("outputs", []) if "text/html" in output.get("data", {})):
            shown = data["text/html"].replace(RUN, moves(file.stem, cell))
            data["text/html"] = outputs.tables(DATA_URI.sub(lambda found: as_file(found, pictures), shown))
    teach.hand_out(page, file)


def at_home(page: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Links to the published site as links between its pages, which need no network."""
    address = re.escape("https://{}.github.io/{}/".format(*teach.repository().split("/")))
    for cell in page.cells:
        cell.source = re.sub(rf"\]\({address}([\w/]+)\.html\)", r"](../\1.md)", cell.source)
    return page


def unbroken(page: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """No line of text ends between a bracket and the code in it."""
    for cell in page.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\((`[^`\n]+`)", r'<span class="keep">(\1</span>', cell.source)
    return page


@functools.cache  # some stand under several titles
def of_data(name: str, folder: Path) -> str:
    """The name of a picture of data/ as a file of the site; sheets of photographs are a quarter of their size there."""
    content = (ROOT / "data" / name).read_bytes()
    if name.endswith(("best.webp", ".png")):
        small = io.BytesIO()
        image = Image.open(io.BytesIO(content))
        image.convert("RGBA" if image.has_transparency_data else "RGB").save(small, "WEBP", quality=90)
        content = small.getvalue()
    return picture(content, folder)


def as_file(found: re.Match, folder: Path) -> str:
    """A picture of an output as a file, which takes three quarters of what it takes in HTML."""
    return f'src="{folder.name}/{picture(base64.b64decode(found[2]), folder)}"'


def picture(content: bytes, folder: Path) -> str:
    """Keep a picture under the name of its content, so that none is there twice. Films say what they are in their
    names, for films.js; a GIF becomes WebP, pixel by pixel the same and smaller."""
    kind = kind_of(content).removeprefix("image/").removesuffix("+xml")
    if kind in ("gif", "webp") and getattr(image := Image.open(io.BytesIO(content)), "n_frames", 1) > 1:
        kind, content = "film.webp", content if kind == "webp" else as_webp(image)
    name = f"{hashlib.sha256(content).hexdigest()[:16]}.{kind}"
    (folder / name).write_bytes(content)
    return name


def still(film: Path) -> None:
    """The last picture of a film beside it, for films.js to show whoever asked for less motion."""
    with Image.open(film) as image:
        image.seek(getattr(image, "n_frames", 1) - 1)
        last = image.convert("RGBA" if image.has_transparency_data else "RGB")
    last.save(film.with_suffix(".still.webp"), quality=85)


def as_webp(film: Image.Image, lossless: bool = True) -> bytes:
    """A film in colours is a third to two thirds smaller where pixels may change a little; one of digits is larger."""
    frames = [(frame.convert("RGB"), frame.info["duration"]) for frame in Iterator(film)]
    pictures, times = zip(*frames, strict=True)
    made = io.BytesIO()
    pictures[0].save(made, "WEBP", save_all=True, append_images=pictures[1:], duration=times, loop=0, lossless=lossless,
                     quality=50 if lossless else 80, method=4)
    return made.getvalue()


def about(found: re.Match) -> str:
    """What a lesson takes and gives, in a box with two columns."""
    colab, needs, goals, writes = found.groups()
    button = f'<a class="sd-btn sd-btn-primary" href="{colab}">Open in Colab</a>'
    return (f"::::{{div}} about\n:::{{div}} takes\n{needs}\n\n{writes}\n\n{button}\n:::\n"
            f":::{{div}} gives\n{goals}\n:::\n::::")


def explored(lesson: str, cell: nbformat.NotebookNode) -> str | None:
    """The run whose explorer a cell opens, or stands for."""
    opened = EXPLORED.search(cell.source)
    return opened[1] if opened else STANDS_FOR.get(lesson[:2]) if "explorer" in cell.metadata.get("tags", []) else None


def moves(lesson: str, cell: nbformat.NotebookNode) -> str:
    """Where that can be turned which can only be watched on the page of a lesson."""
    if name := explored(lesson, cell):
        return f'<a href="../gallery/{name}.html">Turn it yourself, on a page of its own.</a>'
    return TURNS.get(lesson[:2], "It moves in JupyterLab and in Colab.")


def in_the_readme() -> dict[str, str]:
    """{"00_start_here.ipynb": "check your machine ...", ...}: the last column of the README's lessons."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| \d\d \| \[[^\]]+\]\(notebooks/([^)]+)\).*\| ([^|]+) \|$", text, re.M))


def thumb(lesson: nbformat.NotebookNode, file: Path) -> str:
    """The name of the picture on a lesson's card: the end of what stands under its title, or for a drawing the lesson's
    first picture."""
    title = UNDER_TITLE.search(lesson.cells[0].source)
    if title:
        image = Image.open(ROOT / "data" / title[1])
    else:
        shown = [output.data.get("text/html", "") for cell in lesson.cells for output in cell.get("outputs", [])
                 if "data" in output]
        pictures = [code for html in shown for kind, code in DATA_URI.findall(html) if kind != "svg+xml"]
        if not pictures:
            raise UserError(f"{lesson.cells[0].source.splitlines()[0]}: shows no picture, expected one for its card")
        image = Image.open(io.BytesIO(base64.b64decode(pictures[0])))
    image.seek(getattr(image, "n_frames", 1) - 1)
    return webp(image, file)


def webp(image: Image.Image, file: Path) -> str:
    if image.has_transparency_data:  # what lies behind is a page; a card's picture has white behind it
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    image = image.convert("RGB")
    image.thumbnail((THUMB, THUMB))
    image.save(file.with_suffix(".webp"), quality=82)
    return f"{file.name}.webp"


# ---- recorded runs


def run_page(run: Run, source: Path, explorers: list[str] | None) -> dict:
    """A recorded run as a page of the gallery. Returns what its card says, and its explorer for the home page."""
    name, thumbs = run.path.name, source / "_static" / "thumbs"
    reason = why_no_explorer(run)
    drawn = not reason and (explorers is None or name in explorers)
    programs = source / "_static" / "explorers"
    about = write_generator(run, programs) if drawn else None
    if about:
        (programs / f"{name}.html").write_text(f"{ALONE}{section(about, '.')}</html>\n", encoding="utf-8")
    film = as_webp(Image.open(run.path / "training.gif"), lossless=run.config.nc == 1)
    (thumbs / f"{name}.film.webp").write_bytes(film)
    webp(Image.open(run.path / "best.webp"), thumbs / f"{name}-best")
    what, title = in_the_data()[name], words_of(run).get("title")
    words = {"name": name, "title": title or what[0].upper() + what[1:], "what": what if title else "",
             "command": command(run.config), "machine": about_machine(run), "numbers": numbers(run)}
    page = (SITE / "gallery" / "run.md").read_text(encoding="utf-8")
    page = filled(page, words | {"explorer": embedded(about, "../_static") or reason})
    (source / "gallery" / f"{name}.md").write_text(page, encoding="utf-8")
    return words | {"explorer": embedded(about, "_static")}


def why_no_explorer(run: Run) -> str:
    if not (run.path / "generator.safetensors").is_file():
        return "Kept without weights: no explorer."
    if run.config.image_size > 64:
        return f"No explorer here, for its size: `dcgan-course page {run.path.name} FOLDER` makes one."
    return ""


def numbers(run: Run) -> str:
    return "\n".join(score_table(run)) or "Nobody scored this run."


def embedded(about: dict | None, static: str) -> str:
    """An explorer for a page that finds the site's files at `static`; nothing where there is none."""
    return f"```{{raw}} html\n{section(about, f'{static}/explorers')}```" if about else ""


def in_the_data() -> dict[str, str]:
    """{"mnist": "digits, trained long", ...}: from the table of runs in data/README.md."""
    text = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \| `train ", text, re.M))


# ---- what is made of both


def pages(lessons: list[dict], runs: dict[str, dict]) -> dict[str, dict[str, str]]:
    """{page: {name: words}} for the pages beside this file."""
    repository, total = teach.repository(), sum(lesson["minutes"] for lesson in lessons)
    cards = [card(f"notebooks/{lesson['name']}.html", f"_static/thumbs/{lesson['thumb']}", lesson["title"],
                  f"{lesson['can'][0].upper()}{lesson['can'][1:]}.", f"{lesson['minutes']} minutes")
             for lesson in lessons]
    shown = [card(f"{name}.html", f"../_static/thumbs/{name}-best.webp", run["title"], run["what"], name)
             for name, run in runs.items()]
    return {
        "index.md": {"explorer": runs[HOME]["explorer"], "cards": "\n".join(cards), "hours": f"{total / 60:.0f}",
                     "lessons": str(len(lessons)), "first": lessons[0]["name"], "repository": repository,
                     "folder": repository.partition("/")[2],
                     "toc": "\n".join(f"notebooks/{path.stem}" for path in teach.pages())},
        "gallery/index.md": {"cards": "\n".join(shown), "toc": "\n".join(runs)},
        "questions.md": {"questions": questions()},
        "teach.md": {"sessions": teach.sessions(lessons), "plan": teach.lesson_plan(lessons), "slides": slides.links()},
        "cheatsheet.md": {"measuring": measuring(), "pdf": PDF if chromium.program() else "press Ctrl+P."},
    }


def questions() -> str:
    """The README's table of questions."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.search(r"^### Which lesson answers which question\n(.+?)^\*\*", text, re.M | re.S)[1].strip()


def measuring() -> str:
    """The table of what each number is for, from the lesson on measuring."""
    text = "\n".join(cell.source for path in teach.lessons() for cell in nbformat.read(path, 4).cells)
    return re.search(r"^\| the question \|.+?(?=\n\n|\Z)", text, re.M | re.S)[0]


# ---- what Chromium prints


def print_sheet(new: Path) -> None:
    """cheatsheet.pdf beside its page, where there is a Chromium."""
    if program := chromium.program():
        subprocess.run([program, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
                        f"--print-to-pdf={new / 'cheatsheet.pdf'}", (new / "cheatsheet.html").resolve().as_uri()],
                       check=True, capture_output=True, timeout=300)


def card(link: str, picture: str, title: str, text: str, foot: str) -> str:
    title, text, foot = (html.escape(words.replace("`", "")) for words in (title, text, foot))
    return (f'<a class="card-link" href="{link}"><img src="{picture}" alt="" loading="lazy"><h3>{title}</h3>'
            f"<p>{text}</p><p class=\"foot\">{foot}</p></a>")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if sys.argv[1] == "--links":
        sys.exit(broken_links(Path(sys.argv[2])))
    try:
        build(Path(sys.argv[1]), sys.argv[2:] or None)
    except UserError as error:
        sys.exit(str(error))
