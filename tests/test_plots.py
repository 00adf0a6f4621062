from PIL import Image

from dcgan_course.plots import clock, curves, write_gif


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
    assert left.get_xlabel() == "thousand images shown" and right.get_ylim() == (0, 1)
    assert [text.get_text() for text in right.get_legend().get_texts()] == ["D(x), real", "D(G(z)), generated"]
