"""Clustered, Robust, Dyadic: covariances that say which rows may be correlated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.covariance.rules import RULES, Counts, check_choice, groups_factor, parameters, rows_factor

__all__ = ["Clustered", "Dyadic", "Robust"]

Kind = Literal["CRV1", "CRV2", "CRV3"]
KINDS: dict[str, str] = {
    "CRV1": "t(G-1)",
    "CRV2": "bias-reduced (Bell and McCaffrey), t with Satterthwaite degrees of freedom",
    "CRV3": "cluster jackknife, t(G-1)",
}
SmallSample = Literal["reghdfe", "fixest", "statsmodels", "linearmodels", "ppmlhdfe", "none"]
RobustKind = Literal["HC0", "HC1", "HC2", "HC3"]
ROBUST: dict[str, str] = {
    "HC0": "no small-sample factor",
    "HC1": "N/(N-K), K with all effects as dummies",
    "HC2": "squared residuals over 1 - leverage, that of the fixed effects included",
    "HC3": "squared residuals over the square of 1 - leverage, that of the fixed effects included",
}
MEMBERS = {"members": "M/(M-1), M the members", "none": "no factor"}
# What holds only where a row's leverage does not depend on its mean.
LINEAR_ONLY = ("HC2", "HC3")


@dataclass(frozen=True, slots=True)
class Clustered:
    """Cluster-robust covariance, one way or several.

    Parameters
    ----------
    by : str or tuple of str
        Column of the clusters, or columns: rows that share a cluster of any of them may be correlated. A column may be
        an interaction such as ``"exporter^year"``.
    small_sample : {"reghdfe", "fixest", "statsmodels", "linearmodels", "ppmlhdfe", "none"}
        Factor on the covariance, named after the software whose call it matches: docs/methods/covariance.md. There is
        no default here: packages differ by several per cent on the same data. CRV2 and CRV3 carry their own
        correction and take ``"none"``.
    kind : {"CRV1", "CRV2", "CRV3"}
        Sandwich of cluster scores; bias-reduced with Satterthwaite degrees of freedom; cluster jackknife. The last
        two are for few or unequal clusters of one way.

    Raises
    ------
    DesignError
        Unknown rule or kind, a small-sample factor on top of CRV2 or CRV3, no or repeated ways.

    References
    ----------
    Cameron and Miller 2015, doi:10.3368/jhr.50.2.317; Cameron, Gelbach and Miller 2011,
    doi:10.1198/jbes.2010.07136.

    Examples
    --------
    >>> Clustered("importer", "ppmlhdfe").factor(Counts(100, 10, 2, 0, 0))
    1.1111111111111112
    """

    by: str | tuple[str, ...]
    small_sample: SmallSample
    kind: Kind = "CRV1"

    def __post_init__(self) -> None:
        check_choice("kind of covariance", self.kind, KINDS)
        if self.kind != "CRV1" and self.small_sample != "none":
            raise DesignError(
                f"{self.kind} carries its own small-sample correction.",
                f"small_sample={self.small_sample!r}",
                "set small_sample='none'",
            )
        check_choice("small-sample rule", self.small_sample, RULES)
        if not self.ways or len(set(self.ways)) < len(self.ways):
            raise DesignError("Clusters need columns that differ.", f"by={self.by!r}", "name each column once")
        if self.kind != "CRV1" and len(self.ways) > 1:
            raise DesignError(f"{self.kind} is for clusters of one way.", f"by={self.by!r}", "use kind='CRV1'")
        if self.small_sample in ("statsmodels", "linearmodels") and len(self.ways) > 2:
            raise DesignError(
                f"{self.small_sample} has clusters of one or two ways.",
                f"by={self.by!r}",
                "choose another small-sample rule, such as 'fixest'",
            )

    @property
    def ways(self) -> tuple[str, ...]:
        """Columns of the clusters."""
        return (self.by,) if isinstance(self.by, str) else tuple(self.by)

    @property
    def own_factors(self) -> bool:
        """Whether each part of several ways carries its own G/(G-1), as in statsmodels."""
        return self.small_sample == "statsmodels" and len(self.ways) > 1

    def describe(self) -> str:
        """One line for tables."""
        rule = f"small-sample rule {self.small_sample}: {RULES[self.small_sample]}; " if self.kind == "CRV1" else ""
        several = "" if len(self.ways) == 1 else ", G the fewest of any way"
        if self.own_factors:
            several += ", but each part's own in its factor"
        return f"clustered by {' and '.join(self.ways)} ({self.kind}); {rule}{KINDS[self.kind]}{several}"

    def factor(self, counts: Counts) -> float:
        """Small-sample factor on the covariance."""
        groups = 1.0 if self.own_factors else groups_factor(self.small_sample, counts)
        return groups * rows_factor(self.small_sample, counts)

    def parameters(self, counts: Counts) -> int:
        """Count the parameters K of the rule."""
        return parameters(self.small_sample, counts)


@dataclass(frozen=True, slots=True)
class Robust:
    """Heteroskedasticity-robust covariance: rows are independent of one another.

    Parameters
    ----------
    kind : {"HC0", "HC1", "HC2", "HC3"}
        HC2 and HC3 use the leverage of each row, that of the fixed effects included, and are for linear models.

    Raises
    ------
    DesignError
        Unknown kind.

    References
    ----------
    MacKinnon and White 1985, doi:10.1016/0304-4076(85)90158-7.

    Examples
    --------
    >>> Robust("HC1").factor(Counts(nobs=100, clusters=10, terms=2, absorbed=18, nested=0))
    1.25
    """

    kind: RobustKind

    def __post_init__(self) -> None:
        check_choice("kind of covariance", self.kind, ROBUST)

    @property
    def ways(self) -> tuple[str, ...]:
        """Columns of the clusters: none."""
        return ()

    def describe(self) -> str:
        """One line for tables."""
        return f"heteroskedasticity-robust ({self.kind}); {ROBUST[self.kind]}; t(N-K)"

    def factor(self, counts: Counts) -> float:
        """Small-sample factor on the covariance."""
        # N/(N-K) with K of all dummies is linearmodels' robust covariance too.
        return rows_factor("linearmodels", counts) if self.kind == "HC1" else 1.0


@dataclass(frozen=True, slots=True)
class Dyadic:
    """Dyadic-robust covariance: rows that share a member, in either role, may be correlated.

    Parameters
    ----------
    members : tuple of str
        The two columns that name the members, such as ``("exporter", "importer")``.
    small_sample : {"members", "none"}
        M/(M-1) with M members, the counterpart of G/(G-1); no package's rule.

    Raises
    ------
    DesignError
        Unknown rule, not two columns.

    References
    ----------
    Aronow, Samii and Assenova 2015, doi:10.1093/pan/mpv018.

    Examples
    --------
    >>> Dyadic(("exporter", "importer"), "none").describe()
    'dyadic: rows that share exporter or importer, in either role; small-sample rule none: no factor; t(M-1)'
    """

    members: tuple[str, str]
    small_sample: Literal["members", "none"]
    kind: ClassVar[str] = "dyadic"

    def __post_init__(self) -> None:
        check_choice("small-sample rule", self.small_sample, MEMBERS)
        if isinstance(self.members, str) or len(set(self.members)) != 2:
            raise DesignError("A dyad has two members.", f"members={self.members!r}", "name two columns")

    @property
    def ways(self) -> tuple[str, ...]:
        """Columns of the clusters: none, since members overlap."""
        return ()

    def describe(self) -> str:
        """One line for tables."""
        who = " or ".join(self.members)
        rule = f"small-sample rule {self.small_sample}: {MEMBERS[self.small_sample]}"
        return f"dyadic: rows that share {who}, in either role; {rule}; t(M-1)"

    def factor(self, counts: Counts) -> float:
        """Small-sample factor on the covariance; ``clusters`` are the members."""
        return groups_factor(self.small_sample, counts)
