"""Inputs of a run, then and now: which files have other checksums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eventpanel.datasets.checks import sha256
from eventpanel.reports.folder import is_inside
from eventpanel.runs.folder import InputPart
from eventpanel.runs.settings import changed

__all__ = ["checksums", "found_now", "input_changes"]

SIMULATED = "simulated"


def checksums(inputs: Sequence[InputPart]) -> dict[str, str]:
    """Checksum of each input, by source and file.

    Parameters
    ----------
    inputs : sequence of InputPart
    """
    return {f"{one.name} {one.file}".strip(): one.sha256 or SIMULATED for one in inputs}


def input_changes(then: Sequence[InputPart], now: Sequence[InputPart]) -> list[tuple[str, str, str]]:
    """List inputs that are not the same: source and file, checksum then, checksum now.

    Parameters
    ----------
    then, now : sequence of InputPart
    """
    return changed(checksums(then), checksums(now))


def found_now(inputs: Sequence[InputPart], study: Mapping[str, Any], data: Sequence[Path]) -> list[InputPart]:
    """Give inputs the checksums of the files that would be read now; of a folder, that of then is kept.

    Parameters
    ----------
    inputs : sequence of InputPart
        As the manifest names them.
    study : mapping
        The study, for the places of its files.
    data : sequence of Path
        Folders of the publishers' files, searched in order.

    Returns
    -------
    list of InputPart
        Without those whose file is not there.
    """
    sections = study.get("inputs")
    paths: dict[str, Path] = {}
    for section in sections.values() if isinstance(sections, Mapping) else ():
        files = section.get("file") if isinstance(section, Mapping) else None
        names = [files] if isinstance(files, str) else files if isinstance(files, list) else []
        held = [folder / name for folder in data for name in names if isinstance(name, str) and is_inside(name)]
        paths |= {one.name: one for one in [one for one in held if one.exists()][:1]}
    found = []
    for one in inputs:
        path = paths.get(one.file)
        if path is not None and path.is_file():
            found.append(one.model_copy(update={"sha256": sha256(path)}))
        elif path is not None or not one.file:
            found.append(one)
    return found
