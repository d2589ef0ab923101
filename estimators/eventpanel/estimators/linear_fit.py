"""LinearFit: what a regression without an event comes back as; names and tables as those of Estimate."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.covariance import Clustered, Robust
from eventpanel.estimators.design import Sample
from eventpanel.estimators.ledger import Ledger
from eventpanel.estimators.tidy import NUMBERS, check_level, numbers

__all__ = ["CONSTANT", "Linear", "LinearFit"]

# Name of the term that is part of every regression without fixed effects.
CONSTANT = "constant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """What is regressed on what, without an event.

    Parameters
    ----------
    outcome : str
        Column of the panel.
    terms : tuple of str
        Columns of the panel, or products of columns joined by ``:`` such as ``"china:ai"``.
    covariance : Clustered or Robust
        How uncertainty is computed; there is no default.
    fixed_effects : tuple of str
        Columns, or interactions such as ``"exporter^product"``. Without any there is a constant.
    sample : Sample
        Which rows may enter.

    Raises
    ------
    DesignError
        No term, a name given twice, the outcome among the terms, a term called ``"constant"``.

    Examples
    --------
    >>> Linear(outcome="trade", terms=("low", "ai", "low:ai"), covariance=Clustered("importer", "reghdfe")).terms
    ('low', 'ai', 'low:ai')
    """

    outcome: str
    terms: tuple[str, ...]
    covariance: Clustered | Robust
    fixed_effects: tuple[str, ...] = ()
    sample: Sample = field(default_factory=Sample)

    def __post_init__(self) -> None:
        for what, names in (("term", self.terms), ("fixed effect", self.fixed_effects)):
            if isinstance(names, str):
                raise DesignError(f"The {what}s are one text.", repr(names), "write a tuple of names")
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise DesignError(f"A {what} is named twice.", first_few(twice), "name it once")
        if not self.terms:
            raise DesignError("A regression needs terms.", "terms=()", "name one column or more")
        if self.outcome in self.terms:
            raise DesignError("The outcome is among the terms.", self.outcome, "remove it there")
        if CONSTANT in self.terms:
            raise DesignError(
                f"A term is called {CONSTANT!r}.", "", "the constant is there without being named; rename other columns"
            )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LinearFit:
    """Coefficients, their covariance, and everything a table has to say about them.

    Attributes
    ----------
    model : Linear
        What was asked.
    terms : tuple of str, length k
        The constant, where there is one, comes first and is called ``"constant"``.
    coef : ndarray, shape (k,)
    vcov : ndarray, shape (k, k)
    dof : ndarray, shape (k,)
        Degrees of freedom of each coefficient's t distribution: clusters less one; rows less parameters without
        clusters.
    nobs, n_clusters : int
        Rows and clusters: the fewest of several ways; the rows themselves without clusters.
    outcome_mean : float
        Over the rows used.
    dropped : tuple of (term, reason)
        Terms that could not be estimated.
    lost : Ledger
        Which rows of the panel were used, and why the others were not.
    facts : tuple of (name, value)
        Fixed effects with levels, R2, small-sample factor.
    notes : tuple of str
        Cautions a reader must see beside the numbers.
    """

    model: Linear
    terms: tuple[str, ...]
    coef: Floats
    vcov: Floats
    dof: Floats
    nobs: int
    n_clusters: int
    outcome_mean: float
    dropped: tuple[tuple[str, str], ...]
    lost: Ledger
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]

    @property
    def sample(self) -> Mask:
        """Rows used, shape (rows of the panel,)."""
        return self.lost.keep

    @property
    def ledger(self) -> pd.DataFrame:
        """Every lost row: cause, unit, rows, first, last; the last two are missing where there are no periods."""
        return self.lost.table()

    @property
    def params(self) -> pd.Series:
        """Coefficients, indexed by term."""
        return pd.Series(self.coef, index=self.terms, name="parameter")

    @property
    def cov(self) -> pd.DataFrame:
        """Covariance of the coefficients, indexed by term on both sides."""
        return pd.DataFrame(self.vcov, index=self.terms, columns=self.terms)

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

    def _numbers(self, level: float) -> Floats:
        check_level(level)
        return numbers(self.coef, np.diag(self.vcov), self.dof, level)

    def _column(self, row: int, name: str) -> pd.Series:
        return pd.Series(self._numbers(0.95)[row], index=self.terms, name=name)

    def conf_int(self, level: float = 0.95) -> pd.DataFrame:
        """Pointwise confidence intervals: columns lower, upper.

        Raises
        ------
        DesignError
            A level outside (0, 1).
        """
        return pd.DataFrame(self._numbers(level)[4:].T, index=self.terms, columns=["lower", "upper"])

    def coefficient(self, term: str) -> tuple[float, float, float]:
        """Estimate, standard error and degrees of freedom of one term; missing where it could not be estimated.

        Raises
        ------
        DesignError
            A term that the regression does not have.
        """
        if term in self.terms:
            place = self.terms.index(term)
            return float(self.coef[place]), float(self.std_errors.iloc[place]), float(self.dof[place])
        if term in dict(self.dropped):
            return np.nan, np.nan, np.nan
        raise DesignError(f"There is no term {term!r}.", f"terms: {', '.join(self.terms)}", "choose one of them")

    def tidy(self, level: float = 0.95) -> pd.DataFrame:
        """One row per term, those that could not be estimated last.

        Returns
        -------
        DataFrame
            term, role (estimate or dropped), estimate, std_error, statistic, p_value, conf_low, conf_high.
        """
        gone = [term for term, _ in self.dropped]
        values = np.column_stack([self._numbers(level), np.full((len(NUMBERS), len(gone)), np.nan)])
        roles = ["estimate"] * len(self.terms) + ["dropped"] * len(gone)
        return pd.DataFrame({"term": [*self.terms, *gone], "role": roles} | dict(zip(NUMBERS, values, strict=True)))

    def glance(self) -> pd.DataFrame:
        """One row about the whole regression."""
        row = {
            "estimator": "linear",
            "outcome": self.model.outcome,
            "nobs": self.nobs,
            "n_clusters": self.n_clusters,
            "outcome_mean": self.outcome_mean,
        }
        return pd.DataFrame([row | dict(self.facts)])

    def summary(self, level: float = 0.95) -> str:
        """Text table with everything needed to read it."""
        body = self.tidy(level).set_index("term").to_string(float_format=lambda v: f"{v:.4f}", na_rep="")
        return "\n".join([f"linear: {self.model.outcome}", "", body, "", *self.describe(level)])

    def describe(self, level: float = 0.95) -> list[str]:
        """Lines of a table note: sample, effects, covariance, level, cautions."""
        counted = f"; clusters = {self.n_clusters}" if self.model.covariance.ways else ""
        lines = [
            f"N = {self.nobs}{counted}; sample: {self.model.sample.describe()}; "
            f"mean of the outcome {self.outcome_mean:.4g}.",
            *(f"{name}: {value}." for name, value in self.facts),
            f"Covariance {self.model.covariance.describe()}. Intervals: {level:.0%}.",
        ]
        lines += [f"Not estimated: {term} ({reason})." for term, reason in self.dropped]
        return lines + [f"Caution: {note}" for note in self.notes]

    def __repr__(self) -> str:
        """Show the summary."""
        return self.summary()

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>{escape(line)}</p>" for line in self.describe())
        return self.tidy().to_html(index=False, float_format=lambda v: f"{v:.4f}", na_rep="") + notes
