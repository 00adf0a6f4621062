"""Answers to lesson 15's exercises for `test_checks.py`: wrong ones that somebody would give, right ones in other
words."""

import functools

import torch
import torch.nn.functional as F

from dcgan_course import checks


def planes(x, one_hot, change=lambda p: p, order=1):
    """with_class_planes, or one of its usual mistakes."""
    made = change(one_hot[:, :, None, None].expand(-1, -1, *x.shape[2:]).clone())
    return torch.cat([x, made][::order], 1)


def corner(x, y):
    made = torch.zeros(*y.shape, *x.shape[2:])
    made[:, :, 0, 0] = y
    return torch.cat([x, made], 1)


def filled(x, y):
    """By loops, into an empty tensor."""
    made = x.new_zeros(len(x), x.shape[1] + y.shape[1], *x.shape[2:])
    made[:, : x.shape[1]] = x
    for i, row in enumerate(y):
        made[i, x.shape[1] + int(row.argmax())] = 1
    return made


def scale_in_place(x, y):
    return planes(x.mul_(1.0).add_(0.1), y)


def logit(f, y, w, v):
    return f @ w + (y @ v * f).sum(1)


def norm_in_place(z, nz, length):
    z[:, :nz] *= length / z[:, :nz].norm(dim=1, keepdim=True)
    return z


def scaled(z, nz, factor):
    return torch.cat([z[:, :nz] * factor, z[:, nz:]], 1)


def length_of(z, nz):
    return z[:, :nz].norm(dim=1, keepdim=True)


def step(netG, z, x, look, rate, loss=lambda a, b: ((a - b) ** 2).flatten(1).mean(1).sum(), sign=-1.0, seen=None):
    """inversion_step, or one of its usual mistakes."""
    look = seen or look
    z = z.clone().requires_grad_()
    slope = torch.autograd.grad(loss(look(netG(z)), look(x)), z)[0]
    return (z + sign * rate * slope).detach()


def backward(netG, z, x, look, rate):
    z = z.clone().requires_grad_()
    (look(netG(z)) - look(x)).square().flatten(1).mean(1).sum().backward()
    return z.detach() - rate * z.grad


def frozen_backward(netG, z, x, look, rate):
    """G frozen meanwhile, and as it was afterwards."""
    for p in netG.parameters():
        p.requires_grad_(False)
    found = backward(netG, z, x, look, rate)
    for p in netG.parameters():
        p.requires_grad_(True)
    return found


def left_frozen(netG, z, x, look, rate):
    netG.requires_grad_(False)
    return backward(netG, z, x, look, rate)


def by_sgd(netG, z, x, look, rate):
    """The optimiser does the step; G's gradients are thrown away."""
    z = z.clone().requires_grad_()
    optimiser = torch.optim.SGD([z], lr=rate)
    F.mse_loss(look(netG(z)), look(x), reduction="none").flatten(1).mean(1).sum().backward()
    optimiser.step()
    netG.zero_grad(set_to_none=True)
    return z.detach()


def one_by_one(netG, z, x, look, rate):
    return torch.cat([step(netG, z[i : i + 1], x[i : i + 1], look, rate) for i in range(len(z))])


def in_train_mode(netG, z, x, look, rate):
    netG.train()
    return step(netG, z, x, look, rate)


def without_history(netG, z, x, look, rate):
    with torch.no_grad():
        return step(netG, z, x, look, rate)


def on_z_itself(netG, z, x, look, rate):
    z.requires_grad_()
    slope = torch.autograd.grad((look(netG(z)) - look(x)).square().flatten(1).mean(1).sum(), z)[0]
    return (z - rate * slope).detach()


def attached(netG, z, x, look, rate):
    z = z.clone().requires_grad_()
    slope = torch.autograd.grad((look(netG(z)) - look(x)).square().flatten(1).mean(1).sum(), z)[0]
    return z - rate * slope


TABLE = {
    checks.check_class_planes: (
        {
            "planes first": (lambda x, y: planes(x, y, order=-1), "planes come first"),
            "the image's pixels": (lambda x, y: planes(x, y, lambda p: p * x.mean(1, keepdim=True)), "1 times its"),
            "the corner": (corner, "only the corner"),
            "the first one's": (lambda x, y: planes(x, y, lambda p: p[:1].expand_as(p)), "of the first one"),
            "-1 and 1": (lambda x, y: planes(x, y, lambda p: 2 * p - 1), "-1 and 1, expected 0 and 1"),
            "exchanged": (lambda x, y: planes(x, y, lambda p: 1 - p), "are exchanged"),
            "wrong order": (lambda x, y: planes(x, y, lambda p: p.flip(1)), "wrong order"),
            "each sums to 1": (lambda x, y: planes(x, y, lambda p: p / p[0, 0].numel()), "number of pixels"),
            "shuffled": (lambda x, y: planes(x, y, lambda p: p.roll(1, 0)), "other images of the batch"),
            "empty": (lambda x, y: planes(x, y, torch.zeros_like), "planes are empty"),
            "no image": (lambda x, y: planes(torch.zeros_like(x), y), "image itself is missing"),
            "0 to 1": (lambda x, y: planes((x + 1) / 2, y), "scaled on the way"),
            "mirrored": (lambda x, y: planes(x.flip(3), y), "mirrored"),
            "the number": (lambda x, y: torch.cat([x, y.argmax(1).float()[:, None, None, None].expand(
                -1, 1, *x.shape[2:])], 1), "holds the class's number"),
            "the number, scaled": (lambda x, y: torch.cat([x, (y.argmax(1) / y.shape[1])[:, None, None, None].expand(
                -1, 1, *x.shape[2:])], 1), "have no order"),
            "one plane": (lambda x, y: torch.cat([x, torch.ones_like(x[:, :1])], 1), "whatever the class"),
            "flat": (lambda x, y: torch.cat([x.flatten(1), y], 1), "made flat"),
            "multiplied": (lambda x, y: (x[:, None] * y[:, :, None, None, None]).flatten(1, 2), "has 12 channels"),
            "only the image": (lambda x, y: x, "image's own channels only"),
            "square only": (lambda x, y: torch.cat([x, y[:, :, None, None].expand(-1, -1, x.shape[2], x.shape[2])], 1),
                            "stopped with RuntimeError"),
            "always four": (lambda x, y: torch.cat([x, y[:, :4, None, None].expand(-1, 4, 6, 6)], 1), "stopped with"),
            "detached": (lambda x, y: planes(x.detach(), y), "no gradient"),
            "in place": (scale_in_place, "has changed"),
            "a list": (lambda x, y: [x, y], "of type list"),
            "whole numbers": (lambda x, y: planes(x, y).round().long(), "int64"),
            "nothing": (lambda x, y: None, "return"),
        },
        [planes, filled, functools.partial(planes),
         lambda x, y: torch.cat([x, y.view(*y.shape, 1, 1).repeat(1, 1, x.shape[2], x.shape[3])], 1),
         lambda x, y: torch.cat([x, torch.einsum("nk,hw->nkhw", y, torch.ones(x.shape[2:]))], dim=1),
         lambda x, y: torch.cat([x, F.interpolate(y[:, :, None, None], x.shape[2:])], 1),
         lambda x, y: F.pad(x, (0, 0, 0, 0, 0, y.shape[1])) + F.pad(y, (x.shape[1], 0))[:, :, None, None]],
    ),
    checks.check_projection_logit: (
        {
            "without the class": (lambda f, y, w, v: f @ w, "v is missing"),
            "only the class": (lambda f, y, w, v: (y @ v * f).sum(1), "w is missing"),
            "all classes": (lambda f, y, w, v: f @ w + (f @ v.T).sum(1), "of all classes"),
            "the best class": (lambda f, y, w, v: f @ w + (f @ v.T).max(1).values, "fits best"),
            "the mean class": (lambda f, y, w, v: f @ w + (f @ v.T).mean(1), "mean over all classes"),
            "the mean": (lambda f, y, w, v: f @ w + (y @ v * f).mean(1), "averaged over the features, expected their"),
            "both means": (lambda f, y, w, v: (f * w + y @ v * f).mean(1), "w and v are averaged"),
            "multiplied": (lambda f, y, w, v: (f @ w) * (y @ v * f).sum(1), "are multiplied"),
            "taken away": (lambda f, y, w, v: f @ w - (y @ v * f).sum(1), "taken away"),
            "without the image": (lambda f, y, w, v: f @ w + (y @ v).sum(1), "does not look at the image"),
            "a probability": (lambda *given: logit(*given).sigmoid(), "a probability"),
            "a classifier": (lambda f, y, w, v: f @ w + (F.log_softmax(f @ v.T, 1) * y).sum(1), "auxiliary classifier"),
            "the first one's": (lambda f, y, w, v: f @ w + f @ (y[0] @ v), "class of the first one"),
            "wrong order": (lambda f, y, w, v: logit(f, y.flip(1), w, v), "wrong order"),
            "v of length 1": (lambda f, y, w, v: logit(f, y, w, F.normalize(v, dim=1)), "v's row"),
            "f of length 1": (lambda f, y, w, v: logit(F.normalize(f, dim=1), y, w, v), "features are brought"),
            "half": (lambda f, y, w, v: f @ w + (y @ v * f).sum(1) / 2, "counts half"),
            "the mean of both": (lambda *given: logit(*given) / 2, "mean of the two parts"),
            "each with each": (lambda f, y, w, v: f @ w + f @ (y @ v).T, "shape (6, 6)"),
            "each class": (lambda f, y, w, v: (f @ w)[:, None] + f @ v.T, "shape (6, 4)"),
            "not summed": (lambda f, y, w, v: f * w + y @ v * f, "not summed"),
            "one number": (lambda *given: logit(*given).mean(), "one number for the whole batch"),
            "a column": (lambda *given: logit(*given)[:, None], "has shape (6, 1)"),
            "detached": (lambda f, y, w, v: f @ w + (y @ v * f.detach()).sum(1), "was something detached"),
            "no gradient": (lambda *given: logit(*given).detach(), "no gradient"),
            "always four": (lambda f, y, w, v: f @ w + (F.pad(y, (0, 4 - y.shape[1]))[:, :4] @ v[:4] * f).sum(1),
                            "stopped with"),
            "in place": (lambda f, y, w, v: logit(f.relu_(), y, w, v), "has changed"),
            "nothing": (lambda *given: None, "return"),
        },
        [logit, functools.partial(logit), lambda f, y, w, v: ((w + y @ v) * f).sum(1),
         lambda f, y, w, v: (f @ w[:, None])[:, 0] + (y * (f @ v.T)).sum(1),
         lambda f, y, w, v: torch.stack([row @ (w + v[k]) for row, k in zip(f, y.argmax(1), strict=True)]),
         lambda f, y, w, v: torch.einsum("nf,f->n", f, w) + torch.einsum("nk,kf,nf->n", y, v, f),
         lambda f, y, w, v: F.linear(f, w[None])[:, 0] + F.linear(f, v).gather(1, y.argmax(1, keepdim=True))[:, 0]],
    ),
    checks.check_with_length: (
        {
            "unchanged": (lambda z, nz, r: z.clone(), "nothing has changed"),
            "the class too": (lambda z, nz, r: z * (r / length_of(z, nz)), "longer or shorter too"),
            "the class counts": (lambda z, nz, r: scaled(z, nz, r / z.norm(dim=1, keepdim=True)), "class counts"),
            "the whole row": (lambda z, nz, r: F.normalize(z, dim=1) * r, "whole row"),
            "times the length": (lambda z, nz, r: scaled(z, nz, r), "multiplied by the length"),
            "length 1": (lambda z, nz, r: scaled(z, nz, 1 / length_of(z, nz)), "has length 1"),
            "the batch's length": (lambda z, nz, r: scaled(z, nz, r / z[:, :nz].norm()), "one length"),
            "the mean length": (lambda z, nz, r: scaled(z, nz, r / length_of(z, nz).mean()), "the same number"),
            "down the columns": (lambda z, nz, r: scaled(z, nz, r / z[:, :nz].norm(dim=0)), "dim=0"),
            "the square": (lambda z, nz, r: scaled(z, nz, r / (z[:, :nz] ** 2).sum(1, keepdim=True)), "squares"),
            "absolute": (lambda z, nz, r: torch.cat([F.normalize(z[:, :nz], p=1) * r, z[:, nz:]], 1), "absolute"),
            "the largest": (lambda z, nz, r: scaled(z, nz, r / z[:, :nz].abs().max(1, keepdim=True).values), "largest"),
            "deviation": (lambda z, nz, r: scaled(z, nz, r / z[:, :nz].std(1, keepdim=True)), "standard deviation"),
            "the usual length": (lambda z, nz, r: scaled(z, nz, r / nz**0.5), "root of nz"),
            "clamped": (lambda z, nz, r: torch.cat([z[:, :nz].clamp(-r, r), z[:, nz:]], 1), "cut off"),
            "only shorter": (lambda z, nz, r: scaled(z, nz, (r / length_of(z, nz)).clamp(max=1)), "only z that are"),
            "turned round": (lambda z, nz, r: scaled(z, nz, -r / length_of(z, nz)), "other way"),
            "the root": (lambda z, nz, r: scaled(z, nz, r**0.5 / length_of(z, nz)), "as its root"),
            "centred": (lambda z, nz, r: torch.cat([F.normalize(z[:, :nz] - z[:, :nz].mean(1, keepdim=True), dim=1) * r,
                                                    z[:, nz:]], 1), "turns z"),
            "the class is gone": (lambda z, nz, r: F.normalize(z[:, :nz], dim=1) * r, "the class is gone"),
            "always 20": (lambda z, nz, r: scaled(z, 20, r / length_of(z, 20)) if nz == 20 else scaled(
                z, nz, 3 / length_of(z, nz)), "for z without a class"),
            "in place": (norm_in_place, "has changed"),
            "a list": (lambda z, nz, r: list(z), "of type list"),
            "nothing": (lambda z, nz, r: None, "return"),
        },
        [lambda z, nz, r: scaled(z, nz, r / length_of(z, nz)),
         lambda z, nz, r: norm_in_place(z.clone(), nz, r),
         lambda z, nz, r: torch.cat([z[:, :nz] / z[:, :nz].pow(2).sum(1, keepdim=True).sqrt() * r, z[:, nz:]], dim=1),
         lambda z, nz, r: torch.stack([torch.cat([r * row[:nz] / row[:nz].norm(), row[nz:]]) for row in z]),
         lambda z, nz, r: torch.hstack([F.normalize(z[:, :nz]) * r, z[:, nz:]]),
         lambda z, nz, r: scaled(z.double(), nz, r / length_of(z.double(), nz)).float(),
         lambda z, nz, r: torch.where(torch.arange(z.shape[1]) < nz, z * r / length_of(z, nz), z)],
    ),
    checks.check_inversion_step: (
        {
            "stands still": (lambda netG, z, x, look, rate: z.clone(), "has not moved"),
            "climbs": (functools.partial(step, sign=1.0), "this climbs"),
            "mean over the batch": (functools.partial(step, loss=lambda a, b: F.mse_loss(a, b)), "averaged over the"),
            "sums": (functools.partial(step, loss=lambda a, b: ((a - b) ** 2).sum()), "are summed"),
            "absolute": (functools.partial(step, loss=lambda a, b: (a - b).abs().flatten(1).mean(1).sum()), "absolute"),
            "the root": (functools.partial(step, loss=lambda a, b: ((a - b) ** 2).flatten(1).mean(1).sqrt().sum()),
                         "the root"),
            "half": (functools.partial(step, loss=lambda a, b: ((a - b) ** 2).flatten(1).mean(1).sum() / 2), "half of"),
            "pixels": (functools.partial(step, seen=lambda y: y), "whatever `look` is"),
            "the gradient": (lambda netG, z, x, look, rate: z - step(netG, z, x, look, 1.0), "this is the gradient"),
            "without z": (lambda netG, z, x, look, rate: step(netG, z, x, look, rate) - z, "step alone"),
            "no rate": (lambda netG, z, x, look, rate: step(netG, z, x, look, 1.0), "rate is not used"),
            "the sign": (lambda netG, z, x, look, rate: z - rate * (z - step(netG, z, x, look, 1.0)).sign(),
                         "only the sign"),
            "length 1": (lambda netG, z, x, look, rate: z - rate * F.normalize(z - step(netG, z, x, look, 1.0)),
                         "brought to length 1"),
            "one picture": (lambda netG, z, x, look, rate: step(netG, z, x[:1].expand_as(x), look, rate), "first one"),
            "backward": (backward, "weights have gradients"),
            "left frozen": (left_frozen, "left frozen"),
            "in train mode": (in_train_mode, "left in train mode"),
            "without gradients": (without_history, "stopped with RuntimeError"),
            "on z itself": (on_z_itself, "z itself was detached, or told"),
            "attached": (attached, "hangs on its history"),
            "the first row": (lambda netG, z, x, look, rate: torch.cat([step(netG, z[:1], x[:1], look, rate), z[1:]]),
                              "expected"),
            "a list": (lambda netG, z, x, look, rate: [z], "of type list"),
            "nothing": (lambda netG, z, x, look, rate: None, "return"),
        },
        [step, functools.partial(step), frozen_backward, by_sgd, one_by_one,
         lambda netG, z, x, look, rate: z - rate * torch.func.grad(
             lambda z: (look(netG(z)) - look(x)).pow(2).reshape(len(z), -1).mean(1).sum())(z).detach(),
         lambda netG, z, x, look, rate: step(netG, z, x, look, rate, lambda a, b: F.mse_loss(a, b) * len(a))],
    ),
}
