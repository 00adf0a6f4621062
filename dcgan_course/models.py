"""Generator and Discriminator of the DCGAN (arXiv 1511.06434), and the fully connected GAN they are compared with.

One Generator and one Discriminator serve every image size that halves down to 4x4 (rounding up):
64-32-16-8-4, 28-14-7-4. Every departure from the paper is an explicit argument, because the lessons turn them.
"""

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize

from .config import TrainConfig
from .machine.errors import UserError


def halvings(image_size: int) -> list[int]:
    """The feature-map sizes from image_size down to 4, each the half of the one before, rounded up.

    >>> halvings(28)
    [28, 14, 7, 4]

    Raises:
        UserError: the halving does not land on 4.
    """
    sizes = [image_size]
    while sizes[-1] > 4:
        sizes.append(-(-sizes[-1] // 2))
    if sizes[-1] != 4 or len(sizes) < 3:
        ends = [end for power in range(2, 62) for end in (3 * 2**power + 1, 4 * 2**power)]  # 13-16, 25-32, 49-64 ...
        raise UserError(
            f"image_size: found {image_size}, expected a size that halves (rounding up) to 4: 13-16, 25-32, 49-64, "
            "97-128, 193-256, 385-512 and so on, twice as large each time; the nearest is "
            f"{min(ends, key=lambda end: abs(end - image_size))}; usual are 28, 32, 64 and 128")
    return sizes


def stride2_padding(size: int, kernel_size: int) -> tuple[int, int]:
    """(padding, output_padding) with which a stride-2 convolution takes `size` to ceil(size / 2) and its
    transpose takes that back to exactly `size`.

    Output size of a convolution: floor((size + 2 padding - kernel_size) / 2) + 1 (arXiv 1603.07285, relationship 6).
    """
    half = -(-size // 2)
    padding = -(-(2 * (half - 1) + kernel_size - size) // 2)
    return padding, (size + 2 * padding - kernel_size) % 2


def activation(name: str, leak: float) -> nn.Module:
    """"relu" or "leaky_relu" with slope `leak` for negative inputs."""
    return nn.ReLU(inplace=True) if name == "relu" else nn.LeakyReLU(leak, inplace=True)


def batch_norm(wanted: bool, channels: int) -> list[nn.Module]:
    """A list to be joined with other layers: batch norm of so many channels where it is wanted, else nothing."""
    return [nn.BatchNorm2d(channels)] if wanted else []


DENSE = 1024  # width of the fully connected hidden layers, as in well-known reimplementations


def same_conv(n_in: int, n_out: int, kernel_size: int, bias: bool) -> list[nn.Module]:
    """A convolution of stride 1 that keeps the size; an even kernel needs one more row of zeros on one side."""
    before, after = (kernel_size - 1) // 2, kernel_size // 2
    return [nn.ZeroPad2d((before, after, before, after)), nn.Conv2d(n_in, n_out, kernel_size, bias=bias)]


class Dropout(nn.Module):
    """Dropout that can stay on in eval mode: noise at test time as well (the MNIST trick of lesson 05)."""

    def __init__(self, p: float, at_test: bool):
        super().__init__()
        self.p, self.at_test = p, at_test

    def forward(self, x: Tensor) -> Tensor:
        """x of any shape, with a share p of its numbers at 0 and the others times 1 / (1 - p)."""
        return F.dropout(x, self.p, training=self.training or self.at_test)

    def extra_repr(self) -> str:
        """What stands between the brackets when the network is printed."""
        return f"p={self.p}, at_test={self.at_test}"


SCALES = {"tanh": (0.0, 1.0), "unit": (-1.0, 2.0), "classifier": (2 * 0.1307 - 1, 2 * 0.3081)}  # mean, spread


def rescaled(x: Tensor, scale: str) -> Tensor:
    """Images in [-1, 1] as networks are to see them: "tanh" leaves them, "unit" takes them to [0, 1], "classifier" to
    mean 0 and standard deviation 1 of MNIST's pixels, about -0.42 to 2.82: a habit from classifiers that no tanh can
    follow."""
    mean, std = SCALES[scale]
    return x if scale == "tanh" else (x - mean) / std


class Generator(nn.Module):
    """From a latent vector to an image, by fractionally strided convolutions (paper, section 3 and figure 1).

    Args:
        nz: length of z.
        ngf: channels of the last hidden layer; the 4x4 layer has ngf * 2^(blocks - 1).
        nc: image channels, 1 grey or 3 colour.
        image_size: 28, 32, 64, 128 or any size accepted by `halvings`.
        kernel_size: of the stride-2 layers; 4, or the paper's 5.
        norm: "batch" (guideline 2) or "none".
        output_norm: batch norm on the output layer: the famous mistake.
        g_dropout: dropout probability after each hidden layer; dropout_at_test keeps it on in eval mode.
        g_upsample: "transpose" (guideline 1), or "resize": nearest-neighbour, then a convolution of stride 1.
        g_activation: "relu" (guideline 4) or "leaky_relu" with slope `leak`.
        output: "tanh" (guideline 4, from -1 to 1) or "sigmoid" (from 0 to 1).
        scale: of the images that D is trained on, see `rescaled`; in eval mode the images are taken back to [-1, 1].
        dense: a fully connected hidden layer after z, which guideline 3 leaves out.
        unread: how many more numbers stand after z, such as a class that this G is not told, and are left out.
    """

    def __init__(self, nz: int = 100, ngf: int = 64, nc: int = 1, image_size: int = 28, kernel_size: int = 4,
                 norm: str = "batch", output_norm: bool = False, g_dropout: float = 0.0, dropout_at_test: bool = True,
                 g_upsample: str = "transpose", g_activation: str = "relu", leak: float = 0.2, output: str = "tanh",
                 scale: str = "tanh", dense: bool = False, unread: int = 0):
        super().__init__()
        self.scale, self.unread = scale, unread
        sizes = halvings(image_size)[::-1]  # 4, 7, 14, 28
        channels = [ngf * 2**i for i in reversed(range(len(sizes) - 1))] + [nc]  # 4 ngf, 2 ngf, ngf, nc

        def hidden(layer: list[nn.Module], out_channels: int) -> nn.Sequential:
            drop = [Dropout(g_dropout, dropout_at_test)] if g_dropout else []
            return nn.Sequential(*layer, *batch_norm(norm == "batch", out_channels),
                                 activation(g_activation, leak), *drop)

        def upsample(i: int, bias: bool) -> list[nn.Module]:
            if g_upsample == "resize":
                return [nn.Upsample(size=sizes[i]), *same_conv(channels[i - 1], channels[i], kernel_size, bias)]
            padding, output_padding = stride2_padding(sizes[i], kernel_size)
            return [nn.ConvTranspose2d(channels[i - 1], channels[i], kernel_size, stride=2, padding=padding,
                                       output_padding=output_padding, bias=bias)]

        bias = norm == "none"  # batch norm brings its own shift
        blocks = []
        if dense:  # on a map of 1x1, a 1x1 convolution is fully connected
            blocks.append(hidden([nn.ConvTranspose2d(nz, DENSE, 1, bias=bias)], DENSE))
        project = nn.ConvTranspose2d(DENSE if dense else nz, channels[0], 4, bias=bias)
        blocks.append(hidden([project], channels[0]))  # (N, nz, 1, 1) -> (N, channels[0], 4, 4)
        for i in range(1, len(sizes) - 1):
            blocks.append(hidden(upsample(i, bias), channels[i]))  # size and channels: twice and half
        last = nn.Tanh() if output == "tanh" else nn.Sigmoid()
        blocks.append(nn.Sequential(*upsample(-1, bias=False), *batch_norm(output_norm, nc), last))
        self.blocks = nn.Sequential(*blocks)

    def forward(self, z: Tensor) -> Tensor:
        """z (N, nz) -> images (N, nc, image_size, image_size) in [-1, 1] (tanh) or [0, 1] (sigmoid)."""
        x = self.blocks(z[:, : z.shape[1] - self.unread, None, None])
        if self.training or self.scale == "tanh":
            return x
        mean, std = SCALES[self.scale]
        return (x * std + mean).clamp(-1, 1)


class Discriminator(nn.Module):
    """From an image to one logit, by strided convolutions; D(x) = sigmoid(logit).

    Args:
        ndf: channels of the first layer, doubled by each of the next ones.
        d_downsample: "stride" (guideline 1), or "pool": a convolution of stride 1, then max pooling.
        d_activation: "leaky_relu" (guideline 5) with slope `leak`, or "relu".
        nc, image_size, kernel_size, norm: as in Generator.
        input_norm: batch norm on the first layer too, which guideline 2 leaves without it.
        spectral_norm: every layer's weights divided by their largest singular value (arXiv 1802.05957), and no batch
            norm.
        dense: a fully connected hidden layer before the logit, which guideline 3 leaves out.
        classes: of a projection discriminator (arXiv 1802.05637, equation 3); 0 = not one. The logit is w·f + v·f, with
            the last features f, the last layer's first kernel w for all images, and its other ones v for a class each.
    """

    def __init__(self, ndf: int = 64, nc: int = 1, image_size: int = 28, kernel_size: int = 4, norm: str = "batch",
                 d_downsample: str = "stride", d_activation: str = "leaky_relu", leak: float = 0.2,
                 input_norm: bool = False, spectral_norm: bool = False, dense: bool = False, classes: int = 0):
        super().__init__()
        sizes = halvings(image_size)  # 28, 14, 7, 4
        channels = [nc] + [ndf * 2**i for i in range(len(sizes) - 1)]  # nc, ndf, 2 ndf, 4 ndf
        norm = "none" if spectral_norm else norm
        bias = norm == "none"
        blocks = []
        for i in range(1, len(sizes)):
            normed = norm == "batch" and (i > 1 or input_norm)
            if d_downsample == "pool":
                layer = same_conv(channels[i - 1], channels[i], kernel_size, bias)
                pool = [nn.MaxPool2d(2, ceil_mode=True)]
            else:
                padding, _ = stride2_padding(sizes[i - 1], kernel_size)
                layer = [nn.Conv2d(channels[i - 1], channels[i], kernel_size, stride=2, padding=padding, bias=bias)]
                pool = []
            blocks.append(nn.Sequential(*layer, *batch_norm(normed, channels[i]),
                                        activation(d_activation, leak), *pool))
        if dense:  # a kernel as large as its map is fully connected
            blocks.append(nn.Sequential(nn.Conv2d(channels[-1], DENSE, 4, bias=bias),
                                        *batch_norm(norm == "batch", DENSE), activation(d_activation, leak)))
        width, side = (DENSE, 1) if dense else (channels[-1], 4)
        blocks.append(nn.Conv2d(width, 1 + classes, side, bias=False))  # (N, 1 + classes, 1, 1)
        self.blocks, self.classes = nn.Sequential(*blocks), classes
        for layer in self.modules() if spectral_norm else ():
            if isinstance(layer, nn.Conv2d):
                parametrizations.spectral_norm(layer)

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, nc, image_size, image_size) in [-1, 1] -> logits (N,). With `classes`, the images have their class
        planes beside them, see `with_class_planes`, which only the last step reads."""
        if not self.classes:
            return self.blocks(x).flatten()
        x, one_hot = x[:, : -self.classes], x[:, -self.classes :, 0, 0]
        products = self.blocks(x).flatten(1)  # w·f, and v·f of each class: (N, 1 + classes)
        return products[:, 0] + (products[:, 1:] * one_hot).sum(1)


class BasicGenerator(nn.Module):
    """The fully connected generator that DCGAN is compared with: nz -> 256 -> 512 -> 1024 -> nc * image_size^2."""

    def __init__(self, nz: int = 100, nc: int = 1, image_size: int = 28):
        super().__init__()
        self.shape = (nc, image_size, image_size)
        widths = [nz, 256, 512, 1024]
        layers = []
        for n_in, n_out in itertools.pairwise(widths):
            layers += [nn.Linear(n_in, n_out), nn.LeakyReLU(0.2, inplace=True)]
        self.blocks = nn.Sequential(*layers, nn.Linear(widths[-1], nc * image_size**2), nn.Tanh())

    def forward(self, z: Tensor) -> Tensor:
        """z (N, nz) -> images (N, nc, image_size, image_size) in [-1, 1]."""
        return self.blocks(z).unflatten(1, self.shape)


class BasicDiscriminator(nn.Module):
    """The fully connected discriminator: nc * image_size^2 -> 1024 -> 512 -> 256 -> one logit."""

    def __init__(self, nc: int = 1, image_size: int = 28):
        super().__init__()
        widths = [nc * image_size**2, 1024, 512, 256]
        layers = []
        for n_in, n_out in itertools.pairwise(widths):
            layers += [nn.Linear(n_in, n_out), nn.LeakyReLU(0.2, inplace=True)]
        self.blocks = nn.Sequential(*layers, nn.Linear(widths[-1], 1))

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, nc, image_size, image_size) in [-1, 1] -> logits (N,)."""
        return self.blocks(x.flatten(1)).flatten()


@torch.no_grad()
def init_weights(net: nn.Module, generator: torch.Generator | None = None, init: str = "dcgan") -> nn.Module:
    """Start as the DCGAN does: convolutions N(0, 0.02) (paper, section 4), batch-norm gains N(1, 0.02) (the authors'
    code), biases 0. Fully connected layers keep PyTorch's default: N(0, 0.02) is far too small for them.

    Args:
        net: any module; changed in place.
        generator: where the random numbers come from; None = the global generator.
        init: "dcgan"; "pytorch" leaves PyTorch's own first weights (their stream is the global one); "zero_gain" draws
            batch-norm gains from N(0, 0.02) like all other weights, the slip of some tutorials; "he" is the DCGAN's
            for a network with batch norm, and in one without it draws convolutions so that signals keep their size
            (arXiv 1502.01852, equation 15, with LeakyReLU's 0.2): in D. G's shrink, to a tenth after three layers,
            as PyTorch takes a transposed convolution's outputs for its inputs.
    Returns:
        net, so that calls chain.
    """
    for module in net.modules() if init != "pytorch" else ():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            normed = parametrize.is_parametrized(module)  # spectral norm: `weight` is computed from the original
            weight = module.parametrizations.weight.original if normed else module.weight
            if init == "he" and not any(isinstance(m, nn.BatchNorm2d) for m in net.modules()):
                nn.init.kaiming_normal_(weight, 0.2, generator=generator)
            else:
                weight.normal_(0.0, 0.02, generator=generator)
        elif isinstance(module, nn.BatchNorm2d):
            module.weight.normal_(0.0 if init == "zero_gain" else 1.0, 0.02, generator=generator)
        else:
            continue
        if module.bias is not None:
            module.bias.zero_()
    return net


def build_generator(config: TrainConfig) -> nn.Module:
    """The generator that `config` describes, not yet initialised. A conditional one takes z with the class appended,
    one-hot: (N, nz + classes)."""
    c = config
    if c.network == "basic":
        return BasicGenerator(c.nz + c.classes, c.nc, c.image_size)
    told = c.classes if c.tell_g else 0
    return Generator(c.nz + told, c.ngf, c.nc, c.image_size, c.kernel_size, c.norm, c.output_norm, c.g_dropout,
                     c.dropout_at_test, c.g_upsample, c.g_activation, c.leak, c.output, c.scale, c.dense,
                     c.classes - told)


def build_discriminator(config: TrainConfig) -> nn.Module:
    """The discriminator that `config` describes, not yet initialised. One that is told the class takes images with it
    appended as channels, see `with_class_planes`: (N, nc + classes, image_size, image_size)."""
    c = config
    planes = c.classes if c.class_input == "planes" else 0
    if c.network == "basic":
        return BasicDiscriminator(c.nc + planes, c.image_size)
    norm = "none" if c.d_norm == "none" else c.norm
    return Discriminator(c.ndf, c.nc + planes, c.image_size, c.kernel_size, norm, c.d_downsample, c.d_activation,
                         c.leak, c.d_input_norm, c.spectral_norm, c.dense,
                         c.classes if c.class_input == "projection" else 0)


def channels_seen(config: TrainConfig) -> int:
    """Channels of what D is given: those of the image, and a plane for each class that it is told."""
    return config.nc + (0 if config.class_input == "none" else config.classes)


def with_class_planes(x: Tensor, one_hot: Tensor) -> Tensor:
    """Images (N, nc, size, size) with a channel for each class, 1 everywhere in that of the image's own class, else 0:
    (N, nc + classes, size, size). What a conditional D sees (arXiv 1411.1784)."""
    return torch.cat([x, one_hot[:, :, None, None].expand(-1, -1, *x.shape[2:])], 1)


def count_parameters(net: nn.Module) -> int:
    """How many numbers the net learns."""
    return sum(p.numel() for p in net.parameters())
