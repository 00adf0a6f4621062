"""A full disk and a read-only one, real ones: each command says so in one line, and leaves nothing half made."""

import contextlib
import os
import shutil
import subprocess

import pytest
import tiny

from dcgan_course.commands import cli
from dcgan_course.trainer import train


@contextlib.contextmanager
def mounted(folder, options):
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True)
    if done.returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return train(tiny.config(tmp_path_factory.mktemp("runs"), g_dropout=0.0, num_epochs=1), quiet=True)


TRAIN = ["train", "--preset", "smoke", "--data", "tiny", "--nz", "8", "--ngf", "4", "--ndf", "4", "--batch_size", "20",
         "--device", "cpu", "--precision", "fp32", "--out", "{disk}/runs"]
COMMANDS = {
    "train": TRAIN, "prepare": ["prepare", "folder:{pictures}", "--image_size", "32", "--out", "{disk}/new"],
    "sample": ["sample", "{run}", "--n", "900", "--out", "{disk}/samples.png"],
    "film": ["interpolate", "{run}", "--frames", "200", "--out", "{disk}/walk.gif"],
    "record": ["record", "{run}", "{disk}/new"], "export": ["export", "{run}", "{disk}/new"],
    "page": ["page", "{run}", "{disk}/new"],
    "features": ["features", "{run}", "--labels", "60", "--draws", "1", "--out", "{disk}/features.csv"],
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    from PIL import Image

    folder = tmp_path_factory.mktemp("pictures")
    for i in range(40):
        Image.new("RGB", (40, 40), (5 * i, 0, 0)).save(folder / f"{i}.png")
    return folder


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs to mount a disk")
@pytest.mark.parametrize("kind", ["full", "read-only"])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_disk_that_takes_nothing(name, kind, run, pictures, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("DCGAN_COURSE_CACHE", str(tmp_path / "cache"))
    with mounted(tmp_path / "disk", "ro" if kind == "read-only" else "size=64k") as disk:
        if kind == "full":
            with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
                while True:
                    filler.write(bytes(1024))
        words = [word.format(disk=disk, run=run.path, pictures=pictures) for word in COMMANDS[name]]
        assert cli.main(words) == 2
        said = capsys.readouterr().err.strip().splitlines()
        assert said[-1].startswith("dcgan-course: ") and str(disk) in said[-1] and "Traceback" not in "".join(said)
        made = {p.name for p in disk.iterdir()} - {"filler", "runs", "new.partial", "new.lock"}
        assert not made or name in ("sample", "film", "features"), made
        assert not [p for p in disk.rglob("*.tmp")]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs to mount a disk")
def test_a_training_whose_disk_fills_up_keeps_its_checkpoints(tmp_path, capsys):
    """It stops with the last good checkpoint named, and goes on from it once there is room."""
    with mounted(tmp_path / "disk", "size=900k") as disk:
        config = tiny.config(disk / "runs", num_epochs=40, sample_kimg=1000)
        with pytest.raises(Exception) as stopped:
            train(config, quiet=True)
        assert type(stopped.value).__name__ == "UserError" and "the last good checkpoint is step_" in str(stopped.value)
        path = next((disk / "runs").iterdir())
        shutil.copytree(path, tmp_path / "moved")
    from dcgan_course.runs import Run

    moved = Run(tmp_path / "moved")
    assert 0 < int(moved.last_checkpoint().name[5:]) < 400
    assert train(moved.config, resume=moved, quiet=True).last_checkpoint().name == "step_0000400"
