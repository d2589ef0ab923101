"""Store: finished parts on disk, so that a run that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from eventpanel.datasets.errors import OutputError
from eventpanel.datasets.panel import Panel
from eventpanel.reports.folder import UNFINISHED, write_whole
from eventpanel.robustness.check import Part
from eventpanel.robustness.lines import Found, Line

__all__ = ["Store", "fingerprint"]

KEY = "run.json"


def fingerprint(settings: Mapping[str, Any], panel: Panel, versions: Mapping[str, str]) -> str:
    """Name what a run rests on: settings, every cell of the panel, versions.

    Parameters
    ----------
    settings : mapping
        The study.
    panel : Panel
    versions : mapping of str to str
    """
    cells = hashlib.sha256()
    for name in panel.frame.columns:
        cells.update(str(name).encode())
        cells.update(pd.util.hash_pandas_object(panel.frame[name].astype(object), index=False).to_numpy().tobytes())
    told = json.dumps([dict(settings), dict(versions), cells.hexdigest()], sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of finished parts, each written whole or not at all.

    Attributes
    ----------
    folder : Path
    key : str
        Fingerprint of the run; parts of another run are never used.
    """

    folder: Path
    key: str

    def open(self) -> None:
        """Make the folder, or go on in one that the same run left.

        Raises
        ------
        OutputError
            The folder holds parts of another run, or cannot be written.
        """
        held = self._held()
        if self.folder.exists() and held != self.key:
            raise OutputError(
                "There are unfinished results of another run: study, data or versions differ.",
                str(self.folder),
                "remove that folder, add --fresh to begin anew, or choose another --out",
            )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for left in self.folder.glob(f".*{UNFINISHED}"):
                left.unlink(missing_ok=True)
            if held is None:
                self._write(KEY, {"key": self.key})
        except OSError as error:
            raise _refused(self.folder, error) from error

    def _held(self) -> str | None:
        if not self.folder.exists():
            return None
        try:
            return str(json.loads((self.folder / KEY).read_text("utf-8"))["key"])
        except (OSError, ValueError, KeyError, TypeError):
            # A folder without its key was left before anything was finished; only an empty one is taken over.
            return self.key if self.folder.is_dir() and not _files(self.folder) else ""

    def find(self, part: Part) -> Found | None:
        """Return what a part found before, or None."""
        try:
            held = json.loads((self.folder / _name(part)).read_text("utf-8"))
            return Found(
                tuple(Line(*values) for values in held["lines"]),
                {label: tuple(values) for label, values in held["draws"].items()},
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, part: Part, found: Found) -> None:
        """Write what a part found.

        Raises
        ------
        OutputError
            The disk refuses; what was kept before stays.
        """
        try:
            self._write(_name(part), {"part": part.name, "lines": found.lines, "draws": found.draws})
        except OSError as error:
            raise _refused(self.folder, error) from error

    def remove(self) -> None:
        """Remove the folder with all parts."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, name: str, content: object) -> None:
        write_whole(self.folder / name, json.dumps(content).encode())


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if not path.name.endswith(UNFINISHED)]


def _name(part: Part) -> str:
    """File of a part: readable, and one of a kind whatever the part is called."""
    return f"{part.check}-{hashlib.sha256(part.name.encode()).hexdigest()[:16]}.json"


def _refused(folder: Path, error: OSError) -> OutputError:
    return OutputError(
        "Results of a finished part could not be kept.",
        f"{folder}: {error.strerror or error}",
        "free space, or choose another --out; the same command then goes on from what is kept",
    )
