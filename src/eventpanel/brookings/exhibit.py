"""Exhibit: a table or figure of the paper, and what is made of it: numbers first, then text and pictures of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from eventpanel.brookings.switches import Switches
from eventpanel.datasets.materials import Materials
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.linear import LinearFit

__all__ = ["Coefficient", "Column", "Content", "Exhibit", "column_of", "numbers"]


class Coefficient(NamedTuple):
    """One number of a table: an estimate with its standard error, a value without, or a count of whole things."""

    term: str
    estimate: float
    std_error: float = np.nan
    dof: float = np.nan
    is_count: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    panel, head : str
        Panel of the table, such as ``"A. China"``, empty where it has none; head of the column, such as ``"(1)"``.
    coefficients : tuple of Coefficient
        Rows in order; columns of one panel may have different rows.
    counts : tuple of (name, text)
        Rows below the coefficients: N, clusters, treated clusters, mean of the outcome, fixed effects, controls.
    nobs, clusters, treated : float
        Missing where there are none.
    """

    panel: str
    head: str
    coefficients: tuple[Coefficient, ...]
    counts: tuple[tuple[str, str], ...] = ()
    nobs: float = np.nan
    clusters: float = np.nan
    treated: float = np.nan


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Content:
    """What is in an exhibit.

    Attributes
    ----------
    columns : tuple of Column
        Of the table, or the numbers that a figure shows.
    notes : tuple of str
        Below table or figure, beside the switches in force.
    more : mapping of str to DataFrame
        Further tables by a plain name, such as ``"placebo_exporters"``; each becomes a csv file.
    """

    columns: tuple[Column, ...]
    notes: tuple[str, ...] = ()
    more: Mapping[str, pd.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """A table or figure of the paper.

    Attributes
    ----------
    name : str
        Such as ``"table_4"``, ``"figure_a7"``; names of files.
    number, title : str
        Such as ``"Table 4"``.
    uses : tuple of str
        Switches that change it.
    make : callable
        From data and switches to its content. Raises NotAvailableError where the data lack what it needs.
    draw : callable, optional
        From content, level of the intervals and label to a figure.
    first : callable, optional
        As ``make``, but the first column alone, where that takes much less time.
    """

    name: str
    number: str
    title: str
    uses: tuple[str, ...]
    make: Callable[[Materials, Switches], Content]
    draw: Callable[[Content, float, str], Figure] | None = None
    first: Callable[[Materials, Switches], Content] | None = None


def numbers(content: Content) -> pd.DataFrame:
    """Return all numbers, one row each.

    Columns: panel, column, term, estimate, std_error, dof, nobs, clusters, treated_clusters.
    """
    rows = [
        (c.panel, c.head, one.term, one.estimate, one.std_error, one.dof, c.nobs, c.clusters, c.treated)
        for c in content.columns
        for one in c.coefficients
    ]
    names = ["panel", "column", "term", "estimate", "std_error", "dof", "nobs", "clusters", "treated_clusters"]
    return pd.DataFrame(rows, columns=names)


def column_of(
    fit: Estimate | LinearFit, panel: str, head: str, terms: Mapping[str, str], counts: Mapping[str, str] | None = None
) -> Column:
    """Make a column of a regression.

    Parameters
    ----------
    fit : Estimate or LinearFit
    panel, head : str
    terms : mapping of str to str
        Terms of the fit to show, and what they are called; one that could not be estimated is missing.
    counts : mapping of str to str, optional
        Further rows below, such as ``{"Controls": "log GDP"}``.
    """
    names = list(fit.names) if isinstance(fit, Estimate) else list(fit.terms)
    errors = fit.std_errors.to_numpy()
    found = {name: (fit.coef[k], errors[k], fit.dof[k]) for k, name in enumerate(names)}
    cells = [
        Coefficient(shown, float(value), float(error), float(dof))
        for shown, (value, error, dof) in ((shown, found.get(name, (np.nan,) * 3)) for name, shown in terms.items())
    ]
    treated = float(fit.n_treated) if isinstance(fit, Estimate) else np.nan
    mean = float(fit.sizes[0].outcome_mean) if isinstance(fit, Estimate) else fit.outcome_mean
    facts = dict(fit.facts)
    below = {
        "N": f"{fit.nobs:,}",
        "Clusters": f"{fit.n_clusters:,}",
        **({} if np.isnan(treated) else {"Clusters with an event": f"{treated:.0f}"}),
        "Mean of the outcome": f"{mean:.3f}",
        "Fixed effects": facts.get("Fixed effects", "none"),
        **(counts or {}),
    }
    return Column(
        panel=panel,
        head=head,
        coefficients=tuple(cells),
        counts=tuple(below.items()),
        nobs=float(fit.nobs),
        clusters=float(fit.n_clusters),
        treated=treated,
    )
