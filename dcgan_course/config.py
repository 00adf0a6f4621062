"""Every parameter of a training, once: name, default, meaning, unit. The command line is made from this class."""

import dataclasses
import math
import re
from dataclasses import dataclass
from typing import Literal, get_args, get_origin, get_type_hints

from PIL import ImageColor

from .machine.errors import UserError, nearest

Loss = Literal["non_saturating", "minimax", "least_squares", "hinge", "wasserstein", "relativistic"]
TARGETS = ("non_saturating", "minimax", "least_squares")  # losses that have a target for each of D's answers
PROBABILITIES = ("non_saturating", "minimax")  # those with which the sigmoid of D's answer is one


@dataclass(frozen=True)
class TrainConfig:
    """Train a DCGAN. Every parameter has a default, taken from the preset."""

    preset: str = "mnist"
    """Where the defaults come from: mnist, mnist2d, mnist64, paper, avatars, photos, celeba, lsun or smoke."""

    # ---- images
    data: str = "mnist"
    """Images by name: mnist, avatars, folder:PATH, celeba:PATH, lsun/CATEGORY:PATH, cifar10, svhn, fashion_mnist,
    hf:OWNER/NAME, prepared:PATH."""
    image_size: int = 28
    """Height and width in pixels: 28, 32, 64, 128, or another that comes to 4 when it is halved, rounding up."""
    nc: int | None = None
    """Image channels: 1 = grey, whatever the images are; 3 = colour; None = as the images have."""
    fit: Literal["crop", "pad", "stretch"] = "crop"
    """Pictures that are not square: their centred square, all of them on a square of pad_colour, or stretched."""
    pad_colour: str = "white"
    """Around pictures with --fit pad: a name such as black, or #rrggbb."""
    classes: int = 0
    """Tell both networks the class of each image (conditional GAN), of as many as the images have; 0 = do not."""
    class_input: Literal["planes", "projection", "none"] = "planes"
    """How D is told the class: as planes beside the image; by a projection of its features; none = only G is told."""
    tell_g: bool = True
    """Tell G the class too; without it only D is told, as happens by mistake."""
    flip: bool = False
    """Mirror a random half of the images; the paper does not. Not for digits or letters."""

    # ---- networks
    network: Literal["dcgan", "basic"] = "dcgan"
    """dcgan, or basic: the fully connected GAN that it is compared with."""
    nz: int = 100
    """Length of the latent vector z; --channels_noise is the same parameter."""
    z: Literal["normal", "uniform", "uniform01"] = "normal"
    """Distribution of z: normal N(0, 1), uniform in [-1, 1] as in the paper, or uniform01 in [0, 1]: a usual slip."""
    ngf: int = 64
    """Base channels of the generator: its last hidden layer."""
    ndf: int = 64
    """Base channels of the discriminator: its first layer."""
    kernel_size: int = 4
    """Height and width of the stride-2 kernels: 4, or 5 as in the paper."""
    norm: Literal["batch", "none"] = "batch"
    """Batch norm in both networks, or none."""
    d_norm: Literal["batch", "none"] = "batch"
    """none = no batch norm in the discriminator, against guideline 2; for the penalties r1, r2 and gp."""
    output_norm: bool = False
    """Batch norm on the generator's output: the famous mistake."""
    d_input_norm: bool = False
    """Batch norm on the discriminator's first layer, which guideline 2 leaves without it."""
    spectral_norm: bool = False
    """Spectral norm in the discriminator's layers, instead of its batch norm."""
    dense: bool = False
    """A fully connected hidden layer of 1,024 in each network, which guideline 3 leaves out."""
    init: Literal["dcgan", "he", "pytorch", "zero_gain"] = "dcgan"
    """First weights: the DCGAN's; He's in a network without batch norm; PyTorch's own; or batch-norm gains around 0 in
    place of 1: a usual slip."""
    g_dropout: float = 0.0
    """Dropout probability in the generator's hidden layers; 0 = off."""
    dropout_at_test: bool = True
    """Keep the generator's dropout on in eval mode."""
    g_upsample: Literal["transpose", "resize"] = "transpose"
    """Fractionally strided convolution, or nearest-neighbour resize and convolution."""
    d_downsample: Literal["stride", "pool"] = "stride"
    """Strided convolution, or convolution and max pooling."""
    g_activation: Literal["relu", "leaky_relu"] = "relu"
    """Activation of the generator's hidden layers."""
    d_activation: Literal["relu", "leaky_relu"] = "leaky_relu"
    """Activation of the discriminator's hidden layers."""
    leak: float = 0.2
    """Slope of leaky_relu for negative inputs."""
    output: Literal["tanh", "sigmoid"] = "tanh"
    """Last activation of the generator: tanh gives [-1, 1] as the images have, sigmoid [0, 1]."""
    scale: Literal["tanh", "unit", "classifier"] = "tanh"
    """What networks see of the images: tanh = [-1, 1]; unit = [0, 1]; classifier = by MNIST's mean and spread."""

    # ---- training
    num_epochs: float = 4
    """How many times every image is shown; 0.5 = half of them, once."""
    batch_size: int = 64
    """Images per update of D, over all devices."""
    n_critic: int = 1
    """Updates of D, each with images of its own, before one of G; a step is all of them."""
    lr_g: float = 2e-4
    """Adam's learning rate for the generator."""
    lr_d: float = 2e-4
    """Adam's learning rate for the discriminator."""
    beta1: float = 0.5
    """Adam's beta1 (momentum)."""
    beta2: float = 0.999
    """Adam's beta2."""
    loss: Loss = "non_saturating"
    """GAN loss on logits. wasserstein wants gp; relativistic compares each real image with a generated one."""
    real_label: float = 1.0
    """D's target for real images; 0.9 = one-sided label smoothing."""
    g_label: float = 1.0
    """G's target for its own images; some code smooths this one too."""
    r1: float = 0.0
    """D's penalty for being steep at real images, the gamma of R1; 0 = off. For a D without batch norm: --d_norm none
    --init he."""
    r2: float = 0.0
    """The same at generated images."""
    gp: float = 0.0
    """D's penalty for another steepness than 1 between real and generated images, the lambda of WGAN-GP; 0 = off."""
    penalty_every: int = 8
    """The penalties are computed at every so many updates of D, and count so many times as much; 1 = always."""
    instance_noise: float = 0.0
    """Deviation of normal noise on every image that D sees, real or generated; 0 = off."""
    augment: bool = False
    """D sees every image, real or generated, with random colours, shifts and blanks; for a few thousand images."""
    ema_kimg: float = 0.0
    """Half-life, in thousand images, of the generator's moving average that is shown and sampled; 0 = off."""
    seed: int = 0
    """Start of every random stream: weights, order of images, z, dropout."""

    # ---- this machine
    device: str = "auto"
    """auto, cpu, cuda, cuda:1, mps ...; auto = a GPU where there is one."""
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    """Arithmetic of convolutions; auto = bf16 where a short probe finds it faster; on a GPU without it fp16."""
    threads: int | Literal["auto"] = "auto"
    """How many CPU threads work; auto = as many as are fastest, measured at the start and whenever it becomes slow."""
    sync_batch_norm: bool = False
    """With several GPUs: batch norm over the whole batch instead of each GPU's share."""
    compile: Literal["auto", "on", "off"] = "auto"
    """torch.compile for both networks; auto = on for CUDA where the training is long enough to gain by it."""

    # ---- what is kept
    out: str = "runs"
    """Folder in which a new numbered run folder is made."""
    log_steps: int = 25
    """A line in stats.jsonl every so many steps, and at the end of an epoch; epochs that are shorter share one."""
    sample_kimg: float = 5.0
    """A sample grid every so many thousand images."""
    keep: int = 3
    """How many checkpoints stay: the last ones; 0 = all. One is written at the end of each epoch (of short ones not of
    each, but log_steps apart), and by the clock."""
    checkpoint_minutes: float = 10.0
    """A checkpoint also after so many minutes since the last one; 0 = only at the end of an epoch."""
    metric_every: int = 0
    """Score G after every so many epochs, and at the end, and keep the best checkpoint too; 0 = never."""
    metric_n: int = 2000
    """How many images are drawn for a score; at most as many as there are real ones to compare with."""
    judge: str = "auto"
    """Whose features score: auto = those trained on the same images; mnist, avatars or heritage; a file made by
    `dcgan-course judge`; or the weights of the Inception network."""
    tensorboard: bool = False
    """Also write TensorBoard logs into the run folder."""

    def __post_init__(self):
        for field in dataclasses.fields(self):
            check_type(field.name, getattr(self, field.name))
        for name in ("nz", "ngf", "ndf", "batch_size", "n_critic", "log_steps", "penalty_every"):
            self._expect(name, getattr(self, name) >= 1, "a whole number, 1 or more")
        for name in ("lr_g", "lr_d"):
            self._expect(name, 0 < getattr(self, name) < 10, "a number above 0, below 10")
        for name in ("beta1", "beta2", "g_dropout"):
            self._expect(name, 0 <= getattr(self, name) < 1, "a number from 0 up to, not including, 1")
        for name in ("ema_kimg", "keep", "checkpoint_minutes", "metric_every", "instance_noise", "r1", "r2", "gp"):
            self._expect(name, 0 <= getattr(self, name) < math.inf, "0 or more")
        self._expect("threads", self.threads == "auto" or 1 <= self.threads <= 1024, "auto, or 1 to 1024")
        self._expect("metric_n", 65 <= self.metric_n <= 10_000, "65 to 10000")
        self._expect("preset", re.fullmatch(r"[\w-]+", self.preset), "the name of a preset")
        self._expect("batch_size", self.batch_size >= 2 or self.norm == "none", "2 or more with batch norm")
        self._expect("kernel_size", self.kernel_size in (3, 4, 5), "3, 4 or 5")
        self._expect("classes", self.classes == 0 or 2 <= self.classes <= 1000, "0, or 2 to 1000")
        told = self.classes > 0 and self.network == "dcgan"
        self._expect("class_input", self.class_input == "planes" or told,
                     "planes without classes or with the basic network")
        self._expect("tell_g", self.tell_g or told, "True without classes or with the basic network")
        self._expect("nc", self.nc in (None, 1, 3), "1 (grey) or 3 (colour)")
        self._expect("pad_colour", is_colour(self.pad_colour), "a colour such as black or #1188ff")
        self._expect("leak", 0 <= self.leak <= 1, "a number from 0 to 1")
        for name in ("real_label", "g_label"):
            self._expect(name, 0 < getattr(self, name) <= 1, "a number above 0, at most 1; 0.9 smooths")
        if self.loss not in TARGETS:
            self._expect("real_label", self.real_label == 1, f"1: the loss {self.loss} has no target to be smoothed")
        if self.loss not in TARGETS or self.loss == "minimax":
            self._expect("g_label", self.g_label == 1, f"1: the loss {self.loss} has no target for G")
        for name in ("r1", "r2", "gp") if self.d_has_batch_norm else ():
            self._expect(name, getattr(self, name) == 0, "0, or --d_norm none: with batch norm D's answer for an image "
                         "depends on its neighbours, and no slope is one image's own")
        self._expect("num_epochs", 0 < self.num_epochs < 1e6, "a number above 0, below a million")
        self._expect("sample_kimg", 0 < self.sample_kimg < math.inf, "a number above 0")
        self._expect("seed", 0 <= self.seed < 2**63, "a whole number, 0 or more")

    def _expect(self, name: str, good: bool, expected: str) -> None:
        if not good:
            raise UserError(f"{name}: found {getattr(self, name)!r}, expected {expected}")

    @property
    def images_per_step(self) -> int:
        """Real images that D sees in a step, over all devices."""
        return self.batch_size * self.n_critic

    @property
    def d_has_batch_norm(self) -> bool:
        """Whether D answers for a batch, and not for each image alone."""
        return self.network == "dcgan" and (self.norm, self.d_norm) == ("batch", "batch") and not self.spectral_norm

    def difference(self, other: "TrainConfig") -> str:
        """The fields in which two configs differ, as "lr_g: 0.0002 -> 0.001, ..."; "" where they are equal."""
        pairs = ((f.name, getattr(self, f.name), getattr(other, f.name)) for f in dataclasses.fields(self))
        return ", ".join(f"{name}: {a!r} -> {b!r}" for name, a, b in pairs if a != b)

    def replace(self, **changes: object) -> "TrainConfig":
        """A copy with some fields changed.

        Raises:
            UserError: an unknown field (named with the nearest known one) or a value out of range.
        """
        for name in changes:
            if name not in FIELD_TYPES:
                raise UserError(f"config: found the unknown field {name!r}{nearest(name, FIELD_TYPES)}")
        return dataclasses.replace(self, **changes)


FIELD_TYPES = get_type_hints(TrainConfig)


def check_type(name: str, value: object) -> None:
    """Raise UserError unless `value` has the type of the field `name`: a whole number also serves as a float."""
    wanted = FIELD_TYPES[name]
    if get_origin(wanted) is Literal:
        if value not in get_args(wanted):
            raise UserError(f"{name}: found {value!r}, expected one of {', '.join(get_args(wanted))}"
                            f"{nearest(value, get_args(wanted))}")
        return
    kinds, words = kinds_and_words(wanted)
    if value in words:
        return
    if float in kinds:
        kinds += (int,)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise UserError(f"{name}: found {value!r}, expected {'/'.join([*words, *(k.__name__ for k in kinds)])}")


def kinds_and_words(wanted: object) -> tuple[tuple[type, ...], tuple[str, ...]]:
    """What a field's type allows: `int | Literal["auto"]` -> (int,), ("auto",)."""
    kinds = get_args(wanted) or (wanted,)
    words = [word for kind in kinds if get_origin(kind) is Literal for word in get_args(kind)]
    return tuple(kind for kind in kinds if get_origin(kind) is not Literal), tuple(words)


def is_colour(text: str) -> bool:
    """Whether a text is a colour that Pillow knows, by name or as #rrggbb."""
    try:
        ImageColor.getrgb(text)
    except ValueError:
        return False
    return True


PRESETS: dict[str, TrainConfig] = {
    # Digits in three minutes on two cores: a slim D and learning rates ten times the paper's, which the moving average
    # of G makes good; each was tried on 120 to 180 thousand images and kept for its Frechet distance.
    "mnist": TrainConfig(ndf=32, lr_g=2e-3, lr_d=2e-3, ema_kimg=20, num_epochs=5),
    # The same with a latent space that fits on a page: all of it can be drawn.
    "mnist2d": TrainConfig(preset="mnist2d", nz=2, z="uniform", ndf=32, lr_g=2e-3, lr_d=2e-3, ema_kimg=20,
                           num_epochs=24),
    # The network and settings of the PyTorch example (examples/dcgan), on digits scaled to 64x64.
    "mnist64": TrainConfig(preset="mnist64", image_size=64, num_epochs=1, batch_size=128, sample_kimg=2),
    # Section 4 of the paper, in words and numbers; give it colour photographs and a GPU.
    "paper": TrainConfig(preset="paper", image_size=64, z="uniform", ngf=128, ndf=128, kernel_size=5, num_epochs=5,
                         batch_size=128, sample_kimg=10),
    # Cartoon faces, drawn on first use; a laptop's joy. Against guideline 2 D has no batch norm, but the penalty R1:
    # with the paper's D the Frechet distance is four times as large after the same time.
    "avatars": TrainConfig(preset="avatars", data="avatars", image_size=64, nc=3, ngf=48, ndf=32, num_epochs=15,
                           batch_size=16, lr_g=5e-4, lr_d=5e-4, d_norm="none", init="he", r1=30, ema_kimg=20),
    # A few thousand photographs of your own: with so few, D may memorise them if it sees them unchanged.
    "photos": TrainConfig(preset="photos", data="folder:photos", image_size=64, nc=3, flip=True, ngf=48, ndf=48,
                          num_epochs=150, lr_g=3e-4, lr_d=3e-4, real_label=0.9, augment=True, ema_kimg=20,
                          sample_kimg=20),
    # The sizes of PyTorch's tutorial on faces.
    "celeba": TrainConfig(preset="celeba", data="celeba", image_size=64, nc=3, num_epochs=5, batch_size=128,
                          sample_kimg=20),
    # The paper's network on the photographs that it is best known for.
    "lsun": TrainConfig(preset="lsun", data="lsun/church_outdoor", image_size=64, nc=3, z="uniform", ngf=128, ndf=128,
                        kernel_size=5, num_epochs=5, batch_size=128, sample_kimg=20),
    # half a minute: does everything work?
    "smoke": TrainConfig(preset="smoke", nz=16, ngf=8, ndf=8, num_epochs=1, batch_size=256, sample_kimg=20),
}


def preset(name: str, **changes: object) -> TrainConfig:
    """The preset `name` with some fields changed: preset("mnist", num_epochs=2, seed=7).

    Raises:
        UserError: unknown preset or field, or a value out of range.
    """
    if name not in PRESETS:
        raise UserError(f"preset: found {name!r}, expected one of {', '.join(PRESETS)}{nearest(name, PRESETS)}")
    return PRESETS[name].replace(**changes)
