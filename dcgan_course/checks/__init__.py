"""Checks of the lessons' exercises: check_generator(MyGenerator) tries your answer and says what it found.

Each check says one thing and returns what the lesson goes on with: your answer where it is right, else the package's
own.
"""

from ..machine.progress import progress
from .after import check_hinge, check_influence, check_r1, check_relativistic
from .certificate import certificate
from .colour import check_centre_box, check_convolution_flops, check_training_bytes
from .conditional import check_class_planes, check_inversion_step, check_projection_logit, check_with_length
from .costs import check_alternating_step, check_d_loss, check_g_loss
from .denoising import check_ddim_step, check_diffusion_loss
from .diffusion import check_noised, check_unmixed
from .errata import LISTINGS, check_close, check_errata
from .failures import CASES, check_diagnosis, check_mode_count, check_standing_statistics
from .latent import (
    check_corner_grid,
    check_moved,
    check_principal_directions,
    check_slerp,
    check_vector_sum,
)
from .learned import check_dropped, check_guided, check_pooled
from .measuring import check_extrapolated, check_frechet
from .neighbours import check_precision, check_two_sample
from .networks import (
    check_discriminator,
    check_generator,
    check_generator_block,
    check_init_weights,
    check_output_size,
)
from .pictures import check_frame, check_scaled, check_snapshot
from .stabilisers import check_ema, check_interval, check_smoothed_d_loss
from .steps import check_d_step, check_g_step, check_noise

__all__ = [
    "CASES", "LISTINGS", "certificate", "check_alternating_step", "check_centre_box", "check_class_planes",
    "check_close", "check_convolution_flops", "check_corner_grid", "check_d_loss", "check_d_step",
    "check_ddim_step", "check_diagnosis", "check_diffusion_loss", "check_discriminator", "check_dropped",
    "check_ema", "check_errata", "check_extrapolated", "check_frame", "check_frechet", "check_g_loss",
    "check_g_step", "check_generator", "check_generator_block", "check_guided", "check_hinge", "check_influence",
    "check_init_weights", "check_interval", "check_inversion_step", "check_mode_count", "check_moved",
    "check_noise", "check_noised", "check_output_size", "check_pooled", "check_precision",
    "check_principal_directions", "check_projection_logit", "check_r1", "check_relativistic", "check_scaled",
    "check_slerp", "check_smoothed_d_loss", "check_snapshot", "check_standing_statistics", "check_training_bytes",
    "check_two_sample", "check_unmixed", "check_vector_sum", "check_with_length", "progress",
]
