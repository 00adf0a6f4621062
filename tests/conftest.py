import os
import sys
from pathlib import Path

import pytest

os.environ["DCGAN_COURSE_PROGRESS"] = ""  # what is solved here is nobody's progress

sys.path.insert(0, str(Path(__file__).parents[1] / "notebooks"))  # teach.py
sys.path.insert(0, str(Path(__file__).parents[1] / "site"))  # slides.py
sys.path.insert(0, str(Path(__file__).parent))

# folders, files and tests that are slow: browsers, kills, pip, mounted disks, several processes, ONNX, servers
SLOW = {"browser", "test_colab.py", "test_disk.py", "test_export.py", "test_kills.py", "test_parallel.py",
        "test_with_the_widgets_of_colab", "test_however_the_page_is_ended_nothing_stays"}

# the files that take longest come first: one that a worker began last would keep all others waiting
LONGEST = ("test_trainer.py", "test_page.py", "test_lab.py", "test_colab.py", "test_studies.py", "test_scores.py",
           "test_site.py", "test_duel.py", "test_recording.py", "test_cli.py", "test_export.py", "test_lessons.py",
           "test_notebooks.py", "test_simulated_gpu.py", "test_kills.py", "test_parallel.py")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: [*LONGEST, item.path.name].index(item.path.name))
    for item in items:
        if SLOW & {item.path.parent.name, item.path.name, getattr(item, "originalname", None)}:
            item.add_marker(pytest.mark.slow)


# torch is imported in what uses it: the process that gives the tests to the workers would wait for it


@pytest.fixture(autouse=True)
def seed():
    import tiny  # noqa: F401  images of that name, for all tests
    import torch

    if torch.cuda.is_available():
        torch.manual_seed(0)
    else:  # the other one also keeps a traceback for each kind of GPU, in case it will be started
        torch.default_generator.manual_seed(0)
    if "OMP_NUM_THREADS" in os.environ:  # of `make test`: a test that has left more would let sums be rounded otherwise
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))


@pytest.fixture(autouse=True)
def undrawn():
    """Only `finished_run`, and trainings in processes of their own, draw their curves; see test_plots.py."""
    import tiny

    from dcgan_course import plots

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plots, "curves", tiny.Curves)
        yield


@pytest.fixture
def larger_webp(monkeypatch):
    """Recorded sheets have the same pixels, but for an encoder that takes less trouble to make them small."""
    from dcgan_course.experiments import recording

    monkeypatch.setitem(recording.LOSSLESS, "method", 0)


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory):
    """A finished tiny run; tests must not change it."""
    import tiny

    from dcgan_course.trainer import train

    return train(tiny.config(tmp_path_factory.mktemp("runs")))
