"""Catalogue: all checks, in the order of the report."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from eventpanel.datasets.errors import StudyError
from eventpanel.robustness.check import Check
from eventpanel.robustness.checks import (
    axes,
    confounding,
    curve,
    cutoffs,
    differences,
    few_clusters,
    influential,
    lead_placebo,
    leave_out,
    placebo_events,
    placebo_outcomes,
    placebo_units,
    power,
    pretrends,
    randomised,
    rescaled,
    same_sample,
    windows,
    zeros,
)

__all__ = ["CHECKS", "asked_checks"]

CHECKS: dict[str, Check] = {
    check.name: check
    for check in (
        curve.CHECK,
        axes.CHECK,
        same_sample.CHECK,
        windows.CHECK,
        cutoffs.CHECK,
        zeros.CHECK,
        leave_out.CHECK,
        influential.CHECK,
        few_clusters.CHECK,
        randomised.CHECK,
        placebo_events.CHECK,
        lead_placebo.CHECK,
        pretrends.CHECK,
        placebo_outcomes.CHECK,
        placebo_units.CHECK,
        differences.CHECK,
        confounding.CHECK,
        power.CHECK,
        rescaled.CHECK,
    )
}


def asked_checks(names: Sequence[str] | None) -> tuple[Check, ...]:
    """Return checks by name, in the order of the report; all of them without names.

    Parameters
    ----------
    names : sequence of str, optional

    Raises
    ------
    StudyError
        An unknown name.

    Examples
    --------
    >>> [check.name for check in asked_checks(["axes"])]
    ['axes']
    """
    for name in names or ():
        if name not in CHECKS:
            close = difflib.get_close_matches(name, CHECKS, n=1)
            raise StudyError(
                f"There is no check {name!r}{f' (did you mean {close[0]}?)' if close else ''}.",
                "robustness.checks or --only",
                f"checks: {', '.join(CHECKS)}",
            )
    return tuple(check for name, check in CHECKS.items() if not names or name in names)
