"""Answers to the exercises of lesson 13, for `test_checks.py`: wrong ones that somebody would give, right ones in other
words."""

import functools

import torch
import torch.nn.functional as F

from dcgan_course import checks


def hinge(real, fake):
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean(), -fake.mean()


def of_D(loss_D):
    """The hinge with another loss for D."""
    return lambda real, fake: (loss_D(real, fake), -fake.mean())


def of_G(loss_G):
    """The hinge with another loss for G."""
    return lambda real, fake: (hinge(real, fake)[0], loss_G(real, fake))


def pairs(loss=F.softplus, difference=lambda real, fake: real - fake, mean=torch.mean):
    """The relativistic losses, of whatever difference."""
    return lambda real, fake: (mean(loss(-difference(real, fake))), mean(loss(difference(real, fake))))


def pair_G(loss_G):
    return lambda real, fake: (F.softplus(fake - real).mean(), loss_G(real, fake))


def slope_of(netD, x, total=torch.sum, graph=True, of=lambda logits: logits):
    x = x.detach().clone().requires_grad_()
    return torch.autograd.grad(total(of(netD(x))), x, create_graph=graph)[0]


def r1(price=lambda squares, gamma: gamma / 2 * squares.mean(), **asked):
    return lambda netD, x, gamma: price(slope_of(netD, x, **asked).square().sum((1, 2, 3)), gamma)


def by_backward(netD, x, gamma):
    x = x.detach().clone().requires_grad_()
    netD(x).sum().backward(create_graph=True)
    return gamma / 2 * x.grad.square().sum((1, 2, 3)).mean()


def on_the_input(netD, x, gamma):
    slope, = torch.autograd.grad(netD(x.requires_grad_()).sum(), x, create_graph=True)
    return gamma / 2 * slope.square().sum((1, 2, 3)).mean()


def one_by_one(netD, x, gamma):
    return gamma / 2 * torch.stack([slope_of(netD, one[None]).square().sum() for one in x]).mean()


def with_ones(netD, x, gamma):
    x = x.detach().requires_grad_(True)
    logits = netD(x)
    slope, = torch.autograd.grad(logits, x, torch.ones_like(logits), create_graph=True)
    return 0.5 * gamma * slope.flatten(1).norm(2, dim=1).pow(2).mean()


def by_einsum(netD, x, gamma):
    slope = slope_of(netD, x).flatten(1)
    return gamma * torch.einsum("np,np->n", slope, slope).mean() / 2


def rows(netD, x, of=lambda logits: logits):
    """The gradient of each answer by all images: (N, N, pixels)."""
    x = x.detach().clone().requires_grad_()
    return torch.stack([torch.autograd.grad(logit, x, retain_graph=True)[0].flatten(1) for logit in of(netD(x))])


def lengths(netD, x):
    return rows(netD, x).norm(dim=2)


def by_jacobian(netD, x):
    return torch.autograd.functional.jacobian(netD, x).flatten(2).norm(dim=2)


def batched(netD, x):
    x = x.detach().requires_grad_()
    out = netD(x)
    found, = torch.autograd.grad(out, x, torch.eye(len(x)), is_grads_batched=True)
    return found.square().flatten(2).sum(2).sqrt()


def by_loops(netD, x):
    x = x.clone().requires_grad_()
    out, found = netD(x), torch.zeros(len(x), len(x))
    for i in range(len(x)):
        slope, = torch.autograd.grad(out[i], x, retain_graph=True)
        for j in range(len(x)):
            found[i, j] = slope[j].norm()
    return found


def anew(netD, x):
    """A forward for each answer."""
    found = []
    for i in range(len(x)):
        copy = x.clone().requires_grad_()
        found.append(torch.autograd.grad(netD(copy)[i], copy)[0].flatten(1).norm(dim=1))
    return torch.stack(found)


def by_backwards(netD, x):
    found = []
    for i in range(len(x)):
        copy = x.clone().requires_grad_()
        netD(copy)[i].backward(inputs=[copy])
        found.append(copy.grad.pow(2).sum((1, 2, 3)).sqrt())
    return torch.stack(found, 0)


def in_eval_mode(netD, x):
    netD.eval()
    found = lengths(netD, x)
    netD.train()
    return found


def left_in_eval_mode(netD, x):
    return lengths(netD.eval(), x)


def total(netD, x):
    return slope_of(netD, x, graph=False).flatten(1).norm(dim=1)


AFTER = {
    checks.check_hinge: (
        {
            "no margin": (of_D(lambda r, f: F.relu(-r).mean() + F.relu(f).mean()), "margin is missing"),
            "fakes' sign": (of_D(lambda r, f: (1 - r).relu().mean() + (1 - f).relu().mean()), "of logits_fake is"),
            "reals' sign": (of_D(lambda r, f: (1 + r).relu().mean() + (1 + f).relu().mean()), "of logits_real is"),
            "swapped": (of_D(lambda r, f: F.relu(1 + r).mean() + F.relu(1 - f).mean()), "swapped in loss_D"),
            "wasserstein": (of_D(lambda r, f: f.mean() - r.mean()), "Wasserstein's"),
            "no relu": (of_D(lambda r, f: (1 - r).mean() + (1 + f).mean()), "without relu"),
            "of means": (of_D(lambda r, f: F.relu(1 - r.mean()) + F.relu(1 + f.mean())), "relu is taken of the means"),
            "squared": (of_D(lambda r, f: F.relu(1 - r).pow(2).mean() + F.relu(1 + f).pow(2).mean()), "squared"),
            "summed": (of_D(lambda r, f: F.relu(1 - r).sum() + F.relu(1 + f).sum()), "summed over the batch"),
            "real only": (of_D(lambda r, f: F.relu(1 - r).mean()), "real images only"),
            "fake only": (of_D(lambda r, f: F.relu(1 + f).mean()), "generated images only"),
            "softplus": (of_D(lambda r, f: F.softplus(-r).mean() + F.softplus(f).mean()), "softplus, not a hinge"),
            "sigmoid": (of_D(lambda r, f: hinge(r.sigmoid(), f.sigmoid())[0]), "a sigmoid stands in loss_D"),
            "minus": (of_D(lambda r, f: -hinge(r, f)[0]), "sign of loss_D"),
            "another number": (of_D(lambda r, f: hinge(r, f)[0] + 1), "expected"),
            "detached": (of_D(lambda r, f: hinge(r, f.detach())[0]), "its gradient is not"),
            "a hinge for G": (of_G(lambda r, f: F.relu(1 - f).mean()), "loss_G has a hinge"),
            "softplus for G": (of_G(lambda r, f: F.softplus(-f).mean()), "non-saturating"),
            "G's sign": (of_G(lambda r, f: f.mean()), "sign of loss_G"),
            "G's sum": (of_G(lambda r, f: -f.sum()), "loss_G is summed"),
            "G sees real images": (of_G(lambda r, f: r.mean() - f.mean()), "real images into account"),
            "zero sum": (of_G(lambda r, f: -hinge(r, f)[0]), "zero sum"),
            "D's": (of_G(lambda r, f: hinge(r, f)[0]), "loss_G is D's loss"),
            "G's sigmoid": (of_G(lambda r, f: -f.sigmoid().mean()), "a sigmoid stands in loss_G"),
            "the order": (lambda r, f: hinge(r, f)[::-1], "wrong order"),
            "their sum": (lambda r, f: sum(hinge(r, f)), "expected a pair"),
            "three": (lambda r, f: (*hinge(r, f), 0), "3 parts"),
            "numbers": (lambda r, f: tuple(loss.item() for loss in hinge(r, f)), "of type float"),
            "for each image": (lambda r, f: (F.relu(1 - r) + F.relu(1 + f), -f), "shape (8,)"),
            "nothing": (lambda r, f: None, "return"),
        },
        [hinge, lambda r, f: [(1 - r).clamp(min=0).mean() + (1 + f).clamp(min=0).mean(), -f.mean()],
         lambda r, f: (hinge(r, f)[0] / 2, -f.mean()),
         lambda r, f: (-torch.minimum(torch.zeros(len(r)), r - 1).mean()
                       - torch.minimum(torch.zeros(len(f)), -1 - f).mean(), (-f).mean()),
         lambda r, f: (torch.maximum(torch.tensor(0.0), torch.cat([1 - r, 1 + f])).sum() / len(r), -f.sum() / len(f)),
         lambda r, f: (torch.where(r < 1, 1 - r, 0 * r).mean() + torch.where(f > -1, 1 + f, 0 * f).mean(), -f.mean()),
         functools.partial(lambda one, r, f: ((one - r).relu().mean() + (one + f).relu().mean(), -f.mean()), 1)],
    ),
    checks.check_relativistic: (
        {
            "unpaired": (lambda r, f: (F.softplus(f - r.mean()).mean(), F.softplus(r - f).mean()), "taken of the mean"),
            "unpaired, the other": (lambda r, f: (F.softplus(f.mean() - r).mean(), F.softplus(r - f).mean()),
                                    "taken of the mean"),
            "the average one": (lambda r, f: (F.softplus(f.mean() - r).mean() + F.softplus(f - r.mean()).mean(),
                                              F.softplus(r - f).mean()), "average relativistic"),
            "means first": (pairs(difference=lambda r, f: r.mean() - f.mean()), "mean is taken first"),
            "all with all": (pairs(difference=lambda r, f: r[:, None] - f[None]), "every generated one"),
            "apart": (lambda r, f: (F.softplus(-r).mean() + F.softplus(f).mean(), F.softplus(-f).mean()),
                      "judged apart"),
            "no softplus": (pairs(loss=lambda x: x), "softplus is missing"),
            "no logarithm": (lambda r, f: ((r - f).sigmoid().mean(), (f - r).sigmoid().mean()), "the logarithm"),
            "1 - probability": (pairs(loss=torch.sigmoid), "one minus a probability"),
            "sigmoid twice": (lambda r, f: (F.softplus(-(r - f).sigmoid()).mean(), F.softplus(r - f).mean()),
                              "before softplus"),
            "probabilities": (pairs(difference=lambda r, f: r.sigmoid() - f.sigmoid()), "not logits"),
            "summed": (pairs(mean=torch.sum), "summed over the pairs"),
            "a hinge": (lambda r, f: (F.relu(1 - (r - f)).mean(), F.relu(1 + r - f).mean()), "hinge"),
            "exchanged": (lambda r, f: pairs()(f, r), "wrong order"),
            "D's is G's": (lambda r, f: (pairs()(r, f)[1],) * 2, "exchanged"),
            "G's is D's": (lambda r, f: (pairs()(r, f)[0],) * 2, "loss_G is D's loss"),
            "zero sum": (lambda r, f: (pairs()(r, f)[0], -pairs()(r, f)[0]), "saturates"),
            "G alone": (pair_G(lambda r, f: F.softplus(-f).mean()), "generated images only"),
            "G's plain mean": (pair_G(lambda r, f: -f.mean()), "plain mean"),
            "G's difference": (pair_G(lambda r, f: (r - f).mean()), "softplus is missing"),
            "G's sum": (pair_G(lambda r, f: F.softplus(r - f).sum()), "loss_G is summed"),
            "G with the mean": (pair_G(lambda r, f: F.softplus(r.mean() - f).mean()), "one partner"),
            "detached": (lambda r, f: pairs()(r.detach(), f), "its gradient is not"),
            "log of a sigmoid": (lambda r, f: (-(r - f).sigmoid().log().mean(), -(f - r).sigmoid().log().mean()),
                                 "use softplus"),
            "one number": (lambda r, f: pairs()(r, f)[0], "expected a pair"),
            "nothing": (lambda r, f: None, "return"),
        },
        [pairs(), lambda r, f: (-F.logsigmoid(r - f).mean(), -F.logsigmoid(f - r).mean()),
         lambda r, f: [F.binary_cross_entropy_with_logits(d, torch.ones_like(d)) for d in (r - f, f - r)],
         lambda r, f: (torch.logaddexp(torch.zeros(()), f - r).mean(), torch.logaddexp(torch.zeros(()), r - f).mean()),
         lambda r, f: (F.softplus(f - r).sum() / len(r), F.softplus(r - f).sum() / len(f)),
         lambda r, f: (torch.stack([F.softplus(b - a) for a, b in zip(r, f, strict=True)]).mean(),
                       F.softplus(-(f - r)).mean()),
         lambda r, f: (F.softplus(f - r).mean() / 2, F.softplus(r - f).mean())],
    ),
    checks.check_r1: (
        {
            "gamma": (r1(lambda squares, gamma: gamma * squares.mean()), "half of gamma"),
            "no gamma": (r1(lambda squares, gamma: squares.mean()), "gamma is missing"),
            "half without gamma": (r1(lambda squares, gamma: squares.mean() / 2), "gamma is missing, though"),
            "not squared": (r1(lambda squares, gamma: gamma / 2 * squares.sqrt().mean()), "not squared"),
            "mean of pixels": (lambda netD, x, gamma: gamma / 2 * slope_of(netD, x).square().mean(), "over the pixels"),
            "summed": (r1(lambda squares, gamma: gamma / 2 * squares.sum()), "over the batch"),
            "of the mean": (r1(total=torch.mean), "D's mean answer"),
            "of the mean, summed": (r1(lambda squares, gamma: gamma / 2 * squares.sum(), total=torch.mean),
                                    "and the squares are summed"),
            "towards 1": (r1(lambda squares, gamma: gamma * (squares.sqrt() - 1).square().mean()), "WGAN-GP"),
            "half of it": (r1(lambda squares, gamma: gamma / 2 * (squares.sqrt() - 1).square().mean()), "WGAN-GP"),
            "of the probability": (r1(of=torch.sigmoid), "probability"),
            "mean first": (lambda netD, x, gamma: gamma / 2 * slope_of(netD, x).mean(0).square().sum(),
                           "mean gradient"),
            "minus": (r1(lambda squares, gamma: -gamma / 2 * squares.mean()), "sign is wrong"),
            "the largest": (r1(lambda squares, gamma: gamma / 2 * squares.max()), "largest slope"),
            "no graph": (r1(graph=False), "no graph"),
            "detached": (lambda netD, x, gamma: r1()(netD, x, gamma).detach() + 0 * netD(x).sum(),
                         "by D's weights is not"),
            "always 10": (lambda netD, x, gamma: r1()(netD, x, 10.0), "is the argument used"),
            "by backward": (by_backward, "backward() ran"),
            "on the input": (on_the_input, "requires_grad_"),
            "for each image": (r1(lambda squares, gamma: gamma / 2 * squares), "shape (6,)"),
            "a number": (lambda netD, x, gamma: r1()(netD, x, gamma).item(), "of type float"),
            "not a leaf": (lambda netD, x, gamma: torch.autograd.grad(netD(x).sum(), x)[0], "stopped with Runtime"),
            "nothing": (lambda netD, x, gamma: None, "return"),
        },
        [r1(), one_by_one, with_ones, by_einsum,
         r1(lambda squares, gamma: gamma * squares.sum() / (2 * len(squares))),
         lambda netD, x, gamma: gamma / 2 * slope_of(netD, x).flatten(1).norm(dim=1).square().mean(),
         lambda netD, x, gamma: gamma / 2 * len(x) * slope_of(netD, x, total=torch.mean).square().sum(),
         functools.partial(r1())],
    ),
    checks.check_influence: (
        {
            "transposed": (lambda netD, x: lengths(netD, x).T, "rows and columns"),
            "squared": (lambda netD, x: lengths(netD, x).square(), "squared"),
            "of the sum": (total, "shape (5,)"),
            "of the sum, repeated": (lambda netD, x: total(netD, x).expand(len(x), -1), "in every row the same"),
            "of the sum, in columns": (lambda netD, x: total(netD, x)[:, None].expand(-1, len(x)), "in every column"),
            "its own": (lambda netD, x: torch.diag(lengths(netD, x).diagonal()), "others do to it"),
            "one image at a time": (lambda netD, x: torch.diag(torch.stack([total(netD, one[None])[0] for one in x])),
                                    "expected"),
            "in eval mode": (in_eval_mode, "eval mode, where"),
            "left in eval mode": (left_in_eval_mode, "is left in eval mode"),
            "added up": (lambda netD, x: rows(netD, x).sum(2), "added up, not measured"),
            "absolute": (lambda netD, x: rows(netD, x).abs().sum(2), "absolute values"),
            "means": (lambda netD, x: rows(netD, x).abs().mean(2), "means over the pixels"),
            "the largest": (lambda netD, x: rows(netD, x).abs().amax(2), "largest numbers"),
            "of probabilities": (lambda netD, x: rows(netD, x, torch.sigmoid).norm(dim=2), "probability"),
            "shares": (lambda netD, x: F.normalize(lengths(netD, x), 1, 1), "divided by its sum"),
            "of its largest": (lambda netD, x: F.normalize(lengths(netD, x), float("inf"), 1), "by its largest"),
            "pixels too": (rows, "shape (5, 5, 256)"),
            "backward on the input": (lambda netD, x: netD(x.requires_grad_()).sum().backward() or x.grad,
                                      "requires_grad_"),
            "yes or no": (lambda netD, x: bool(lengths(netD, x).fill_diagonal_(0).any()), "of type bool"),
            "nothing": (lambda netD, x: None, "return"),
        },
        [lengths, by_jacobian, batched, by_loops, anew, by_backwards,
         lambda netD, x: lengths(netD, x).double()],
    ),
}
