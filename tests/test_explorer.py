import json

import numpy as np
import pytest
import torch

from dcgan_course.machine.errors import UserError
from dcgan_course.measuring.judges import judged, load_judge
from dcgan_course.models import Generator
from dcgan_course.publishing.explorer import (
    attribute_groups,
    described,
    grouped,
    of_run,
    shown,
    sliding,
    start,
    strongest,
    within,
)
from dcgan_course.runs import load_run
from dcgan_course.sampling import generate, own_direction


def about_run(run, **words) -> dict:
    return of_run(run, run.load_generator(), **words)


def test_the_z_of_a_seed_does_not_change():
    """Links and lessons rely on it."""
    assert start(0, 3, "uniform01").tolist() == pytest.approx([0.2664292, 0.0003297, 0.2232720], abs=1e-7)
    assert torch.equal(start(7, 4, "uniform01"), start(7, 9, "uniform01")[:4])
    assert not torch.equal(start(7, 4, "uniform01"), start(8, 4, "uniform01"))
    assert start(5, 2, "normal", 3)[2:].tolist() == [0, 0, 1]


@pytest.mark.parametrize("kind, mean, std", [("normal", 0, 1), ("uniform", 0, 3**-0.5), ("uniform01", 0.5, 12**-0.5)])
def test_seeds_are_drawn_as_in_training(kind, mean, std):
    z = torch.stack([start(seed, 40, kind) for seed in range(200)])
    error = 5 / z.numel() ** 0.5
    assert abs(z.mean() - mean) < error and abs(z.std() - std) < error
    if kind == "normal":
        assert (z.abs() < 1).float().mean() == pytest.approx(0.6827, abs=0.02)


def test_within():
    z = torch.tensor([-2.0, 0.5, 3.0, 1.0, 0.0])
    assert torch.equal(within(z, 3, "normal"), z)
    assert within(z, 3, "uniform").tolist() == [-1, 0.5, 1, 1, 0]
    assert within(z, 3, "uniform01").tolist() == [0, 0.5, 1, 1, 0]


@pytest.fixture(scope="module")
def faces():
    """Of the recorded avatars: description, z of 150 seeds, and what the judge sees in them after a change."""
    run = load_run("avatars")
    netG, judge = run.load_generator(), load_judge("avatars")
    about = of_run(run, netG)
    z = torch.stack([start(seed, about["nz"], about["kind"]) for seed in range(150)])

    def seen(**amounts) -> dict[str, np.ndarray]:
        changed = torch.stack([shown(about, {"z": one.tolist(), "amounts": amounts}) for one in z])
        return dict(zip(judge.names, judged(judge, generate(netG, changed))[1].T, strict=True))

    return about, seen


@pytest.mark.slow
def test_sliders_do_what_they_say(faces):
    _, seen = faces
    for name, least, most in (("glasses", 0.1, 0.85), ("long_hair", 0.3, 0.85)):
        without, with_ = ((seen(**{name: amount})[name] > 0.5).mean() for amount in (-1.5, 1.5))
        assert without < least < most < with_


@pytest.mark.slow
def test_colours_are_replaced(faces):
    """Of each group the extreme ones are nearly always seen afterwards, and all of them more often than before."""
    about, seen = faces
    before = seen()
    for group in (group for group in about["groups"] if group["swatches"]):
        keys = [item["key"] for item in group["items"]]
        for key in keys:
            hit = [np.argmax([found[k] for k in keys], 0) == keys.index(key) for found in (before, seen(**{key: 1}))]
            assert hit[1].mean() > hit[0].mean() + 0.05, key
            if key in ("black_hair", "red_hair", "pale_skin", "dark_skin", "blue_background", "pink_background"):
                assert hit[1].mean() > 0.8, key


@pytest.mark.slow
def test_groups_and_their_order(faces):
    about, _ = faces
    assert [(g["name"], g["swatches"], [i["name"] for i in g["items"]]) for g in about["groups"]] == [
        ("face", False, ["smile", "glasses", "beard"]), ("hair", False, ["long"]),
        ("hair colour", True, ["black", "brown", "blond", "red", "grey"]),
        ("skin", True, ["pale", "tan", "brown", "dark"]),
        ("background", True, ["blue", "green", "pink", "yellow"])]
    for group in about["groups"]:
        assert all(("colour" in item) == group["swatches"] for item in group["items"])
    json.dumps(about)  # as the browser gets it


def test_attributes_that_nobody_has_placed():
    z, scores = torch.randn(50, 4), torch.rand(50, 4)
    scores[:, 3] = 0.1  # nobody has it
    group, = grouped(["Wavy_Thing", "Big_Nose", "Odd", "Absent"], z, scores)
    assert group["name"] == "attributes" and [i["name"] for i in group["items"]] == ["wavy thing", "big nose", "odd"]
    means = [z[has].mean(0) - z[~has].mean(0) for has in (scores[:, :3] > 0.5).T]
    wanted = own_direction(torch.stack(means), 1)
    assert torch.allclose(torch.tensor(group["items"][1]["vector"]), wanted, atol=1e-4)


def test_a_colour_alone_is_no_choice():
    scores = torch.zeros(50, 2)
    scores[:, 0] = 1
    assert grouped(["black_hair", "blond_hair"], torch.randn(50, 4), scores) == []


def test_attributes_of_faces_larger_than_the_judge_knows():
    runs = load_run("avatars128"), load_run("avatars")
    large, usual = (attribute_groups(run, run.load_generator(), 200) for run in runs)
    assert [group["name"] for group in large] == [group["name"] for group in usual] and len(large) > 3


def test_runs_without_attributes(finished_run):
    for run in (finished_run, load_run("mnist")):
        assert attribute_groups(run, run.load_generator()) == []


def test_strongest():
    assert strongest(Generator(2, 4), 2, 0) == []
    found = strongest(Generator(11, 4), 8, 3)
    assert len(found) == 5 and all(len(d) == 11 and not d[8:].any() for d in found)


def test_words_come_from_the_run(finished_run):
    about = about_run(finished_run)
    assert about["title"] == finished_run.path.name and about["note"] == "" and about["seeds"] == list(range(12))
    heritage = about_run(load_run("heritage"), seed=9, title="T", source="my photographs")
    assert heritage["title"] == "T" and heritage["noun"] == "church" and heritage["seeds"][0] == 9
    assert heritage["text"] == "A DCGAN draws every church from 100 random numbers. It learned from my photographs."
    assert len(heritage["seeds"]) == 12 == len(set(heritage["seeds"])) and heritage["note"] == ""
    assert "came out well" in about_run(load_run("heritage"))["note"]  # those that were chosen, and no others
    assert about_run(finished_run, seed=4)["note"] == ""


@pytest.mark.parametrize("words, message", [
    ({"title": 3}, "found title = 3"), ({"nonsense": "x"}, "found nonsense"), ({"seeds": []}, "found seeds"),
    ({"seeds": [1.5]}, r"found seeds = \[1.5\]"), ({"seeds": [10**9]}, "found seeds"),
    ({"seeds": [True]}, "found seeds")])
def test_words_that_are_none(finished_run, words, message):
    file = finished_run.path / "explorer.json"
    file.write_text(json.dumps(words), "utf-8")
    try:
        with pytest.raises(UserError, match=f"explorer.json: {message}"):
            about_run(finished_run)
    finally:
        file.unlink()


def test_every_control_is_described_once():
    about = described(Generator(8, 4), load_run("mnist").config.replace(nz=8), "x", [], [])
    assert [item["key"] for item in sliding(about)] == [f"strongest {i}" for i in range(1, 6)]
    assert all(len(item["vector"]) == 8 for item in sliding(about))
