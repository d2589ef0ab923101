"""Verdict: what the headline survives, what kills it, what the data cannot tell, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from eventpanel.robustness.case import Case
from eventpanel.robustness.plan import Checked
from eventpanel.robustness.variation import unit_of

__all__ = ["Verdict", "headline_in_words", "headline_terms", "verdict", "verdict_in_words"]


class Verdict(NamedTuple):
    """Checks by what they say."""

    survives: tuple[Checked, ...]
    weakened: tuple[Checked, ...]
    killed: tuple[Checked, ...]
    open: tuple[Checked, ...]


def headline_in_words(case: Case) -> str:
    """Say what is under test, with its number.

    Parameters
    ----------
    case : Case
    """
    one = case.headline
    bounds = one.conf_int(case.level).iloc[0]
    against = " Its sign is not the predicted one." if one.coef[0] * case.target.sign < 0 else ""
    return (
        f"Under test: the effect on {unit_of(case.question)}, {case.target.describe()}, predicted to be "
        f"{case.target.direction}. It is {one.coef[0]:.4g} with a standard error of {one.std_errors.iloc[0]:.3g}; "
        f"{case.level:.0%} interval {bounds['lower']:.4g} to {bounds['upper']:.4g}; p = {one.pvalues.iloc[0]:.3g}."
        f"{against}"
    )


def headline_terms(case: Case) -> list[tuple[str, str]]:
    """Say how the headline is estimated: name and value of each choice.

    Parameters
    ----------
    case : Case
    """
    design, window = case.design, case.design.window
    terms = [
        ("Estimate", f"{case.section.estimate}: {case.study.estimates[case.section.estimate].title}"),
        ("Estimator", case.question.estimator),
        ("Outcome", design.outcome),
        ("Event", design.event.describe()),
        ("Window", f"{window.leads} leads, {window.lags} lags"),
        ("Sample", design.sample.describe()),
        ("Fixed effects", ", ".join(design.fixed_effects) or "none"),
        ("Controls", ", ".join(design.controls) or "none"),
        ("Covariance", design.covariance.describe()),
        ("Groups", "none" if design.moderator is None else design.moderator.describe()),
        ("Number watched", case.target.describe()),
        ("Prediction", case.target.direction),
    ]
    return [*terms, *[("Caution", note) for note in case.estimate.notes]]


def verdict(checked: Sequence[Checked]) -> Verdict:
    """Sort checks by their findings.

    Parameters
    ----------
    checked : sequence of Checked
    """
    answers = ("holds", "weakens", "breaks", "cannot tell")
    return Verdict(*(tuple(one for one in checked if one.finding.answer == answer) for answer in answers))


def verdict_in_words(checked: Sequence[Checked]) -> str:
    """Say how many checks the headline survives, and which it does not.

    Parameters
    ----------
    checked : sequence of Checked
    """
    found = verdict(checked)
    words = [f"Of {len(checked)} checks the headline survives {len(found.survives)}."]
    for start, some in (
        ("It is weakened by", found.weakened),
        ("It does not survive", found.killed),
        ("The data cannot tell of", found.open),
    ):
        if some:
            words.append(f"{start}: {'; '.join(one.check.title for one in some)}.")
    return " ".join(words)
