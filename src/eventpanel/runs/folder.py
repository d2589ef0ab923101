"""Read the output folder of a run: its manifest, checked, and the files that this names, never one outside."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eventpanel.datasets.checks import sha256
from eventpanel.datasets.errors import MissingFileError, WrongLayoutError, first_few
from eventpanel.datasets.source import Source
from eventpanel.reports.folder import MANIFEST, is_inside
from eventpanel.study import said

__all__ = ["AS_WRITTEN", "CHANGED", "MISSING", "PLATFORM", "Manifest", "Run", "read_manifest", "read_run"]

AS_WRITTEN = "as written"
CHANGED = "changed"
MISSING = "missing"
PLATFORM = "platform"
LARGEST = 16 * 2**20
REMEDY = "name a folder that eventpanel made, with its manifest as it was written"
Checksum = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Part(BaseModel):
    """A part of a manifest: nothing is converted; keys of later versions are passed over."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, allow_inf_nan=False)


class InputPart(Part):
    """An input as the manifest names it; the checksum is empty for simulated data."""

    name: str
    title: str
    url: str = ""
    licence: str = ""
    citation: str = ""
    file: str = ""
    sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$")
    coverage: str = ""

    @property
    def source(self) -> Source:
        """The same for those who write manifests."""
        return Source(**self.model_dump())


class Manifest(Part):
    """What a manifest says; one without a command is of an earlier version, which wrote none but those of runs."""

    command: str = "run"
    title: str
    label: str
    inputs: list[InputPart]
    versions: dict[str, str]
    platform: str
    study: dict[str, Any]
    outputs: dict[str, Checksum]

    @property
    def platforms(self) -> dict[str, str]:
        """Versions, and the platform among them."""
        return {**self.versions, PLATFORM: self.platform}


@dataclass(frozen=True, slots=True)
class Run:
    """An output folder.

    Attributes
    ----------
    folder : Path
    manifest : Manifest
        Names of its outputs lie inside the folder.
    """

    folder: Path
    manifest: Manifest

    def path(self, name: str) -> Path | None:
        """Path of an output; None where there is no such file, or a link leads out of the folder."""
        return _plain(self.folder, name)

    def state(self, name: str) -> str:
        """Whether an output is as written, changed or missing."""
        path = self.path(name)
        if path is None:
            return MISSING
        return AS_WRITTEN if sha256(path) == self.manifest.outputs[name] else CHANGED

    def content(self, name: str) -> bytes | None:
        """Content of an output, None where it is missing."""
        path = self.path(name)
        return None if path is None else path.read_bytes()


def _plain(folder: Path, name: str) -> Path | None:
    path = folder / name
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
        return path if inside and path.is_file() else None
    except (OSError, RuntimeError, ValueError):  # a name too long, links in a circle
        return None


def read_run(folder: Path) -> Run:
    """Read the manifest of an output folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    Run

    Raises
    ------
    MissingFileError
        No folder, or no manifest in it.
    WrongLayoutError
        A manifest that is not one; names of outputs that lead out of the folder.
    """
    path = _plain(folder, MANIFEST)
    if path is None:
        what = f"{folder} has no {MANIFEST}." if folder.is_dir() else f"There is no folder {folder}."
        raise MissingFileError(what, str(folder), "name the output folder of a run")
    if path.stat().st_size > LARGEST:
        raise WrongLayoutError(f"{MANIFEST} is too large for a manifest.", str(path), REMEDY)
    return Run(folder, read_manifest(path.read_bytes(), str(path)))


def read_manifest(content: bytes, where: str) -> Manifest:
    """Check a manifest: JSON without doubled keys, values of the right kinds, outputs inside the folder.

    Parameters
    ----------
    content : bytes
    where : str
        For messages.

    Raises
    ------
    WrongLayoutError
        Anything else.
    """
    try:
        held = json.loads(content.decode(), object_pairs_hook=_single, parse_constant=_finite)
        found = Manifest.model_validate(held)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, one['loc']))!r}: {said(one, Manifest)}" for one in error.errors()]
        raise WrongLayoutError(f"{MANIFEST} is not the manifest of a run.", first_few(lines), REMEDY) from error
    except (ValueError, RecursionError) as error:
        raise WrongLayoutError(f"{MANIFEST} cannot be read as JSON.", f"{where}: {error}", REMEDY) from error
    outside = [name for name in found.outputs if not is_inside(name)]
    if outside:
        raise WrongLayoutError(
            f"{MANIFEST} names outputs that lie outside the folder.", first_few(map(repr, outside)), REMEDY
        )
    return found


def _single(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that stands twice: readers would not agree which one holds."""
    held = dict(pairs)
    if len(held) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"doubled keys: {first_few(sorted({repr(n) for n in names if names.count(n) > 1}))}")
    return held


def _finite(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")
