"""Small, fast stand-ins for the tests: 200 synthetic 28x28 images, and a training of a few seconds."""

import sys

import numpy as np
from PIL import Image

from dcgan_course.config import preset
from dcgan_course.data import Images, names

COUNT = 200


def images(image_size: int) -> Images:
    """Discs of random place and size, small and large ones: something that a GAN could learn."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[:28, :28]
    centres, radii = random.uniform(8, 20, (COUNT, 2)), random.uniform(3, 8, COUNT)
    discs = [(x - cx) ** 2 + (y - cy) ** 2 < r**2 for (cx, cy), r in zip(centres, radii, strict=True)]
    return Images("tiny", np.stack(discs)[..., None].astype(np.uint8) * 255, image_size,
                  (radii > 5.5).astype(np.int64), ("small", "large"))


def config(out, **changes):
    """3 epochs of 10 steps, on the CPU."""
    settings = dict(data="tiny", nz=8, ngf=4, ndf=4, batch_size=20, num_epochs=3, sample_kimg=0.1, log_steps=4, keep=0,
                    ema_kimg=0.2, g_dropout=0.1, device="cpu", precision="fp32", threads=1, out=str(out))
    return preset("smoke", **(settings | changes))


class Curves:
    """The curves of a training, not drawn: that is half of a tiny training's time."""

    def __init__(self, stats, loss):
        self.lines = {key: [line[key] for line in stats] for key in ("kimg", "loss_D", "loss_G", "D_x", "D_G_z")}

    def savefig(self, file, dpi):
        Image.new("RGB", (9, 3)).save(file)


names.ARRAYS["tiny"] = lambda where, split: images(28)

if __name__ == "__main__":  # python tests/tiny.py train ...: the command line, with these images added
    from dcgan_course.commands.cli import main

    sys.exit(main())
