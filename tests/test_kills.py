"""A hundred kill -9: see kills.py, which does it in a process of its own, since threads do not survive a fork."""

import json
import os
from pathlib import Path

import processes
import pytest


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_hundred_kills(tmp_path, capsys):
    """Training, preparing pictures, drawing avatars and scoring, killed at random moments, end bit for bit as if left
    alone; printed with `pytest -s`."""
    process = processes.begin(processes.script(Path(__file__).with_name("kills.py"), tmp_path))
    out, err = process.communicate(timeout=3 * processes.PATIENCE)
    assert process.returncode == 0, err[-2000:]
    found = json.loads(out.splitlines()[-1])
    with capsys.disabled():
        print("\nkill -9 at random moments, then gone on with:")
        for job, (kills, same) in found.items():
            print(f"  {job:<10} {kills:>3} kills, {'bit for bit as if left alone' if same else 'ANOTHER END'}")
    assert sum(kills for kills, _ in found.values()) == 100
    assert all(same for _, same in found.values())
