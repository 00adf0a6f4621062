"""The command line as a person uses it: each bad input gets one line, status 2, and loses nothing."""

import contextlib
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
import torch
from PIL import Image

from dcgan_course.commands import cli, info
from dcgan_course.commands.catalogue import COMMANDS, GROUPS, first_line, flags
from dcgan_course.commands.drawing import class_of
from dcgan_course.config import PRESETS, preset
from dcgan_course.machine.errors import UserError
from dcgan_course.machine.flags import writing
from dcgan_course.machine.runtime import seeded
from dcgan_course.measuring import scores
from dcgan_course.measuring.judges import judged, load_judge
from dcgan_course.measuring.scores import score_generator, scorer_for
from dcgan_course.models import build_discriminator, build_generator
from dcgan_course.runs import Run, load_run
from dcgan_course.sampling import generate, image_grid, sample_z

README_WORDS = "--num_epochs 10 --batch_size 128 --channels_noise 100 --lr_g 0.0002 --lr_d 0.0002 --beta1 0.5".split()


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def asked(monkeypatch, finished_run):
    """Catches the config that the command line would train."""
    configs = []
    monkeypatch.setattr("dcgan_course.trainer.train", lambda config, **_: configs.append(config) or finished_run)
    return configs


def test_the_well_known_words(asked):
    assert cli.main(["train", *README_WORDS]) == 0
    assert asked[0] == PRESETS["mnist"].replace(num_epochs=10, batch_size=128, nz=100, lr_g=2e-4, lr_d=2e-4, beta1=0.5)


@pytest.mark.parametrize("words", ["--channels_noise 7", "--channels-noise 7", "--nz 7", "--nz=7",
                                   "--channels_noise=7"])
def test_nz_and_channels_noise_are_the_same(asked, words):
    cli.main(["train", *words.split()])
    assert asked[0].nz == 7


def test_dashes_and_underscores_both_work(asked):
    for words in ("--lr-g 0.1 --no-dropout-at-test", "--lr_g 0.1 --no_dropout_at_test"):
        cli.main(["train", *words.split()])
    assert asked[0] == asked[1] == PRESETS["mnist"].replace(lr_g=0.1, dropout_at_test=False)


def test_without_flags_the_mnist_preset_is_trained(asked):
    """What `make train` calls."""
    assert cli.main(["train"]) == 0
    assert asked == [PRESETS["mnist"]]


def test_preset_sets_the_defaults(asked):
    cli.main(["train", "--preset", "paper", "--nz", "64"])
    cli.main(["train", "--preset=smoke"])
    assert asked == [PRESETS["paper"].replace(nz=64), PRESETS["smoke"]]


def test_help_shows_every_parameter_with_its_default(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as stop:
        cli.main(["train", "--help"])
    assert not stop.value.code
    text = " ".join(capsys.readouterr().out.split())
    for name, default in vars(PRESETS["mnist"]).items():
        assert re.search(rf"--{name}\b[^(]*(\(.*?\))?.*?\(default: ", text), name
        assert f"default: {default}" in text, name


def test_info_says_what_several_devices_exchange(capsys):
    assert cli.main(["info", "smoke"]) == 0
    config = PRESETS["smoke"].replace(nc=1)
    nets = build_generator(config), build_discriminator(config)
    nets[1](nets[0](torch.randn(2, 16))).sum().backward()
    gradients = sum(p.grad.nbytes for net in nets for p in net.parameters())
    assert f"on several devices: {gradients / 1e6:.1f} MB of gradients a step" in capsys.readouterr().out


def test_overview(capsys):
    assert cli.main([]) == 0
    text = capsys.readouterr().out
    assert re.findall(r"^\w+$", text, re.M) == ["train", "look", "measure", "publish", "machine"]
    assert re.findall(r"^  (\w+) ", text, re.M) == list(COMMANDS)


def test_the_readme_lists_the_commands():
    rows = [f"| {group} | `{command.__name__}` | {first_line(command.__name__)} |"
            for group, commands in GROUPS.items() for command in commands]
    table = "\n".join(["| to | command | does |", "|---|---|---|", *rows, ""])
    assert f"\n\n{table}\n" in (Path(__file__).parents[1] / "README.md").read_text("utf-8")


def test_help_and_completion_do_not_wait_for_torch():
    code = ("import sys; from dcgan_course.commands.cli import main; "
            "sys.exit(main([]) or main(['completion', 'bash']) or 'torch' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL).returncode == 0


@pytest.mark.parametrize(("words", "expected"), [
    ("sa", {"sample"}), ("", set(COMMANDS)), ("train --lr", {"--lr_g", "--lr_d"}),
    ("resume runs/1 --num", {"--num_epochs"}), ("train --no_fl", {"--no_flip"}), ("sample --he", {"--help"}),
    ("sample mni", set()), ("nothing --", set())])
@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_completion(here, capsys, shell, words, expected):
    """What is left to the shell are files: here, in a folder without one, nothing."""
    if os.name == "nt" or not shutil.which(shell):
        pytest.skip(f"there is no {shell}")
    assert cli.main(["completion", shell]) == 0
    script = capsys.readouterr().out
    script += {"fish": f"\ncomplete -C 'dcgan-course {words}'", "bash": f"""
COMP_WORDS=(dcgan-course {words or "''"}) COMP_CWORD={max(1, len(words.split()))}
_dcgan_course
printf '%s\\n' "${{COMPREPLY[@]}}\""""}[shell]
    said = subprocess.run([shell, "-c", script], capture_output=True, text=True, check=True).stdout
    assert {row.split("\t")[0] for row in said.splitlines() if row} == expected


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "resume"])
def test_completed_flags_are_those_of_the_parser(capsys, name):
    with contextlib.suppress(SystemExit):
        cli.main([name, "--help"])
    rows = re.findall(r"^\W ((?:-h, )?--.*?)(?:  | [A-Z{].*)?$", capsys.readouterr().out, re.M)
    assert set(re.findall(r"--\w+", " ".join(rows))) == set(flags(name))


BAD = {
    "unknown command": (["trian"], "did you mean train"),
    "unknown flag": (["train", "--batchsize", "3"], "--batchsize"),
    "unknown flag, nearest": (["train", "--num_epoch", "3"], "options: --num_epoch; did you mean --num_epochs"),
    "unknown flag, capitals": (["train", "--lr_G", "0.001"], "options: --lr_G; did you mean --lr_g?"),
    "unknown choice": (["train", "--loss", "hinje"], "--loss: found 'hinje', expected one of non_saturating, minimax, "
                       "least_squares, hinge, wasserstein, relativistic; did you mean hinge?"),
    "unknown preset": (["train", "--preset", "mnits"], "did you mean mnist"),
    "unknown images": (["train", "--data", "minst"], "did you mean mnist"),
    "size": (["train", "--image_size", "48"], "image_size: found 48"),
    "nz 0": (["train", "--nz", "0"], "nz: found 0"),
    "ngf -1": (["train", "--ngf", "-1"], "ngf: found -1"),
    "batch 0": (["train", "--batch_size", "0"], "batch_size: found 0"),
    "batch word": (["train", "--batch_size", "many"], "--batch_size: found 'many', expected a whole number"),
    "channels word": (["train", "--nc", "grey"], "--nc: found 'grey', expected None or a whole number"),
    "threads word": (["train", "--threads", "all"], "--threads: found 'all', expected a whole number or auto"),
    "no value": (["train", "--nz"], "train: --nz: found no value, expected one\n"),
    "negative rate": (["train", "--lr_g", "-1"], "lr_g: found -1"),
    "nan rate": (["train", "--lr_d", "nan"], "lr_d: found nan"),
    "word rate": (["train", "--lr_d", "fast"], "--lr_d: found 'fast', expected a number"),
    "choice": (["train", "--loss", "guess"], "non_saturating"),
    "no value before a flag": (["sample", "{run}", "--out", "--n", "3"], "sample: --out: found no value, expected one"),
    "colour digits": (["train", "--nc", "3"], "nc: found 3, expected 1"),
    "large batch": (["train", "--batch_size", "60001"], "batch_size: found 60001, expected at most"),
    "no such GPU": (["train", "--device", "cuda:9"], "device: found 'cuda:9'"),
    "no such device": (["train", "--device", "gpu"], "device: found 'gpu'"),
    "out is a file": (["train", "--preset", "smoke", "--out", "a_file"], "a_file"),
    "resume nothing": (["resume"], "no run folder"),
    "resume missing": (["resume", "runs/0009-mnist"], "runs/0009-mnist: not found"),
    "resume no run": (["resume", "."], "not a run folder"),
    "resume a file": (["resume", "a_file"], "a_file: a file, expected a run folder"),
    "resume another": (["resume", "{run}", "--lr_g", "0.1"], "lr_g: 0.0002 -> 0.1"),
    "sample missing": (["sample", "nothing"], "nothing: not found"),
    "sample no argument": (["sample"], "sample: RUN is missing, expected: dcgan-course sample RUN\n"),
    "page no folder": (["page", "mnist"], "page: FOLDER is missing, expected: dcgan-course page RUN FOLDER\n"),
    "info of a folder": (["info", "."], "it has no config.json, expected a run, or a preset: mnist, "),
    "completion alone": (["completion"], "completion: {bash,zsh,fish} is missing, expected: dcgan-course completion"),
    "sample 0": (["sample", "{run}", "--n", "0"], "n: found 0"),
    "sample ending": (["sample", "{run}", "--out", "picture.xyz"], "picture.xyz: cannot be written"),
    "a long name": (["sample", "{run}", "--out", "x" * 300], "xxx: found a name that is too long"),
    "a long judge": (["score", "{run}", "--judge", "x" * 300], "x.safetensors: found a name that is too long"),
    "sample folder": (["sample", "{run}", "--out", "no/where.png"], "where.png: cannot be written"),
    "interpolate method": (["interpolate", "{run}", "--method", "cubic"], "cubic"),
    "gif missing": (["gif", "nothing"], "nothing: not found"),
    "a drawing as pixels": (["info", "smoke", "--svg", "a.png"], "a.png: cannot be written as a drawing, expected an"),
    "a drawing of images": (["info", "folder:x", "--svg", "a.svg"], "or a preset: "),
    "info of nothing": (["info", "papre"], "did you mean paper"),
    "bench of nothing": (["bench", "--preset", "papre"], "did you mean paper"),
    "a folder given twice": (["gif", "{run}", "again"], "again"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line(here, finished_run, capsys, case):
    (here / "a_file").write_text("not a run")
    words, expected = BAD[case]
    before = sorted(p for p in here.rglob("*"))
    status = cli.main([word.replace("{run}", str(finished_run.path)) for word in words])
    out, err = capsys.readouterr()
    assert status == 2
    assert expected in err and err.count("\n") == 1 and err.startswith("dcgan-course: ")
    assert out == ""
    assert sorted(p for p in here.rglob("*")) == before  # no half-made run folder


@pytest.mark.slow
def test_as_a_process_there_is_no_traceback(here):
    command = [sys.executable, "-m", "dcgan_course", "train", "--nz", "none"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "Traceback" not in done.stderr


@pytest.mark.parametrize("content, words", [
    ("{", "not JSON"), ("[1]", "found list, expected a JSON object"), ('{"nz": 0}', "nz: found 0"), ('{"nx": 1}', "nx"),
    (b"\xff\xfe", "not JSON")])
def test_damaged_config(here, finished_run, capsys, content, words):
    run = shutil.copytree(finished_run.path, here / "run")
    (run / "config.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert cli.main(["info", str(run)]) == 2
    err = capsys.readouterr().err
    assert words in err and err.count("\n") == 1


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_folder(here, capsys):
    (here / "runs").mkdir(mode=0o500)
    assert cli.main(["train", "--preset", "smoke"]) == 2
    assert "runs: cannot make a run folder" in capsys.readouterr().err


def test_train_and_resume(here, capsys, monkeypatch):
    words = "--preset smoke --data tiny --batch_size 20 --num_epochs 1 --device cpu --precision fp32".split()
    assert cli.main(["train", *words]) == 0
    assert cli.main(["train", *words]) == 0
    assert sorted(p.name for p in Path("runs").iterdir()) == ["0001-smoke", "0002-smoke"]
    assert cli.main(["resume", "runs/0001-smoke", "--num_epochs", "2"]) == 0
    assert [Run(f"runs/000{i}-smoke").stats()[-1]["step"] for i in (1, 2)] == [20, 10]
    assert "runs/0001-smoke/training.gif" in capsys.readouterr().out


def test_sample_is_what_the_generator_draws(here, finished_run, capsys):
    assert cli.main(["sample", str(finished_run.path), "--n", "6", "--nrow", "3", "--seed", "4"]) == 0
    z = sample_z(6, 8, generator=seeded(4, "sample"))
    expected = image_grid(generate(finished_run.load_generator(), z), 3)
    assert (iio.imread("samples.png") == expected.numpy()).all()
    assert capsys.readouterr().out.splitlines() == [
        "weights: step_0000030, the last of 3 checkpoints; none was scored", "samples.png"]


def test_sample_into_a_folder(here, finished_run, capsys):
    """One picture for each, as the generator draws it; what is there is not overwritten."""
    run = str(finished_run.path)
    assert cli.main(["sample", run, "--n", "5", "--seed", "4", "--out", "some/pictures/"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "some/pictures/seed4_0000.png to seed4_0004.png"
    folder = here / "some" / "pictures"
    assert sorted(p.name for p in folder.iterdir()) == [f"seed4_000{i}.png" for i in range(5)]
    images = generate(finished_run.load_generator(), sample_z(5, 8, generator=seeded(4, "sample")))
    for i, image in enumerate(images):
        picture = Image.open(folder / f"seed4_000{i}.png")
        assert picture.size == (28, 28) and picture.mode == "L"
        assert abs(np.asarray(picture) - (image[0].numpy() + 1) * 127.5).max() <= 0.51
    (folder / "seed4_0003.png").write_text("mine")
    for i in (0, 1, 2, 4):
        (folder / f"seed4_000{i}.png").unlink()
    assert cli.main(["sample", run, "--n", "5", "--seed", "4", "--out", str(folder)]) == 2  # it is there: no slash
    err = capsys.readouterr().err
    assert "seed4_0003.png: exists already" in err and err.count("\n") == 1
    assert [p.read_text("utf-8") for p in folder.iterdir()] == ["mine"]
    assert cli.main(["sample", run, "--n", "1", "--seed", "5", "--out", str(folder)]) == 0
    assert len(list(folder.iterdir())) == 2
    assert cli.main(["sample", run, "--n", "1", "--out", "some/pictures/seed5_0000.png/"]) == 2
    assert "seed5_0000.png is a file" in capsys.readouterr().err
    assert cli.main(["sample", "avatars", "--n", "1", "--out", "colour/"]) == 0
    assert Image.open("colour/seed0_0000.png").mode == "RGB"


@pytest.mark.parametrize("run", ["mnist", "mnist_conditional"])
def test_the_first_picture_of_a_seed_is_the_same_for_every_n(here, run):
    for n in ("1", "3", "64"):
        assert cli.main(["sample", run, "--n", n, "--seed", "0", "--out", f"{n}/"]) == 0
    for n in (1, 3):
        for i in range(n):
            few, many = (np.asarray(Image.open(f"{of}/seed0_000{i}.png"), float) for of in (n, 64))
            assert abs(few - many).max() <= 1


def test_sample_of_one_class(here, capsys):
    assert cli.main(["sample", "mnist_conditional", "--n", "40", "--label", "3", "--out", "threes/"]) == 0
    pictures = np.stack([np.asarray(Image.open(p), np.float32) for p in sorted(Path("threes").iterdir())])
    answers = judged(load_judge(), torch.from_numpy(pictures)[:, None] / 127.5 - 1)[1].argmax(1)
    assert (answers == 3).mean() > 0.9


@pytest.mark.parametrize(("content", "label", "expected"), [
    ({"label_names": ["cat", "dog"]}, "dog", 1), ({"label_names": ["cat", "dog"]}, "0", 0),
    ({"label_names": ["cat", "M\u00e4dchen"]}, "Ma\u0308dchen", 1),  # as a Mac may spell it
    ({"label_names": ["1", "0"]}, "0", 1),  # a name comes before a number
    ({"label_names": ["cat", "dog"]}, "dogs", "label: found dogs, expected cat, dog, or 0 to 1; did you mean dog?"),
    ({"label_names": ["cat", "dog", "cow"]}, "cow", "label: found cow, expected cat, dog, or 0 to 1"),
    ({"label_names": ["cat", "cat"]}, "cat", "the name of several classes, expected one of their numbers, 0, 1"),
    ({"label_names": ["cat", "cat"]}, "1", 1),
    ({}, "1", "images.json: no label_names in it"), (["cat"], "1", "images.json: found list, expected a JSON object"),
    (None, "1", 1), (None, "2", "label: found 2, expected 0 to 1"), (None, "-1", "label: found -1, expected 0 to 1"),
    (None, "dog", "label: found dog, expected 0 to 1")])
def test_a_label_is_a_name_or_a_number(here, finished_run, capsys, content, label, expected):
    folder = shutil.copytree(finished_run.path, here / "run")
    config = finished_run.config.replace(classes=2)
    (folder / "config.json").write_text(json.dumps(vars(config)))
    (folder / "images.json").write_text(json.dumps(content))
    if content is None:
        (folder / "images.json").unlink()
    if isinstance(expected, int):
        assert class_of(Run(folder), label) == expected
    else:
        assert cli.main(["sample", "run", f"--label={label}"]) == 2
        err = capsys.readouterr().err
        assert expected in err and err.count("\n") == 1 and not (here / "samples.png").exists()


def test_a_label_for_a_run_without_classes(here, finished_run, capsys):
    assert cli.main(["sample", str(finished_run.path), "--label", "3"]) == 2
    out, err = capsys.readouterr()
    assert "was not told classes" in err and err.count("\n") == 1 and out == ""


def test_interpolate(here, finished_run):
    assert cli.main(["interpolate", str(finished_run.path)]) == 0
    assert iio.imread("interpolation.png").shape == (4 * 30 + 2, 9 * 30 + 2, 3)  # 36 frames, 9 in a row
    assert cli.main(["interpolate", str(finished_run.path), "--method", "lerp", "--frames", "5", "--out", "w.gif"]) == 0
    film = iio.imread("w.gif")
    assert len(film) <= 5 and film.shape[1:3] == (280, 280)  # enlarged: a person looks at it


@pytest.mark.parametrize("ending", [".gif", ".GIF", ".webp", ".Webp", ".mp4", ".MP4"])
def test_the_ending_says_which_film(here, ending):
    """A walk of 8 frames of 80 ms, and a film of a training: real films of that kind, in any case."""
    assert cli.main(["interpolate", "mnist", "--frames", "8", "--out", f"walk{ending}"]) == 0
    assert cli.main(["gif", "mnist_quick", "--seconds", "4", "--out", f"film{ending}"]) == 0
    for name, seconds, frames, size in (("walk", 0.64, 8, (280, 280)), ("film", 6, 20, None)):
        found, durations, first = film_in(here / f"{name}{ending}")
        assert frames <= len(found) <= frames + 15 and sum(durations) == pytest.approx(seconds, abs=0.6)
        assert first == size or not size
        assert abs(found[0].astype(float) - found[-1]).mean() > 5  # it moves


def film_in(file):
    """The frames of a film by its first bytes, their seconds, and its size."""
    head = file.read_bytes()[:12]
    if head[4:8] == b"ftyp":
        about = iio.immeta(file, plugin="FFMPEG")
        frames = list(iio.imiter(file, plugin="FFMPEG"))
        return frames, [about["duration"]], about["source_size"]
    assert head[:6] == b"GIF89a" or head[:4] + head[8:] == b"RIFFWEBP"
    assert (head[:3] == b"GIF") == (file.suffix.lower() == ".gif")
    film, frames, durations = Image.open(file), [], []
    for i in range(film.n_frames):
        film.seek(i)
        frames.append(np.asarray(film.convert("RGB")))
        durations.append(film.info["duration"] / 1000)
    return frames, durations, film.size


@pytest.mark.parametrize(("words", "expected"), [
    (["gif", "{run}", "--out", "x.png"], "x.png: cannot be written as a film, expected an ending of .gif, .webp, .mp4"),
    (["gif", "{run}", "--out", "film"], "film: cannot be written as a film"),
    (["gif", "{run}", "--out", "no/film.gif"], "no/film.gif: cannot be written (there is no folder no)"),
    (["gif", "{run}", "--out", "film.mp4"], 'film.mp4: an .mp4 needs ffmpeg; `pip install "imageio[ff'),
    (["gif", "{run}", "--seconds", "1e9"], "seconds: found 1000000000.0, expected at most 600"),
    (["gif", "{run}", "--seconds", "inf"], "seconds: found inf"),
    (["interpolate", "{run}", "--out", "walk.mp4"], "walk.mp4: an .mp4 needs ffmpeg"),
    (["interpolate", "{run}", "--out", "walk.xyz"], "walk.xyz: cannot be written as a picture"),
    (["interpolate", "{run}", "--out", "no/walk.gif"], "no/walk.gif: cannot be written"),
    (["sample", "{run}", "--out", "x.mp4"], "x.mp4: cannot be written as a picture"),
    (["sample", "{run}", "--out", "faces"], "or a folder, faces/"),
    (["sample", "{run}", "--out", "a_file/"], "a_file is a file"),
    (["neighbours", "{run}", "--out", "x.csv"], "x.csv: cannot be written as a picture"),
    (["features", "{run}", "--out", "no/x.csv"], "no/x.csv: cannot be written"),
    (["features", "{run}", "--out", "folder"], "folder: cannot be written (it is a folder)"),
    (["export", "{run}", "folder"], "folder: exists already"), (["page", "{run}", "folder"], "folder: exists already"),
    (["record", "{run}", "folder"], "folder: exists already")])
def test_what_needs_no_work_is_said_before_the_work(here, finished_run, capsys, monkeypatch, words, expected):
    (here / "a_file").write_text("mine")
    (here / "folder").mkdir()
    slow = ("dcgan_course.publishing.export", "dcgan_course.experiments.recording")  # they take seconds
    for module in ("imageio_ffmpeg", *slow):
        monkeypatch.setitem(sys.modules, module, None)  # whoever imports one now gets an error
    monkeypatch.setattr(Run, "__init__", None)
    assert cli.main([word.format(run=finished_run.path) for word in words]) == 2
    out, err = capsys.readouterr()
    assert expected in err and err.count("\n") == 1 and out == ""
    assert sorted(p.name for p in here.rglob("*")) == ["a_file", "folder"]


@pytest.mark.parametrize(("words", "expected"), [
    (["score", "{run}"], "judge: none knows the images tiny"),
    (["score", "{run}", "--judge", "nobody"], "judge: found 'nobody'"),
    (["score", "avatars", "--judge", "mnist"], "judge: mnist looks at images of 1 channel, found 3"),
    (["score", "{run}", "--n", "64"], "n: found 64, expected 65 or more"),
    (["score", "{broken}", "--judge", "mnist"], "damaged"),
    (["neighbours", "{run}", "--judge", "nobody"], "judge: found 'nobody'"),
    (["neighbours", "avatars", "--judge", "mnist"], "judge: mnist looks at images of 1 channel, found 3"),
    (["export", "{run}", "new"], "keeps dropout on at test time"), (["page", "{run}", "new"], "keeps dropout on")])
def test_a_judge_or_a_network_that_will_not_do_is_said_before_images(here, finished_run, capsys, monkeypatch, words,
                                                                     expected):
    broken = shutil.copytree(finished_run.path, here / "broken")
    (broken / "checkpoints" / "step_0000030" / "netG_ema.safetensors").write_bytes(b"")

    def work(*_):
        raise AssertionError("images were loaded or drawn first")

    importlib.import_module("dcgan_course.publishing.export")  # before the patch, which what it imports would keep
    for name in ("measuring.judges.load_images", "measuring.scores.images_of", "sampling.generate",
                 "publishing.export.converted"):
        monkeypatch.setattr(f"dcgan_course.{name}", work)
    assert cli.main([word.format(run=finished_run.path, broken=broken) for word in words]) == 2
    err = capsys.readouterr().err
    assert expected in err and err.count("\n") == 1


def test_a_picture_that_cannot_be_read_is_not_called_one_that_cannot_be_written(here, finished_run, capsys):
    run = shutil.copytree(finished_run.path, here / "run")
    (run / "samples" / "fakes_000000.2.png").write_bytes(b"not a picture")
    assert cli.main(["gif", "run", "--out", "film.gif"]) == 2
    err = capsys.readouterr().err
    assert "fakes_000000.2.png: cannot be read (not a picture)" in err and err.count("\n") == 1
    with pytest.raises(UserError, match="/lost: cannot be read .*; new was not written"), writing(Path("new")):
        (here / "lost").read_bytes()
    with pytest.raises(UserError, match=r"film.mp4: cannot be written \(no codec in this ffmpeg\)"), \
            writing(here / "film.mp4"):
        raise OSError("no codec\n\n  in this ffmpeg\n")
    for own in (here / "new" / "x", here / ".new-abc" / "x"):
        with pytest.raises(UserError, match="new: cannot be written"), writing(here / "new"):
            own.write_bytes(b"")


def test_the_film_of_a_recorded_run_is_not_overwritten(here, capsys):
    """It was made of more sheets than are kept: the new one lands where the command was called."""
    shipped = load_run("mnist2d").path / "training.gif"
    before = shipped.read_bytes()
    assert cli.main(["gif", "mnist2d"]) == 0
    assert capsys.readouterr().out == "mnist2d.gif\n" and Path("mnist2d.gif").read_bytes()[:4] == b"GIF8"
    assert shipped.read_bytes() == before


def test_gif_makes_the_film_again(here, finished_run):
    assert cli.main(["gif", str(finished_run.path), "--out", "film.gif"]) == 0
    assert Path("film.gif").read_bytes() == (finished_run.path / "training.gif").read_bytes()


@pytest.mark.slow
def test_score_is_a_table_for_a_terminal(capsys, monkeypatch):
    """A column for the generator and one for real images, with the scorer's own numbers."""
    scorer = scorer_for(preset("mnist"))
    monkeypatch.setattr(scores, "scorer_for", lambda config: scorer)
    assert cli.main(["score", "mnist2d", "--n", "100"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["generator", "real", "images"] and max(map(len, lines)) < 90
    run = load_run("mnist2d")
    expected = score_generator(scorer, run.load_generator(), run.config, 100), scorer.floor(100)
    found = {name: (float(a), float(b)) for name, a, b in (line.split() for line in lines[2:-2])}
    assert list(found) == [name.removesuffix("_mnist") for name in expected[1]]
    for name, values in found.items():
        assert values == pytest.approx([column[f"{name}_mnist"] for column in expected], abs=6e-4)


def test_ctrl_c_before_anything_has_begun(capsys, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt
    monkeypatch.setitem(cli.COMMANDS, "doctor", interrupted)
    assert cli.main(["doctor"]) == 130 and capsys.readouterr().err == "dcgan-course: stopped\n"


def test_info_draws_the_networks(finished_run, here, capsys):
    for name, shape in (("mnist64", "32×32×64"), (str(finished_run.path), "14×14×4")):
        assert cli.main(["info", name, "--svg", "net.svg"]) == 0 and capsys.readouterr().out == "net.svg\n"
        assert f">{shape}</text>" in Path("net.svg").read_text("utf-8")


def test_info(finished_run, capsys):
    assert cli.main(["info", "mnist64"]) == 0
    text = capsys.readouterr().out
    assert "ConvTranspose2d  -> 512 x 4 x 4         819,200" in text and "netD: 2,763,520 parameters" in text
    assert cli.main(["info", str(finished_run.path)]) == 0
    text = capsys.readouterr().out
    assert "step 30, 0.6 thousand images" in text and "step_0000030" in text and "nz: 16 -> 8" in text
    changes = text.splitlines()[1]
    assert "changed" in changes and "device" not in changes and "precision" not in changes  # found, not chosen


@pytest.mark.slow
def test_a_notebook_is_not_told_to_install_jupyterlab(monkeypatch):
    """Colab has a Jupyter of its own."""
    assert "jupyterlab" in info.check_setup()
    monkeypatch.setattr(info, "in_notebook", lambda: True)
    assert "jupyterlab" not in info.check_setup()


@pytest.mark.parametrize(("driver", "cuda", "said"), [(True, None, True), (True, "13.0", False), (False, None, False)])
def test_doctor_says_that_a_gpu_lies_idle(monkeypatch, driver, cuda, said):
    """pip's PyTorch for Windows is the build for the CPU."""
    monkeypatch.setattr(info.shutil, "which", lambda name: "nvidia-smi" if driver else None)
    monkeypatch.setattr(torch.version, "cuda", cuda)
    note = "note  gpu: an NVIDIA driver is here, but this PyTorch is the build for the CPU"
    assert (note in info.check_setup()) == said


def test_doctor(capsys):
    assert cli.main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert "mnist: 60,000 digits, checksums right" in text and f"torch: {torch.__version__}" in text
    assert all(line.startswith(("ok  ", "note")) for line in text.splitlines())


@pytest.mark.slow
def test_bench(capsys):
    assert cli.main(["bench", "--preset", "smoke", "--seconds", "1"]) == 0
    text = capsys.readouterr().out
    assert re.search(r"^step and data +\d+ +\d+ +\d+\.\d\d$", text, re.M) and "matrix-multiply rate" in text


@pytest.mark.slow
def test_import_is_cheap():
    """Nothing heavy comes with the package: widgets, plotting, metrics and data load when used."""
    code = "import torch, sys; before = set(sys.modules); import dcgan_course; print(len(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) <= 2
