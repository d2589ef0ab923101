"""Outcomes of equation (3): what an importer buys in a year, and from whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from eventpanel.brookings.samples import CHINA, with_deals
from eventpanel.brookings.unrest_panel import OUTCOME, standardised
from eventpanel.datasets.errors import NotAvailableError
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.records import Records

__all__ = [
    "Outcome",
    "any_arms",
    "any_deal",
    "any_good",
    "any_goods",
    "any_project",
    "log_deals",
    "log_good",
    "log_goods",
    "product_names",
]

HELD = "_held"
NAMES = {"CHN": "China", "USA": "the United States"}
REMEDY = "see docs/brookings.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is regressed on unrest.

    Attributes
    ----------
    what : str
        What is bought, as terms name it: ``"AI"``.
    said : str
        The outcome in words, for notes.
    values : callable
        From the data and the rows of equation (3) to the outcome, by row. Raises NotAvailableError.
    """

    what: str
    said: str
    values: Callable[[Materials, Panel], pd.Series]

    def on(self, materials: Materials, panel: Panel) -> Panel:
        """Return the panel with the column ``outcome``."""
        return panel.with_frame(panel.frame.assign(**{OUTCOME: self.values(materials, panel)}))


def any_deal(exporter: str = CHINA, flag: str | None = None) -> Outcome:
    """Any AI deal with an exporter in the year.

    Parameters
    ----------
    exporter : str
    flag : str, optional
        Truth value that deals must have, such as ``"smart_city"``.
    """
    which = {None: "AI", "smart_city": "smart-city AI", "carnegie": "AI of the Carnegie bibliography"}[flag]

    def values(materials: Materials, panel: Panel) -> pd.Series:
        return _any(_deals(materials, panel, exporter, flag))

    return Outcome(what="AI", said=f"1 in years with any {which} deal with {_name(exporter)}, else 0", values=values)


def log_deals(exporter: str = CHINA) -> Outcome:
    """log(1 + AI deals) with an exporter in the year, standardised over the sample.

    Parameters
    ----------
    exporter : str
    """

    def values(materials: Materials, panel: Panel) -> pd.Series:
        return standardised(panel, _log1p(_deals(materials, panel, exporter, None)))

    return Outcome(
        what="AI",
        said=f"log(1 + AI deals with {_name(exporter)}), standardised over the sample",
        values=values,
    )


def any_goods() -> Outcome:
    """Any trade of the frontier goods with China in the year."""

    def values(materials: Materials, panel: Panel) -> pd.Series:
        return _any(_traded(materials, panel, None))

    return Outcome(
        what="Goods", said="1 in years with any imports of the frontier goods from China, else 0", values=values
    )


def any_good(product: str) -> Outcome:
    """Any trade of one good with China in the year.

    Parameters
    ----------
    product : str
    """

    def values(materials: Materials, panel: Panel) -> pd.Series:
        return _any(_traded(materials, panel, product))

    return Outcome(what="Goods", said="1 in years with any imports of the good from China, else 0", values=values)


def log_goods() -> Outcome:
    """log(1 + imports) of the frontier goods from China in the year, standardised over the sample."""

    def values(materials: Materials, panel: Panel) -> pd.Series:
        return standardised(panel, _log1p(_traded(materials, panel, None)))

    said = "log(1 + imports of the frontier goods from China), standardised over the sample"
    return Outcome(what="Goods", said=said, values=values)


def log_good(product: str) -> Outcome:
    """log(1 + imports) of one good from China in the year, standardised over the sample.

    Parameters
    ----------
    product : str
    """

    def values(materials: Materials, panel: Panel) -> pd.Series:
        return standardised(panel, _log1p(_traded(materials, panel, product)))

    return Outcome(
        what="Goods", said="log(1 + imports of the good from China), standardised over the sample", values=values
    )


def any_arms() -> Outcome:
    """Any arms deal with China in the year."""

    def values(materials: Materials, panel: Panel) -> pd.Series:
        return _any(_counted(panel, materials.records("arms"), CHINA))

    return Outcome(what="Arms", said="1 in years with any arms deal with China, else 0", values=values)


def any_project() -> Outcome:
    """Any Chinese investment or construction in the year.

    A cell without a row counts as none in the years that the list covers; other years are missing.
    """

    def values(materials: Materials, panel: Panel) -> pd.Series:
        held = materials.panel("investment", "investment", "construction")
        frame = held.frame[held.frame["exporter"] == CHINA]
        total = frame.set_index(["importer", "year"])[["investment", "construction"]].sum(axis=1, min_count=1)
        keys = panel.frame[["importer", "year"]].join(total.rename(HELD), on=["importer", "year"])
        listed = pd.MultiIndex.from_frame(panel.frame[["importer", "year"]]).isin(total.index)
        watched = panel.frame["year"].between(held.frame["year"].min(), held.frame["year"].max())
        return _any(keys[HELD].mask(watched.to_numpy() & ~listed, 0.0))

    return Outcome(
        what="Projects", said="1 in years with any Chinese investment or construction, else 0", values=values
    )


def product_names(materials: Materials) -> tuple[str, ...]:
    """Return the codes of the goods of which trade by year is known.

    Parameters
    ----------
    materials : Materials

    Raises
    ------
    NotAvailableError
        No trade by year.
    """
    return tuple(sorted(materials.panel("goods_years", "trade").frame["product"].unique()))


def _name(exporter: str) -> str:
    return NAMES.get(exporter, exporter)


def _log1p(values: pd.Series) -> pd.Series:
    return pd.Series(np.log1p(values), index=values.index)


def _any(values: pd.Series) -> pd.Series:
    return (values > 0).astype(float).where(values.notna())


def _deals(materials: Materials, panel: Panel, exporter: str, flag: str | None) -> pd.Series:
    deals = materials.records("deals", *(() if flag is None else (flag,)))
    if flag is not None:
        chosen = deals.frame[flag].fillna(value=False).astype(bool)
        deals = replace(deals, frame=deals.frame[chosen])
    return _counted(panel, deals, exporter)


def _counted(panel: Panel, deals: Records, exporter: str) -> pd.Series:
    if not (deals.frame["exporter"] == exporter).any():
        raise NotAvailableError(f"The list holds no deal with {_name(exporter)}.", deals.source.title, REMEDY)
    return with_deals(panel, deals, exporter, HELD).frame[HELD]


def _traded(materials: Materials, panel: Panel, product: str | None) -> pd.Series:
    """Add up imports from China in US dollars: of one good, or of all; missing where no row tells."""
    frame = materials.panel("goods_years", "trade").frame
    mine = frame[(frame["exporter"] == CHINA) & ((frame["product"] == product) if product else True)]
    total = mine.groupby(["importer", "year"])["trade"].sum(min_count=1).rename(HELD)
    return panel.frame[["importer", "year"]].join(total, on=["importer", "year"])[HELD]
