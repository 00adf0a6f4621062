import ast
import asyncio
import base64
import errno
import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import processes
import psutil
import pytest
import servers
import tiny
import torch
from IPython.core.formatters import DisplayFormatter
from PIL import Image
from test_colab import COLAB

from dcgan_course.commands import exploring
from dcgan_course.commands.cli import main
from dcgan_course.commands.exploring import notebook, serve
from dcgan_course.commands.websocket import _load_jupyter_server_extension
from dcgan_course.machine.errors import UserError
from dcgan_course.models import BasicGenerator, Generator
from dcgan_course.runs import load_run
from dcgan_course.sampling import generate, moved
from dcgan_course.trainer import train
from dcgan_course.widgets import LatentExplorer, Still, explore, widget_class


class Browser:
    """What the explorer's other half asks for, and gets."""

    def __init__(self, explorer: LatentExplorer, monkeypatch):
        self.explorer, self.answers = explorer, []
        monkeypatch.setattr(explorer.widget, "send",
                            lambda content, buffers=None: self.answers.append((content, buffers)))

    def ask(self, kind: str, z: torch.Tensor, smooth: bool = True) -> tuple[dict, list]:
        content = {"kind": kind, "id": f"id {len(self.answers)}", "count": len(z), "smooth": smooth}
        self.explorer.widget._handle_custom_msg(content, [memoryview(z.numpy().tobytes())])
        answer, buffers = self.answers[-1]
        assert answer["id"] == content["id"]
        return answer, buffers


@pytest.fixture
def explorer(tmp_path):
    return LatentExplorer(Generator(8, 4), folder=tmp_path)


@pytest.fixture
def browser(explorer, monkeypatch):
    return Browser(explorer, monkeypatch)


@pytest.mark.slow
def test_the_kernel_draws_what_the_functions_draw(explorer, browser):
    z = torch.stack([explorer.start(seed) for seed in range(5)])
    _, (pixels,) = browser.ask("draw", z)
    pixels = np.frombuffer(pixels, np.uint8).reshape(5, 28, 28, 4)
    grey = ((generate(explorer.netG, z)[:, 0] + 1) * 127.5).numpy()
    assert abs(pixels[..., :3] - grey[..., None]).max() <= 0.5 and (pixels[..., 3] == 255).all()
    colour = LatentExplorer("avatars")
    z = colour.start(3)[None]
    found = np.frombuffer(colour.pixels(z), np.uint8).reshape(64, 64, 4)[..., :3]
    assert abs(found - ((generate(colour.netG, z)[0] + 1) * 127.5).permute(1, 2, 0).numpy()).max() <= 0.5


def test_a_wrong_question_is_answered_in_words(browser):
    assert "error" in browser.ask("draw", torch.zeros(1, 3))[0]


def test_what_python_shows(explorer):
    start = explorer.start(0)
    assert torch.equal(explorer.z, start) and explorer.about["seeds"] == list(range(12))
    explorer.go(**{"strongest 2": 0.9})
    assert torch.allclose(explorer.z, moved(start, {"strongest 2": 0.9}, explorer.directions), atol=1e-6)
    explorer.go(seed=5)
    assert torch.equal(explorer.z, explorer.start(5)) and explorer.face["amounts"] == {}
    explorer.widget.face = {"z": [1.0] * 8, "amounts": {"strongest 1": -1}, "name": "of the browser"}
    wanted = torch.ones(8) - explorer.directions["strongest 1"]
    assert torch.allclose(explorer.z, wanted, atol=1e-6) and "of the browser" in repr(explorer)
    with pytest.raises(UserError, match="smile: no such control, expected one of strongest 1, strongest 2"):
        explorer.go(smile=1)


def test_strongest_directions_are_those_of_the_first_layer(explorer):
    """Independent of the package's own function: their images under the first layer are the longest there are."""
    weight = explorer.netG.state_dict()[next(k for k in explorer.netG.state_dict() if k.endswith("weight"))]
    weight = weight.flatten(1)
    stretched = [(direction / direction.norm()) @ weight for direction in explorer.directions.values()]
    lengths = [s.norm().item() for s in stretched]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths == pytest.approx(torch.linalg.svdvals(weight)[:5].tolist(), rel=1e-3)
    assert all(d.norm() * 1.5 == pytest.approx(8**0.5 / 2, rel=1e-3) for d in explorer.directions.values())


def test_saved_pictures_and_films_do_not_overwrite(explorer, browser, tmp_path):
    z = torch.stack([explorer.start(seed) for seed in range(3)])
    for kind in ("png", "png", "gif"):
        answer, _ = browser.ask(kind, z if kind == "gif" else z[:1], smooth=False)
    assert answer["words"] == f"Saved as {tmp_path / 'explorer003.gif'}"
    assert {p.name for p in tmp_path.iterdir()} == {"explorer001.png", "explorer002.png", "explorer003.gif"}
    picture = np.asarray(Image.open(tmp_path / "explorer002.png"))
    grey = ((generate(explorer.netG, z[:1])[0, 0] + 1) * 127.5).numpy()
    assert picture.shape == (532, 532, 3) and abs(picture[::19, ::19, 0] - grey).max() <= 0.5  # squares of 19 pixels
    with Image.open(tmp_path / "explorer003.gif") as film:
        assert film.n_frames == 3 and film.size == (280, 280)
    browser.ask("png", z[:1], smooth=True)
    smooth = np.asarray(Image.open(tmp_path / "explorer004.png"), float)
    assert not np.array_equal(smooth, picture) and abs(smooth - picture).mean() < 40


def test_a_picture_that_cannot_be_saved(explorer, browser, tmp_path, monkeypatch):
    explorer.folder = tmp_path / "gone"
    answer, _ = browser.ask("png", explorer.start(0)[None])
    assert answer["error"] == f"{tmp_path / 'gone' / 'explorer001.png'}: cannot be written (No such file or directory)"
    explorer.folder = tmp_path

    def full(self, content):
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    answer, _ = browser.ask("png", explorer.start(0)[None])
    assert "explorer001.png: cannot be written (No space left on device)" in answer["error"]
    assert not list(tmp_path.iterdir())


def test_the_page_saves_where_the_command_was_started(tmp_path, monkeypatch):
    """Voila runs the page's cell in a folder that is removed at the end."""
    cell, = notebook(load_run("mnist2d").path, tmp_path / "it's here")["cells"]
    for name in ("it's here", "elsewhere"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    names = {}
    exec(cell["source"].replace("settle_threads()\nexplore", "shown = explore"), names)
    Browser(names["shown"], monkeypatch).ask("png", torch.zeros(1, 2))
    assert [p.name for p in (tmp_path / "it's here").iterdir()] == ["explorer001.png"]
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("run", ["mnist", "mnist2d", "mnist_basic", "heritage", "mnist_conditional"])
def test_every_kind_of_generator(run, monkeypatch):
    explorer = LatentExplorer(run)
    assert len(explorer.directions) == (0 if run == "mnist2d" else 5) and explorer.about["groups"] == []
    size, pixels = explorer.about["size"], explorer.pixels(explorer.z[None])
    assert len(pixels) == 4 * size * size and np.frombuffer(pixels, np.uint8).std() > 10


def test_a_network_of_your_own_and_a_run_of_your_own(finished_run):
    about = LatentExplorer(BasicGenerator(5)).about
    assert (about["nz"], about["size"], about["channels"], about["kind"]) == (5, 28, 1, "normal")
    for source in (finished_run, finished_run.path, str(finished_run.path)):
        explorer = LatentExplorer(source, seed=3, title="Mine")
        assert explorer.about["nz"] == finished_run.config.nz and explorer.about["title"] == "Mine"
        assert explorer.about["seeds"] == [3, 0, 1, 2, *range(4, 12)] and torch.equal(explorer.z, explorer.start(3))


@pytest.mark.parametrize(("name", "expected", "wide"), [("mnist2d", "image/webp", 600), ("mnist", "image/png", 336)])
def test_what_is_stored_is_a_picture(name, expected, wide):
    """A notebook without a kernel shows the whole explorer where the run has its picture, else the twelve; no bytes
    stand in any text."""
    explorer = LatentExplorer(name)
    shown, _ = DisplayFormatter().format(explorer)
    assert shown["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.widget.model_id
    picture = re.search(r'<img src="data:(.+);base64,(.+)" alt="(.+?)"', shown["text/html"])
    kind, content, alt = picture.groups()
    assert kind == expected and alt == shown["text/plain"]
    sheet = Image.open(io.BytesIO(base64.b64decode(content)))
    assert sheet.width >= wide and np.asarray(sheet).std() > 50
    assert shown["text/plain"] .startswith(f"LatentExplorer of {name}, ")
    for widget in (explorer.widget, Still(explorer.widget, b"GIF89a...", "a film")):
        assert "\\x" not in repr(widget) and len(repr(widget)) < 80
    film = DisplayFormatter().format(Still(explorer.widget, b"GIF89a...", "a film"))[0]["text/html"]
    assert '<img src="data:image/gif;base64,' in film and 'alt="a film"' in film  # nbconvert drops image/gif


def test_what_cannot_be_explored_is_said_in_words(finished_run, tmp_path):
    assert "nowhere: not found" in explore("nowhere").value
    config = json.loads((finished_run.path / "config.json").read_text("utf-8"))
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text(json.dumps(config | {"nz": config["nz"] + 1}))
    (broken / "checkpoints").symlink_to(finished_run.path / "checkpoints")
    assert "netG" in explore(broken).value  # a checkpoint of another network


def test_without_anywidget(monkeypatch, capsys):
    """Said in one line, by the command too."""
    monkeypatch.setitem(sys.modules, "anywidget", None)
    widget_class.cache_clear()
    for made in (explore, LatentExplorer):
        with pytest.raises(UserError, match="anywidget is not installed; `pip install anywidget` installs it"):
            made(Generator(8, 4))
    assert main(["explore", "mnist2d"]) == 2
    monkeypatch.setitem(sys.modules, "voila", None)
    assert main(["explore", "mnist2d"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "dcgan-course: explore: anywidget is not installed; `pip install anywidget` installs it",
        "dcgan-course: explore: voila is not installed; `pip install voila anywidget` installs it"]


def test_with_the_widgets_of_colab(tmp_path):
    """The real ones, in a folder of their own. There Colab also has to be told where what draws an anywidget comes
    from, with each output: it asks for that only what is shown by `display`, not the last value of a cell."""
    versions = [f"{name}=={COLAB[name]}" for name in ("ipywidgets", "anywidget", "psygnal")]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(tmp_path), *versions]
    if subprocess.run([*pip, "ipython_genutils==0.2.0"], capture_output=True).returncode:
        pytest.skip("pip cannot fetch Colab's widgets")
    code = """
import sys, types
import anywidget, ipywidgets
from IPython.core.formatters import DisplayFormatter
from dcgan_course.widgets import LatentExplorer, Still, explore

VIEW = "application/vnd.jupyter.widget-view+json"
explorer = LatentExplorer("avatars")
bundle, about = DisplayFormatter().format(explorer)
assert bundle[VIEW]["model_id"] == explorer.widget.model_id and not about
colab = sys.modules["google.colab.output"] = types.ModuleType("google.colab.output")
colab._widgets = types.SimpleNamespace(_installed_url=None)
colab.enable_custom_widget_manager = lambda: setattr(colab._widgets, "_installed_url", "https://manager.js")
explorer = LatentExplorer("avatars")
bundle, about = DisplayFormatter().format(explorer)
assert bundle[VIEW]["model_id"] == explorer.widget.model_id and "image/webp;base64" in bundle["text/html"]
assert about == {VIEW: {"colab": {"custom_widget_manager": {"url": "https://manager.js"}}}}, about
slider, row = ipywidgets.FloatSlider(), ipywidgets.HBox([explorer.widget])
for parts, expected in (([slider], {}), ([slider, row], about)):
    still = Still(ipywidgets.VBox(parts), b"GIF89a...", "a slider")
    bundle, told = DisplayFormatter().format(still)
    assert bundle[VIEW]["model_id"] == still.widget.model_id and told == expected, told
before, state = explorer.z, explorer.widget.get_state()
assert state["about"]["title"] == "Faces that nobody drew" and "render" in state["_esm"]
explorer.widget.set_state({"face": {"z": [0.0] * 100, "amounts": {"smile": 1}, "name": "seed 1"}})
assert (explorer.z == explorer.directions["smile"]).all()
answers = []
explorer.widget.send = lambda *answer: answers.append(answer)
explorer.widget._handle_custom_msg({"kind": "draw", "id": "1", "count": 1}, [before.numpy().tobytes()])
assert len(answers[0][1][0]) == 4 * 64 * 64
print(ipywidgets.__version__, anywidget.__version__, explore("nowhere").value)
"""
    root = str(Path(__file__).parents[1])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path,
                          env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), root])})
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{COLAB['ipywidgets']} {COLAB['anywidget']} <b>") and "nowhere: not" in done.stdout


def test_answers_of_a_kernel_do_not_wait(monkeypatch):
    """Both servers, Voila and JupyterLab, switch Nagle's algorithm off for each connection to a kernel."""
    from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

    done = []

    class Connection:
        def set_nodelay(self, value):
            done.append(value)

    async def opened(self, kernel_id):
        done.append(kernel_id)

    monkeypatch.setattr(KernelWebsocketHandler, "open", opened)
    _load_jupyter_server_extension(None)
    asyncio.run(KernelWebsocketHandler.open(Connection(), kernel_id="a kernel"))
    assert done == [True, "a kernel"] and "hasten()" in exploring.SERVER


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


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_server_that_does_not_listen_is_killed(tmp_path, monkeypatch, ctrl_c):
    """After Ctrl-C; this server presses it, once it has been started for certain, and then sleeps."""
    monkeypatch.setattr(exploring, "PATIENCE", 0.1)
    stubborn = "import os, signal, time; print(os.getpid(), flush=True); time.sleep(0.5); " \
        "os.kill(os.getppid(), signal.SIGINT); time.sleep(600)"
    with pytest.raises(KeyboardInterrupt):
        serve([sys.executable, "-c", stubborn], tmp_path / "log")
    assert not psutil.pid_exists(int((tmp_path / "log").read_text("utf-8")))
    assert serve([sys.executable, "-c", "exit(3)"], tmp_path / "log") == 3


@pytest.fixture
def started():
    """Start commands; what is left of them at the end is killed."""
    commands = []

    def start(*arguments, **options) -> psutil.Popen:
        command = [sys.executable, "-m", "dcgan_course", *arguments]
        commands.append(psutil.Popen(command, preexec_fn=processes.listen, **options))
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
        assert len(children) >= 2  # the server and a kernel, and for a moment what these have begun
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
    """A seed's picture has the class seed modulo classes, and its z the class at its end."""
    explorer = LatentExplorer(train(tiny.config(tmp_path, classes=2, num_epochs=0.2), quiet=True), seed=3)
    assert explorer.about["labels"] == ["small", "large"] and explorer.z[8:].tolist() == [0, 1]
    explorer.go(seed=4, **{"strongest 1": 1})
    assert explorer.z[8:].tolist() == [1, 0] and explorer.face["label"] == 0
    assert explorer.face["name"] == "seed 4, as small"
