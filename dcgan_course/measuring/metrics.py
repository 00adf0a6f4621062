"""Numbers beside the pictures: distances between sets of features, and what they say about a generator.

Functions on features take (N, F) float64 arrays, as `judges.judged` gives them. The Frechet distance falls as N grows,
and precision and recall change: compare equal N only, and beside each number show the floor, which is the same number
for real images.
"""

import warnings
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..machine.errors import UserError
from ..machine.runtime import streams_kept

if TYPE_CHECKING:
    from torchmetrics import Metric

# worked on at once: images, of which ten thousand would need half a gigabyte, and distances, 40 MB of them
BLOCK, PAIRS = 250, 5_000_000


class Given(nn.Module):
    """What torchmetrics takes for its feature network: here the features come ready-made."""

    def __init__(self, num_features: int):
        super().__init__()
        self.num_features = num_features

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, num_features), as they are."""
        return x


def compare(metric: "Metric", real: np.ndarray, fake: np.ndarray) -> Tensor | tuple[Tensor, Tensor]:
    """Feed both sets of features to a metric of torchmetrics and compute it."""
    metric.set_dtype(torch.float64)
    metric.update(torch.from_numpy(real), real=True)
    metric.update(torch.from_numpy(fake), real=False)
    return metric.compute()


def frechet_of_gaussians(mean_a: np.ndarray, cov_a: np.ndarray, mean_b: np.ndarray, cov_b: np.ndarray) -> float:
    """The Frechet distance, squared as everywhere in this course, between two normal distributions:
    |mean_a - mean_b|^2 + trace(A + B - 2 (A B)^(1/2)) (arXiv 1706.08500).

    Args:
        mean_a, mean_b: (F,).
        cov_a, cov_b: A and B, (F, F), symmetric.
    """
    from scipy.linalg import eigvals

    roots = np.sqrt(eigvals(cov_a @ cov_b).real.clip(0))  # those of the root; below 0 by rounding only
    return float(((mean_a - mean_b) ** 2).sum() + np.trace(cov_a + cov_b) - 2 * roots.sum())


def frechet_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """The Frechet distance between normal distributions fitted to two sets of features:
    |mean_a - mean_b|^2 + trace(A + B - 2 (A B)^(1/2)), with the covariances A and B (arXiv 1706.08500)."""
    from torchmetrics.image.fid import FrechetInceptionDistance

    return float(compare(FrechetInceptionDistance(Given(real.shape[1])), real, fake))


def kernel_distance(real: np.ndarray, fake: np.ndarray, subsets: int = 50, subset_size: int = 1000,
                    seed: int = 0) -> tuple[float, float]:
    """Mean and standard deviation, over random subsets, of the squared maximum mean discrepancy with the kernel
    (x.y / F + 1)^3: unbiased, 0 on average for two sets of the same distribution (arXiv 1801.01401).

    Raises:
        UserError: fewer than 2 features' rows in a set.
    """
    from torchmetrics.image.kid import KernelInceptionDistance

    size = min(subset_size, len(real), len(fake))
    if size < 2:
        raise UserError(f"n: found {size}, expected at least 2 images for a kernel distance")
    with streams_kept(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it keeps the features: they are small
        torch.manual_seed(seed)
        mean, deviation = compare(KernelInceptionDistance(Given(real.shape[1]), subsets, size), real, fake)
    return float(mean), float(deviation)


def nearest(features: np.ndarray, reference: np.ndarray, k: int = 1, itself: bool = False) -> tuple[Tensor, Tensor]:
    """Distance to the k-th nearest row of `reference`, and its place there: (N,) float64 and (N,) int64.

    Args:
        itself: both sets are the same one, in which a row is not its own neighbour.
    """
    reference, found = torch.from_numpy(reference).double(), []  # float32 would blur distances near 0
    for rows in torch.arange(len(features)).split(max(1, PAIRS // len(reference))):
        distances = torch.cdist(torch.from_numpy(features[rows]).double(), reference)
        if itself:
            distances[torch.arange(len(rows)), rows] = torch.inf
        found.append(distances.topk(k, largest=False))
    return torch.cat([f.values[:, -1] for f in found]), torch.cat([f.indices[:, -1] for f in found])


def precision(real: np.ndarray, fake: np.ndarray, k: int = 3) -> float:
    """The share of fakes that lie within reach of a real image, whose reach is the distance to its k-th nearest
    neighbour among the real ones (arXiv 1904.06991). With the roles exchanged it is the recall."""
    reach, _ = nearest(real, real, k, itself=True)
    real, blocks = torch.from_numpy(real), torch.from_numpy(fake).split(max(1, PAIRS // len(real)))
    inside = [(torch.cdist(block, real) <= reach).any(1) for block in blocks]
    return float(torch.cat(inside).double().mean())


def precision_recall(real: np.ndarray, fake: np.ndarray, k: int = 3) -> tuple[float, float]:
    """Precision: the share of fakes that lie within reach of a real image. Recall: the share of real images that lie
    within reach of a fake. An image's reach is the distance to its k-th nearest neighbour of its own kind
    (arXiv 1904.06991)."""
    return precision(real, fake, k), precision(fake, real, k)


def two_sample_accuracy(a: np.ndarray, b: np.ndarray) -> float:
    """How often the nearest neighbour of a row, among all others of both sets, is of the row's own set: the
    leave-one-out accuracy of a 1-NN classifier (arXiv 1610.06545, 1806.07755). Of equally large sets: 0.5 where they
    cannot be told apart, 1 where they are far apart, below 0.5 where one holds copies of the other."""
    both = np.concatenate([a, b])
    own = torch.arange(len(both)) < len(a)
    _, place = nearest(both, both, itself=True)
    return float((own[place] == own).double().mean())


def extrapolated(sizes: np.ndarray, distances: np.ndarray) -> float:
    """The Frechet distance that infinitely many images would have: where a straight line in 1/n, fitted to the
    distances at several n, meets 1/n = 0 (arXiv 1911.07023). Both arguments (K,), K at least 2."""
    _, intercept = np.polyfit(1 / np.asarray(sizes, dtype=float), distances, 1)
    return float(intercept)


def duplicates(fake: np.ndarray, real: np.ndarray) -> float:
    """The share of fakes that are nearer to another fake than all but 1 % of real images are to another real one.
    About 0.01 for as many real images; 1 where a generator draws one picture only."""
    threshold = nearest(real, real, itself=True)[0].quantile(0.01)
    return float((nearest(fake, fake, itself=True)[0] < threshold).double().mean())


def mode_entropy(probabilities: np.ndarray) -> float:
    """How evenly the classes occur: the entropy of the judge's votes, (N, classes), over its maximum. 1 = evenly,
    0 = one class only."""
    classes = probabilities.shape[1]
    shares = np.bincount(probabilities.argmax(1), minlength=classes) / len(probabilities)
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum() / np.log(classes) + 0.0)


def classifier_score(probabilities: np.ndarray) -> float:
    """exp of the mean divergence of each image's class probabilities (N, classes) from their mean: from 1 to the number
    of classes. The formula of the Inception score (arXiv 1606.03498, section 4) with another classifier."""
    p = probabilities.clip(1e-300)
    return float(np.exp((p * (np.log(p) - np.log(p.mean(0)))).sum(1).mean()))


def sharpness(images: Tensor) -> Tensor:
    """How much fine detail each image has, (N,): the variance of the Laplacian of its grey version. Blur lowers it,
    noise raises it: divide by that of real images, and aim at 1.

    Args:
        images: (N, 1 or 3, size, size) in [-1, 1].
    """
    laplacian = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])[None, None]
    return torch.cat([F.conv2d(part.mean(1, keepdim=True), laplacian).flatten(1).double().var(1)
                      for part in images.split(BLOCK)])


def stray_pixels(images: Tensor, level: float = -0.5, most: int = 12) -> np.ndarray:
    """Which pixels of grey images (N, 1, H, W) in [-1, 1] are specks beside the stroke: (N, H, W) bool.

    Pixels brighter than `level` that touch form a patch; the largest is the stroke; a patch of at most `most` pixels
    that stays more than 2 pixels away from it is stray.
    """
    from scipy import ndimage

    around, found = np.ones((3, 3)), []
    for lit in (images[:, 0] > level).numpy():
        patches, _ = ndimage.label(lit, around)  # 0 = dark, then 1, 2, 3 ... for each patch
        sizes = np.bincount(patches.ravel(), minlength=2)
        stroke = patches == 1 + sizes[1:].argmax()
        near = np.unique(patches[ndimage.binary_dilation(stroke, around, iterations=2)])
        small = np.setdiff1d(np.flatnonzero(sizes <= most), [0, *near])
        found.append(np.isin(patches, small))
    return np.stack(found)
