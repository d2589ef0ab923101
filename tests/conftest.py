"""Fixtures for all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of publishers' files, which are never part of this repository."""
    folder = Path(os.environ.get("EVENTPANEL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no publishers' files here: set EVENTPANEL_DATA to the folder that has them")
    return folder
