"""The tables of a study file: every key, its type and its default; docs/studies.md says what each means."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from eventpanel.estimators.covariance import Distance, Kernel, RobustKind, SmallSample
from eventpanel.estimators.covariance import Kind as CovarianceKind
from eventpanel.estimators.events import Kind, Rule
from eventpanel.robustness_section import RobustnessSection
from eventpanel.section import Codes, Section, Some, Whole

__all__ = ["Codes", "InputSection", "Section", "Some", "Study", "Whole"]


def _two_groups(groups: list[str]) -> list[str]:
    if groups and (len(groups) != 2 or groups[0] == groups[1]):
        raise ValueError("must name two groups, the first minus the second")
    return groups


def _different(groups: list[str]) -> list[str]:
    if len(set(groups)) < len(groups):
        raise ValueError("must differ from one another")
    return groups


class InputSection(Section):
    """One dataset: where it is, how it is read, how it joins the panel."""

    source: str
    join: Literal["1:1", "m:1"]
    file: str | list[str] = ""
    options: dict[str, Any] = Field(default_factory=dict)
    part: Literal["", "deals", "unrest", "regime"] = ""
    select: dict[str, list[Any]] = Field(default_factory=dict)
    search: dict[str, list[str]] = Field(default_factory=dict)
    count: str = ""
    exporters: Codes | None = None
    columns: Some | None = None
    optional: bool = False


class SimulationSection(Section):
    """Seed and planted effect of simulated inputs."""

    seed: int = Field(ge=0)
    effect: float


class PanelSection(Section):
    """The spine."""

    first: Whole
    last: Whole
    importers: Codes | None = None
    importers_from: str = ""
    exporters: Codes | None = None


class DeriveSection(Section):
    """A column made from columns."""

    how: Literal["any_of", "total", "ratio", "log", "log1p", "region", "continent"]
    columns: Some


class ThresholdSection(Section):
    """Above which value a period counts as an event."""

    rule: Rule
    value: float = 0.0


class OverlapSection(Section):
    """Which events enter where a unit has several."""

    rule: Literal["all", "first", "apart", "isolated"]
    periods: Whole | None = None
    aside: Literal["missing", "zero"] = "missing"


class EventSection(Section):
    """What counts as an event."""

    column: str
    kind: Kind
    by: str | None = None
    transform: Literal["none", "log1p"] = "none"
    scale: Literal["none", "sd", "unit_sd", "period_sd"] = "none"
    threshold: ThresholdSection | None = None
    quiet: Whole = 1
    overlap: OverlapSection = Field(default_factory=lambda: OverlapSection(rule="all"))


class WindowSection(Section):
    """Leads, lags, reference and ends."""

    leads: Whole
    lags: Whole
    reference: Whole | Literal["none"]
    ends: Literal["none", "bin"] = "none"


class ModeratorSection(Section):
    """What the path may differ by."""

    column: str
    timing: Literal["base", "lagged", "contemporaneous", "fixed"]
    by: str | None = None
    below: float | None = None
    groups: Annotated[list[str], AfterValidator(_different)] = Field(default_factory=list)
    base: Whole | None = None
    lag: Whole = 1


class SampleSection(Section):
    """Which rows may enter."""

    first: Whole | None = None
    last: Whole | None = None
    where: dict[str, list[Any]] = Field(default_factory=dict)
    among: dict[str, str] = Field(default_factory=dict)


Estimator = Literal["distributed_lag", "ppml", "debiased_ppml", "logit", "probit"]


class CovarianceSection(Section):
    """How uncertainty is computed."""

    kind: CovarianceKind | RobustKind | Literal["driscoll_kraay", "newey_west", "conley", "dyadic"] = "CRV1"
    small_sample: SmallSample | Literal["members"] | None = None
    by: str | Some | None = None
    lags: Whole | None = None
    latitude: str | None = None
    longitude: str | None = None
    cutoff_km: float | None = None
    kernel: Kernel | None = None
    distance: Distance | None = None
    serial_lags: Whole | None = None
    serial_by: str | None = None
    members: Some | None = None


class DesignSection(Section):
    """What all estimates share unless they say otherwise."""

    outcome: str
    fixed_effects: list[str]
    covariance: CovarianceSection
    estimator: Estimator = "distributed_lag"
    controls: list[str] = Field(default_factory=list)
    weights: str | None = None
    offset: str | None = None
    moderator: str | None = None
    sample: SampleSection = Field(default_factory=SampleSection)


class OwnDesign(Section):
    """What an estimate or a comparison changes of the design that all share."""

    title: str
    outcome: str | None = None
    event: EventSection | None = None
    window: WindowSection | None = None
    fixed_effects: list[str] | None = None
    controls: list[str] | None = None
    offset: str | None = None
    moderator: str | None = None
    sample: SampleSection | None = None


class EstimateSection(OwnDesign):
    """One estimate: what it changes of the design, and which groups are compared."""

    estimator: Estimator | None = None
    difference: Annotated[list[str], AfterValidator(_two_groups)] = Field(default_factory=list)


class ComparisonSection(OwnDesign):
    """Several estimators side by side: what they change of the design, and their options."""

    methods: Annotated[Some, AfterValidator(_different)]
    options: dict[str, dict[str, Any]] = Field(default_factory=dict)
    draws: int = Field(default=9_999, ge=99, le=1_000_000)
    seed: int = Field(default=1, ge=0)


class OutputSection(Section):
    """How results are shown."""

    level: float = Field(default=0.95, gt=0, lt=1)


class Study(Section):
    """A whole study file.

    Examples
    --------
    >>> WindowSection(leads=2, lags=2, reference="none").ends
    'none'
    """

    title: str
    label: str
    inputs: dict[str, InputSection]
    panel: PanelSection
    event: EventSection
    window: WindowSection
    design: DesignSection
    estimates: Annotated[dict[str, EstimateSection], Field(min_length=1)]
    comparisons: dict[str, ComparisonSection] = Field(default_factory=dict)
    simulation: SimulationSection | None = None
    derive: dict[str, DeriveSection] = Field(default_factory=dict)
    moderators: dict[str, ModeratorSection] = Field(default_factory=dict)
    output: OutputSection = Field(default_factory=OutputSection)
    robustness: RobustnessSection | None = None
