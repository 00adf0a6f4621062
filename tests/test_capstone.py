"""The commands of lesson 15's capstone, in its own words, on a small folder of small pictures."""

import json
import re
import shlex
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from dcgan_course.commands.cli import main

LESSON = Path(__file__).parents[1] / "notebooks" / "15_asking_for_it.ipynb"
SMALL = ("--nz 8 --ngf 4 --ndf 4 --batch_size 16 --image_size 32 --num_epochs 1 --metric_n 65 --metric_every 1 "
         "--ema_kimg 0.1")
IN_SMALL = {"judge": "--epochs 1", "study": "--workers 1", "train": SMALL, "score": "--n 65"}  # what each gets besides


def capstone() -> tuple[list[list[str]], dict]:
    """The words of each command, and the study that they name."""
    text = next(cell.source for cell in nbformat.read(LESSON, 4).cells if "The capstone\n" in cell.source)
    commands, study = re.search(r"```\n(dcgan-course .+?)```.+?```json\n(.+?)```", text, re.S).groups()
    return [shlex.split(line)[1:] for line in commands.replace("\\\n", "").splitlines()], json.loads(study)


@pytest.mark.slow
def test_every_command_of_the_capstone_runs(tmp_path, monkeypatch, capsys):
    """One after the other, each with what the one before it has made."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DCGAN_COURSE_CACHE", str(tmp_path / "cache"))
    random = np.random.default_rng(0)
    for i in range(300):
        kind = tmp_path / "PATH" / ("dark", "light")[i % 2]
        kind.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 128, (64, 64, 3)) + 127 * (i % 2)
        Image.fromarray(pixels.astype(np.uint8)).save(kind / f"{i}.png")
    commands, study = capstone()
    assert study["seeds"] == 3 and len(study["configs"]) == 2 and study["n"] == 1000
    small = dict(word.removeprefix("--").split() for word in re.findall(r"--\w+ \S+", SMALL))
    study["common"] |= {name: float(value) if "." in value else int(value) for name, value in small.items()}
    study |= {"seeds": 1, "n": 65}
    (tmp_path / "capstone.json").write_text(json.dumps(study))
    assert [words[0] for words in commands] == ["info", "judge", "study", "train", "score", "neighbours", "export",
                                                "page"]
    for words in commands:
        assert main([*words, *IN_SMALL.get(words[0], "").split()]) == 0, (words, capsys.readouterr())
    made = ("mine.safetensors", "runs/studies/capstone/table.csv", "runs/0001-photos/metrics.jsonl", "neighbours.png",
            "my_generator/README.md", "my_page/index.html")
    assert all((tmp_path / name).is_file() for name in made), sorted(map(str, tmp_path.glob("*/*")))
    assert "photographs of my garden" in (tmp_path / "my_page" / "index.html").read_text("utf-8")
