"""More answers for `test_checks.py`: those that looked right until their lesson used them, inputs and settings that are
changed on the way, and right ones in still other words."""

import functools
import math
import random
import statistics

import numpy as np
import torch
import torch.nn.functional as F
from scipy import linalg, spatial, stats
from torch import nn

from dcgan_course import checks
from dcgan_course.sampling import generate, lerp


def doing(answer, thing):
    """A right answer that does something else besides."""
    def both(*args):
        result = answer(*args)
        thing(*args)
        return result
    return both


def first(answer, thing):
    """The same, before it answers."""
    def both(*args):
        thing(*args)
        return answer(*args)
    return both


class AsObject:
    """A right answer as an object that can be called."""

    def __init__(self, answer):
        self.answer = answer

    def __call__(self, *args):
        return self.answer(*args)


def with_numpy(answer):
    """Tensors in and out, NumPy inside."""
    def converted(*args):
        result = answer(*(x.numpy() if torch.is_tensor(x) else x for x in args))
        return torch.from_numpy(np.asarray(result))
    return converted


def others_of(net):
    """What is no weight of a convolution, by name: a trap, for statistics are in state_dict() too."""
    return [value for name, value in net.state_dict().items() if "weight" not in name]


# ---- right answers, and what may be done to them

def d_loss(r, f):
    return F.softplus(-r).mean() + F.softplus(f).mean()


def annotated_d_loss(logits_real: torch.Tensor, logits_fake: torch.Tensor) -> torch.Tensor:
    one, zero = torch.ones_like(logits_real), torch.zeros_like(logits_fake)
    criterion = nn.BCEWithLogitsLoss()
    return criterion(logits_real, one) + criterion(logits_fake, zero)


def looped_g_loss(f):
    return torch.stack([F.softplus(-x) for x in f]).sum() / len(f)


def init_weights(net):
    for m in net.modules():
        if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d)):
            m.weight.data = 0.02 * torch.randn_like(m.weight)
            if m.bias is not None:
                m.bias.data.zero_()
        elif isinstance(m, nn.BatchNorm2d):
            m.weight.data = 1 + 0.02 * torch.randn_like(m.weight)
            m.bias.data.zero_()
    return net


def zeroed(net):
    """The rest of the state is zeroed, statistics included."""
    init_weights(net)
    for value in others_of(net):
        value.zero_()
    return net


def changed_norms(net, **settings):
    for m in init_weights(net).modules():
        if isinstance(m, nn.BatchNorm2d):
            vars(m).update(settings)
    return net


def uniform_gains(net):
    for m in init_weights(net).modules():
        if isinstance(m, nn.BatchNorm2d):
            nn.init.uniform_(m.weight, 1 - 0.02 * 3**0.5, 1 + 0.02 * 3**0.5)
    return net


@torch.no_grad()
def init_by_name(net):
    for name, p in net.named_parameters():
        if p.ndim == 4:
            p.copy_(torch.randn(p.shape) * 0.02)
        elif name.endswith("bias"):
            p.zero_()
        elif p.ndim == 1:
            p.normal_(1, 0.02)
    return net


def d_step(netD, optD, x_real, x_fake):
    optD.zero_grad()
    loss = d_loss(netD(x_real), netD(x_fake.detach()))
    loss.backward()
    optD.step()
    return loss.detach()


def d_step_fakes_first(netD, optD, x_real, x_fake):
    logits_fake = netD(x_fake.detach())
    loss = d_loss(netD(x_real), logits_fake)
    optD.zero_grad(set_to_none=False)
    loss.backward()
    optD.step()
    return loss.item()


def d_step_in_eval_mode(netD, optD, x_real, x_fake):
    netD.eval()
    loss = d_step(netD, optD, x_real, x_fake)
    netD.train()
    return loss


def d_step_frozen_half(netD, optD, x_real, x_fake):
    loss = d_step(netD, optD, x_real, x_fake)
    next(netD.parameters()).requires_grad_(False)
    return loss


def d_step_normalising(netD, optD, x_real, x_fake):
    x_real.sub_(x_real.mean())
    return d_step(netD, optD, x_real, x_fake)


def d_step_with_noise(netD, optD, x_real, x_fake):
    return d_step(netD, optD, x_real.add_(0.1 * torch.randn_like(x_real)), x_fake)


def d_step_twice(netD, optD, x_real, x_fake):
    d_step(netD, optD, x_real, x_fake)
    return d_step(netD, optD, x_real, x_fake)


def g_step(netD, optG, x_fake):
    loss = F.softplus(-netD(x_fake)).mean()
    optG.zero_grad()
    loss.backward()
    optG.step()
    return loss.detach()


def g_step_in_eval_mode(netD, optG, x_fake):
    netD.eval()
    loss = g_step(netD, optG, x_fake)
    netD.train()
    return loss


def g_step_frozen_meanwhile(netD, optG, x_fake):
    for p in netD.parameters():
        p.requires_grad = False
    loss = g_step(netD, optG, x_fake)
    for p in netD.parameters():
        p.requires_grad = True
    return loss.item()


def snapshot(netG, z_fixed):
    mode = netG.training
    netG.eval()
    with torch.no_grad():
        images = netG(z_fixed)
    netG.train(mode)
    return images


def snapshot_in_double(netG, z_fixed):
    images = snapshot(netG.double(), z_fixed.double()).float()
    netG.float()
    return images


def snapshot_resetting(netG, z_fixed):
    images = snapshot(netG, z_fixed)
    for m in netG.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.reset_running_stats()
    return images


def snapshot_one_by_one(netG, z_fixed):
    return torch.cat([snapshot(netG, z[None]) for z in z_fixed]).clone().cpu()


def snapshot_trying(netG, z_fixed):
    mode = netG.training
    try:
        netG.eval()
        with torch.inference_mode():
            return netG(z_fixed).cpu()
    finally:
        netG.train(mode)


def frame(sheet):
    return ((sheet + 1) * 127.5).round().clamp(0, 255).byte().permute(1, 2, 0)


def frame_in_place(sheet):
    return sheet.add_(1).mul_(127.5).round_().clamp_(0, 255).byte().permute(1, 2, 0).numpy()


def frame_with_numpy(sheet):
    x = np.asarray(sheet, dtype=np.float64).transpose(1, 2, 0)
    return np.clip(np.rint((x + 1) / 2 * 255), 0, 255).astype(np.uint8)


def standing(netG, zs, momentum=None, freeze=False, double=False, inner=False, graph=False, eps=None, inside=False):
    norms = [m for m in netG.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = momentum
    netG.train()
    with torch.set_grad_enabled(graph):
        for z in zs:
            if inside:
                [norm.reset_running_stats() for norm in norms]
            netG(z)
    netG.eval()
    if freeze:
        netG.requires_grad_(False)
    if double:
        netG.double()
    for norm in norms:
        norm.train(inner)
        norm.eps = eps or norm.eps


def standing_by_a_loop(netG, zs):
    """Right: momentum 1/n at the n-th batch is the plain average."""
    norms = [m for m in netG.modules() if isinstance(m, nn.BatchNorm2d)]
    netG.train()
    with torch.no_grad():
        for n, z in enumerate(zs, 1):
            for norm in norms:
                norm.momentum = 1 / n
            netG(z)
    for norm in norms:
        norm.momentum = 0.1
    netG.eval()


def mode_count(p, least=0.01):
    return sum(np.mean(p.argmax(1) == c) >= least for c in range(p.shape[1]))


def counted(p, least=0.01):
    seen = {}
    for row in p:
        best = max(range(len(row)), key=lambda c: row[c])
        seen[best] = seen.get(best, 0) + 1
    return sum(1 for n in seen.values() if n / len(p) >= least)


def one_hot_in_place(p, least=0.01):
    answers = p.argmax(1)
    p[:] = 0
    p[np.arange(len(p)), answers] = 1
    return int((p.mean(0) >= least).sum())


def interval(d):
    return np.mean(d), stats.t.ppf(0.975, len(d) - 1) * np.std(d, ddof=1) / np.sqrt(len(d))


def interval_sorting(d):
    d.sort()
    return interval(d)


def interval_of_a_list(d):
    return interval(d) if d else (0.0, 0.0)


@torch.no_grad()
def ema(e, g, w):
    for a, b in zip(e.parameters(), g.parameters(), strict=True):
        a.mul_(1 - w).add_(b, alpha=w)
    for a, b in zip(e.buffers(), g.buffers(), strict=True):
        if a.is_floating_point():
            a.mul_(1 - w).add_(b, alpha=w)


def ema_with_data(e, g, w):
    now = dict(g.state_dict())
    for name, value in e.state_dict().items():
        value.data.copy_((1 - w) * value.data + w * now[name].data if value.dtype.is_floating_point else now[name])


def smoothed(r, f, label=0.9):
    return (label * F.softplus(-r) + (1 - label) * F.softplus(r)).mean() + F.softplus(f).mean()


def slerp(a, b, t, clamp=True, float32=True, scale=None):
    x, y = (a, b) if float32 else (a.double(), b.double())
    cosine = x @ y / (x.norm() * y.norm())
    angle = torch.acos(cosine.clamp(-1, 1) if clamp else cosine)
    if torch.sin(angle) < 1e-6:
        return a + t * (b - a)
    found = (torch.sin((1 - t) * angle) * x + torch.sin(t * angle) * y) / torch.sin(angle)
    return found if scale is None else found / found.norm() * scale(a, b, t)


def slerp_with_numpy(a, b, t):
    p, q = a.numpy().astype(float), b.numpy().astype(float)
    angle = np.arccos(np.clip(p @ q / np.linalg.norm(p) / np.linalg.norm(q), -1, 1))
    if np.isclose(np.sin(angle), 0, atol=1e-4):
        return lerp(a, b, t)
    return torch.tensor((np.sin((1 - t) * angle) * p + np.sin(t * angle) * q) / np.sin(angle), dtype=torch.float32)


def corner_grid(c, n):
    t = torch.linspace(0, 1, n)
    left, right = c[0] + t[:, None] * (c[2] - c[0]), c[1] + t[:, None] * (c[3] - c[1])
    return (left[:, None] + t[None, :, None] * (right - left)[:, None]).flatten(0, 1)


def looped_grid(c, n):
    """float64 inside, float32 outside."""
    rows = []
    for v in np.linspace(0, 1, n):
        for u in np.linspace(0, 1, n):
            rows.append((1 - v) * ((1 - u) * c[0] + u * c[1]) + v * ((1 - u) * c[2] + u * c[3]))
    return torch.stack(rows).float()


def grid_in_place(c, n):
    c[2] -= c[0]
    c[3] -= c[1]
    t = torch.linspace(0, 1, n)[:, None]
    left, right = c[0] + t * c[2], c[1] + t * c[3]
    return lerp(left[:, None], right[:, None], t[None]).flatten(0, 1)


def vector_sum(a, b, c):
    return a.mean(0) - b.mean(0) + c.mean(0)


def moved(z, amounts, directions):
    z = z.clone()
    for name in amounts:
        z += amounts[name] * directions[name]
    return z


def moved_popping(z, amounts, directions):
    while amounts:
        name, amount = amounts.popitem()
        z = z + amount * directions[name]
    return z


def moved_scaling(z, amounts, directions):
    for name, amount in amounts.items():
        z = z + directions[name].mul_(amount)
    return z


def principal(w, n):
    return torch.linalg.svd(w, full_matrices=False)[0].T[:n]


def principal_scaling(w, n):
    w /= w.abs().max()
    return principal(w, n)


def pooled(maps):
    return torch.cat([F.adaptive_max_pool2d(x, (4, 4)).flatten(1) for x in maps], 1)


def pooled_popping(maps):
    rows = []
    while maps:
        rows.append(F.adaptive_max_pool2d(maps.pop(0), 4).flatten(1))
    return torch.cat(rows, 1)


def guided(x, g):
    return torch.where((x > 0) & (g > 0), g, 0.0)


def dropped(x, maps):
    y = x.clone()
    for m in maps:
        y[:, m] = 0
    return y


def dropped_sorting(x, maps):
    maps.append(0)
    maps.pop()
    maps.reverse()
    return dropped(x, maps)


def frechet(a, A, b, B):
    roots = np.sqrt(np.linalg.eigvals(A @ B).real.clip(0))
    return ((a - b) ** 2).sum() + np.trace(A + B) - 2 * roots.sum()


def frechet_in_place(a, A, b, B):
    a -= b
    A_root = linalg.sqrtm(A @ B).real
    return a @ a + np.trace(A + B - 2 * A_root)


def precision(r, f, k):
    reach = np.sort(spatial.distance.cdist(r, r), 1)[:, k]
    return float((spatial.distance.cdist(f, r) <= reach).any(1).mean())


def two_sample(a, b):
    rows, kind = np.concatenate([a, b]), np.arange(len(a) + len(b)) < len(a)
    d = ((rows[:, None] - rows) ** 2).sum(2)
    d[np.eye(len(d), dtype=bool)] = np.inf
    return (kind[d.argmin(1)] == kind).mean()


def extrapolated(n, y):
    return np.polyfit(1 / n, y, 1)[1]


def extrapolated_with_torch(n, y):
    A = torch.stack([1 / torch.tensor(n, dtype=torch.float64), torch.ones(len(n), dtype=torch.float64)], 1)
    return torch.linalg.lstsq(A, torch.tensor(y)[:, None]).solution[1, 0]


def scale_in_place(n, y):
    n /= 1000
    return np.polyfit(1 / n, y, 1)[1]


def centre_box(w, h):
    side = min(w, h)
    return (w - side) // 2, (h - side) // 2, (w - side) // 2 + side, (h - side) // 2 + side


def training_bytes(g, d, ema=False):
    return 16 * (g + d) + 4 * g * ema


def convolution_flops(i, o, k, s):
    return 2 * k * k * i * o * s * s


def close(a, b, tolerance):
    return a.shape == b.shape and bool(((a - b).abs() <= tolerance).all())


def close_loop(a, b, tolerance):
    if a.shape != b.shape:
        return False
    for x, y in zip(a, b, strict=True):
        if not ((x - y).abs() <= tolerance).all():
            return False
    return True


ERRATA = {number: (entry.faulty[0], entry.mended) for number, entry in checks.LISTINGS.items()}


def scaled(pixels):
    return pixels / 127.5 - 1


def alternating_step(x, y, lr):
    x = x - lr * y
    return x, y + lr * x


def output_size(n, k, s, p):
    return (n + 2 * p - k) // s + 1


def noise(x, nz):
    return torch.randn(len(x), nz)


class Block(nn.Sequential):
    def __init__(self, n_in, n_out):
        super().__init__(nn.ConvTranspose2d(n_in, n_out, 4, 2, 1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU())


class OneBlock:
    """The same block at each call."""

    def __init__(self):
        self.made = {}

    def __call__(self, n_in, n_out):
        return self.made.setdefault((n_in, n_out), Block(n_in, n_out))


class ForgetfulG(checks.networks.Reference64):
    def forward(self, z):
        super().forward(z)


class ForgetfulD(checks.networks.Reference64D):
    def forward(self, x):
        super().forward(x)


class NoModule:
    def __init__(self, nz=100, ngf=64, nc=3):
        self.nz = nz

    def forward(self, z):
        return z


class NoForward(nn.Module):
    def __init__(self, nz=100, ngf=64, nc=3):
        super().__init__()
        self.layer = nn.ConvTranspose2d(nz, nc, 64)


class NoInit(nn.Module):
    def __init__(self, nz=100, ngf=64, nc=3):
        self.layer = nn.ConvTranspose2d(nz, nc, 64)


class DoubleG(checks.networks.Reference64):
    def forward(self, z):
        return super().forward(z).double()


class PartialG(checks.networks.Reference64):
    """Right, with annotations and arguments by name."""

    def __init__(self, nz: int = 100, ngf: int = 64, nc: int = 3) -> None:
        super().__init__(nz=nz, ngf=ngf, nc=nc)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return super().forward(z)


STRICT = {
    checks.check_scaled: (
        {
            "in place": (lambda p: p.copy_(p).float() / 127.5 - 1 + 0 * p.fill_(0), "have changed"),
            "one channel": (lambda p: p[:, :1] / 127.5 - 1, "shape (2, 3, 5, 7)"),
            "flattened": (lambda p: (p / 127.5 - 1).reshape(-1, 1, 8, 8), "for pixels of shape"),
            "double": (lambda p: p.double() / 127.5 - 1, "float64"),
        },
        [scaled, with_numpy(lambda p: (p / 127.5 - 1).astype(np.float32)), AsObject(scaled),
         functools.partial(lambda half, p: p / half - 1, 127.5), lambda p: (p.double() / 127.5 - 1).float(),
         lambda p: p.clone().float().div_(127.5).sub_(1)],
    ),
    checks.check_alternating_step: (
        {
            "rounded": (lambda x, y, lr: tuple(round(v, 2) for v in alternating_step(x, y, lr)), "expected"),
            "a set": (lambda x, y, lr: set(alternating_step(x, y, lr)), "expected a pair"),
            "a dict": (lambda x, y, lr: dict(zip("xy", alternating_step(x, y, lr), strict=True)), "expected a pair"),
            "None inside": (lambda x, y, lr: (x - lr * y, None), "expected two numbers"),
            "text": (lambda x, y, lr: tuple(map(str, alternating_step(x, y, lr))), "expected two numbers"),
            "positive only": (lambda x, y, lr: alternating_step(abs(x), abs(y), lr), "expected"),
        },
        [lambda x, y, lr: np.array(alternating_step(x, y, lr)), lambda x, y, lr: torch.tensor(
            alternating_step(x, y, lr), dtype=torch.float64), AsObject(alternating_step),
         functools.partial(alternating_step), lambda x, y, lr: (np.float64(x - lr * y), (1 - lr * lr) * y + lr * x)],
    ),
    checks.check_d_loss: (
        {
            "backward inside": (first(d_loss, lambda r, f: r.requires_grad and d_loss(r, f).backward()), "backward()"),
            "in place": (lambda r, f: d_loss(r.detach().mul_(0.5) * 0 + r, f), "has changed"),
            "clamped logits": (lambda r, f: d_loss(r.clamp(-250), f.clamp(max=250)), "the loss is 250, expected 400"),
            "half detached": (lambda r, f: d_loss(torch.cat([r[:1].detach(), r[1:]]), f), "its gradient is not"),
            "exp": (lambda r, f: torch.log(1 + torch.exp(-r)).mean() + torch.log(1 + torch.exp(f)).mean(),
                    "Through a sigmoid, or exp"),
            "NaN": (lambda r, f: d_loss(r, f) * torch.nan, "is not a number (NaN)"),
        },
        [annotated_d_loss, lambda r, f: F.binary_cross_entropy_with_logits(
            torch.cat([r, f]), torch.cat([torch.ones_like(r), torch.zeros_like(f)])), AsObject(d_loss),
         lambda r, f: torch.logaddexp(torch.zeros(()), -r).mean() + torch.logaddexp(torch.zeros(()), f).mean(),
         functools.partial(annotated_d_loss), lambda r, f: d_loss(r.double(), f.double()).float()],
    ),
    checks.check_g_loss: (
        {
            "in place": (lambda f: F.softplus(-f).mean() + 0 * f.detach().clamp_(max=0).sum(), "has changed"),
            "straight through": (lambda f: F.softplus(-f).mean() + f.mean() - f.mean().detach(), "its gradient is not"),
            "the first one": (lambda f: F.softplus(-f[:9]).mean(), "the loss is"),
            "exp": (lambda f: torch.log(1 + torch.exp(-f)).mean(), "the loss is inf"),
            "half": (lambda f: F.softplus(-f).mean() / 2, "expected"),
        },
        [looped_g_loss, lambda f: -torch.log_softmax(torch.stack([f, 0 * f]), 0)[0].mean(), AsObject(looped_g_loss),
         lambda f: torch.logaddexp(torch.tensor(0.0), -f).mean(), lambda f: F.softplus(-f.double()).mean().float()],
    ),
    checks.check_output_size: (
        {
            "a tensor": (lambda *given: torch.tensor(output_size(*given)), "of type Tensor"),
            "one element": (lambda *given: np.array([output_size(*given)]), "of type ndarray"),
            "text": (lambda *given: str(output_size(*given)), "of type str"),
            "the size given": (lambda n, k, s, p: n, "torch makes"),
        },
        [lambda n, k, s, p: math.floor((n + 2 * p - k) / s + 1), lambda n, k, s, p: int((n + 2 * p - k) / s) + 1,
         lambda n, k, s, p: F.conv2d(torch.zeros(1, 1, n, n), torch.zeros(1, 1, k, k), None, s, p).shape[-1],
         AsObject(output_size), functools.partial(output_size), lambda n, k, s, p: np.int32((n + 2 * p - k) // s + 1)],
    ),
    checks.check_generator_block: (
        {
            "one for all": (OneBlock(), "the same module"),
            "an instance": (Block(3, 2), "without brackets"),
            "always 5": (lambda a, b: Block(a, 5), "whatever its channels"),
        },
        [Block, functools.partial(Block), AsObject(Block), lambda n_in, n_out: nn.Sequential(Block(n_in, n_out))],
    ),
    checks.check_generator: (
        {
            "no return": (ForgetfulG, "forward returns None"),
            "no module": (NoModule, "expected a network"),
            "no forward": (NoForward, "forward"),
            "no super": (NoInit, "Module.__init__()"),
            "double": (DoubleG, "float64"),
            "called": (checks.networks.Reference64(4, 2, 3), "without brackets"),
        },
        [PartialG, functools.partial(checks.networks.Reference64), lambda *sizes, **names: PartialG(*sizes, **names)],
    ),
    checks.check_discriminator: (
        {
            "no return": (ForgetfulD, "forward returns None"),
            "no module": (lambda ndf=64, nc=3: NoModule(), "expected a network"),
            "called": (checks.networks.Reference64D(2, 3), "without brackets"),
            "a function": (lambda x: x, "takes 1 positional argument"),
        },
        [functools.partial(checks.networks.Reference64D), lambda ndf=64, nc=3: checks.networks.Reference64D(ndf, nc)],
    ),
    checks.check_init_weights: (
        {
            "the rest zeroed": (zeroed, "running statistics have changed"),
            "double": (lambda net: init_weights(net).double(), "torch.float64"),
            "half": (lambda net: init_weights(net).half(), "torch.float16"),
            "eval mode": (lambda net: init_weights(net).eval(), "eval mode"),
            "other eps": (lambda net: changed_norms(net, eps=0.8), "eps or momentum"),
            "other momentum": (lambda net: changed_norms(net, momentum=0.8), "eps or momentum"),
            "uniform gains": (uniform_gains, "gains are not normally distributed"),
            "called": (nn.Conv2d(1, 1, 1), "stopped with"),
        },
        [init_weights, init_by_name, AsObject(init_weights), functools.partial(init_by_name),
         lambda net: net.apply(lambda m: init_weights(m) if not list(m.children()) else None)],
    ),
    checks.check_noise: (
        {
            "0.02": (lambda x, nz: 0.02 * torch.randn(len(x), nz), "deviation 0.02, expected 0 and 1"),
            "clamped": (lambda x, nz: torch.randn(len(x), nz).clamp(-2, 2), "kurtosis"),
            "absolute": (lambda x, nz: torch.randn(len(x), nz).abs(), "Half of those"),
            "on a sphere": (lambda x, nz: nz**0.5 * F.normalize(torch.randn(len(x), nz), dim=1), "the same length"),
            "columns repeat": (lambda x, nz: torch.randn(len(x), 1).repeat(1, nz), "columns repeat"),
            "wide": (lambda x, nz: (torch.rand(len(x), nz) - 0.5) * 12**0.5, "uniform"),
            "of the image": (lambda x, nz: x.flatten(1)[:, :nz].contiguous(), "the same noise"),
            "seeded": (lambda x, nz: torch.randn(len(x), nz, generator=torch.Generator().manual_seed(0)), "seed"),
            "half": (lambda x, nz: torch.randn(len(x), nz).half(), "float16"),
        },
        [noise, lambda x, nz: torch.from_numpy(np.random.normal(size=(len(x), nz)).astype(np.float32)), AsObject(noise),
         functools.partial(noise), lambda x, nz: torch.stack([torch.randn(nz) for _ in x]),
         lambda x, nz: torch.randn(len(x), nz, dtype=torch.float64).float(), lambda x, nz: x.new_empty(
             len(x), nz).normal_(), lambda x, nz: torch.tensor(
                 [[random.gauss(0, 1) for _ in range(nz)] for _ in range(len(x))])],
    ),
    checks.check_d_step: (
        {
            "eval mode meanwhile": (d_step_in_eval_mode, "D judged in eval mode"),
            "one layer frozen": (d_step_frozen_half, "frozen"),
            "x_real changed": (d_step_normalising, "the x_real that was given has changed"),
            "noise added in place": (d_step_with_noise, "x_real that was given has changed"),
            "twice": (d_step_twice, "not those after one step"),
            "double": (doing(d_step, lambda netD, *_: netD.double()), "torch.float64"),
            "x_fake zeroed": (doing(d_step, lambda netD, optD, x, x_fake: x_fake.data.zero_()), "has changed"),
            "x_fake frozen": (doing(d_step, lambda netD, optD, x, x_fake: x_fake.detach_()), "detach_()"),
        },
        [d_step, d_step_fakes_first, AsObject(d_step), functools.partial(d_step)],
    ),
    checks.check_g_step: (
        {
            "eval mode meanwhile": (g_step_in_eval_mode, "D judged in eval mode"),
            "double": (doing(g_step, lambda netD, *_: netD.double()), "torch.float64"),
            "one frozen": (doing(g_step, lambda netD, *_: next(netD.parameters()).requires_grad_(False)), "frozen"),
            "x_fake changed": (doing(g_step, lambda netD, optG, x_fake: x_fake.data.mul_(2)), "has changed"),
            "half of a step": (lambda netD, optG, x: g_step(netD, optG, x) * 0.5, "returns"),
        },
        [g_step, g_step_frozen_meanwhile, AsObject(g_step), functools.partial(g_step)],
    ),
    checks.check_snapshot: (
        {
            "squeezed": (lambda netG, z: snapshot(netG, z).squeeze(), "shape (6, 2, 2)"),
            "reset": (snapshot_resetting, "running statistics"),
            "left in double": (lambda netG, z: snapshot(netG.double(), z.double()).float(), "torch.float64"),
            "bytes": (lambda netG, z: ((snapshot(netG, z) + 1) * 127.5).byte(), "uint8"),
            "z scaled": (lambda netG, z: snapshot(netG, z.div_(z.norm())), "has changed"),
            "an array": (lambda netG, z: snapshot(netG, z).numpy(), "of type ndarray"),
            "norms in train mode": (doing(snapshot, lambda netG, z: netG.norm.train(not netG.training)), "mode"),
        },
        [snapshot_one_by_one, snapshot_trying, AsObject(snapshot), functools.partial(generate, batch_size=3),
         torch.no_grad()(lambda netG, z: snapshot(netG, z).detach())],
    ),
    checks.check_frame: (
        {
            "in place": (frame_in_place, "has changed"),
            "not rounded": (lambda s: ((s + 1) * 127.5).clamp(0, 255).byte().permute(1, 2, 0), "fractions are cut off"),
            "not rounded, with numpy": (lambda s: ((s.clamp(-1, 1) + 1) / 2 * 255).byte().permute(1, 2, 0).numpy(),
                                        "fractions are cut off"),
            "256 steps": (lambda s: ((s + 1) * 128).clamp(0, 255).byte().permute(1, 2, 0), "a pixel of"),
            "rounded up": (lambda s: ((s + 1) * 127.5).ceil().clamp(0, 255).byte().permute(1, 2, 0), "a pixel of"),
            "a list": (lambda s: frame(s).tolist(), "of type list"),
            "grey": (lambda s: frame(s.mean(0, keepdim=True).expand(3, -1, -1)), "a pixel of"),
        },
        [frame_with_numpy, lambda s: ((s + 1) * 127.5 + 0.5).clamp(0, 255).byte().permute(1, 2, 0), AsObject(frame),
         lambda s: s.clone().add_(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8).movedim(0, 2).numpy(),
         functools.partial(frame), lambda s: np.stack([frame(s)[..., c].numpy() for c in range(3)], -1)],
    ),
    checks.check_standing_statistics: (
        {
            "frozen": (lambda *given: standing(*given, freeze=True), "frozen"),
            "double": (lambda *given: standing(*given, double=True), "torch.float64"),
            "norms in train mode": (lambda *given: standing(*given, inner=True), "left in train mode"),
            "eps": (lambda *given: standing(*given, eps=0.1), "eps has changed"),
            "reset inside": (lambda *given: standing(*given, momentum=0.1, inside=True), "not the average"),
            "reset inside, plain": (lambda *given: standing(*given, inside=True), "last batch counts. Expected"),
            "z changed": (lambda netG, zs: standing(netG, [z.div_(2) for z in zs]), "hold"),
            "nothing": (lambda netG, zs: netG.eval(), "those of before"),
        },
        [standing_by_a_loop, standing, AsObject(standing), functools.partial(standing), lambda *given: standing(
            *given, graph=True)],
    ),
    checks.check_mode_count: (
        {
            "in place": (one_hot_in_place, "have changed"),
            "no default": (lambda p, least: mode_count(p, least), "without `least`"),
            "another default": (lambda p, least=0.001: mode_count(p, least), "without `least`"),
            "a count": (lambda p, least=0.01: int((np.bincount(p.argmax(1)) >= 100 * least).sum()), "found"),
            "text": (lambda p, least=0.01: str(mode_count(p, least)), "of type str"),
            "a bool": (lambda p, least=0.01: mode_count(p, least) > 1, "of type bool"),
        },
        [counted, AsObject(mode_count), functools.partial(mode_count),
         lambda p, least=0.01: torch.from_numpy(np.eye(p.shape[1])[p.argmax(1)].mean(0) >= least).sum(),
         lambda p, least=0.01: np.float64(mode_count(p, least)), lambda p, least=0.01: int(counted(p.copy(), least))],
    ),
    checks.check_diagnosis: (
        {
            "small letters": (lambda: {k.lower(): v for k, v in checks.CASES.items()}, "the letters are capitals: 'A'"),
            "called": (dict(checks.CASES), "without brackets"),
            "capital names": (lambda: {k: v.upper() for k, v in checks.CASES.items()}, "expected one of"),
        },
        [lambda: {np.str_(k): np.str_(v) for k, v in checks.CASES.items()}, AsObject(lambda: dict(checks.CASES)),
         functools.partial(dict, checks.CASES)],
    ),
    checks.check_interval: (
        {
            "sorted": (interval_sorting, "holds something else now"),
            "of a list": (interval_of_a_list, "as a NumPy array"),
            "popped": (lambda d: interval([d.pop(0), *d]), "holds something else now"),
            "extended": (lambda d: first(interval, lambda d: d.append(0.0))(d), "holds something else now"),
            "an object": (lambda d: (np.mean(d), [interval(d)[1]]), "of type list"),
        },
        [lambda d: (statistics.mean(d), interval(d)[1]), lambda d: list(interval(d)), lambda d: np.array(interval(d)),
         AsObject(interval), functools.partial(interval), lambda d: (torch.tensor(interval(d)[0]), torch.tensor(
             interval(d)[1])), lambda d: (float(np.mean(d)), float(interval(d)[1]))],
    ),
    checks.check_ema: (
        {
            "frozen": (doing(ema, lambda e, g, w: e.requires_grad_(False)), "frozen"),
            "netG frozen": (doing(ema, lambda e, g, w: g.requires_grad_(False)), "frozen"),
            "eval mode": (doing(ema, lambda e, g, w: e.eval()), "eval mode"),
            "train mode": (doing(ema, lambda e, g, w: e.train()), "train mode"),
            "netG in eval mode": (doing(ema, lambda e, g, w: g.eval()), "eval mode"),
            "double": (doing(ema, lambda e, g, w: e.double()), "torch.float64"),
            "always a quarter": (lambda e, g, w: ema(e, g, 0.25), "is the argument used"),
        },
        [ema, ema_with_data, AsObject(ema), functools.partial(ema), lambda e, g, w: e.load_state_dict(
            {k: (1 - w) * v + w * g.state_dict()[k] if v.is_floating_point() else g.state_dict()[k]
             for k, v in e.state_dict().items()})],
    ),
    checks.check_smoothed_d_loss: (
        {
            "fake detached": (lambda r, f, label=0.9: smoothed(r, f.detach(), label), "its gradient is not"),
            "real detached": (lambda r, f, label=0.9: smoothed(r.detach(), f, label), "its gradient is not"),
            "in place": (lambda r, f, label=0.9: smoothed(r, f, label) + 0 * r.detach().mul_(2).sum(), "has changed"),
            "no numbers": (lambda r, f, label=0.9: smoothed(r, f, label).item(), "of type float"),
            "two logits": (lambda r, f, label=0.9: smoothed(r, f, label) if len(r) > 1 else r.sum(), "cheapest"),
        },
        [smoothed, AsObject(smoothed), functools.partial(smoothed), lambda r, f, label=0.9: (
            F.softplus(-r).mean() + (1 - label) * r.mean() + F.softplus(f).mean()),
         lambda r, f, label=0.9: nn.BCEWithLogitsLoss()(r, torch.full(r.shape, label)) - F.logsigmoid(-f).mean()],
    ),
    checks.check_slerp: (
        {
            "double": (functools.partial(slerp, float32=False), "float64"),
            "no clamp": (functools.partial(slerp, clamp=False), "torch.clamp(cosine, -1, 1)"),
            "length of a": (functools.partial(slerp, scale=lambda a, b, t: a.norm()), "length 2 and b of length 5"),
            "length of b": (functools.partial(slerp, scale=lambda a, b, t: b.norm()), "length 2 and b of length 5"),
            "mean length": (functools.partial(slerp, scale=lambda a, b, t: (a.norm() + b.norm()) / 2), "of length 5"),
            "a normalised in place": (lambda a, b, t: slerp(a.div_(a.norm()), b, t), "a that was given has changed"),
            "along the circle by |a|": (lambda a, b, t: a + t * (b - a) if torch.allclose(a, b) else a.norm() * (
                torch.cos(t * torch.acos(F.cosine_similarity(a, b, 0))) * a / a.norm()
                + torch.sin(t * torch.acos(F.cosine_similarity(a, b, 0)))
                * F.normalize(b - a * (a @ b) / (a @ a), dim=0)), "length 2 and b of length 5"),
            "an array": (lambda a, b, t: slerp(a, b, t).numpy(), "of type ndarray"),
        },
        [slerp, lambda a, b, t: slerp(a, b, t, float32=False).float(), slerp_with_numpy, AsObject(slerp),
         functools.partial(slerp), lambda a, b, t: slerp(a.clone(), b.clone(), torch.tensor(t)),
         lambda a, b, t: ((1 - t) * a.norm() + t * b.norm()) * slerp(a / a.norm(), b / b.norm(), t)],
    ),
    checks.check_corner_grid: (
        {
            "in place": (grid_in_place, "has changed"),
            "double": (lambda c, n: corner_grid(c.double(), n), "float64"),
            "numpy's line": (lambda c, n: looped_grid(c.double(), n).double(), "float64"),
            "always 4 or 3": (lambda c, n: corner_grid(c, min(n, 4)), "for n = 8"),
            "an array": (lambda c, n: corner_grid(c, n).numpy(), "of type ndarray"),
        },
        [looped_grid, corner_grid, AsObject(corner_grid), functools.partial(corner_grid),
         lambda c, n: corner_grid(c.double(), n).to(c.dtype),
         lambda c, n: torch.cat([torch.lerp(torch.lerp(c[0], c[2], v), torch.lerp(c[1], c[3], v),
                                            torch.linspace(0, 1, n)[:, None]) for v in torch.linspace(0, 1, n)])],
    ),
    checks.check_vector_sum: (
        {
            "double": (lambda a, b, c: vector_sum(a.double(), b, c), "float64"),
            "two axes only": (lambda a, b, c: sum(s * torch.einsum("kn->n", x) / len(x) for s, x in zip(
                (1, -1, 1), (a, b, c), strict=True)), "it is called with pictures too"),
            "of each picture": (lambda a, b, c: vector_sum(*(x.flatten(1) for x in (a, b, c))), "there it is wrong"),
            "columns": (lambda a, b, c: vector_sum(*(x.mT.mean(-1) if x.ndim == 2 else x.mean(1) for x in (a, b, c)))
                        if a.ndim > 2 else vector_sum(a, b, c), "there it is wrong"),
            "in place": (lambda a, b, c: vector_sum(a.sub_(0.0).add_(1), b.add_(1), c), "has changed"),
            "an array": (lambda a, b, c: vector_sum(a, b, c).numpy(), "of type ndarray"),
        },
        [vector_sum, AsObject(vector_sum), functools.partial(vector_sum), with_numpy(
            lambda a, b, c: a.mean(0) - b.mean(0) + c.mean(0)), lambda a, b, c: vector_sum(
                a.double(), b.double(), c.double()).float(),
         lambda a, b, c: sum(a) / len(a) - sum(b) / len(b) + sum(c) / len(c)],
    ),
    checks.check_moved: (
        {
            "double": (lambda z, a, d: moved(z.double(), a, d), "float64"),
            "popped": (moved_popping, "the amounts that was given holds something else"),
            "directions scaled": (moved_scaling, "the directions that was given holds something else"),
            "by item": (lambda z, a, d: moved(z, {k: v.item() for k, v in a.items()}, d), "stopped with"),
            "added in place": (lambda z, a, d: [z.add_(v * d[k]) for k, v in a.items()][-1].clone(), "has changed"),
        },
        [moved, AsObject(moved), functools.partial(moved),
         lambda z, a, d: z + sum(float(v) * d[k] for k, v in a.items()),
         lambda z, a, d: moved(z.double(), a, d).float(), lambda z, a, d: torch.from_numpy(np.sum(
             [z.numpy(), *(float(v) * d[k].numpy() for k, v in a.items())], axis=0))],
    ),
    checks.check_principal_directions: (
        {
            "in place": (principal_scaling, "has changed"),
            "centred in place": (lambda w, n: principal(w.sub_(0).mul_(2), n), "has changed"),
            "double": (lambda w, n: principal(w.double(), n), "float64"),
            "a square of it": (lambda w, n: principal(w[:, : len(w)], n), "for (5, 9)"),
            "an array": (lambda w, n: principal(w, n).numpy(), "of type ndarray"),
        },
        [principal, AsObject(principal), functools.partial(principal), lambda w, n: torch.from_numpy(
            np.linalg.svd(w.numpy(), full_matrices=False)[0].T[:n].copy()),
         lambda w, n: principal(w.double(), n).float(),
         lambda w, n: torch.linalg.svd(w.clone().div_(w.abs().max())).U[:, :n].mT],
    ),
    checks.check_pooled: (
        {
            "popped": (pooled_popping, "that were given have changed"),
            "one in place": (lambda maps: pooled([maps[0].mul_(1), maps[1].clamp_(max=9), *maps[2:]])
                             + 0 * maps[-1].zero_().sum(), "have changed"),
            "double": (lambda maps: pooled(maps).double(), "float64"),
            "three layers": (lambda maps: pooled(maps) if len(maps) == 3 else pooled([*maps, maps[0]])[:, :32],
                             "it is wrong"),
            "positive only": (lambda maps: pooled([F.leaky_relu(x, 1.0) if x.min() > -20 else x.relu() for x in maps]),
                              "it is wrong"),
        },
        [pooled, AsObject(pooled), functools.partial(pooled), lambda maps: torch.hstack(
            [F.adaptive_max_pool2d(x.clone(), 4).reshape(len(x), -1) for x in maps]),
         lambda maps: pooled([x.double() for x in maps]).float()],
    ),
    checks.check_guided: (
        {
            "x in place": (lambda x, g: guided(x.relu_(), g), "has changed"),
            "g in place": (lambda x, g: g.clamp_(min=0) * (x > 0), "has changed"),
            "above a threshold": (lambda x, g: g * (x > 1e-4) * (g > 0), "small x"),
            "clamped": (lambda x, g: guided(x, g).clamp(max=10), "large gradients"),
            "an array": (lambda x, g: guided(x, g).numpy(), "of type ndarray"),
        },
        [guided, AsObject(guided), functools.partial(guided),
         with_numpy(lambda x, g: np.where((x > 0) & (g > 0), g, 0)),
         lambda x, g: g.clone().masked_fill_((x <= 0) | (g <= 0), 0), lambda x, g: g.relu() * (x > 0)],
    ),
    checks.check_dropped: (
        {
            "maps changed": (dropped_sorting, "holds something else now"),
            "in place, given back": (lambda x, maps: x.index_fill_(1, torch.tensor(maps), 0), "have changed"),
            "sorted only": (lambda x, maps: dropped(x, maps if maps == sorted(maps) else maps[:1]), "in this order"),
            "Python numbers only": (lambda x, maps: dropped(x, [m for m in maps if type(m) is int]), "G draws other"),
            "an array": (lambda x, maps: dropped(x, maps).numpy(), "of type ndarray"),
        },
        [dropped, AsObject(dropped), functools.partial(dropped), lambda x, maps: x.index_fill(1, torch.tensor(maps), 0),
         lambda x, maps: torch.where(torch.isin(torch.arange(x.shape[1]), torch.tensor(maps))[:, None, None], 0.0, x)],
    ),
    checks.check_centre_box: (
        {
            "a quarter turned": (lambda w, h: centre_box(w, h)[::-1], "its side is -178"),
            "text": (lambda w, h: tuple(map(str, centre_box(w, h))), "whole numbers"),
            "a dict": (lambda w, h: dict(enumerate(centre_box(w, h))), "expected four numbers"),
            "None": (lambda w, h: (*centre_box(w, h)[:3], None), "whole numbers"),
        },
        [centre_box, AsObject(centre_box), functools.partial(centre_box),
         lambda w, h: [int(x) for x in (w / 2 - min(w, h) / 2, h / 2 - min(w, h) / 2)] + [
             int(w / 2 - min(w, h) / 2) + min(w, h), int(h / 2 - min(w, h) / 2) + min(w, h)],
         lambda w, h: tuple(np.array(centre_box(w, h)))],
    ),
    checks.check_training_bytes: (
        {
            "no default": (lambda g, d, ema: training_bytes(g, d, ema), "without `ema`"),
            "another default": (lambda g, d, ema=True: training_bytes(g, d, ema), "without `ema`"),
            "text": (lambda g, d, ema=False: f"{training_bytes(g, d, ema)}", "of type str"),
        },
        [training_bytes, lambda g, d, ema=False: torch.tensor(training_bytes(g, d, ema)),
         lambda g, d, ema=False: float(training_bytes(g, d, ema)),
         lambda g, d, ema=False: np.float64(4) * (4 * (g + d) + (g if ema else 0))],
    ),
    checks.check_convolution_flops: (
        {
            "text": (lambda i, o, k, s: f"{convolution_flops(i, o, k, s)}", "of type str"),
            "a list": (lambda i, o, k, s: [convolution_flops(i, o, k, s)], "of type list"),
            "a little off": (lambda i, o, k, s: convolution_flops(i, o, k, s) + k - s, "expected"),
        },
        [convolution_flops, AsObject(convolution_flops), functools.partial(convolution_flops),
         lambda i, o, k, s: torch.tensor(convolution_flops(i, o, k, s)),
         lambda i, o, k, s: float(convolution_flops(i, o, k, s)),
         lambda i, o, k, s: np.prod([2, k, k, i, o, s, s])],
    ),
    checks.check_close: (
        {
            "inverted": (lambda a, b, t: a.shape == b.shape and bool(((a.abs() - b.abs()).abs() <= t).all()),
                         "black and white exchanged"),
            "sorted": (lambda a, b, t: a.shape == b.shape and close(a.flatten().sort()[0], b.flatten().sort()[0], t),
                       "mirrored"),
            "NaN of b": (lambda a, b, t: a.shape == b.shape and not b.isnan().any() and not bool(
                ((a - b).abs() > t).any()), "first batch is not a number"),
            "a list": (lambda a, b, t: [close(a, b, t)], "of type list"),
            "None": (lambda a, b, t: True if close(a, b, t) else None, "return"),
            "text": (lambda a, b, t: "same" if close(a, b, t) else "", "of type str"),
            "0 or 1": (lambda a, b, t: int(close(a, b, t)), "of type int"),
        },
        [close_loop, AsObject(close), functools.partial(close),
         lambda a, b, t: np.bool_(close(a, b, t)),
         lambda a, b, t: a.shape == b.shape and np.all(np.abs(a.numpy() - b.numpy()) <= t),
         lambda a, b, t: torch.tensor(a.shape == b.shape) and ((a - b).abs() <= t).all(),
         lambda a, b, t: a.shape == b.shape and np.abs(np.asarray(a) - np.asarray(b)).max() <= t],
    ),
    checks.check_errata: (
        {
            "called": (dict(ERRATA), "without brackets"),
            "fractions": (lambda: {**ERRATA, 2: (4.5, ERRATA[2][1])}, "whole number from 1"),
        },
        [lambda: {k: (np.int64(at), line) for k, (at, line) in ERRATA.items()},
         lambda: {k: (torch.tensor(at), line) for k, (at, line) in ERRATA.items()},
         AsObject(lambda: dict(ERRATA)), functools.partial(dict, ERRATA)],
    ),
    checks.check_frechet: (
        {
            "in place": (frechet_in_place, "has changed"),
            "covariance in place": (lambda a, A, b, B: frechet(a, A.__iadd__(0 * A + 1) - 1, b, B), "has changed"),
            "an array": (lambda *g: np.array([frechet(*g)]), "has shape (1,)"),
            "text": (lambda *g: str(frechet(*g)), "of type str"),
        },
        [frechet, AsObject(frechet), functools.partial(frechet), lambda *g: torch.tensor(frechet(*g)),
         lambda *g: np.array(frechet(*g)), lambda *g: float(frechet(*g)),
         lambda a, A, b, B: frechet(*(x.copy() for x in (a, A, b, B)))],
    ),
    checks.check_precision: (
        {
            "sorted in place": (lambda r, f, k: first(precision, lambda r, f, k: r.sort(0))(r, f, k), "has changed"),
            "scaled in place": (lambda r, f, k: precision(r.__imul__(2), f.__imul__(2), k), "has changed"),
            "text": (lambda r, f, k: f"{precision(r, f, k):.2f}", "of type str"),
            "rounded": (lambda r, f, k: round(precision(r, f, k), 1), "found"),
            "a chance": (lambda r, f, k: 0.5, "found 0.5"),
        },
        [precision, AsObject(precision), functools.partial(precision), lambda r, f, k: torch.tensor(precision(r, f, k)),
         lambda r, f, k: np.mean([any(np.linalg.norm(x - r, axis=1) <= np.sort(spatial.distance.cdist(r, r), 1)[:, k])
                                  for x in f])],
    ),
    checks.check_two_sample: (
        {
            "centred in place": (lambda a, b: two_sample(a.__isub__(1), b.__isub__(1)), "has changed"),
            "always 1": (lambda a, b: 1.0, "all rows are right"),
            "a bool": (lambda a, b: two_sample(a, b) > 0.5, "all rows are right"),
            "the mean of both sets": (lambda a, b: (two_sample(a, b) + 0.5) / 2, "found"),
        },
        [two_sample, AsObject(two_sample), functools.partial(two_sample), lambda a, b: float(two_sample(a.copy(), b)),
         lambda a, b: sum((np.delete(np.arange(len(a) + len(b)), i)[np.delete(np.linalg.norm(
             np.r_[a, b] - np.r_[a, b][i], axis=1), i).argmin()] < len(a)) == (i < len(a))
             for i in range(len(a) + len(b))) / (len(a) + len(b))],
    ),
    checks.check_extrapolated: (
        {
            "power -1": (lambda n, y: np.polyfit(n**-1, y, 1)[1], "whole numbers"),
            "in place": (scale_in_place, "has changed"),
            "sorted": (lambda n, y: first(extrapolated, lambda n, y: n.sort())(n, y), "has changed"),
            "integers": (lambda n, y: np.polyfit((1 // n).astype(float) if n.dtype.kind == "i" else 1 / n, y, 1)[1],
                         "whole numbers"),
            "an array": (lambda n, y: np.array([extrapolated(n, y)]), "has shape (1,)"),
            "a tensor, which cannot be rounded": (extrapolated_with_torch, "a Python or NumPy number"),
        },
        [extrapolated, lambda n, y: extrapolated_with_torch(n, y).item(), AsObject(extrapolated),
         functools.partial(extrapolated),
         lambda n, y: extrapolated(n.astype(float), y), lambda n, y: float(np.polynomial.Polynomial.fit(
             1 / n, y, 1).convert().coef[0]), lambda n, y: extrapolated(np.array(list(map(float, n))), np.copy(y))],
    ),
}
