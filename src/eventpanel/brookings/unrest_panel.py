"""Rows of equation (3): importers by year, with unrest in standard deviations and what may be held fixed."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from eventpanel.brookings.samples import UNREST_YEARS, weak_by_year, weak_in_base_year
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.errors import NotAvailableError
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel

__all__ = [
    "CONTROLS",
    "IN_SAMPLE",
    "OUTCOME",
    "REGIME",
    "UNREST",
    "Regime",
    "Scale",
    "UnrestPanel",
    "standardised",
    "trends",
    "unrest_panel",
]

Regime = Literal["weak", "mature"]
UNREST = "unrest_sd"
IN_SAMPLE = "in_sample"
OUTCOME = "outcome"
REGIME = "regime"
# Control, and the column of ``countries`` whose logarithm it is.
CONTROLS = {"log_trade": "total_trade", "log_gdp": "gdp"}
REMEDY = "see docs/brookings.md"


class Scale(NamedTuple):
    """Mean and standard deviation of unrest that coefficients are counted in, in events a year."""

    mean: float
    sd: float


class UnrestPanel(NamedTuple):
    """Importers by year, all years of the record, so that leads and lags reach outside the sample.

    ``panel`` has the columns of ``countries``; ``unrest_sd``; ``regime`` (``"weak"``, ``"mature"`` or missing);
    ``in_sample`` (1 in the years of the switch and the regime asked for, else 0); and ``log_trade`` and ``log_gdp``
    where the data have them.
    """

    panel: Panel
    scale: Scale


def unrest_panel(
    materials: Materials, switches: Switches, regimes: tuple[Regime, ...] = ("weak",), scale: Scale | None = None
) -> UnrestPanel:
    """Return the rows of equation (3).

    Unrest is standardised by its mean and standard deviation over the importer-years of the sample; its leads and lags,
    also those from outside the sample, are on the same scale.

    Parameters
    ----------
    materials : Materials
    switches : Switches
        ``regime_cutoff``, ``regime_timing``, ``regime_base`` and ``unrest_years`` count.
    regimes : tuple of {"weak", "mature"}
        Which importer-years are in the sample.
    scale : Scale, optional
        Of another sample, so that coefficients of two samples are per the same amount of unrest.

    Raises
    ------
    NotAvailableError
        No unrest, no regimes, or no importer-year in the sample.

    Examples
    --------
    See :mod:`eventpanel.brookings.unrest_tables`.
    """
    panel = materials.panel("countries", "unrest")
    frame = panel.frame
    first, last = UNREST_YEARS[switches.unrest_years]
    regime = _regime(materials, switches)
    inside = regime.isin(regimes) & frame["year"].between(first, last)
    unrest = panel.number("unrest")
    if not (inside & unrest.notna()).any():
        raise NotAvailableError("No importer-year of the unrest panel is in the data.", f"{first} to {last}", REMEDY)
    held = Scale(float(unrest[inside].mean()), float(unrest[inside].std(ddof=1))) if scale is None else scale
    logs = {name: _log(panel.number(column), inside) for name, column in CONTROLS.items() if column in frame.columns}
    made = {UNREST: (unrest - held.mean) / held.sd, REGIME: regime, IN_SAMPLE: inside.astype(float), **logs}
    return UnrestPanel(panel.with_frame(frame.assign(**made)), held)


def _regime(materials: Materials, switches: Switches) -> pd.Series:
    """Regime of every importer-year, missing where it is not known."""
    if switches.regime_timing == "base":
        weak = materials.countries.frame["importer"].map(weak_in_base_year(materials, switches))
    else:
        weak = weak_by_year(materials, switches)
    return weak.map({1.0: "weak", 0.0: "mature"}).astype(object)


def _log(values: pd.Series, inside: pd.Series) -> pd.Series:
    """Logarithm less its mean over the sample, which moves the constant alone; missing where there is none."""
    logs = pd.Series(np.log(values.where(values > 0)), index=values.index)
    return logs - logs[inside].mean()


def standardised(panel: Panel, values: pd.Series) -> pd.Series:
    """Values less their mean, over their standard deviation, both over the importer-years of the sample.

    Parameters
    ----------
    panel : Panel
        With the column ``in_sample``.
    values : Series
        By row of the panel. Constant ones come back missing.
    """
    inside = values[panel.frame[IN_SAMPLE] == 1.0]
    deviation = float(inside.std(ddof=1))
    return (values - inside.mean()) / (deviation if deviation > 0 else np.nan)


def trends(panel: Panel) -> pd.DataFrame:
    """Linear trends of the importers in the sample, one column each but for the first, whose trend the years hold.

    Parameters
    ----------
    panel : Panel
        Of :func:`unrest_panel`.

    Returns
    -------
    DataFrame
        By row of the panel; years are counted from the middle of the sample.
    """
    frame = panel.frame
    inside = frame[frame[IN_SAMPLE] == 1.0]
    years = frame["year"].to_numpy(dtype=float) - float(inside["year"].mean())
    who = frame["importer"].to_numpy()
    columns = {f"trend {one}": np.where(who == one, years, 0.0) for one in sorted(inside["importer"].unique())[1:]}
    return pd.DataFrame(columns, index=frame.index)
