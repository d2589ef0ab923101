"""Power: which effect the design could have found, and what a significant estimate of it is worth."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from eventpanel.datasets.errors import NotAvailableError, first_few
from eventpanel.estimators.detectable import Detectable, Simulation, detectable
from eventpanel.estimators.without import is_sandwich
from eventpanel.robustness.case import Case
from eventpanel.robustness.check import Check, Finding, Part
from eventpanel.robustness.figures.power import FORMULA, SIMULATED, asked_effect, power_curve
from eventpanel.robustness.judge import is_significant
from eventpanel.robustness.lines import Found, Line, unmade
from eventpanel.robustness.variation import headline, unit_of

__all__ = ["CHECK"]

NAME, MINIMUM, WORTH = "power", "smallest effect that is found", "what significant estimates are worth"
WRONG, TOO_LARGE, EIGHTY = "share with the wrong sign", "times too large on average", "with a power of 80%"
ENOUGH = 0.8
POWER = "share of samples in which the effect is significant at 5%"

Known = Literal["distributed_lag", "ppml"]
KNOWN: dict[str, Known] = {"distributed_lag": "distributed_lag", "ppml": "ppml"}


def parts(case: Case) -> Sequence[Part]:
    """One part: one set of draws serves all effects."""
    _estimator(case)
    return [Part(NAME, "headline", _powered)]


def _estimator(case: Case) -> Known:
    name = case.question.estimator
    if name not in KNOWN:
        raise NotAvailableError(
            f"Power is known for distributed lags and Poisson; the headline is made by {name}.",
            "[robustness] estimate",
            "choose another headline",
        )
    return KNOWN[name]


def _effect(case: Case) -> float:
    asked = case.section.power.effect
    return float(case.headline.coef[0]) / 2 if asked is None else asked


def _powered(case: Case) -> Found:
    simulation = Simulation(seed=case.section.seed, draws=case.section.draws) if is_sandwich(case.design) else None
    effect = _effect(case)
    found = detectable(
        case.panel, case.design, case.target, effects=[effect], simulation=simulation, estimator=_estimator(case)
    )
    curve = found.curve.to_dict("records")
    asked = next(row for row in curve if row["effect"] == effect)
    lines = (*_minimums(case, found), *_worth(case, asked), *(x for row in curve for x in _power(found, row)))
    return Found((headline(case, NAME), *lines))


def _minimums(case: Case, found: Detectable) -> list[Line]:
    blank = Line(NAME, MINIMUM, "", "size", MINIMUM, unit_of(case.question))
    lines = []
    for row in found.minimums.to_dict("records"):
        simulated = row["simulated_effect"]
        note = "" if np.isnan(simulated) else f"{simulated:.4g} in {found.draws} simulated samples"
        lines.append(
            blank._replace(label=f"with a power of {row['power']:.0%}", estimate=float(row["effect"]), note=note)
        )
    return lines


def _worth(case: Case, row: Mapping[Hashable, Any]) -> list[Line]:
    """Say what significant estimates are worth if the effect is the one that is asked for."""
    blank = Line(
        NAME, WORTH, "", "size", "", position=float(row["effect"]), note=f"if the effect is {row['effect']:.4g}"
    )
    made = (
        (WRONG, "share of significant estimates", row["wrong_sign"]),
        (TOO_LARGE, "times the effect", row["exaggeration"]),
    )
    return [blank._replace(label=label, quantity=unit, unit=unit, estimate=float(value)) for label, unit, value in made]


def _power(found: Detectable, row: Mapping[Hashable, Any]) -> list[Line]:
    blank = Line(NAME, FORMULA, f"effect {row['effect']:.4g}", "size", POWER, "power", position=float(row["effect"]))
    lines = [blank._replace(estimate=float(row["power"]))]
    if found.draws:
        simulated, error = float(row["simulated_power"]), float(row["monte_carlo_error"])
        lines.append(blank._replace(part=SIMULATED, estimate=simulated, p_error=error, draws=float(found.draws)))
    return lines


def judge(case: Case, lines: Sequence[Line]) -> Finding:
    """Say what could have been found; where the headline is significant, what that is worth."""
    worth = {line.label: line for line in lines if line.part == WORTH}
    if not worth:
        failed = [line.note for line in unmade(lines)]
        return Finding("cannot tell", f"Power is not known: {first_few(dict.fromkeys(failed))}.")
    effect, least = worth[WRONG].position, {x.label: x.estimate for x in lines if x.part == MINIMUM}
    power = next(x.estimate for x in lines if x.part == FORMULA and x.position == effect)
    asked = case.section.power.effect is not None
    own = asked_effect(case, effect) if asked else f"Half the headline, for want of a published effect, {effect:.4g}"
    words = [
        f"At the 5% level the design finds an effect of {least[EIGHTY]:.4g} in size with a probability of 80%.",
        f"{own} is found with one of {power:.0%}.",
    ]
    if asked:
        words.append(_held(case, effect))
    if not is_significant(case):
        words.append("The headline is not significant: effects below these may be there all the same.")
        return Finding("cannot tell", " ".join(words))
    words.append(
        f"If that is the effect, significant estimates are {worth[TOO_LARGE].estimate:.2f} times too large on average, "
        f"and {worth[WRONG].estimate:.1%} of them have the wrong sign."
    )
    if not asked:
        words.append("Half the headline says no more than its p-value: name an effect from elsewhere to be judged by.")
        return Finding("cannot tell", " ".join(words))
    return Finding("holds" if power >= ENOUGH else "weakens", " ".join(words))


def _held(case: Case, effect: float) -> str:
    bounds = case.headline.conf_int(case.level).iloc[0]
    held = "holds it" if bounds["lower"] <= effect <= bounds["upper"] else "leaves it out"
    return f"The interval of the headline, {bounds['lower']:.3g} to {bounds['upper']:.3g}, {held}."


CHECK = Check(
    name=NAME,
    title="What could have been found",
    question="Could the design have found the effect at all, and is a significant estimate too large?",
    reading="Power of the two-sided test at 5% by the noncentral t distribution, and in samples drawn from the "
    "design with the residuals of whole clusters; Gelman and Carlin 2014, doi:10.1177/1745691614551642, for the "
    "wrong sign and the exaggeration. At an effect of zero the simulated curve is the size of the test. Power "
    "against the headline itself would be its p-value in other words: name an effect from elsewhere. Where "
    "the headline is significant it holds if the named effect is found with 80%, and weakens with less; without a "
    "named effect nothing is judged.",
    parts=parts,
    judge=judge,
    draw=power_curve,
)
