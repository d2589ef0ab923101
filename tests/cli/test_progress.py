"""Progress: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("pseudo-terminals are not to be had on Windows", allow_module_level=True)

import fcntl
import pty
import termios


def on_a_terminal(folder: Path, *arguments: str) -> str:
    """What a run writes to a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [sys.executable, "-m", "eventpanel", "run", "demo", "--out", "out", *arguments]
    process = subprocess.Popen(command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    written = b""
    while True:
        try:
            block = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not block:
            break
        written += block
    os.close(ours)
    assert process.wait(60) == 0
    return written.decode()


def test_steps_are_named_on_a_terminal(tmp_path: Path) -> None:
    written = on_a_terminal(tmp_path)
    for step in ("reading deals", "estimating regimes", "drawing"):
        assert step in written
    assert "same period" in written


def test_quiet_writes_nothing_to_a_terminal(tmp_path: Path) -> None:
    assert on_a_terminal(tmp_path, "--quiet") == ""


def test_there_is_no_bar_in_a_file(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "eventpanel", "run", "demo", "--out", "out"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert answer.stderr == ""
    assert "reading" not in answer.stdout
