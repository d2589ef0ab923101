"""Check: a question that a referee asks, the parts that answer it, and what the answer says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from eventpanel.robustness.case import Case
from eventpanel.robustness.lines import Found, Line

__all__ = ["Answer", "Check", "Finding", "Part"]

Answer = Literal["holds", "weakens", "breaks", "cannot tell"]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of work that is done and kept as a whole.

    Attributes
    ----------
    check : str
        Name of its check.
    name : str
        What it is, one of a kind within the check: ``"importer"``, ``"draws 1 to 128"``.
    work : callable
        From the case to what is found. It is sent to other processes: a function of a module, or a
        ``functools.partial`` of one with plain arguments. The same case always gives the same numbers.
    """

    check: str
    name: str
    work: Callable[[Case], Found]

    def __str__(self) -> str:
        """Say which part it is."""
        return f"{self.check}: {self.name}"


class Finding(NamedTuple):
    """What a check says of the headline.

    Attributes
    ----------
    answer : {"holds", "weakens", "breaks", "cannot tell"}
    words : str
        One to three plain sentences, numbers in them.
    """

    answer: Answer
    words: str


@dataclass(frozen=True, slots=True)
class Check:
    """A check.

    Attributes
    ----------
    name : str
        As in the study file and on the command line.
    title : str
    question : str
        What a referee asks.
    reading : str
        How the numbers are read: the null, what should stay and what should vanish, what is assumed.
    parts : callable
        The parts for a case, without estimating anything.

        Raises ``NotAvailableError`` where the case has not what the check needs: it is then listed with that reason.
    judge : callable
        What all lines of the check together say.
    draw : callable, optional
        A figure of them.
    join : callable, optional
        Lines that rest on all parts together, such as a joint test of their draws; they come before the others.
    tables : callable, optional
        More tables of the check, by file name without ending.
    certifies : bool
        Whether it is of the numbers and not of the effect: the headline survives nothing where it holds.
    """

    name: str
    title: str
    question: str
    reading: str
    parts: Callable[[Case], Sequence[Part]]
    judge: Callable[[Case, Sequence[Line]], Finding]
    draw: Callable[[Case, Found], Figure] | None = None
    join: Callable[[Case, Found], Sequence[Line]] | None = None
    tables: Callable[[Case, Found], Mapping[str, pd.DataFrame]] | None = None
    certifies: bool = False
