"""Pictures that a slider below them moves, without a kernel. JupyterLab lets a stored output that it does not trust
keep a style, but neither scripts nor the attribute `hidden`: there the slider is not seen, one picture stands still,
and a line says what to do. A picture, once it is loaded, puts the slider in that line's place: both stand before it
for that, and are seen below it."""

import html
import zlib
from collections.abc import Mapping

from ..machine.display import framed, image_html
from .showing import Picture, Shown, filed
from .style import ORANGE, PAGE

REVEAL = ("onload=\"const figure = this.closest('figure'); figure.querySelector('.unmoved').style.display = 'none'; "
          "figure.querySelector('input').style.display = 'block'\"")
UNMOVED = '<div class="unmoved" style="order:1;opacity:0.85">Run the cell, and a slider appears.</div>'
SLIDER = "display:none;order:1;width:100%;margin:4px 0"
FILLING = "display:block;width:100%;height:auto"


def show_wiped(left: Picture, right: Picture, caption: str, alts: tuple[str, str]) -> None:
    """Show two pictures of one size as one, divided by a line that a slider below it moves. Where no script may run it
    stays in the middle.

    Args:
        left: what is seen left of the line, as for `show`.
        right: what is seen right of it.
        caption: what to look for.
        alts: what is to be seen on each, for those who cannot.
    """
    from IPython.display import display

    (first, own), (second, _) = filed(left), filed(right)
    under = image_html(first, alts[0], more=f'style="{FILLING}" {REVEAL}')
    over = image_html(second, alts[1], more='style="position:absolute;right:0;top:0;height:100%;max-width:none"')
    cut = ("position:absolute;right:0;top:0;width:50%;height:100%;overflow:hidden;box-sizing:border-box;"
           "border-left:3px solid white")
    slider = ('<input type="range" min="0" max="100" step="0.5" value="50" aria-label="where the line stands" '
              f'style="{SLIDER}" oninput="this.nextElementSibling.lastElementChild'
              ".style.width = (100 - this.value) + '%'\">")
    inside = f'{UNMOVED}{slider}<div style="position:relative">{under}<div style="{cut}">{over}</div></div>'
    display(Shown(framed(as_wide(inside, own), caption), "; ".join(alts)))


def show_turned(pictures: Mapping[str, Picture], caption: str, alt: str, first: int = 0,
                beside: tuple[str, Picture] | None = None, width: int | None = None, above: bool = False,
                across: int | None = None) -> None:
    """Show one of several pictures of one size, which a slider chooses, or a click on a grid. Where no script may run,
    the first.

    Args:
        pictures: what is seen at each place of the slider, as for `show`, under what is said of it there.
        caption: what to look for.
        alt: what is to be seen in all of them, for those who cannot.
        first: which one is seen before the slider is moved, from 0.
        beside: words and a picture of the same size that stays, left of them, or above them on a phone.
        width: of one of the pictures on the page, in pixels; None = its own.
        above: the slider and the words stand above the picture, as a high one needs, and not below it.
        across: the picture beside is a grid with a place for each picture, so many in a row, in the order of the
            slider. It stands above them, in its own size, with a frame around the chosen place.
    """
    from IPython.display import display

    places, names = [], list(pictures)
    for i, (words, picture) in enumerate(pictures.items()):
        content, own = filed(picture)
        image = image_html(content, f"{alt}: {words}", more=f'style="{FILLING}" {REVEAL if i == first else ""}')
        said = f'<div style="margin-{"bottom" if above else "top"}:6px">{html.escape(words)}</div>'
        places.append(f'<div style="display:{"block" if i == first else "none"}">'
                      f"{said + image if above else image + said}</div>")
    looks = SLIDER.replace("order:1;", "") if above else SLIDER
    start, listed = "", ""
    if 0 < first < len(names) - 1:  # a place between the ends is found again by a mark
        name = f"start-{zlib.crc32(repr((names, alt, first)).encode()):08x}"
        start, listed = f'<datalist id="{name}"><option value="{first}"></option></datalist>', f' list="{name}"'
    moved = ("; const frame = this.closest('figure').querySelector('.chosen').style; "
             f"frame.left = this.value % {across} * parseFloat(frame.width) + '%'; "
             f"frame.top = Math.floor(this.value / {across}) * parseFloat(frame.height) + '%'" if across else "")
    slider = (f'{start}<input type="range"{listed} min="0" max="{len(names) - 1}" value="{first}" '
              'aria-label="which of the pictures" '
              f'aria-valuetext="{html.escape(names[first])}" style="{looks}" oninput="'
              "[...this.nextElementSibling.children].forEach((place, i) => place.style.display = "
              "i == this.value ? 'block' : 'none'); this.setAttribute('aria-valuetext', "
              f'this.nextElementSibling.children[this.value].textContent){moved}">')
    inside = as_wide(f"{UNMOVED}{slider}<div>{''.join(places)}</div>", width or own)
    if beside:
        content, its = filed(beside[1])
        still = (grid_html(content, beside[0], across, len(names), first) if across
                 else image_html(content, beside[0], more=f'style="{FILLING}"'))
        order = "flex-direction:column" if across else "flex-wrap:wrap"
        inside = (f'<div style="display:flex;{order};gap:12px;width:fit-content;max-width:100%">'
                  f"{as_wide(still, its if across else width or its)}{inside}</div>")
    display(Shown(framed(inside, caption), f"{alt}: {names[first]}"))


def grid_html(content: bytes, alt: str, across: int, count: int, first: int) -> str:
    """A picture of a grid of `count` places, `across` in a row: a click on one moves the slider of the same figure, and
    the slider the frame around the chosen place, which `first` is at the start."""
    down = -(-count // across)
    image = image_html(content, alt, more=(
        f'style="{FILLING}" onload="this.style.cursor = \'pointer\'" '
        "onclick=\"const slider = this.closest('figure').querySelector('input'); "
        f"slider.value = Math.floor(event.offsetX / this.clientWidth * {across}) "
        f"+ {across} * Math.floor(event.offsetY / this.clientHeight * {down}); "
        "slider.dispatchEvent(new Event('input'))\""))
    wide, high = 100 / across, 100 / down
    frame = (f"position:absolute;left:{first % across * wide}%;top:{first // across * high}%;width:{wide}%;"
             f"height:{high}%;box-sizing:border-box;border:3px solid {ORANGE};pointer-events:none")
    return f'<div style="position:relative">{image}<div class="chosen" style="{frame}"></div></div>'


def as_wide(inside: str, width: int) -> str:
    """HTML as wide as its picture, and at most as the page."""
    return f'<div style="display:flex;flex-direction:column;width:{min(PAGE, width)}px;max-width:100%">{inside}</div>'
