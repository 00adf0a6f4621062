"""Which checkpoint draws: the best where the run was scored, else the last, or the one that is asked for."""

import json
import shutil

import onnxruntime
import pytest
import tiny
import torch

from dcgan_course.commands import cli
from dcgan_course.machine.errors import UserError
from dcgan_course.publishing import export
from dcgan_course.publishing.explorer import of_run
from dcgan_course.runs import Run, load_discriminator, load_generator, load_run
from dcgan_course.sampling import generate
from dcgan_course.trainer import train
from dcgan_course.widgets import LatentExplorer

SCORES = {10: 5.0, 20: 3.0, 30: 4.0}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return train(tiny.config(tmp_path_factory.mktemp("runs"), g_dropout=0.0), quiet=True).path


@pytest.fixture
def scored(trained, tmp_path, monkeypatch):
    """A run of three checkpoints; the second is the best, the third the last."""
    monkeypatch.chdir(tmp_path)
    folder = shutil.copytree(trained, tmp_path / "run")
    lines = [json.dumps({"step": step, "kimg": 0.02 * step, "fd65_tiny": fd}) for step, fd in SCORES.items()]
    (folder / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def first(net) -> torch.Tensor:
    return next(net.parameters())


def of(folder, step) -> torch.Tensor:
    return first(Run(folder).load_generator(folder / "checkpoints" / f"step_{step:07d}"))


@pytest.mark.parametrize(("name", "step"), [
    ("best", 20), ("last", 30), ("10", 10), (10, 10), ("step_0000010", 10), ("run/checkpoints/step_0000010/", 10)])
def test_a_checkpoint_by_name(scored, name, step):
    run = load_run(scored, name)
    assert torch.equal(first(run.load_generator()), of(scored, step)) and run.chosen.name == f"step_{step:07d}"
    assert len({of(scored, s).flatten()[0].item() for s in SCORES}) == 3  # so the line above can fail


def test_the_best_is_taken_by_default_and_the_last_where_nothing_was_scored(scored, trained):
    assert torch.equal(first(load_generator(scored)), of(scored, 20))
    assert torch.equal(first(load_discriminator(scored)), first(
        Run(scored).load_discriminator(scored / "checkpoints" / "step_0000020")))
    assert torch.equal(first(LatentExplorer(str(scored)).netG), of(scored, 20))  # as in `explore`
    assert torch.equal(first(load_generator(trained)), of(trained, 30))
    assert load_run(scored).weights() == "step_0000020, the best by fd65_tiny of 3 checkpoints"
    assert load_run(scored, "last").weights() == "step_0000030, the last of 3 checkpoints"
    assert load_run(scored, 10).weights() == "step_0000010, one of 3 checkpoints"
    assert load_run(trained).weights() == "step_0000030, the last of 3 checkpoints; none was scored"
    assert load_run("mnist").weights() is None


@pytest.mark.parametrize("name", ["11", "step_0000011", "0", "bset", "", "step_", "-10", "1.5", "10/x"])
def test_an_unknown_checkpoint(scored, capsys, name):
    assert cli.main(["sample", "run", f"--checkpoint={name}"]) == 2
    out, err = capsys.readouterr()
    assert "step_0000010, step_0000020, step_0000030" in err and err.count("\n") == 1 and out == ""


def test_many_checkpoints_are_not_all_listed(scored):
    for step in range(40, 400, 10):
        (scored / "checkpoints" / f"step_{step:07d}").mkdir()
    with pytest.raises(UserError, match="step_0000030, ..., step_0000370, step_0000380, step_0000390$"):
        load_run(scored, 15)


def test_a_run_without_checkpoints(scored, capsys):
    shutil.rmtree(scored / "checkpoints")
    assert cli.main(["sample", "run"]) == 2 and "no checkpoint yet" in capsys.readouterr().err
    assert cli.main(["sample", "run", "--checkpoint", "10"]) == 2 and "there are none yet" in capsys.readouterr().err


def test_a_recorded_run_has_one_set_of_weights(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["sample", "mnist", "--n", "1", "--checkpoint", "best"]) == 0
    assert capsys.readouterr().out == "samples.png\n"
    for command in (["sample"], ["interpolate"], ["neighbours"], ["score"], ["page"], ["export"]):
        words = ["mnist", *(["new"] if command[0] in ("page", "export") else []), "--checkpoint", "last"]
        assert cli.main([*command, *words]) == 2
        err = capsys.readouterr().err
        assert "checkpoint: found last, expected best" in err and err.count("\n") == 1


@pytest.mark.parametrize(("flags", "step", "words"), [
    ([], 20, "the best by fd65_tiny of 3"), (["--checkpoint", "last"], 30, "the last of 3"),
    (["--checkpoint", "10"], 10, "one of 3")])
def test_the_commands_draw_with_it_and_say_which(scored, capsys, monkeypatch, flags, step, words):
    used, real = [], generate

    def spy(netG, z, **options):
        used.append(first(netG).clone())
        return real(netG, z, **options)

    monkeypatch.setattr("dcgan_course.sampling.generate", spy)
    for command in (["sample"], ["interpolate"], ["neighbours", "--n", "4"]):
        assert cli.main([command[0], "run", *command[1:], *flags]) == 0
        assert torch.equal(used[-1], of(scored, step))
        assert capsys.readouterr().out.startswith(f"weights: step_{step:07d}, {words} checkpoints\n")


@pytest.mark.slow
def test_score_takes_all_or_the_one_that_is_asked_for(scored, capsys):
    columns = {}
    for name, flags in {"all": [], "best": ["--checkpoint", "best"], "10": ["--checkpoint", "10"]}.items():
        assert cli.main(["score", "run", "--judge", "mnist", "--n", "65", *flags]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].startswith("weights: ") == bool(flags)
        columns[name] = next(line.split() for line in lines if line.endswith("real images"))
    assert columns == {"all": ["step_0000010", "step_0000020", "step_0000030", "real", "images"],
                       "best": ["step_0000020", "real", "images"], "10": ["step_0000010", "real", "images"]}


@pytest.mark.parametrize(("flags", "step", "words", "fd"), [
    ([], 20, "step_0000020, the best by fd65_tiny of 3 checkpoints.", "| Frechet distance (`fd65_tiny`) | 3.000 |"),
    (["--checkpoint=last"], 30, "step_0000030, the last of 3 checkpoints.",
     "| Frechet distance (`fd65_tiny`) | 4.000 |")])
@pytest.mark.slow
def test_export_and_its_card_are_of_that_checkpoint(scored, capsys, flags, step, words, fd):
    assert cli.main(["export", "run", "new", *flags]) == 0
    z = torch.randn(3, 8)
    (images,) = onnxruntime.InferenceSession("new/generator.onnx").run(["images"], {"z": z.numpy()})
    netG = Run(scored).load_generator(scored / "checkpoints" / f"step_{step:07d}")
    torch.testing.assert_close(torch.from_numpy(images), generate(netG, z), rtol=0, atol=1e-4)
    card = (scored.parent / "new" / "README.md").read_text("utf-8")
    assert f"The weights are those of {words}" in card and fd in card and card.count("(`fd65_tiny`) |") == 1


def test_the_page_is_of_that_checkpoint(scored):
    for name, step in (("best", 20), ("last", 30)):
        run = load_run(scored, name)
        strongest = of_run(run, run.load_generator())["strongest"][0]
        netG = Run(scored).load_generator(scored / "checkpoints" / f"step_{step:07d}")
        expected = LatentExplorer(netG).directions["strongest 1"]
        assert strongest["vector"] == pytest.approx(expected.tolist(), abs=1e-4)


def test_a_card_without_scores_of_its_checkpoint_shows_none(scored):
    lines = (scored / "metrics.jsonl").read_text("utf-8").splitlines()
    (scored / "metrics.jsonl").write_text("\n".join(lines[:2]) + "\n")
    card = export.model_card(load_run(scored, "last"))
    assert "None yet." in card and "step_0000030, the last of 3 checkpoints." in card


@pytest.mark.parametrize(("line", "words"), [('{"step": 10, "kimg": 1}', "a line is no score"),
                                             ('{"fd": 3}', "line 1 has no step"), ("[1]", "line 1 has no step"),
                                             ("7", "line 1 has no step; remove that line to go on")])
def test_a_line_that_is_no_score(scored, capsys, line, words):
    (scored / "metrics.jsonl").write_text(f"{line}\n")
    assert cli.main(["sample", "run"]) == 2
    err = capsys.readouterr().err
    assert f"metrics.jsonl: {words}" in err and err.count("\n") == 1


@pytest.mark.parametrize(("name", "words"), [
    ("x.safetensors", "x.safetensors: a file, expected a run folder\n"),
    ("./x.safetensors", "x.safetensors: a file, expected a run folder\n"),
    ("run/checkpoints/step_0000010/netG.safetensors", "a file, expected a run folder; did you mean run?\n"),
    ("run/config.json", "a file, expected a run folder; did you mean run?\n"),
    ("run/checkpoints/step_0000010", "not a run folder, it has no config.json; did you mean run?\n"),
    (".", "not a run folder, it has no config.json; did you mean run?\n"), ("run/nothing", "run/nothing: not found")])
def test_what_is_no_run_folder_is_called_what_it_is(scored, capsys, name, words):
    (scored.parent / "x.safetensors").write_bytes(b"")
    for command in ("sample", "info", "resume"):
        assert cli.main([command, name]) == 2
        err = capsys.readouterr().err
        assert (words if command != "info" else words.rstrip()) in err and err.count("\n") == 1
