"""How lessons show pictures: for every viewer, with a caption, and with words for those who cannot see them."""

import base64
import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from IPython.core.formatters import DisplayFormatter
from PIL import Image

from dcgan_course.plots import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    STYLE,
    card,
    curves,
    dots,
    forest,
    notebook_picture,
    rows_of_points,
    saved,
    show,
    show_beside,
    show_cards,
    show_moments,
    show_rows,
    show_table,
    show_wiped,
    showing,
    under_sliders,
)
from dcgan_course.plots.showing import sheet
from dcgan_course.plots.tables import rounded
from dcgan_course.sampling import image_grid

STATS = [{"kimg": k, "loss_D": 1 / k, "loss_G": k, "D_x": 0.8, "D_G_z": 0.2} for k in (1, 2, 3)]
DIGITS = torch.rand(32, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.fixture
def shown(monkeypatch):
    """What was displayed: (kind, content, alt, width, caption) of the last one."""
    bundles = []
    monkeypatch.setattr("IPython.display.display", lambda what: bundles.append(DisplayFormatter().format(what)[0]))

    def last():
        (bundle,) = bundles
        assert bundle.keys() == {"text/html", "text/plain"}
        first, html = bundle["text/html"].split("\n", 1)
        assert first == " "  # which JupyterLab shows instead of a folded output, and not HTML
        found = re.fullmatch(r'<figure [^>]*><img src="data:([^;]+);base64,([^"]+)" alt="([^"]+)" width="(\d+)" [^>]*>'
                             r"<figcaption [^>]*>(.+)</figcaption></figure>", html)
        kind, content, alt, width, caption = found.groups()
        assert bundle["text/plain"] == "two &lines" and alt == "two &amp;lines"
        return kind, base64.b64decode(content), int(width), caption

    return last


def test_lines_stay_lines(shown):
    show(curves(STATS), "losses < 2", "two &lines")
    kind, content, width, caption = shown()
    assert kind == "image/svg+xml" and b"<svg" in content and caption == "losses &lt; 2" and 800 <= width <= 848
    assert b"#0072b2" in content and b"#d55e00" in content


@pytest.mark.parametrize(("loss", "levels"), [
    ("non_saturating", [[1.386, 0.693], [0.5]]), ("minimax", [[1.386, -0.693], [0.5]]), ("hinge", [[], []]),
    ("wasserstein", [[], []])])
def test_dashed_is_what_a_guessing_d_would_have(loss, levels):
    """The numbers of the package's losses at D's answer 0.5; where no answer is a guess there is no line."""
    from dcgan_course.losses import d_loss, g_loss

    panels = curves(STATS, loss=loss).axes
    dashed = [[line for line in axes.lines if line.get_linestyle() == "--"] for axes in panels]
    found = [[line.get_ydata()[0] for line in lines] for lines in dashed]
    assert found == [pytest.approx(of, abs=1e-3) for of in levels]
    assert ("guessed" in panels[0].get_title()) == bool(levels[0])
    if levels[0]:
        zero = torch.zeros(4)
        assert [d_loss(zero, zero, loss).item(), g_loss(zero, loss).item()] == pytest.approx(levels[0], abs=1e-3)
        assert [line.get_color() for line in dashed[0]] == [BLUE, ORANGE]


def test_pictures_in_figures_are_pixels(shown):
    with plt.style.context(STYLE):
        figure, axes = plt.subplots(1, 2, figsize=(4, 2))
    axes[0].imshow(DIGITS[0, 0])
    show(figure, "a digit", "two &lines")
    kind, content, width, _ = shown()
    picture = Image.open(io.BytesIO(content))
    assert kind in ("image/png", "image/webp") and picture.width == pytest.approx(2 * width, abs=1)
    assert figure.number not in plt.get_fignums()  # nothing shows it a second time
    assert picture.getpixel((1, 1))[3] == 0  # what lies behind is the page, light or dark


@pytest.mark.parametrize("what", ["bytes", "path", "picture", "svg"])
def test_files_are_shown_as_they_are(shown, tmp_path, what):
    Image.new("RGB", (60, 40), "blue").save(tmp_path / "a.gif")
    whats = {"bytes": (tmp_path / "a.gif").read_bytes(), "path": tmp_path / "a.gif",
             "picture": Image.open(tmp_path / "a.gif"), "svg": "<svg xmlns='http://www.w3.org/2000/svg'/>"}
    show(whats[what], "blue", "two &lines", width=None if what != "path" else 120)
    kind, content, width, _ = shown()
    assert (kind, width) == {"bytes": ("image/gif", 60), "path": ("image/gif", 120), "picture": ("image/webp", 60),
                             "svg": ("image/svg+xml", 848)}[what]
    assert what == "picture" or content == (whats["bytes"] if what != "svg" else whats["svg"].encode())


@pytest.mark.parametrize("n, size, columns, times", [(1, 28, 1, 4), (5, 28, 5, 4), (32, 28, 8, 3), (33, 28, 6, 3),
                                                     (64, 28, 8, 2), (100, 28, 10, 2), (16, 64, 8, 1), (17, 64, 12, 1)])
def test_tiles_are_large_enough(n, size, columns, times):
    """At least 40 pixels, enlarged by a whole number, in full rows where that goes."""
    content, width = sheet(torch.rand(n, 3, size, size))
    rows = -(-n // columns)
    expected = (28, 28) if n == 1 else (columns * (size + 2) + 2, rows * (size + 2) + 2)
    assert Image.open(io.BytesIO(content)).size == (times * expected[0], times * expected[1])
    assert width == times * expected[0] and times * size >= 40


def images(html):
    """(kind, content, alt, width) of each picture in HTML."""
    found = re.findall(r'<img src="data:([^;]+);base64,([^"]+)" alt="([^"]+)"(?: width="(\d+)")?', html)
    return [(kind, base64.b64decode(code), alt, int(width or 0)) for kind, code, alt, width in found]


def test_the_picture_of_a_training_has_curves_beside_it(monkeypatch):
    """Twice as large where there is room; the curves as far as the training is, on the axis of all of it."""
    told, lines, until = [], [], []
    handle = type("Handle", (), {"update": lambda self, bundle, raw: told.append(bundle)})
    monkeypatch.setattr("IPython.display.display", lambda *_, **options: handle())
    drawing = showing.curves
    monkeypatch.setattr(showing, "curves", lambda *args: until.append(args[2]) or drawing(*args))
    tell = notebook_picture(lambda: lines, 40.0)
    tell(Image.new("L", (242, 242)), "0 thousand images")
    lines += STATS
    tell(Image.new("L", (242, 242)), "3 thousand images")
    tell(Image.new("RGB", (530, 530)), "4 thousand images")
    tell(Image.new("RGB", (1042, 1042)), "5 thousand images")
    alone, small, large, huge = (images(bundle["text/html"]) for bundle in told)
    assert len(alone) == 1 and until == [40.0] * 3
    for (tiles, curve), size, width in ((small, 484, 484), (large, 530, 530), (huge, 1042, 560)):
        assert tiles[2].startswith("a sheet of generated images after ") and tiles[3] == width
        assert Image.open(io.BytesIO(tiles[1])).size == (size, size)
        assert curve[0] == "image/svg+xml" and 830 < width + curve[3] < 848  # both on the page, with a space
        across, down = (float(x) for x in re.search(rb'width="([\d.]+)pt" height="([\d.]+)pt"', curve[1]).groups())
        assert down / across == pytest.approx(width / curve[3], rel=0.01)  # as high as the sheet
    assert "3 thousand images</figcaption>" in told[1]["text/html"] and told[1]["text/plain"] == small[0][2]


def test_a_short_last_line_is_left_out():
    """Its point would jump: it is the mean of few steps."""
    lines = [{"kimg": kimg} for kimg in (1.6, 3.2, 4.8, 5.2)]
    assert showing.full(lines) == lines[:3] and showing.full(lines[:3]) == lines[:3]
    assert showing.full(lines[2:]) == lines[2:] and not showing.full([])


def test_pictures_side_by_side(monkeypatch):
    """Each with its words and its own width, of which a narrow page leaves at least seven tenths, or a line."""
    bundles = []
    monkeypatch.setattr("IPython.display.display", lambda what: bundles.append(DisplayFormatter().format(what)[0]))
    show_beside({"eight digits": DIGITS[:8], "two < three": DIGITS[:8]}, "left < right")
    html = bundles[0]["text/html"]
    first, second = images(html)
    assert (first[2], second[2]) == ("eight digits", "two &lt; three") and first[3] == second[3] > 300
    assert html.count(f"flex:{first[3]} 1 {0.7 * first[3]:.0f}px") == 2 and "flex-wrap:wrap" in html
    assert "left &lt; right</figcaption>" in html and bundles[0]["text/plain"] == "eight digits; two < three"


def test_two_pictures_with_a_line_between(monkeypatch):
    """Both with words; the slider is not there before a script has shown it (tests/browser moves it)."""
    bundles = []
    monkeypatch.setattr("IPython.display.display", lambda what: bundles.append(DisplayFormatter().format(what)[0]))
    show_wiped(DIGITS[:8], -DIGITS[:8], "left < right", ("eight digits", "eight digits, black on white"))
    html = bundles[0]["text/html"]
    (first, second), (slider,) = images(html), re.findall("<input [^>]*>", html)
    assert (first[2], second[2]) == ("eight digits", "eight digits, black on white") and first[1] != second[1]
    assert "display:none" in slider and "left &lt; right</figcaption>" in html
    assert bundles[0]["text/plain"] == "eight digits; eight digits, black on white"


def test_a_grey_tile_says_so():
    """And no other one: nobody takes it for a picture that failed."""
    images = DIGITS[:4].clone()
    images[2] = 0
    pixels = np.asarray(Image.open(io.BytesIO(sheet(images)[0])).convert("L")).astype(int)
    side = pixels.shape[1] // 4
    grey = pixels[4:-4, 2 * side + 6 : 3 * side - 2]
    assert np.median(grey) == 128 and 0.02 < (grey < 100).mean() < 0.3  # the words
    images[2, 0, 0, 0] = 1.6 / 127.5
    near = np.asarray(Image.open(io.BytesIO(sheet(images)[0])).convert("L")).astype(int)
    assert (near[6:-3, 2 * side + 6 : 3 * side - 2] != pixels[6:-3, 2 * side + 6 : 3 * side - 2]).any()  # other words
    images[2] = DIGITS[2]
    plain = np.asarray(Image.open(io.BytesIO(sheet(images)[0])).convert("L")).astype(int)
    assert (plain[:, : 2 * side] == pixels[:, : 2 * side]).all() and len(np.unique(plain)) > 100
    images[2] = 0
    silent = np.asarray(Image.open(io.BytesIO(sheet(images, lettered=False)[0])).convert("L"))
    assert (silent[4:-4, 2 * side + 6 : 3 * side - 2] == 128).all()


def test_a_coloured_picture_is_exact_where_that_is_small():
    """Enlarged tiles under a coloured line are; a photograph is not."""
    tiles = np.asarray(Image.open(io.BytesIO(sheet(DIGITS)[0])).convert("RGB")).copy()
    tiles[:3] = (0, 114, 178)
    assert (np.asarray(Image.open(io.BytesIO(saved(Image.fromarray(tiles)))).convert("RGB")) == tiles).all()
    photograph = Image.effect_noise((300, 200), 20).convert("RGB")
    photograph.putpixel((0, 0), (255, 0, 0))
    exact = io.BytesIO()
    photograph.save(exact, "WEBP", lossless=True)
    assert len(saved(photograph)) < 0.8 * len(exact.getvalue())


def test_a_drawing_is_short_and_the_same(shown):
    """No thousandths of a point, no line breaks; the letters keep their scale, which is a small number."""
    show(curves(STATS), "losses", "two &lines")
    text = shown()[1].decode()
    assert not re.search(r"\d\d\.\d{3}", text) and "\n" not in text
    scales = re.findall(r"scale\(([\d.]+) ", text)
    assert scales and min(map(float, scales)) > 0.01 and any(len(scale) > 4 for scale in scales)


def of_colour(picture, colour):
    """Where a picture has a colour: (rows, columns)."""
    return np.nonzero((np.asarray(picture.convert("RGB")) == [int(colour[k : k + 2], 16) for k in (1, 3, 5)]).all(2))


def test_a_card_shows_pictures_curves_and_words():
    """Two pixels in the file for each of the page: sixteen pictures, D(x) = 0.8 above D(G(z)) = 0.2, then words."""
    greys = torch.linspace(-1, 0, 20)[:, None, None, None].expand(20, 1, 28, 28)
    plain, drawn = card(greys, "title"), card(greys, "title", STATS)
    pixels = np.asarray(plain)
    assert plain.width == 2 * 256 and plain.height == 2 * (28 + 244 + 8)
    places = [pixels[2 * (28 + 4 + 60 * row + 28), 2 * (4 + 4 + 60 * column + 28)] for row in range(4)
              for column in range(4)]
    expected = ((greys[:16, 0, 0, 0] + 1) * 127.5).round()
    assert [place[0] for place in places] == pytest.approx(expected.tolist())
    assert not len(of_colour(plain, BLUE)[0])
    few = np.asarray(card(greys[:4], "title"))
    assert few.shape[:2] == (2 * (28 + 248 + 8), 2 * 256)  # two in a row
    corners = [few[2 * (28 + y), 2 * (4 + x), 0] for y in (62, 186) for x in (62, 186)]
    assert corners == [place[0] for place in places[:4]]
    blue, orange = (of_colour(drawn, colour)[0] / 2 - 280 for colour in (BLUE, ORANGE))  # below the pictures
    assert 8 < blue.min() <= blue.max() < 18 < 34 < orange.min() <= orange.max() < 44  # of 52
    worded = card(greys, "title", STATS, {"sign": "nothing but grey " * 4, "fix": "light"})
    assert (worded.height - drawn.height) % (2 * 21) == 0 and worded.height >= drawn.height + 3 * 36
    assert 0.02 < (np.asarray(worded)[drawn.height :, :, 3] > 0).mean() < 0.5  # words, and the page behind them


def test_cards_wrap(monkeypatch):
    """Two in a row here, and on a phone; the last one of three leaves a place free, so that it is no larger there."""
    bundles = []
    monkeypatch.setattr("IPython.display.display", lambda what: bundles.append(DisplayFormatter().format(what)[0]))
    cards = [Image.new("RGB", (40, height), colour) for height, colour in ((30, BLUE), (60, ORANGE), (20, BLUE))]
    show_cards(cards, "three", "two &lines", columns=2)
    ((html, words),) = [(bundle["text/html"], bundle["text/plain"]) for bundle in bundles]
    assert words == "two &lines" and "max-width:56px" in html and ">three</figcaption>" in html
    style = 'style="flex:1 1 48%;min-width:132px;max-width:20px'
    assert html.count(f"{style};height:auto") == 3 and html.count(f'<div {style}"></div>') == 1
    assert re.findall(r'alt="([^"]+)" width="20"', html) == ["two &amp;lines (1 of 3)", *(
        f"{i} of 3, as told there" for i in (2, 3))]
    found = [Image.open(io.BytesIO(base64.b64decode(code))) for code in re.findall(r'base64,([^"]+)', html)]
    assert [picture.size for picture in found] == [card.size for card in cards]


def test_rows_have_names(shown):
    """As wide as the page; a row that is all of a grey says so; the page lies behind the names."""
    show_rows({"digits": DIGITS[:14], "black": torch.full((14, 1, 28, 28), -1.0)}, "two rows", "two &lines")
    kind, content, width, caption = shown()
    picture = np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))
    high, wide, _ = picture.shape
    assert kind == "image/webp" and width == 848 <= wide < 2 * 848 and caption == "two rows"
    names = [rows for rows in range(high) if (picture[rows, :, 3] == 0).mean() > 0.5]
    assert names and 0.2 < len(names) / high < 0.6
    last = picture[-60:, :, 0]
    assert (last < 30).mean() > 0.5 and (last > 200).mean() > 0.01  # "every pixel 0"


def test_rows_may_be_without_letters(shown):
    show_rows({"black": torch.full((14, 1, 28, 28), -1.0)}, "a row", "two &lines", lettered=False)
    picture = np.asarray(Image.open(io.BytesIO(shown()[1])).convert("RGB"))
    assert (picture[-60:, :, 0] > 200).mean() < 0.01


def test_heads_stand_above_the_columns(shown):
    """Each in the middle of its columns, over a line where there are several; below them a row may have more lines."""
    show_rows({"": DIGITS[:8]}, "two lines", "two &lines", heads=["a", "", "", "b"])
    _, content, width, _ = shown()
    picture = np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))
    high, wide, _ = picture.shape
    side, seen = (wide - 6) / 4, picture[..., 3] > 0
    assert width == 4 * 72 and 2 * side < high < 3 * side
    line = seen[: 2 * 20].sum(1).argmax()  # above the sheet, in twice the height of the letters
    assert 3 * side > seen[line].sum() > 0.8 * 3 * side and not seen[line, int(3 * side):].any()
    a, b = (np.flatnonzero(part.any(0)).mean() for part in np.split(seen[: line - 1], [int(3 * side)], axis=1))
    assert abs(a - 1.5 * side) < 4 and abs(b - 0.5 * side) < 4


def test_moments_are_rows_below_their_clocks(tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr("dcgan_course.plots.cards.show_rows", lambda *all: told.append(all))
    for name, images in (("a", DIGITS[:16]), ("b", -DIGITS[:16])):
        Image.fromarray(image_grid(images, 8).numpy()).save(tmp_path / f"{name}.png")
    show_moments([(0.5, tmp_path / "a.png"), (2.0, tmp_path / "b.png")], "two moments", "two rows", n=10)
    ((rows, caption, alt),) = told
    assert list(rows) == ["after 0.5 thousand images", "after 2 thousand images"] and caption == "two moments"
    first, second = rows.values()
    assert first.shape == (10, 3, 28, 28) and (first[:, :1] - DIGITS[:10]).abs().max() < 0.01
    assert (second[:, :1] + DIGITS[:10]).abs().max() < 0.01


def test_a_forest_shows_ratios_and_their_numbers(shown):
    """In their order from the top; each in the colour of its verdict, with its interval beside it."""
    rows = {"first": (0.5, 0.4, 0.625, "better"), "second": (1.1, 0.8, 1.5, "undecided"), "third": (4, 3, 9, "worse")}
    figure = forest(rows, "times the distance", [0.5, 1, 2, 4])
    (axes,) = figure.axes
    lines = [line for line in axes.lines if len(line.get_xdata()) == 2][1:]  # the first is that of equals
    assert [[*line.get_xdata()] for line in lines] == [[0.4, 0.625], [0.8, 1.5], [3, 9]]
    assert [line.get_color() for line in lines] == [GREEN, GREY, ORANGE]
    assert [text.get_text() for text in axes.texts][2] == "4.00  (3.00 to 9.00)"
    assert [label.get_text() for label in axes.get_yticklabels()] == [*rows]
    bottom, top = axes.get_ylim()
    assert bottom > 2 > 0 > top
    show(figure, "three", "two &lines")
    assert shown()[0] == "image/svg+xml"


def test_dots_and_points():
    frame = pd.DataFrame({"judge": [10, 90, 50], "witness": [5, 80, 70]}, ["a", "b", "c"])
    (axes,) = dots(frame, "%", gaps=2).figure.axes
    first, second, border = axes.lines
    assert [*first.get_xdata()] == [10, 90, 50] and [*second.get_xdata()] == [5, 80, 70]
    assert first.get_color() != second.get_color() and [*border.get_ydata()] == [1.5, 1.5]
    assert [*first.get_ydata()] == [*second.get_ydata()] == [0, 1, 2]
    (axes,) = dots(frame.assign(witness=[9, 80, 70]), "%").axes
    assert [*axes.lines[0].get_ydata()] == [-0.1, 1, 2] and [*axes.lines[1].get_ydata()] == [0.1, 1, 2]
    (axes,) = rows_of_points({"base": [1.0, 4.0], "other": [9.0]}, "distance", [1, 3]).axes
    base, mean, other, _ = axes.lines
    assert base.get_color() != other.get_color() and [*mean.get_xdata()] == pytest.approx([2.0])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["1", "3"] and axes.get_xlim()[0] > 0.5
    crowd, _, far, _ = rows_of_points({"near": [203, 198, 200, 201], "far": [1, 10, 100]}, "fd", [1]).axes[0].lines
    assert [*crowd.get_xdata()] == [198, 200, 201, 203] and len({*crowd.get_ydata()[:3]}) == 3  # beside one another
    assert max(abs(crowd.get_ydata())) < 0.5 and [*far.get_ydata()] == [1, 1, 1]


def test_sliders_stand_where_they_are_said_to():
    face = Image.new("RGB", (60, 80), GREEN)
    knobs = [of_colour(under_sliders(face, {"a": value, "b": 0}, -3, 3), BLUE) for value in (-3, 0, 3)]
    first, second, third = (columns[rows < 34].mean() for rows, columns in knobs)
    assert second - first == pytest.approx(third - second, abs=1) and third - first == pytest.approx(190, abs=1)
    rows, columns = knobs[0]
    assert columns[rows >= 34].mean() == pytest.approx(second, abs=1)


def test_a_long_table_is_folded(monkeypatch):
    told = []
    monkeypatch.setattr("IPython.display.display", lambda what: told.append(what))
    for fold in ("", "all < of it"):
        show_table(pd.DataFrame({"n": [1]}, ["a"]), "caption", fold=fold)
    plain, folded = told
    assert repr(plain) == repr(folded) and "<details>" not in plain.html
    assert folded.html.startswith("<details><summary") and "all &lt; of it</summary>" in folded.html
    assert plain.html in folded.html


def test_a_table_says_the_same_in_a_terminal(monkeypatch, capsys):
    """With the words of a terminal, which are compared; the signs are there where the colours are not."""
    frame = pd.DataFrame({"distance": [27.71, 10941.3, float("nan")], "judge's <note>": ["a & b", "0.95 ± 0.01", "x"],
                          "images": [60000, 5, 7]}, ["DCGAN", "without batch norm", "c"])
    marks = pd.DataFrame([[0, 0, 1], [-1, 0, 0], [0, 0, 0]], frame.index, frame.columns)
    bundles = []
    monkeypatch.setattr("IPython.display.display", lambda what: bundles.append(DisplayFormatter().format(what)[0]))
    show_table(frame, "Smaller is better.", marks)
    lines = bundles[0]["text/plain"].splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["DCGAN", "27.7", "a", "&", "b", "60,000", "✓"],
        ["without", "batch", "norm", "10,941", "✗", "0.95", "±", "0.01", "5"], ["c", "–", "x", "7"],
        ["Smaller", "is", "better."]]
    html = bundles[0]["text/html"]
    assert '<b style="color:#D55E00">10,941 ✗</b>' in html and '<b style="color:#009E73">60,000 ✓</b>' in html
    assert html.count("<b ") == 2 and "a &amp; b" in html and "&lt;note&gt;" in html
    monkeypatch.undo()
    show_table(frame.iloc[:1])
    assert capsys.readouterr().out.splitlines()[1].split() == ["DCGAN", "27.7", "a", "&", "b", "60,000"]


def test_words_in_a_table_stand_flush_left(monkeypatch):
    """A column of words alone, with its name; numbers, as texts too, stand as the page has them."""
    told = []
    monkeypatch.setattr("IPython.display.display", told.append)
    show_table(pd.DataFrame({"a & b": ["better", "z < 1"], "n": ["3 seeds", "none"], "x": [1.5, 2.5]}, ["r", "s"]))
    left = '<div style="text-align:left">{}</div>'
    assert told[0].html.count("text-align:left") == 3
    assert all(left.format(words) in told[0].html for words in ("a &amp; b", "better", "z &lt; 1"))
    assert "text-align" not in repr(told[0])


def test_names_of_rows(monkeypatch):
    """A short one is one line, and the name of them all has no row of its own."""
    told = []
    monkeypatch.setattr("IPython.display.display", told.append)
    names = pd.Index(["10 steps", "a name of many letters", "a & b"], name="settings")
    show_table(pd.DataFrame({"n": [1, 2, 3]}, names))
    space = "\N{NO-BREAK SPACE}"
    assert all(f"<th>{name}</th>" in told[0].html for name in
               (f"10{space}steps", "a name of many letters", f"a{space}&amp;{space}b"))
    assert told[0].html.count("<tr") == 4 and "settings" not in told[0].html


def test_numbers_in_tables():
    numbers = {0.0123456: "0.0123", 0.95: "0.950", 1.5: "1.50", 99.96: "100", -1234.5: "-1,234", 60000: "60,000"}
    assert {number: rounded(number) for number in numbers} == numbers
