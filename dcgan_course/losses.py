"""GAN losses on logits.

D returns logits, not probabilities: D(x) = sigmoid(logit). Losses computed from logits stay finite where
log(D(x)) would be log(0), also in bfloat16.
"""

from typing import get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import PROBABILITIES, Loss
from .machine.errors import UserError

LOSSES = get_args(Loss)


def d_loss(logits_real: Tensor, logits_fake: Tensor, loss: str = "non_saturating", real_label: float = 1.0) -> Tensor:
    """What D minimises.

    Args:
        logits_real, logits_fake: D's answers for real and generated images, shape (N,).
        loss: one of LOSSES. "non_saturating" and "minimax" differ for G only.
        real_label: target for real images, if the loss has one; 0.9 is one-sided smoothing (arXiv 1606.03498, 3.4).
            Fakes always have target 0: were they smoothed too, G's bad samples would have no reason to move.
    Returns:
        a scalar, float32.
    Raises:
        UserError: another loss.
    """
    logits_real, logits_fake = logits_real.float(), logits_fake.float()
    if loss == "least_squares":  # arXiv 1611.04076, equation 9 with a = 0, b = c = 1
        return 0.5 * ((logits_real - real_label) ** 2).mean() + 0.5 * (logits_fake**2).mean()
    if loss == "hinge":  # arXiv 1705.02894 and 1802.05957: who is right by 1 or more pays nothing
        return F.relu(1 - logits_real).mean() + F.relu(1 + logits_fake).mean()
    if loss == "wasserstein":  # arXiv 1701.07875: the difference of the means, for a D that may not be steep
        return logits_fake.mean() - logits_real.mean()
    if loss == "relativistic":  # arXiv 1807.00734, paired as in 2501.05441: a real image beside a generated one
        return F.softplus(logits_fake - logits_real).mean()
    if loss in ("non_saturating", "minimax"):
        # -[t log D(x) + (1 - t) log(1 - D(x))], with t = real_label
        loss_real = F.binary_cross_entropy_with_logits(logits_real, torch.full_like(logits_real, real_label))
        loss_fake = F.softplus(logits_fake).mean()  # -log(1 - D(G(z)))
        return loss_real + loss_fake
    raise unknown(loss)


def g_loss(logits_fake: Tensor, loss: str = "non_saturating", label: float = 1.0,
           logits_real: Tensor | None = None) -> Tensor:
    """What G minimises, from D's answers for its images, shape (N,). Returns a scalar, float32.
    Raises UserError for a loss that is not one of LOSSES.

    label: what G wants D to answer, where the loss has a target: below 1 G is told to stop short of convincing D.
    logits_real: D's answers for the real images, (N,), which "relativistic" alone compares with.

    "non_saturating" (arXiv 1406.2661, section 3) has a strong gradient exactly where "minimax" has none: where D
    is sure that the images are fake.
    """
    logits_fake = logits_fake.float()
    if loss == "least_squares":
        return 0.5 * ((logits_fake - label) ** 2).mean()
    if loss == "minimax":
        return -F.softplus(logits_fake).mean()  # log(1 - D(G(z)))
    if loss in ("hinge", "wasserstein"):
        return -logits_fake.mean()
    if loss == "relativistic":
        if logits_real is None:
            raise UserError("logits_real: found None, expected D's answers for real images, for the loss relativistic")
        return F.softplus(logits_real.float() - logits_fake).mean()  # D's, with the two exchanged
    if loss == "non_saturating":
        # -log D(G(z)), and for a label t below 1: -[t log D(G(z)) + (1 - t) log(1 - D(G(z)))]
        return (label * F.softplus(-logits_fake) + (1 - label) * F.softplus(logits_fake)).mean()
    raise unknown(loss)


def gradient_penalty(netD: nn.Module, x: Tensor, gamma: float, nc: int) -> Tensor:
    """gamma / 2 times the mean squared length of D's gradient with respect to images: R1 where they are real, R2 where
    they are generated (arXiv 1801.04406, section 4.1). What a D may not be steep at, it cannot push G away from.

    Args:
        netD: images (N, channels, size, size) -> logits (N,).
        x: what D sees; the first nc channels are the image, others tell its class and are left out.
    Returns:
        a scalar, float32, with a graph of its own.
    """
    return gamma / 2 * steepness(netD, x, nc).square().mean()


def unit_slope_penalty(netD: nn.Module, x_real: Tensor, x_fake: Tensor, weight: float, nc: int) -> Tensor:
    """`weight` times the mean squared distance of D's steepness from 1, at random places on the lines from real to
    generated images, both (N, channels, size, size): WGAN-GP (arXiv 1704.00028, equation 3). A scalar, float32.

    Two-sided, as there: a D that is too flat pays as well, for the best Wasserstein critic has the steepness 1 on the
    lines between images that are matched (proposition 1), here taken between random ones. Draws the places from the
    global random stream.
    """
    place = torch.rand(len(x_real), 1, 1, 1, device=x_real.device)
    x = place * x_real.detach().float() + (1 - place) * x_fake.detach().float()
    return weight * (steepness(netD, x, nc) - 1).square().mean()


def steepness(netD: nn.Module, x: Tensor, nc: int) -> Tensor:
    """The length of the gradient of D's logit with respect to each image of x, with a graph of its own: (N,) float32.

    The sum of the logits has the gradients of all of them at once, if D answers for each image alone: without batch
    norm. nc: see `gradient_penalty`.
    """
    x = x.detach().float().requires_grad_()
    logits = netD(x)
    # as ones for each, and not their sum: MPS has lost rows of that one's gradient (pytorch/pytorch#180201)
    (slope,) = torch.autograd.grad(logits, x, torch.ones_like(logits), create_graph=True)  # (N, channels, size, size)
    return slope[:, :nc].flatten(1).norm(dim=1)  # whose derivative at 0 is 0, where that of a root is infinite


def unknown(loss: str) -> UserError:
    """The error that says which losses there are."""
    return UserError(f"loss: found {loss!r}, expected one of {', '.join(LOSSES)}")


def realness(logits: Tensor, loss: str = "non_saturating") -> Tensor:
    """The mean of D(x) over a batch: a probability where the loss makes one of D's answer, else the raw answer: for
    least squares towards 1 real, 0 fake; for hinge above 1 and below -1; for wasserstein and relativistic without any
    zero, so that only the difference between real and generated says something."""
    logits = logits.detach().float()
    return (logits.sigmoid() if loss in PROBABILITIES else logits).mean()
