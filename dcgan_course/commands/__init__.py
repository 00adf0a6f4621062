"""What each command of the command line does. They import what they need when they are called: help comes at once."""

from .drawing import export, gif, interpolate, page, sample
from .lessons import lab
from .measuring import bench, doctor, features, info, neighbours, score
from .training import judge, prepare, record, resume, study, train

__all__ = [
    "bench", "doctor", "export", "features", "gif", "info", "interpolate", "judge", "lab", "neighbours", "page",
    "prepare", "record", "resume", "sample", "score", "study", "train",
]
