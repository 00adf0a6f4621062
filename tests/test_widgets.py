import ast
import json

import pytest
import tiny
import torch

from dcgan_course.cli import main
from dcgan_course.errors import UserError
from dcgan_course.models import BasicGenerator, Generator
from dcgan_course.page import notebook
from dcgan_course.sampling import bilinear, generate, image_grid, moved, png, slerp
from dcgan_course.trainer import train
from dcgan_course.widgets import FRAMES, LatentExplorer, attribute_directions, explore, read_z


def drawn(explorer, z) -> bytes:
    return png(image_grid(generate(explorer.netG, z[None])), explorer.width)


@pytest.fixture
def explorer():
    return LatentExplorer(Generator(8, 4))


def test_sliders_show_what_the_functions_draw(explorer):
    first = explorer.image.value
    assert first == drawn(explorer, explorer.start(0))
    explorer.sliders["z[1]"].value = 1.5
    explorer.sliders["principal 2"].value = -0.9
    z = moved(explorer.start(0), {"z[1]": 1.5, "principal 2": -0.9}, explorer.directions)
    assert explorer.image.value == drawn(explorer, z) != first
    explorer.reset()
    assert explorer.image.value == first and all(s.value == 0 for s in explorer.sliders.values())


def test_corners_and_walk(explorer):
    explorer.u.value, explorer.v.value = 1.0, 0.25
    corners = torch.stack([explorer.start(seed) for seed in range(4)])
    torch.testing.assert_close(explorer.z, bilinear(corners, 1.0, 0.25))
    torch.testing.assert_close(explorer.z, 0.75 * corners[1] + 0.25 * corners[3])
    explorer.frame.value = 7
    torch.testing.assert_close(explorer.z, slerp(corners[0], corners[1], 7 / (FRAMES - 1)))
    assert explorer.image.value == drawn(explorer, explorer.z)


def test_a_new_seed_and_a_pasted_z(explorer):
    explorer.seed.value = 5
    assert torch.equal(explorer.z, explorer.start(5))
    explorer.copy_z()
    explorer.seed.value = 6
    explorer.use_z()
    torch.testing.assert_close(explorer.z, explorer.start(5), atol=1e-4, rtol=0)
    explorer.sliders["z[0]"].value = 1
    assert explorer.z[0].item() == pytest.approx(explorer.start(5)[0].item() + 1, abs=1e-3)  # moves the pasted one
    explorer.random()
    assert torch.equal(explorer.z[1:], explorer.start(explorer.seed.value)[1:])


def test_a_wrong_z_is_answered_in_words(explorer):
    before = explorer.image.value
    explorer.text.value = "[1, 2]"
    explorer.use_z()
    assert explorer.message.value == "z: found 2 numbers, expected 8" and explorer.image.value == before
    for text in ("", "eight numbers", "[1, 2", "5", "[[1]]", '{"0": 1}', "[null]", "[true]", "1, 2", "[" * 10**5):
        with pytest.raises(UserError, match="z: found .*, expected 8 numbers"):
            read_z(text, 8)
    with pytest.raises(UserError, match="not all finite"):
        read_z("[NaN, 1, 1, 1, 1, 1, 1, 1]", 8)
    assert read_z("[1, 2, 3.5]", 3).tolist() == [1, 2, 3.5]


def test_saved_pictures_do_not_overwrite(explorer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    explorer.save()
    explorer.save()
    assert {p.name for p in tmp_path.iterdir()} == {"explorer001.png", "explorer002.png"}
    assert (tmp_path / "explorer002.png").read_bytes() == explorer.image.value


@pytest.mark.parametrize("run", ["mnist", "mnist2d", "mnist_basic", "heritage"])
def test_every_kind_of_generator(run):
    explorer = LatentExplorer(run)
    assert len(explorer.sliders) == 2 * min(3, explorer.nz)
    explorer.sliders["principal 1"].value = 1
    assert explorer.image.value == drawn(explorer, explorer.z) != drawn(explorer, explorer.start(0))


def test_a_network_of_your_own_and_a_run_of_your_own(finished_run):
    assert LatentExplorer(BasicGenerator(5)).nz == 5
    for source in (finished_run, finished_run.path, str(finished_run.path)):
        explorer = LatentExplorer(source)
        assert explorer.nz == finished_run.config.nz and explorer.attributes == {}
        assert explorer.image.value == drawn(explorer, explorer.start(0))


def test_attributes_come_from_the_judge(finished_run):
    from dcgan_course.judges import judged, load_judge
    from dcgan_course.runs import load_run

    run = load_run("avatars")
    directions = attribute_directions(run, n=300)
    z, netG, judge = torch.randn(60, run.config.nz), run.load_generator(), load_judge("avatars")
    at = judge.names.index("glasses")
    with_, without = (judged(judge, generate(netG, z + s * directions["glasses"]))[1][:, at] > 0.5 for s in (1, -1))
    assert with_.mean() > 0.8 and without.mean() < 0.1
    assert attribute_directions(finished_run) == {}


def test_what_cannot_be_explored_is_said_in_words(finished_run, tmp_path):
    assert "nowhere: not found" in explore("nowhere").value
    assert "z has 8 numbers" in explore(Generator(8, 4), entries=(8,)).value
    config = json.loads((finished_run.path / "config.json").read_text())
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text(json.dumps(config | {"nz": config["nz"] + 1}))
    (broken / "checkpoints").symlink_to(finished_run.path / "checkpoints")
    assert "netG" in explore(broken).value  # a checkpoint of another network


def test_explore_refuses_in_one_line(capsys):
    for args, message in ((["nowhere"], "nowhere: not found"), (["mnist", "--port", "0"], "port"),
                          (["mnist", "--port", "99999"], "65535")):
        assert main(["explore", *args]) == 2
        error = capsys.readouterr().err
        assert message in error and len(error.splitlines()) == 1


def test_the_page_has_one_cell(tmp_path):
    cell, = notebook(tmp_path / "it's a run")["cells"]
    call = ast.parse(cell["source"]).body[-1].value
    assert call.func.id == "explore" and ast.literal_eval(call.args[0]) == str(tmp_path / "it's a run")


def test_a_conditional_generator(tmp_path):
    """Its explorer has a slider for each class, and a seed's picture has the class seed modulo classes."""
    run = train(tiny.config(tmp_path, classes=2, num_epochs=0.2), quiet=True)
    explorer = LatentExplorer(run, seed=3)
    assert explorer.nz == 10 and explorer.z[8:].tolist() == [0, 1]
    explorer.sliders["class 0"].value = 0.5
    assert explorer.z[8:].tolist() == [0.5, 1]
    explorer.seed.value = 4
    assert explorer.z[8:].tolist() == [1.5, 0]
