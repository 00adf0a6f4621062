"""`pytest --nbval notebooks` also watches the memory of each lesson: machines that are lent have little."""

import shutil
from pathlib import Path

import pytest

LIMIT = 1.5  # GiB resident, at any moment; the imports alone are 0.8 of them
MORE = {"00_start_here": 1.7, "11_measuring_gans": 1.7}  # a training at 64 x 64; ten thousand images, several times


def high_water(pid: int) -> float:
    """GiB of a process at its worst, as Linux has counted them."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 2**20


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    measured = Path("/proc/self/status").exists() and not shutil.which("nvidia-smi")  # a GPU's driver takes its own
    if not measured or not hasattr(item.parent, "kernel"):
        return (yield)
    pid, limit = item.parent.kernel.km.provisioner.pid, MORE.get(item.path.stem, LIMIT)
    before = high_water(pid)
    result = yield
    after = high_water(pid)
    if before < limit <= after:
        pytest.fail(f"from here on the lesson's memory is {after:.2f} GiB, expected less than {limit}", pytrace=False)
    return result
