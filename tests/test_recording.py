"""Recorded runs: what `record` keeps, and that those in data/runs can be made again."""

import json

import pytest
import tiny
import torch

from dcgan_course.cli import main
from dcgan_course.config import preset
from dcgan_course.errors import UserError
from dcgan_course.recording import command, record, seconds, shareable
from dcgan_course.runs import Run


def test_the_command_is_the_preset_and_what_differs():
    config = preset("mnist", nz=2, z="uniform", lr_g=1e-3, flip=True, device="cpu", precision="bf16", nc=1)
    assert command(config) == "dcgan-course train --preset mnist --flip --nz 2 --z uniform --lr_g 0.001"
    assert command(preset("avatars")) == "dcgan-course train --preset avatars"


def test_no_path_of_a_machine_is_kept():
    config = shareable(preset("avatars", data="folder:/home/me/secret/towers.zip", out="/home/me/runs"))
    assert config.data == "folder:towers.zip" and config.out == "runs"
    assert shareable(preset("mnist")).data == "mnist"


def test_record(finished_run, tmp_path, capsys):
    folder = tmp_path / "kept"
    assert main(["record", str(finished_run.path), str(folder), "--discriminator"]) == 0
    kept = Run(folder)
    about = json.loads((folder / "record.json").read_text())
    assert about["checkpoint_step"] == 30 and about["checkpoint_kimg"] == 0.6
    assert about["seconds"] == round(seconds(finished_run))
    assert kept.stats() == finished_run.stats()
    assert not (folder / "reals.png").exists()  # pictures of others stay where they are
    assert len(kept.samples()) == 6 + 1 and kept.samples()[0][0] == 0 and kept.samples()[-1][0] == 0.6
    z = torch.randn(5, 8)
    for load in (Run.load_generator, Run.load_discriminator):
        before, after = load(finished_run), load(kept)
        for net in (before, after):
            net.eval()
        for a, b in zip(before.state_dict().values(), after.state_dict().values(), strict=True):
            assert torch.allclose(a.float(), b.float(), rtol=1e-3, atol=1e-6)
    assert kept.load_generator()(z).shape == (5, 1, 28, 28)
    with pytest.raises(UserError, match="exists already, expected a new folder"):
        record(finished_run, folder)


def test_the_seconds_are_those_of_the_statistics(tmp_path):
    run = Run.create(tiny.config(tmp_path))
    run.add_line({"step": 10, "kimg": 2.0, "images_per_s": 100.0})
    run.add_line({"step": 20, "kimg": 5.0, "images_per_s": 1000.0})
    assert seconds(run) == pytest.approx(20 + 3)
