"""A generator as ONNX, its model card, and the folder of its page; the page itself is tried in tests/browser."""

import json

import onnxruntime
import pytest
import tiny
import torch

from dcgan_course.commands import cli
from dcgan_course.machine.errors import UserError
from dcgan_course.machine.runtime import seeded
from dcgan_course.publishing import export
from dcgan_course.runs import load_run
from dcgan_course.sampling import draw_z, generate
from dcgan_course.trainer import train


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return train(tiny.config(tmp_path_factory.mktemp("runs"), g_dropout=0.0, num_epochs=1), quiet=True)


@pytest.mark.parametrize("name", ["mnist2d", "mnist_basic", "mnist_conditional", "heritage"])
def test_onnx_draws_what_torch_draws(name):
    """For any number of z, also others than the export has compared."""
    recorded = load_run(name)
    session = onnxruntime.InferenceSession(export.onnx_bytes(recorded, recorded.load_generator()))
    for n in (1, 5):
        z = draw_z(recorded.config, n, torch.Generator().manual_seed(n))
        (images,) = session.run(["images"], {"z": z.numpy()})
        torch.testing.assert_close(torch.from_numpy(images), generate(recorded.load_generator(), z), rtol=0, atol=1e-4)


def test_a_model_that_differs_is_not_written(run, tmp_path, monkeypatch, capsys):
    real = export.converted
    other = train(tiny.config(tmp_path, g_dropout=0.0, num_epochs=1, seed=1), quiet=True).load_generator()
    monkeypatch.setattr(export, "converted", lambda netG, z: real(other, z))
    assert cli.main(["export", str(run.path), str(tmp_path / "new")]) == 2
    assert "the ONNX model differs from torch by" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_page_keeps_weights_in_half_precision_where_no_picture_changes(run, monkeypatch):
    netG = run.load_generator()
    whole, small = (make(run, netG) for make in (export.onnx_bytes, export.small_onnx))
    large = sum(weight.numel() for weight in netG.parameters() if weight.numel() >= export.LARGE)
    assert 1.8 * large < len(whole) - len(small) <= 2 * large
    assert 0 < export.apart(small, netG, draw_z(run.config, 16, torch.Generator())) < export.LEVEL
    monkeypatch.setattr(export, "LEVEL", export.apart(small, netG, draw_z(run.config, 16, seeded(0, "export"))))
    assert export.small_onnx(run, netG) == whole


def test_the_page_of_a_recorded_run_draws_its_very_pictures():
    """Weights that are kept in half precision lose nothing when they are put into a page."""
    recorded = load_run("avatars")
    netG = recorded.load_generator()
    small = export.small_onnx(recorded, netG)
    assert len(small) < 0.55 * 4 * sum(weight.numel() for weight in netG.parameters())
    assert export.apart(small, netG, draw_z(recorded.config, 64, seeded(1, "test"))) < 0.05 * export.LEVEL


def test_dropout_at_test_time_cannot_be_exported(finished_run):
    with pytest.raises(UserError, match="keeps dropout on at test time"):
        export.onnx_bytes(finished_run, finished_run.load_generator())


def test_the_folder(run, tmp_path, capsys):
    folder = tmp_path / "new"
    assert cli.main(["export", str(run.path), str(folder)]) == 0
    assert {p.name for p in folder.iterdir()} == {"generator.onnx", "README.md", "samples.png"}
    card = (folder / "README.md").read_text("utf-8")
    assert "input `z` (N, 8), float32: 8 numbers, N(0, 1)" in card and "(N, 1, 28, 28), grey" in card
    assert "--data tiny" in card and "0 thousand images" in card
    assert f"`dcgan-course score runs/{run.path.name}`" in card
    assert "Licence of the training images: to be filled in by you." in card
    assert cli.main(["export", str(run.path), str(folder)]) == 2
    assert "exists already" in capsys.readouterr().err


def test_the_card_has_the_numbers_of_the_run():
    recorded = load_run("mnist")
    card = export.model_card(recorded)
    kept = json.loads((recorded.path / "record.json").read_text("utf-8"))
    name = "fd10k_mnist"
    made, real = (f"{kept[which][name]:.1f}" for which in ("generated", "real"))  # 17.0 and 3.0
    assert f"| Frechet distance (`{name}`) | {made} | {real} |" in card
    assert kept["command"] in card and "1,199 thousand images" in card
    step = f"step_{kept['checkpoint_step']:07d}"
    assert f"The weights are those of {step}, the best checkpoint by Frechet distance (10,000 images)." in card
    assert "on a CPU (AVX512), torch" in card
    assert "in grey. It learned from 60,000 handwritten digits (MNIST, CC BY-SA 3.0)." in card
    assert "in colour. It learned from 3,573 photographs of church" in export.model_card(load_run("heritage"))
    assert "Licence of the training images: the digits of MNIST, CC BY-SA 3.0." in card
    assert "and after them 10 for the class" in export.model_card(load_run("mnist_conditional"))


def test_what_is_published_has_no_path_of_this_machine(run, tmp_path):
    file = run.path / "config.json"
    before = file.read_text("utf-8")
    try:
        file.write_text(json.dumps(json.loads(before) | {"data": f"folder:{tmp_path}/photos", "image_size": 28}))
        export.page(load_run(run.path), tmp_path / "page")
        published = {"card": export.model_card(load_run(run.path)),
                     "page": (tmp_path / "page/index.html").read_text("utf-8")}
    finally:
        file.write_text(before)
    assert "folder:photos" in published["card"]
    assert all(str(tmp_path) not in text for text in published.values())


@pytest.mark.parametrize("name", ["mnist2d", "mnist_conditional", "heritage"])
def test_the_lines_of_the_card_work(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recorded = load_run(name)
    (tmp_path / "generator.onnx").write_bytes(export.onnx_bytes(recorded, recorded.load_generator()))
    lines = export.model_card(recorded).partition("## Use")[2].partition("## Training")[0].splitlines()
    words = {}
    exec("\n".join(line[4:] for line in lines if line.startswith("    ")), words)
    config = recorded.config
    assert words["pixels"].shape == (config.image_size, config.image_size, config.nc) and words["pixels"].std() > 10


def test_a_page_of_another_name_is_escaped(run, tmp_path):
    strange = tmp_path / "<b>&"
    run.path.rename(strange)
    try:
        export.page(load_run(strange), tmp_path / "page")
        text = (tmp_path / "page" / "index.html").read_text("utf-8")
        assert "<title>&lt;b&gt;&amp;</title>" in text and "<b>" not in text and "{{" not in text
    finally:
        strange.rename(run.path)


def test_what_an_export_needs_is_said(run, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(__import__("sys").modules, "onnxscript", None)
    assert cli.main(["export", str(run.path), str(tmp_path / "new")]) == 2
    assert "onnxscript is not installed; `pip install onnxscript` installs it" in capsys.readouterr().err
    monkeypatch.undo()
    monkeypatch.setattr(export, "repo_data_dir", lambda: None)
    assert cli.main(["page", str(run.path), str(tmp_path / "new")]) == 2
    assert "expected in a clone of the repository" in capsys.readouterr().err
