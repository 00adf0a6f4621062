"""The exercises' checks, by mutation: wrong answers from real tutorials are named, right ones in other words pass."""

import copy
import functools
import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from after_answers import AFTER
from conditional_answers import TABLE as CONDITIONAL
from diffusion_answers import DIFFUSION
from scipy import linalg, spatial, stats
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from strict_answers import STRICT
from torch import nn

from dcgan_course import checks, losses, models, trainer
from dcgan_course.sampling import generate


def stub(*args):
    raise NotImplementedError


class Stub(nn.Module):
    def __init__(self, *args):
        super().__init__()
        raise NotImplementedError


def verdict(check, answer, capsys) -> tuple[str, object]:
    """What it prints, and what it returns."""
    torch.default_generator.manual_seed(5)
    state = torch.get_rng_state()
    returned = check(answer)
    assert torch.equal(state, torch.get_rng_state())  # a check never shifts the learner's random numbers
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    return printed, returned


# ---- networks to mutate

def g_block(n_in, n_out, k=4, s=2, p=1, norm=nn.BatchNorm2d, act=nn.ReLU, order="cna"):
    parts = {"c": nn.ConvTranspose2d(n_in, n_out, k, s, p, bias=False), "n": norm(n_out) if norm else nn.Identity(),
             "a": act()}
    return nn.Sequential(*(parts[x] for x in order))


def make_g(block=g_block, last=nn.Tanh, output_norm=False, first=None, channels=(8, 4, 2, 1),
           images=lambda z: z[:, :, None, None]):
    class G(nn.Module):
        def __init__(self, nz=100, ngf=64, nc=3):
            super().__init__()
            widths = [ngf * c for c in channels]
            head = first(nz, widths[0]) if first else [block(nz, widths[0], 4, 1, 0)]
            self.body = nn.Sequential(*head, *(block(a, b) for a, b in itertools.pairwise(widths)),
                                      nn.ConvTranspose2d(widths[-1], nc, 4, 2, 1, bias=False),
                                      nn.BatchNorm2d(nc) if output_norm else nn.Identity(), last())

        def forward(self, z):
            return self.body(images(z))
    return G


def dense_hidden(nz, width):
    return [nn.Flatten(), nn.Linear(nz, 50), nn.ReLU(), nn.Linear(50, width * 16), nn.Unflatten(1, (width, 4, 4)),
            nn.BatchNorm2d(width), nn.ReLU()]


def upsampled(n_in, n_out, k=4, s=2, p=1):
    if s == 1:
        return g_block(n_in, n_out, k, s, p)
    return nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(n_in, n_out, 3, 1, 1), nn.BatchNorm2d(n_out), nn.ReLU())


def normalising_d():
    class D(OwnD):
        def forward(self, x):
            return super().forward((x - x.mean()) / x.std())
    return D


class SqueezedG(make_g()):
    def forward(self, z):
        return super().forward(z).squeeze()


class UnlearningG(make_g()):
    @torch.no_grad()
    def forward(self, z):
        return super().forward(z)


class ConstantG(make_g()):
    def forward(self, z):
        return super().forward(torch.zeros_like(z))


class OwnG(nn.Module):
    """A right answer in other words: a matrix product and a reshape first (as in the authors' code)."""

    def __init__(self, nz=100, ngf=64, nc=3):
        super().__init__()
        self.project = nn.Linear(nz, 8 * ngf * 16)
        self.norms = nn.ModuleList(nn.BatchNorm2d(ngf * m) for m in (8, 4, 2, 1))
        self.ups = nn.ModuleList(nn.ConvTranspose2d(ngf * a, b, 4, 2, 1)
                                 for a, b in ((8, ngf * 4), (4, ngf * 2), (2, ngf), (1, nc)))

    def forward(self, z):
        x = self.project(z).view(len(z), -1, 4, 4)
        for norm, up in zip(self.norms, self.ups, strict=True):
            x = up(F.relu(norm(x)))
        return torch.tanh(x)


def make_d(act=lambda: nn.LeakyReLU(0.2), input_norm=None, output_norm=False, hidden_norm=nn.BatchNorm2d, tail=(),
           pool=False, flatten=lambda y: y.flatten(), channels=(1, 2, 4, 8), dense=False):
    class D(nn.Module):
        def __init__(self, ndf=64, nc=3):
            super().__init__()
            widths = [nc] + [ndf * c for c in channels]
            layers = []
            for i in range(4):
                conv = nn.Conv2d(widths[i], widths[i + 1], 4, 2, 1, bias=False)
                if pool:
                    conv = nn.Sequential(nn.ZeroPad2d((1, 2, 1, 2)), nn.Conv2d(widths[i], widths[i + 1], 4, bias=False),
                                         nn.MaxPool2d(2))
                norm = input_norm if i == 0 else hidden_norm
                layers += [conv, *([norm(widths[i + 1])] if norm else []), act()]
            end = [nn.Flatten(), nn.Linear(widths[-1] * 16, 30), act(), nn.Linear(30, 1)] if dense else [
                nn.Conv2d(widths[-1], 1, 4, bias=False), *([nn.BatchNorm2d(1)] if output_norm else [])]
            self.body = nn.Sequential(*layers, *end, *tail)

        def forward(self, x):
            return flatten(self.body(x))
    return D


class OwnD(nn.Module):
    """A right answer in other words: functional activations, a linear layer last (as in the authors' code)."""

    def __init__(self, ndf=64, nc=3):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1)
                                   for a, b in ((nc, ndf), (ndf, 2 * ndf), (2 * ndf, 4 * ndf), (4 * ndf, 8 * ndf)))
        self.norms = nn.ModuleList(nn.BatchNorm2d(m * ndf) for m in (2, 4, 8))
        self.last = nn.Linear(8 * ndf * 16, 1)

    def forward(self, x):
        x = F.leaky_relu(self.convs[0](x), 0.2)
        for conv, norm in zip(self.convs[1:], self.norms, strict=True):
            x = F.leaky_relu(norm(conv(x)), 0.2)
        return self.last(x.flatten(1)).squeeze(1)


def functional_g(hidden=F.relu, up=None, order="na", end=torch.tanh):
    """OwnG with one thing changed."""
    class G(OwnG):
        def forward(self, z):
            x = self.project(z).view(len(z), -1, 4, 4)
            for norm, layer in zip(self.norms, self.ups, strict=True):
                x = hidden(norm(x)) if order == "na" else norm(hidden(x))
                x = layer(x)
            return end(x)
    return G


class ListG(nn.Module):
    def __init__(self, nz=100, ngf=64, nc=3):
        super().__init__()
        self.layers = [make_g()(nz, ngf, nc)]

    def forward(self, z):
        return self.layers[0](z)


class OtherNames(make_g()):
    def __init__(self, z_dim=100, features=64, channels=3):
        super().__init__(z_dim, features, channels)


def functional_d(act=lambda x: F.leaky_relu(x, 0.2), end=lambda y: y, small=None):
    """OwnD with one thing changed."""
    class D(OwnD):
        def forward(self, x):
            x = act(self.convs[0](x))
            for conv, norm in zip(self.convs[1:], self.norms, strict=True):
                x = act(norm(conv(x)))
            return end(self.last(x.flatten(1)).squeeze(1))
    return D


def init(conv=lambda w: nn.init.normal_(w, 0, 0.02), gain=lambda w: nn.init.normal_(w, 1, 0.02), shift=0.0,
         which=(nn.Conv2d, nn.ConvTranspose2d), deep=True, returns=True):
    def apply(net):
        for m in net.modules() if deep else net.children():
            if isinstance(m, which):
                conv(m.weight)
                if m.bias is not None:
                    nn.init.zeros_(m.bias)
            elif isinstance(m, nn.BatchNorm2d):
                gain(m.weight)
                if shift is not None:
                    nn.init.constant_(m.bias, shift)
        return net if returns else None
    return apply


def defined_never_applied(net):
    def weights_init(m):
        if isinstance(m, nn.Conv2d):
            nn.init.normal_(m.weight, 0, 0.02)
    return net


def bias_everywhere(net):
    for m in net.modules():
        if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(m.weight, 0, 0.02)
            nn.init.zeros_(m.bias)
    return net


def by_class_name(net):
    """A right answer in other words: net.apply and the layers' class names, as in PyTorch's example."""
    def weights_init(m):
        name = m.__class__.__name__
        if "Conv" in name:
            m.weight.data.normal_(0.0, 0.02)
            if m.bias is not None:
                m.bias.data.fill_(0)
        elif "BatchNorm" in name:
            m.weight.data.normal_(1.0, 0.02)
            m.bias.data.fill_(0)
    return net.apply(weights_init)


# ---- steps to mutate

bce = F.binary_cross_entropy_with_logits


def d_step(real=1.0, fake=0.0, detach=True, zero=True, step=True, use_real=True, use_fake=True, back=True,
           detached=True, late_zero=False, freeze=False):
    def run(netD, optD, x_real, x_fake):
        terms = []
        if use_real:
            y = netD(x_real)
            terms.append(bce(y, torch.full_like(y, real)))
        if use_fake:
            y = netD(x_fake.detach() if detach else x_fake)
            terms.append(bce(y, torch.full_like(y, fake)))
        loss = sum(terms)
        if zero:
            optD.zero_grad()
        loss.backward()
        if late_zero:
            optD.zero_grad()
        if step:
            optD.step()
        if freeze:
            netD.requires_grad_(False)
        return (loss.detach() if detached else loss) if back else None
    return run


def d_step_one_batch(netD, optD, x_real, x_fake):
    logits = netD(torch.cat([x_real, x_fake.detach()]))
    labels = torch.cat([torch.ones(len(x_real)), torch.zeros(len(x_fake))])
    loss = bce(logits, labels)  # the mean over both: half the sum
    optD.zero_grad()
    loss.backward()
    optD.step()
    return loss.detach()


def d_step_two_backwards(netD, optD, x_real, x_fake):
    netD.zero_grad()
    real = F.softplus(-netD(x_real)).mean()
    real.backward()
    fake = F.softplus(netD(x_fake.detach())).mean()
    fake.backward()
    optD.step()
    return (real + fake).detach()


def g_step(label=1.0, zero=True, step=True, detach=False, minimax=False, detached=True, freeze=False, train_d=False,
           back=True):
    def run(netD, optG, x_fake):
        y = netD(x_fake.detach() if detach else x_fake)
        loss = -F.softplus(y).mean() if minimax else bce(y, torch.full_like(y, label))
        if zero:
            optG.zero_grad()
        loss.backward() if loss.requires_grad else None
        if step:
            optG.step()
        if train_d:
            with torch.no_grad():
                for p in netD.parameters():
                    p -= 0.01 * p.grad
        if freeze:
            netD.requires_grad_(False)
        return (loss.detach() if detached else loss) if back else None
    return run


def then(step, afterwards=lambda *_: None, before=lambda *_: None, result=False):
    """A step with something done before or after it."""
    def run(*args):
        before(*args)
        loss = step(*args)
        other = afterwards(*args)
        return other if result else loss
    return run


def d_step_climbing(netD, optD, x_real, x_fake):
    loss = losses.d_loss(netD(x_real), netD(x_fake.detach()))
    optD.zero_grad()
    (-loss).backward()
    optD.step()
    return loss.detach()


def stepped(optimiser, loss):
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.detach()


def d_step_by(loss):
    return lambda netD, optD, x_real, x_fake: stepped(optD, loss(netD(x_real), netD(x_fake.detach())))


def g_step_by(loss):
    return lambda netD, optG, x_fake: stepped(optG, loss(netD(x_fake)))


def snapshot(train=False, back=True, z=None, change=lambda x: x, grad=False):
    def run(netG, z_fixed):
        before = netG.training
        netG.train(train)
        with torch.set_grad_enabled(grad):
            x = change(netG(z_fixed if z is None else z(z_fixed)))
        if back is not None:
            netG.train(before if back else False)
        return x
    return run


def always_train_after(netG, z_fixed):
    netG.eval()
    with torch.no_grad():
        x = netG(z_fixed)
    netG.train()
    return x


@torch.inference_mode()
def snapshot_with_inference_mode(netG, z_fixed):
    was_training = netG.training
    netG.eval()
    images = netG(z_fixed)
    if was_training:
        netG.train()
    return images


def stretch(x):
    return (x - x.min()) / (x.max() - x.min())


def to_bytes(x):
    return x.round().clamp(0, 255).byte()


# ---- measuring to mutate

def frechet(a, A, b, B, means=lambda d: (d**2).sum(), spread=lambda A, B: np.trace(A + B), factor=2.0,
            cross=lambda A, B: np.trace(linalg.sqrtm(A @ B)).real, end=lambda x: x):
    return end(means(a - b) + spread(A, B) - factor * cross(A, B))


def symmetric_root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return vectors @ np.diag(np.sqrt(np.clip(values, 0, None))) @ vectors.T


def reach_of(rows, k, among=None):
    return np.sort(spatial.distance.cdist(rows, rows if among is None else among), 1)[:, k]


def within(real, fake, k, reach=None, share=lambda inside: inside.any(1).mean(), power=1, reach_power=1):
    reach = reach_of(real, k) if reach is None else reach
    return share(spatial.distance.cdist(fake, real) ** power <= reach**reach_power)


def looped_precision(real, fake, k):
    count = 0
    for x in fake:
        for y in real:
            if np.linalg.norm(x - y) <= sorted(np.linalg.norm(real - y, axis=1))[k]:
                count += 1
                break
    return count / len(fake)


def torch_precision(real, fake, k):
    real, fake = torch.from_numpy(real), torch.from_numpy(fake)
    reach = torch.cdist(real, real).kthvalue(k + 1).values
    return (torch.cdist(real, fake) <= reach[:, None]).any(0).double().mean()


def neighbours_agree(a, b, k=1, mask="diagonal", of=slice(None), pick=None, end=np.mean, half=False):
    both, own = np.concatenate([a, b]), np.repeat([True, False], [len(a), len(b)])
    own = np.arange(len(both)) < len(both) / 2 if half else own
    d = spatial.distance.cdist(both, both)
    if mask == "zeros":
        d[d == 0] = np.inf
    elif mask != "none":
        np.fill_diagonal(d, np.inf)
    if mask in ("own", "other"):
        d[(own[:, None] == own) != (mask == "own")] = np.inf
    agree = own[np.argsort(d, 1)[:, :k] if pick is None else np.argsort(d, 1)[:, pick : pick + 1]] == own[:, None]
    return end((agree.sum(1) > agree.shape[1] / 2)[of])


def balanced(a, b):
    return np.mean([neighbours_agree(a, b, of=part) for part in (slice(len(a)), slice(len(a), None))])


def scored(a, b):
    """scikit-learn's way."""
    classes = np.r_[np.zeros(len(a)), np.ones(len(b))]
    classifier = KNeighborsClassifier(1).fit(np.r_[a, b], classes)
    return (classes[classifier.kneighbors(return_distance=False)[:, 0]] == classes).mean()


def intercept(n, y, x=lambda n: 1 / n, degree=1, place=-1):
    return np.polyfit(x(n), y, degree)[place]


def normal_equations(n, y):
    x = 1 / n
    slope = ((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
    return y.mean() - slope * x.mean()


# ---- the tables: check, wrong answers with what must be said, right answers in other words

# ---- failures and what stabilises (lessons 05 and 06)

def standing(momentum=None, reset=True, train=True, back=True, batches=lambda z: z, passes=True, ruin=False):
    def answer(netG, zs):
        norms = [m for m in netG.modules() if isinstance(m, nn.BatchNorm2d)]
        for norm in norms:
            norm.momentum = momentum
            if reset:
                norm.reset_running_stats()
        netG.train(train)
        with torch.no_grad():
            for z in batches(zs) if passes else []:
                netG(z)
            if ruin:
                netG.first.weight.mul_(0.9)
        if back:
            netG.eval()
    return answer


def by_hand(netG, zs):
    """The averages from forward hooks, instead of momentum = None."""
    sums = {}

    def note(norm, inputs, _):
        x = inputs[0]
        mean, var = sums.setdefault(norm, (torch.zeros(x.shape[1]), torch.zeros(x.shape[1])))
        mean += x.mean((0, 2, 3)) / len(zs)
        var += x.var((0, 2, 3)) / len(zs)

    hooks = [m.register_forward_hook(note) for m in netG.modules() if isinstance(m, nn.BatchNorm2d)]
    with torch.no_grad():
        for z in zs:
            netG.train()(z)
    for norm, (mean, var) in sums.items():
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(var)
    [hook.remove() for hook in hooks]
    netG.eval()


def shares(p):
    return np.bincount(p.argmax(1), minlength=p.shape[1]) / len(p)


def diagnosis(**changes):
    return lambda: {**checks.CASES, **changes}


def swapped():
    return {**checks.CASES, "A": checks.CASES["B"], "B": checks.CASES["A"]}


def t_interval(values, q=0.975, lost=1, ddof=1, width=1.0):
    n = len(values)
    return np.mean(values), width * stats.t.ppf(q, n - lost) * np.std(values, ddof=ddof) / n**0.5


def ema(ema_net, net, weight, names=None, swap=False, share=False):
    weight = 1 - weight if swap else weight
    with torch.no_grad():
        now = net.state_dict()
        for name, value in ema_net.state_dict().items():
            if names is None or name in names(ema_net):
                value.copy_(value * (1 - weight) + weight * now[name] if value.is_floating_point() else now[name])
        if share:
            for a, b in zip(ema_net.parameters(), net.parameters(), strict=True):
                b.data = a.data


def moved_net(ema_net, net, weight):
    ema(ema_net, net, weight)
    ema(net, ema_net, 0.5)


def parameters_only(ema_net, net, weight):
    with torch.no_grad():
        for a, b in zip(ema_net.parameters(), net.parameters(), strict=True):
            a.lerp_(b, weight)


def new_tensors(ema_net, net, weight):
    ema_net.load_state_dict({name: value.lerp(net.state_dict()[name], weight) if value.is_floating_point() else value
                             for name, value in ema_net.state_dict().items()})


def clamped_bce(logits, target):
    p = logits.sigmoid().clamp(1e-7, 1 - 1e-7)
    return -(target * p.log() + (1 - target) * (1 - p).log()).mean()


def ce(logits, target):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


def on_circle(angle_of=None, weight=torch.sin, scale=1.0, over=torch.sin, swap=False, guard=True):
    """slerp, or one of its usual mistakes."""
    def path(a, b, t):
        cosine = torch.clamp((a @ b) / (a.norm() * b.norm()), -1, 1)
        angle = angle_of(a, b) if angle_of else torch.acos(cosine)
        if guard and over(angle).abs() < 1e-6:
            return a + t * (b - a)
        a, b = (b, a) if swap else (a, b)
        return scale * (weight((1 - t) * angle) * a + weight(t * angle) * b) / over(angle)
    return path


def in_place(z, amounts, directions):
    for name, amount in amounts.items():
        z += amount * directions[name]
    return z


def angle_of(a, b):
    return torch.acos(torch.clamp(F.cosine_similarity(a, b, 0), -1, 1))


def between_corners(corners, n, line=torch.linspace, order=(0, 1, 2, 3), axes=(0, 1), flat=True):
    """corner_grid, or one of its usual mistakes."""
    t, c = line(0, 1, n), corners[list(order)]
    left, right = c[0] + t[:, None] * (c[2] - c[0]), c[1] + t[:, None] * (c[3] - c[1])
    grid = left[:, None] + t[None, :, None] * (right - left)[:, None]
    return grid.permute(*axes, 2).flatten(0, 1) if flat else grid


def resized_corners(corners, n):
    square = corners.T.unflatten(1, (2, 2))[None]
    return F.interpolate(square, (n, n), mode="bilinear", align_corners=True)[0].flatten(1).T


def weighted_corners(corners, n):
    v, u = torch.meshgrid(torch.linspace(0, 1, n), torch.linspace(0, 1, n), indexing="ij")
    weights = torch.stack([(1 - v) * (1 - u), (1 - v) * u, v * (1 - u), v * u], -1)
    return weights.reshape(-1, 4) @ corners


def close(a, b, tolerance):
    return a.shape == b.shape and bool(((a - b).abs() <= tolerance).all())


ERRATA = {
    1: (4, "nn.init.normal_(module.weight, float(isinstance(module, nn.BatchNorm2d)), 0.02)"),
    2: (4, "nn.BatchNorm2d(n_out),"),
    3: (3, "logits_fake = netD(x_fake.detach())"),
    4: (3, "mean, deviation = 0.5, 0.5"),
    5: (2, "D_G_z = logits_fake"),
    6: (7, "return images"),
}


def middle_box(w, h):
    side = min(w, h)
    return (w - side) // 2, (h - side) // 2, (w + side) // 2, (h + side) // 2


def pooled_by(maps, pool=F.adaptive_max_pool2d):
    return torch.cat([pool(x, 4).flatten(1) for x in maps], 1)


def windows_max(m):
    """A map (H, W) in 4x4 windows, with the bounds of adaptive pooling."""
    n = len(m)
    cut = [(i * n // 4, -(-(i + 1) * n // 4)) for i in range(4)]
    return torch.stack([torch.stack([m[a:b, c:d].max() for c, d in cut]) for a, b in cut])


def without(x, *places):
    x = x.clone()
    x[places] = 0
    return x


def mean_of(x, maps):
    """The maps' means in their places, 0 elsewhere."""
    kept = torch.zeros_like(x)
    kept[:, maps] = x[:, maps].mean((2, 3), keepdim=True)
    return kept


def dropped_in_place(x, maps):
    x[:, maps] = 0
    return x


TABLE = {
    checks.check_scaled: (
        {
            "0 to 1": (lambda p: p.float() / 255, "range is [0, 1]"),
            "a classifier's mean and deviation": (lambda p: (p.float() / 255 - 0.1307) / 0.3081, "2.82"),
            "0 to 2": (lambda p: p / 127.5, "subtract 1"),
            "over its own maximum": (lambda p: p / p.max() * 2 - 1, "whatever the batch holds"),
            "doubled too early": (lambda p: 2 * p / 255 - 1, "wraps round to 144"),
            "stretched": (lambda p: stretch(p.float()) * 2 - 1, "a grey picture stays grey"),
            "wraps round": (lambda p: (p - 128) / 128, "uint8 numbers cannot be negative"),
            "128 in the middle": (lambda p: (p.float() - 128) / 128, "127.5, not 128"),
            "black and white swapped": (lambda p: 1 - p / 127.5, "swapped"),
            "flat": (lambda p: (p / 127.5 - 1).flatten(1), "shape"),
            "half": (lambda p: (p / 127.5 - 1).half(), "float32"),
            "unchanged": (lambda p: p.float(), "nothing has changed"),
        },
        [lambda p: p / 127.5 - 1, lambda p: (p.float() / 255 - 0.5) / 0.5, lambda p: p.float().mul(2).div(255).sub(1)],
    ),
    checks.check_alternating_step: (
        {
            "simultaneous": (lambda x, y, lr: (x - lr * y, y + lr * x), "did not see the new x"),
            "both descend": (lambda x, y, lr: (x - lr * y, y - lr * (x - lr * y)), "y goes down too"),
            "x ascends": (lambda x, y, lr: (x + lr * y, y + lr * (x + lr * y)), "x goes up"),
            "wrong slope": (lambda x, y, lr: (x - lr * x, y + lr * (x - lr * x)), "along x is y"),
            "wrong order": (lambda x, y, lr: (y + lr * (x - lr * y), x - lr * y), "wrong order"),
            "a fixed rate": (lambda x, y, lr: (x - 0.1 * y, y + 0.1 * (x - 0.1 * y)), "is lr used"),
            "y first": (lambda x, y, lr: (x - lr * (y + lr * x), y + lr * x), "let x move first"),
            "nothing": (lambda x, y, lr: None, "None"),
        },
        [lambda x, y, lr: (x - lr * y, y + lr * (x - lr * y)), lambda x, y, lr: [x - y * lr, y + (x - y * lr) * lr]],
    ),
    checks.check_d_loss: (
        {
            "labels swapped": (lambda r, f: bce(r, torch.zeros_like(r)) + bce(f, torch.ones_like(f)), "swapped"),
            "softplus sign": (lambda r, f: F.softplus(r).mean() + F.softplus(-f).mean(), "swapped"),
            "sign": (lambda r, f: -(F.softplus(-r).mean() + F.softplus(f).mean()), "sign of the whole"),
            "no fakes": (lambda r, f: F.softplus(-r).mean(), "logits_fake is missing"),
            "no reals": (lambda r, f: F.softplus(f).mean(), "logits_real is missing"),
            "log of logits": (lambda r, f: -(torch.log(r) + torch.log(1 - f)).mean(), "logarithm of something below 0"),
            "all real": (lambda r, f: F.softplus(-r).mean() + F.softplus(-f).mean(), "both pushed to 1"),
            "sigmoid twice": (lambda r, f: bce(r.sigmoid(), torch.ones(7)) + bce(f.sigmoid(), torch.zeros(7)), "twice"),
            "log of a sigmoid": (lambda r, f: -torch.log(r.sigmoid()).mean() - torch.log(1 - f.sigmoid()).mean(),
                                 "Compute from the logits"),
            "clamped probabilities": (lambda r, f: -torch.log(r.sigmoid().clamp(1e-12)).mean()
                                      - torch.log((1 - f.sigmoid()).clamp(1e-12)).mean(), "Compute from the logits"),
            "no mean": (lambda r, f: F.softplus(-r) + F.softplus(f), "take the mean"),
            "a sum": (lambda r, f: F.softplus(-r).sum() + F.softplus(f).sum(), "summed over the batch"),
            "a number": (lambda r, f: (F.softplus(-r).mean() + F.softplus(f).mean()).item(), "float"),
            "fakes detached": (lambda r, f: F.softplus(-r).mean() + F.softplus(f.detach()).mean(), "learn from both"),
            "probabilities": (lambda r, f: F.binary_cross_entropy(r.sigmoid(), torch.ones_like(r))
                              + F.binary_cross_entropy(f.sigmoid(), torch.zeros_like(f)), "Compute from the logits"),
            "half, twice": (lambda r, f: (bce(r.sigmoid(), torch.ones_like(r))
                                          + bce(f.sigmoid(), torch.zeros_like(f))) / 2, "twice"),
            "detached": (lambda r, f: (F.softplus(-r).mean() + F.softplus(f).mean()).detach(), "no gradient"),
        },
        [lambda r, f: F.softplus(-r).mean() + F.softplus(f).mean(),
         lambda r, f: (bce(r, torch.ones_like(r)) + bce(f, torch.zeros_like(f))) / 2,
         lambda r, f: -F.logsigmoid(r).mean() - F.logsigmoid(-f).mean()],
    ),
    checks.check_g_loss: (
        {
            "minimax": (lambda f: -F.softplus(f).mean(), "minimax"),
            "label 0": (lambda f: bce(f, torch.zeros_like(f)), "label"),
            "log of logits": (lambda f: -torch.log(f).mean(), "logarithm of something below 0"),
            "sign": (lambda f: -F.softplus(-f).mean(), "sign of the whole"),
            "sigmoid twice": (lambda f: bce(f.sigmoid(), torch.ones_like(f)), "twice"),
            "log of a sigmoid": (lambda f: -torch.log(f.sigmoid()).mean(), "log(0)"),
            "no logarithm": (lambda f: -f.sigmoid().mean(), "without the logarithm"),
            "a sum": (lambda f: F.softplus(-f).sum(), "summed"),
            "nothing": (lambda f: None, "return"),
        },
        [lambda f: F.softplus(-f).mean(), lambda f: bce(f, torch.ones_like(f)), lambda f: -F.logsigmoid(f).mean()],
    ),
    checks.check_output_size: (
        {
            "no + 1": (lambda n, k, s, p: (n + 2 * p - k) // s, "add 1"),
            "padding once": (lambda n, k, s, p: (n + p - k) // s + 1, "both sides"),
            "not rounded": (lambda n, k, s, p: (n + 2 * p - k) / s + 1, "whole number"),
            "rounded up": (lambda n, k, s, p: -(-(n + 2 * p - k) // s) + 1, "round down"),
            "transposed": (lambda n, k, s, p: (n - 1) * s - 2 * p + k, "transposed"),
            "half": (lambda n, k, s, p: n // s, "torch makes"),
            "nothing": (lambda n, k, s, p: None, "return"),
        },
        [lambda n, k, s, p: (n + 2 * p - k) // s + 1, lambda n, k, s, p: np.int64((n + 2 * p - k) // s + 1),
         lambda n, k, s, p: len(range(0, n + 2 * p - k + 1, s))],
    ),
    checks.check_generator_block: (
        {
            "eps for momentum": (lambda a, b: g_block(a, b, norm=lambda n: nn.BatchNorm2d(n, 0.8)), "eps"),
            "no padding": (lambda a, b: g_block(a, b, p=0), "padding 1"),
            "no batch norm": (lambda a, b: g_block(a, b, norm=None), "no batch norm"),
            "LeakyReLU": (lambda a, b: g_block(a, b, act=lambda: nn.LeakyReLU(0.2)), "that is D's"),
            "tanh": (lambda a, b: g_block(a, b, act=nn.Tanh), "last layer"),
            "no activation": (lambda a, b: g_block(a, b, act=nn.Identity), "no ReLU"),
            "ReLU before batch norm": (lambda a, b: g_block(a, b, order="can"), "below 0"),
            "interpolation": (upsampled, "interpolation"),
            "no stride": (lambda a, b: g_block(a, b, 3, 1, 1), "expected (4, 5, 14, 14)"),
            "sigmoid": (lambda a, b: g_block(a, b, act=nn.Sigmoid), "not ReLU of"),
            "batch norm first": (lambda a, b: nn.Sequential(nn.BatchNorm2d(a), *g_block(a, b)[::2]), "before the"),
            "only the function": (lambda a, b: F.relu, "expected a module"),
        },
        [g_block, lambda a, b: nn.Sequential(nn.ConvTranspose2d(a, b, 4, 2, 1), nn.BatchNorm2d(b), nn.ReLU(True)),
         lambda a, b: nn.Sequential(nn.ConvTranspose2d(a, b, 5, 2, 2, output_padding=1), nn.BatchNorm2d(b), nn.ReLU())],
    ),
    checks.check_generator: (
        {
            "batch norm on the output": (make_g(output_norm=True), "ends in batch norm"),
            "sigmoid": (make_g(last=nn.Sigmoid), "sigmoid"),
            "z as it comes": (make_g(images=lambda z: z), "make it (N, nz, 1, 1) first"),
            "no tanh": (make_g(last=nn.Identity), "no tanh"),
            "clamped": (make_g(last=nn.Hardtanh), "not tanh"),
            "tanh twice": (make_g(last=lambda: nn.Sequential(nn.Tanh(), nn.Tanh())), "twice"),
            "ReLU before tanh": (make_g(last=lambda: nn.Sequential(nn.ReLU(), nn.Tanh())), "ReLU before the end"),
            "eps for momentum": (make_g(lambda *k: g_block(*k, norm=lambda n: nn.BatchNorm2d(n, 0.8))), "eps"),
            "no batch norm": (make_g(lambda a, b, *k: g_block(a, b, *k, norm=None)), "each gets one"),
            "LeakyReLU": (make_g(lambda a, b, *k: g_block(a, b, *k, act=nn.LeakyReLU)), "that is D's"),
            "fully connected hidden layer": (make_g(first=dense_hidden), "guideline 3"),
            "interpolation": (make_g(upsampled), "interpolation"),
            "squeeze": (SqueezedG, "a squeeze"),
            "channels upside down": (make_g(channels=(1, 2, 4, 8)), "channels"),
            "z ignored": (ConstantG, "is the input used"),
            "no_grad in forward": (UnlearningG, "under no_grad"),
            "a functional LeakyReLU": (functional_g(lambda x: F.leaky_relu(x, 0.2)), "not ReLU"),
            "no activation": (functional_g(lambda x: x), "no activation"),
            "hidden tanh": (functional_g(torch.tanh), "not ReLU"),
            "ReLU before batch norm": (functional_g(order="an"), "something stands between"),
            "a functional sigmoid": (functional_g(end=torch.sigmoid), "not tanh"),
            "a plain list": (ListG, "nn.ModuleList"),
            "an instance": (make_g()(), "without brackets"),
            "other argument names": (OtherNames, "unexpected keyword argument 'ngf'"),
            "32 x 32": (make_g(channels=(4, 2, 1)), "expected (6, 3, 64, 64)"),
        },
        [make_g(), OwnG, checks.networks.Reference64],
    ),
    checks.check_discriminator: (
        {
            "batch norm on the input layer": (make_d(input_norm=nn.BatchNorm2d), "input layer"),
            "batch norm on the output": (make_d(output_norm=True), "after D's last"),
            "sigmoid": (make_d(tail=[nn.Sigmoid()]), "sigmoid"),
            "a functional sigmoid": (make_d(flatten=lambda y: y.flatten().sigmoid()), "without a sigmoid"),
            "squeeze": (make_d(flatten=lambda y: y.squeeze()), "squeeze()"),
            "not flattened": (make_d(flatten=lambda y: y), "expected (6,)"),
            "pooling": (make_d(pool=True), "pooling"),
            "ReLU": (make_d(act=nn.ReLU), "that is G's"),
            "the default leak": (make_d(act=nn.LeakyReLU), "0.01"),
            "no batch norm": (make_d(hidden_norm=None), "each gets one"),
            "eps for momentum": (make_d(hidden_norm=lambda n: nn.BatchNorm2d(n, 0.8)), "eps"),
            "fully connected hidden layer": (make_d(dense=True), "guideline 3"),
            "a functional ReLU": (functional_d(F.relu), "not LeakyReLU"),
            "a functional default leak": (functional_d(F.leaky_relu), "not LeakyReLU"),
            "no activation": (functional_d(lambda x: x), "no activation"),
            "normalised input": (normalising_d(), "as it came"),
            "softplus at the end": (functional_d(end=F.softplus), "the logit as it is"),
            "all channels alike": (make_d(channels=(4, 4, 4, 4)), "channels"),
        },
        [make_d(), OwnD, make_d(flatten=lambda y: y.view(-1)), checks.networks.Reference64D],
    ),
    checks.check_init_weights: (
        {
            "never applied": (defined_never_applied, "or only defined"),
            "gains N(0, 0.02)": (init(gain=lambda w: nn.init.normal_(w, 0, 0.02)), "50 times too weak"),
            "gains left at 1": (init(gain=lambda w: w), "exactly 1"),
            "shifts drawn too": (init(shift=None), "shift"),
            "not inside": (init(deep=False), "inside an inner"),
            "no transposed": (init(which=(nn.Conv2d,)), "transposed"),
            "0.02 squared": (init(conv=lambda w: nn.init.normal_(w, 0, 0.02**2)), "0.0004"),
            "variance": (init(conv=lambda w: nn.init.normal_(w, 0, 0.02**0.5)), "0.14"),
            "uniform": (init(conv=lambda w: nn.init.uniform_(w, -0.0346, 0.0346)), "uniform"),
            "mean 0.02": (init(conv=lambda w: nn.init.normal_(w, 0.02, 0.02)), "expected 0 and 0.02"),
            "returns nothing": (init(returns=False), "return"),
            "frozen": (lambda net: init()(net).requires_grad_(False), "frozen"),
            "a bias that is not there": (bias_everywhere, "NoneType"),
        },
        [init(), by_class_name, models.init_weights],
    ),
    checks.check_noise: (
        {
            "a fixed batch": (lambda x, nz: torch.randn(64, nz), "last batch may be smaller"),
            "rows and columns swapped": (lambda x, nz: torch.randn(nz, len(x)), "swapped"),
            "uniform in [0, 1]": (lambda x, nz: torch.rand(len(x), nz), "below 0"),
            "uniform in [-1, 1]": (lambda x, nz: torch.rand(len(x), nz) * 2 - 1, "uniform"),
            "a seed inside": (lambda x, nz: torch.randn(len(x), nz, generator=torch.manual_seed(1)), "seed"),
            "double": (lambda x, nz: torch.randn(len(x), nz, dtype=torch.float64), "float32"),
            "always 100": (lambda x, nz: torch.randn(len(x), 100), "use nz"),
            "four dimensions": (lambda x, nz: torch.randn(len(x), nz, 1, 1), "expected (64, 100)"),
            "one z for all": (lambda x, nz: torch.randn(1, nz).repeat(len(x), 1), "rows repeat"),
        },
        [lambda x, nz: torch.randn(len(x), nz), lambda x, nz: torch.randn(x.shape[0], nz, device=x.device),
         lambda x, nz: torch.empty(x.size(0), nz).normal_()],
    ),
    checks.check_d_step: (
        {
            "no detach": (d_step(detach=False), "detach"),
            "labels swapped": (d_step(real=0.0, fake=1.0), "swapped"),
            "no zero_grad": (d_step(zero=False), "zero_grad"),
            "zero_grad after backward": (d_step(late_zero=True), "have not changed"),
            "no step": (d_step(step=False), "optD.step()"),
            "no fakes": (d_step(use_fake=False), "generated ones too"),
            "no reals": (d_step(use_real=False), "real ones too"),
            "fakes called real": (d_step(fake=1.0), "their label is 0"),
            "keeps the graph": (d_step(detached=False), "graph"),
            "returns nothing": (d_step(back=False), "return"),
            "D left frozen": (d_step(freeze=True), "frozen"),
            "D left in eval mode": (then(d_step(), lambda netD, *_: netD.eval()), "eval mode"),
            "detached in place": (then(d_step(), before=lambda netD, optD, x, x_fake: x_fake.detach_()), "detach_()"),
            "returns another number": (then(d_step(), lambda *_: torch.tensor(0.0), result=True), "returns 0.0000"),
            "returns three": (trainer.d_step, "what is returned is of type tuple"),
            "climbs": (d_step_climbing, "sign"),
            "log of logits": (d_step_by(lambda r, f: -(torch.log(r) + torch.log(1 - f)).mean()), "logarithm of"),
        },
        [d_step(), d_step_one_batch, d_step_two_backwards],
    ),
    checks.check_g_step: (
        {
            "detached": (g_step(detach=True), "detached"),
            "label 0": (g_step(label=0.0), "label"),
            "log of logits": (g_step_by(lambda f: -torch.log(f).mean()), "logarithm of something"),
            "D's loss": (g_step_by(lambda f: losses.d_loss(f, f)), "this is D's loss, with"),
            "D's loss, climbing": (g_step_by(lambda f: -losses.d_loss(f, f)), "this is D's loss with the other sign"),
            "no zero_grad": (g_step(zero=False), "zero_grad"),
            "no step": (g_step(step=False), "optG.step()"),
            "minimax": (g_step(minimax=True), "minimax"),
            "gradients off for good": (then(g_step(), lambda *_: torch.set_grad_enabled(False)), "switched off"),
            "D left in eval mode": (then(g_step(), lambda netD, *_: netD.eval()), "eval mode"),
            "D trained too": (g_step(train_d=True), "D's weights have changed"),
            "keeps the graph": (g_step(detached=False), "graph"),
            "D left frozen": (g_step(freeze=True), "frozen"),
            "returns nothing": (g_step(back=False), "return"),
        },
        [g_step(), lambda netD, optG, x: g_step()(netD, optG, x)],
    ),
    checks.check_snapshot: (
        {
            "train mode": (snapshot(train=True), "train mode"),
            "eval never undone": (snapshot(back=False), "left in eval mode"),
            "always train mode afterwards": (always_train_after, "came in eval mode"),
            "new z": (snapshot(z=torch.randn_like), "another z"),
            "stretched": (snapshot(change=stretch), "stretched"),
            "each stretched": (snapshot(change=lambda x: torch.stack([stretch(i) for i in x])), "stretched"),
            "0 to 1": (snapshot(change=lambda x: (x + 1) / 2), "leave them in [-1, 1]"),
            "the graph": (snapshot(grad=True), "graph"),
            "weights frozen": (lambda netG, z: snapshot()(netG.requires_grad_(False), z), "frozen"),
            "only the first": (snapshot(z=lambda z: z[:1]), "another z"),
        },
        [snapshot(), generate, snapshot_with_inference_mode, lambda netG, z: generate(netG, z, batch_size=2),
         lambda netG, z: generate(copy.deepcopy(netG), z)],
    ),
    checks.check_frame: (
        {
            "height and width swapped": (lambda s: to_bytes((s + 1) * 127.5).permute(2, 1, 0), "height and width"),
            "channels first": (lambda s: to_bytes((s + 1) * 127.5), "channels"),
            "reshape": (lambda s: to_bytes((s + 1) * 127.5).reshape(s.shape[1], s.shape[2], 3), "permute"),
            "0 to 1": (lambda s: to_bytes(s * 255).permute(1, 2, 0), "has become black"),
            "0 to 1, unclamped": (lambda s: (s * 255).long().to(torch.uint8).permute(1, 2, 0), "wraps round and turns"),
            "stretched": (lambda s: to_bytes(stretch(s) * 255).permute(1, 2, 0), "stretched"),
            "wraps round": (lambda s: ((s + 1) * 127.5).round().long().to(torch.uint8).permute(1, 2, 0), "Clamp"),
            "blue and red": (lambda s: to_bytes((s.flip(0) + 1) * 127.5).permute(1, 2, 0), "red and blue"),
            "nothing": (lambda s: None, "return"),
            "floats": (lambda s: ((s + 1) * 127.5).permute(1, 2, 0), "uint8"),
            "rows and columns mixed": (
                lambda s: to_bytes((s + 1) * 127.5).permute(2, 1, 0).reshape(s.shape[1], s.shape[2], 3), "mixed up"),
        },
        [lambda s: to_bytes((s + 1) * 127.5).permute(1, 2, 0),
         lambda s: ((s.clamp(-1, 1) + 1) / 2 * 255).round().byte().permute(1, 2, 0).numpy(),
         lambda s: to_bytes(s.permute(1, 2, 0) * 127.5 + 127.5)],
    ),
    checks.check_standing_statistics: (
        {
            "never in train mode": (standing(reset=False, train=False), "those of before"),
            "reset, then eval mode": (standing(train=False), "no batch was drawn"),
            "not reset": (standing(reset=False), "reset_running_stats"),
            "momentum 0.1": (standing(momentum=0.1), "momentum of 0.1"),
            "nothing but passes": (standing(momentum=0.1, reset=False), "and the old statistics"),
            "the last batch only": (standing(momentum=1.0), "momentum = 1 forgets"),
            "only reset": (standing(passes=False), "no batch was drawn"),
            "left in train mode": (standing(back=False), "left in train mode"),
            "weights changed": (standing(ruin=True), "the weights have changed"),
            "the first batch only": (standing(batches=lambda z: z[:1]), "not the average over the batches"),
            "gains reset too": (lambda netG, zs: [m.reset_parameters() for m in netG.modules()
                                                  if isinstance(m, nn.BatchNorm2d)], "reset_parameters()"),
        },
        [standing(), standing(batches=lambda zs: [torch.cat(zs)]), by_hand],
    ),
    checks.check_mode_count: (
        {
            "no threshold": (lambda p, least=0.01: len(np.unique(p.argmax(1))), "single image"),
            "mean probability": (lambda p, least=0.01: (p.mean(0) >= least).sum(), "every class counts"),
            "all classes": (lambda p, least=0.01: p.shape[1], "every class counts"),
            "images": (lambda p, least=0.01: (p.max(1) >= least).sum(), "count the classes"),
            "shares": (lambda p, least=0.01: shares(p), "expected one whole number"),
            "over one half": (lambda p, least=0.01: ((p >= 0.5).mean(0) >= least).sum(), "likeliest class"),
            "a fixed threshold": (lambda p, least=0.01: (shares(p) >= 0.01).sum(), "`least`"),
            "more than": (lambda p, least=0.01: (shares(p) > least).sum(), ">=, not >"),
            "nothing": (lambda p, least=0.01: None, "return"),
        },
        [lambda p, least=0.01: (shares(p) >= least).sum(),
         lambda p, least=0.01: sum((p.argmax(1) == c).mean() >= least for c in range(p.shape[1])),
         lambda p, least=0.01: len([n for n in np.unique(p.argmax(1), return_counts=True)[1] if n >= least * len(p)])],
    ),
    checks.check_diagnosis: (
        {
            "two swapped": (swapped, "3 of 5 are right. A is not"),
            "one missing": (lambda: {k: v for k, v in checks.CASES.items() if k != "C"}, "C: no diagnosis yet"),
            "healthy": (diagnosis(D="healthy"), "D: found 'healthy'"),
            "the same twice": (diagnosis(A=checks.CASES["E"]), "named more than once"),
            "a list": (lambda: list(checks.CASES.values()), "expected a dict"),
            "a list inside": (diagnosis(B=["minimax"]), "B: found ['minimax']"),
            "nothing": (lambda: None, "return"),
        },
        [lambda: dict(checks.CASES), lambda: dict(sorted(checks.CASES.items(), reverse=True)),
         diagnosis(F="a case that was not asked for")],
    ),
    checks.check_interval: (
        {
            "1.96": (lambda d: (np.mean(d), 1.96 * np.std(d, ddof=1) / len(d) ** 0.5), "hundreds of seeds"),
            "1.96, ddof 0": (lambda d: (np.mean(d), 1.96 * np.std(d) / len(d) ** 0.5), "hundreds of seeds"),
            "ddof 0": (lambda d: t_interval(d, ddof=0), "ddof=1"),
            "no square root": (lambda d: (np.mean(d), t_interval(d)[1] * len(d) ** 0.5), "square root of n is missing"),
            "by n": (lambda d: (np.mean(d), t_interval(d)[1] / len(d) ** 0.5), "by the square root"),
            "one side": (lambda d: t_interval(d, q=0.95), "one side"),
            "n degrees": (lambda d: t_interval(d, lost=0), "n - 1 degrees"),
            "the whole width": (lambda d: t_interval(d, width=2), "whole width"),
            "standard error": (lambda d: (np.mean(d), stats.sem(d)), "standard error"),
            "deviation": (lambda d: (np.mean(d), np.std(d, ddof=1)), "deviation of one seed"),
            "the ends": (lambda d: stats.t.interval(0.95, len(d) - 1, np.mean(d), stats.sem(d)), "ends of the"),
            "wrong order": (lambda d: t_interval(d)[::-1], "wrong order"),
            "the median": (lambda d: (np.median(d), t_interval(d)[1]), "the mean of"),
            "variance": (lambda d: (np.mean(d), t_interval(d)[1] * np.std(d, ddof=1)), "this is the variance"),
            "n - 1 twice": (lambda d: (np.mean(d), t_interval(d)[1] * (len(d) / (len(d) - 1)) ** 0.5), "root of n - 1"),
            "the lower end": (lambda d: (np.mean(d), -t_interval(d)[1]), "negative"),
            "abs": (lambda d: (abs(np.mean(d)), t_interval(d)[1]), "no abs()"),
            "half of a pair": (lambda d: (np.mean(d), None), "one of the two"),
            "three numbers": (lambda d: (np.mean(d), *t_interval(d)), "has 3 parts"),
            "words": (lambda d: "mean", "expected a pair"),
            "rounded": (lambda d: (np.mean(d), {5: 2.78, 2: 12.71}[len(d)] * stats.sem(d)), "2.78 is rounded"),
            "always five": (lambda d: (np.mean(d), 2.7764 * stats.sem(d)), "for two it is not"),
            "nothing": (lambda d: None, "return"),
        },
        [t_interval, lambda d: (np.mean(d), stats.t.ppf(0.975, len(d) - 1) * stats.sem(d)),
         lambda d: torch.tensor(t_interval(d))],
    ),
    checks.check_ema: (
        {
            "swapped": (lambda e, g, w: ema(e, g, w, swap=True), "swapped"),
            "a copy": (lambda e, g, w: ema(e, g, 1.0), "nothing is averaged"),
            "parameters only": (parameters_only, "left behind"),
            "statistics copied": (lambda e, g, w: parameters_only(e, g, w) or [
                a.copy_(b) for a, b in zip(e.buffers(), g.buffers(), strict=True)], "copied, not averaged"),
            "gradients on": (lambda e, g, w: [a.lerp_(b, w) for a, b in zip(e.parameters(), g.parameters(),
                             strict=True)], "torch.no_grad()"),
            "the counter too": (lambda e, g, w: [a.lerp_(b, w) for a, b in zip(
                e.state_dict().values(), g.state_dict().values(), strict=True)], "whole number"),
            "nothing": (lambda e, g, w: None, "nothing has changed"),
            "not in place": (lambda e, g, w: [a * (1 - w) + w * b for a, b in zip(e.parameters(), g.parameters(),
                             strict=True)], "nothing has changed"),
            "netG changed": (moved_net, "netG has changed"),
            "shared": (lambda e, g, w: ema(e, g, w, share=True), "netG has changed"),
            "half": (lambda e, g, w: ema(e, g, 0.5), "not at (1 - weight)"),
            "statistics only": (lambda e, g, w: ema(e, g, w, names=lambda net: {
                name for name, _ in net.named_buffers()}), "the weights are not at"),
            "no biases": (lambda e, g, w: ema(e, g, w, names=lambda net: {
                name for name, _ in net.named_parameters() if "weight" in name}), "first.bias has not moved, other"),
            "no variances": (lambda e, g, w: ema(e, g, w, names=lambda net: {
                name for name, value in net.state_dict().items() if value.is_floating_point() and "var" not in name}),
                "norm1.running_var was not averaged, other running"),
        },
        [ema, new_tensors, lambda e, g, w: ema(e, g, w, names=lambda net: {
            name for name, value in net.state_dict().items() if value.is_floating_point()})],
    ),
    checks.check_smoothed_d_loss: (
        {
            "not smoothed": (lambda r, f, label=0.9: ce(r, 1.0) + ce(f, 0.0), "nothing is smoothed"),
            "both sides": (lambda r, f, label=0.9: ce(r, label) + ce(f, 1 - label), "both sides"),
            "the wrong side": (lambda r, f, label=0.9: ce(r, 1.0) + ce(f, 1 - label), "wrong side"),
            "multiplied": (lambda r, f, label=0.9: label * ce(r, 1.0) + ce(f, 0.0), "multiplied by the label"),
            "swapped": (lambda r, f, label=0.9: ce(r, 0.0) + ce(f, label), "swapped"),
            "1 - label": (lambda r, f, label=0.9: ce(r, 1 - label) + ce(f, 0.0), "1 - label"),
            "sigmoid twice": (lambda r, f, label=0.9: ce(r.sigmoid(), label) + ce(f.sigmoid(), 0.0), "twice"),
            "real only": (lambda r, f, label=0.9: ce(r, label), "half of the generated"),
            "always 0.9": (lambda r, f, label=0.9: ce(r, 0.9) + ce(f, 0.0), "is the argument used"),
            "a sum": (lambda r, f, label=0.9: len(r) * ce(r, label) + len(f) * ce(f, 0.0), "summed"),
            "detached": (lambda r, f, label=0.9: ce(r.detach(), label) + ce(f.detach(), 0.0), "no gradient"),
            "G's target": (lambda r, f, label=0.9: ce(r, label) + ce(f, 1.0), "G's wish"),
            "label for both": (lambda r, f, label=0.9: ce(r, label) + ce(f, label), "theirs is 0"),
            "the sign": (lambda r, f, label=0.9: -ce(r, label) - ce(f, 0.0), "the sign"),
            "joined": (lambda r, f, label=0.9: F.binary_cross_entropy_with_logits(
                torch.cat([r, f]), torch.cat([torch.full_like(r, label), torch.zeros_like(f)])), "one mean is taken"),
            "pairs": (lambda r, f, label=0.9: (label * F.softplus(-r) + (1 - label) * F.softplus(r)
                                               + F.softplus(f)).mean(), "7 real and 5 generated"),
            "weighted": (lambda r, f, label=0.9: label * ce(r, 1.0) + (1 - label) * ce(f, 0.0), "are weighted by"),
            "a difference": (lambda r, f, label=0.9: ce(r, label) - ce(f, 0.0), "are subtracted"),
            "targets first": (lambda r, f, label=0.9: F.binary_cross_entropy_with_logits(torch.full_like(r, label), r)
                              + F.binary_cross_entropy_with_logits(torch.zeros_like(f), f), "changed places"),
            "squares": (lambda r, f, label=0.9: (r.sigmoid() - label).square().mean() + f.sigmoid().square().mean(),
                        "squared distance"),
            "zeros like the wrong ones": (lambda r, f, label=0.9: ce(r, label) + F.binary_cross_entropy_with_logits(
                f, torch.zeros_like(r)), "stopped with ValueError"),
            "clamped probabilities": (lambda r, f, label=0.9: clamped_bce(r, label) + clamped_bce(f, 0.0),
                                      "from the logits"),
        },
        [lambda r, f, label=0.9: ce(r, label) + ce(f, 0.0), lambda r, f, label=0.9: (ce(r, label) + ce(f, 0.0)) / 2,
         lambda r, f, label=0.9: (label * F.softplus(-r) + (1 - label) * F.softplus(r)).mean() + F.softplus(f).mean()],
    ),
    checks.check_slerp: (
        {
            "the straight line": (lambda a, b, t: a + t * (b - a), "straight line: it cuts"),
            "pulled to the sphere": (lambda a, b, t: 3 * F.normalize(a + t * (b - a), dim=0), "pulled out"),
            "swapped": (on_circle(swap=True), "a and b are swapped"),
            "not divided": (on_circle(over=torch.ones_like), "not divided"),
            "degrees": (on_circle(angle_of=lambda a, b: torch.rad2deg(torch.acos(F.cosine_similarity(a, b, 0)))),
                        "in degrees"),
            "cosines": (on_circle(weight=torch.cos), "cosines"),
            "the product as cosine": (on_circle(angle_of=lambda a, b: torch.acos(a @ b), guard=False), "not a number"),
            "clamped product": (on_circle(angle_of=lambda a, b: torch.acos(torch.clamp(a @ b, -1, 1)), guard=False),
                                "not that between"),
            "length 1": (on_circle(scale=1 / 3), "the length is lost"),
            "always a right angle": (on_circle(angle_of=lambda a, b: torch.tensor(torch.pi / 2)), "turns by"),
            "no guard": (on_circle(guard=False), "where a and b are equal"),
            "nothing": (lambda a, b, t: None, "return"),
        },
        [on_circle(), lambda a, b, t: on_circle()(a.double(), b.double(), t).float(),
         lambda a, b, t: a if torch.equal(a, b) else (a.norm() * (1 - t) + b.norm() * t) * (
            torch.sin((1 - t) * angle_of(a, b)) * a / a.norm() + torch.sin(t * angle_of(a, b)) * b / b.norm())
         / torch.sin(angle_of(a, b))],
    ),
    checks.check_corner_grid: (
        {
            "transposed": (lambda c, n: between_corners(c, n, axes=(1, 0)), "rows and columns are swapped"),
            "round the square": (lambda c, n: between_corners(c, n, order=(0, 1, 3, 2)), "not round the square"),
            "arange": (lambda c, n: between_corners(c, n, line=lambda *_: torch.arange(n) / n), "far corners"),
            "centres": (lambda c, n: between_corners(c, n, line=lambda *_: (torch.arange(n) + 0.5) / n),
                        "the corners are not reached"),
            "upside down": (lambda c, n: between_corners(c, n, order=(2, 3, 0, 1)), "upside down"),
            "mirrored": (lambda c, n: between_corners(c, n, order=(1, 0, 3, 2)), "left and right"),
            "turned round": (lambda c, n: between_corners(c, n, order=(3, 2, 1, 0)), "turned round"),
            "not flat": (lambda c, n: between_corners(c, n, flat=False), "flatten(0, 1)"),
            "one path": (lambda c, n: c[0] + torch.linspace(0, 1, n * n)[:, None] * (c[3] - c[0]), "upper right"),
            "always four": (lambda c, n: between_corners(c, 4), "for n = 3"),
            "smooth steps": (lambda c, n: between_corners(c, n, line=lambda *_: torch.linspace(0, 1, n) ** 2),
                             "points between"),
            "nothing": (lambda c, n: None, "return"),
        },
        [between_corners, resized_corners, weighted_corners],
    ),
    checks.check_vector_sum: (
        {
            "signs": (lambda a, b, c: a.mean(0) + b.mean(0) - c.mean(0), "signs are off"),
            "both taken away": (lambda a, b, c: a.mean(0) - b.mean(0) - c.mean(0), "c is taken away"),
            "all added": (lambda a, b, c: a.mean(0) + b.mean(0) + c.mean(0), "nothing is taken away"),
            "without b": (lambda a, b, c: a.mean(0) + c.mean(0), "b is missing"),
            "without c": (lambda a, b, c: a.mean(0) - b.mean(0), "c is missing"),
            "sums": (lambda a, b, c: a.sum(0) - b.sum(0) + c.sum(0), "are summed"),
            "the first ones": (lambda a, b, c: a[0] - b[0] + c[0], "only the first"),
            "one for each": (lambda a, b, c: a - b + c, "one result for each exemplar"),
            "mean of all numbers": (lambda a, b, c: a.mean() - b.mean() + c.mean(), "has shape ()"),
            "a third": (lambda a, b, c: (a.mean(0) - b.mean(0) + c.mean(0)) / 3, "divided by 3"),
            "length 1": (lambda a, b, c: F.normalize(a.mean(0) - b.mean(0) + c.mean(0), dim=0), "length 1"),
            "the median": (lambda a, b, c: a.median(0).values - b.median(0).values + c.median(0).values, "median"),
            "nothing": (lambda a, b, c: None, "return"),
        },
        [lambda a, b, c: a.mean(0) - b.mean(0) + c.mean(0),
         lambda a, b, c: a.sum(0) / len(a) + c.sum(0) / len(c) - b.sum(0) / len(b),
         lambda a, b, c: torch.stack([a.mean(0), -b.mean(0), c.mean(0)]).sum(0)],
    ),
    checks.check_moved: (
        {
            "in place": (in_place, "has changed"),
            "all directions": (lambda z, a, d: z + sum(a[k] * v for k, v in d.items()), "go through amounts"),
            "the steps only": (lambda z, a, d: sum(v * d[k] for k, v in a.items()), "z itself is missing"),
            "the last one": (lambda z, a, d: [z + v * d[k] for k, v in a.items()][-1], "only the last"),
            "the first one": (lambda z, a, d: next(z + v * d[k] for k, v in a.items()), "only the first"),
            "without amounts": (lambda z, a, d: z + sum(d[k] for k in a), "are not used"),
            "all of them": (lambda z, a, d: z + sum(d.values()), "all directions"),
            "by place": (lambda z, a, d: z + sum(v * b for v, b in zip(a.values(), d.values(), strict=False)),
                         "by name"),
            "length 1": (lambda z, a, d: z + sum(v * F.normalize(d[k], dim=0) for k, v in a.items()), "length 1"),
            "the sign": (lambda z, a, d: z - sum(v * d[k] for k, v in a.items()), "sign"),
            "the mean": (lambda z, a, d: z + sum(v * d[k] for k, v in a.items()) / max(1, len(a)), "the mean"),
            "a list": (lambda z, a, d: [z + v * d[k] for k, v in a.items()], "of type list"),
            "fails when empty": (lambda z, a, d: z + torch.stack([v * d[k] for k, v in a.items()]).sum(0),
                                 "stopped with"),
        },
        [lambda z, a, d: z + sum(v * d[k] for k, v in a.items()),
         lambda z, a, d: functools.reduce(lambda x, k: x + a[k] * d[k], a, z),
         lambda z, a, d: z + torch.tensor([a.get(k, 0.0) for k in d]) @ torch.stack(list(d.values()))],
    ),
    checks.check_principal_directions: (
        {
            "rows of U": (lambda w, n: torch.linalg.svd(w).U[:n], "rows of U"),
            "Vh": (lambda w, n: torch.linalg.svd(w).Vh[:n], "space of the outputs"),
            "columns of Vh": (lambda w, n: torch.linalg.svd(w).Vh.T[:n], "columns of Vh"),
            "eigh": (lambda w, n: torch.linalg.eigh(w @ w.T).eigenvectors.T[:n], "stretched least, the last one first"),
            "the last columns": (lambda w, n: torch.linalg.svd(w).U.T[-n:], "stretched least"),
            "wrong order": (lambda w, n: torch.linalg.eigh(w @ w.T).eigenvectors.T[-n:], "must come first"),
            "not length 1": (lambda w, n: (torch.linalg.svd(w).U * torch.linalg.svd(w).S).T[:n], "expected 1"),
            "largest rows": (lambda w, n: torch.eye(len(w))[w.norm(dim=1).argsort(descending=True)[:n]], "one by one"),
            "centred": (lambda w, n: torch.linalg.svd(w - w.mean(0)).U.T[:n], "was subtracted"),
            "columns": (lambda w, n: torch.linalg.svd(w).U[:, :n], "has shape (7, 3)"),
            "eig": (lambda w, n: torch.linalg.eig(w @ w.T)[1].T[:n], "complex64"),
            "always three": (lambda w, n: torch.linalg.svd(w).U.T[:3], "for (5, 9)"),
        },
        [lambda w, n: torch.linalg.svd(w, full_matrices=False).U.T[:n],
         lambda w, n: torch.linalg.eigh(w @ w.T).eigenvectors.flip(1)[:, :n].T,
         lambda w, n: -torch.linalg.svd(w.T).Vh[:n]],
    ),
    checks.check_pooled: (
        {
            "means": (lambda maps: pooled_by(maps, F.adaptive_avg_pool2d), "these are means"),
            "absolute": (lambda maps: pooled_by([x.abs() for x in maps]), "largest absolute"),
            "cut off": (lambda maps: pooled_by(maps).relu(), "cut off"),
            "backwards": (lambda maps: pooled_by(maps[::-1]), "wrong order"),
            "interpolated": (lambda maps: pooled_by(maps, F.interpolate), "single points"),
            "scattered": (lambda maps: torch.cat([F.adaptive_max_pool2d(x, 4).permute(0, 2, 3, 1).flatten(1)
                                                  for x in maps], 1), "scattered"),
            "length 1": (lambda maps: F.normalize(pooled_by(maps), dim=1), "length 1"),
            "the last layer": (lambda maps: F.adaptive_max_pool2d(maps[-1], 4).flatten(1), "only one layer"),
            "to 1 x 1": (lambda maps: torch.cat([x.amax((2, 3)) for x in maps], 1), "became one number"),
            "not flat": (lambda maps: torch.cat([F.adaptive_max_pool2d(x, 4) for x in maps], 1), "not flat"),
            "one row": (lambda maps: torch.cat([F.adaptive_max_pool2d(x, 4).flatten() for x in maps]), "in one row"),
            "below": (lambda maps: torch.cat([F.adaptive_max_pool2d(x, 4).flatten(2).flatten(0, 1) for x in maps]),
                      "below one another"),
            "nothing pooled": (lambda maps: torch.cat([x.flatten(1) for x in maps], 1), "nothing was pooled"),
            "fixed kernel": (lambda maps: torch.cat([F.max_pool2d(x, x.shape[2] // 4).flatten(1) for x in maps], 1),
                             "a fixed kernel"),
            "relu in place": (lambda maps: pooled_by([x.relu_() for x in maps]), "have changed"),
            "a list": (lambda maps: [F.adaptive_max_pool2d(x, 4).flatten(1) for x in maps], "of type list"),
            "nothing": (lambda maps: None, "return"),
        },
        [pooled_by,
         lambda maps: torch.cat([nn.AdaptiveMaxPool2d((4, 4))(x).reshape(len(x), -1) for x in maps], dim=1),
         lambda maps: torch.stack([torch.cat([windows_max(m).flatten() for x in maps for m in x[i]])
                                   for i in range(len(maps[0]))])],
    ),
    checks.check_guided: (
        {
            "backpropagation": (lambda x, g: g * (x > 0), "plain backpropagation through a ReLU"),
            "leaky": (lambda x, g: torch.where(x > 0, g, 0.2 * g), "through a leaky ReLU"),
            "deconvolution": (lambda x, g: g.clamp(min=0), "deconvolution"),
            "leaks": (lambda x, g: g.relu() * torch.where(x > 0, 1.0, 0.2), "leaks through"),
            "the other sign": (lambda x, g: g * (x > 0) * (g < 0), "negative gradients are let through"),
            "x": (lambda x, g: x.relu() * (g > 0), "x is let through"),
            "the product": (lambda x, g: x.relu() * g.relu(), "the product of x"),
            "signs": (lambda x, g: g * (x * g > 0), "both are negative"),
            "or": (lambda x, g: torch.where((x > 0) | (g > 0), g, 0.0), "one of the two"),
            "a mask": (lambda x, g: ((x > 0) & (g > 0)).float(), "only signs"),
            "absolute": (lambda x, g: g.abs() * (x > 0), "absolute value"),
            "inverted": (lambda x, g: torch.where((x > 0) & (g > 0), 0.0, g), "kept where it should be 0"),
            "nothing stopped": (lambda x, g: g, "nothing is stopped"),
            "in place": (lambda x, g: g.mul_((x > 0) & (g > 0)), "has changed"),
            "a bool": (lambda x, g: (x > 0) & (g > 0), "torch.bool"),
            "nothing": (lambda x, g: None, "return"),
        },
        [lambda x, g: g * (x > 0) * (g > 0), lambda x, g: torch.where((x > 0) & (g > 0), g, torch.zeros_like(g)),
         lambda x, g: F.relu(g) * (x > 0).to(g.dtype), lambda x, g: g.double().clamp(min=0) * x.sign().clamp(min=0)],
    ),
    checks.check_dropped: (
        {
            "images": (lambda x, maps: without(x, maps), "whole images"),
            "rows": (lambda x, maps: without(x, slice(None), slice(None), [m for m in maps if m < 5]), "rows of all"),
            "the first": (lambda x, maps: without(x, slice(None), maps[0]), "only the first"),
            "the last": (lambda x, maps: without(x, slice(None), maps[-1]), "only the last"),
            "as many": (lambda x, maps: without(x, slice(None), slice(len(maps))), "as many as"),
            "a range": (lambda x, maps: without(x, slice(None), slice(min(maps), max(maps) + 1)), "not a range"),
            "the others": (lambda x, maps: without(x, slice(None), [i for i in range(x.shape[1]) if i not in maps]),
                           "were kept"),
            "one image": (lambda x, maps: without(x, 0, maps), "first image only"),
            "the middle": (lambda x, maps: without(x, slice(None), maps, 2, 2), "middle only"),
            "in place": (dropped_in_place, "have changed"),
            "the mean": (lambda x, maps: without(x, slice(None), maps) + mean_of(x, maps), "their mean"),
            "the sign": (lambda x, maps: 2 * without(x, slice(None), maps) - x, "their sign"),
            "removed": (lambda x, maps: x[:, [i for i in range(x.shape[1]) if i not in maps]], "has shape"),
            "nothing": (lambda x, maps: x, "nothing was dropped"),
        },
        [lambda x, maps: without(x, slice(None), maps),
         lambda x, maps: x * torch.tensor([float(i not in maps) for i in range(x.shape[1])])[:, None, None],
         lambda x, maps: torch.stack([m * 0 if i in maps else m for i, m in enumerate(x.unbind(1))], 1)],
    ),
    checks.check_centre_box: (
        {
            "all of it": (lambda w, h: (0, 0, w, h), "the whole picture"),
            "upper left": (lambda w, h: (0, 0, min(w, h), min(w, h)), "upper left corner"),
            "lower right": (lambda w, h: (w - min(w, h), h - min(w, h), w, h), "lower right corner"),
            "a size": (lambda w, h: (*middle_box(w, h)[:2], min(w, h), min(w, h)), "and a size"),
            "order": (lambda w, h: tuple(middle_box(w, h)[i] for i in (1, 0, 3, 2)), "the order is"),
            "swapped": (lambda w, h: middle_box(h, w), "order is"),
            "fractions": (lambda w, h: ((w - min(w, h)) / 2, (h - min(w, h)) / 2, (w + min(w, h)) / 2,
                                        (h + min(w, h)) / 2), "whole numbers"),
            "the larger side": (lambda w, h: ((w - max(w, h)) // 2, (h - max(w, h)) // 2, (w + max(w, h)) // 2,
                                              (h + max(w, h)) // 2), "reaches outside"),
            "64 pixels": (lambda w, h: (w // 2 - 2, h // 2 - 2, w // 2 + 2, h // 2 + 2), "the largest that fits"),
            "no square": (lambda w, h: (w // 4, h // 4, w - w // 4, h - h // 4), "no square"),
            "inclusive": (lambda w, h: tuple(x - (i > 1) for i, x in enumerate(middle_box(w, h))),
                          "no longer belong"),
            "a quarter": (lambda w, h: ((w - min(w, h)) // 4, (h - min(w, h)) // 4, (w - min(w, h)) // 4 + min(w, h),
                                        (h - min(w, h)) // 4 + min(w, h)), "not in the middle"),
            "nothing": (lambda w, h: None, "return"),
        },
        [lambda w, h: ((w - min(w, h)) // 2, (h - min(w, h)) // 2, (w - min(w, h)) // 2 + min(w, h),
                       (h - min(w, h)) // 2 + min(w, h)),
         lambda w, h: (0, (h - w) // 2, w, (h - w) // 2 + w) if h > w else ((w - h) // 2, 0, (w - h) // 2 + h, h),
         lambda w, h: [-(-(w - min(w, h)) // 2), -(-(h - min(w, h)) // 2), -(-(w - min(w, h)) // 2) + min(w, h),
                       -(-(h - min(w, h)) // 2) + min(w, h)]],
    ),
    checks.check_training_bytes: (
        {
            "weights": (lambda g, d, ema=False: 4 * (g + d) + 4 * g * ema, "weights alone"),
            "one moment": (lambda g, d, ema=False: 12 * (g + d) + 4 * g * ema, "12 bytes"),
            "gigabytes": (lambda g, d, ema=False: (16 * (g + d) + 4 * g * ema) / 1e9, "these are GB"),
            "half": (lambda g, d, ema=False: 8 * (g + d) + 4 * g * ema, "8 bytes"),
            "bits": (lambda g, d, ema=False: 128 * (g + d) + 32 * g * ema, "these are bits"),
            "megabytes": (lambda g, d, ema=False: (16 * (g + d) + 4 * g * ema) / 1e6, "these are megabytes"),
            "MiB": (lambda g, d, ema=False: (16 * (g + d) + 4 * g * ema) / 2**20, "these are MiB"),
            "without D": (lambda g, d, ema=False: 16 * g + 4 * g * ema, "D is missing"),
            "without G": (lambda g, d, ema=False: 16 * d + 4 * g * ema, "G is missing"),
            "without ema": (lambda g, d, ema=False: 16 * (g + d), "moving average of G is missing"),
            "ema of D": (lambda g, d, ema=False: 16 * (g + d) + 4 * (g + d) * ema, "of G only"),
            "ema learns": (lambda g, d, ema=False: 16 * (g + d) + 16 * g * ema, "no gradients"),
            "ema always": (lambda g, d, ema=False: 20 * g + 16 * d, "though ema is False"),
            "ema counted": (lambda g, d, ema=False: 16 * (g + d) + g * ema, "expected their bytes"),
            "eight numbers": (lambda g, d, ema=False: 32 * (g + d), "expected 20,800"),
            "nothing": (lambda g, d, ema=False: None, "return"),
        },
        [lambda g, d, ema=False: 16 * (g + d) + (4 * g if ema else 0),
         lambda g, d, ema=False: sum(4 * n * 4 for n in (g, d)) + 4 * g * ema,
         lambda g, d, ema=False: np.int64((g + d) * 4 * (1 + 1 + 2) + ema * g * 4)],
    ),
    checks.check_convolution_flops: (
        {
            "products": (lambda i, o, k, s: k * k * i * o * s * s, "half of it"),
            "weights": (lambda i, o, k, s: k * k * i * o, "these are the weights"),
            "one place": (lambda i, o, k, s: 2 * k * k * i * o, "at one place"),
            "a row": (lambda i, o, k, s: 2 * k * k * i * o * s, "one side is missing"),
            "a flat kernel": (lambda i, o, k, s: 2 * k * i * o * s * s, "one side of it is missing"),
            "no kernel": (lambda i, o, k, s: 2 * i * o * s * s, "kernel's size is missing"),
            "no inputs": (lambda i, o, k, s: 2 * k * k * o * s * s, "inputs are missing"),
            "no outputs": (lambda i, o, k, s: 2 * k * k * i * s * s, "outputs are missing"),
            "before the stride": (lambda i, o, k, s: 2 * k * k * i * o * (2 * s) ** 2, "after the stride"),
            "exact": (lambda i, o, k, s: (2 * k * k * i - 1) * o * s * s, "exact to the last"),
            "bias": (lambda i, o, k, s: (2 * k * k * i + 1) * o * s * s, "a bias was counted"),
            "Gflop": (lambda i, o, k, s: 2 * k * k * i * o * s * s / 1e9, "these are Gflop"),
            "forward and back": (lambda i, o, k, s: 6 * k * k * i * o * s * s, "expected 1,228,800"),
            "nothing": (lambda i, o, k, s: None, "return"),
        },
        [lambda i, o, k, s: 2 * (k * s) ** 2 * i * o,
         lambda i, o, k, s: sum(2 * k * k * i for _ in range(s * s)) * o,
         lambda i, o, k, s: np.int64(2) * torch.nn.Conv2d(i, o, k, bias=False).weight.numel() * s**2],
    ),
    checks.check_close: (
        {
            "the mean": (lambda a, b, t: a.shape == b.shape and bool((a - b).abs().mean() < t), "A mean over all"),
            "root mean square": (lambda a, b, t: a.shape == b.shape and bool(((a - b) ** 2).mean().sqrt() <= t),
                                 "of their squares"),
            "twice": (lambda a, b, t: close(a, b, 2 * t), "one and a half times"),
            "rtol": (lambda a, b, t: a.shape == b.shape and torch.allclose(a, b, atol=t), "rtol=0"),
            "equal NaN": (lambda a, b, t: a.shape == b.shape and torch.allclose(a, b, rtol=0, atol=t, equal_nan=True),
                          "both have a pixel"),
            "as many numbers": (lambda a, b, t: a.numel() == b.numel() and close(a.flatten(), b.flatten(), t),
                                "whole shapes"),
            "images and channels": (lambda a, b, t: a.shape[:2] == b.shape[:2] and bool(((a - b).abs() <= t).all()),
                                    "the heights differ"),
            "in place": (lambda a, b, t: a.shape == b.shape and bool((a.sub_(b).abs() <= t).all()), "have changed"),
            "signed": (lambda a, b, t: a.shape == b.shape and bool((a - b).max() < t), "absolute"),
            "NaN": (lambda a, b, t: a.shape == b.shape and not bool(((a - b).abs() > t).any()), "not a number"),
            "shapes": (lambda a, b, t: len(a) == len(b) and bool(((a - b).abs() <= t).all()), "Compare the shapes"),
            "the first image": (lambda a, b, t: a.shape == b.shape and bool(((a - b).abs()[0] <= t).all()),
                                "all images count"),
            "as many": (lambda a, b, t: a.shape[1:] == b.shape[1:] and bool(((a[: len(b)] - b).abs() <= t).all()),
                        "the other 2"),
            "relative": (lambda a, b, t: a.shape == b.shape and bool(((a - b).abs() <= 1e-3 * a.abs() + 1e-9).all()),
                         "half the tolerance"),
            "a share": (lambda a, b, t: close(a, b, t) and (bool((a != 0).any()) or torch.equal(a, b)), "near 0"),
            "equal": (lambda a, b, t: torch.equal(a, b), "half the tolerance"),
            "always": (lambda a, b, t: True, "far apart are called equal"),
            "never": (lambda a, b, t: False, "not recognised"),
            "reversed": (lambda a, b, t: a.shape == b.shape and bool(((a - b).abs() >= t).all()), "not recognised"),
            "always 0.0001": (lambda a, b, t: close(a, b, 1e-4), "is the argument used"),
            "each": (lambda a, b, t: (a - b).abs() <= t, "one answer for each"),
            "the difference": (lambda a, b, t: float((a - b).abs().max()), "of type float"),
            "nothing": (lambda a, b, t: None, "return"),
        },
        [close, lambda a, b, t: a.shape == b.shape and torch.allclose(a, b, rtol=0, atol=t),
         lambda a, b, t: a.shape == b.shape and float((a - b).abs().max()) <= t,
         lambda a, b, t: a.shape == b.shape and np.allclose(a.numpy(), b.numpy(), rtol=0, atol=t)],
    ),
    checks.check_errata: (
        {
            "a list": (lambda: list(ERRATA.values()), "of type list"),
            "some": (lambda: {1: ERRATA[1], 2: ERRATA[2]}, "nothing yet for listing 3, 4, 5, 6"),
            "None": (lambda: ERRATA | {4: None}, "nothing yet for listing 4"),
            "from 0": (lambda: dict(enumerate(ERRATA.values())), "no listing 0"),
            "outside": (lambda: ERRATA | {2: (12, "nn.ReLU(),")}, "expected a whole number from 1 to 6"),
            "text numbers": (lambda: {str(k): v for k, v in ERRATA.items()}, "expected whole numbers: 1, not '1'"),
            "lines only": (lambda: {k: line for k, (line, _) in ERRATA.items()}, "listing 1: found 4, expected two"),
            "code only": (lambda: ERRATA | {3: "logits_fake = netD(x_fake.detach())"}, "listing 3: found 'logits"),
            "words for a line": (lambda: ERRATA | {3: ("three", ERRATA[3][1])}, "found line 'three'"),
            "no text": (lambda: ERRATA | {6: (7, 0)}, "expected one line of code as text"),
            "an empty line": (lambda: ERRATA | {6: (7, "")}, "expected one line of code as text"),
            "two lines": (lambda: ERRATA | {6: (7, "x = images\nreturn x")}, "expected one line of code as text"),
            "as it was": (lambda: ERRATA | {6: (3, " netG.eval()")}, "5 of 6 are right. Listing 6 with your line 3: it "
                          "is the line that stands there"),
            "one right": (lambda: dict.fromkeys(ERRATA, (3, "pass")) | {6: ERRATA[6]}, "1 of 6 is right. Listing 1"),
            "zeros": (lambda: ERRATA | {5: (3, "target = torch.zeros_like(D_G_z)")}, "Listing 5 with your line 3: the "
                      "loss of some random logits"),
            "gains of 1": (lambda: ERRATA | {1: (3, "if isinstance(module, nn.ConvTranspose2d | nn.Conv2d):")},
                           "batch-norm gains"),
            "without a comma": (lambda: ERRATA | {2: (4, "nn.BatchNorm2d(n_out)")}, "cannot read it (SyntaxError"),
            "no such name": (lambda: ERRATA | {5: (2, "D_G_z = logits")}, "NameError: name 'logits'"),
            "no function": (lambda: ERRATA | {4: (1, "if True:")}, "Listing 4 with your line 1: Python cannot read it"),
            "stretched": (lambda: ERRATA | {6: (7, "return (images + 1) / 2")}, "the images are in [0, 1]"),
            "nothing": (lambda: None, "return"),
        },
        [lambda: dict(ERRATA), lambda: dict(sorted(ERRATA.items(), reverse=True)),
         lambda: ERRATA | {2: (4, "nn.BatchNorm2d(n_out, momentum=0.8),"), 4: (4, "    return 2 * x - 1"),
                           3: (6, "loss_D.backward(inputs=list(netD.parameters()))"),
                           5: (4, "return F.binary_cross_entropy_with_logits(logits_fake, target)")},
         lambda: ERRATA | {4: (2, "return pixels / 127.5 - 1"), 5: (4, "return F.softplus(-logits_fake).mean()")},
         lambda: dict(zip(np.arange(1, 7), map(list, ERRATA.values()), strict=True))],
    ),
    checks.check_frechet: (
        {
            "without means": (lambda *g: frechet(*g, means=lambda d: 0), "the means are not in it"),
            "means only": (lambda a, A, b, B: ((a - b) ** 2).sum(), "only the means"),
            "not squared": (lambda *g: frechet(*g, means=np.linalg.norm), "is not squared"),
            "averaged": (lambda *g: frechet(*g, means=lambda d: (d**2).mean()), "averaged"),
            "means added": (lambda a, A, b, B: frechet(a, A, -b, B), "means are added"),
            "once": (lambda *g: frechet(*g, factor=1), "counts once"),
            "the sign": (lambda *g: frechet(*g, factor=-2), "is added, expected taken away"),
            "without the root": (lambda *g: frechet(*g, cross=lambda A, B: np.trace(A @ B)), "without its root"),
            "number by number": (lambda *g: frechet(*g, cross=lambda A, B: np.trace(np.sqrt(A @ B))),
                                 "root of each number"),
            "variances only": (lambda *g: frechet(*g, cross=lambda A, B: np.trace(np.sqrt(A * B))), "as if"),
            "two roots": (lambda *g: frechet(*g, cross=lambda A, B: np.trace(linalg.sqrtm(A) @ linalg.sqrtm(B))),
                          "do not commute"),
            "summed up": (lambda a, A, b, B: ((a - b) ** 2).sum() + (A + B - 2 * linalg.sqrtm(A @ B).real).sum(),
                          "those of its diagonal"),
            "no traces": (lambda *g: frechet(*g, spread=lambda A, B: 0), "traces of A and B"),
            "the root of the sum": (lambda *g: frechet(*g, cross=lambda A, B: np.trace(symmetric_root(A + B))),
                                    "root of A + B"),
            "the root of all": (lambda *g: frechet(*g, end=np.sqrt), "root of the whole"),
            "a matrix": (lambda a, A, b, B: A + B - 2 * linalg.sqrtm(A @ B).real, "has shape (4, 4)"),
            "complex": (lambda *g: frechet(*g) + 0j, "complex number"),
            "halved": (lambda *g: frechet(*g) / 2, "expected"),
            "by Cholesky": (lambda *g: frechet(*g, cross=lambda A, B: np.linalg.svd(
                np.linalg.cholesky(A).T @ np.linalg.cholesky(B))[1].sum()), "stopped with LinAlgError"),
            "nothing": (lambda *g: None, "return"),
        },
        [frechet, lambda *g: frechet(*g, cross=lambda A, B: np.sqrt(np.linalg.eigvals(A @ B).real.clip(0)).sum()),
         lambda *g: frechet(*g, cross=lambda A, B: np.trace(symmetric_root(symmetric_root(A) @ B @ symmetric_root(A)))),
         lambda *g: torch.tensor(frechet(*g, cross=lambda A, B: np.linalg.svd(
             symmetric_root(A) @ symmetric_root(B))[1].sum()))],
    ),
    checks.check_precision: (
        {
            "recall": (lambda r, f, k: within(f, r, k), "this is the recall"),
            "its own neighbour": (lambda r, f, k: within(r, f, k, reach_of(r, k - 1)), "one neighbour short"),
            "one too many": (lambda r, f, k: within(r, f, k, reach_of(r, k + 1)), "one neighbour too far"),
            "the fakes' reach": (lambda r, f, k: within(r, f, k, reach_of(f, k)[:, None]), "that of the fakes"),
            "reach to fakes": (lambda r, f, k: within(r, f, k, reach_of(r, k - 1, f)), "k-th nearest fake"),
            "mean reach": (lambda r, f, k: within(r, f, k, reach_of(r, k).mean()), "(the mean)"),
            "median reach": (lambda r, f, k: within(r, f, k, np.median(reach_of(r, k))), "(the median)"),
            "largest reach": (lambda r, f, k: within(r, f, k, reach_of(r, k).max()), "(the largest)"),
            "the nearest only": (lambda r, f, k: np.mean([np.linalg.norm(r - x, axis=1).min() <= reach_of(r, k)[
                np.linalg.norm(r - x, axis=1).argmin()] for x in f]), "only the nearest"),
            "outside": (lambda r, f, k: 1 - within(r, f, k), "lies outside"),
            "all pairs": (lambda r, f, k: within(r, f, k, share=np.mean), "all pairs"),
            "of every row": (lambda r, f, k: within(r, f, k, share=lambda x: x.all(1).mean()), "every real row"),
            "squared distances": (lambda r, f, k: within(r, f, k, power=2), "squared distances"),
            "squared reach": (lambda r, f, k: within(r, f, k, reach_power=2), "squared reaches"),
            "a count": (lambda r, f, k: within(r, f, k, share=lambda x: x.any(1).sum()), "are counted, expected their"),
            "percent": (lambda r, f, k: 100 * within(r, f, k), "percentage"),
            "real rows": (lambda r, f, k: within(r, f, k, share=lambda x: x.any(0).mean()), "that reach a fake"),
            "always three": (lambda r, f, k: within(r, f, 3), "for k = 1"),
            "divided by 97": (lambda r, f, k: within(r, f, k, share=lambda x: x.any(1).sum() / 97), "number of fakes"),
            "one for each": (lambda r, f, k: within(r, f, k, share=lambda x: x.any(1)), "has shape (97,)"),
            "both": (lambda r, f, k: (within(r, f, k), within(f, r, k)), "of type tuple"),
        },
        [within, looped_precision, torch_precision,
         lambda r, f, k: within(r, f, k, NearestNeighbors(n_neighbors=k).fit(r).kneighbors()[0][:, -1])],
    ),
    checks.check_two_sample: (
        {
            "itself": (lambda a, b: neighbours_agree(a, b, mask="none"), "its own nearest neighbour"),
            "own set": (lambda a, b: neighbours_agree(a, b, mask="own"), "in the row's own set only"),
            "other set": (lambda a, b: neighbours_agree(a, b, mask="other"), "in the other set only"),
            "the error": (lambda a, b: 1 - neighbours_agree(a, b), "this is the error"),
            "rows of a": (lambda a, b: neighbours_agree(a, b, of=slice(len(a))), "only the rows of a"),
            "rows of b": (lambda a, b: neighbours_agree(a, b, of=slice(len(a), None)), "only the rows of b"),
            "three neighbours": (lambda a, b: neighbours_agree(a, b, k=3), "three neighbours"),
            "one too many": (lambda a, b: neighbours_agree(a, b, pick=1), "the second neighbour"),
            "a count": (lambda a, b: neighbours_agree(a, b, end=np.sum), "are counted"),
            "percent": (lambda a, b: 100 * neighbours_agree(a, b), "percentage"),
            "the farthest": (lambda a, b: neighbours_agree(a, b, pick=-2 + len(a) + len(b)), "the farthest"),
            "always a half": (lambda a, b: 0.5, "of 120 rows"),
            "balanced": (balanced, "unequal size"),
            "halves": (lambda a, b: neighbours_agree(a, b, half=True), "for 20 and 60"),
            "zeros masked": (lambda a, b: neighbours_agree(a, b, mask="zeros"), "not by its distance of 0"),
            "one for each": (lambda a, b: neighbours_agree(a, b, end=lambda x: x), "has shape (120,)"),
            "nothing": (lambda a, b: None, "return"),
        },
        [neighbours_agree, scored, lambda a, b: torch.tensor(neighbours_agree(b, a))],
    ),
    checks.check_extrapolated: (
        {
            "the slope": (lambda n, y: intercept(n, y, place=0), "this is the line's slope"),
            "a line in n": (lambda n, y: intercept(n, y, lambda n: n), "no image at all"),
            "its slope": (lambda n, y: intercept(n, y, lambda n: n, place=0), "slope of a line in n"),
            "the last one": (lambda n, y: y[-1], "at the largest n itself"),
            "the line there": (lambda n, y: np.polyval(np.polyfit(1 / n, y, 1), 1 / n[-1]), "height at the largest n"),
            "the square root": (lambda n, y: intercept(n, y, lambda n: n**-0.5), "1/sqrt(n)"),
            "the logarithm": (lambda n, y: intercept(n, y, np.log), "log(n)"),
            "the mean": (lambda n, y: y.mean(), "the mean of the distances"),
            "two points": (lambda n, y: np.polyfit(1 / n[[0, -1]], y[[0, -1]], 1)[1], "first and the last point"),
            "the last two": (lambda n, y: np.polyfit(1 / n[-2:], y[-2:], 1)[1], "last two points"),
            "a parabola": (lambda n, y: intercept(n, y, degree=2), "parabola"),
            "exchanged": (lambda n, y: np.polyfit(y, 1 / n, 1)[1], "exchanged"),
            "where it is 0": (lambda n, y: -np.divide(*np.polyfit(1 / n, y, 1)[::-1]), "reaches 0"),
            "both": (lambda n, y: np.polyfit(1 / n, y, 1), "has shape (2,)"),
            "never below 0": (lambda n, y: 12.0, "expected"),
        },
        [intercept, normal_equations, lambda n, y: np.linalg.lstsq(np.c_[1 / n, np.ones(len(n))], y, rcond=None)[0][1],
         lambda n, y: stats.linregress(1 / n, y).intercept],
    ),
}
TABLE |= AFTER | DIFFUSION | CONDITIONAL
for check, (wrong, right) in STRICT.items():
    assert not set(wrong) & set(TABLE[check][0]), "two wrong answers of one name"
    TABLE[check][0].update(wrong)
    TABLE[check][1].extend(right)
WRONG = [(check, name) for check, (wrong, _) in TABLE.items() for name in wrong]
RIGHT = [(check, i) for check, (_, right) in TABLE.items() for i in range(len(right))]


@pytest.mark.parametrize(("check", "name"), WRONG, ids=[f"{c.__name__}: {n}" for c, n in WRONG])
def test_a_wrong_answer_is_named(check, name, capsys):
    answer, message = TABLE[check][0][name]
    printed, returned = verdict(check, answer, capsys)
    assert printed.startswith("Not yet: ") and message in printed, printed
    assert returned is not answer and callable(returned)  # the lesson goes on with the package's own


@pytest.mark.parametrize(("check", "i"), RIGHT, ids=[f"{c.__name__}: {i}" for c, i in RIGHT])
def test_a_right_answer_passes(check, i, capsys):
    answer = TABLE[check][1][i]
    printed, returned = verdict(check, answer, capsys)
    assert printed.startswith("Right. "), printed
    assert returned is answer


@pytest.mark.parametrize("check", TABLE, ids=lambda c: c.__name__)
def test_the_stub_and_a_stumble(check, capsys):
    for untouched in (stub, Stub):
        printed, returned = verdict(check, untouched, capsys)
        assert printed.startswith("Not attempted yet.") and returned not in (stub, Stub)

    def stumbles(*args):
        return len(args) / 0

    printed, _ = verdict(check, stumbles, capsys)
    assert "stumbles stopped with ZeroDivisionError: division by zero" in printed and "len(args) / 0" in printed
    printed, _ = verdict(check, 3, capsys)
    assert printed.startswith("Not yet: ")


def test_the_package_own_version_passes_its_check(capsys):
    """What a check returns for a stub is itself right."""
    for check in TABLE:
        own = check(stub)
        capsys.readouterr()
        assert check(own) is own
        assert capsys.readouterr().out.startswith("Right. "), check.__name__


@pytest.mark.parametrize("number", checks.LISTINGS)
def test_a_listing_has_the_mistake_that_it_is_said_to_have(number, capsys):
    """Its own check refuses the code, and accepts it with one line mended; other lines are not at fault."""
    entry, words = checks.LISTINGS[number], {"torch": torch, "nn": nn, "F": F}
    for code, answer in ((entry.code, "Not yet: "), (entry.right(), "Right. ")):
        found = {}
        exec(code, words, found)
        entry.check(*found.values())
        assert capsys.readouterr().out.startswith(answer), code
    assert set(entry.faulty) <= set(range(1, len(entry.code.splitlines()) + 1))


def test_every_check_has_a_table():
    assert {check.__name__ for check in TABLE} == {name for name in checks.__all__ if name.startswith("check_")}
    assert all(len(wrong) >= 4 and len(right) >= 2 for wrong, right in TABLE.values())


def test_the_table_of_the_readme():
    """`python tests/count_checks.py` counts, and writes it; that each wrong answer is caught and each right one is
    accepted is for the tests above."""
    import count_checks

    counts = {check.__name__: (len(wrong), len(wrong), 0, len(right)) for check, (wrong, right) in TABLE.items()}
    assert count_checks.block(counts) in count_checks.README.read_text("utf-8")
