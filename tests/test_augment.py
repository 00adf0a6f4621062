"""Augmentation: what each change does, and that gradients come through."""

import pytest
import torch

from dcgan_course.augment import augmented, blanked, recoloured, shifted


def test_shifts_are_by_whole_pixels():
    """Each image equals one of the shifts within an eighth, written out with slices; all shifts occur."""
    x = torch.rand(400, 2, 16, 16) + 0.1
    y, found = shifted(x), set()
    for before, after in zip(x, y, strict=True):
        matches = []
        for dy in range(-2, 3):
            for dx in range(-2, 3):
                expected = torch.zeros(2, 16, 16)
                expected[:, max(0, -dy) : 16 - max(0, dy), max(0, -dx) : 16 - max(0, dx)] = before[
                    :, max(0, dy) : 16 - max(0, -dy), max(0, dx) : 16 - max(0, -dx)]
                if torch.allclose(after, expected):
                    matches.append((dy, dx))
        assert len(matches) == 1
        found |= set(matches)
    assert len(found) == 25


def test_a_square_is_blanked():
    y = blanked(torch.ones(500, 3, 16, 16))
    assert set(y.unique().tolist()) == {0, 1} and (y.std(1) == 0).all()  # the same in every channel
    blank = (y[:, 0] == 0).flatten(1).sum(1)
    assert blank.max() == 64 and 0 < blank.min() < 30  # 8 x 8, or what of it is inside
    rows = (y[:, 0] == 0).any(2).sum(1)
    columns = (y[:, 0] == 0).any(1).sum(1)
    assert torch.equal(rows * columns, blank)


def test_colours_change_as_a_whole():
    x = torch.rand(200, 3, 8, 8) * 2 - 1
    y = recoloured(x)
    shift = y.mean((1, 2, 3)) - x.mean((1, 2, 3))
    assert -0.5 <= shift.min() < -0.4 and 0.4 < shift.max() <= 0.5
    contrast = y.mean(1).flatten(1).std(1) / x.mean(1).flatten(1).std(1)
    assert 0.5 <= contrast.min() < 0.55 and 1.45 < contrast.max() <= 1.5
    assert not torch.allclose(shift[0], shift[1])  # each image its own


@pytest.mark.parametrize("channels", (1, 3))
def test_gradients_pass_and_nothing_else_does(channels):
    x = (torch.rand(8, channels, 28, 28) * 2 - 1).requires_grad_()
    before = x.detach().clone()
    y = augmented(x)
    y.square().sum().backward()
    assert y.shape == x.shape and torch.equal(x, before)
    assert (x.grad != 0).float().mean() > 0.9  # contrast joins every pixel to the others
    x.grad = None
    blanked(shifted(x)).sum().backward()
    assert 0.5 < (x.grad == 1).float().mean() < 0.95 and set(x.grad.unique().tolist()) == {0, 1}
    torch.manual_seed(3)
    first = augmented(before)
    torch.manual_seed(3)
    assert torch.equal(first, augmented(before)) and not torch.equal(first, augmented(before))
