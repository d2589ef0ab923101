"""Verdict: what the headline survives, what kills it, what the data cannot tell, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from eventpanel.robustness.case import Case
from eventpanel.robustness.plan import Checked
from eventpanel.robustness.variation import unit_of

__all__ = ["Verdict", "headline_in_words", "verdict"]


class Verdict(NamedTuple):
    """Checks by what they say."""

    survives: list[tuple[str, str]]
    weakened: list[tuple[str, str]]
    killed: list[tuple[str, str]]
    open: list[tuple[str, str]]


def headline_in_words(case: Case) -> str:
    """Say what is under test, with its number.

    Parameters
    ----------
    case : Case
    """
    one = case.headline
    bounds = one.conf_int(case.level).iloc[0]
    return (
        f"Under test: the effect on {unit_of(case.question)}, {case.target.describe()}, predicted to be "
        f"{case.target.direction}. It is {one.coef[0]:.4g} with a standard error of {one.std_errors.iloc[0]:.3g}; "
        f"{case.level:.0%} interval {bounds['lower']:.4g} to {bounds['upper']:.4g}; p = {one.pvalues.iloc[0]:.3g}."
    )


def verdict(case: Case, checked: Sequence[Checked]) -> Verdict:
    """Sort checks by their findings.

    Parameters
    ----------
    case : Case
    checked : sequence of Checked
    """
    places = {"holds": 0, "weakens": 1, "breaks": 2, "cannot tell": 3}
    sorted_in: tuple[list[tuple[str, str]], ...] = ([], [], [], [])
    for one in checked:
        sorted_in[places[one.finding.answer]].append((one.check.title, one.finding.words))
    return Verdict(*sorted_in)
