"""R fixest: columns go to it as plain binary files, outside the clock; it times itself."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.contenders import Service, Timed
from benchmarks.peers import formula, needed
from benchmarks.workloads import FIRST, Specification

SCRIPT = Path(__file__).with_name("fixest.R")
THREADS = 2
ASK = "cat(as.character(packageVersion('fixest')), requireNamespace('jsonlite', quietly = TRUE))"


def installed() -> str:
    """Return the version of fixest, or nothing where R, fixest or jsonlite is not installed."""
    program = shutil.which("Rscript")
    if program is None:
        return ""
    answer = subprocess.run([program, "-e", ASK], capture_output=True, text=True, check=False)  # noqa: S603
    words = answer.stdout.split()
    return words[0] if answer.returncode == 0 and words[-1:] == ["TRUE"] else ""


@dataclass(frozen=True)
class Asked:
    """What R is asked: formulas, the code of the last year in the sample of each, clusters, a family."""

    formulas: Sequence[str]
    lasts: Sequence[int]
    cluster: str
    family: Literal["gaussian", "poisson"] = "gaussian"


@dataclass(frozen=True)
class Fixest:
    """A service whose data lie in a folder of its own; the folder goes when it is closed."""

    service: Service
    folder: tempfile.TemporaryDirectory[str]

    @property
    def name(self) -> str:
        """Name and version."""
        return self.service.name

    @property
    def language(self) -> Literal["R"]:
        """Always R."""
        return "R"

    @property
    def note(self) -> str:
        """What a reader must know."""
        return self.service.note

    def once(self) -> Timed:
        """Do the work once."""
        return self.service.once()

    def close(self) -> None:
        """End R and remove its data."""
        self.service.close()
        self.folder.cleanup()


def fixest(
    columns: Mapping[str, NDArray[Any]], asked: Asked, *, version: str, scale: float = 1.0, note: str = ""
) -> Fixest:
    """Write columns where R finds them, and name the process that will read them."""
    folder = tempfile.TemporaryDirectory()
    place = Path(folder.name)
    kinds: dict[str, str] = {}
    for name, column in columns.items():
        is_integer = np.issubdtype(column.dtype, np.integer)
        kinds[name] = "integer" if is_integer else "double"
        column.astype(np.int32 if is_integer else np.float64).tofile(place / f"{name}.bin")
    rows = len(next(iter(columns.values())))
    text = {
        "rows": rows,
        "columns": kinds,
        "threads": THREADS,
        "formulas": list(asked.formulas),
        "last": list(asked.lasts),
        "cluster": asked.cluster,
        "family": asked.family,
    }
    (place / "asked.json").write_text(json.dumps(text), "utf-8")
    command = ["Rscript", str(SCRIPT), folder.name]
    return Fixest(Service(f"R fixest {version} ({THREADS} threads)", "R", command, scale, note), folder)


def fixest_frame(
    ready: pd.DataFrame,
    specifications: Sequence[Specification],
    *,
    version: str,
    poisson: bool = False,
    scale: float = 1.0,
) -> Fixest:
    """Specifications on rows of a panel."""
    frame = needed(ready, specifications).assign(year=ready["year"])
    asked = Asked(
        [formula(one) for one in specifications],
        [one.sample[1] - FIRST for one in specifications],
        "importer",
        "poisson" if poisson else "gaussian",
    )
    return fixest({str(name): frame[name].to_numpy() for name in frame}, asked, version=version, scale=scale)
