"""Going on with a run: with the pictures it was trained on, wherever they and the run are now."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from dcgan_course.backstage import resolve
from dcgan_course.commands import cli
from dcgan_course.machine import runtime
from dcgan_course.runs import IMAGES_FILE, Run
from dcgan_course.runs.again import command
from dcgan_course.runs.checkpoints import STATE_FILE

WORDS = ("--preset smoke --image_size 16 --nz 8 --ngf 4 --ndf 4 --batch_size 10 --device cpu --precision fp32").split()



@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder of 40 pictures in two classes, and an empty one to work in."""
    monkeypatch.setenv("DCGAN_COURSE_CACHE", str(tmp_path / "cache"))
    random = np.random.default_rng(0)
    for i in range(40):
        file = tmp_path / "photos" / "ab"[i % 2] / f"{i:02d}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (16, 16, 3), np.uint8)).save(file)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def train(*words) -> int:
    return cli.main(["train", *WORDS, *words])


def weights(run: str) -> dict:
    return load_file(Run(run).last_checkpoint() / "netG.safetensors")


def same(a: dict, b: dict) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("change, found", [("add", 41), ("remove", 39), ("replace", 40), ("another class", 40)])
def test_other_pictures_are_refused_until_they_are_accepted(here, capsys, change, found):
    assert train("--data", "folder:../photos") == 0
    file = here / "photos" / "a" / "04.png"
    if change == "add":
        shutil.copy(file, file.with_name("99.png"))
    elif change == "remove":
        file.unlink()
    elif change == "replace":
        Image.new("RGB", (16, 16), "red").save(file)
    else:
        shutil.move(file, here / "photos" / "b" / "zz.png")
    before = weights("runs/0001-smoke")
    stamp = json.loads((here / "work" / "runs" / "0001-smoke" / IMAGES_FILE).read_text("utf-8"))["stamp"]
    assert cli.main(["resume", "runs/0001-smoke", "--num_epochs", "2"]) == 2
    err = capsys.readouterr().err.splitlines()[-1]
    assert f"was trained on 40 images (stamp {stamp}), found {found} (stamp" in err
    assert cli.main(["neighbours", "runs/0001-smoke", "--n", "4"]) == 2
    assert f"was trained on 40 images (stamp {stamp})" in capsys.readouterr().err
    assert "remove runs/0001-smoke/images.json" in err and same(weights("runs/0001-smoke"), before)
    (here / "work" / "runs" / "0001-smoke" / IMAGES_FILE).unlink()
    assert cli.main(["resume", "runs/0001-smoke", "--num_epochs", "2"]) == 0
    about = json.loads((here / "work" / "runs" / "0001-smoke" / IMAGES_FILE).read_text("utf-8"))
    assert about["count"] == found and about["stamp"] != stamp and about["label_names"] == ["a", "b"]


def test_moved_pictures_go_on_bit_for_bit(here, capsys, monkeypatch):
    """From another folder, with the pictures somewhere else and touched: copying changes times, not pictures."""
    assert train("--data", "folder:../photos", "--num_epochs", "2") == 0
    assert train("--data", "folder:../photos") == 0
    run = here / "work" / "runs" / "0002-smoke"
    monkeypatch.chdir(here)  # the relative path of the command would lead nowhere now
    assert cli.main(["resume", str(run), "--num_epochs", "1.5"]) == 0
    shutil.copytree("photos", "elsewhere", copy_function=shutil.copyfile)
    shutil.rmtree("photos")
    capsys.readouterr()
    assert cli.main(["resume", str(run), "--num_epochs", "2"]) == 2
    assert "photos: not found" in capsys.readouterr().err
    assert cli.main(["resume", str(run), "--num_epochs", "2", "--data", "folder:elsewhere"]) == 0
    assert Run(run).config.data == f"folder:{here / 'elsewhere'}"
    assert same(weights(str(run)), weights("work/runs/0001-smoke"))


def test_a_damaged_note_of_the_pictures(here, capsys):
    assert train("--data", "folder:../photos") == 0
    for content in ("{", "[]", "{}"):
        (here / "work" / "runs" / "0001-smoke" / IMAGES_FILE).write_text(content)
        assert cli.main(["resume", "runs/0001-smoke", "--num_epochs", "2"]) == 2
        err = capsys.readouterr().err
        assert "images.json" in err and err.splitlines()[-1].startswith("dcgan-course: ")


def as_if_on_cuda(run) -> None:
    """The run folder as a GPU would have left it: its config, and a stream of z in another form."""
    config = json.loads((run / "config.json").read_text("utf-8"))
    (run / "config.json").write_text(json.dumps(config | {"device": "cuda", "precision": "bf16", "compile": "on"}))
    file = Run(run).last_checkpoint() / STATE_FILE
    state = torch.load(file, weights_only=True)
    gpus = [torch.zeros(16, dtype=torch.uint8)] * 2
    torch.save(state | {"device": "cuda", "z_stream": torch.zeros(16, dtype=torch.uint8), "cuda_rng": gpus}, file)
    from dcgan_course.machine.files import file_sha256

    digests = {f.name: file_sha256(f) for f in file.parent.iterdir() if f.name != "sha256.json"}
    (file.parent / "sha256.json").write_text(json.dumps(digests))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_run_from_a_gpu_goes_on_with_the_processor(here, capsys):
    assert train("--data", "folder:../photos") == 0
    run = here / "work" / "runs" / "0001-smoke"
    as_if_on_cuda(run)
    capsys.readouterr()
    assert cli.main(["resume", str(run), "--num_epochs", "3"]) == 2
    assert "which has 0 CUDA devices; another one by --device, such as --device cpu" in capsys.readouterr().err
    assert cli.main(["resume", str(run), "--num_epochs", "3", "--device", "cpu"]) == 0
    assert "goes on with cpu after cuda: not bit for bit" in capsys.readouterr().out
    config = Run(run).config
    assert (config.device, config.compile) == ("cpu", "off") and config.precision in ("fp32", "bf16")
    assert [line["step"] for line in Run(run).stats()][-1] == 12
    assert cli.main(["resume", str(run), "--num_epochs", "4", "--lr_g", "0.1"]) == 2
    assert "lr_g: 0.0002 -> 0.1" in capsys.readouterr().err


def test_the_random_stream_of_mps_is_kept(here, monkeypatch):
    """Of dropout and augmentation, as that of CUDA is."""
    assert train("--data", "folder:../photos") == 0
    kept, run = [], str(here / "work" / "runs" / "0001-smoke")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.mps, "get_rng_state", lambda: torch.full((4,), 7, dtype=torch.uint8))
    monkeypatch.setattr(torch.mps, "set_rng_state", lambda state: kept.append(state.tolist()))
    assert cli.main(["resume", run, "--num_epochs", "3"]) == 0
    file = Run(run).last_checkpoint() / STATE_FILE
    assert torch.load(file, weights_only=True)["mps_rng"].tolist() == [7] * 4
    monkeypatch.setattr(torch.mps, "get_rng_state", lambda: torch.full((4,), 9, dtype=torch.uint8))  # now another
    kept.clear()
    assert cli.main(["resume", run, "--num_epochs", "4"]) == 0 and [7] * 4 in kept
    assert kept[-1] == [9] * 4  # the caller's


def test_a_run_in_bf16_goes_on_with_a_gpu_that_only_imitates_it(here, capsys, monkeypatch):
    """Another card of the same kind, as Colab gives out."""
    assert train("--data", "folder:../photos", "--precision", "bf16") == 0
    run = str(here / "work" / "runs" / "0001-smoke")
    for module in (runtime, resolve):
        monkeypatch.setattr(module, "has_bf16", lambda device: False)
    real = runtime.autocast

    def refusing(device, precision):
        if precision == "bf16":
            raise RuntimeError("no engine for bf16")
        return real(device, precision)

    monkeypatch.setattr(runtime, "autocast", refusing)  # some cards do not even imitate it
    assert cli.main(["resume", run, "--num_epochs", "3"]) == 0
    assert "goes on with cpu, which only imitates the run's bf16: not bit for bit" in capsys.readouterr().out
    assert Run(run).config.precision == "fp32" and Run(run).stats()[-1]["step"] == 12


def test_grey_runs_from_colour_pictures(here, capsys):
    """--nc 1 all the way: train, resume, sample, score, neighbours, info, film."""
    assert train("--data", "folder:../photos", "--nc", "1", "--fit", "pad") == 0
    run = "runs/0001-smoke"
    config = Run(run).config
    assert (config.nc, config.fit) == (1, "pad")
    assert np.asarray(Image.open(f"{run}/reals.png")).shape[2] == 3 and weights(run)["blocks.2.0.weight"].shape[1] == 1
    assert cli.main(["resume", run, "--num_epochs", "2"]) == 0
    for words in (["sample", run, "--n", "4"], ["neighbours", run, "--n", "4"], ["info", run]):
        assert cli.main(words) == 0, words
    assert "classes or attributes: a, b" in capsys.readouterr().out
    assert " --nc 1 " in f"{command(Run(run).config)} " and "nc: None -> 1" in info_of(run, capsys)


def info_of(run: str, capsys) -> str:
    assert cli.main(["info", run]) == 0
    return capsys.readouterr().out


def test_copies_that_people_leave_in_a_run(here, capsys):
    """A checkpoint kept under another name, a picture beside the samples, a folder that was removed."""
    assert train("--data", "folder:../photos") == 0
    run = here / "work" / "runs" / "0001-smoke"
    last = Run(run).last_checkpoint()
    shutil.copytree(last, last.with_name(last.name + "_backup2"))
    shutil.copytree(last, last.with_name("step_x9"))
    last.with_name("step_0000099").write_text("a file")
    shutil.rmtree(run / "samples")
    assert Run(run).checkpoints() == [last]
    assert cli.main(["resume", str(run), "--num_epochs", "2"]) == 0
    (run / "samples" / "fakes_best (1).png").write_bytes((run / "reals.png").read_bytes())
    assert cli.main(["gif", str(run)]) == 0 and len(Run(run).samples()) >= 1


def test_a_prepared_folder_keeps_its_look(here):
    assert cli.main(["prepare", "folder:../photos", "--image_size", "16", "--fit", "pad", "--pad_colour", "black",
                     "--out", "padded"]) == 0
    assert train("--data", "prepared:padded") == 0
    config = Run("runs/0001-smoke").config
    assert (config.fit, config.pad_colour) == ("pad", "black")
    assert cli.main(["resume", "runs/0001-smoke", "--num_epochs", "2"]) == 0


def test_the_last_weights_are_scored_too(here, monkeypatch):
    """An epoch that is not finished: its end has a score, else the best could not be the last."""
    monkeypatch.setattr("dcgan_course.trainer.make_scorer", lambda config: Scores())
    monkeypatch.setattr("dcgan_course.measuring.scores.require_judge", lambda config: None)
    assert train("--data", "folder:../photos", "--metric_every", "1", "--num_epochs", "1.5") == 0
    assert [line["step"] for line in Run("runs/0001-smoke").metrics()] == [4, 6]


class Scores:
    most = 70

    def __call__(self, images):
        return {"fd70_none": float(images.mean())}
