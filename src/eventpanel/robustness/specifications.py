"""Specifications: every combination of the options of some axes; what cannot be combined is listed with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from math import prod
from typing import Any, NamedTuple

from eventpanel.datasets.errors import EventPanelError, StudyError, first_few
from eventpanel.robustness.case import Case, Question
from eventpanel.robustness.options import AS_SET
from eventpanel.robustness.variation import reason

__all__ = ["AS_SET", "Refused", "Specification", "Specifications", "specifications"]

# Keys whose values add up instead of replacing one another.
ADDING = ("also_controls", "also_fixed_effects")
# Combinations that are told apart in about a minute.
MOST = 50_000
Choices = tuple[tuple[str, str], ...]


class Specification(NamedTuple):
    """A combination of options, and what it asks.

    Attributes
    ----------
    choices : tuple of (axis, option)
    question : Question
    """

    choices: Choices
    question: Question

    @property
    def label(self) -> str:
        """The options that change something."""
        return label_of(self.choices)


class Refused(NamedTuple):
    """A combination that is not estimated, and why."""

    choices: Choices
    reason: str


class Specifications(NamedTuple):
    """All combinations.

    Attributes
    ----------
    valid : tuple of Specification
        Each asks something of its own; the headline is the first.
    refused : tuple of Refused
    """

    valid: tuple[Specification, ...]
    refused: tuple[Refused, ...]


def label_of(choices: Choices) -> str:
    """Say what a combination changes.

    Parameters
    ----------
    choices : tuple of (axis, option)

    Examples
    --------
    >>> label_of((("event", AS_SET), ("window", "three leads")))
    'window: three leads'
    """
    return "; ".join(f"{axis}: {option}" for axis, option in choices if option != AS_SET) or "headline"


def specifications(
    case: Case, axes: Sequence[str] | None = None, without: Sequence[Mapping[str, str]] = ()
) -> Specifications:
    """Cross the options of axes.

    Two options that set one key to different values cannot be combined, for one would silently undo the other. A
    combination that asks what an earlier one asks is not counted twice.

    Parameters
    ----------
    case : Case
    axes : sequence of str, optional
        All of the study without them.
    without : sequence of mapping of axis to option
        Combinations that the study leaves out.

    Raises
    ------
    StudyError
        An axis or an option that the study does not have, too many combinations, or two of the same name.
    """
    chosen = {name: _axis(case, name) for name in axes or case.section.axes}
    _check_without(chosen, without)
    count = prod(len(options) for options in chosen.values())
    if count > MOST:
        raise StudyError(
            f"The axes make {count:,} combinations, more than the {MOST:,} that a curve takes.",
            f"axes: {', '.join(chosen)}",
            "cross fewer with robustness.curve.axes; the others are still looked at one at a time",
        )
    asked: dict[Question, Choices] = {}
    refused = []
    for options in product(*chosen.values()):
        choices: Choices = tuple(zip(chosen, options, strict=True))
        found = _asked(case, [chosen[axis][option] for axis, option in choices], choices, without)
        if isinstance(found, str):
            refused.append(Refused(choices, found))
        elif found in asked:
            refused.append(Refused(choices, f"the same as {label_of(asked[found])}"))
        else:
            asked[found] = choices
    valid = tuple(Specification(choices, question) for question, choices in asked.items())
    labels = Counter(one.label for one in valid)
    if len(labels) < len(valid):
        raise StudyError(
            "Two combinations have the same name.", labels.most_common(1)[0][0], "name options without '; ' and ': '"
        )
    return Specifications(valid, tuple(refused))


def _check_without(chosen: Mapping[str, Mapping[str, Any]], without: Sequence[Mapping[str, str]]) -> None:
    for one in without:
        for axis, option in one.items():
            if option not in chosen.get(axis, {}):
                raise StudyError(
                    f"The curve leaves out {axis} = {option!r}, which is not among its options.",
                    "robustness.curve.without",
                    f"options: {first_few(chosen.get(axis, ()), 12) or 'none'}",
                )


def _axis(case: Case, name: str) -> dict[str, Mapping[str, Any]]:
    if name not in case.section.axes:
        raise StudyError(
            f"The curve names an axis {name!r} that the study does not have.",
            f"axes: {first_few(case.section.axes, 12) or 'none'}",
            f"add [robustness.axes.{name}], or remove it from robustness.curve.axes",
        )
    return {AS_SET: {}, **case.section.axes[name]}


def _asked(
    case: Case, options: Sequence[Mapping[str, Any]], choices: Choices, without: Sequence[Mapping[str, str]]
) -> Question | str:
    """Return what a combination asks, or why it cannot."""
    if any(set(one.items()) <= set(choices) for one in without):
        return "left out by the study"
    against = _conflict(options, choices)
    if against:
        return against
    changes: dict[str, Any] = {}
    for option in options:
        changes = _joined(changes, option)
    try:
        return case.changed(changes)
    except EventPanelError as error:
        return reason(error)


def _conflict(options: Sequence[Mapping[str, Any]], choices: Choices) -> str:
    """Say which key two options set differently; empty if none."""
    leaves = [dict(_leaves(option)) for option in options]
    for (i, one), (j, other) in combinations(enumerate(leaves), 2):
        for key in one.keys() & other.keys():
            if one[key] != other[key]:
                return f"{choices[i][0]} and {choices[j][0]} both set {key}"
    return ""


def _leaves(option: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in option.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{before}{key}.")
        elif key not in ADDING:
            yield f"{before}{key}", value


def _joined(held: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    joined = dict(held)
    for key, value in more.items():
        if key in ADDING:
            joined[key] = [*joined.get(key, ()), *value]
        elif isinstance(value, Mapping) and isinstance(joined.get(key), Mapping):
            joined[key] = _joined(joined[key], value)
        else:
            joined[key] = value
    return joined
