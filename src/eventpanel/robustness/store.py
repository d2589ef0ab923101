"""Store: finished parts on disk, so that a run that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from eventpanel.datasets.errors import OutputError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.reports.folder import LOCK, UNFINISHED, alone_in, remove_files, write_whole
from eventpanel.robustness.check import Part
from eventpanel.robustness.lines import Found, plain_found, read_found

__all__ = ["Store", "fingerprint"]

KEY = "run.json"
PART = re.compile(r"[\w-]+-[0-9a-f]{16}\.json")


def fingerprint(settings: Mapping[str, Any], panel: Panel, versions: Mapping[str, str]) -> dict[str, str]:
    """Name what the numbers of a run rest on, so that parts of another run are never taken for its own.

    Parameters
    ----------
    settings : mapping
        The study. Which checks were asked for is no matter: each part is the same in any company.
    panel : Panel
    versions : mapping of str to str

    Returns
    -------
    dict of str to str
        Checksums of the settings, of every cell of the panel, of the versions.
    """
    settings = dict(settings) | {"robustness": {**(settings.get("robustness") or {}), "checks": None}}
    cells = hashlib.sha256()
    for name in panel.frame.columns:
        cells.update(str(name).encode())
        cells.update(pd.util.hash_pandas_object(panel.frame[name].astype(object), index=False).to_numpy().tobytes())
    return {
        "study": _sum(json.dumps(settings, sort_keys=True, default=str)),
        "data": cells.hexdigest(),
        "versions": _sum(json.dumps(dict(versions), sort_keys=True)),
    }


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of finished parts, each written whole or not at all.

    Attributes
    ----------
    folder : Path
    key : mapping of str to str
        Fingerprint of the run.
    """

    folder: Path
    key: Mapping[str, str]

    @contextmanager
    def opened(self, *, fresh: bool = False) -> Iterator[None]:
        """Hold the folder alone: a new one, or one that the same run left.

        Parameters
        ----------
        fresh : bool
            Whether parts that are there are thrown away.

        Raises
        ------
        OutputError
            Another process is at work there; parts of another run; files that are none of ours; the disk refuses.
        """
        self._check_files()
        with ExitStack() as stack:
            try:
                stack.enter_context(alone_in(self.folder))
            except OSError as error:
                raise _refused(self.folder, error) from error
            self._begin(fresh=fresh)
            yield

    def _check_files(self) -> None:
        if self.folder.exists() and not self.folder.is_dir():
            raise OutputError(f"{self.folder} is a file.", str(self.folder), "choose another --out")
        present = self.folder.iterdir() if self.folder.exists() else ()
        strange = sorted(path.name for path in present if not _is_ours(path.name))
        if strange:
            raise OutputError(
                f"{self.folder} holds files that eventpanel did not write there.",
                first_few(strange),
                "choose another --out, or move these files away",
            )

    def _begin(self, *, fresh: bool) -> None:
        held = _read(self.folder / KEY)
        try:
            if fresh or held is None:
                # Without a key nothing was finished, or nobody knows of what.
                remove_files(self.folder, lambda name: name != LOCK)
                self._write(KEY, dict(self.key))
                return
            remove_files(self.folder, lambda name: name.endswith(UNFINISHED))
        except OSError as error:
            raise _refused(self.folder, error) from error
        other = [name for name, value in self.key.items() if held.get(name) != value]
        if other:
            raise OutputError(
                f"There are unfinished results of another run; what differs: {', '.join(other)}.",
                str(self.folder),
                "add --fresh to throw them away, or choose another --out",
            )

    def find(self, part: Part) -> Found | None:
        """Return what a part found before, or None.

        Parameters
        ----------
        part : Part
        """
        held = _read(self.folder / _name(part))
        if held is None or held.get("part") != part.name:
            return None
        try:
            return read_found(held)
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    def keep(self, part: Part, found: Found) -> Found:
        """Write what a part found, and return it as it will be read.

        Parameters
        ----------
        part : Part
        found : Found

        Raises
        ------
        OutputError
            The disk refuses; what was kept before stays.
        """
        plain = plain_found(found)
        try:
            self._write(_name(part), {"part": part.name, **plain})
        except OSError as error:
            raise _refused(self.folder, error) from error
        return read_found(plain)

    def remove(self) -> None:
        """Remove all parts and the folder."""
        remove_files(self.folder, _is_ours)

    def _write(self, name: str, content: object) -> None:
        write_whole(self.folder / name, json.dumps(content, allow_nan=False).encode())


def _is_ours(name: str) -> bool:
    return name in (KEY, LOCK) or name.endswith(UNFINISHED) or PART.fullmatch(name) is not None


def _read(path: Path) -> dict[str, Any] | None:
    try:
        held = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return held if isinstance(held, dict) else None


def _name(part: Part) -> str:
    """File of a part: readable, and one of a kind whatever the part is called."""
    return f"{part.check}-{_sum(part.name)[:16]}.json"


def _refused(folder: Path, error: OSError) -> OutputError:
    return OutputError(
        "Results of a finished part could not be kept.",
        f"{folder}: {error.strerror or error}",
        "free space, or choose another --out; the same command then goes on from what is kept",
    )
