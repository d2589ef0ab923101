"""Coded columns: values as positions among sorted labels, and combinations of them as one number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A column as codes.

    Attributes
    ----------
    codes : ndarray, shape (n,)
        Position of each row's value among the labels; -1 where it is missing.
    labels : Index
        Distinct values, sorted.
    """

    codes: Codes
    labels: pd.Index

    @property
    def with_missing(self) -> Codes:
        """Codes in which rows without a value are a group of their own."""
        missing = self.codes < 0
        return np.where(missing, len(self.labels), self.codes) if missing.any() else self.codes


def factorise(column: pd.Series) -> Coded:
    """Code one column, shape (n,)."""
    if column.dtype == np.int64 and len(column):
        values = column.to_numpy()
        low, high = int(values.min()), int(values.max())
        if high - low <= len(values) + 1000:
            present = np.bincount(values - low) > 0
            return Coded((np.cumsum(present) - 1)[values - low], pd.Index(np.flatnonzero(present) + low))
    codes, found = pd.factorize(column)
    labels = pd.Index(found)
    if labels.is_monotonic_increasing:
        return Coded(codes.astype(np.int64, copy=False), labels)
    place, ordered = pd.factorize(labels, sort=True)
    return Coded(np.append(place, -1).astype(np.int64)[codes], pd.Index(ordered))


def cross_codes(numbers: Sequence[Codes]) -> Codes:
    """Give one number to each combination of several, shape (n,); not always dense.

    Parameters
    ----------
    numbers : sequence of ndarray, each shape (n,)
        Not negative.
    """
    codes = numbers[0]
    for one in numbers[1:]:
        codes = codes * (int(one.max(initial=0)) + 1) + one
        # Numbers stay near the number of rows: tables by level stay small.
        if codes.max(initial=0) > 4 * len(codes):
            codes = np.unique(codes, return_inverse=True)[1].reshape(-1)
    return codes


def row_numbers(coded: Sequence[Coded]) -> Codes:
    """One number a row, in the order of the keys; equal for equal keys."""
    number = coded[0].codes
    for one in coded[1:]:
        number = number * len(one.labels) + one.codes
    return number
