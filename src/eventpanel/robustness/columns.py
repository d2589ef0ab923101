"""Columns that settings of checks name: a slip of the pen is said before anything is run."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from eventpanel.datasets.errors import StudyError
from eventpanel.robustness.case import Case

__all__ = ["check_columns"]

# What may be left out beside values of columns.
PARTS = ("cluster", "event", "row")


def check_columns(case: Case) -> None:
    """Refuse a setting that names a column which the panel does not have.

    Parameters
    ----------
    case : Case

    Raises
    ------
    StudyError
    """
    moderators = () if case.design.moderator is None else (case.design.moderator.name,)
    known = [*case.panel.frame.columns, *moderators, *PARTS]
    for key, name in _named(case):
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            raise StudyError(
                f"robustness.{key} names {name!r}, which is no column of the panel"
                f"{f' (did you mean {close[0]}?)' if close else ''}.",
                f"robustness.{key}",
                "correct the name, or add the input that holds it",
            )


def _named(case: Case) -> Iterator[tuple[str, str]]:
    section = case.section
    lists = {
        "leave_out.by": () if section.leave_out is None else section.leave_out.by,
        "influential.by": (section.influential.by,) if section.influential.by else (),
        "randomisation.strata": section.randomisation.strata,
        "curve.by": () if section.curve is None or section.curve.by is None else (section.curve.by,),
        "curve.strata": () if section.curve is None else section.curve.strata,
    }
    for key, names in lists.items():
        for name in names:
            yield from ((key, part) for part in name.split("^"))
