"""Case: the panel, the headline under test, and what the study file says about its checks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from eventpanel.build import build_design
from eventpanel.datasets.errors import DesignError, StudyError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimating import ESTIMATORS, estimate_by_name
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.methods import METHODS
from eventpanel.estimators.target import Target
from eventpanel.robustness.options import AS_SET, changed_study
from eventpanel.robustness.trends import trend_names, with_trends
from eventpanel.robustness_section import RobustnessSection
from eventpanel.sections import Study

__all__ = ["Case", "Question", "case_of", "check_axes", "question_of", "section_of"]


@dataclass(frozen=True, slots=True)
class Question:
    """What is estimated, and the number of it that is watched.

    Attributes
    ----------
    estimator : str
        As in a study file: ``"distributed_lag"``, ``"ppml"``, ``"lp_did"``.
    design : Design
    target : Target
    """

    estimator: str
    design: Design
    target: Target


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """What checks work on.

    Attributes
    ----------
    study : Study
        With a robustness section.
    panel : Panel
    question : Question
        The headline.
    estimate : Estimate
        Its estimate.
    origin : mapping, optional
        Settings that the case was made from, where they are not those of a study.
    """

    study: Study
    panel: Panel
    question: Question
    estimate: Estimate
    origin: Mapping[str, Any] | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """What makes the case again, with the checks that it asks for."""
        if self.origin is None:
            return self.study.model_dump()
        return {**self.origin, "robustness": {**self.origin["robustness"], "checks": self.section.checks}}

    @property
    def section(self) -> RobustnessSection:
        """What the study file says about its checks."""
        return section_of(self.study)

    @property
    def design(self) -> Design:
        """Design of the headline."""
        return self.question.design

    @property
    def target(self) -> Target:
        """The number under test."""
        return self.question.target

    @property
    def headline(self) -> Estimate:
        """The number under test as an estimate of one term."""
        return self.target.of(self.estimate)

    @property
    def level(self) -> float:
        """Level of all intervals."""
        return self.study.output.level

    @property
    def alpha(self) -> float:
        """Level of all tests, without what rounding leaves of one less the level of intervals."""
        return round(1 - self.level, 12)

    @property
    def is_linear(self) -> bool:
        """Whether the headline is a distributed lag, of which most is known exactly."""
        return self.question.estimator == "distributed_lag"

    def changed(self, changes: Mapping[str, Any]) -> Question:
        """Return the headline's question with changes as in an option of an axis.

        Parameters
        ----------
        changes : mapping
            Keys of an estimate, beside ``covariance``, ``weights``, ``moderators``, ``also_controls``,
            ``also_fixed_effects`` and ``trends`` (a column of units); tables change the keys they have.

        Raises
        ------
        StudyError
            Keys or values that an estimate does not take.
        DesignError
            Values that do not fit together.
        """
        return question_of(self.study, self.panel, changes)


def section_of(study: Study) -> RobustnessSection:
    """Return what a study says about its checks.

    Parameters
    ----------
    study : Study

    Raises
    ------
    StudyError
        No robustness section, or an estimate that the study does not make.
    """
    section = study.robustness
    if section is None:
        raise StudyError(
            "The study has no robustness section.",
            "[robustness]",
            f"add one to the study file; the shortest is\n\n{_shortest(study)}\n\ndocs/robustness has the rest",
        )
    if section.estimate not in study.estimates:
        raise StudyError(
            f"The robustness section names an estimate {section.estimate!r} that the study does not make.",
            f"estimates: {first_few(study.estimates, 12)}",
            "correct robustness.estimate",
        )
    return section


def _shortest(study: Study) -> str:
    """Write a section for the first estimate, and the first group of its moderator."""
    name, own = next(iter(study.estimates.items()))
    moderator = own.moderator or study.design.moderator
    groups = study.moderators[moderator].groups if moderator in study.moderators else None
    lines = ["[robustness]", f"estimate = {json.dumps(name, ensure_ascii=False)}"]
    return "\n".join([*lines, *[f"group = {json.dumps(one, ensure_ascii=False)}" for one in (groups or ())[:1]]])


def question_of(study: Study, panel: Panel, changes: Mapping[str, Any]) -> Question:
    """Return the question of the headline with changes.

    Parameters
    ----------
    study : Study
    panel : Panel
        Its units have the trends that changes ask for.
    changes : mapping
        See :meth:`Case.changed`.
    """
    section, rest = section_of(study), dict(changes)
    trends, estimator = rest.pop("trends", None), rest.pop("estimator", None)
    if trends is not None:
        rest["also_controls"] = [*rest.get("also_controls", ()), *trend_names(panel, trends)]
    changed = changed_study(study, section.estimate, rest)
    own = changed.estimates[section.estimate]
    name = own.estimator or changed.design.estimator if estimator is None else estimator
    _check_estimator(name)
    design = build_design(changed, own)
    grouped = design.moderator is not None
    target = Target(
        event_time=section.event_time,
        group=section.group if grouped else "",
        minus=section.minus if grouped else "",
        direction=section.direction,
    )
    return Question(name, design, target)


def _check_estimator(name: object) -> None:
    known = sorted({*ESTIMATORS, *METHODS})
    if name not in known:
        raise StudyError(f"There is no estimator {name!r}.", "", f"choose one of {first_few(known, 40)}")


def check_axes(study: Study) -> None:
    """Refuse options that cannot be read, before any data are; those that data refuse are listed in the results.

    Parameters
    ----------
    study : Study
        With a robustness section.

    Raises
    ------
    StudyError
        An unknown key, a value of the wrong kind, an unknown estimator or moderator.
    """
    section = section_of(study)
    for axis, options in section.axes.items():
        for name, option in options.items():
            try:
                _check_option(study, section.estimate, name, option)
            except StudyError as error:
                where = f"robustness.axes.{axis}, option {name!r}{f': {error.where}' if error.where else ''}"
                raise StudyError(error.what, where, error.remedy) from error


def _check_option(study: Study, estimate: str, name: str, option: Mapping[str, Any]) -> None:
    if name == AS_SET:
        raise StudyError("An option has the name of the headline itself.", "", "give it another name, or leave it out")
    rest = dict(option)
    trends, estimator = rest.pop("trends", None), rest.pop("estimator", None)
    if trends is not None and not isinstance(trends, str):
        raise StudyError(f"Trends are those of the units of a column, not of {trends!r}.", "", 'such as "importer"')
    if estimator is not None:
        _check_estimator(estimator)
    changed = changed_study(study, estimate, rest)
    with suppress(DesignError):
        build_design(changed, changed.estimates[estimate])


def case_of(study: Study, panel: Panel) -> Case:
    """Return the case of a study: the headline estimated, the panel with all columns that options ask for.

    Parameters
    ----------
    study : Study
    panel : Panel
        As :func:`eventpanel.build.build_panel` makes it.

    Raises
    ------
    StudyError
        No robustness section, an option that cannot be read, or an estimate, group or event time that is not there.
    DesignError
        As the estimator of the headline raises it.
    """
    section = section_of(study)
    check_axes(study)
    question = question_of(study, panel, {})
    estimate = estimate_by_name(question.estimator, panel, question.design)
    _check_target(section, estimate)
    return Case(study, _with_all_trends(section, panel), question, estimate)


def _check_target(section: RobustnessSection, estimate: Estimate) -> None:
    """Say which key names what the path of the headline does not hold."""
    path = [term for term in estimate.terms if term.event_time is not None and not term.binned]
    groups = list(dict.fromkeys(term.group for term in path if term.group))
    asked = {"group": section.group, "minus": section.minus} if section.minus else {"group": section.group}
    for key, group in asked.items():
        if group and not groups:
            raise StudyError(
                f"robustness.{key} names a group, and its estimate has no moderator.",
                f"{key} = {group!r}",
                "remove it, or add a moderator to the estimate",
            )
        if groups and group not in groups:
            wrong = (
                f"is {group!r}, which is no group of its estimate" if group else "is missing: its estimate has groups"
            )
            raise StudyError(
                f"robustness.{key} {wrong}.",
                f"groups: {first_few(map(repr, groups), 12)}",
                f"set robustness.{key} to one of them",
            )
    times = sorted({term.event_time for term in path if term.event_time is not None})
    if section.event_time not in times:
        raise StudyError(
            f"robustness.event_time is {section.event_time}, and the estimate has no coefficient of that event time.",
            f"event times: {', '.join(map(str, times))}",
            "choose one of them, or change the window",
        )


def _with_all_trends(section: RobustnessSection, panel: Panel) -> Panel:
    asked = [option.get("trends") for options in section.axes.values() for option in options.values()]
    for by in dict.fromkeys(one for one in asked if isinstance(one, str)):
        panel = with_trends(panel, by)
    return panel
