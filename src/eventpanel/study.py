"""A study: one TOML file that says inputs, panel, event, window, design and estimates; every key is checked."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eventpanel.datasets.errors import MissingFileError, StudyError, first_few
from eventpanel.estimators.covariance import SmallSample
from eventpanel.estimators.events import Kind

__all__ = ["Study", "built_in_studies", "load_study"]


class _Section(BaseModel):
    """A table of the study file: unknown keys are refused, nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class InputSection(_Section):
    """One dataset: where it is, how it is read, how it joins the panel."""

    source: str
    join: Literal["1:1", "m:1"]
    file: str = ""
    options: dict[str, Any] = Field(default_factory=dict)
    part: Literal["", "deals", "unrest", "regime"] = ""
    select: dict[str, list[Any]] = Field(default_factory=dict)
    search: dict[str, list[str]] = Field(default_factory=dict)
    count: str = ""
    exporters: list[str] | None = None
    columns: list[str] | None = None


class SimulationSection(_Section):
    """Seed and planted effect of simulated inputs."""

    seed: int
    effect: float


class PanelSection(_Section):
    """The spine."""

    first: int
    last: int
    importers: list[str] | None = None
    importers_from: str = ""
    exporters: list[str] | None = None


class DeriveSection(_Section):
    """A column made from columns."""

    how: Literal["any_of", "total", "ratio", "log", "log1p"]
    columns: list[str]


class ThresholdSection(_Section):
    """Above which value a period counts as an event."""

    rule: Literal["absolute", "unit_sd", "unit_median", "quantile"]
    value: float = 0.0


class EventSection(_Section):
    """What counts as an event."""

    column: str
    kind: Kind
    by: str | None = None
    transform: Literal["none", "log1p"] = "none"
    scale: Literal["none", "sd", "unit_sd", "period_sd"] = "none"
    threshold: ThresholdSection | None = None
    quiet: int = 1


class WindowSection(_Section):
    """Leads, lags, reference and ends."""

    leads: int
    lags: int
    reference: int | Literal["none"]
    ends: Literal["none", "bin"] = "none"


class ModeratorSection(_Section):
    """What the path may differ by."""

    column: str
    timing: Literal["base", "lagged", "contemporaneous", "fixed"]
    by: str | None = None
    below: float | None = None
    groups: list[str] = Field(default_factory=list)
    base: int | None = None
    lag: int = 1


class SampleSection(_Section):
    """Which rows may enter."""

    first: int | None = None
    last: int | None = None
    where: dict[str, list[Any]] = Field(default_factory=dict)
    among: dict[str, str] = Field(default_factory=dict)


class CovarianceSection(_Section):
    """How uncertainty is computed."""

    by: str
    small_sample: SmallSample


class DesignSection(_Section):
    """What all estimates share unless they say otherwise."""

    outcome: str
    fixed_effects: list[str]
    covariance: CovarianceSection
    controls: list[str] = Field(default_factory=list)
    weights: str | None = None
    moderator: str | None = None
    sample: SampleSection = Field(default_factory=SampleSection)


class EstimateSection(_Section):
    """One estimate: what it changes of the design, and which groups are compared."""

    title: str
    outcome: str | None = None
    fixed_effects: list[str] | None = None
    controls: list[str] | None = None
    moderator: str | None = None
    sample: SampleSection | None = None
    difference: list[str] = Field(default_factory=list)


class OutputSection(_Section):
    """How results are shown."""

    level: float = 0.95


class Study(_Section):
    """A whole study file.

    Examples
    --------
    >>> load_study("demo").window.leads
    2
    """

    title: str
    label: str
    inputs: dict[str, InputSection]
    panel: PanelSection
    event: EventSection
    window: WindowSection
    design: DesignSection
    estimates: dict[str, EstimateSection]
    simulation: SimulationSection | None = None
    derive: dict[str, DeriveSection] = Field(default_factory=dict)
    moderators: dict[str, ModeratorSection] = Field(default_factory=dict)
    output: OutputSection = Field(default_factory=OutputSection)


def built_in_studies() -> dict[str, str]:
    """Names and titles of the studies that come with the package."""
    folder = resources.files("eventpanel.studies")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return {f.name.removesuffix(".toml"): str(tomllib.loads(f.read_text("utf-8"))["title"]) for f in files}


def study_text(name: str) -> tuple[str, Path | None]:
    """Text of a built-in study or of a TOML file, and the folder of the file.

    Raises
    ------
    MissingFileError
        Neither.
    """
    built_in = resources.files("eventpanel.studies").joinpath(f"{name}.toml")
    if name in built_in_studies():
        return built_in.read_text("utf-8"), None
    path = Path(name)
    if not path.is_file():
        raise MissingFileError(
            f"There is no study {name!r}.",
            f"built in: {', '.join(built_in_studies())}",
            "give one of these names, or the path of a TOML file",
        )
    try:
        return path.read_text("utf-8"), path.resolve().parent
    except UnicodeDecodeError as error:
        raise StudyError(f"{path.name} is not a TOML file in UTF-8.", str(error), "save it as UTF-8") from error


def load_study(name: str, settings: Sequence[str] = ()) -> Study:
    """Read a built-in study or a TOML file, with settings changed.

    Parameters
    ----------
    name : str
        Built-in name, or path of a TOML file.
    settings : sequence of str
        Changes such as ``"window.leads=3"``; the value is read as TOML, or as text where it is none.

    Raises
    ------
    MissingFileError
        No such study.
    StudyError
        Not TOML, an unknown key, a value of the wrong kind.

    Examples
    --------
    >>> load_study("demo", ["window.leads=3"]).window.leads
    3
    """
    text, _ = study_text(name)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{name} is not valid TOML.", str(error), "correct the file") from error
    for setting in settings:
        _change(content, setting)
    try:
        return Study.model_validate(content)
    except ValidationError as error:
        raise _explain(name, error) from error


def _change(content: dict[str, Any], setting: str) -> None:
    key, equals, value = setting.partition("=")
    steps = key.strip().split(".")
    if not equals or not all(steps):
        raise StudyError(f"The setting {setting!r} is not of the form key=value.", "", "for example window.leads=3")
    table = content
    for step in steps[:-1]:
        table = table.setdefault(step, {})
        if not isinstance(table, dict):
            raise StudyError(
                f"The setting {setting!r} goes through {step!r}, which is no table.", "", "correct the key"
            )
    table[steps[-1]] = _value(value.strip())


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _explain(name: str, error: ValidationError) -> StudyError:
    problems = error.errors()
    lines = []
    for problem in problems:
        where = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            lines.append(f"unknown key {where}{_suggest(problem['loc'])}")
        elif problem["type"] == "missing":
            lines.append(f"missing key {where}")
        else:
            lines.append(f"{where}: {problem['msg']}, not {problem['input']!r}")
    return StudyError(
        f"{len(problems)} thing(s) in the study {name} are not understood.",
        first_few(dict.fromkeys(lines)),
        "see docs/studies.md for every key",
    )


def _suggest(location: tuple[int | str, ...]) -> str:
    model: Any = Study
    for part in location[:-1]:
        model = _inner(model, str(part))
    known = list(getattr(model, "model_fields", {}))
    close = difflib.get_close_matches(str(location[-1]), known, n=1)
    return f" (did you mean {close[0]}?)" if close else f" (known: {', '.join(known)})" if known else ""


def _inner(model: Any, part: str) -> Any:
    """Section that a key leads to; a table of named sections leads to the section itself."""
    field = getattr(model, "model_fields", {}).get(part)
    if field is None:
        return model
    candidates = [field.annotation, *getattr(field.annotation, "__args__", ())]
    found = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
    return found[0] if found else object
