"""`pytest --nbval notebooks` also watches the memory of each lesson, since machines that are lent have little; and that
it would notice a wrong digit in any output that it compares."""

import copy
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbval.plugin import NbCellError

os.environ["DCGAN_COURSE_PROGRESS"] = ""  # what is solved here is nobody's progress, and is not told

LIMIT = 1.4  # GiB of its own at any moment; imports are 0.4 of them, and the worst lesson is at 1.0 on two cores
MORE = {"11_measuring_gans": 1.7}  # ten thousand images, several times: 1.3


def high_water(pid: int) -> float:
    """GiB that a process itself has asked for, at its worst; without the pages of files (libraries, mapped data): how
    many of those are resident is the system's choice, and it takes them back at will."""
    fields = dict(re.findall(r"(\w+):\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="utf-8")))
    return (int(fields["VmHWM"]) - int(fields["RssFile"])) / 2**20


class Replay:
    """A kernel that says again what a cell has just said."""

    def __init__(self, outputs):
        idle = {"msg_type": "status", "content": {"execution_state": "idle"}}
        said = [{"msg_type": output.output_type, "content": output} for output in copy.deepcopy(outputs)]
        self.messages = iter([message | {"parent_header": {"msg_id": "again"}} for message in [*said, idle]])

    def is_alive(self) -> bool:
        return True

    def execute_cell_input(self, source, allow_stdin) -> str:
        return "again"

    def await_reply(self, msg_id, timeout) -> None:
        pass

    def get_message(self, stream, timeout):
        return next(self.messages)


def corrupted(outputs: list) -> Iterator[list]:
    """The stored outputs with another last digit in one of their texts: what was printed, a table, words for a
    picture."""
    for i, output in enumerate(outputs):
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        if found := list(re.finditer(r"\d", text)):
            place, digit = found[-1].start(), found[-1][0]
            wrong, changed = text[:place] + ("7" if digit != "7" else "3") + text[place + 1 :], copy.deepcopy(outputs)
            (changed[i] if output.output_type == "stream" else changed[i].data).update(
                {"text" if output.output_type == "stream" else "text/plain": wrong})
            yield changed


def would_be_red(item, outputs: list) -> bool:
    """Whether nbval turns the cell red, all as it was but for these stored outputs."""
    stored, kernel = item.cell.outputs, item.parent.kernel
    item.cell.outputs, item.parent.kernel = outputs, Replay(item.test_outputs)
    try:
        item.runtest()
    except NbCellError:
        return True
    finally:
        item.cell.outputs, item.parent.kernel = stored, kernel
    return False


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    if not hasattr(item.parent, "kernel"):
        return (yield)
    measured = Path("/proc/self/status").exists() and not shutil.which("nvidia-smi")  # a GPU's driver takes its own
    if "text/html" not in item.parent.skip_compare:  # pictures, and tables, whose text is compared
        item.parent.skip_compare += ("text/html",)
    pid, limit = item.parent.kernel.km.provisioner.pid, MORE.get(item.path.stem, LIMIT)
    before = high_water(pid) if measured else 0
    result = yield
    after = high_water(pid) if measured else 0
    if before < limit <= after:
        what = f"from here on the lesson's own memory is {after:.2f} GiB, expected less than {limit}"
        pytest.fail(what, pytrace=False)
    compared = "nbval-ignore-output" not in item.cell.metadata.get("tags", [])
    if compared and not all(would_be_red(item, wrong) for wrong in corrupted(item.cell.outputs)):
        pytest.fail("nbval does not notice another digit in this cell's stored output", pytrace=False)
    return result
