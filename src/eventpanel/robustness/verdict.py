"""Verdict: what the headline survives, what kills it, what the data cannot tell, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from eventpanel.datasets.errors import number
from eventpanel.robustness.case import Case
from eventpanel.robustness.judge import is_significant
from eventpanel.robustness.plan import Checked, Plan
from eventpanel.robustness.variation import unit_of

__all__ = ["Verdict", "headline_in_words", "headline_terms", "not_shown_in_words", "verdict", "verdict_in_words"]


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
    return (
        f"Under test: the effect on {unit_of(case.question)}, {case.target.describe()}, predicted to be "
        f"{case.target.direction}. It is {one.coef[0]:.4g} with a standard error of {one.std_errors.iloc[0]:.3g}; "
        f"{100 * case.level:g}% interval {bounds['lower']:.4g} to {bounds['upper']:.4g}; "
        f"p = {one.pvalues.iloc[0]:.3g}." + (" Its sign is not the predicted one." if _is_against(case) else "")
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
    counted = _of_the_effect(checked)
    return Verdict(*(tuple(one for one in counted if one.finding.answer == answer) for answer in answers))


def _of_the_effect(checked: Sequence[Checked]) -> list[Checked]:
    """Leave out those that certify numbers and found them right."""
    return [one for one in checked if not one.check.certifies or one.finding.answer != "holds"]


def not_shown_in_words(case: Case) -> str:
    """Say that the headline does not show what was predicted; nothing where it does.

    Parameters
    ----------
    case : Case
    """
    value, bounds = float(case.headline.coef[0]), case.headline.conf_int(case.level).iloc[0]
    interval = f"its {100 * case.level:g}% interval, {bounds['lower']:.4g} to {bounds['upper']:.4g},"
    if not is_significant(case):
        found = f"it was to be {case.target.direction}, and {interval} holds zero"
    elif _is_against(case):
        found = f"it was to be {case.target.direction}, and is {value:.4g}: {interval} lies on the other side of zero"
    else:
        return ""
    return (
        f"The headline does not show what was predicted: {found}. There is nothing to survive; the checks say what the "
        "design could have shown, and what other choices show."
    )


def verdict_in_words(case: Case, plan: Plan, checked: Sequence[Checked]) -> str:
    """Say how many checks the headline survives, which it does not, and how many were not made.

    Where the headline shows nothing, that comes first.

    Parameters
    ----------
    case : Case
    plan : Plan
    checked : sequence of Checked
    """
    found, nothing = verdict(checked), not_shown_in_words(case)
    count = number(len(_of_the_effect(checked)), "check")
    words = [nothing or f"Of {count} the headline survives {len(found.survives)}."]
    told = [("It is weakened by", found.weakened), ("It does not survive", found.killed)]
    if nothing:
        told = [("No fault found by", found.survives), ("Fault found by", (*found.killed, *found.weakened))]
    for start, some in (*told, ("Nothing can be told from", found.open)):
        if some:
            words.append(f"{start}: {'; '.join(one.check.title for one in some)}.")
    if plan.without:
        words.append(f"{number(len(plan.without), 'more check')} could not be made: the study lacks what they need.")
    return " ".join(words)


def _is_against(case: Case) -> bool:
    """Whether the headline has the other sign than was predicted."""
    return float(case.headline.coef[0]) * case.target.sign < 0
