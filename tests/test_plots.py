import numpy as np
from PIL import Image

from dcgan_course.plots import clock, curves, metric_curve, thinned, write_gif


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


def test_clock():
    assert [clock(k) for k in (0.0, 0.2, 59.968, 240.0)] == [
        "0 thousand images", "0.2 thousand images", "60 thousand images", "240 thousand images"]


def test_curves_show_the_numbers_given():
    stats = [{"kimg": k, "loss_D": 1 / k, "loss_G": k, "D_x": 0.8, "D_G_z": 0.2} for k in (1, 2, 3)]
    left, right = curves(stats).axes
    assert [line.get_ydata().tolist() if hasattr(line.get_ydata(), "tolist") else list(line.get_ydata())
            for line in left.lines] == [[1, 1 / 2, 1 / 3], [1, 2, 3]]
    assert left.get_xlabel() == "thousand images shown" and right.get_ylim() == (-0.03, 1.03)
    assert [text.get_text() for text in right.get_legend().get_texts()] == ["D(x), real", "D(G(z)), generated"]


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
