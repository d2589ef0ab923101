"""Columns that the data cannot give: the others are made, and the table says what is left out and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from eventpanel.datasets.errors import DesignError, NotAvailableError

__all__ = ["those_possible"]

T = TypeVar("T")


def those_possible(makers: Iterable[tuple[str, Callable[[], T]]]) -> tuple[list[T], tuple[str, ...]]:
    """Make columns, and say of those that data or sample cannot give why.

    Parameters
    ----------
    makers : iterable of (name, callable)
        What a column is called in a note, and what makes it.

    Returns
    -------
    made : list
    notes : tuple of str
        One line for each reason.

    Raises
    ------
    NotAvailableError, DesignError
        None can be made; the reason of the first.

    Examples
    --------
    >>> those_possible([("A (1)", lambda: 1), ("A (2)", lambda: 2)])
    ([1, 2], ())
    """
    made: list[T] = []
    first: NotAvailableError | DesignError | None = None
    why: dict[str, list[str]] = {}
    for name, make in makers:
        try:
            made.append(make())
        except (NotAvailableError, DesignError) as error:
            first = first or error
            why.setdefault(f"{error.what} {error.where}".strip(), []).append(name)
    if not made and first is not None:
        raise first
    return made, tuple(f"Left out: {', '.join(names)}. {reason}" for reason, names in why.items())
