"""fp16, on the CPU, which has it too: the gradients are those of float32, and an overflow costs one update."""

import copy

import pytest
import tiny
import torch

from dcgan_course.machine.errors import Diverged
from dcgan_course.machine.scaling import START, Scaled, ScaledNet, scaled
from dcgan_course.runs import Run
from dcgan_course.sampling import draw_z
from dcgan_course.state import TrainState
from dcgan_course.trainer import both_steps, train

HUGE = 2.0**60  # a scale with which every gradient overflows


def config(precision="fp16", **changes):
    return tiny.config("unused", precision=precision, nc=1, compile="off", g_dropout=0.0, **changes)


def step(state, asked, seed=0):
    """One step on images and z that depend on the seed alone."""
    stream = torch.Generator().manual_seed(seed)
    x_real = torch.rand(20, 1, 28, 28, generator=stream) * 2 - 1
    both_steps(asked, state, state.netG, state.netD, x_real, draw_z(asked, 20, stream))
    return state


def with_scale(state, **scales):
    for name, scale in scales.items():
        scaler = getattr(state, name).scaler
        scaler.load_state_dict(scaler.state_dict() | {"scale": scale})
    return state


def gradients(state):
    return {f"{side} {name}": p.grad for side in ("netG", "netD")
            for name, p in getattr(state, side).named_parameters()}


def weights(net):
    return copy.deepcopy(net.state_dict())


def parameters(net):
    return [p.detach().clone() for p in net.parameters()]


def equal(first, second):
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def apart(found, gradient):
    """How far it is from that of float32, as a share of its length. Rounding to fp16 leaves 0.03 to 0.07 of the worst
    one, by the processor's instructions; bfloat16 would leave 0.14 to 0.19."""
    return ((found - gradient).norm() / gradient.norm()).item()


def test_gradients_are_those_of_float32():
    """Once they are scaled back, which the fused update does."""
    expected = gradients(step(TrainState.start(config("fp32")), config("fp32")))
    found = gradients(step(TrainState.start(config()), config()))
    for name, gradient in expected.items():
        assert found[name].dtype == torch.float32 and gradient.norm() > 0
    assert 0 < max(apart(found[name], gradient) for name, gradient in expected.items()) < 0.1


def test_a_penalty_is_scaled_like_the_loss():
    """With it alone in the balance (gamma 1,000), D's gradients are those of float32 too."""
    steep = {"d_norm": "none", "init": "he", "r1": 1000.0}
    configs = config("fp32", **steep), config(**steep), config("fp32", **steep | {"r1": 0.0})
    expected, found, plain = (gradients(step(TrainState.start(c), c)) for c in configs)
    for name, gradient in expected.items():
        if name.startswith("netD"):
            assert apart(found[name], gradient) < 0.1, name
            assert name.endswith("bias") or gradient.abs().max() > 10 * plain[name].abs().max()


def test_small_gradients_are_not_lost():
    """Below 3e-8 a number in 16 bits is 0: those of a D that is sure of itself are."""
    net, x = torch.nn.Sequential(torch.nn.Linear(4, 1), torch.nn.Flatten(0)), torch.ones(3, 4)
    scaler = torch.amp.GradScaler("cpu", START)
    found = []
    for netD in (net, ScaledNet(net, scaler)):
        with torch.autocast("cpu", torch.float16):
            loss = 1e-8 * netD(x).float().sum()
        net.zero_grad()
        loss.backward()
        found.append(net[0].weight.grad.clone())
    assert not found[0].any()
    torch.testing.assert_close(found[1] / scaler.get_scale(), torch.full((1, 4), 3e-8), rtol=1e-3, atol=0)


def test_the_forward_pass_is_the_same():
    net, x = torch.nn.Sequential(torch.nn.Linear(4, 1), torch.nn.Flatten(0)), torch.randn(3, 4)
    optimizer = torch.optim.SGD(net.parameters(), 1.0)
    assert scaled(net, optimizer) is net
    assert torch.equal(scaled(net, Scaled(optimizer, x.device))(x), net(x))


@pytest.mark.parametrize("side", ["G", "D"])
def test_an_overflow_costs_one_update_of_one_network(side):
    other = "D" if side == "G" else "G"
    state = with_scale(TrainState.start(config()), **{f"opt{side}": HUGE})
    nets = {"G": state.netG, "D": state.netD}
    before = {name: parameters(net) for name, net in nets.items()}
    step(state, config())
    assert equal(parameters(nets[side]), before[side]) and not equal(parameters(nets[other]), before[other])
    scales = {name: optimizer.scaler.get_scale() for name, optimizer in (("G", state.optG), ("D", state.optD))}
    assert scales == {side: HUGE / 2, other: START}
    assert state.totals.isfinite().all() and state.step == 1
    state.require_finite(None)  # does not stop the run
    steps = {name: next(iter(o.optimizer.state.values()))["step"].item()
             for name, o in (("G", state.optG), ("D", state.optD))}
    assert steps == {side: 0, other: 1}  # Adam's own count, by which it corrects its averages
    with_scale(state, **{f"opt{side}": START})
    step(state, config(), seed=1)
    assert not equal(parameters(nets[side]), before[side])


def test_the_moving_average_after_an_overflow():
    """It moves towards the weights that are there, those of before."""
    asked = config(ema_kimg=0.05)
    state = step(TrainState.start(asked), asked)
    ema, now = weights(state.netG_ema), parameters(state.netG)
    step(with_scale(state, optG=HUGE), asked, seed=1)
    assert equal(parameters(state.netG), now)
    keep = 0.5 ** (20 / min(50, 0.05 * 20 * 2))
    for name, p in state.netG.named_parameters():
        torch.testing.assert_close(state.netG_ema.state_dict()[name], keep * ema[name] + (1 - keep) * p.detach())


def test_gradients_that_never_fit_stop_the_training(tmp_path, monkeypatch):
    """A NaN in every gradient: the scale falls at each step, and no update is made; that must not go on for hours."""
    real = Scaled.step

    def poisoned(self):
        for p in self.optimizer.param_groups[0]["params"]:
            p.grad.fill_(float("nan"))
        real(self)

    monkeypatch.setattr(Scaled, "step", poisoned)
    with pytest.raises(Diverged, match="step 13: .* diverged, gradients do not fit into fp16; .* precision fp32"):
        train(tiny.config(tmp_path, precision="fp16", log_steps=1, num_epochs=2), quiet=True)


@pytest.mark.slow
def test_it_trains(tmp_path):
    run = train(tiny.config(tmp_path, precision="fp16", num_epochs=5), quiet=True)
    losses = [line["loss_D"] for line in run.stats()]
    assert losses[-1] < 0.75 * losses[0] and run.config.precision == "fp16"
    state = torch.load(run.last_checkpoint() / "state.pt", weights_only=True)
    assert 1 < state["optD"]["scaler"]["scale"] <= 65536 and state["optG"]["scaler"]["_growth_tracker"] > 0


@pytest.mark.parametrize("first, second", [("fp16", "fp32"), ("fp32", "fp16")])
def test_a_checkpoint_of_the_other_kind_loads(tmp_path, first, second):
    """As where a run goes on with another kind of device."""
    run = train(tiny.config(tmp_path, precision=first, num_epochs=1), quiet=True)
    state = TrainState.start(run.config.replace(precision=second))
    state.load(Run(run.path).last_checkpoint())
    moments = torch.load(run.last_checkpoint() / "state.pt", weights_only=True)["optD"]["state"]
    inner = state.optD.optimizer if second == "fp16" else state.optD
    assert torch.equal(inner.state_dict()["state"][0]["exp_avg"], moments[0]["exp_avg"])
    step(state, run.config.replace(precision=second))
    assert state.step == 11
