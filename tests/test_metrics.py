"""Metrics against closed forms, and a judge that can tell good from bad."""

import numpy as np
import pytest
import torch

from dcgan_course.data import load_mnist, to_float
from dcgan_course.errors import UserError
from dcgan_course.metrics import DigitScorer, frechet_distance, judged, load_judge, mode_entropy, score_run


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


def test_mode_entropy():
    assert mode_entropy(np.eye(10)) == pytest.approx(1)
    assert mode_entropy(np.eye(10)[[3, 3, 3]]) == 0
    assert mode_entropy(np.eye(4)[[0, 1, 0, 1]]) == pytest.approx(0.5)


@pytest.fixture(scope="module")
def digits():
    test = load_mnist(split="test")
    return to_float(test.batch(range(2000))), torch.from_numpy(test.labels[:2000])


def test_the_judge_reads_digits(digits):
    images, labels = digits
    features, probabilities = judged(load_judge(), images)
    assert features.shape == (2000, 64) and features.dtype == np.float64
    wrong = (probabilities.argmax(1) != labels.numpy()).sum()
    assert 2 <= wrong <= 16  # 99.58 % right on all 10,000: about 8 wrong in 2,000


def test_scores_tell_good_from_bad(digits):
    images, labels = digits
    scorer = DigitScorer()
    real, noise = scorer(images), scorer(torch.rand_like(images) * 2 - 1)
    blurred, ones = scorer(torch.nn.functional.avg_pool2d(images, 7, 1, 3)), scorer(images[labels == 1])
    assert 0.99 < real["confidence"] <= 1 and 0.99 < real["mode_entropy"] <= 1
    assert real["fd"] < 50 < blurred["fd"] < noise["fd"]
    assert ones["mode_entropy"] < 0.1 and ones["fd"] > 10 * real["fd"]


def test_score_run_refuses_other_images(finished_run):
    with pytest.raises(UserError, match="found a run on tiny, expected mnist"):
        list(score_run(finished_run))
