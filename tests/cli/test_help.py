"""Help answers at once: nothing heavy is imported for it."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from eventpanel.cli import main

HEAVY = {
    "numpy",
    "pandas",
    "scipy",
    "matplotlib",
    "pydantic",
    "jinja2",
    "requests",
    "duckdb",
    "statsmodels",
    "linearmodels",
}
# The promise of the issue "The main job".
SECONDS = 0.3


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["run", "--help"],
        ["fetch", "--help"],
        ["codes", "audit", "--help"],
        ["robustness", "--help"],
        ["--version"],
    ],
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys\nfrom eventpanel.cli import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit:\n    print('MODULES', *sys.modules)\n"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in answer.stdout.partition("MODULES")[2].split()}
    assert "eventpanel" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("arguments", [["sources"], ["fetch", "--list"]])
def test_lists_do_not_wait_for_numbers(arguments: list[str]) -> None:
    script = f"import sys\nfrom eventpanel.cli import main\nmain({arguments!r})\nprint('MODULES', *sys.modules)\n"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in answer.stdout.rpartition("MODULES")[2].split()}
    assert "tomllib" in loaded
    assert not loaded & (HEAVY - {"requests"})


def test_help_is_quick() -> None:
    def once() -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "eventpanel", "--help"], capture_output=True, check=True)
        return time.perf_counter() - start

    assert min(once() for _ in range(5)) < SECONDS


def test_help_names_every_command_and_the_built_in_studies(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    for command in ("run", "check", "coverage", "verify", "diff", "robustness", "sources", "fetch", "codes"):
        assert f"\n    {command}" in text
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    text = " ".join(capsys.readouterr().out.split()).replace("- ", "-")  # lines may end at a hyphen
    assert "brookings-public, brookings, demo, unrest-deals, world-panel" in text
