"""A judge and its scores, which can tell good from bad."""

import numpy as np
import pytest
import torch

from dcgan_course.config import preset
from dcgan_course.data import Images, avatars, load_mnist, to_float
from dcgan_course.machine.errors import UserError
from dcgan_course.measuring.judges import Part, judged, load_judge
from dcgan_course.measuring.metrics import frechet_distance
from dcgan_course.measuring.scores import Scorer, score_run, scorer_for, training_neighbours


@pytest.fixture(scope="module")
def digits():
    test = load_mnist(split="test")
    some = torch.randperm(10_000, generator=torch.Generator().manual_seed(0))[:2000]  # the first ones are the neatest
    return to_float(test.batch(some)), torch.from_numpy(test.labels)[some]


@pytest.fixture(scope="module")
def scorer():
    return scorer_for(preset("mnist"))


@pytest.mark.slow
def test_the_judge_reads_digits(digits):
    images, labels = digits
    features, probabilities = judged(load_judge(), images)
    assert features.shape == (2000, 64) and features.dtype == np.float64
    wrong = (probabilities.argmax(1) != labels.numpy()).sum()
    assert 2 <= wrong <= 16  # 99.58 % right on all 10,000: about 8 wrong in 2,000


@pytest.mark.slow
def test_scores_tell_good_from_bad(digits, scorer):
    images = digits[0][:1000]
    names = ("confidence", "mode_entropy", "score", "fd", "kd", "precision", "recall", "sharpness", "duplicates",
             "specks")
    scores = [scorer(x) for x in (images, torch.rand_like(images) * 2 - 1,
                                  torch.nn.functional.avg_pool2d(images, 7, 1, 3), images[:1].expand(1000, -1, -1, -1))]
    assert all(list(found) == [f"{name}1k_mnist" for name in names] for found in scores)
    real, noise, blurred, one = (dict(zip(names, found.values(), strict=True)) for found in scores)
    assert 0.99 < real["confidence"] <= 1 and 0.99 < real["mode_entropy"] <= 1 and 9 < real["score"] <= 10
    assert real["fd"] < 50 < blurred["fd"] < noise["fd"]
    assert abs(real["kd"]) < 20 < blurred["kd"] < noise["kd"]
    assert 0.8 < real["precision"] <= 1 and 0.8 < real["recall"] <= 1  # some are the same images
    assert noise["recall"] < 0.1 and one["recall"] < 0.1 and one["precision"] == 1
    assert real["sharpness"] == pytest.approx(1, abs=0.05) and blurred["sharpness"] < 0.2 < 5 < noise["sharpness"]
    assert 0.001 < real["duplicates"] < 0.01 and one["duplicates"] == 1
    assert one["mode_entropy"] == 0 and one["score"] == pytest.approx(1)
    dotted = images[:100].clone()
    dotted[:, :, 1, 1] = 1
    assert real["specks"] < 0.04 and scorer(dotted)["specks100_mnist"] > 0.95


@pytest.mark.slow
def test_scores_of_a_class_that_was_asked_for(digits, scorer):
    """Real digits with their labels, with each other's, and with those of the neighbouring class for a tenth."""
    images, labels = digits[0][:1000], digits[1][:1000].numpy()
    right, shifted = scorer(images, labels), scorer(images, (labels + 1) % 10)
    some = np.where(np.arange(1000) % 10 == 0, (labels + 1) % 10, labels)
    assert 0.98 < right["agreement1k_mnist"] <= 1 and shifted["agreement1k_mnist"] < 0.02
    assert scorer(images, some)["agreement1k_mnist"] == pytest.approx(0.9, abs=0.015)
    assert right["class_fd1k_mnist"] < 60 < 1000 < shifted["class_fd1k_mnist"]  # some are the same images
    own = [scorer.real_features[scorer.real_labels == k] for k in range(10)]
    features = judged(scorer.judge, images)[0]
    expected = np.mean([frechet_distance(own[k], features[labels == k]) for k in range(10)])
    assert right["class_fd1k_mnist"] == pytest.approx(expected)
    assert right.keys() - scorer(images).keys() == {"agreement1k_mnist", "class_fd1k_mnist"}
    assert "class_fd200_mnist" not in scorer(images[:200], labels[:200])  # 20 of a class have no covariance
    floor = scorer.floor(1000, told=True)
    assert floor["agreement1k_mnist"] > 0.99 and floor.keys() == scorer(images[:1000], labels[:1000]).keys()


@pytest.mark.slow
def test_the_judge_of_avatars():
    """On people that it was not trained on: at least 98 % of every attribute right; and broken faces make it worse."""
    seeds = range(10_000, 10_400)
    people = Images("people", np.stack([avatars.draw_seed(s, 64) for s in seeds]), 64)
    images = to_float(people.batch(range(400)))
    judge = load_judge("avatars")
    _, probabilities = judged(judge, images)
    right = ((probabilities > 0.5) == avatars.labels(seeds)).mean(0)
    assert right.min() >= 0.98 and right.mean() > 0.99
    scorer = Scorer(judge, Part(people, range(200)), Part(people, range(200, 400)))
    floor = scorer.floor(200)
    flat = scorer(torch.nn.functional.avg_pool2d(images[200:], 9, 1, 4))
    assert list(floor) == [f"{name}200_avatars" for name in ("confidence", "evenness_gap", "fd", "kd", "precision",
                                                            "recall", "sharpness", "duplicates")]
    assert floor["fd200_avatars"] < flat["fd200_avatars"] / 2 and flat["sharpness200_avatars"] < 0.2
    assert floor["confidence200_avatars"] > 0.99 and floor["evenness_gap200_avatars"] < 0.08
    people_with_glasses = images[:200][avatars.labels(seeds)[:200, 1] == 1]
    assert scorer(people_with_glasses)[f"evenness_gap{len(people_with_glasses)}_avatars"] > 0.04


def test_score_run_refuses_other_images(finished_run):
    with pytest.raises(UserError, match="judge: none knows the images tiny, expected the data mnist or avatars, or"):
        score_run(finished_run)


@pytest.mark.slow
def test_training_neighbours_find_copies(monkeypatch):
    """Of training images: themselves, at no distance. Of unseen digits: others, about as far as usual."""
    train, test = load_mnist(), load_mnist(split="test")
    few = Images("few", train.pixels[:3000], 28)
    monkeypatch.setattr("dcgan_course.measuring.scores.images_of", lambda config, size: few)
    copies = to_float(few.batch(range(100)))
    found, ratio = training_neighbours(copies, preset("mnist"))
    assert torch.equal(found, copies) and ratio == pytest.approx(0, abs=1e-3)
    unseen = to_float(test.batch(range(500)))
    found, ratio = training_neighbours(unseen, preset("mnist"))
    assert 0.7 < ratio < 1.4 and found.shape == unseen.shape
    larger, _ = training_neighbours(torch.nn.functional.interpolate(copies[:5], size=64), preset("mnist"))
    assert larger.shape == (5, 1, 64, 64)


@pytest.mark.slow
def test_training_neighbours_without_a_judge(monkeypatch):
    """Pixels find copies too, at any distance from where they lie; noise is far from all."""
    few = Images("few", load_mnist().pixels[:1500], 28)
    monkeypatch.setattr("dcgan_course.measuring.scores.images_of", lambda config, size: few)
    copies = to_float(few.batch(range(7, 107)))
    plain = preset("mnist", data="folder:photos")
    found, ratio = training_neighbours(copies, plain)
    assert torch.equal(found, copies) and ratio == pytest.approx(0, abs=1e-3)
    unseen = to_float(load_mnist(split="test").batch(range(300)))
    assert 0.7 < training_neighbours(unseen, plain)[1] < 1.4
    noise = torch.rand(20, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert training_neighbours(noise, plain)[1] > 1.5
    with pytest.raises(UserError, match="judge"):
        training_neighbours(copies, plain.replace(judge="missing.safetensors"))


@pytest.mark.slow
def test_few_images_are_compared_with_a_fair_sample(monkeypatch):
    """Real images that come class by class: 200 real fakes score as well as 1,000 do."""
    train, test = load_mnist(), load_mnist(split="test")
    by_class = Images("by class", test.pixels[np.argsort(test.labels, kind="stable")], 28)
    scorer = Scorer(load_judge("mnist"), Part(by_class, range(0, 10_000, 3)), Part(train, range(1000)))
    few, many = scorer(scorer.fresh.floats(range(200))), scorer(scorer.fresh.floats(range(1000)))
    assert few["precision200_mnist"] == pytest.approx(many["precision1k_mnist"], abs=0.1)
    assert few["recall200_mnist"] == pytest.approx(many["recall1k_mnist"], abs=0.1)
    assert few["duplicates200_mnist"] < 0.05
