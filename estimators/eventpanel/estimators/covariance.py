"""Covariance: how uncertainty is computed; an object, always explicit, always printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eventpanel.datasets.errors import DesignError

__all__ = ["Clustered", "Counts", "Covariance"]

Kind = Literal["CRV1", "CRV2", "CRV3"]
KINDS: dict[str, str] = {
    "CRV1": "t(G-1)",
    "CRV2": "bias-reduced (Bell and McCaffrey), t with Satterthwaite degrees of freedom",
    "CRV3": "cluster jackknife, t(G-1)",
}
SmallSample = Literal["reghdfe", "statsmodels", "ppmlhdfe", "none"]
RULES: dict[str, str] = {
    "reghdfe": "G/(G-1) x (N-1)/(N-K), K without effects nested in the clusters",
    "statsmodels": "G/(G-1) x (N-1)/(N-K), K with all effects as dummies",
    "ppmlhdfe": "G/(G-1)",
    "none": "no factor",
}


@dataclass(frozen=True, slots=True)
class Counts:
    """What small-sample rules need.

    Attributes
    ----------
    nobs, clusters, terms : int
        Rows, clusters, estimated coefficients.
    absorbed : int
        Independent dummies of all fixed effects.
    nested : int
        Independent dummies of the effects that are nested in clusters.
    """

    nobs: int
    clusters: int
    terms: int
    absorbed: int
    nested: int


@dataclass(frozen=True, slots=True)
class Clustered:
    """Cluster-robust covariance.

    Parameters
    ----------
    by : str
        Column of the clusters.
    small_sample : {"reghdfe", "statsmodels", "ppmlhdfe", "none"}
        Factor on the covariance, named after the software whose default it matches. There is no default here:
        packages differ by several per cent on the same data. CRV2 and CRV3 carry their own correction and take
        ``"none"``.
    kind : {"CRV1", "CRV2", "CRV3"}
        Sandwich of cluster scores; bias-reduced with Satterthwaite degrees of freedom; cluster jackknife. The last
        two are for few or unequal clusters.

    Raises
    ------
    DesignError
        Unknown rule or kind, or a small-sample factor on top of CRV2 or CRV3.

    References
    ----------
    Cameron and Miller 2015, doi:10.3368/jhr.50.2.317.

    Examples
    --------
    >>> Clustered("importer", "ppmlhdfe").factor(Counts(100, 10, 2, 0, 0))
    1.1111111111111112
    """

    by: str
    small_sample: SmallSample
    kind: Kind = "CRV1"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise DesignError(f"Unknown kind of covariance {self.kind!r}.", "", f"choose one of {', '.join(KINDS)}")
        if self.kind != "CRV1" and self.small_sample != "none":
            raise DesignError(
                f"{self.kind} carries its own small-sample correction.",
                f"small_sample={self.small_sample!r}",
                "set small_sample='none'",
            )
        if self.small_sample not in RULES:
            raise DesignError(
                f"Unknown small-sample rule {self.small_sample!r}.", "", f"choose one of {', '.join(RULES)}"
            )

    def describe(self) -> str:
        """One line for tables."""
        rule = f"small-sample rule {self.small_sample}: {RULES[self.small_sample]}; " if self.kind == "CRV1" else ""
        return f"clustered by {self.by} ({self.kind}); {rule}{KINDS[self.kind]}"

    def factor(self, counts: Counts) -> float:
        """Small-sample factor on the covariance."""
        if self.small_sample == "none":
            return 1.0
        ratio = counts.clusters / (counts.clusters - 1)
        if self.small_sample == "ppmlhdfe":
            return ratio
        free = counts.nobs - self.parameters(counts)
        if free <= 0:
            raise DesignError(
                "No degree of freedom is left.",
                f"{counts.nobs} rows for {self.parameters(counts)} parameters by the rule {self.small_sample}",
                "use fewer fixed effects or terms, or a larger sample",
            )
        return ratio * (counts.nobs - 1) / free

    def parameters(self, counts: Counts) -> int:
        """Count the parameters K of the rule."""
        if self.small_sample == "statsmodels":
            return counts.terms + counts.absorbed
        constant = 1 if counts.nested else 0
        return counts.terms + counts.absorbed - counts.nested + constant


Covariance = Clustered
