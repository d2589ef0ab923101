"""Differences: whether the headline differs from its counterparts, the other group and other units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from eventpanel.datasets.errors import EventPanelError, NotAvailableError, number
from eventpanel.estimators.combinations import difference
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.inference import wald
from eventpanel.estimators.path import Term
from eventpanel.robustness.case import Case
from eventpanel.robustness.check import Answer, Check, Finding, Part
from eventpanel.robustness.counterparts import in_its_place, is_alone, other_units, units_section, weighted
from eventpanel.robustness.figures.forest import forest
from eventpanel.robustness.judge import is_most, is_significant
from eventpanel.robustness.lines import ABSENT, Found, Line, line_of, made, not_made, unmade
from eventpanel.robustness.variation import headline, reason, unit_of, watched

__all__ = ["CHECK"]

NAME, GROUPS, UNITS = "differences", "other groups", "other units"
COUNTERPART, JOINT = "counterpart", "p-value, all event times"
# From another group, or from all other units; and from one of several other units, which is told but not judged.
DIFFERENCE, PAIR = "difference", "difference from one of several"


def parts(case: Case) -> Sequence[Part]:
    """One part for the other groups, one for the other units."""
    found = [Part(NAME, GROUPS, _groups)] if _other_groups(case) else []
    if case.section.placebo_units is not None and is_alone(case):
        other_units(case)
        found.append(Part(NAME, UNITS, _units))
    if not found:
        raise NotAvailableError(
            "The headline has no counterpart.",
            "no other group, and no other units in the place of the one its sample is restricted to",
            "add a moderator, or [robustness.placebo_units] and a sample of the actual unit alone",
        )
    return found


def _other_groups(case: Case) -> tuple[str, ...]:
    """Name the groups the headline is compared with; one that is a difference itself has none."""
    target = case.target
    return () if target.minus else tuple(group for group in case.estimate.groups if group != target.group)


def _groups(case: Case) -> Found:
    lines = [headline(case, NAME, GROUPS)]
    for group in _other_groups(case):
        path = difference(case.estimate, case.target.group, group)
        terms = [term for term in path.terms if term.event_time == case.target.event_time and not term.binned]
        other = [t for t in case.estimate.path if t.group == group and t.event_time == case.target.event_time]
        lines += [_line(case, GROUPS, COUNTERPART, group, case.estimate.select([t for t in other if not t.binned]))]
        lines += [_line(case, GROUPS, DIFFERENCE, f"{case.target.group} less {group}", path.select(terms))]
        test = wald(path, path.terms, f"{case.target.group} and {group} have the same path")
        lines.append(
            Line(NAME, GROUPS, test.null, "test", JOINT, p_value=test.p_value, dof=test.dof[1], note=str(test))
        )
    return Found(tuple(lines))


def _line(case: Case, part: str, kind: str, label: str, one: Estimate) -> Line:
    return line_of(Line(NAME, part, label, "other", kind, unit_of(case.question)), one, case.level)


def _units(case: Case) -> Found:
    actual, units = units_section(case).actual, other_units(case)
    tried = {unit: _estimated(case, unit) for unit in units}
    there = {unit: one for unit, one in tried.items() if isinstance(one, Estimate)}
    failed = [_failed(unit, one) for unit, one in tried.items() if isinstance(one, str)]
    lines = [headline(case, NAME, UNITS), *failed]
    for unit, one in there.items():
        lines.append(_line(case, UNITS, COUNTERPART, unit, one))
        kind = DIFFERENCE if len(there) == 1 else PAIR
        lines.append(_weighted(case, kind, f"{actual} less {unit}", {case.headline: 1.0, one: -1.0}))
    if len(there) > 1:
        mean, shares = f"the mean of {len(there)} others", dict.fromkeys(there.values(), 1 / len(there))
        apart = {case.headline: 1.0} | {one: -share for one, share in shares.items()}
        lines.append(_weighted(case, COUNTERPART, mean, shares))
        lines.append(_weighted(case, DIFFERENCE, f"{actual} less {mean}", apart))
    return Found(tuple(lines))


def _failed(unit: str, why: str) -> Line:
    return not_made(Line(NAME, UNITS, unit, "not made", COUNTERPART), why)


def _estimated(case: Case, unit: str) -> Estimate | str:
    one = watched(case, in_its_place(case, unit))
    return ABSENT if isinstance(one, Estimate) and np.isnan(one.coef[0]) else one


def _weighted(case: Case, kind: str, label: str, parts_of: Mapping[Estimate, float]) -> Line:
    try:
        one = weighted(list(parts_of), list(parts_of.values()), Term(label))
        return _line(case, UNITS, kind, label, one)
    except EventPanelError as error:
        return not_made(Line(NAME, UNITS, label, "not made", kind, unit_of(case.question)), reason(error))


def judge(case: Case, lines: Sequence[Line]) -> Finding:
    """Judge differences; where none is shown, say whether the other side is merely imprecise."""
    others = made(lines, "other")
    apart = [line for line in others if line.quantity == DIFFERENCE]
    if not apart:
        return Finding("cannot tell", "No difference could be formed.")
    shown = [line for line in apart if line.is_significant and line.estimate * case.target.sign > 0]
    words = [
        f"In the predicted direction the headline is significantly larger than {len(shown)} of "
        f"{number(len(apart), 'counterpart')}."
    ]
    reverse = [line for line in apart if line.is_significant and line not in shown]
    words += [f"{line.label} is {line.estimate:.4g}, the other way, and significant." for line in reverse[:3]]
    words += [_unshown(case, line, others) for line in apart if line not in shown and line not in reverse][:3]
    pairs = [line for line in others if line.quantity == PAIR]
    if pairs:
        clear = sum(line.is_significant and line.estimate * case.target.sign > 0 for line in pairs)
        words.append(f"One by one it is significantly larger than {clear} of {len(pairs)} other units.")
    failed = unmade(lines)
    words += [f"{len(failed)} numbers could not be made ({failed[0].label}: {failed[0].note})."] if failed else []
    joint = [line for line in made(lines, "test") if line.quantity == JOINT]
    words += [f"Over all event times together the test that {x.label} has p = {x.p_value:.3g}." for x in joint[:2]]
    lost = sum(line.quantity == DIFFERENCE for line in failed)
    return Finding(_answer(case, apart, shown, others) if is_most(len(apart), lost) else "cannot tell", " ".join(words))


def _counterpart(difference_line: Line, lines: Sequence[Line]) -> Line | None:
    """Find the other side of a difference."""
    sides = [x for x in lines if x.quantity == COUNTERPART and difference_line.label.endswith(f" less {x.label}")]
    return sides[0] if sides else None


def _unshown(case: Case, line: Line, lines: Sequence[Line]) -> str:
    """Say that no difference is shown, and what the other side allows."""
    told = f"{line.label}: no difference can be shown ({_sized(line)})."
    other = _counterpart(line, lines)
    if other is None:
        return told
    words, value = f"{told} {other.label[0].upper()}{other.label[1:]}: {_sized(other)}", float(case.headline.coef[0])
    if not other.conf_low <= value <= other.conf_high:
        return f"{words}."
    both = "both zero and the headline" if not other.is_significant else "the headline"
    return f"{words}, which holds {both}{': too imprecise to tell' if is_significant(case) else ''}."


def _sized(line: Line) -> str:
    return f"{line.estimate:.3g}, interval {line.conf_low:.3g} to {line.conf_high:.3g}"


def _answer(case: Case, apart: Sequence[Line], shown: Sequence[Line], others: Sequence[Line]) -> Answer:
    if not is_significant(case):
        return "cannot tell"
    if len(shown) == len(apart):
        return "holds"
    if any(line.is_significant and line not in shown for line in apart):
        return "breaks"
    rest = [_counterpart(line, others) for line in apart if line not in shown]
    # Another side that shows the effect too, so that it is not the headline's own.
    if any(x is not None and x.is_significant and x.estimate * case.headline.coef[0] > 0 for x in rest):
        return "breaks" if not shown else "weakens"
    return "weakens" if shown else "cannot tell"


def draw(case: Case, found: Found) -> Figure:
    """Draw the counterparts, and apart from them the differences."""
    apart = [x._replace(part=f"{x.part}: {x.quantity}") if x.role == "other" else x for x in found.lines]
    return forest(case, found._replace(lines=tuple(apart)))


CHECK = Check(
    name=NAME,
    title="Different from its counterparts",
    question="Is the effect different from that of the other group, or of other units, or is only one of them "
    "significant?",
    reading="That one estimate is significant and another is not does not make them different: the difference has an "
    "interval of its own, with the covariance between both sides. Where it holds zero, no difference can be shown; "
    "that is not the same as no difference.",
    parts=parts,
    judge=judge,
    draw=draw,
)
