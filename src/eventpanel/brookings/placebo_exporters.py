"""Placebo exporters: the gap of China beside the gap of every other exporter in its place."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from eventpanel.brookings.exhibit import Coefficient
from eventpanel.brookings.product_tables import Numbered, prepared, shown
from eventpanel.brookings.samples import CHINA
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.cautions import EstimationWarning
from eventpanel.estimators.placebo_gaps import placebo_gaps, placebo_interval

__all__ = ["PLACEBO_LEVEL", "PLACEBO_NOTES", "with_placebos"]

CHINA_COLUMN = "China"
PLACEBO_LEVEL = 0.95
PLACEBO_NOTES = (
    "China is one exporter of many: with one treated origin, 5 % tests from errors clustered by origin reject 86 % of "
    "true null hypotheses in simulations. The number to trust is the rank of China's gap among those of all exporters "
    "in its place (placebo p).",
    f"The placebo interval holds, at {PLACEBO_LEVEL:.0%}, the gaps from which China's estimate is no further than "
    "placebo gaps are from zero.",
)


def with_placebos(panel: Panel, made: Sequence[Numbered], switches: Switches) -> tuple[list[Numbered], pd.DataFrame]:
    """Add placebo p-value and interval to columns of equation (1).

    Parameters
    ----------
    panel : Panel
        What the columns were estimated on.
    made : sequence of (Column, LinearFit)
        Whose last term with China is the gap.
    switches : Switches

    Returns
    -------
    list of (Column, LinearFit)
    DataFrame
        A row by column and exporter: column, exporter, actual, estimate, statistic, p_estimate, p_statistic, remark.
    """
    panel = prepared(panel, switches)
    columns: list[Numbered] = []
    tables = []
    for column, fit in made:
        terms = tuple(term for term in fit.model.terms if CHINA_COLUMN in term.split(":"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EstimationWarning)
            table = placebo_gaps(panel, fit.model, by="exporter", actual=CHINA, column=CHINA_COLUMN, terms=terms)
        low, high = placebo_interval(table, level=PLACEBO_LEVEL)
        own = table.loc[table["actual"], "p_estimate"].item()
        gap = shown(terms[-1])
        cells = (
            Coefficient(f"{gap}: placebo p", own),
            Coefficient(f"{gap}: placebo interval, low", low),
            Coefficient(f"{gap}: placebo interval, high", high),
        )
        columns.append((replace(column, coefficients=(*column.coefficients, *cells)), fit))
        tables.append(table.rename(columns={"unit": "exporter"}).assign(column=column.head))
    return columns, pd.concat(tables, ignore_index=True)[["column", *tables[0].columns.drop("column")]]
