"""Options of an axis: a few keys that change an estimate of a study, and nothing else of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from eventpanel.datasets.errors import StudyError, first_few
from eventpanel.sections import DesignSection, EstimateSection, ModeratorSection, Study
from eventpanel.study import said

__all__ = ["changed_study"]

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
    and so does ``"none"`` a key of a moderator.

    Parameters
    ----------
    study : Study
    name : str
        Of the estimate.
    changes : mapping

    Raises
    ------
    StudyError
        A key that an option does not take, or a value of the wrong kind.
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
            moderators = {name: _without_none(one) for name, one in _merged(moderators, value).items()}
        elif key in MORE:
            _check_list(key, value)
            own[MORE[key]] = [*own[MORE[key]], *(one for one in value if one not in own[MORE[key]])]
        else:
            held = design if key in SHARED else own
            held[key] = _merged(held.get(key), value)
    if own.get("moderator") == NONE:
        own.pop("moderator")
        design.pop("moderator", None)
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


def _without_none(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if value != NONE}


def _merged(held: Any, value: Any) -> Any:
    """Tables merge key by key, anything else is replaced."""
    if not isinstance(held, dict) or not isinstance(value, Mapping):
        return value
    return {**held, **{key: _merged(held.get(key), one) for key, one in value.items()}}
