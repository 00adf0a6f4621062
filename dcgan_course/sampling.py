"""From z to images: drawing z, generating, and paths between two points of the latent space."""

import io
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import TrainConfig
from .machine.runtime import streams_kept
from .models import Dropout

ROWS = 16  # z are drawn in multiples of it: torch.randn on the CPU makes 16 numbers at a time, the rest in another way
GAP, GAP_GREY = 2, 128  # pixels between the pictures of a sheet, and their grey
BLOCK = 64  # images that dropout at test time draws its masks for


def sample_z(n: int, nz: int, kind: str = "normal", generator: torch.Generator | None = None,
             device: torch.device | str = "cpu") -> Tensor:
    """n latent vectors, (n, nz) float32: "normal" N(0, 1), "uniform" in [-1, 1] (paper, section 4), or "uniform01" in
    [0, 1]. The first ones of a seed are the same for every n."""
    draw = torch.randn if kind == "normal" else torch.rand
    z = draw(math.ceil(n / ROWS) * ROWS, nz, generator=generator, device=device)[:n]
    return z * 2 - 1 if kind == "uniform" else z


def draw_z(config: TrainConfig, n: int, generator: torch.Generator | None = None, device: torch.device | str = "cpu",
           labels: Tensor | None = None) -> Tensor:
    """n latent vectors for the generator of `config`, (n, nz). A conditional one wants the class too, one-hot:
    (n, nz + classes), for labels (n,), or for the classes in turn: 0, 1, 2 ..."""
    z = sample_z(n, config.nz, config.z, generator, device)
    if not config.classes:
        return z
    labels = torch.arange(n) % config.classes if labels is None else labels
    return torch.cat([z, F.one_hot(labels.to(device), config.classes).to(z.dtype)], 1)


def generate(netG: nn.Module, z: Tensor, batch_size: int = 50) -> Tensor:
    """G's images for z (n, nz): (n, nc, size, size) float32 in [-1, 1] on the CPU.

    In eval mode (batch norm with its running statistics), so that a picture depends on its own z alone and not on
    its neighbours in the batch. Dropout that stays on at test time draws the same masks at every call, for the first z
    the same whatever their number; for that z are filled up with zeros to whole blocks. The global random stream is
    left as it was, as is the net's mode.
    """
    mode, n = netG.training, len(z)
    if any(isinstance(layer, Dropout) and layer.at_test and layer.p for layer in netG.modules()):
        z, batch_size = F.pad(z, (0, 0, 0, -n % BLOCK)), BLOCK
    device = next(netG.parameters()).device
    netG.eval()
    try:
        with torch.inference_mode(), streams_kept():
            torch.manual_seed(0)
            # forward: what `compile` has made of G would be compiled anew, for eval mode and each size of a batch
            parts = [netG.forward(part.to(device)).float().cpu() for part in z.split(batch_size)]
    finally:
        netG.train(mode)
    return torch.cat(parts)[:n]  # outside of inference mode: an ordinary tensor, which a net may learn from


@torch.no_grad()
def standing_statistics(netG: nn.Module, batches: list[Tensor]) -> None:
    """Measure batch norm's running statistics of netG anew, as plain averages over batches of z (n, nz), and leave it
    in eval mode: the "standing statistics" of arXiv 1809.11096.

    The running averages of training lag behind weights that still change fast; these belong to the weights as they are.
    """
    norms = [m for m in netG.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the average over all batches
    netG.train()
    device = next(netG.parameters()).device
    for z in batches:
        netG(z.to(device))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    netG.eval()


def lerp(a: Tensor, b: Tensor, t: Tensor | float) -> Tensor:
    """The straight line from a (t = 0) to b (t = 1)."""
    return a + (b - a) * t


def slerp(a: Tensor, b: Tensor, t: Tensor | float) -> Tensor:
    """The great circle from a to b, both (nz,): keeps the length that normal z have, which a straight line does not
    (arXiv 1609.04468). Parallel vectors fall back to `lerp`."""
    cosine = torch.clamp((a @ b) / (a.norm() * b.norm()), -1, 1)
    angle = torch.acos(cosine)
    if torch.sin(angle) < 1e-6:
        return lerp(a, b, t)
    return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)


def interpolate(a: Tensor, b: Tensor, frames: int = 36, method: str = "slerp") -> Tensor:
    """A path of `frames` points from a to b, ends included: (frames, nz). method: "lerp" or "slerp"."""
    path = slerp if method == "slerp" else lerp
    return torch.stack([path(a, b, float(t)) for t in torch.linspace(0, 1, frames)])


def corner_grid(corners: Tensor, n: int = 8) -> Tensor:
    """z of an n x n grid between four corners, row by row: (n * n, nz).

    Args:
        corners: (4, nz): upper left, upper right, lower left, lower right. They are four of the grid's points; all
            others are weighted means of them (bilinear).
    """
    t = torch.linspace(0, 1, n, device=corners.device)
    return bilinear(corners[:, None, None], t[None, :, None], t[:, None, None]).flatten(0, 1)


def bilinear(corners: Tensor, u: Tensor | float, v: Tensor | float) -> Tensor:
    """The point between four corners (upper left, upper right, lower left, lower right), u to the right and v
    downwards."""
    left, right = (lerp(corners[i], corners[i + 2], v) for i in (0, 1))
    return lerp(left, right, u)


def plane_grid(n: int = 20, kind: str = "uniform") -> Tensor:
    """z of an n x n grid over the latent plane of a generator with nz = 2, row by row: (n * n, 2). z[0] grows to the
    right, z[1] upwards.

    kind: "uniform" even steps over [-1, 1]; "normal" steps that each hold the same probability under N(0, 1), from the
    quantile 0.5 / n to 1 - 0.5 / n, close together in the middle, where z are frequent.
    """
    line = torch.linspace(-1, 1, n) if kind == "uniform" else torch.special.ndtri((torch.arange(n) + 0.5) / n)
    z1, z0 = torch.meshgrid(line.flip(0), line, indexing="ij")
    return torch.stack([z0.flatten(), z1.flatten()], 1)


def vector_sum(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """"a - b + c" of concepts, each the mean of its exemplars' z, (k, nz): (nz,). Paper, section 6.3.2."""
    return a.mean(0) - b.mean(0) + c.mean(0)


def attribute_direction(z: Tensor, present: Tensor) -> Tensor:
    """The way from pictures without an attribute to pictures with it: the difference of their mean z, (nz,). (The
    paper's "turn vector", section 6.3.2.)

    Args:
        z: (n, nz).
        present: (n,) bool; some true, some false.
    """
    return z[present].mean(0) - z[~present].mean(0)


def own_direction(directions: Tensor, i: int) -> Tensor:
    """The part of direction i that it does not share with the other ones, (nz,), so long that it leads as far along
    direction i as that does itself. Where less than half of it would be left, it stays as it is.

    Args:
        directions: (n, nz); the others may depend on one another, as those of hair colours do.
        i: which of them.
    """
    direction, others = directions[i], torch.cat([directions[:i], directions[i + 1 :]])
    if len(others) == 0:
        return direction
    _, sizes, ways = torch.linalg.svd(others, full_matrices=False)
    ways = ways[sizes > 0.1 * sizes.max()]
    own = direction - ways.T @ (ways @ direction)
    share = own.norm() / direction.norm()
    return own / share**2 if share > 0.5 else direction


def with_length(z: Tensor, nz: int, length: float) -> Tensor:
    """The same directions, shorter or longer: of each z (N, nz or more) the first nz numbers are brought to that length
    together; what stands behind them, such as a class, stays. Shorter than usual it is a kind of "truncation" (arXiv
    1809.11096, section 3.1, which draws single large numbers again), that trades variety for typical pictures."""
    return torch.cat([F.normalize(z[:, :nz], dim=1) * length, z[:, nz:]], 1)


def inversion_step(netG: nn.Module, z: Tensor, x: Tensor, look: Callable[[Tensor], Tensor], rate: float) -> Tensor:
    """One step of gradient descent towards the z of given pictures: (N, nz), without a history.

    What is made small is, for each z by itself, the mean squared difference of look(G(z)) and look(x). Nothing of netG
    changes, and its weights get no gradient; it should be in eval mode, where a picture depends on its own z alone.

    Args:
        z: (N, nz), where the search stands.
        x: (N, nc, size, size), the pictures that are looked for.
        look: what is compared of images: (N, nc, size, size) -> (N, ...), such as a judge's features, or the images.
        rate: the factor of the gradient.
    """
    z = z.detach().requires_grad_()
    apart = (look(netG(z)) - look(x)).square().flatten(1).mean(1)  # (N,)
    (slope,) = torch.autograd.grad(apart.sum(), z)
    return (z - rate * slope).detach()


def moved(z: Tensor, amounts: dict[str, float], directions: dict[str, Tensor]) -> Tensor:
    """z (nz,) moved by an amount of each named direction (nz,)."""
    return z + sum(amount * directions[name] for name, amount in amounts.items())


def first_layer(netG: nn.Module) -> Tensor:
    """The weights that meet z first, (nz, outputs)."""
    layer = next(m for m in netG.modules() if isinstance(m, (nn.ConvTranspose2d, nn.Linear)))
    weight = layer.weight.detach().cpu()
    return weight.T if isinstance(layer, nn.Linear) else weight.flatten(1)


def principal_directions(weight: Tensor, n: int = 5) -> Tensor:
    """The directions of z that a generator's first layer stretches most: singular vectors of its weights
    (arXiv 2007.06600), (at most n, nz), each of length 1, with its largest number positive.

    Args:
        weight: (nz, outputs), as of `first_layer`.
    """
    directions = torch.linalg.svd(weight, full_matrices=False).U.T[:n]
    largest = directions.gather(1, directions.abs().argmax(1, keepdim=True))
    return directions * largest.sign()


def image_grid(images: Tensor, nrow: int | None = None) -> Tensor:
    """A sheet of images as one picture, (height, width, 3) uint8.

    Args:
        images: (n, 1 or 3, size, size) in [-1, 1]. The range is fixed, never each picture's own minimum and maximum:
            a grey picture must look grey.
        nrow: pictures per row; None = as square as can be. A single picture has no gaps around it.
    """
    nrow = nrow or math.ceil(math.sqrt(len(images)))
    pixels = to_pixels(images.float().cpu()).expand(-1, -1, -1, 3)
    if len(pixels) == 1:
        return pixels[0]
    columns, side = min(nrow, len(pixels)), pixels.shape[1] + GAP
    rows = -(-len(pixels) // columns)
    cells = torch.full((rows * columns, side, side, 3), GAP_GREY, dtype=torch.uint8)
    cells[: len(pixels), GAP:, GAP:] = pixels  # each with the gap above it and left of it
    grid = cells.view(rows, columns, side, side, 3).transpose(1, 2).reshape(rows * side, columns * side, 3)
    return F.pad(grid, (0, 0, 0, GAP, 0, GAP), value=GAP_GREY)


def grid_images(grid: Tensor, nrow: int = 8) -> Tensor:
    """The images of a sheet as `image_grid` makes it, (height, width, 3) uint8, back again: (n, 3, size, size) in
    [-1, 1]."""
    side = (grid.shape[1] - GAP) // nrow
    cells = grid[GAP:, GAP:].unfold(0, side - GAP, side).unfold(1, side - GAP, side)  # (rows, nrow, 3, size, size)
    return cells.flatten(0, 1) / 127.5 - 1


def to_pixels(image: Tensor) -> Tensor:
    """An image (..., nc, size, size) in [-1, 1] as a picture, (..., size, size, nc) uint8."""
    return ((image + 1) * 127.5).round().clamp(0, 255).byte().movedim(-3, -1)


def png(sheet: Tensor, width: int = 0) -> bytes:
    """A picture (height, width, 3) uint8 as a PNG file, enlarged by a whole number to at least that width."""
    from PIL import Image

    picture = Image.fromarray(sheet.numpy())
    times = max(1, -(-width // picture.width))  # rounded up
    content = io.BytesIO()
    picture.resize((times * picture.width, times * picture.height), Image.Resampling.NEAREST).save(
        content, "PNG", compress_level=1)
    return content.getvalue()
