import ast
import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import ipywidgets
import psutil
import pytest
import servers
import tiny
import torch

from dcgan_course import page
from dcgan_course.cli import main
from dcgan_course.errors import UserError
from dcgan_course.models import BasicGenerator, Generator
from dcgan_course.page import notebook, serve
from dcgan_course.runs import load_run
from dcgan_course.sampling import bilinear, generate, image_grid, moved, png, slerp
from dcgan_course.trainer import train
from dcgan_course.widgets import FRAMES, LatentExplorer, attribute_directions, explore, moves, read_z


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
    assert f">saved as {tmp_path / 'explorer002.png'}<" in explorer.message.value
    (tmp_path / "explorer999.png").touch()
    (tmp_path / "explorer1001.png").touch()
    monkeypatch.setattr(Path, "glob", lambda self, pattern: [Path("explorer999.png")])  # 1001 came in between
    explorer.save()
    explorer.save()
    assert (tmp_path / "explorer1000.png").read_bytes() == (tmp_path / "explorer1002.png").read_bytes()
    assert (tmp_path / "explorer1001.png").read_bytes() == b""


def test_a_picture_that_cannot_be_saved(explorer, tmp_path, monkeypatch):
    explorer.folder = tmp_path / "gone"
    explorer.save()
    assert f"{tmp_path / 'gone' / 'explorer001.png'}: cannot be written (No such file or directory)" in \
        explorer.message.value
    explorer.folder = tmp_path

    def full(self, content):
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    explorer.save()
    assert "explorer001.png: cannot be written (No space left on device)" in explorer.message.value
    assert not list(tmp_path.iterdir())


def test_the_page_saves_where_the_command_was_started(tmp_path, monkeypatch):
    """Voila runs the page's cell in a folder that is removed at the end."""
    cell, = notebook(load_run("mnist2d").path, tmp_path / "it's here")["cells"]
    for name in ("it's here", "elsewhere"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    names = {}
    exec(cell["source"].replace("settle_threads()\nexplore", "view = explore"), names)
    below = names["view"].children[0].children[1]
    save, = (child for child in below.children if child.description == "save picture")
    assert isinstance(save, ipywidgets.Button)
    save.click()
    assert [p.name for p in (tmp_path / "it's here").iterdir()] == ["explorer001.png"]
    assert not list((tmp_path / "elsewhere").iterdir())


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
    config = json.loads((finished_run.path / "config.json").read_text("utf-8"))
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text(json.dumps(config | {"nz": config["nz"] + 1}))
    (broken / "checkpoints").symlink_to(finished_run.path / "checkpoints")
    assert "netG" in explore(broken).value  # a checkpoint of another network


def test_without_ipywidgets(monkeypatch, capsys):
    """Said in one line, by the command too; the directions of the sliders, which a page needs, are there."""
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    for made in (explore, LatentExplorer):
        with pytest.raises(UserError, match="ipywidgets is not installed, expected after `pip install ipywidgets`"):
            made(Generator(8, 4))
    assert main(["explore", "mnist2d"]) == 2
    monkeypatch.setitem(sys.modules, "voila", None)
    assert main(["explore", "mnist2d"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "dcgan-course: explore: ipywidgets is not installed, expected after `pip install ipywidgets`",
        "dcgan-course: explore: voila is not installed, expected after `pip install voila ipywidgets`"]
    assert list(moves(Generator(8, 4), principal=1)) == ["z[0]", "z[1]", "z[2]", "principal 1"]


def test_with_the_ipywidgets_of_colab(tmp_path):
    """The real one, in a folder of its own: every page has its title, and sliders and buttons work."""
    versions = ["ipywidgets==7.7.1", "ipython_genutils==0.2.0"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(tmp_path), *versions]
    if subprocess.run(pip, capture_output=True).returncode:
        pytest.skip("pip cannot fetch ipywidgets 7.7.1")
    code = """
import ipywidgets
from dcgan_course.widgets import LatentExplorer, explore

explorer = LatentExplorer("avatars")
first, tabs = explorer.image.value, explorer.view.children[1].children[0]
print(ipywidgets.__version__, [tabs.get_title(i) for i in range(len(tabs.children))])
for move in (explorer.sliders["z[1]"], explorer.attributes["glasses"], explorer.u, explorer.frame):
    before, move.value = explorer.image.value, move.max
    assert explorer.image.value != before
explorer.copy_z(), explorer.random(), explorer.use_z(), explorer.reset()
explorer.seed.value = 0
assert explorer.image.value == first
print(explore("nowhere").value)
"""
    root = str(Path(__file__).parents[1])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path,
                          env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), root])})
    assert done.returncode == 0, done.stderr
    titles, refused = done.stdout.splitlines()
    assert titles == "7.7.1 ['directions', 'attributes', 'four corners', 'walk']" and "nowhere: not found" in refused


def test_explore_refuses_in_one_line(capsys):
    for args, message in ((["nowhere"], "nowhere: not found"), (["mnist", "--port", "0"], "port"),
                          (["mnist", "--port", "99999"], "65535")):
        assert main(["explore", *args]) == 2
        error = capsys.readouterr().err
        assert message in error and len(error.splitlines()) == 1


def test_a_working_folder_that_is_gone(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tmp_path.rmdir()
    assert main(["explore", "mnist2d"]) == 2
    assert capsys.readouterr().err.startswith("dcgan-course: explore: the working folder is no longer there")


@pytest.fixture
def ctrl_c():
    """A job that a shell started in the background ignores Ctrl-C, and so would the test."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_server_that_does_not_listen_is_killed(tmp_path, monkeypatch, ctrl_c):
    """After Ctrl-C; this server presses it, and then sleeps."""
    monkeypatch.setattr(page, "PATIENCE", 0.1)
    stubborn = "import os, signal, time; print(os.getpid(), flush=True); os.kill(os.getppid(), signal.SIGINT); " \
        "time.sleep(600)"
    with pytest.raises(KeyboardInterrupt):
        serve([sys.executable, "-c", stubborn], tmp_path / "log")
    assert not psutil.pid_exists(int((tmp_path / "log").read_text("utf-8")))
    assert serve([sys.executable, "-c", "exit(3)"], tmp_path / "log") == 3


@pytest.fixture
def started():
    """Start commands; what is left of them at the end is killed."""
    commands = []

    def start(*arguments, **options) -> psutil.Popen:
        commands.append(psutil.Popen([sys.executable, "-m", "dcgan_course", *arguments], **options))
        return commands[-1]

    yield start
    for command in commands:
        for process in [*command.children(recursive=True), command] if command.is_running() else []:
            process.kill()


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_however_the_page_is_ended_nothing_stays(tmp_path, started):
    """Server, kernel and port are gone, and the temporary folder too, unless the command itself was killed."""
    pages = []
    for how in (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):  # at once: each takes seconds to start
        folder, port, log = tmp_path / how.name, servers.free_port(), tmp_path / f"{how.name}.log"
        folder.mkdir()
        command = started("explore", "mnist2d", "--no_browser", "--port", str(port), stdout=log.open("w"),
                          stderr=subprocess.STDOUT, env=os.environ | {"TMPDIR": str(folder)})
        pages.append((how, folder, f"http://127.0.0.1:{port}/", log, command))
    for how, folder, url, log, command in pages:
        servers.wait_for(command, url, log)
        children = command.children(recursive=True)
        assert len(children) == 2  # the server and a kernel
        command.send_signal(how)
        command.wait(servers.PATIENCE)
        alive = psutil.wait_procs(children, 10)[1]
        assert not alive and not servers.answers(url)
        if how != signal.SIGKILL:
            assert not list(folder.iterdir())
            assert log.read_text("utf-8").splitlines()[1:] in ([], ["dcgan-course: stopped"])


def test_the_page_has_one_cell(tmp_path):
    cell, = notebook(tmp_path / "it's a run", tmp_path)["cells"]
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
