"""Options of an axis: a few keys that change an estimate of a study, and nothing else of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from eventpanel.covariances import KEYS as COVARIANCE_KEYS
from eventpanel.covariances import OPTIONAL
from eventpanel.datasets.errors import StudyError, first_few
from eventpanel.sections import DesignSection, EstimateSection, ModeratorSection, Study
from eventpanel.study import said

__all__ = ["AS_SET", "changed_study"]

# The option of every axis that changes nothing.
AS_SET = "as in the headline"

# Keys of an estimate that an option may change, and where their values stand if the estimate says nothing.
OF_DESIGN = ("outcome", "fixed_effects", "controls", "offset", "moderator", "sample")
OF_STUDY = ("event", "window")
SHARED = ("covariance", "weights")
MORE = {"also_controls": "controls", "also_fixed_effects": "fixed_effects"}
# What takes the moderator away, or a key of a moderator: TOML has no other word for nothing.
NONE = "none"
KEYS = (*OF_DESIGN, *OF_STUDY, *SHARED, *MORE, "moderators")


def changed_study(study: Study, name: str, changes: Mapping[str, Any]) -> Study:
    """Return a study whose estimate of a name has been changed.

    Tables (``event``, ``window``, ``sample``, ``covariance``, ``moderators``) change the keys they have; lists and
    plain values replace; ``also_controls`` and ``also_fixed_effects`` add; ``moderator = "none"`` takes it away,
    and so does ``"none"`` a key of a moderator. A covariance of another kind keeps only keys that this kind knows.

    Parameters
    ----------
    study : Study
    name : str
        Of the estimate.
    changes : mapping

    Raises
    ------
    StudyError
        A key that an option does not take, a value of the wrong kind, or fixed effects of a moderator taken away.
    """
    unknown = [key for key in changes if key not in KEYS]
    if unknown:
        raise StudyError(
            "An option has a key that it does not take.",
            first_few(unknown),
            f"its keys: {', '.join(KEYS)}, estimator, trends",
        )
    design, own = _plain(study.design), _resolved(study, name)
    moderators = {key: _plain(one) for key, one in study.moderators.items()}
    for key, value in changes.items():
        if key == "moderators":
            moderators = _with_changes(moderators, value)
        elif key in MORE:
            _check_list(key, value)
            own[MORE[key]] = [*own[MORE[key]], *(one for one in value if one not in own[MORE[key]])]
        else:
            held = design if key in SHARED else own
            held[key] = _merged(held.get(key), value)
    if "covariance" in changes:
        design["covariance"] = _known(design["covariance"], changes["covariance"])
    if own.get("moderator") == NONE:
        own.pop("moderator")
        _check_effects(own, design.pop("moderator", None) or study.estimates[name].moderator)
    try:
        return study.model_copy(
            update={
                "design": DesignSection.model_validate(design),
                "estimates": {name: EstimateSection.model_validate(own)},
                "moderators": {key: ModeratorSection.model_validate(one) for key, one in moderators.items()},
            }
        )
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, one['loc']))}: {said(one)}" for one in error.errors()]
        raise StudyError("An option cannot be used.", first_few(wrong), "see docs/robustness") from error


def _resolved(study: Study, name: str) -> dict[str, Any]:
    """Keys of an estimate with what the study says where it says nothing itself."""
    own = _plain(study.estimates[name])
    design = _plain(study.design)
    for key in OF_DESIGN:
        if own.get(key) is None and design.get(key) is not None:
            own[key] = design[key]
    for key in OF_STUDY:
        if own.get(key) is None:
            own[key] = _plain(getattr(study, key))
    return own


def _plain(section: Any) -> dict[str, Any]:
    return dict(section.model_dump(exclude_none=True))


def _check_list(key: str, value: object) -> None:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise StudyError("An option cannot be used.", f"{key} must be a list of names, not {value!r}", "write [...]")


def _with_changes(moderators: Mapping[str, dict[str, Any]], value: object) -> dict[str, dict[str, Any]]:
    """Change keys of moderators that are there; "none" takes a key away."""
    tables = value if isinstance(value, Mapping) else {}
    if not tables or not all(name in moderators and isinstance(one, Mapping) for name, one in tables.items()):
        raise StudyError(
            f"An option changes moderators by tables of the study's own, not by {value!r}.",
            f"moderators: {first_few(moderators, 12) or 'none'}",
            "write moderators = { NAME = { below = 6 } }",
        )
    merged = {name: _merged(held, tables.get(name, {})) for name, held in moderators.items()}
    return {name: {key: one for key, one in table.items() if one != NONE} for name, table in merged.items()}


def _known(covariance: Any, changes: object) -> Any:
    """Leave out what a covariance of another kind does not know, unless the option itself says it."""
    if not isinstance(changes, Mapping) or changes.get("kind") not in COVARIANCE_KEYS:
        return covariance
    kind = changes["kind"]
    known = {"kind", *COVARIANCE_KEYS[kind], *OPTIONAL.get(kind, ()), *changes}
    return {key: value for key, value in covariance.items() if key in known}


def _check_effects(own: Mapping[str, Any], moderator: str | None) -> None:
    left = [one for one in own.get("fixed_effects", ()) if moderator in one.split("^")]
    if left:
        raise StudyError(
            f"An option takes the moderator {moderator!r} away and keeps its fixed effects: "
            'say which take their place, such as fixed_effects = ["importer", "year"].',
            first_few(left),
            "see docs/robustness.md",
        )


def _merged(held: Any, value: Any) -> Any:
    """Tables merge key by key, anything else is replaced."""
    if not isinstance(held, dict) or not isinstance(value, Mapping):
        return value
    return {**held, **{key: _merged(held.get(key), one) for key, one in value.items()}}
