"""Placebo exporters: the gap of China beside the gap of every other exporter in its place."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from eventpanel.brookings.exhibit import Coefficient
from eventpanel.brookings.product_tables import Ask, Numbered, prepared, shown
from eventpanel.brookings.samples import CHINA
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.cautions import EstimationWarning
from eventpanel.estimators.linear import Linear, LinearFit
from eventpanel.estimators.placebo_gaps import placebo_gaps, placebo_interval

__all__ = ["PLACEBO_LEVEL", "PLACEBO_NOTES", "with_placebos"]

CHINA_COLUMN = "China"
PLACEBO_LEVEL = 0.95
PLACEBO_NOTES = (
    "China is one exporter of many: with one treated origin, 5 % tests from errors clustered by origin reject 86 % of "
    "true null hypotheses in simulations. The number to trust is the rank of China's gap among those of all exporters "
    "in its place (placebo p).",
    f"The placebo interval holds, at {PLACEBO_LEVEL:.0%}, the true gaps that China's estimate would not be too far "
    "from, if placebo gaps are what errors look like; with fewer than 20 exporters it is infinite.",
)
GAP = "gap"


def with_placebos(
    panel: Panel, ask: Ask, made: Sequence[Numbered], switches: Switches
) -> tuple[list[Numbered], pd.DataFrame]:
    """Add placebo p-value and interval to columns of equation (1).

    Parameters
    ----------
    panel : Panel
        What the columns were estimated on.
    ask : Ask
        Of the columns; its last term is China's gap.
    made : sequence of (Column, LinearFit)
    switches : Switches

    Returns
    -------
    list of (Column, LinearFit)
    DataFrame
        A row by column and exporter: column, exporter, actual, estimate, statistic, p_estimate, p_statistic, remark,
        without_actual (the gap where China is not in the sample).
    """
    panel = prepared(panel, switches)
    columns: list[Numbered] = []
    tables = []
    for column, fit in made:
        table = _gaps(panel, ask, fit)
        low, high = placebo_interval(table, level=PLACEBO_LEVEL)
        own = float(table.loc[table["actual"], "p_estimate"].iloc[0])
        gap = shown(ask.terms[-1])
        cells = (
            Coefficient(f"{gap}: placebo p", own),
            Coefficient(f"{gap}: placebo interval, low", low),
            Coefficient(f"{gap}: placebo interval, high", high),
        )
        columns.append((replace(column, coefficients=(*column.coefficients, *cells)), fit))
        tables.append(table.rename(columns={"unit": "exporter"}).assign(column=column.head))
    return columns, pd.concat(tables, ignore_index=True)[["column", *tables[0].columns.drop("column")]]


def _gaps(panel: Panel, ask: Ask, fit: LinearFit) -> pd.DataFrame:
    """Gaps of all exporters: from differences between products within pairs where that is the same."""
    differences = _differences(panel, ask, fit)
    model = fit.model
    if differences is not None:
        panel = differences
        times = tuple(term.removeprefix(f"{ask.dummy}:") for term in model.terms if term.startswith(f"{ask.dummy}:"))
        model = Linear(outcome=GAP, terms=(CHINA_COLUMN, *times), covariance=model.covariance)
    terms = tuple(term for term in model.terms if CHINA_COLUMN in term.split(":"))
    with warnings.catch_warnings():
        # Cautions of the fit itself stand below the table.
        warnings.simplefilter("ignore", EstimationWarning)
        table = placebo_gaps(panel, model, by="exporter", actual=CHINA, column=CHINA_COLUMN, terms=terms)
    # Of both regressions only the small-sample factor differs, which is the same for all exporters.
    _, error, _ = fit.coefficient(ask.terms[-1])
    own = table.loc[table["actual"]].iloc[0]
    return table.assign(statistic=table["statistic"] * (own["estimate"] / error / own["statistic"]))


def _differences(panel: Panel, ask: Ask, fit: LinearFit) -> Panel | None:
    """Mean outcome of the dummy's products less that of the others, a row a pair; none if pairs lack products.

    With the same products in every pair, terms with the dummy are orthogonal to what is the same for all products of a
    pair: their coefficients, and the scores of clusters that hold whole pairs, are those of a regression of this
    difference on what the dummy is multiplied by.
    """
    products = len(panel.codes("product").labels)
    keep = fit.sample.reshape(-1, products) if ask.dummy and len(fit.sample) % products == 0 else None
    if keep is None or (keep.any(axis=1) != keep.all(axis=1)).any():
        return None
    whole = keep.all(axis=1)
    codes = panel.codes("product").codes.reshape(-1, products)
    if (codes != np.arange(products)).any():
        return None
    dummy = panel.values(ask.dummy)[:products] == 1
    outcome = panel.values(ask.outcome).reshape(-1, products)[whole]
    gap = outcome[:, dummy].mean(axis=1) - outcome[:, ~dummy].mean(axis=1)
    frame = panel.frame.iloc[::products][whole].drop(columns=["product", ask.dummy])
    return Panel(frame.assign(**{GAP: gap}), ("exporter", "importer"), None, panel.sources)
