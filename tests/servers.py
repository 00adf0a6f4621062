"""Servers in processes of their own, for the tests."""

import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from processes import PATIENCE


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=PATIENCE).close()
    except OSError:
        return False
    return True


def wait_for(server: subprocess.Popen, url: str, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        if answers(url):
            return
        time.sleep(0.2)
    server.kill()
    pytest.fail(f"no answer from {url}: {log.read_text(encoding='utf-8')[-2000:]}")


def served(command: list, url: str, log: Path, **options) -> subprocess.Popen:
    """A server, once it answers."""
    server = subprocess.Popen(command, stdout=log.open("w", encoding="utf-8"), stderr=subprocess.STDOUT, **options)
    wait_for(server, url, log)
    return server
