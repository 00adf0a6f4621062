"""Metrics against closed forms, and a judge that can tell good from bad."""

import numpy as np
import pytest
import torch

from dcgan_course.machine.errors import UserError
from dcgan_course.measuring.metrics import (
    classifier_score,
    duplicates,
    extrapolated,
    frechet_distance,
    frechet_of_gaussians,
    kernel_distance,
    mode_entropy,
    nearest,
    precision,
    precision_recall,
    sharpness,
    stray_pixels,
    two_sample_accuracy,
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


def test_frechet_distance_is_that_of_the_fitted_gaussians():
    random = np.random.default_rng(6)
    a, b = random.normal(size=(300, 5)) @ random.normal(size=(5, 5)), random.normal(size=(400, 5)) + 1
    a[:, 2] = 0  # a feature that never changes
    moments = [m for x in (a, b) for m in (x.mean(0), np.cov(x, rowvar=False))]
    assert frechet_of_gaussians(*moments) == pytest.approx(frechet_distance(a, b), rel=1e-9)
    one = frechet_of_gaussians(np.array([1.0]), np.array([[4.0]]), np.array([4.0]), np.array([[25.0]]))
    assert one == pytest.approx((4 - 1) ** 2 + (5 - 2) ** 2)


def test_extrapolated():
    """Exactly, on a line; and nearer to the truth than any of the distances that it starts from."""
    n = np.array([4000, 1000, 2000])
    assert extrapolated(n, 7 + 3000 / n) == pytest.approx(7)
    assert extrapolated(n, 3000 / n) == pytest.approx(0, abs=1e-9)
    random = np.random.default_rng(7)
    sizes, distances, floors = [200, 400, 800, 1600], [], []
    for size in sizes:
        a, b = random.normal(size=(2, 8, size, 16))
        floors.append(np.mean([frechet_distance(x, y) for x, y in zip(a, b, strict=True)]))
        b[..., 0] += 2  # the true distance is then 4
        distances.append(np.mean([frechet_distance(x, y) for x, y in zip(a, b, strict=True)]))
    assert abs(extrapolated(sizes, distances) - 4) < 0.5 * abs(min(distances) - 4)
    assert abs(extrapolated(sizes, floors)) < 0.5 * min(floors)


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


def test_nearest_leaves_out_the_row_itself_not_its_copies():
    rows = np.array([[1.0, 2], [5, 5], [1, 2]])
    distance, place = nearest(rows, rows, itself=True)
    assert distance.tolist() == pytest.approx([0, 5, 0]) and place[[0, 2]].tolist() == [2, 0]


def test_two_sample_accuracy():
    random = np.random.default_rng(8)
    a, b = random.normal(size=(2, 700, 4))
    assert two_sample_accuracy(a, b) == pytest.approx(0.5, abs=0.06)
    assert two_sample_accuracy(a, b + 100) == 1
    assert two_sample_accuracy(a, a) == 0  # copies
    assert two_sample_accuracy(a, b + 1) > 0.6
    line = np.array([[0.0], [1], [2.5], [3.4]])
    assert two_sample_accuracy(line[:1], line[1:]) == 0.5  # wrong, wrong, right, right


def test_precision_and_recall_count_modes():
    """Four far clusters of reals; fakes that cover two of them, and a fifth that is none of them."""
    random = np.random.default_rng(4)
    centres = 100.0 * np.array([[0, 0], [1, 0], [0, 1], [1, 1], [5, 5]])
    real = np.concatenate([centre + random.normal(size=(100, 2)) for centre in centres[:4]])
    fake = np.concatenate([centre + random.normal(size=(100, 2)) for centre in centres[[0, 1, 4]]])
    precision, recall = precision_recall(real, fake)
    assert precision == pytest.approx(2 / 3, abs=0.05) and recall == pytest.approx(0.5, abs=0.05)


def test_precision_by_hand():
    """Reaches 1, 1 and 3 for k = 1: the fakes are inside of the first, between them, and inside of the last only."""
    real, fake = np.array([[0.0], [1], [4]]), np.array([[-0.9], [2.5], [6.9], [7.1]])
    assert precision(real, fake, k=1) == 0.75 and precision(real, fake[:2], k=1) == 1
    assert precision(real, np.array([[-1.1]]), k=1) == 0 and precision(real, np.array([[-1.1]]), k=2) == 1
    assert precision_recall(real, fake, k=1) == (precision(real, fake, 1), precision(fake, real, 1))


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
