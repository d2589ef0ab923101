"""Small-sample rules: factors on a covariance, named after the software whose call they match."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from eventpanel.datasets.errors import DesignError

RULES: dict[str, str] = {
    "reghdfe": "G/(G-1) x (N-1)/(N-K), K without effects nested in the clusters",
    "fixest": "G/(G-1) x (N-1)/(N-K), K without effects nested in the clusters, others less one level each",
    "statsmodels": "G/(G-1) x (N-1)/(N-K), K with all effects as dummies",
    "linearmodels": "N/(N-K), K with all effects as dummies",
    "ppmlhdfe": "G/(G-1)",
    "none": "no factor",
}


@dataclass(frozen=True, slots=True)
class Counts:
    """What small-sample rules need.

    Attributes
    ----------
    nobs, clusters, terms : int
        Rows, clusters (the fewest of several ways; periods; members), estimated coefficients.
    absorbed : int
        Independent dummies of all fixed effects.
    nested : int
        Independent dummies of the effects that are nested in clusters.
    free : int
        Levels of the effects that are not nested, each effect less one; for the rule ``"fixest"``.
    """

    nobs: int
    clusters: int
    terms: int
    absorbed: int
    nested: int
    free: int = 0


def check_choice(what: str, value: str, choices: Iterable[str]) -> None:
    """Refuse a value that is not among the choices.

    Raises
    ------
    DesignError
    """
    if value not in choices:
        raise DesignError(f"Unknown {what} {value!r}.", "", f"choose one of {', '.join(choices)}")


def groups_factor(rule: str, counts: Counts) -> float:
    """G/(G-1), where the rule has it."""
    return 1.0 if rule in ("none", "linearmodels") else counts.clusters / (counts.clusters - 1)


def rows_factor(rule: str, counts: Counts) -> float:
    """(N-1)/(N-K) or N/(N-K), where the rule has it.

    Raises
    ------
    DesignError
        As many parameters as rows.
    """
    if rule in ("none", "ppmlhdfe"):
        return 1.0
    free = counts.nobs - parameters(rule, counts)
    if free <= 0:
        raise DesignError(
            "No degree of freedom is left.",
            f"{counts.nobs} rows for {parameters(rule, counts)} parameters by the rule {rule}",
            "use fewer fixed effects or terms, or a larger sample",
        )
    return (counts.nobs if rule == "linearmodels" else counts.nobs - 1) / free


def parameters(rule: str, counts: Counts) -> int:
    """Count the parameters K of a rule."""
    if rule in ("statsmodels", "linearmodels"):
        return counts.terms + counts.absorbed
    if rule == "fixest":
        return counts.terms + counts.free + 1
    constant = 1 if counts.nested else 0
    return counts.terms + counts.absorbed - counts.nested + constant
