"""Output can be read on 80 columns, in ASCII, and by a reader that goes away."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from eventpanel.cli import BROKEN_PIPE
from tests.cli.projects import Project, Shell

COLUMNS = 80
ASCII = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}


def too_long(text: str) -> list[str]:
    return [line for line in text.splitlines() if len(line) > COLUMNS and "://" not in line and "/" not in line]


@pytest.mark.parametrize("arguments", [["check", "demo"], ["sources"], ["run", "no-such-study"], ["--help"]])
def test_lines_fit_80_columns_and_ascii(shell: Shell, arguments: list[str]) -> None:
    answer = shell(*arguments, COLUMNS=str(COLUMNS), **ASCII)
    assert "Traceback" not in answer.stderr
    assert too_long(answer.stdout + answer.stderr) == []
    assert (answer.stdout + answer.stderr).isascii()


def test_a_run_fits_80_columns_and_ascii(project: Project) -> None:
    project.change(("autocracy", "Autokratie in \N{LATIN CAPITAL LETTER O WITH DIAERESIS}sterreich"))
    answer = subprocess.run(
        [sys.executable, "-m", "eventpanel", "run", "study.toml", "--out", "out"],
        cwd=project.folder,
        env=os.environ | ASCII,
        capture_output=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == b""
    text = answer.stdout.decode("ascii")
    assert "Autokratie in ?sterreich" in text
    assert too_long(text) == []


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise there")
@pytest.mark.parametrize("arguments", [["sources"], ["check", "demo"]], ids=["long output", "short output"])
def test_a_reader_that_goes_away_is_no_error(arguments: list[str]) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": ""}  # short output then waits for the end
    with subprocess.Popen(
        [sys.executable, "-m", "eventpanel", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == BROKEN_PIPE
