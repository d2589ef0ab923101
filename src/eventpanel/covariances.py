"""From the covariance table of a study to a covariance."""

from __future__ import annotations

from typing import Any

from eventpanel.datasets.errors import StudyError
from eventpanel.estimators.covariance import Clustered, Conley, Covariance, DriscollKraay, Dyadic, NeweyWest, Robust
from eventpanel.sections import CovarianceSection

__all__ = ["KEYS", "OPTIONAL", "build_covariance"]

CLUSTERED = ("by", "small_sample")
# Keys that each kind needs, beside kind itself.
KEYS: dict[str, tuple[str, ...]] = {
    "CRV1": CLUSTERED,
    "CRV2": CLUSTERED,
    "CRV3": CLUSTERED,
    "HC0": (),
    "HC1": (),
    "HC2": (),
    "HC3": (),
    "driscoll_kraay": ("lags", "small_sample"),
    "newey_west": ("by", "lags", "small_sample"),
    "conley": ("latitude", "longitude", "cutoff_km", "kernel", "distance", "serial_lags", "small_sample"),
    "dyadic": ("members", "small_sample"),
}
OPTIONAL = {"conley": ("serial_by",)}


def build_covariance(section: CovarianceSection) -> Covariance:
    """Return the covariance that a table of the study asks for.

    Raises
    ------
    StudyError
        A key that the kind needs is missing, or one that it does not know is given.
    DesignError
        A value that the kind does not take.

    Examples
    --------
    >>> build_covariance(CovarianceSection(kind="driscoll_kraay", lags=2, small_sample="fixest"))
    DriscollKraay(lags=2, small_sample='fixest')
    """
    given: dict[str, Any] = {name: value for name, value in section if value is not None and name != "kind"}
    _check_keys(section.kind, given)
    match section.kind:
        case "CRV1" | "CRV2" | "CRV3":
            return Clustered(_ways(given["by"]), given["small_sample"], section.kind)
        case "HC0" | "HC1" | "HC2" | "HC3":
            return Robust(section.kind)
        case "driscoll_kraay":
            return DriscollKraay(**given)
        case "newey_west":
            if not isinstance(section.by, str):
                raise StudyError(
                    "newey_west runs along units of one column.",
                    f"design.covariance.by = {section.by!r}",
                    "give one column, or an interaction such as 'exporter^importer'",
                )
            return NeweyWest(**given)
        case "conley":
            return Conley(**given)
        case "dyadic":
            return Dyadic(tuple(given["members"]), given["small_sample"])


def _ways(by: str | list[str]) -> str | tuple[str, ...]:
    return by if isinstance(by, str) else tuple(by)


def _check_keys(kind: str, given: dict[str, Any]) -> None:
    needed, known = KEYS[kind], (*KEYS[kind], *OPTIONAL.get(kind, ()))
    missing = [name for name in needed if name not in given]
    unknown = [name for name in given if name not in known]
    if missing or unknown:
        problems = [f"{name} is missing" for name in missing] + [f"{name} is not known to it" for name in unknown]
        raise StudyError(
            f"The covariance {kind!r} has {'no other keys' if not known else 'keys of its own: ' + ', '.join(known)}.",
            f"design.covariance: {', '.join(problems)}",
            "see docs/studies.md for every key",
        )
