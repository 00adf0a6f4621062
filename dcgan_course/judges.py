"""The judges of generated images: small classifiers of our own, trained on real images only, so that they work offline.

Inception-based scores mean little on 28x28 grey digits; a network that reads digits is the better judge.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.transforms import v2

from .data import Images, load_images, load_mnist, to_float
from .data.avatars import ATTRIBUTES
from .errors import UserError
from .runs import load_weights
from .runtime import repo_data_dir, seeded


def conv(n_in: int, n_out: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(n_in, n_out, 3, stride, padding=1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU())


class Judge(nn.Module):
    """A classifier that never saw a generated image: logits, and 64 features from its last hidden layer."""

    body: nn.Sequential
    head: nn.Linear

    def features(self, x: Tensor) -> Tensor:
        """Images (N, channels, size, size) in [-1, 1] -> (N, 64)."""
        return self.body(x)

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, channels, size, size) in [-1, 1] -> logits (N, answers)."""
        return self.head(self.body(x))

    def probabilities(self, logits: Tensor) -> Tensor:
        """What the logits (N, answers) mean."""
        return logits.softmax(1)


class DigitJudge(Judge):
    """Reads 28x28 digits: ten classes."""

    file = "judges/mnist.safetensors"

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            conv(1, 32), conv(32, 32), nn.MaxPool2d(2),  # (N, 32, 14, 14)
            conv(32, 64), conv(64, 64), nn.MaxPool2d(2),  # (N, 64, 7, 7)
            nn.Flatten(), nn.Dropout(0.5), nn.Linear(64 * 7 * 7, 64), nn.ReLU(),
        )
        self.head = nn.Linear(64, 10)


class AvatarJudge(Judge):
    """Sees the 17 attributes of 64x64 avatars, each present or not."""

    file = "judges/avatars.safetensors"

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            conv(3, 32, 2), conv(32, 64, 2), conv(64, 96, 2), conv(96, 128, 2),  # (N, 128, 4, 4)
            nn.Flatten(), nn.Linear(128 * 4 * 4, 64), nn.ReLU(),
        )
        self.head = nn.Linear(64, len(ATTRIBUTES))

    def probabilities(self, logits: Tensor) -> Tensor:
        return logits.sigmoid()  # each attribute for itself


def train_digit_judge(epochs: int = 10, seed: int = 0) -> Judge:
    """Train the judge of digits on MNIST's training set, with small shifts, turns and changes of scale: about ten
    minutes on two cores."""
    images = load_mnist()
    jitter = v2.RandomAffine(degrees=8, translate=(0.07, 0.07), scale=(0.93, 1.07), fill=-1.0,
                             interpolation=v2.InterpolationMode.BILINEAR)
    return train_judge(DigitJudge, images, F.cross_entropy, torch.from_numpy(images.labels), epochs, seed, jitter)


def train_avatar_judge(epochs: int = 8, seed: int = 0) -> Judge:
    """Train the judge of avatars on the first 10,000: about a minute on two cores."""
    images = load_images("avatars", 64)
    return train_judge(AvatarJudge, images, F.binary_cross_entropy_with_logits,
                       torch.from_numpy(images.labels).float(), epochs, seed)


def train_judge(kind: type[Judge], images: Images, loss_of, targets: Tensor, epochs: int, seed: int,
                jitter=None, batch_size: int = 128) -> Judge:
    """A new judge of that kind, trained to give `targets` for `images`."""
    order = seeded(seed, "judge order")
    steps = images.count // batch_size
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = kind().train()
        optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-2)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=epochs * steps)
        for _ in range(epochs):
            for indices in torch.randperm(images.count, generator=order).split(batch_size)[:steps]:
                x = to_float(images.batch(indices))
                if jitter:  # one for each eighth of a batch: for each image would cost more than the network
                    x = torch.cat([jitter(part) for part in x.chunk(8)])
                loss = loss_of(net(x), targets[indices])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
    return net.eval()


def load_judge(kind: type[Judge] = DigitJudge) -> Judge:
    """The bundled judge of that kind, in eval mode; data/README.md says how often it is right.

    Raises:
        UserError: installed without the repository, which holds its weights.
    """
    data = repo_data_dir()
    if data is None:
        raise UserError(f"{kind.file}: not found, expected in the data folder of a clone of the repository")
    judge = kind()
    load_weights(judge, data / kind.file)
    return judge.eval()


def judged(judge: Judge, images: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Features (N, 64) and probabilities (N, answers), float64, of images (N, channels, size, size) in [-1, 1]."""
    with torch.inference_mode():
        features = torch.cat([judge.features(part) for part in images.split(500)])
        probabilities = judge.probabilities(judge.head(features).double())
    return features.double().numpy(), probabilities.numpy()
