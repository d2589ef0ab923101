"""Estimate: what comes back; names follow linearmodels and statsmodels, tables follow broom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import NamedTuple

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import first_few
from eventpanel.estimators.contributions import Contributions
from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.design import Design
from eventpanel.estimators.ledger import Ledger
from eventpanel.estimators.path import Term
from eventpanel.estimators.tidy import check_level, numbers, tidy_table

__all__ = ["Estimate", "GroupSize", "Term", "check_level"]


class GroupSize(NamedTuple):
    """What a group of the moderator rests on."""

    group: str
    rows: int
    clusters: int
    treated_clusters: int
    outcome_mean: float


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Estimate:
    """Coefficients, their covariance, and everything a table has to say about them.

    Attributes
    ----------
    estimator : str
        Name of the function that made it.
    design : Design
        What was asked.
    terms : tuple of Term, length k
    coef : ndarray, shape (k,)
    vcov : ndarray, shape (k, k)
    dof : ndarray, shape (k,)
        Degrees of freedom of each coefficient's t distribution: clusters of its group less one.
    nobs, n_clusters, n_treated : int
        Rows, clusters, and clusters in which the event happened.
    reference : tuple of Term
        Terms left out by the window: zero by restriction.
    dropped : tuple of (Term, reason)
        Terms that could not be estimated.
    lost : Ledger
        Which rows of the panel were used, and why the others were not.
    sizes : tuple of GroupSize
        Rows and clusters of each group of the moderator.
    facts : tuple of (name, value)
        Fixed effects with levels, R2 within, small-sample factor and what else a table note needs.
    notes : tuple of str
        Cautions a reader must see beside the numbers.
    contributions : Contributions, optional
        What each cluster adds to the error of the coefficients, where rows are clustered one way.
    base : str
        What the reference is, where it is neither a restriction nor a normalisation.
    """

    estimator: str
    design: Design
    terms: tuple[Term, ...]
    coef: Floats
    vcov: Floats
    dof: Floats
    nobs: int
    n_clusters: int
    n_treated: int
    reference: tuple[Term, ...]
    dropped: tuple[tuple[Term, str], ...]
    lost: Ledger
    sizes: tuple[GroupSize, ...]
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    contributions: Contributions | None = None
    base: str = ""

    @property
    def sample(self) -> Mask:
        """Rows used, shape (rows of the panel,)."""
        return self.lost.keep

    @property
    def ledger(self) -> pd.DataFrame:
        """Every lost row: cause, unit, rows, first, last."""
        return self.lost.table()

    @property
    def by_group(self) -> pd.DataFrame:
        """What each group rests on: group, rows, clusters, treated_clusters, outcome_mean."""
        return pd.DataFrame(self.sizes, columns=list(GroupSize._fields))

    @property
    def names(self) -> list[str]:
        """Labels of the terms, length k."""
        return [str(term) for term in self.terms]

    @property
    def params(self) -> pd.Series:
        """Coefficients, indexed by term."""
        return pd.Series(self.coef, index=self.names, name="parameter")

    @property
    def cov(self) -> pd.DataFrame:
        """Covariance of the coefficients, indexed by term on both sides."""
        return pd.DataFrame(self.vcov, index=self.names, columns=self.names)

    def cov_params(self) -> pd.DataFrame:
        """Return :attr:`cov`, under statsmodels' name."""
        return self.cov

    @property
    def std_errors(self) -> pd.Series:
        """Standard errors; missing where the variance is not positive."""
        return self._column(1, "std_error")

    @property
    def bse(self) -> pd.Series:
        """Standard errors, under statsmodels' name."""
        return self.std_errors

    @property
    def tstats(self) -> pd.Series:
        """Coefficients over standard errors."""
        return self._column(2, "tstat")

    @property
    def tvalues(self) -> pd.Series:
        """Return :attr:`tstats`, under statsmodels' name."""
        return self.tstats

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values from the t distribution with :attr:`dof` degrees of freedom."""
        return self._column(3, "pvalue")

    def _column(self, row: int, name: str) -> pd.Series:
        return pd.Series(numbers(self.coef, np.diag(self.vcov), self.dof, 0.95)[row], index=self.names, name=name)

    def conf_int(self, level: float = 0.95) -> pd.DataFrame:
        """Pointwise confidence intervals: columns lower, upper.

        Raises
        ------
        DesignError
            A level outside (0, 1).
        """
        check_level(level)
        bounds = numbers(self.coef, np.diag(self.vcov), self.dof, level)[4:]
        return pd.DataFrame(bounds.T, index=self.names, columns=["lower", "upper"])

    @property
    def path(self) -> tuple[Term, ...]:
        """Terms of the event, without controls."""
        return tuple(term for term in self.terms if term.event_time is not None)

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups of the moderator in order; one empty text without a moderator."""
        return tuple(dict.fromkeys(term.group for term in self.path))

    def select(self, terms: Sequence[Term]) -> Estimate:
        """Keep some of the terms."""
        rows = [self.terms.index(term) for term in terms]
        return self.combine(np.eye(len(self.terms))[rows], tuple(terms))

    def combine(self, matrix: Floats, terms: tuple[Term, ...]) -> Estimate:
        """Linear combinations of the coefficients, with their covariance.

        Parameters
        ----------
        matrix : ndarray, shape (m, k)
            One row a combination.
        terms : tuple of Term, length m
            What the combinations are. Each has the fewest degrees of freedom of its parts.
        """
        missing = np.isnan(np.diag(self.vcov))
        known = np.where(missing[:, None] | missing, 0.0, self.vcov)
        # A term without a variance makes those combinations undefined that it is in, and no others.
        lost = (matrix[:, missing] != 0).any(axis=1)
        vcov = np.where(lost[:, None] | lost, np.nan, matrix @ known @ matrix.T)
        dof = np.min(np.where(matrix != 0, self.dof, np.inf), axis=1, initial=np.inf)
        parts = None if self.contributions is None else self.contributions.combine(matrix)
        changed = replace(self, coef=matrix @ self.coef, vcov=vcov, dof=dof, contributions=parts)
        return replace(changed, terms=terms, reference=(), dropped=())

    def tidy(self, level: float = 0.95) -> pd.DataFrame:
        """One row per term, with the reference (zero by restriction) and the terms that were dropped.

        Returns
        -------
        DataFrame
            term, variable, event_time, group, role, estimate, std_error, statistic, p_value, conf_low, conf_high.
        """
        check_level(level)
        values = numbers(self.coef, np.diag(self.vcov), self.dof, level)
        return tidy_table(values, self.terms, self.reference, [term for term, _ in self.dropped], self.groups)

    def glance(self) -> pd.DataFrame:
        """One row about the whole estimate."""
        row = {
            "estimator": self.estimator,
            "outcome": self.design.outcome,
            "nobs": self.nobs,
            "n_clusters": self.n_clusters,
            "n_treated_clusters": self.n_treated,
        }
        return pd.DataFrame([row | dict(self.facts)])

    def summary(self, level: float = 0.95) -> str:
        """Text table with everything needed to read it."""
        table = self.tidy(level).drop(columns=["variable", "event_time", "group"]).set_index("term")
        head = f"{self.estimator}: {self.design.outcome} on {self.design.event.describe()}"
        body = table.to_string(float_format=lambda v: f"{v:.4f}", na_rep="")
        return "\n".join([head, "", body, "", *self.describe(level)])

    def describe(self, level: float = 0.95) -> list[str]:
        """Lines of a table note: sample, effects, covariance, level, cautions."""
        counted = f"clusters = {self.n_clusters}" if self.design.covariance.ways else f"{self.n_clusters} units"
        lines = [
            f"N = {self.nobs}; {counted}, {self.n_treated} of them with an event; "
            f"sample: {self.design.sample.describe()}.",
            f"Fixed effects: {', '.join(self.design.fixed_effects) or 'none'}. Covariance "
            f"{self.design.covariance.describe()}. Intervals: {level:.0%}.",
        ]
        if self.reference:
            kind = self.base or ("restriction" if self.design.window.is_restricted else "normalisation")
            times = first_few(sorted({str(term.event_time) for term in self.reference}))
            lines.append(f"Reference: event time {times}, set to zero ({kind}).")
        if self.design.moderator is not None:
            lines.append(f"Groups by {self.design.moderator.describe()}.")
        lines += [f"Not estimated: {term} ({reason})." for term, reason in self.dropped]
        return lines + [f"Caution: {note}" for note in self.notes]

    def __repr__(self) -> str:
        """Show the summary."""
        return self.summary()

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>{escape(line)}</p>" for line in self.describe())
        return self.tidy().to_html(index=False, float_format=lambda v: f"{v:.4f}", na_rep="") + notes

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        """Coefficient table of the maketables protocol: b, se, t, p, ci95l, ci95u."""
        bounds = self.conf_int(0.95)
        return pd.DataFrame(
            {
                "b": self.params,
                "se": self.std_errors,
                "t": self.tstats,
                "p": self.pvalues,
                "ci95l": bounds["lower"],
                "ci95u": bounds["upper"],
            }
        ).rename_axis("Coefficient")

    def __maketables_stat__(self, key: str) -> str | int | float | None:
        """Statistic of the maketables protocol: N, clusters, r2_within, se_type."""
        facts = dict(self.facts)
        known: dict[str, str | int | float | None] = {
            "N": self.nobs,
            "n_clusters": self.n_clusters,
            "r2_within": facts.get("R2 within"),
            "se_type": self.design.covariance.describe(),
        }
        return known.get(key)

    @property
    def __maketables_depvar__(self) -> str:
        """Outcome, for the maketables protocol."""
        return self.design.outcome

    @property
    def __maketables_fixef_string__(self) -> str | None:
        """Fixed effects, for the maketables protocol."""
        return "+".join(self.design.fixed_effects) or None

    @property
    def __maketables_vcov_info__(self) -> dict[str, str]:
        """Covariance, for the maketables protocol."""
        return {"vcov_type": self.design.covariance.kind, "clustervar": "+".join(self.design.covariance.ways)}
