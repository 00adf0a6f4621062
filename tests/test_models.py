"""Networks against the PyTorch DCGAN example, written out here, and against the adjoint of the convolution."""

import pytest
import torch
from torch import nn

from dcgan_course.config import preset
from dcgan_course.machine.errors import UserError
from dcgan_course.models import (
    BasicDiscriminator,
    BasicGenerator,
    Discriminator,
    Generator,
    build_discriminator,
    build_generator,
    count_parameters,
    halvings,
    init_weights,
    rescaled,
    stride2_padding,
    with_class_planes,
)


def example_generator(nz=100, ngf=64, nc=3):
    """github.com/pytorch/examples, dcgan: the layers of its generator."""
    return nn.Sequential(
        nn.ConvTranspose2d(nz, ngf * 8, 4, 1, 0, bias=False), nn.BatchNorm2d(ngf * 8), nn.ReLU(),
        nn.ConvTranspose2d(ngf * 8, ngf * 4, 4, 2, 1, bias=False), nn.BatchNorm2d(ngf * 4), nn.ReLU(),
        nn.ConvTranspose2d(ngf * 4, ngf * 2, 4, 2, 1, bias=False), nn.BatchNorm2d(ngf * 2), nn.ReLU(),
        nn.ConvTranspose2d(ngf * 2, ngf, 4, 2, 1, bias=False), nn.BatchNorm2d(ngf), nn.ReLU(),
        nn.ConvTranspose2d(ngf, nc, 4, 2, 1, bias=False), nn.Tanh())


def example_discriminator(ndf=64, nc=3):
    return nn.Sequential(
        nn.Conv2d(nc, ndf, 4, 2, 1, bias=False), nn.LeakyReLU(0.2),
        nn.Conv2d(ndf, ndf * 2, 4, 2, 1, bias=False), nn.BatchNorm2d(ndf * 2), nn.LeakyReLU(0.2),
        nn.Conv2d(ndf * 2, ndf * 4, 4, 2, 1, bias=False), nn.BatchNorm2d(ndf * 4), nn.LeakyReLU(0.2),
        nn.Conv2d(ndf * 4, ndf * 8, 4, 2, 1, bias=False), nn.BatchNorm2d(ndf * 8), nn.LeakyReLU(0.2),
        nn.Conv2d(ndf * 8, 1, 4, 1, 0, bias=False))


def copy_weights(source, target):
    """Parameters and buffers in order; both nets must have the same list of shapes."""
    pairs = list(zip(source.state_dict().values(), target.state_dict().values(), strict=True))
    for a, b in pairs:
        assert a.shape == b.shape
        b.copy_(a)


@pytest.mark.parametrize(("size", "near"), [(12, 13), (20, 16), (21, 25), (48, 49), (300, 256), (600, 512),
                                            (1500, 1537), (-5, 13), (0, 13)])
def test_a_size_that_cannot_be_built_is_answered_with_the_nearest(size, near):
    """512 and 1024 can; the list of sizes says so."""
    assert [halvings(good)[-1] for good in (13, 28, 385, 512, 1024, near)] == [4] * 6
    with pytest.raises(UserError, match=f"image_size: found {size}, .*385-512 and so on.*the nearest is {near};"):
        halvings(size)


@pytest.mark.parametrize("training", [True, False])
def test_64_is_the_pytorch_example(training):
    netG, netD = init_weights(Generator(100, 8, 3, 64)).train(training), Discriminator(8, 3, 64).train(training)
    refG, refD = example_generator(100, 8).train(training), example_discriminator(8).train(training)
    copy_weights(netG, refG)
    copy_weights(netD, refD)
    z = torch.randn(6, 100)
    x = netG(z)
    torch.testing.assert_close(x, refG(z[:, :, None, None]))
    torch.testing.assert_close(netD(x), refD(x).flatten())


def test_parameter_counts_of_the_example_and_the_paper():
    assert count_parameters(Generator(100, 64, 3, 64)) == 3_576_704
    assert count_parameters(Discriminator(64, 3, 64)) == 2_765_568
    paper = preset("paper", nc=3)
    # by hand: z to 4x4x1024, three 5x5 halvings of the channels, 5x5 to 3 colours; gains and shifts
    kernels = 100 * 1024 * 16 + 25 * (1024 * 512 + 512 * 256 + 256 * 128 + 128 * 3)
    assert count_parameters(build_generator(paper)) == kernels + 2 * (1024 + 512 + 256 + 128)
    kernels = 25 * (3 * 128 + 128 * 256 + 256 * 512 + 512 * 1024) + 1024 * 16
    assert count_parameters(build_discriminator(paper)) == kernels + 2 * (256 + 512 + 1024)


@pytest.mark.parametrize("size", [16, 28, 31, 32, 64, 128])
@pytest.mark.parametrize("kernel_size", [3, 4, 5])
@pytest.mark.parametrize("up, down", [("transpose", "stride"), ("resize", "pool")])
def test_shapes(size, kernel_size, up, down):
    netG = Generator(10, 4, 3, size, kernel_size, g_upsample=up)
    netD = Discriminator(4, 3, size, kernel_size, d_downsample=down)
    maps = []
    for block in [*netG.blocks[:-1], *netD.blocks[:-1]]:
        block.register_forward_hook(lambda _, __, y: maps.append(tuple(y.shape[1:])))
    x = netG(torch.randn(2, 10))
    assert x.shape == (2, 3, size, size)
    assert netD(x).shape == (2,)
    down_sizes = halvings(size)
    k = len(down_sizes) - 1
    assert maps[:k] == [(4 * 2 ** (k - 1 - i), s, s) for i, s in enumerate(down_sizes[:0:-1])]
    assert maps[k:] == [(4 * 2**i, s, s) for i, s in enumerate(down_sizes[1:])]


@pytest.mark.parametrize("size", [7, 14, 28, 31, 64])
@pytest.mark.parametrize("kernel_size", [3, 4, 5])
def test_up_is_the_transpose_of_down(size, kernel_size):
    """<down(x), y> = <x, up(y)> for the same kernel: the definition of the transposed operator."""
    padding, output_padding = stride2_padding(size, kernel_size)
    half = -(-size // 2)
    kernel = torch.randn(1, 1, kernel_size, kernel_size, dtype=torch.float64)
    x, y = torch.randn(1, 1, size, size).double(), torch.randn(1, 1, half, half).double()
    down = nn.functional.conv2d(x, kernel, stride=2, padding=padding)
    up = nn.functional.conv_transpose2d(y, kernel, stride=2, padding=padding, output_padding=output_padding)
    assert (down * y).sum().item() == pytest.approx((x * up).sum().item(), rel=1e-9)


def test_switches():
    def kinds(net):
        return [type(m).__name__ for m in net.modules()]

    default, plain = kinds(Generator()), kinds(Generator(norm="none"))
    assert default.count("BatchNorm2d") == 3 and plain.count("BatchNorm2d") == 0
    assert kinds(Generator(output_norm=True)).count("BatchNorm2d") == 4
    assert type(Generator(output_norm=True).blocks[-1][1]) is nn.BatchNorm2d
    assert kinds(Discriminator()).count("BatchNorm2d") == 2  # not on the first layer: guideline 2
    assert kinds(Generator(g_activation="leaky_relu")).count("LeakyReLU") == 3
    assert kinds(Discriminator(d_activation="relu")).count("ReLU") == 3
    assert Discriminator(leak=0.1).blocks[0][1].negative_slope == 0.1
    assert Generator(norm="none").blocks[0][0].bias is not None and Generator().blocks[0][0].bias is None
    z = torch.randn(50, 100)
    assert Generator()(z).min() < 0 <= Generator(output="sigmoid")(z).min()


def test_a_dense_hidden_layer_is_a_matrix():
    netG, netD = Generator(10, 4, dense=True).eval(), Discriminator(4, dense=True).eval()
    first, before_last = netG.blocks[0][0], netD.blocks[-2][0]
    z, maps = torch.randn(5, 10), torch.randn(5, 16, 4, 4)
    torch.testing.assert_close(first(z[:, :, None, None])[:, :, 0, 0], z @ first.weight[:, :, 0, 0])
    torch.testing.assert_close(before_last(maps)[:, :, 0, 0], maps.flatten(1) @ before_last.weight.flatten(1).T)
    assert netG(z).shape == (5, 1, 28, 28) and netD(netG(z)).shape == (5,)
    assert count_parameters(netG) - count_parameters(Generator(10, 4)) == 10 * 1024 + 2 * 1024 + (1024 - 10) * 16 * 16


def test_he_keeps_the_size_of_signals_where_no_batch_norm_does():
    """Through five layers a signal keeps its size within a factor of two (the DCGAN's own weights leave a thousandth);
    a network with batch norm begins as it always did."""
    x = torch.randn(20, 3, 64, 64, generator=torch.Generator().manual_seed(1))

    def size(init):
        netD = init_weights(Discriminator(16, 3, 64, norm="none"), torch.Generator().manual_seed(0), init)
        return netD(x).std().item()

    assert 0.5 < size("he") < 2 and size("dcgan") < 0.01
    for build in (Generator, Discriminator):
        one, other = (init_weights(build(8), torch.Generator().manual_seed(0), init) for init in ("he", "dcgan"))
        assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_spectral_norm_bounds_every_layer_of_d():
    netD = init_weights(Discriminator(8, spectral_norm=True))
    assert not [m for m in netD.modules() if isinstance(m, nn.BatchNorm2d)]
    for _ in range(50):  # each pass in train mode refines the estimate
        netD(torch.randn(2, 1, 28, 28))
    for layer in (m for m in netD.modules() if isinstance(m, nn.Conv2d)):
        assert torch.linalg.svdvals(layer.weight.flatten(1))[0].item() == pytest.approx(1, abs=0.02)
        original = layer.parametrizations.weight.original
        assert original.std().item() == pytest.approx(0.02, rel=0.15)  # init_weights reaches behind the norm


def test_batch_norm_on_ds_first_layer_where_asked():
    assert type(Discriminator(input_norm=True).blocks[0][1]) is nn.BatchNorm2d
    assert type(Discriminator().blocks[0][1]) is nn.LeakyReLU


def test_scales():
    x = torch.tensor([-1.0, 0.0, 1.0])
    assert rescaled(x, "tanh") is x
    assert rescaled(x, "unit").tolist() == [0, 0.5, 1]
    pixels = torch.tensor([0.0, 127.5, 255.0]) / 255
    torch.testing.assert_close(rescaled(x, "classifier"), (pixels - 0.1307) / 0.3081)
    netG, z = Generator(10, 4, scale="classifier"), torch.randn(6, 10)
    raw = netG.eval().blocks(z[:, :, None, None])
    torch.testing.assert_close(rescaled(netG(z), "classifier"), raw, atol=1e-5, rtol=1e-5)  # none is cut off
    assert netG(z).max() < -0.1  # what a tanh cannot reach: anything brighter than dark grey
    assert torch.equal(netG.train()(z), netG.train()(z)) and netG(z).max() > netG.eval()(z).max()


def test_dropout_at_test_time():
    z = torch.randn(4, 100)
    on, off = (Generator(g_dropout=0.5, dropout_at_test=at_test).eval() for at_test in (True, False))
    assert not torch.equal(on(z), on(z))
    assert torch.equal(off(z), off(z))
    assert not torch.equal(off.train()(z), off(z))


@pytest.mark.parametrize("changes", [{}, {"dense": True}, {"spectral_norm": True}], ids=str)
def test_a_projection_discriminator_is_the_papers_equation(changes):
    """f(x, y) = y' V phi(x) + psi(phi(x)) (arXiv 1802.05637, equation 3), with phi written out here as the hidden
    layers, V a table of rows as `nn.Embedding` has them, and psi linear."""
    config = preset("mnist", nc=1, ndf=4, classes=3, class_input="projection", **changes)
    netD = init_weights(build_discriminator(config)).eval()
    x, labels = torch.randn(5, 1, 28, 28), torch.tensor([2, 0, 1, 1, 2])
    phi = x
    for block in list(netD.blocks)[:-1]:
        phi = block(phi)
    phi = phi.flatten(1)
    kernels = netD.blocks[-1].weight.detach().flatten(1)
    V = nn.Embedding.from_pretrained(kernels[1:])
    psi = nn.Linear(phi.shape[1], 1, bias=False)
    psi.weight.data = kernels[:1]
    seen = with_class_planes(x, torch.eye(3)[labels])
    assert seen.shape == (5, 4, 28, 28)
    expected = (V(labels) * phi).sum(1) + psi(phi)[:, 0]
    torch.testing.assert_close(netD(seen), expected)
    assert (netD(with_class_planes(x, torch.eye(3)[(labels + 1) % 3])) - expected).abs().min() > 0  # the class counts
    assert netD.blocks[-1].weight.shape[0] == 4


def test_the_gradient_of_a_projection_reaches_g_and_only_the_rows_of_the_classes():
    netD = init_weights(Discriminator(4, 1, 28, classes=3)).eval()
    x = torch.randn(4, 1, 28, 28, requires_grad=True)
    netD(with_class_planes(x, torch.eye(3)[[0, 2, 2, 0]])).sum().backward()
    assert x.grad.flatten(1).norm(dim=1).min() > 0
    assert [bool(row.any()) for row in netD.blocks[-1].weight.grad] == [True, True, False, True]


def test_who_is_told_the_class_decides_the_sizes():
    """As before, both, by planes; then each way alone. A G that is not told leaves the class of z unread."""
    told = preset("mnist", nc=1, classes=10, ngf=4, ndf=4)
    sizes = {}
    for name, changes in {"planes": {}, "projection": {"class_input": "projection"}, "G": {"class_input": "none"},
                          "D": {"tell_g": False}}.items():
        netG, netD = build_generator(told.replace(**changes)), build_discriminator(told.replace(**changes))
        sizes[name] = netG.blocks[0][0].weight.shape[0], netD.blocks[0][0].weight.shape[1]
    assert sizes == {"planes": (110, 11), "projection": (110, 1), "G": (110, 1), "D": (100, 11)}
    netG, z = build_generator(told.replace(tell_g=False)).eval(), torch.randn(2, 110)
    images, z[:, 100:] = netG(z), 0
    assert torch.equal(images, netG(z))
    z[:, :100] = 0
    assert not torch.equal(images, netG(z))
    with pytest.raises(RuntimeError):
        netG(torch.randn(2, 100))  # not to be taken for one that wants no class


def initialised_as_the_paper(net) -> bool:
    """Weights of mean 0 and deviation 0.02, gains of mean 1 and deviation 0.02, within four standard errors."""
    weights = torch.cat([m.weight.flatten() for m in net.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))])
    gains = torch.cat([m.weight.flatten() for m in net.modules() if isinstance(m, nn.BatchNorm2d)])
    shifts = torch.cat([m.bias.flatten() for m in net.modules() if getattr(m, "bias", None) is not None])

    def close(values, mean):
        n = len(values)
        return abs(values.mean() - mean) < 4 * 0.02 / n**0.5 and abs(values.std() - 0.02) < 4 * 0.02 / (2 * n) ** 0.5

    return bool(close(weights, 0) and close(gains, 1) and (shifts == 0).all())


@pytest.mark.parametrize("build", [Generator, Discriminator])
def test_init_weights(build):
    net = build()
    assert not initialised_as_the_paper(net)  # PyTorch's own initialisation does not pass
    assert init_weights(net) is net
    assert initialised_as_the_paper(net)
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.weight.normal_(0, 0.02)  # the known mistake: gains around 0
    assert not initialised_as_the_paper(net)


def test_other_first_weights():
    net = Generator()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    init_weights(net, init="pytorch")
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    gains = init_weights(net, init="zero_gain").blocks[1][1].weight
    assert gains.mean().abs() < 4 * 0.02 / len(gains) ** 0.5 and gains.std().item() == pytest.approx(0.02, rel=0.4)


def test_init_weights_repeats_with_its_generator():
    first, second = (init_weights(Generator(), torch.Generator().manual_seed(3)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_basic_networks():
    x = BasicGenerator(20, 3, 32)(torch.randn(5, 20))
    assert x.shape == (5, 3, 32, 32) and -1 <= x.min() and x.max() <= 1
    assert BasicDiscriminator(3, 32)(x).shape == (5,)
    config = preset("mnist", network="basic", nc=1)
    assert isinstance(build_generator(config), BasicGenerator)
    assert isinstance(build_discriminator(config), BasicDiscriminator)


@pytest.mark.parametrize("size", [0, 1, 4, 8, 24, 33, 48, 96])
def test_impossible_sizes(size):
    with pytest.raises(UserError, match=f"image_size: found {size}, expected"):
        Generator(image_size=size)
