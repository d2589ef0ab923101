"""Text files: csv that no spreadsheet takes for formulas, and the manifest of a run."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import metadata
from typing import Any

import pandas as pd

from eventpanel.datasets.panel import Source

__all__ = ["csv_bytes", "manifest", "system", "versions"]

PACKAGES = ("eventpanel", "numpy", "pandas", "scipy", "matplotlib", "pydantic")
FORMULA = ("=", "+", "-", "@", "\t", "\n")


def csv_bytes(table: pd.DataFrame) -> bytes:
    r"""Table as UTF-8 csv; numbers in full, texts that a spreadsheet would run as a formula get a leading apostrophe.

    Examples
    --------
    >>> csv_bytes(pd.DataFrame({"name": ["=1+1"], "value": [-0.5]}))
    b"name,value\n'=1+1,-0.5\n"
    """
    safe = table.copy()
    for column in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[column].dtype):
            safe[column] = safe[column].map(_harmless, na_action="ignore")
    safe.columns = pd.Index([_harmless(name) for name in safe.columns])
    return safe.to_csv(index=False, lineterminator="\n").encode()


def _harmless(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")  # a lone \r would end the row for most readers
    return f"'{text}" if text.startswith(FORMULA) else text


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that numbers and pictures depend on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def system() -> str:
    """Name the kind of machine, such as ``"Linux x86_64"``."""
    return f"{platform.system()} {platform.machine()}"


def manifest(study: Mapping[str, Any], sources: Sequence[Source], outputs: Mapping[str, bytes], command: str) -> bytes:
    """Say what went in and what came out: command, study, inputs with checksums, versions, outputs with checksums.

    The manifest holds no time and no path, so that equal runs leave equal manifests.

    Parameters
    ----------
    study : mapping
        The study with all settings, as a dictionary.
    sources : sequence of Source
        The inputs.
    outputs : mapping of str to bytes
        File names and their content.
    command : str
        What made them, such as ``"run"``.
    """
    content = {
        "command": command,
        "title": study["title"],
        "label": study["label"],
        "seed": (study.get("simulation") or {}).get("seed"),
        "inputs": [asdict(source) for source in sources],
        "versions": versions(),
        "platform": system(),
        "study": study,
        "outputs": {name: hashlib.sha256(data).hexdigest() for name, data in outputs.items()},
    }
    return (json.dumps(content, indent=2, sort_keys=False, ensure_ascii=False) + "\n").encode()
