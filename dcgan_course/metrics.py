"""Numbers beside the pictures, from a small classifier of our own, so that they work offline.

Inception-based scores mean little on 28x28 grey digits; a network that reads digits is the better judge.
"""

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.transforms import v2

from .data import load_mnist, to_float
from .errors import UserError
from .runs import Run, load_weights
from .runtime import repo_data_dir, seeded
from .sampling import generate, sample_z

JUDGE_FILE = "judges/mnist.safetensors"


class DigitJudge(nn.Module):
    """A digit classifier that never saw a generated image: 10 logits, and 64 features from its last hidden layer."""

    def __init__(self):
        super().__init__()

        def conv(n_in, n_out):
            return nn.Sequential(nn.Conv2d(n_in, n_out, 3, padding=1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU())

        self.body = nn.Sequential(
            conv(1, 32), conv(32, 32), nn.MaxPool2d(2),  # (N, 32, 14, 14)
            conv(32, 64), conv(64, 64), nn.MaxPool2d(2),  # (N, 64, 7, 7)
            nn.Flatten(), nn.Dropout(0.5), nn.Linear(64 * 7 * 7, 64), nn.ReLU(),
        )
        self.head = nn.Linear(64, 10)

    def features(self, x: Tensor) -> Tensor:
        """Images (N, 1, 28, 28) in [-1, 1] -> (N, 64)."""
        return self.body(x)

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, 1, 28, 28) in [-1, 1] -> logits (N, 10)."""
        return self.head(self.body(x))


def train_judge(epochs: int = 10, batch_size: int = 128, seed: int = 0) -> DigitJudge:
    """Train the judge on MNIST's training set, with small shifts, turns and changes of scale: about ten minutes on
    two cores."""
    images = load_mnist()
    x = to_float(images.batch(range(images.count)))
    y = torch.from_numpy(images.labels)
    jitter = v2.RandomAffine(degrees=8, translate=(0.07, 0.07), scale=(0.93, 1.07), fill=-1.0,
                             interpolation=v2.InterpolationMode.BILINEAR)
    order = seeded(seed, "judge order")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = DigitJudge().train()
        optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-2)
        steps = epochs * (len(x) // batch_size)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
        for _ in range(epochs):
            for indices in torch.randperm(len(x), generator=order).split(batch_size)[: len(x) // batch_size]:
                # one random jitter per eighth of a batch: per image would cost more than the network
                batch = torch.cat([jitter(part) for part in x[indices].chunk(8)])
                loss = F.cross_entropy(net(batch), y[indices])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
    return net.eval()


def load_judge() -> DigitJudge:
    """The bundled judge, in eval mode: 99.58 % right on MNIST's 10,000 test digits.

    Raises:
        UserError: installed without the repository, which holds its weights.
    """
    data = repo_data_dir()
    if data is None:
        raise UserError(f"{JUDGE_FILE}: not found, expected in the data folder of a clone of the repository")
    judge = DigitJudge()
    load_weights(judge, data / JUDGE_FILE)
    return judge.eval()


def judged(judge: DigitJudge, images: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Features (N, 64) and class probabilities (N, 10), float64, of images (N, 1, 28, 28) in [-1, 1]."""
    with torch.inference_mode():
        features = torch.cat([judge.features(part) for part in images.split(500)])
        probabilities = judge.head(features).double().softmax(1)
    return features.double().numpy(), probabilities.numpy()


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """The Frechet distance between normal distributions fitted to two sets of features, (N, F) and (M, F), float64:
    |mean_a - mean_b|^2 + trace(A + B - 2 (A B)^(1/2)), with the covariances A and B (arXiv 1706.08500)."""
    covariance_a, covariance_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    # the eigenvalues of A B are real and not negative: it is similar to A^(1/2) B A^(1/2)
    eigenvalues = np.linalg.eigvals(covariance_a @ covariance_b).real.clip(min=0)
    means = ((a.mean(0) - b.mean(0)) ** 2).sum()
    return float(means + np.trace(covariance_a) + np.trace(covariance_b) - 2 * np.sqrt(eigenvalues).sum())


def mode_entropy(probabilities: np.ndarray) -> float:
    """How evenly the classes occur: the entropy of the judge's votes, (N, classes), over its maximum. 1 = evenly,
    0 = one class only."""
    classes = probabilities.shape[1]
    shares = np.bincount(probabilities.argmax(1), minlength=classes) / len(probabilities)
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum() / np.log(classes) + 0.0)


class DigitScorer:
    """Scores sets of 28x28 digits against MNIST's 10,000 test digits.

    confidence: the judge's mean probability of its own answer; unreadable digits make it unsure.
    mode_entropy: 1 where all ten digits occur equally often.
    fd: Frechet distance in the judge's features. It falls as N grows: compare equal N only.
    """

    def __init__(self):
        self.judge = load_judge()
        test = load_mnist(split="test")
        self.real_features, _ = judged(self.judge, to_float(test.batch(range(test.count))))

    def __call__(self, images: Tensor) -> dict[str, float]:
        """Images (N, 1, 28, 28) in [-1, 1]; other sizes are scaled to 28."""
        if images.shape[2] != 28:
            images = F.interpolate(images, size=28, mode="bilinear", antialias=True)
        features, probabilities = judged(self.judge, images)
        return {"confidence": float(probabilities.max(1).mean()), "mode_entropy": mode_entropy(probabilities),
                "fd": frechet_distance(features, self.real_features)}

    def floor(self, n: int) -> dict[str, float]:
        """The same for n real digits from the training set: no generator should expect to do better."""
        train = load_mnist()
        return self(to_float(train.batch(torch.randperm(train.count, generator=seeded(0, "floor"))[:n])))


def score_run(run: Run, n: int = 10_000, seed: int = 0) -> Iterator[str]:
    """A line of scores for n images from each checkpoint of a run of digits, and one for n real digits.

    Raises:
        UserError: the run was trained on other images, or has fewer than two images to score.
    """
    if run.config.data != "mnist":
        raise UserError(f"{run.path}: found a run on {run.config.data}, expected mnist, which the judge can read")
    if not 65 <= n <= 60_000:  # fewer than the judge's features have no covariance
        raise UserError(f"n: found {n}, expected 65 to 60000")
    scorer = DigitScorer()
    z = sample_z(n, run.config.nz, run.config.z, seeded(seed, "score"))
    for checkpoint in run.checkpoints() or [None]:
        name = checkpoint.name if checkpoint else "generator"
        yield score_line(name, n, scorer(generate(run.load_generator(checkpoint), z)))
    yield score_line("real digits", n, scorer.floor(n))


def score_line(name: str, n: int, score: dict[str, float]) -> str:
    return (f"{name:<14} confidence {score['confidence']:.3f}   entropy {score['mode_entropy']:.3f}   "
            f"fd{n}_mnist {score['fd']:.1f}")
