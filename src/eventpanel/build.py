"""From a study to its panel and its designs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from eventpanel.covariances import build_covariance
from eventpanel.datasets import derive
from eventpanel.datasets.errors import InputError, MissingFileError, StudyError
from eventpanel.datasets.merge import merge, spine
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.records import Records
from eventpanel.datasets.simulate import simulate
from eventpanel.estimators.design import Design, Sample
from eventpanel.estimators.events import Event, Overlap, Threshold
from eventpanel.estimators.moderator import Moderator
from eventpanel.estimators.window import EventWindow
from eventpanel.inputs import counted, narrow, read_input, refuse_taken
from eventpanel.sections import (
    DesignSection,
    EventSection,
    OwnDesign,
    SampleSection,
    Study,
    WindowSection,
)

__all__ = ["build_designs", "build_panel"]

DERIVATIONS: dict[str, Callable[[Panel, str, list[str]], Panel]] = {
    "any_of": derive.any_of,
    "total": derive.total,
    "ratio": derive.ratio,
    "log": derive.log,
    "log1p": derive.log1p,
    "region": derive.region,
    "continent": derive.continent,
}
Step = Callable[[str], None]
Folders = Path | Sequence[Path]


def _silent(_: str) -> None:
    """Report no progress."""


def build_panel(study: Study, data: Folders = (), step: Step = _silent) -> Panel:
    """Read, harmonise and merge the inputs of a study.

    Parameters
    ----------
    study : Study
    data : Path or sequence of Path
        Folders of the publishers' files, searched in order; not needed for simulated inputs.
    step : callable
        Called with the name of each input before it is read.

    Returns
    -------
    Panel

    Examples
    --------
    >>> from eventpanel.study import load_study
    >>> build_panel(load_study("demo")).unit
    ('exporter', 'importer')
    """
    simulation = None if study.simulation is None else simulate(study.simulation.seed, effect=study.simulation.effect)
    folders = (data,) if isinstance(data, Path) else tuple(data)
    raw: dict[str, Records | Panel] = {}
    loaded: dict[str, Records | Panel] = {}
    for name, section in study.inputs.items():
        step(f"reading {name}")
        same = section.model_dump_json(include={"source", "file", "options", "part"})
        try:
            if same not in raw:
                raw[same] = read_input(name, section, folders, simulation)
        except MissingFileError:
            if not section.optional:
                raise
            continue
        loaded[name] = narrow(name, section, raw[same])
    step("merging")
    panel = _spine(study, loaded)
    for name, one in loaded.items():
        section = study.inputs[name]
        panel = merge(panel, counted(name, section, one), cardinality=section.join)
    for name, derivation in study.derive.items():
        refuse_taken(name, panel.frame.columns, f"derive.{name}")
        panel = DERIVATIONS[derivation.how](panel, name, derivation.columns)
    return panel


def _spine(study: Study, loaded: dict[str, Records | Panel]) -> Panel:
    section = study.panel
    importers = section.importers
    if section.importers_from:
        if importers is not None or section.importers_from not in loaded:
            raise StudyError(
                "panel.importers_from must name an input, and excludes panel.importers.",
                section.importers_from,
                f"inputs: {', '.join(loaded)}",
            )
        importers = _importers(loaded[section.importers_from])
    if section.first > section.last:
        raise StudyError(
            "The panel ends before it begins.", f"panel.first={section.first}, last={section.last}", "exchange them"
        )
    return spine(section.first, section.last, importers=importers, exporters=section.exporters)


def _importers(loaded: Records | Panel) -> list[str]:
    frame: pd.DataFrame = loaded.covered if isinstance(loaded, Records) else loaded.frame
    if "importer" not in frame.columns:
        raise InputError("The input has no importers.", "panel.importers_from", "name another input")
    return sorted(frame["importer"].unique())


def build_event(section: EventSection) -> Event:
    """Event of a study, or of one of its comparisons."""
    threshold = None
    if section.threshold is not None:
        threshold = Threshold(rule=section.threshold.rule, value=section.threshold.value)
    return Event(
        column=section.column,
        kind=section.kind,
        by=section.by,
        transform=section.transform,
        scale=section.scale,
        threshold=threshold,
        quiet=section.quiet,
        overlap=Overlap(rule=section.overlap.rule, periods=section.overlap.periods, aside=section.overlap.aside),
    )


def build_window(section: WindowSection) -> EventWindow:
    """Event window of a study, or of one of its comparisons."""
    reference = None if section.reference == "none" else section.reference
    return EventWindow(leads=section.leads, lags=section.lags, reference=reference, ends=section.ends)


def build_designs(study: Study) -> dict[str, Design]:
    """Return one design per estimate of a study, by name.

    Raises
    ------
    StudyError
        A moderator that the study does not define, a group it does not have, a difference without groups.
    """
    designs = {name: build_design(study, section) for name, section in study.estimates.items()}
    for name, design in designs.items():
        if study.estimates[name].difference and design.moderator is None:
            raise StudyError(
                f"The estimate {name!r} asks for a difference and has no moderator.",
                f"estimates.{name}",
                "add moderator = NAME, or remove difference",
            )
    return designs


def build_design(study: Study, own: OwnDesign) -> Design:
    """Return the design of an estimate or a comparison: what it says itself, else what the study says."""
    shared: DesignSection = study.design
    moderator = own.moderator if own.moderator is not None else shared.moderator
    return Design(
        outcome=own.outcome or shared.outcome,
        event=build_event(own.event or study.event),
        window=build_window(own.window or study.window),
        fixed_effects=tuple(shared.fixed_effects if own.fixed_effects is None else own.fixed_effects),
        covariance=build_covariance(shared.covariance),
        moderator=None if moderator is None else _moderator(study, moderator),
        controls=tuple(shared.controls if own.controls is None else own.controls),
        weights=shared.weights,
        offset=own.offset or shared.offset,
        sample=_sample(study, own.sample or shared.sample),
    )


def _moderator(study: Study, name: str) -> Moderator:
    if name not in study.moderators:
        raise StudyError(
            f"The study defines no moderator {name!r}.",
            f"moderators: {', '.join(study.moderators) or 'none'}",
            f"add a table [moderators.{name}]",
        )
    section = study.moderators[name]
    return Moderator(
        name=name,
        column=section.column,
        timing=section.timing,
        by=section.by,
        below=section.below,
        groups=tuple(section.groups),
        base=section.base,
        lag=section.lag,
    )


def _sample(study: Study, section: SampleSection) -> Sample:
    return Sample(
        first=section.first,
        last=section.last,
        where=tuple((column, tuple(values)) for column, values in section.where.items()),
        among=tuple((_with_group(_moderator(study, name), group), group) for name, group in section.among.items()),
    )


def _with_group(moderator: Moderator, group: str) -> Moderator:
    if moderator.groups and group not in moderator.groups:
        raise StudyError(
            f"The sample asks for {group!r}, which is no group of the moderator {moderator.name!r}.",
            f"groups: {', '.join(moderator.groups)}",
            "correct sample.among",
        )
    return moderator
