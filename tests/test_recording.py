"""Recorded runs: what `record` keeps, and that those in data/runs can be made again."""

import io
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from PIL import Image

from dcgan_course.commands.cli import main
from dcgan_course.config import TrainConfig, preset
from dcgan_course.experiments import recording
from dcgan_course.experiments.recording import (
    SHAREABLE,
    RecordedStudy,
    first_steps,
    record,
    seconds,
)
from dcgan_course.experiments.studies import read_study
from dcgan_course.machine.errors import UserError
from dcgan_course.machine.flags import flag_value, parse
from dcgan_course.machine.runtime import seeded
from dcgan_course.measuring import scores
from dcgan_course.runs import Run, load_generator, load_run
from dcgan_course.runs.again import MACHINE, command, shareable
from dcgan_course.runs.writing import add_line, create
from dcgan_course.sampling import draw_z, generate, image_grid
from dcgan_course.trainer import train

RECORDED = sorted(file.parent.name for file in (Path(__file__).parents[1] / "data" / "runs").glob("*/config.json"))


def test_the_command_is_the_preset_and_what_differs():
    config = preset("mnist", nz=2, z="uniform", lr_g=1e-3, flip=True, device="cpu", precision="bf16", nc=1)
    assert command(config) == "dcgan-course train --preset mnist --flip --nz 2 --z uniform --lr_g 0.001"
    assert command(preset("avatars")) == "dcgan-course train --preset avatars"
    assert command(preset("avatars", num_epochs=3.0)).endswith(" --num_epochs 3")


@pytest.mark.parametrize("changes", [dict(dropout_at_test=False, g_dropout=0.5), dict(data="folder:my towers"),
                                     dict(data="hf:me/faces"), dict(flip=True, augment=True, nz=7)])
def test_the_command_gives_the_config_again(changes):
    config = preset("avatars", **changes)
    args = shlex.split(command(config))[2:]
    assert parse(TrainConfig, args, "train", default=preset("avatars")) == config


@pytest.mark.parametrize(("data", "kept"), [
    ("mnist", "mnist"), ("folder:/home/me/secret/towers.zip", "folder:towers.zip"), ("hf:me/faces", "hf:me/faces"),
    ("folder:.", f"folder:{Path.cwd().name}"), ("lsun/church_outdoor:/data/lsun", "lsun/church_outdoor:lsun")])
def test_no_path_of_a_machine_is_kept(data, kept):
    config = shareable(preset("avatars", data=data, out="/home/me/runs", judge="/Users/me/secret/towers.safetensors"))
    assert (config.data, config.out, config.judge) == (kept, "runs", "towers.safetensors")


def test_record(finished_run, tmp_path, capsys, larger_webp):
    folder = tmp_path / "kept"
    assert main(["record", str(finished_run.path), str(folder), "--discriminator"]) == 0
    kept = Run(folder)
    about = json.loads((folder / "record.json").read_text("utf-8"))
    assert about["checkpoint_step"] == 30 and about["checkpoint_kimg"] == 0.6
    assert about["seconds"] == round(seconds(finished_run))
    assert kept.stats() == finished_run.stats() and len(about["first_steps"]) == 8
    assert sum(row[0] for row in about["first_steps"][:4]) / 4 == pytest.approx(kept.stats()[0]["loss_D"], rel=1e-4)
    assert not list(folder.glob("reals.*"))  # pictures of others stay where they are
    assert len(kept.samples()) == 6 + 1 and kept.samples()[0][0] == 0 and kept.samples()[-1][0] == 0.6
    for (kimg, before), (same, after) in zip(finished_run.samples(), kept.samples(), strict=True):
        assert same == kimg and after.suffix == ".webp"
        assert np.array_equal(np.asarray(Image.open(before)), np.asarray(Image.open(after)))
    z = torch.randn(5, 8)
    for load in (Run.load_generator, Run.load_discriminator):
        before, after = load(finished_run), load(kept)
        for net in (before, after):
            net.eval()
        for a, b in zip(before.state_dict().values(), after.state_dict().values(), strict=True):
            assert torch.allclose(a.float(), b.float(), rtol=1e-3, atol=1e-6)
    assert kept.load_generator()(z).shape == (5, 1, 28, 28)
    (tmp_path / "mine").mkdir()
    for there in (folder, tmp_path / "mine"):
        with pytest.raises(UserError, match="exists already, expected a new folder"):
            record(finished_run, there)
    assert not list((tmp_path / "mine").iterdir())


def test_the_best_checkpoint_is_recorded_with_its_scores(tmp_path, monkeypatch, larger_webp):
    """The best of three is not the last; and a damaged one leaves nothing behind."""
    distances = iter([5.0, 3.0, 4.0])

    def score(images):
        return {"fd20_tiny": next(distances, 3.5)}

    score.most, score.floor = 20, lambda n, told: {"fd20_tiny": 0.1}
    monkeypatch.setattr(scores, "scorer_for", lambda config: score)
    monkeypatch.setattr(recording, "scorer_for", lambda config: score)
    monkeypatch.setattr(recording, "SHAREABLE", ("tiny",))
    run = train(tiny.config(tmp_path, metric_every=1, metric_n=65, judge="mnist"))
    kept = record(run, tmp_path / "kept")
    about = json.loads((kept.path / "record.json").read_text("utf-8"))
    assert about["checkpoint_step"] == 20 and about["generated"] == {"fd20_tiny": 3.5}
    assert about["real"] == {"fd20_tiny": 0.1} and (kept.path / "metrics.png").is_file()
    reals = [np.asarray(Image.open(file).convert("RGB")) for file in (run.path / "reals.png", kept.path / "reals.webp")]
    assert np.array_equal(*reals) and reals[0].std() > 10
    weights = run.load_generator(run.best_checkpoint()).state_dict().values()
    for a, b in zip(weights, kept.load_generator().state_dict().values(), strict=True):
        assert torch.allclose(a.float(), b.float(), rtol=1e-3, atol=1e-6)
    with pytest.raises(UserError, match="recorded without its discriminator"):
        kept.load_discriminator()
    (run.best_checkpoint() / "netG_ema.safetensors").write_bytes(b"")
    with pytest.raises(UserError, match="damaged"):
        record(run, tmp_path / "broken")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["0001-smoke", "kept"]


def test_the_seconds_are_those_of_the_statistics(tmp_path):
    run = create(tiny.config(tmp_path))
    add_line(run, {"step": 10, "kimg": 2.0, "images_per_s": 100.0})
    add_line(run, {"step": 20, "kimg": 5.0, "images_per_s": 1000.0})
    assert seconds(run) == pytest.approx(20 + 3)


# ---- the recorded runs that come with the course


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_run_is_whole(name):
    run = load_run(name)
    about = json.loads((run.path / "record.json").read_text("utf-8"))
    args = shlex.split(about["command"])[2:]
    asked = parse(TrainConfig, args, "train", default=preset(flag_value(args, "--preset")))
    machine = {field: getattr(run.config, field) for field in MACHINE}
    assert asked.replace(**machine) == run.config  # the command that is named makes this run
    assert (run.path / "training.gif").stat().st_size <= 1_500_000
    assert len(run.samples()) <= 21 and about["seconds"] > 10
    assert (run.path / "reals.webp").is_file() == (run.config.data in SHAREABLE)
    path = r"/(home|work|tmp|root|Users|mnt)/|[A-Z]:\\"
    assert not any(re.search(path, file.read_text("utf-8")) for file in run.path.glob("*.json*"))
    if about.get("generated"):
        fd = next(key for key in about["generated"] if key.startswith("fd"))
        best = min(line[next(k for k in line if k.startswith("fd"))] for line in run.metrics())
        assert about["generated"][fd] == pytest.approx(best, rel=0.25)  # other z, and for some another n
        assert about["real"][fd] < about["generated"][fd]


WITHOUT_WEIGHTS = {"avatars_plain", "heritage_no_augment", "mnist_plain"}
LOSSY = {"avatars128": 90}  # the quality of a sheet that would be too large without losses


@pytest.mark.parametrize("name", sorted(set(RECORDED) - WITHOUT_WEIGHTS))
def test_a_recorded_generator_draws_its_picture(name):
    run = load_run(name)
    z = draw_z(run.config, 64, seeded(run.config.seed, "z_fixed"))
    drawn = Image.fromarray(image_grid(generate(load_generator(name), z)).numpy())
    if name in LOSSY:
        drawn.save(content := io.BytesIO(), "WEBP", quality=LOSSY[name], method=6)
        drawn = Image.open(content)
    drawn, stored = (np.asarray(picture, float) for picture in (drawn, Image.open(run.path / "best.webp")))
    assert abs(drawn - stored).mean() < 0.5  # of 255 grey levels; half precision and other machines
    assert drawn.std() > 20


@pytest.mark.parametrize("name", [name for name in RECORDED if name.startswith("mnist")])
@pytest.mark.slow
def test_the_first_steps_of_a_recorded_run_come_again(name, tmp_path):
    """Within 10 % of the recorded statistics, and much nearer than another seed.

    Measured between bfloat16 and float32, one thread and two: up to 2.1 % in the first two steps, after which the large
    learning rates lead elsewhere; with the paper's up to 1.3 % in all eight; 4 % where D wins, of numbers near 0. Other
    seeds: 14 % and more; without batch norm 2.6 % and more, but there the same seed comes as much nearer."""
    recorded = load_run(name)
    expected = json.loads((recorded.path / "record.json").read_text("utf-8"))["first_steps"]
    steps = len(expected) if max(recorded.config.lr_g, recorded.config.lr_d) <= 2e-4 else 2

    def gap(seed):
        config = recorded.config.replace(device="cpu", precision="auto", seed=seed, out=str(tmp_path))
        made = first_steps(config, steps)
        assert len(made) == steps and len(expected) == 8
        return abs(np.array(made) / np.array(expected)[:steps] - 1).max()

    same, other = gap(recorded.config.seed), gap(99)
    assert same < 0.1 and other > 2.5 * same, (same, other)


# ---- the studies of data/studies

STUDIES = sorted(path.stem for path in (Path(__file__).parents[1] / "data" / "studies").glob("*.json"))


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_of_the_repository_is_whole(name):
    """Its definition can be read and run; where it was recorded, every config and seed has its numbers and pictures."""
    folder = Path(__file__).parents[1] / "data" / "studies" / name
    study = read_study(folder.with_suffix(".json"))
    if not folder.is_dir():
        return  # defined, not yet recorded
    recorded = RecordedStudy(name)
    assert set(recorded.table["config"]) == set(study.configs) and set(recorded.table["seed"]) <= set(study.seeds)
    counts = recorded.table.groupby("config")["seed"].nunique()
    assert counts.nunique() == 1 and counts.iloc[0] >= 2
    assert {path.stem for path in folder.glob("*.webp")} == set(study.configs)
    assert all(recorded.curves(config) for config in study.configs)
    assert recorded.about["command"] == f"dcgan-course study data/studies/{name}.json"
    assert not re.search(r"/(home|root|work|tmp|Users)/", (folder / "about.json").read_text("utf-8"))
