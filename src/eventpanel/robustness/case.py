"""Case: the panel, the headline under test, and what the study file says about its checks."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
from eventpanel.robustness.options import changed_study
from eventpanel.robustness.trends import trend_names, with_trends
from eventpanel.robustness_section import RobustnessSection
from eventpanel.sections import Study

__all__ = ["Case", "Question", "case_of", "question_of", "section_of"]


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
    name = estimator or own.estimator or changed.design.estimator
    if name not in ESTIMATORS and name not in METHODS:
        known = sorted({*ESTIMATORS, *METHODS})
        raise StudyError(f"There is no estimator {name!r}.", "", f"choose one of {first_few(known, 40)}")
    design = build_design(changed, own)
    grouped = design.moderator is not None
    target = Target(
        event_time=section.event_time,
        group=section.group if grouped else "",
        minus=section.minus if grouped else "",
        direction=section.direction,
    )
    return Question(name, design, target)


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
        No robustness section, or an estimate, a group or an event time that is not there.
    DesignError
        As the estimator of the headline raises it.
    """
    section = section_of(study)
    question = question_of(study, panel, {})
    if question.design.moderator is None and (section.group or section.minus):
        raise StudyError(
            "The robustness section names a group, and its estimate has no moderator.",
            f"group = {section.group!r}, minus = {section.minus!r}",
            "remove them, or add a moderator to the estimate",
        )
    estimate = estimate_by_name(question.estimator, panel, question.design)
    try:
        question.target.of(estimate)
    except DesignError as error:
        raise StudyError(
            "The headline of the robustness section is not in its estimate.", error.where, error.remedy
        ) from error
    return Case(study, _with_all_trends(section, panel), question, estimate)


def _with_all_trends(section: RobustnessSection, panel: Panel) -> Panel:
    asked = [option.get("trends") for options in section.axes.values() for option in options.values()]
    for by in dict.fromkeys(one for one in asked if isinstance(one, str)):
        panel = with_trends(panel, by)
    return panel
