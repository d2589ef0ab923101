"""Comparisons of a study: which estimators stand side by side on which design, and the cards of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from eventpanel.build import build_design, build_designs
from eventpanel.datasets.errors import StudyError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.card import Card, card
from eventpanel.estimators.design import Design
from eventpanel.estimators.lag_plans import DistributedLag, Model
from eventpanel.estimators.method import Planned
from eventpanel.estimators.methods import method_of
from eventpanel.reports.events import card_name
from eventpanel.study import Study, said

__all__ = ["build_comparisons", "study_cards"]

# Estimators of an estimate that say what they do with every event.
PLANS: dict[str, Model] = {"distributed_lag": "linear", "ppml": "poisson"}


def build_comparisons(study: Study) -> dict[str, tuple[Design, dict[str, Planned]]]:
    """Return the design and the methods of each comparison of a study, by name.

    Parameters
    ----------
    study : Study

    Raises
    ------
    DesignError
        An unknown method.
    StudyError
        Options of a method that is not compared, or that it does not have.
    """
    made = {}
    for name, section in study.comparisons.items():
        for method in section.options:
            if method not in section.methods:
                raise StudyError(
                    f"comparisons.{name}.options names {method!r}, which is not among its methods.",
                    f"methods: {', '.join(section.methods)}",
                    "add it to methods, or remove its options",
                )
        methods = {label: _with_options(name, label, section.options.get(label, {})) for label in section.methods}
        made[name] = (build_design(study, section), methods)
    return made


def _with_options(comparison: str, name: str, options: dict[str, Any]) -> Planned:
    method: Any = method_of(name)
    where = f"comparisons.{comparison}.options.{name}"
    hints = get_type_hints(type(method))
    _known(name, type(method), options, where)
    return method_of(replace(method, **_fitting(hints, options, where)))


def _fitting(hints: Mapping[str, Any], options: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Options as the nouns they describe, each of the kind it must be: nothing is converted."""
    made = {}
    for key, value in options.items():
        made[key] = _made(hints[key], value, f"{where}.{key}")
        try:
            TypeAdapter(hints[key]).validate_python(made[key], strict=True)
        except ValidationError as error:
            wrong = " or ".join(dict.fromkeys(said(problem) for problem in error.errors()))
            raise StudyError(
                "An option of an estimator cannot be used.",
                f"{where}.{key}: {wrong.replace(' or must be ', ' or ')}, not {value!r}",
                "see the page of the estimator",
            ) from error
    return made


def _made(hint: Any, value: Any, where: str) -> Any:
    """Turn a value of a study file into what an option is: tables into the nouns they describe, lists into tuples."""
    kinds: list[Any] = [kind for kind in (hint, *get_args(hint)) if is_dataclass(kind)]
    if isinstance(value, list):
        inner = next((get_args(kind)[0] for kind in (hint, *get_args(hint)) if get_origin(kind) is tuple), Any)
        return tuple(_made(inner, one, where) for one in value)
    if not isinstance(value, dict) or not kinds:
        return value
    hints = get_type_hints(kinds[0])
    _known(str(getattr(kinds[0], "__name__", "")), kinds[0], value, where)
    try:
        return kinds[0](**_fitting(hints, value, where))
    except TypeError as error:
        raise StudyError(f"{where} is not complete.", str(error), "see the page of the estimator") from error


def _known(name: str, kind: Any, options: Mapping[str, object], where: str) -> None:
    known = [field.name for field in fields(kind)]
    for key in options:
        if key not in known:
            raise StudyError(f"{name} has no option {key!r}.", where, f"options: {', '.join(known) or 'none'}")


def study_cards(study: Study, panel: Panel) -> dict[str, Card]:
    """Return the cards of the estimates and of all compared methods of a study, by what they belong to.

    Parameters
    ----------
    study : Study
    panel : Panel
    """
    cards = {}
    for name, design in build_designs(study).items():
        estimator = study.estimates[name].estimator or study.design.estimator
        if estimator in PLANS:
            plan = DistributedLag(PLANS[estimator], "plain" if design.window.reference is None else "restricted")
            cards[f"estimate {name}"] = card(plan, panel, design)
    for name, (design, methods) in build_comparisons(study).items():
        cards |= {card_name(name, label): card(method, panel, design) for label, method in methods.items()}
    return cards
