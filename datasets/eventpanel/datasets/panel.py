"""Panel: one row per unit and period, keys checked, sources and coverage remembered."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventpanel.datasets.answers import (
    Answer,
    Mask,
    Rows,
    Watched,
    answers_of,
    framed,
    may_be_censored,
    tabulate,
)
from eventpanel.datasets.coded import Coded, cross_codes, factorise, row_numbers
from eventpanel.datasets.conflicts import no_conflicts
from eventpanel.datasets.errors import ColumnError, DuplicateKeyError, NumberError, PanelError, first_few
from eventpanel.datasets.periods import frequency, to_period
from eventpanel.datasets.source import Source

__all__ = ["TREND", "Panel", "Source"]

# How names of columns begin that hold the trend of a unit; there is one a unit, and nobody means them by name.
TREND = "trend of "

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Panel:
    """One row per unit and period, sorted by them and never changed in place.

    Parameters
    ----------
    frame : DataFrame
        Any columns; ``unit`` and ``period`` among them, without missing values.
    unit : tuple of str
        Key columns that name a unit: ``("importer",)`` or ``("exporter", "importer")``.
    period : str or None
        Column of years or periods; ``None`` for facts that do not change, such as distance.
    sources : tuple of Source
        Where the columns come from.
    conflicts : DataFrame
        What did not match, matched twice or collided, and what was done about it.
    watched : tuple of Watched
        The frames of the sources: where each watches and where it sees only a part.

    Raises
    ------
    ColumnError
        A key column is not there.
    DuplicateKeyError
        Two rows for one unit and period.
    FrequencyError
        Periods of different lengths.
    PanelError
        Missing keys.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"importer": ["KEN", "KEN"], "year": [2011, 2010], "deals": [1, 0]})
    >>> Panel(frame, ("importer",), "year").frame["year"].tolist()
    [2010, 2011]
    """

    frame: pd.DataFrame
    unit: tuple[str, ...]
    period: str | None
    sources: tuple[Source, ...] = ()
    conflicts: pd.DataFrame = field(default_factory=no_conflicts)
    watched: tuple[Watched, ...] = ()
    _known: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        unit = (self.unit,) if isinstance(self.unit, str) else tuple(self.unit)
        object.__setattr__(self, "unit", unit)
        _check_keys(self.frame, self.keys)
        frame = _without_categories(self.frame, unit)
        coded = {name: factorise(frame[name]) for name in unit}
        missing = [name for name, one in coded.items() if (one.codes < 0).any()]
        if self.period is not None and frame[self.period].isna().any():
            missing.append(self.period)
        if missing:
            _refuse_missing(frame, missing)
        if self.period is not None:
            periods = to_period(frame[self.period])
            frame = frame if periods.dtype == frame[self.period].dtype else frame.assign(**{self.period: periods})
            coded[self.period] = factorise(frame[self.period])
        row = row_numbers(list(coded.values()))
        order = None if (np.diff(row) > 0).all() else np.argsort(row, kind="stable")
        if order is not None:
            if (np.diff(row[order]) == 0).any():
                _refuse_duplicates(frame, self.keys)
            frame = frame.take(order)
            coded = {name: Coded(one.codes[order], one.labels) for name, one in coded.items()}
        object.__setattr__(self, "frame", frame.reset_index(drop=True))
        self._known.update({("codes", name): one for name, one in coded.items()})

    @property
    def keys(self) -> tuple[str, ...]:
        """Unit columns followed by the period column, if there is one."""
        return self.unit if self.period is None else (*self.unit, self.period)

    @property
    def variables(self) -> tuple[str, ...]:
        """Columns that are not keys."""
        return tuple(name for name in self.frame.columns if name not in self.keys)

    @property
    def frequency(self) -> str | None:
        """``"integer"`` for years, pandas' alias for other periods, ``None`` without periods."""
        return None if self.period is None else frequency(self.frame[self.period])

    def column(self, name: str) -> pd.Series:
        """Return one column, or say which columns there are."""
        if name not in self.frame.columns:
            raise ColumnError(
                f"There is no column {name!r} in the panel.",
                f"columns: {first_few((one for one in map(str, self.frame) if not one.startswith(TREND)), 30)}",
                "correct the name, or add the input that holds it",
            )
        return self.frame[name]

    def number(self, name: str) -> pd.Series:
        """Return one column as floating-point numbers; text is refused."""
        column = self.column(name)
        if column.dtype == np.float64:
            return column
        if pd.api.types.is_numeric_dtype(column.dtype):
            return column.astype(float)
        numbers = pd.to_numeric(column, errors="coerce")
        bad = column[numbers.isna() & column.notna()]
        if len(bad):
            raise NumberError(
                f"Column {name!r} holds text where numbers are needed.",
                first_few(f"{value!r} in row {row}" for row, value in bad.items()),
                "correct these cells, or choose another column",
            )
        return numbers.astype(float)

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what a function makes of this panel; worked out once, and never to be written on.

        Parameters
        ----------
        key : hashable
            What it is.
        make : callable
            How it is made, when it is asked for first.
        """
        if key not in self._known:
            self._known[key] = make()
        made: T = self._known[key]
        return made

    def values(self, name: str) -> npt.NDArray[np.float64]:
        """Return one column as an array of floating-point numbers, shape (n,); text is refused, and so is writing."""
        return self.once(("values", name), lambda: _for_reading(self.number(name)))

    def codes(self, name: str) -> Coded:
        """Return one column as codes of its sorted values; worked out once."""
        return self.once(("codes", name), lambda: factorise(self.column(name)))

    def crossed(self, name: str, own: Mapping[str, npt.NDArray[np.int64]] | None = None) -> npt.NDArray[np.int64]:
        """Return numbers of the values of a column, or of several joined by ``^``; worked out once.

        Rows without a value are a group of their own. Numbers need not be dense.

        Parameters
        ----------
        name : str
        own : mapping of str to ndarray, shape (n,), optional
            Codes to take in the place of columns of these names; the numbers are then made anew.
        """
        parts = name.split("^")
        if own is None or not own.keys() & set(parts):
            return self.once(("crossed", name), lambda: cross_codes([self.codes(part).with_missing for part in parts]))
        return cross_codes([own[part] if part in own else self.codes(part).with_missing for part in parts])

    @property
    def rows(self) -> Rows:
        """Rows with the frames of their sources."""
        levels = {name: self.codes(name) for name in self.keys}
        return Rows(self.frame, self.watched, levels, self.period)

    def answers(self, name: str) -> npt.NDArray[np.int64]:
        """Return what the source of a column says about each row, shape (n,), as numbers of :class:`Answer`."""
        self.column(name)
        return self.once(("answers", name), lambda: answers_of(name, self.rows).astype(np.int64))

    def censored(self, name: str) -> Mask:
        """Return the rows in which a source has seen only a part of a column, shape (n,)."""
        if not may_be_censored(name, self.watched):
            return np.zeros(len(self.frame), dtype=bool)
        return np.asarray(self.answers(name) == Answer.CENSORED, dtype=bool)

    @property
    def coverage(self) -> pd.DataFrame:
        """How many rows of each unit each source answers, and how; see docs/coverage.md."""
        return tabulate(self.rows, framed(self.rows), self.unit)

    def with_frame(self, frame: pd.DataFrame) -> Panel:
        """Return the same panel with other rows or columns; keys are checked again."""
        return replace(self, frame=frame)


def _for_reading(column: pd.Series) -> npt.NDArray[np.float64]:
    values = column.to_numpy(dtype=float).view()
    values.flags.writeable = False
    return values


def _without_categories(frame: pd.DataFrame, unit: tuple[str, ...]) -> pd.DataFrame:
    """Plain values for units: groups of a category that has no row are not units."""
    categorical = [name for name in unit if isinstance(frame[name].dtype, pd.CategoricalDtype)]
    if not categorical:
        return frame
    return frame.assign(**{name: frame[name].astype(frame[name].cat.categories.dtype) for name in categorical})


def _check_keys(frame: pd.DataFrame, keys: tuple[str, ...]) -> None:
    absent = [key for key in keys if key not in frame.columns]
    if absent:
        raise ColumnError(
            f"Key columns are missing: {first_few(absent)}.",
            f"columns: {first_few(frame.columns, 30)}",
            "name the columns that hold unit and period",
        )


def _refuse_missing(frame: pd.DataFrame, keys: Sequence[str]) -> None:
    raise PanelError(
        "Keys must not be missing.",
        first_few(f"{frame[key].isna().sum()} rows of {key!r}" for key in keys),
        "remove these rows or complete their keys",
    )


def _refuse_duplicates(frame: pd.DataFrame, keys: tuple[str, ...]) -> None:
    twice = frame.duplicated(list(keys), keep=False)
    if twice.any():
        groups = frame.loc[twice, list(keys)].drop_duplicates()
        raise DuplicateKeyError(
            f"{len(groups)} combinations of {', '.join(keys)} stand on more than one row.",
            first_few(" ".join(map(str, row)) for row in groups.itertuples(index=False)),
            "aggregate the rows first, or add the column that tells them apart to the unit",
        )
