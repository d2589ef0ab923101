"""A demo run that all tests share, a project to break, a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import eventpanel.run
from eventpanel.cli import main
from tests.cli.projects import Project, Shell, deals_csv, unrest_csv


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no picture in runs of this process: most of their time, and drawn by the demo and by runs of their own."""
    monkeypatch.setattr(eventpanel.run, "save", lambda *_: b"a picture")


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Project:
    """A study that works, before a test breaks it; no data folder in the environment, and nothing fetched."""
    monkeypatch.delenv("EVENTPANEL_DATA", raising=False)
    monkeypatch.setenv("EVENTPANEL_CACHE", str(tmp_path / "nothing-fetched"))
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(3)
    (tmp_path / "unrest.csv").write_text(unrest_csv(rng), encoding="utf-8")
    (tmp_path / "deals.csv").write_text(deals_csv(rng), encoding="utf-8")
    return Project(tmp_path, capsys).change()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of one run of the demo."""
    out = tmp_path_factory.mktemp("demo") / "out"
    assert main(["run", "demo", "--out", str(out), "--quiet"]) == 0
    return out


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Run ``python -m eventpanel`` as a process of its own, in an empty folder."""

    def call(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "eventpanel", *arguments]
        own = {key: value for key, value in os.environ.items() if key != "EVENTPANEL_DATA"}
        own |= {"EVENTPANEL_CACHE": str(tmp_path / "nothing-fetched")} | environment
        return subprocess.run(command, cwd=tmp_path, env=own, capture_output=True, text=True, timeout=120, check=False)

    return call
