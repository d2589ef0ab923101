"""Randomised: the headline against the same regression with events given to others, or moved in time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from eventpanel.estimators.record import event_unit
from eventpanel.robustness.case import Case
from eventpanel.robustness.check import Check, Part
from eventpanel.robustness.figures.histograms import histograms
from eventpanel.robustness.judge import judge_tests
from eventpanel.robustness.lines import Found, Line, Role
from eventpanel.robustness.reassignment import Scheme, drawn, line_of_draws, need_regression, values_of

__all__ = ["CHECK"]

NAME = "randomised"
# Above this share of units that keep their own history in every draw, a scheme says little, and is not judged.
MOST = 0.5
SCHEMES: tuple[Scheme, ...] = ("permute", "shift")


def parts(case: Case) -> Sequence[Part]:
    """One part a scheme."""
    need_regression(case)
    return [Part(NAME, scheme, partial(_scheme, scheme)) for scheme in SCHEMES]


def _scheme(scheme: Scheme, case: Case) -> Found:
    found, label = drawn(case, scheme), _named(case, scheme)
    note = f"in the predicted direction p = {found.draws.p_directed:.3g}"
    held = len(found.draws.held) > MOST * found.draws.units
    note += "; not judged, for most units keep their own history" if held else ""
    role: Role = "size" if held else "test"
    blank = Line(NAME, scheme, label, role, f"p-value by randomisation, {case.target.describe()}", note=note)
    return Found((line_of_draws(case, blank, found),), {label: values_of(found)})


def _named(case: Case, scheme: Scheme) -> str:
    unit = event_unit(case.panel, case.design.event)
    if scheme == "shift":
        return f"the record of each {unit} turned around in time"
    strata = case.section.randomisation.strata
    return f"whole histories exchanged between {unit} units" + (f" within {', '.join(strata)}" if strata else "")


CHECK = Check(
    name=NAME,
    title="Randomisation inference",
    question="Would the estimate be as large had the events happened elsewhere, or at other times?",
    reading="The null is that no event has an effect on anybody at any time. Events move, everything else stays, and "
    "the regression is run again; p is the share of draws whose t statistic is at least as large, the data counted in. "
    "Exchanged histories assume that any unit of a stratum could have had the history of any other; turned records "
    "assume that each could as well have begun at another point. The histogram shows the estimate in the draws.",
    parts=parts,
    judge=judge_tests,
    draw=histograms,
)
