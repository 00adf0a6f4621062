"""Metrics against closed forms, and a judge that can tell good from bad."""

import numpy as np
import pytest
import torch

from dcgan_course.config import preset
from dcgan_course.data import Images, avatars, load_mnist, to_float
from dcgan_course.errors import UserError
from dcgan_course.judges import Part, judged, load_judge
from dcgan_course.metrics import (
    Scorer,
    classifier_score,
    duplicates,
    frechet_distance,
    kernel_distance,
    mode_entropy,
    nearest,
    precision_recall,
    score_run,
    scorer_for,
    sharpness,
    stray_pixels,
    training_neighbours,
)


def whitened(n, features, seed):
    """Samples whose mean is exactly 0 and whose covariance is exactly the identity."""
    x = np.random.default_rng(seed).normal(size=(n, features))
    x -= x.mean(0)
    return x @ np.linalg.inv(np.linalg.cholesky(np.cov(x, rowvar=False))).T


def test_frechet_distance_closed_forms():
    x = whitened(500, 6, 0)
    scales, shift = np.array([1, 2, 3, 0.5, 1.5, 4]), np.arange(6.0)
    # diagonal covariances: |shift|^2 + sum (a - b)^2
    expected = (shift**2).sum() + ((1 - scales) ** 2).sum()
    assert frechet_distance(x, x * scales + shift) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-9)
    # rotating both sets changes nothing; matrices that do not commute
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(6, 6)))[0]
    a, b = x * scales, (x @ rotation) * scales[::-1]
    assert frechet_distance(a @ rotation, b @ rotation) == pytest.approx(frechet_distance(a, b), rel=1e-9)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-9)


def test_frechet_distance_against_the_matrix_square_root():
    random = np.random.default_rng(2)
    a, b = random.normal(size=(300, 5)) @ random.normal(size=(5, 5)), random.normal(size=(400, 5)) + 1
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    values, vectors = np.linalg.eigh(cov_a)
    root = vectors @ np.diag(values**0.5) @ vectors.T
    cross = np.linalg.eigvalsh(root @ cov_b @ root) ** 0.5  # an independent route: symmetric matrices only
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(cov_a + cov_b) - 2 * cross.sum()
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-9)


def test_kernel_distance_against_its_formula():
    """One subset that holds everything: the unbiased estimate of the squared discrepancy, written out."""
    random = np.random.default_rng(3)
    a, b = random.normal(size=(40, 5)), random.normal(size=(40, 5)) + 0.5

    def kernel(x, y):
        return (x @ y.T / 5 + 1) ** 3

    def off_diagonal(m):
        return (m.sum() - np.trace(m)) / (len(m) * (len(m) - 1))

    expected = off_diagonal(kernel(a, a)) + off_diagonal(kernel(b, b)) - 2 * kernel(a, b).mean()
    assert kernel_distance(a, b, subsets=3)[0] == pytest.approx(expected, rel=1e-9)
    same = random.normal(size=(2000, 5))
    mean, deviation = kernel_distance(same[:1000], same[1000:], subsets=20, subset_size=200)
    assert abs(mean) < 3 * deviation  # unbiased: zero but for chance
    with pytest.raises(UserError, match="n: found 1, expected at least 2"):
        kernel_distance(a[:1], b)


def test_nearest():
    rows = np.array([[0.0, 0], [3, 4], [0, 1]])
    distance, place = nearest(np.array([[0.0, 0.9], [3, 3]]), rows)
    assert distance.tolist() == pytest.approx([0.1, 1]) and place.tolist() == [2, 1]
    distance, place = nearest(rows, rows, k=1, itself=True)
    assert distance.tolist() == pytest.approx([1, 18**0.5, 1]) and place.tolist() == [2, 2, 0]


def test_precision_and_recall_count_modes():
    """Four far clusters of reals; fakes that cover two of them, and a fifth that is none of them."""
    random = np.random.default_rng(4)
    centres = 100.0 * np.array([[0, 0], [1, 0], [0, 1], [1, 1], [5, 5]])
    real = np.concatenate([centre + random.normal(size=(100, 2)) for centre in centres[:4]])
    fake = np.concatenate([centre + random.normal(size=(100, 2)) for centre in centres[[0, 1, 4]]])
    precision, recall = precision_recall(real, fake)
    assert precision == pytest.approx(2 / 3, abs=0.05) and recall == pytest.approx(0.5, abs=0.05)


def test_duplicates():
    random = np.random.default_rng(5)
    real, fake = random.normal(size=(1000, 4)), random.normal(size=(1000, 4))
    assert duplicates(fake, real) == pytest.approx(0.01, abs=0.012)
    fake[:300] = fake[0]
    assert duplicates(fake, real) == pytest.approx(0.3, abs=0.02)


def test_classifier_score():
    assert classifier_score(np.eye(10)) == pytest.approx(10)
    assert classifier_score(np.full((5, 10), 0.1)) == pytest.approx(1)
    assert classifier_score(np.eye(10)[[3, 3]]) == pytest.approx(1)
    assert classifier_score(np.array([[0.9, 0.1], [0.1, 0.9]])) == pytest.approx(
        np.exp(0.9 * np.log(0.9 / 0.5) + 0.1 * np.log(0.1 / 0.5)))


def test_sharpness_closed_form():
    """A wave of known frequency: the Laplacian multiplies it by 2 cos(w) - 2."""
    x = torch.arange(402.0)
    wave = torch.cos(2 * np.pi * x / 8).expand(1, 3, 402, 402)
    expected = (2 * np.cos(2 * np.pi / 8) - 2) ** 2 * 0.5
    assert sharpness(wave).item() == pytest.approx(expected, rel=0.01)
    assert sharpness(torch.full((2, 1, 8, 8), 0.3)).tolist() == pytest.approx([0, 0], abs=1e-9)


def test_stray_pixels():
    """A stroke, a patch that begins 2 pixels beside it, one that is farther away, and one that is too large."""
    drawing = torch.full((1, 1, 20, 20), -1.0)
    drawing[0, 0, 1:18, 2] = 1
    drawing[0, 0, 4, 4:6] = 1  # near
    drawing[0, 0, 2, 8:11] = 1  # stray
    drawing[0, 0, 10:14, 8:12] = 1  # 16 pixels
    found = stray_pixels(drawing)
    assert found.nonzero()[1].tolist() == [2, 2, 2] and found.nonzero()[2].tolist() == [8, 9, 10]
    assert stray_pixels(drawing, most=16).sum() == 3 + 16
    assert not stray_pixels(torch.full((2, 1, 9, 9), -1.0)).any()
    assert not stray_pixels(drawing * 0.4 - 0.6, level=-0.1).any()  # nothing is lit


def test_mode_entropy():
    assert mode_entropy(np.eye(10)) == pytest.approx(1)
    assert mode_entropy(np.eye(10)[[3, 3, 3]]) == 0
    assert mode_entropy(np.eye(4)[[0, 1, 0, 1]]) == pytest.approx(0.5)


@pytest.fixture(scope="module")
def digits():
    test = load_mnist(split="test")
    some = torch.randperm(10_000, generator=torch.Generator().manual_seed(0))[:2000]  # the first ones are the neatest
    return to_float(test.batch(some)), torch.from_numpy(test.labels)[some]


def test_the_judge_reads_digits(digits):
    images, labels = digits
    features, probabilities = judged(load_judge(), images)
    assert features.shape == (2000, 64) and features.dtype == np.float64
    wrong = (probabilities.argmax(1) != labels.numpy()).sum()
    assert 2 <= wrong <= 16  # 99.58 % right on all 10,000: about 8 wrong in 2,000


def test_scores_tell_good_from_bad(digits):
    images, labels = digits
    scorer = scorer_for(preset("mnist"))
    names = ("confidence", "mode_entropy", "score", "fd", "kd", "precision", "recall", "sharpness", "duplicates",
             "specks")
    real, noise, blurred, one = (
        dict(zip(names, scorer(x).values(), strict=True))
        for x in (images, torch.rand_like(images) * 2 - 1, torch.nn.functional.avg_pool2d(images, 7, 1, 3),
                  images[:1].expand(2000, -1, -1, -1)))
    assert list(scorer(images)) == [f"{name}2k_mnist" for name in names]
    assert 0.99 < real["confidence"] <= 1 and 0.99 < real["mode_entropy"] <= 1 and 9 < real["score"] <= 10
    assert real["fd"] < 50 < blurred["fd"] < noise["fd"]
    assert abs(real["kd"]) < 20 < blurred["kd"] < noise["kd"]
    assert 0.8 < real["precision"] <= 1 and 0.8 < real["recall"] <= 1  # some are the same images
    assert noise["recall"] < 0.1 and one["recall"] < 0.1 and one["precision"] == 1
    assert real["sharpness"] == pytest.approx(1, abs=0.05) and blurred["sharpness"] < 0.2 < 5 < noise["sharpness"]
    assert 0.005 < real["duplicates"] < 0.02 and one["duplicates"] == 1
    assert one["mode_entropy"] == 0 and one["score"] == pytest.approx(1)
    dotted = images.clone()
    dotted[:, :, 1, 1] = 1
    assert real["specks"] < 0.04 and scorer(dotted)["specks2k_mnist"] > 0.95


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
        list(score_run(finished_run))


def test_training_neighbours_find_copies(monkeypatch):
    """Of training images: themselves, at no distance. Of unseen digits: others, about as far as usual."""
    train, test = load_mnist(), load_mnist(split="test")
    few = Images("few", train.pixels[:3000], 28)
    monkeypatch.setattr("dcgan_course.metrics.load_images", lambda name, size: few)
    copies = to_float(few.batch(range(100)))
    found, ratio = training_neighbours(copies, preset("mnist"))
    assert torch.equal(found, copies) and ratio == pytest.approx(0, abs=1e-3)
    unseen = to_float(test.batch(range(500)))
    found, ratio = training_neighbours(unseen, preset("mnist"))
    assert 0.7 < ratio < 1.4 and found.shape == unseen.shape
    larger, _ = training_neighbours(torch.nn.functional.interpolate(copies[:5], size=64), preset("mnist"))
    assert larger.shape == (5, 1, 64, 64)


def test_few_images_are_compared_with_a_fair_sample(monkeypatch):
    """Real images that come class by class: 200 real fakes score as well as 2,000 do."""
    train, test = load_mnist(), load_mnist(split="test")
    by_class = Images("by class", test.pixels[np.argsort(test.labels, kind="stable")], 28)
    scorer = Scorer(load_judge("mnist"), Part(by_class, range(10_000)), Part(train, range(5000)))
    few, many = scorer(scorer.fresh.floats(range(200))), scorer(scorer.fresh.floats(range(2000)))
    assert few["precision200_mnist"] == pytest.approx(many["precision2k_mnist"], abs=0.1)
    assert few["recall200_mnist"] == pytest.approx(many["recall2k_mnist"], abs=0.1)
    assert few["duplicates200_mnist"] < 0.05
