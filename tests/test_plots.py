import sys

import imageio.v3 as iio
import numpy as np
import pytest
from PIL import Image

from dcgan_course.machine.errors import UserError
from dcgan_course.plots import (
    clock,
    curves,
    encoded,
    expect_film,
    metric_curve,
    over_curves,
    thinned,
    write_film,
    write_gif,
)


def test_film(tmp_path):
    samples = []
    for i in range(6):
        file = tmp_path / f"{i}.png"
        Image.new("RGB", (60, 40), (40 * i, 40 * i, 40 * i)).save(file)
        samples.append((float(i), file))
    film = Image.open(write_gif(samples, tmp_path / "film.gif", seconds=3.0, hold=2.0))
    durations, corners = [], []
    for frame in range(film.n_frames):
        film.seek(frame)
        durations.append(film.info["duration"])
        corners.append(film.convert("RGB").getpixel((30, film.height - 10))[0])
    assert film.size == (60, 40 + 22)  # the picture under its caption
    assert durations == [500] * 5 + [500 + 2000]
    assert corners == sorted(corners) and corners[0] < 10 and corners[-1] > 190  # in order, not recoloured
    assert film.info["loop"] == 0


def test_a_film_of_equal_pictures(tmp_path):
    file = tmp_path / "same.png"
    Image.new("RGB", (60, 40)).save(file)
    assert Image.open(write_gif([(0.0, file)], tmp_path / "film.gif")).size == (60, 62)


@pytest.mark.parametrize("name", ["film.mp4", "film.MP4", "film.webp"])
def test_a_film_of_another_kind(tmp_path, name):
    """The same pictures under the same clocks for as long; an odd side of an .mp4 is padded, nothing is rescaled."""
    samples = []
    for i in range(4):
        file = tmp_path / f"{i}.png"
        stripes = np.zeros((41, 61, 3), np.uint8)
        stripes[:, ::2] = 60 * i + 40
        Image.fromarray(stripes).save(file)
        samples.append((float(i), file))
    film = write_film(samples, tmp_path / name, seconds=2.0, hold=1.0)
    if name.lower().endswith("mp4"):
        about, frames = iio.immeta(film, plugin="FFMPEG"), np.stack(list(iio.imiter(film, plugin="FFMPEG")))
        assert frames.shape == (4 + 2, 64, 62, 3) and about["duration"] == pytest.approx(3, abs=0.1)
    else:
        opened = Image.open(film)
        assert opened.format == "WEBP" and opened.is_animated and opened.size == (61, 63)
        frames, seconds = [], 0
        for i in range(opened.n_frames):
            opened.seek(i)
            frames.append(np.asarray(opened.convert("RGB")))
            seconds += opened.info["duration"] / 1000
        assert seconds == pytest.approx(3, abs=0.1)
    for i in range(4):
        stripes = frames[i][30:60, :61].astype(int)
        assert abs(stripes[:, ::2].mean() - (60 * i + 40)) < 12 and stripes[:, 1::2].mean() < 12  # sharp: not rescaled
    assert frames[0][:22].mean() > 200  # the caption


def test_one_frame_is_a_film_too():
    frame = np.zeros((31, 33, 3), np.uint8)
    assert encoded([frame], ".gif", 80)[:6] == b"GIF89a" and encoded([frame], ".webp", 80)[8:12] == b"WEBP"
    assert encoded([frame], ".mp4", 80)[4:8] == b"ftyp"


def test_a_film_over_its_curves():
    """The sheet twice as large under its clock, and a cursor that is where its moment is on the axis of the losses."""
    stats = [{"kimg": k, "loss_D": 1 / k, "loss_G": k} for k in range(1, 11)]
    pixels = np.arange(60 * 100, dtype=np.uint8).reshape(60, 100)
    frames = over_curves([(kimg, Image.fromarray(pixels)) for kimg in (0.0, 5.0, 10.0)], stats)
    assert all(frame.shape == (22 + 120 + 160, 200, 4) for frame in frames)
    assert (frames[1][22:142, :, 0] == pixels.repeat(2, 0).repeat(2, 1)).all()
    assert (frames[1][22:142, :, 3] == 255).all()
    assert not frames[1][0, 0, 3] and not frames[1][-1, 0, 3]  # behind clock and losses is the page
    assert (frames[0][:22] != frames[1][:22]).any()  # another clock
    ink = [0x77, 0x77, 0x77, 255]
    cursors = [np.nonzero((frame[142:] == ink).all(2).sum(0) > 40)[0] for frame in frames]  # columns that are ink
    first, half, last = (columns.mean() for columns in cursors)
    assert half == pytest.approx((first + last) / 2, abs=1) and 80 < last - first < 120


def test_the_quality_of_a_film():
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    assert len(encoded([noise], ".webp", 80, quality=30)) < 0.6 * len(encoded([noise], ".webp", 80))


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + bytes(30)])
def test_a_sample_that_cannot_be_read(tmp_path, content):
    (tmp_path / "broken.png").write_bytes(content)
    for ending in ("gif", "webp"):
        with pytest.raises(UserError, match="broken.png: cannot be read"):
            write_film([(0.0, tmp_path / "broken.png")], tmp_path / f"film.{ending}")
        assert not (tmp_path / f"film.{ending}").exists()


def test_what_an_mp4_needs(tmp_path, monkeypatch):
    expect_film(tmp_path / "film.MP4")
    with pytest.raises(UserError, match="film.avi: cannot be written as a film, expected an ending of .gif, .webp, "):
        expect_film(tmp_path / "film.avi")

    def none_there():
        raise RuntimeError("No ffmpeg exe could be found.")

    monkeypatch.setattr("imageio_ffmpeg.get_ffmpeg_exe", none_there)
    with pytest.raises(UserError, match=r'an .mp4 needs ffmpeg; `pip install "imageio\[ffmpeg\]"` installs it'):
        expect_film(tmp_path / "film.mp4")
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(UserError, match="an .mp4 needs ffmpeg"):
        expect_film(tmp_path / "film.mp4")
    expect_film(tmp_path / "film.gif")


def test_clock():
    assert [clock(k) for k in (0.0, 0.2, 59.968, 240.0, 1199.04)] == [
        "0 thousand images", "0.2 thousand images", "60 thousand images", "240 thousand images",
        "1,199 thousand images"]


def test_curves_show_the_numbers_given():
    stats = [{"kimg": k, "loss_D": 1 / k, "loss_G": k, "D_x": 0.8, "D_G_z": 0.2} for k in (1, 2, 3)]
    left, right = curves(stats).axes
    drawn = [[*line.get_ydata()] for line in left.lines if line.get_linestyle() == "-"]
    assert drawn == [[1, 1 / 2, 1 / 3], [1, 2, 3]]
    assert left.get_xlabel() == "thousand images shown" and right.get_ylim() == (-0.03, 1.03)
    assert [text.get_text() for text in right.get_legend().get_texts()] == ["D(x), real", "D(G(z)), generated"]


@pytest.mark.parametrize("figure", [
    curves([{"kimg": k, "loss_D": k, "loss_G": 3 - k, "D_x": 1.0, "D_G_z": 0.0} for k in (1, 2)]),
    curves([{"kimg": k, "loss_D": k, "loss_G": 3 - k, "D_x": 1.0, "D_G_z": 0.0} for k in (1, 2)], (3, 5)),
    metric_curve([{"kimg": k, "fd": 10.0 * k} for k in (1, 2)], "fd", 5.0, 1.0)], ids=["wide", "high", "metric"])
def test_a_legend_lies_over_no_curve(figure):
    """It stands above the axes, and a title above it."""
    figure.draw_without_rendering()
    for axes in figure.axes:
        legend, title = axes.get_legend().get_window_extent(), axes.title.get_window_extent()
        assert legend.y0 >= axes.get_window_extent().y1 and (not axes.get_title() or title.y0 >= legend.y1 - 3)


@pytest.mark.parametrize("loss, title, seen", [
    ("minimax", "D's answers", False), ("least_squares", "D's raw answers, no probabilities", True),
    ("wasserstein", "D's raw answers, no probabilities", True)])
def test_curves_of_answers_that_are_no_probabilities(loss, title, seen):
    """They are named so, and not cut at 1."""
    stats = [{"kimg": k, "loss_D": -9.0, "loss_G": 2.0, "D_x": 40.0, "D_G_z": -30.0} for k in (1, 2, 3)]
    _, right = curves(stats, loss=loss).axes
    low, high = right.get_ylim()
    assert right.get_title() == title and (low < -30 and high > 40) == seen


def test_curves_of_a_training_that_is_not_at_its_end():
    """In a high figure one above the other; on the axis of the whole training, if that is given."""
    stats = [{"kimg": k, "loss_D": 1.0, "loss_G": 2.0, "D_x": 0.7, "D_G_z": 0.3} for k in (1, 2, 3)]
    upper, lower = (axes for axes in curves(stats, (3, 5), 40.0).axes)
    places = [axes.get_subplotspec().get_geometry() for axes in (upper, lower)]
    assert [place[:2] for place in places] == [(2, 1)] * 2 and upper.get_xlim() == lower.get_xlim()
    assert upper.get_xlim() == (0, pytest.approx(41.2))  # the last point is not at the edge
    left, right = curves(stats, (5, 3)).axes
    assert left.get_subplotspec().get_geometry()[:2] == (1, 2) and 3 <= right.get_xlim()[1] < 4


def test_a_film_keeps_its_budget(tmp_path):
    """Noise does not compress: the film shows a quarter of each sheet, then fewer of them; the first one stays."""
    random, samples = np.random.default_rng(0), []
    for i in range(30):
        pixels = random.integers(0, 255, (82, 82, 3), dtype=np.uint8)
        file = tmp_path / f"{i}.png"
        Image.fromarray(pixels).save(file)
        samples.append((float(i), file))
    whole = write_gif(samples, tmp_path / "whole.gif", max_bytes=10_000_000)
    small = write_gif(samples, tmp_path / "small.gif", max_bytes=60_000)
    with Image.open(whole) as film:
        assert film.width == 82 and film.n_frames >= 30
    with Image.open(small) as film:
        assert film.width == 42 and 3 <= film.n_frames < 30 and small.stat().st_size <= 60_000
        first = np.asarray(film.convert("RGB"))[-42:]
    expected = np.asarray(Image.open(samples[0][1]))[:42, :42].astype(int)
    assert abs(first - expected).mean() < 30  # the palette's 64 colours
    assert abs(first - np.asarray(Image.open(samples[1][1]))[:42, :42].astype(int)).mean() > 60


def test_thinned():
    assert thinned([1, 2, 3], 5) == [1, 2, 3]
    assert thinned(list(range(100)), 5) == [0, 25, 50, 74, 99]


def test_metric_curve_marks_the_best():
    lines = [{"kimg": k, "fd1k_tiny": v} for k, v in ((10.0, 9.0), (20.0, 4.0), (30.0, 6.0))]
    axes = metric_curve(lines, "fd1k_tiny", 0.5, 20.0).axes[0]
    curve, best, floor = axes.get_lines()
    assert list(curve.get_ydata()) == [9, 4, 6] and list(best.get_xdata()) == [20, 20]
    assert list(floor.get_ydata()) == [0.5, 0.5] and "20 thousand images" in best.get_label()
