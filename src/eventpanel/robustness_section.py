"""The robustness table of a study file; docs/robustness/README.md says what each key means."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from eventpanel.section import Section, Some, Whole

__all__ = ["RobustnessSection"]

Draws = Annotated[int, Field(ge=19, le=1_000_000)]


def _some_options(axes: dict[str, dict[str, dict[str, Any]]]) -> dict[str, dict[str, dict[str, Any]]]:
    empty = [name for name, options in axes.items() if not options]
    if empty:
        raise ValueError(f"must hold options; {', '.join(empty)} has none")
    return axes


Axes = Annotated[dict[str, dict[str, dict[str, Any]]], AfterValidator(_some_options)]


class CurveSection(Section):
    """The specification curve: which axes are crossed, and how the joint test draws."""

    axes: Some | None = None
    draws: Draws = 500
    null: Literal["wild", "permutation"] = "wild"
    by: str | None = None
    strata: list[str] = Field(default_factory=list)
    without: list[dict[str, str]] = Field(default_factory=list)


class LeaveOutSection(Section):
    """What is left out, one at a time."""

    by: Some


class InfluentialSection(Section):
    """How many of the most influential are dropped."""

    most: Annotated[int, Field(ge=1, le=1_000)] = 10
    by: str | None = None


class PlaceboOutcomesSection(Section):
    """Outcomes that the event should not move."""

    outcomes: Some


class PlaceboUnitsSection(Section):
    """Units that take the place of the one under test, such as exporters."""

    by: str
    actual: str
    among: Some | None = None


class RandomisationSection(Section):
    """Within what units exchange their histories."""

    strata: list[str] = Field(default_factory=list)


class CutoffsSection(Section):
    """Cutoffs of a moderator that are swept."""

    moderator: str
    cutoffs: Annotated[list[float | int], Field(min_length=1)]


class WindowsSection(Section):
    """Windows of one lead and lag to the longest."""

    longest: Annotated[int, Field(ge=1, le=20)] = 5


class LeadPlaceboSection(Section):
    """Event times before the window, which should show nothing."""

    ahead: Annotated[list[Whole], Field(min_length=1)] = [3, 4]  # noqa: RUF012


class ZerosSection(Section):
    """Count behind the outcome, and factors its unit is multiplied by."""

    column: str
    factors: Annotated[list[float | int], Field(min_length=1)] = [0.001, 0.01, 0.1, 1, 10, 100, 1000]  # noqa: RUF012


class ConfoundingSection(Section):
    """Observed controls that an unobserved confounder is compared with."""

    benchmarks: list[str] = Field(default_factory=list)


def _not_zero(effect: float | None) -> float | None:
    if effect == 0:
        raise ValueError("must differ from zero")
    return effect


class PowerSection(Section):
    """An effect that the design should be able to show, such as a published one, and where it is from."""

    effect: Annotated[float | None, AfterValidator(_not_zero)] = None
    source: str = ""


class RobustnessSection(Section):
    """The headline under test, axes of alternatives, and settings of the checks.

    Examples
    --------
    >>> RobustnessSection(estimate="arms", leave_out={"by": ["importer"]}).draws
    999
    """

    estimate: str
    group: str = ""
    minus: str = ""
    event_time: Whole = 0
    direction: Literal["positive", "negative"] = "positive"
    checks: Some | None = None
    draws: Draws = 999
    seed: Annotated[int, Field(ge=0)] = 1
    axes: Axes = Field(default_factory=dict)
    curve: CurveSection | None = None
    leave_out: LeaveOutSection | None = None
    influential: InfluentialSection = Field(default_factory=InfluentialSection)
    placebo_outcomes: PlaceboOutcomesSection | None = None
    placebo_units: PlaceboUnitsSection | None = None
    randomisation: RandomisationSection = Field(default_factory=RandomisationSection)
    cutoffs: CutoffsSection | None = None
    windows: WindowsSection = Field(default_factory=WindowsSection)
    lead_placebo: LeadPlaceboSection = Field(default_factory=LeadPlaceboSection)
    zeros: ZerosSection | None = None
    confounding: ConfoundingSection = Field(default_factory=ConfoundingSection)
    power: PowerSection = Field(default_factory=PowerSection)
