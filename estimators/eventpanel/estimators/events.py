"""What counts as an event: a dose, a threshold, an onset, a spell or a change; coded on the whole event record.

Events are coded and shifted on the record of each unit, along its calendar, before any row is dropped: a year that
is not in the record gives a missing lead, never the wrong year.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from eventpanel.datasets.errors import DesignError, number

__all__ = ["Event", "Overlap", "Threshold"]

Kind = Literal["dose", "threshold", "onset", "spell", "change"]
KINDS: tuple[Kind, ...] = ("dose", "threshold", "onset", "spell", "change")
Rule = Literal["absolute", "unit_sd", "unit_median", "quantile", "period_quantile"]
RULES: tuple[Rule, ...] = ("absolute", "unit_sd", "unit_median", "quantile", "period_quantile")
OVERLAPS = ("all", "first", "apart", "isolated")
ASIDE = ("missing", "zero")
TRANSFORMS = ("none", "log1p")
SCALES = ("none", "sd", "unit_sd", "period_sd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Above which value a period counts as an event.

    Parameters
    ----------
    rule : {"absolute", "unit_sd", "unit_median", "quantile", "period_quantile"}
        More than ``value``; more than the unit's own mean plus ``value`` standard deviations; more than the unit's
        own median; more than the ``value`` quantile of all units and periods; more than the ``value`` quantile of all
        units in the same period.
    value : float
        See ``rule``; not used by ``"unit_median"``.
    """

    rule: Rule
    value: float = 0.0

    def __post_init__(self) -> None:
        _one_of("threshold rule", self.rule, RULES)
        if self.rule in ("quantile", "period_quantile") and not 0 <= self.value < 1:
            raise DesignError("A quantile lies between 0 and 1.", f"value={self.value}", "for example 0.75")


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Which events enter where a unit has several, and what becomes of the others.

    An event that is set aside still happened. Its period is missing unless asked otherwise, so that no row with it
    inside the window is taken for a quiet one.

    Parameters
    ----------
    rule : {"all", "first", "apart", "isolated"}
        Every event; the first of a unit's record; counted from the first, every event that comes more than
        ``periods`` after the last that entered; every event without another within ``periods`` on either side.
    periods : int, optional
        Needed for ``"apart"`` and ``"isolated"``.
    aside : {"missing", "zero"}
        What the period of an event set aside is coded.

    Raises
    ------
    DesignError
        A combination that has no meaning.

    Examples
    --------
    >>> Overlap(rule="apart", periods=3).describe()
    'events more than 3 periods after the last that entered, others missing'
    """

    rule: Literal["all", "first", "apart", "isolated"]
    periods: int | None = None
    aside: Literal["missing", "zero"] = "missing"

    def __post_init__(self) -> None:
        _one_of("overlap rule", self.rule, OVERLAPS)
        _one_of("treatment of events set aside", self.aside, ASIDE)
        needed = self.rule in ("apart", "isolated")
        if needed and (self.periods is None or self.periods < 1):
            raise DesignError(f"The overlap rule {self.rule!r} needs periods.", f"periods={self.periods}", "at least 1")
        if not needed and self.periods is not None:
            raise DesignError(f"The overlap rule {self.rule!r} takes no periods.", f"periods={self.periods}", "none")

    def describe(self) -> str:
        """One line for tables and figures."""
        if self.rule == "all":
            return "every event enters"
        near = number(self.periods or 0, "period")
        which = {
            "first": "the first event of each unit",
            "apart": f"events more than {near} after the last that entered",
            "isolated": f"events with no other within {near}",
        }[self.rule]
        return f"{which}, others {self.aside}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The event, and how it is coded.

    Parameters
    ----------
    column : str
        Column of the panel: a count, a share, a 0/1 variable or a policy level.
    kind : {"dose", "threshold", "onset", "spell", "change"}
        ``"dose"``: the value itself. ``"threshold"``: 1 in every period above the threshold. ``"onset"``: 1 in the
        first such period after at least ``quiet`` periods without one. ``"spell"``: 1 from the first to the last
        period of a spell, quiet gaps shorter than ``quiet`` included. ``"change"``: first difference, for a policy
        level.
    by : str, optional
        Unit column along whose calendar the event moves, such as ``"importer"``; needed where the panel has several.
    transform : {"none", "log1p"}
        Applied first.
    scale : {"none", "sd", "unit_sd", "period_sd"}
        Standardisation of a dose: over all units and periods of the record, within the unit, within the period.
    threshold : Threshold, optional
        Needed for a threshold, an onset or a spell.
    quiet : int
        Periods without an event that end a spell.
    overlap : Overlap
        Which events enter where a unit has several; for a threshold or an onset. Every one unless stated.

    Raises
    ------
    DesignError
        A combination that has no meaning.

    Examples
    --------
    >>> Event(column="protests", kind="dose", scale="sd").describe()
    'protests, dose, in standard deviations over the whole record'
    """

    column: str
    kind: Kind
    by: str | None = None
    transform: Literal["none", "log1p"] = "none"
    scale: Literal["none", "sd", "unit_sd", "period_sd"] = "none"
    threshold: Threshold | None = None
    quiet: int = 1
    overlap: Overlap = field(default_factory=lambda: Overlap(rule="all"))

    def __post_init__(self) -> None:
        _one_of("kind of event", self.kind, KINDS)
        _one_of("transform", self.transform, TRANSFORMS)
        _one_of("scale", self.scale, SCALES)
        binary = self.kind in ("threshold", "onset", "spell")
        if binary and self.threshold is None:
            raise DesignError(f"An event of kind {self.kind!r} needs a threshold.", self.column, "state one")
        if not binary and self.threshold is not None:
            raise DesignError(f"An event of kind {self.kind!r} takes no threshold.", self.column, "remove it")
        if self.kind != "dose" and self.scale != "none":
            raise DesignError(f"An event of kind {self.kind!r} cannot be standardised.", self.column, "scale='none'")
        if self.quiet < 1:
            raise DesignError("quiet must be at least 1.", f"quiet={self.quiet}", "use 1 for every gap")
        if self.overlap.rule != "all" and self.kind not in ("threshold", "onset"):
            raise DesignError(
                f"An event of kind {self.kind!r} takes no overlap rule {self.overlap.rule!r}.",
                self.column,
                "use kind='onset' for the starts of spells, or kind='threshold', or overlap rule 'all'",
            )

    @property
    def is_binary(self) -> bool:
        """Whether the coded event is 0 or 1."""
        return self.threshold is not None

    def describe(self) -> str:
        """One line for tables and figures."""
        parts = [self.column if self.transform == "none" else f"log(1 + {self.column})", self.kind]
        if self.threshold is not None:
            parts.append(_describe_threshold(self.threshold))
            parts.append(f"spells end after {number(self.quiet, 'quiet period')}" if self.kind != "threshold" else "")
            parts.append(self.overlap.describe())
        parts.append(
            {
                "none": "",
                "sd": "in standard deviations over the whole record",
                "unit_sd": "in standard deviations within the unit",
                "period_sd": "in standard deviations within the period",
            }[self.scale]
        )
        return ", ".join(part for part in parts if part)


def _describe_threshold(threshold: Threshold) -> str:
    return {
        "absolute": f"above {threshold.value:g}",
        "unit_sd": f"above the unit's own mean + {threshold.value:g} s.d.",
        "unit_median": "above the unit's own median",
        "quantile": f"above the {threshold.value:.0%} quantile",
        "period_quantile": f"above the {threshold.value:.0%} quantile of all units in the period",
    }[threshold.rule]


def _one_of(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise DesignError(f"Unknown {what} {value!r}.", "", f"choose one of {', '.join(allowed)}")
