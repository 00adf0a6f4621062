"""The judges of generated images: small classifiers of our own, trained on real images only, so that they work offline.

Inception-based scores mean little on 28x28 grey digits; a network that reads digits is the better judge. Where the
weights of the Inception network are at hand, `load_judge` takes them too.
"""

import copy
import functools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ..data import Images, load_images, to_float
from ..data.avatars import COUNT
from ..data.decode import Look
from ..data.names import ARRAYS
from ..machine.errors import UserError
from ..machine.files import write_atomically
from ..machine.places import repo_data_dir
from ..machine.runtime import memory_format, seeded, streams_kept
from ..machine.threads import Fixed, Threads, cpu_threads
from ..runs.checkpoints import half, load_state, load_weights

if TYPE_CHECKING:
    from torchvision.transforms import v2


def conv(n_in: int, n_out: int, stride: int = 1) -> nn.Sequential:
    """A 3x3 convolution, batch norm and ReLU: (N, n_in, size, size) -> (N, n_out, size / stride, size / stride)."""
    return nn.Sequential(nn.Conv2d(n_in, n_out, 3, stride, padding=1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU())


def grey_body() -> nn.Sequential:
    """(N, 1, 28, 28) -> (N, 64)."""
    return nn.Sequential(
        conv(1, 32), conv(32, 32), nn.MaxPool2d(2),  # (N, 32, 14, 14)
        conv(32, 64), conv(64, 64), nn.MaxPool2d(2),  # (N, 64, 7, 7)
        nn.Flatten(), nn.Dropout(0.5), nn.Linear(64 * 7 * 7, 64), nn.ReLU(),
    )


def colour_body() -> nn.Sequential:
    """(N, 3, 64, 64) -> (N, 64)."""
    return nn.Sequential(
        conv(3, 32, 2), conv(32, 64, 2), conv(64, 96, 2), conv(96, 128, 2),  # (N, 128, 4, 4)
        nn.Flatten(), nn.Linear(128 * 4 * 4, 64), nn.ReLU(),
    )


BODIES = {28: grey_body, 64: colour_body}
GREY = ("mnist", "fashion_mnist")
BATCH = 128  # images in a step of a judge's training


class Judge(nn.Module):
    """A classifier that never saw a generated image: logits, and 64 features from its last hidden layer.

    Args:
        family: what it knows, such as mnist.
        size: 28 for grey images, 64 for coloured ones.
        names: of the classes, or of the attributes.
        attributes: each name is true or false by itself, where classes exclude one another.
    """

    def __init__(self, family: str, size: int, names: Sequence[str], attributes: bool = False):
        super().__init__()
        self.family, self.size, self.names, self.attributes = family, size, tuple(names), attributes
        self.body = BODIES[size]()
        self.head = nn.Linear(64, len(self.names))

    def features(self, x: Tensor) -> Tensor:
        """Images (N, 1 or 3, size, size) in [-1, 1] -> (N, 64)."""
        return self.body(x)

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, 1 or 3, size, size) in [-1, 1] -> logits (N, len(names))."""
        return self.head(self.body(x))

    def probabilities(self, logits: Tensor) -> Tensor:
        """What the logits (N, len(names)) mean."""
        return logits.sigmoid() if self.attributes else logits.softmax(1)

    def save(self, file: Path) -> None:
        """Write it in half precision, with what `load_judge` needs to know; as a whole or not at all."""
        about = {"family": self.family, "size": self.size, "names": self.names, "attributes": self.attributes}
        write_atomically(file, save(half(self), {"judge": json.dumps(about)}))


class InceptionJudge(nn.Module):
    """The network of the FID (arXiv 1706.08500): 2,048 features and 1,008 classes of photographs.

    Args:
        file: its weights, pt_inception-2015-12-05-6726825d.pth of the package torch-fidelity's releases.
    Raises:
        UserError: the file is not that, or torch-fidelity is not installed.
    """

    family, size, attributes = "inception", None, False

    def __init__(self, file: Path):
        super().__init__()
        try:
            from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
        except ImportError:
            raise UserError("judge: torch-fidelity is not installed; `pip install torch-fidelity` installs it"
                            ) from None
        load_state(file)  # first without torch-fidelity, which may load pickled code
        try:
            self.net = FeatureExtractorInceptionV3("inception", ["2048"], feature_extractor_weights_path=str(file))
        except (RuntimeError, AttributeError, TypeError) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise UserError(f"{file}: not the weights of the FID's Inception network ({reason})") from None
        self.head = self.net.fc

    def features(self, x: Tensor) -> Tensor:
        """Images (N, 1 or 3, size, size) in [-1, 1] -> (N, 2048)."""
        pixels = ((x + 1) * 127.5).round().clamp(0, 255).byte()
        return self.net(pixels.expand(-1, 3, -1, -1))[0]

    def probabilities(self, logits: Tensor) -> Tensor:
        """Logits (N, 1008) -> probabilities (N, 1008) of classes that exclude one another, so that a row sums to 1."""
        return logits.softmax(1)


# ---- which images a judge learns from, and which it is tried on


@dataclass(frozen=True)
class Part:
    """Some of a set of images."""

    images: Images
    indices: range

    def __len__(self) -> int:
        return len(self.indices)

    def floats(self, places: slice | Sequence[int] | np.ndarray | Tensor = slice(None)) -> Tensor:
        """Those at `places` of this part: (N, channels, size, size) in [-1, 1]."""
        return to_float(self.images.batch(np.asarray(self.indices)[places]))

    def labels(self) -> np.ndarray | None:
        """Of this part: (N,) classes or (N, attributes); None where the images have none."""
        return None if self.images.labels is None else self.images.labels[np.asarray(self.indices)]


def parts(data: str, size: int, nc: int | None = None, look: Look = Look()) -> tuple[Part, Part]:  # noqa: B008 (frozen)
    """Real images to learn from, and others to compare with: the training and the test set of those that have one, such
    as MNIST; the avatars of that name and the next 10,000; of other images, every second one.

    Raises:
        UserError: as `load_images`.
    """
    load = functools.partial(load_images, image_size=size, nc=nc, look=look)
    if data.partition(":")[0] in ARRAYS:
        train, test = (load(data, split=split) for split in ("train", "test"))
        return Part(train, range(train.count)), Part(test, range(test.count))
    kind, _, count = data.partition(":")
    if kind == "avatars" and (count.isdigit() or not count):
        learned = int(count or COUNT)
        images = load(f"avatars:{learned + COUNT}")
        return Part(images, range(learned)), Part(images, range(learned, learned + COUNT))
    images = load(data)
    return Part(images, range(0, images.count, 2)), Part(images, range(1, images.count, 2))


# ---- training


def train_judge(data: str, family: str, epochs: int | None = None, seed: int = 0) -> tuple[Judge, float]:
    """A new judge of labelled images, and the share of right answers on images that it never saw.

    Args:
        data: images by name, as in `load_images`; a folder's sub-folders are its classes.
        family: what to call them, such as heritage.
        epochs: None = 10 for digits, 8 for avatars, 60 for others.
    Raises:
        UserError: the images have no labels, are too few, or cannot be loaded.
    """
    learn, unseen = parts(data, 28 if data in GREY else 64)
    size, labels = learn.images.size, learn.labels()
    if labels is None:
        raise UserError(f"data: {data} has no labels, expected images with labels, such as a folder with a "
                        "sub-folder for each class")
    if learn.images.channels != (1 if size == 28 else 3):
        raise UserError(f"data: found images of {learn.images.channels} channels in {data}, expected 3 channels")
    if len(learn) < BATCH:
        raise UserError(f"data: found {len(learn)} images of {learn.images.channels} channels to learn from in {data}, "
                        f"expected at least {BATCH} (of a folder's, every second one is kept to be tried on)")
    attributes = labels.ndim == 2
    names = learn.images.label_names or tuple("0123456789")
    with streams_kept(), cpu_threads():
        torch.manual_seed(seed)
        judge = Judge(family, size, names, attributes)
        epochs = epochs or {"mnist": 10, "avatars": 8}.get(data, 60)
        jitter = {"mnist": shifted_and_turned(), "avatars": None}.get(data, cropped_and_mirrored())
        fit(judge, learn, torch.from_numpy(labels), epochs, seeded(seed, "judge order"), jitter)
    _, probabilities = judged(judge, unseen.floats())
    answers = probabilities > 0.5 if attributes else probabilities.argmax(1)
    return judge, float((answers == unseen.labels()).mean())


def fit(judge: Judge, learn: Part, labels: Tensor, epochs: int, order: torch.Generator,
        jitter: "v2.Transform | None") -> None:
    """AdamW over `epochs`, with the learning rate first rising, then falling."""
    steps = len(learn) // BATCH
    judge.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(judge.train().parameters(), lr=3e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=epochs * steps)

    def make_trial():
        fresh, x = copy.deepcopy(judge), learn.floats(range(BATCH))
        return lambda n: fresh(x[:n]).sum().backward()

    threads = Threads(make_trial, BATCH)
    for _ in range(epochs):
        for places in threads.over(torch.randperm(len(learn), generator=order).split(BATCH)[:steps]):
            x = learn.floats(places)
            if jitter:  # one for each eighth of a batch: for each image would cost more than the network
                x = torch.cat([jitter(part) for part in x.chunk(8)])
            logits = judge(x)
            loss = (F.binary_cross_entropy_with_logits(logits, labels[places].float()) if judge.attributes
                    else F.cross_entropy(logits, labels[places]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    judge.eval().to(memory_format=torch.contiguous_format)


def shifted_and_turned() -> "v2.Transform":
    """For digits on black: turned by up to 8 degrees, shifted and scaled by up to 7 % of their size."""
    from torchvision.transforms import v2  # takes seconds to import

    return v2.RandomAffine(degrees=8, translate=(0.07, 0.07), scale=(0.93, 1.07), fill=-1.0,
                           interpolation=v2.InterpolationMode.BILINEAR)


def cropped_and_mirrored() -> "v2.Transform":
    """For pictures of 64x64: a part of at least half of their area, scaled to 64x64, and mirrored half of the time."""
    from torchvision.transforms import v2

    return v2.Compose([v2.RandomResizedCrop(64, scale=(0.5, 1.0), ratio=(0.85, 1.18), antialias=True),
                       v2.RandomHorizontalFlip()])


# ---- use


def load_judge(name: str | Path = "mnist") -> Judge | InceptionJudge:
    """A judge in eval mode: a bundled one by name (mnist, avatars, heritage; data/README.md says how often each is
    right), one saved by `dcgan-course judge`, or the Inception network from its weights.

    Raises:
        UserError: no such name or file, or another kind of file.
    """
    bundled = repo_data_dir() / "judges" / f"{name}.safetensors" if repo_data_dir() else Path(name)
    file = bundled if bundled.is_file() else Path(name).expanduser()
    if not file.is_file():
        raise UserError(f"judge: found {str(name)!r}, expected mnist, avatars or heritage (in a clone of the "
                        "repository), or a file of weights that is there")
    if file.suffix != ".safetensors":
        return InceptionJudge(file).eval().to("cuda" if torch.cuda.is_available() else "cpu")  # much work
    try:
        with safe_open(file, "pt") as opened:
            judge = Judge(**json.loads((opened.metadata() or {})["judge"]))
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{file}: not a judge, or damaged ({type(error).__name__}: {error})") from None
    load_weights(judge, file)
    return judge.eval()


def judged(judge: Judge | InceptionJudge, images: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Features (N, 64) and probabilities (N, answers), float64, of images (N, channels, size, size) in [-1, 1]; a judge
    of coloured images sees grey ones as such, and one of ours all images scaled to its size."""
    if judge.size == 64 and images.shape[1] == 1:
        images = images.expand(-1, 3, -1, -1)
    images = scaled(images, judge.size)
    device = next((weight.device for weight in judge.parameters()), torch.device("cpu"))
    parts, look = images.split(50), folded(judge, device)  # small: what it works on stays in the processor's cache
    with torch.inference_mode(), cpu_threads():
        threads = Threads(lambda: lambda n: look(parts[0][:n].to(device)), 50) if len(parts) >= 20 else Fixed()
        features = torch.cat([look(part.to(device)) for part in threads.over(parts)])
        probabilities = judge.probabilities(judge.head(features).double())
    return features.double().cpu().numpy(), probabilities.cpu().numpy()


def scaled(images: Tensor, size: int | None) -> Tensor:
    """Images (N, channels, any, any) as (N, channels, size, size), None as they are: how a judge is shown them."""
    if size in (None, images.shape[2]):
        return images
    return F.interpolate(images, size=size, mode="bilinear", antialias=True)


def folded(judge: Judge | InceptionJudge, device: torch.device) -> Callable[[Tensor], Tensor]:
    """`judge.features` of a judge in eval mode, with batch norm folded into the convolutions, which lie in memory as
    images do: the same but for rounding, and on a CPU 1.2 (in colour) to 2 times as fast."""
    if not isinstance(judge, Judge):
        return judge.features
    layers = (nn.Sequential(fuse_conv_bn_eval(*layer[:2]), nn.ReLU(inplace=True))
              if isinstance(layer, nn.Sequential) else layer for layer in judge.body)
    return nn.Sequential(*layers).to(memory_format=memory_format(device))
