"""Pictures that a slider below them moves, without a kernel. JupyterLab lets a stored output that it does not trust
keep a style, but neither scripts nor the attribute `hidden`: there the slider is not seen, and one picture stands
still. A picture, once it is loaded, reveals the slider, which stands before it for that, and is seen below it."""

import html
import zlib
from collections.abc import Mapping

from ..machine.display import framed, image_html
from .showing import Picture, Shown, filed
from .style import PAGE

REVEAL = "onload=\"this.closest('figure').querySelector('input').style.display = 'block'\""
SLIDER = "display:none;order:1;width:100%;margin:4px 0"


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
    under = image_html(first, alts[0], more=f'style="display:block;width:100%;height:auto" {REVEAL}')
    over = image_html(second, alts[1], more='style="position:absolute;right:0;top:0;height:100%;max-width:none"')
    cut = ("position:absolute;right:0;top:0;width:50%;height:100%;overflow:hidden;box-sizing:border-box;"
           "border-left:3px solid white")
    slider = ('<input type="range" min="0" max="100" step="0.5" value="50" aria-label="where the line stands" '
              f'style="{SLIDER}" oninput="this.nextElementSibling.lastElementChild'
              ".style.width = (100 - this.value) + '%'\">")
    inside = f'{slider}<div style="position:relative">{under}<div style="{cut}">{over}</div></div>'
    display(Shown(framed(as_wide(inside, own), caption), "; ".join(alts)))


def show_turned(pictures: Mapping[str, Picture], caption: str, alt: str, first: int = 0,
                beside: tuple[str, Picture] | None = None, width: int | None = None, above: bool = False) -> None:
    """Show one of several pictures of one size, which a slider chooses. Where no script may run, the first.

    Args:
        pictures: what is seen at each place of the slider, as for `show`, under what is said of it there.
        caption: what to look for.
        alt: what is to be seen in all of them, for those who cannot.
        first: which one is seen before the slider is moved, from 0.
        beside: words and a picture of the same size that stays, left of them, or above them on a phone.
        width: of one of the pictures on the page, in pixels; None = its own.
        above: the slider and the words stand above the picture, as a high one needs, and not below it.
    """
    from IPython.display import display

    places, names = [], list(pictures)
    for i, (words, picture) in enumerate(pictures.items()):
        content, own = filed(picture)
        image = image_html(content, f"{alt}: {words}", more='style="display:block;width:100%;height:auto" '
                                                            f"{REVEAL if i == first else ''}")
        said = f'<div style="margin-{"bottom" if above else "top"}:6px">{html.escape(words)}</div>'
        places.append(f'<div style="display:{"block" if i == first else "none"}">'
                      f"{said + image if above else image + said}</div>")
    looks = SLIDER.replace("order:1;", "") if above else SLIDER
    start, listed = "", ""
    if 0 < first < len(names) - 1:  # a place between the ends is found again by a mark
        name = f"start-{zlib.crc32(repr((names, alt, first)).encode()):08x}"
        start, listed = f'<datalist id="{name}"><option value="{first}"></option></datalist>', f' list="{name}"'
    slider = (f'{start}<input type="range"{listed} min="0" max="{len(names) - 1}" value="{first}" '
              'aria-label="which of the pictures" '
              f'aria-valuetext="{html.escape(names[first])}" style="{looks}" oninput="'
              "[...this.nextElementSibling.children].forEach((place, i) => place.style.display = "
              "i == this.value ? 'block' : 'none'); this.setAttribute('aria-valuetext', "
              'this.nextElementSibling.children[this.value].textContent)">')
    inside = as_wide(f"{slider}<div>{''.join(places)}</div>", width or own)
    if beside:
        still = image_html(filed(beside[1])[0], beside[0], more='style="display:block;width:100%;height:auto"')
        inside = (f'<div style="display:flex;flex-wrap:wrap;gap:12px;width:fit-content;max-width:100%">'
                  f"{as_wide(still, width or own)}{inside}</div>")
    display(Shown(framed(inside, caption), f"{alt}: {names[first]}"))


def as_wide(inside: str, width: int) -> str:
    """HTML as wide as its picture, and at most as the page."""
    return f'<div style="display:flex;flex-direction:column;width:{min(PAGE, width)}px;max-width:100%">{inside}</div>'
