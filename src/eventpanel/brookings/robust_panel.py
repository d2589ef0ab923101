"""Rows of the checks of robustness: exporters by importers by year, with every column that an option may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from eventpanel.brookings.product_panel import GOODS
from eventpanel.brookings.samples import CHINA, US, with_deals
from eventpanel.brookings.switches import Switches
from eventpanel.brookings.unrest_outcomes import (
    any_arms,
    any_deal,
    any_good,
    any_project,
    log_good,
    product_names,
)
from eventpanel.brookings.unrest_panel import UNREST, standardised, unrest_panel
from eventpanel.datasets import derive
from eventpanel.datasets.errors import NotAvailableError
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.records import Records

__all__ = ["ANY_DEAL", "companies", "robust_panel", "without_company"]

ANY_DEAL = "any_ai_deal"
DEALS, LOG_DEALS = "ai_deals", "log_ai_deals"
# Truth values of deals that make an outcome of their own.
FLAGS = {"smart_city": "any_smart_city_deal", "carnegie": "any_deal_of_the_bibliography"}
ABOUT = ("polity2", "regimes_of_the_world", "unrest", "log_trade", "log_gdp")
# Exporters beside China: those with the most deals. Four deals in fourteen years are no placebo.
OTHERS = 24


def robust_panel(materials: Materials, switches: Switches) -> Panel:
    """Return exporters by importers by year: China and the exporters with the most deals after it.

    Where the exporter is China, ``any_ai_deal``, ``ai_deals``, ``log_ai_deals`` and ``unrest_sd`` hold what Table 4 and
    its kin rest on. ``any_us_deal``, ``any_arms_deal``, ``any_project`` and a column for each company and each good
    hold trade of the importer with the country in their name, China without one, in the rows of all exporters. What
    the data lack makes no column.

    Parameters
    ----------
    materials : Materials
    switches : Switches
        Of equation (3), and ``figure_5_outcome`` for the goods.

    Raises
    ------
    NotAvailableError
        The data lack unrest, regimes or deals with China.
    """
    rows = unrest_panel(materials, switches).panel
    held = [name for name in ABOUT if name in rows.frame.columns]
    about = pd.DataFrame(dict(_of_importers(materials, rows, switches)), index=rows.frame.index)
    shared = pd.concat([rows.frame[["importer", "year", UNREST, *held]], _regions(materials, rows), about], axis=1)
    parts = [shared.assign(exporter=one, **_of_exporter(materials, rows, one)) for one in _exporters(materials)]
    frame = pd.concat(parts, ignore_index=True)
    return Panel(frame, ("exporter", "importer"), "year", materials.sources)


def companies(materials: Materials) -> tuple[str, ...]:
    """Companies of China in the list of deals, in the order of their names; none where the list names none.

    Parameters
    ----------
    materials : Materials
    """
    frame = materials.deals.frame
    if "company" not in frame.columns:
        return ()
    return tuple(sorted(frame.loc[frame["exporter"] == CHINA, "company"].dropna().unique()))


def without_company(company: str) -> str:
    """Name the column of any deal with another company than this.

    Parameters
    ----------
    company : str
    """
    return f"{ANY_DEAL} without {company}"


def _exporters(materials: Materials) -> list[str]:
    counts = materials.deals.frame["exporter"].value_counts()
    if CHINA not in counts.index:
        raise NotAvailableError("The list holds no deal with China.", materials.deals.source.title, "add its deals")
    ranked = sorted(counts.index.drop(CHINA), key=lambda one: (-counts[one], one))
    return [CHINA, *ranked[:OTHERS]]


def _of_exporter(materials: Materials, rows: Panel, exporter: str) -> dict[str, pd.Series]:
    count = _counted(rows, materials.deals, exporter)
    logs = pd.Series(np.log1p(count), index=count.index)
    flags = {
        name: _any(_counted(rows, _chosen(materials.deals, flag), exporter))
        for flag, name in FLAGS.items()
        if flag in materials.deals.frame.columns
    }
    return {ANY_DEAL: _any(count), DEALS: count, LOG_DEALS: standardised(rows, logs), **flags}


def _of_importers(materials: Materials, rows: Panel, switches: Switches) -> Iterator[tuple[str, pd.Series]]:
    """Yield columns that are the same for all exporters."""
    tried = {"any_us_deal": any_deal(US), "any_arms_deal": any_arms(), "any_project": any_project()}
    try:
        good = any_good if switches.figure_5_outcome == "any" else log_good
        tried |= {f"imports of {GOODS.get(one, one)}": good(one) for one in product_names(materials)}
    except NotAvailableError:
        pass  # Named as a placebo, they are listed there as absent.
    for name, outcome in tried.items():
        try:
            yield name, outcome.values(materials, rows)
        except NotAvailableError:
            continue
    for company in companies(materials):
        others = materials.deals.frame["company"] != company
        yield without_company(company), _any(_counted(rows, _narrowed(materials.deals, others), CHINA))


def _regions(materials: Materials, rows: Panel) -> pd.Series:
    held = materials.importers
    if held is not None and "region" in held.frame.columns:
        return rows.frame["importer"].map(held.frame.set_index("importer")["region"]).rename("region")
    return derive.region(rows, "region", ["importer"]).frame["region"]


def _counted(rows: Panel, deals: Records, exporter: str) -> pd.Series:
    return with_deals(rows, deals, exporter, DEALS).frame[DEALS]


def _chosen(deals: Records, flag: str) -> Records:
    return _narrowed(deals, deals.frame[flag].fillna(value=False).astype(bool))


def _narrowed(deals: Records, which: pd.Series) -> Records:
    return Records(deals.frame[which], deals.covered, deals.source)


def _any(values: pd.Series) -> pd.Series:
    return (values > 0).astype(float).where(values.notna())
