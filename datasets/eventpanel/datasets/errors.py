"""The error tree: every message says what is wrong, where, and what to do.

::

    EventPanelError (1)
    |-- InputError                 a file or a table that cannot be used
    |   |-- MissingFileError (10)      -- WrongLayoutError (11)   -- EncodingError (12)
    |   |-- ColumnError (13)           -- NumberError (14)        -- CountryError (15)
    |   |-- FetchError (16)              -- NotAvailableError (17)
    |-- PanelError                 rows that do not make a panel
    |   |-- DuplicateKeyError (20)     -- FrequencyError (21)     -- MergeError (22)
    |-- DesignError (30)           a question the panel cannot answer
    |   |-- WindowError (31)           -- ConstantOutcomeError (32)
    |   |-- NoEventError (33)          -- FewClustersError (34)   -- IdentificationError (35)
    |   |-- RecurringEventError (36)
    |-- StudyError (40)            a study file or a setting that is not understood
    |-- OutputError (50)           results that cannot be written
    |-- WorkerError (51)           a process that ended before its work was done
    |-- VerificationError (60)     a run that does not come out again as its folder says

The number is the exit code of the command line.
"""

from __future__ import annotations

from collections.abc import Iterable

SHOWN = 5


def first_few(items: Iterable[object], shown: int = SHOWN) -> str:
    """List the first items and say how many more there are.

    Examples
    --------
    >>> first_few(["a", "b", "c"], shown=2)
    'a, b and 1 more'
    """
    listed = [str(item) for item in items]
    rest = len(listed) - shown
    return ", ".join(listed[:shown]) + (f" and {rest} more" if rest > 0 else "")


def number(count: int, what: str) -> str:
    """Say how many there are of something, one without an s.

    Examples
    --------
    >>> number(1, "event"), number(2, "event")
    ('1 event', '2 events')
    """
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


class EventPanelError(ValueError):
    """Base of all errors that are the input's fault.

    Parameters
    ----------
    what : str
        What is wrong.
    where : str
        File, column, country or year; the first five.
    remedy : str
        What to do about it.
    """

    exit_code = 1

    def __init__(self, what: str, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        parts = [what, f"  where: {where}" if where else "", f"  what to do: {remedy}" if remedy else ""]
        super().__init__("\n".join(part for part in parts if part))


class InputError(EventPanelError):
    """A file or a table that cannot be used."""


class MissingFileError(InputError):
    """A file that is not there."""

    exit_code = 10


class WrongLayoutError(InputError):
    """A file that is not what its reader expects."""

    exit_code = 11


class EncodingError(InputError):
    """Text in another encoding than declared."""

    exit_code = 12


class ColumnError(InputError):
    """A column that is not there."""

    exit_code = 13


class NumberError(InputError):
    """Text where a number or a year should stand."""

    exit_code = 14


class CountryError(InputError):
    """A country name or code that cannot be used."""

    exit_code = 15


class FetchError(InputError):
    """A publisher's file that cannot be fetched, or is not what it should be."""

    exit_code = 16


class NotAvailableError(InputError):
    """Data that a table or figure needs and the study does not have."""

    exit_code = 17


class PanelError(EventPanelError):
    """Rows that do not make a panel."""


class DuplicateKeyError(PanelError):
    """Two rows for the same unit and period."""

    exit_code = 20


class FrequencyError(PanelError):
    """Periods of different lengths."""

    exit_code = 21


class MergeError(PanelError):
    """A join whose keys or cardinality are in doubt."""

    exit_code = 22


class DesignError(EventPanelError):
    """A question the panel cannot answer."""

    exit_code = 30


class WindowError(DesignError):
    """A window of leads and lags longer than the panel."""

    exit_code = 31


class ConstantOutcomeError(DesignError):
    """An outcome that does not vary."""

    exit_code = 32


class NoEventError(DesignError):
    """An event that never happens or always does."""

    exit_code = 33


class FewClustersError(DesignError):
    """Too few clusters for any statement about uncertainty."""

    exit_code = 34


class IdentificationError(DesignError):
    """A path of which nothing is identified."""

    exit_code = 35


class RecurringEventError(DesignError):
    """Events that return, given to an estimator for events that happen once."""

    exit_code = 36


class StudyError(EventPanelError):
    """A study file or a setting that is not understood."""

    exit_code = 40


class OutputError(EventPanelError):
    """Results that cannot be written."""

    exit_code = 50


class WorkerError(EventPanelError):
    """A process that ended before its work was done."""

    exit_code = 51


class VerificationError(EventPanelError):
    """A run that does not come out again as its folder says."""

    exit_code = 60
