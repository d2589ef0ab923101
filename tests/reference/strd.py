"""The linear regression sets of NIST, as exact decimals."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.double_double import Pairs
from tests.rational import Row, as_pairs

FOLDER = Path(__file__).parent / "nist"
DEGREES = {"norris": 1, "pontius": 2, "filip": 10} | {f"wampler{number}": 5 for number in range(1, 6)}
NAMES = ("norris", "pontius", "noint1", "noint2", "longley", "filip", *(f"wampler{number}" for number in range(1, 6)))


@dataclass(frozen=True)
class ReferenceSet:
    """One set: exact decimals of the data, powers formed exactly, and the certified values as printed."""

    name: str
    y: Row
    columns: tuple[Row, ...]
    estimates: tuple[Fraction, ...]
    errors: tuple[Fraction, ...]
    residual_sd: Fraction
    r_squared: Fraction

    @property
    def has_constant(self) -> bool:
        return not self.name.startswith("noint")

    def doubles(self) -> tuple[Floats, Floats]:
        """Outcome and columns as a program holds them: decimals rounded, powers rounded."""
        return np.array(self.y, dtype=float), np.array(self.columns, dtype=float).T

    def pairs(self) -> tuple[Pairs, Pairs]:
        """Outcome and columns in double-double."""
        parts = [as_pairs(column) for column in self.columns]
        design = (np.column_stack([part.high for part in parts]), np.column_stack([part.low for part in parts]))
        return as_pairs(self.y), Pairs(*design)


def reference_set(name: str) -> ReferenceSet:
    """Read a set and its certified values."""
    rows = [[Fraction(cell) for cell in row] for row in _cells(FOLDER / f"{name}.csv")]
    y, given = [row[0] for row in rows], [list(column) for column in zip(*(row[1:] for row in rows), strict=True)]
    if name in DEGREES:
        columns = [[x**power for x in given[0]] for power in range(DEGREES[name] + 1)]
    else:
        columns = given if name.startswith("noint") else [[Fraction(1)] * len(y), *given]
    certified = [row[1:] for row in _cells(FOLDER / "certified.csv") if row[0] == name]
    values = {parameter: Fraction(estimate) for parameter, estimate, _ in certified}
    return ReferenceSet(
        name=name,
        y=y,
        columns=tuple(columns),
        estimates=tuple(value for parameter, value in values.items() if parameter.startswith("b")),
        errors=tuple(Fraction(error) for _, _, error in certified if error),
        residual_sd=values["residual_sd"],
        r_squared=values["r_squared"],
    )


def _cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))[1:]
