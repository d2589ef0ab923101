"""Output folders written by hand: small tables with a manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eventpanel.datasets.source import Source
from eventpanel.reports.text import manifest

STUDY = {"title": "A study", "label": "TEST DATA", "window": {"leads": 2, "ends": "none"}}
ESTIMATES = """term,event_time,value,std_error,p_value
lead,-1,0.1,0.2,0.62
same,0,0.5,0.1,0.00001
lag,1,-0.02,0.1,0.84
"""
PAGE = "report.html"


def files_of(
    tables: Mapping[str, str], study: Mapping[str, Any] = STUDY, sources: tuple[Source, ...] = ()
) -> dict[str, bytes]:
    """All files of a run, the manifest last."""
    files = {name: text.encode() for name, text in tables.items()}
    return files | {"manifest.json": manifest(study, sources, files, "run")}


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def change(folder: Path, **keys: Any) -> Path:
    """Give the manifest other values."""
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | keys), encoding="utf-8")
    return folder
