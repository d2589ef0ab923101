"""Progress: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from eventpanel.commands.progress import parts_bar
from eventpanel.robustness.standing import Standing

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


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("quiet", [False, True])
def test_time_left_of_checks_is_what_the_run_says(monkeypatch: pytest.MonkeyPatch, quiet: bool) -> None:
    # 90 parts of an earlier run took no time now: a rate of parts a second would promise the end at once.
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with parts_bar(quiet=quiet) as watch:
        watch(Standing("", 90, 100, 90, float("nan")))
        before = terminal.getvalue()
        watch(Standing("axes: window", 91, 100, 90, 125.0))
    if quiet:
        assert terminal.getvalue() == ""
        return
    assert "90/100" in before
    assert "left" not in before
    assert "axes: window" in terminal.getvalue()
    assert "91/100" in terminal.getvalue()
    assert "02:05 left" in terminal.getvalue()
