import pytest
import torch

from dcgan_course.machine.runtime import seeded
from dcgan_course.models import Generator, build_generator
from dcgan_course.runs import load_run
from dcgan_course.runs.checkpoints import load_weights
from dcgan_course.sampling import (
    attribute_direction,
    corner_grid,
    draw_z,
    generate,
    grid_images,
    image_grid,
    interpolate,
    lerp,
    own_direction,
    plane_grid,
    sample_z,
    slerp,
    vector_sum,
)


def test_sample_z():
    normal, uniform = sample_z(20_000, 10, "normal"), sample_z(20_000, 10, "uniform")
    assert normal.shape == uniform.shape == (20_000, 10)
    assert normal.mean().item() == pytest.approx(0, abs=0.01) and normal.std().item() == pytest.approx(1, abs=0.01)
    assert -1 <= uniform.min() < -0.999 and 0.999 < uniform.max() <= 1
    assert uniform.std().item() == pytest.approx(3**-0.5, abs=0.01)
    slip = sample_z(20_000, 10, "uniform01")
    assert 0 <= slip.min() < 0.001 and slip.mean().item() == pytest.approx(0.5, abs=0.01) and slip.max() <= 1
    first, second = (sample_z(3, 4, generator=torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(first, second)


@pytest.mark.parametrize("kind", ["normal", "uniform", "uniform01"])
@pytest.mark.parametrize("nz", [2, 7, 100])
def test_a_seed_means_the_same_z_for_every_n(kind, nz):
    """For batches of 16, 32 ... those of torch.randn and torch.rand themselves."""
    many = sample_z(64, nz, kind, seeded(3, "z"))
    for n in (1, 2, 3, 5, 16, 17, 63, 65, 200):
        some = sample_z(n, nz, kind, seeded(3, "z"))
        assert some.shape == (n, nz) and torch.equal(some[:64], many[:n]), n
    for n in (16, 48, 64, 128):
        numbers = (torch.randn if kind == "normal" else torch.rand)(n, nz, generator=seeded(3, "z"))
        assert torch.equal(sample_z(n, nz, kind, seeded(3, "z")), numbers * 2 - 1 if kind == "uniform" else numbers)


@pytest.mark.parametrize("name", ["mnist", "mnist2d", "mnist_conditional", "mnist with dropout"])
def test_a_seed_means_the_same_picture_for_every_n(name):
    run = load_run(name.split()[0])
    netG = run.load_generator()
    if "dropout" in name:  # the same weights, with masks between the layers
        netG = build_generator(run.config.replace(g_dropout=0.5)).eval()
        load_weights(netG, run.path / "generator.safetensors")
    many = generate(netG, draw_z(run.config, 70, seeded(0, "sample")))
    assert (many[0] - many[1]).abs().max() > 0.5
    for n in (1, 2, 3, 5, 17, 64):
        some = generate(netG, draw_z(run.config, n, seeded(0, "sample")))
        assert (some - many[:n]).abs().max() < 2 / 255, n  # a grey level: other batch sizes add in another order


def test_dropout_at_test_time_draws_other_masks_for_each_picture_and_the_old_ones_for_64():
    netG = Generator(8, 4, g_dropout=0.5)
    one = torch.ones(1, 8)
    pictures = generate(netG, one.expand(130, 8))
    assert len({tuple(picture.flatten().tolist()) for picture in pictures}) == 130
    z = torch.randn(64, 8)
    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(0)
        expected = netG.eval()(z)
    assert torch.equal(generate(netG, z), expected)
    assert generate(Generator(8, 4, g_dropout=0.5, dropout_at_test=False), one).shape == (1, 1, 28, 28)


def test_a_picture_depends_on_its_own_z_alone():
    netG, z = Generator(8, 4).train(), torch.randn(7, 8)
    together = generate(netG, z, batch_size=7)
    apart = generate(netG, z, batch_size=2)
    torch.testing.assert_close(together, apart)
    assert netG.training  # the mode is restored
    assert not together.requires_grad and together.dtype == torch.float32
    netG.train()
    in_train_mode = netG(z).detach()
    assert not torch.allclose(together, in_train_mode)  # so the first assertion can fail


def test_lerp_and_slerp():
    a, b = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 3.0])
    torch.testing.assert_close(lerp(a, b, 0.5), torch.tensor([1.5, 1.5]))
    torch.testing.assert_close(slerp(a, b, 0.5), torch.tensor([4.5**0.5, 4.5**0.5]))
    for path in (lerp, slerp):
        torch.testing.assert_close(path(a, b, 0.0), a)
        torch.testing.assert_close(path(a, b, 1.0), b)
    torch.testing.assert_close(slerp(a, 2 * a, 0.5), 1.5 * a)  # parallel: no division by zero
    angles = [torch.atan2(p[1], p[0]).item() for p in interpolate(a, b, 5, "slerp")]
    assert angles == pytest.approx([0, 0.3927, 0.7854, 1.1781, 1.5708], abs=1e-4)  # equal turns


def test_slerp_keeps_the_length_that_lerp_loses():
    a, b = torch.randn(2, 200)
    middle = (a.norm() + b.norm()) / 2
    assert slerp(a, b, 0.5).norm().item() == pytest.approx(middle.item(), rel=0.1)
    assert lerp(a, b, 0.5).norm() < 0.85 * middle


def test_corner_grid_is_bilinear():
    """Against torch's own bilinear resizing of a 2 x 2 picture whose channels are z."""
    corners = torch.randn(4, 7)
    expected = torch.nn.functional.interpolate(corners.T.reshape(1, 7, 2, 2), (5, 5), mode="bilinear",
                                               align_corners=True)[0].flatten(1).T
    torch.testing.assert_close(corner_grid(corners, 5), expected)


def test_plane_grid():
    even = plane_grid(3)
    assert even.tolist() == [[-1, 1], [0, 1], [1, 1], [-1, 0], [0, 0], [1, 0], [-1, -1], [0, -1], [1, -1]]
    line = plane_grid(4, "normal")[:4, 0]
    assert line.tolist() == pytest.approx([-1.1503, -0.3186, 0.3186, 1.1503], abs=1e-3)  # of 1/8, 3/8, 5/8, 7/8


def test_sums_and_directions_of_concepts():
    a, b, c = torch.tensor([[1.0, 2], [3, 4]]), torch.tensor([[1.0, 1]]), torch.tensor([[0.0, 10], [0, 20], [3, 30]])
    assert vector_sum(a, b, c).tolist() == [2, 22]
    present = torch.tensor([True, False, True])
    assert attribute_direction(c, present).tolist() == [1.5, 0]


def test_what_a_direction_does_not_share():
    ways = torch.tensor([[2.0, 1, 0], [0, 3, 0], [0, 6, 0]])
    assert own_direction(ways, 0).tolist() == pytest.approx([2.5, 0, 0])
    assert own_direction(ways, 0) @ ways[0] == pytest.approx(5) and own_direction(ways, 1).equal(ways[1])  # all shared
    assert own_direction(ways[:1], 0).equal(ways[0])


def test_grid_has_a_fixed_range():
    grey, white = torch.zeros(1, 1, 4, 4), torch.ones(1, 1, 4, 4)
    assert image_grid(grey)[2, 2].tolist() == [128, 128, 128]  # min-max scaling would make it black
    assert image_grid(white)[2, 2].tolist() == [255, 255, 255]
    assert image_grid(-white)[2, 2].tolist() == [0, 0, 0]
    assert image_grid(torch.cat([white] * 6), nrow=3).shape == (2 * 6 + 2, 3 * 6 + 2, 3)
    assert image_grid(3 * white).max() == 255  # outside of the range: cut, not wrapped


@pytest.mark.parametrize("n, channels, size, nrow",
                         [(7, 1, 28, 3), (1, 1, 28, None), (64, 3, 64, 8), (5, 3, 5, 8), (3, 1, 4, 1)])
def test_a_sheet_is_that_of_torchvision(n, channels, size, nrow):
    """Which takes two seconds to import."""
    from torchvision.utils import make_grid

    images = torch.rand(n, channels, size, size) * 2.4 - 1.2
    expected = make_grid(images, nrow or 8, padding=2, normalize=True, value_range=(-1, 1), pad_value=0.5) * 255
    found = image_grid(images, nrow).permute(2, 0, 1)
    assert found.shape == expected.shape and (found - expected.clamp(0, 255)).abs().max() < 0.501  # rounded


@pytest.mark.parametrize("n, nrow", [(6, 3), (8, 8)])
def test_the_images_of_a_sheet_come_back(n, nrow):
    images = torch.rand(n, 3, 5, 5) * 2 - 1
    back = grid_images(image_grid(images, nrow), nrow)
    assert back.shape == images.shape and (back - images).abs().max() <= 1 / 255 + 1e-6  # half a level
