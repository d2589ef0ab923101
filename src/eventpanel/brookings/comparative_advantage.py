"""Comparative advantage, equation (1): whether China exports AI more widely, compared with goods and with others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eventpanel.brookings.exhibit import Content, Exhibit
from eventpanel.brookings.placebo_exporters import PLACEBO_NOTES, with_placebos
from eventpanel.brookings.product_panel import GDP_EXPORTER, PANEL_SWITCHES, among, product_panel
from eventpanel.brookings.product_tables import LOG_NOTE, PRODUCTS, SMART_NOTE, Ask, columns, lacking, remarks
from eventpanel.brookings.samples import AI, CHINA, US
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel

__all__ = ["ADVANTAGE_SWITCHES", "EXHIBITS", "advantage_ask"]

ADVANTAGE_SWITCHES = (*PANEL_SWITCHES, "interact_controls")
INVESTMENT_TERMS = ("China", "AI investment", "China:AI investment")
TWO = (
    "China and the United States are the only exporters; clusters are importers, as two exporters are too few for "
    "clusters. The exporter's GDP cannot vary beside China."
)
INVESTMENT = (
    "Outcome: any deal, all exporters and importers with known investment; AI investment: log(1 + US dollars), "
    "standardised over importers. The paper's sample of 4,335 rows is not described in what could be read."
)


def advantage_ask(outcome: str) -> Ask:
    """Say what columns of equation (1) have in common."""
    return Ask(outcome=outcome, terms=("China", "AI", "China:AI"), cluster="exporter", treatment="China")


def _content(materials: Materials, panel: Panel, ask: Ask, switches: Switches, *notes: str) -> Content:
    """Four columns, each with its ranks among placebo exporters."""
    made, placebos = with_placebos(panel, ask, columns(panel, ask, switches), switches)
    said = (*notes, *lacking(materials), *remarks(made, switches), *PLACEBO_NOTES)
    return Content(columns=tuple(c for c, _ in made), notes=said, more={"placebo_exporters": placebos})


def table_2(materials: Materials, switches: Switches) -> Content:
    """Equation (1), any trade."""
    return _content(materials, product_panel(materials, switches), advantage_ask("any"), switches, PRODUCTS)


def first_of_table_2(materials: Materials, switches: Switches) -> Content:
    """Make column (1) of Table 2, without placebo exporters."""
    made = columns(product_panel(materials, switches), advantage_ask("any"), switches, many=1)
    return Content(columns=tuple(c for c, _ in made))


def table_a2(materials: Materials, switches: Switches) -> Content:
    """Equation (1) with the deals of the bibliography that the search began with."""
    materials.records("deals", "carnegie")
    panel, note = product_panel(materials, switches), "Deals of the Carnegie bibliography alone."
    return _content(materials, panel, advantage_ask("any_carnegie"), switches, PRODUCTS, note)


def table_a5(materials: Materials, switches: Switches) -> Content:
    """Equation (1) with the amount of trade."""
    return _content(
        materials, product_panel(materials, switches), advantage_ask("log_trade"), switches, PRODUCTS, LOG_NOTE
    )


def table_a8(materials: Materials, switches: Switches) -> Content:
    """Equation (1) with deals on smart cities."""
    materials.records("deals", "smart_city")
    return _content(
        materials, product_panel(materials, switches), advantage_ask("any_smart_city"), switches, SMART_NOTE
    )


def table_a9(materials: Materials, switches: Switches) -> Content:
    """Equation (1), China and the United States as only exporters."""
    panel = among(product_panel(materials, switches), [CHINA, US])
    ask = replace(advantage_ask("any"), cluster="importer", without=(GDP_EXPORTER,))
    made = columns(panel, ask, switches)
    return Content(
        columns=tuple(c for c, _ in made), notes=(PRODUCTS, TWO, *lacking(materials), *remarks(made, switches))
    )


def table_a14(materials: Materials, switches: Switches) -> Content:
    """Regress any AI deal on the importer's own investment in AI."""
    panel = product_panel(materials, switches)
    panel = _with_investment(panel.with_frame(panel.frame[panel.frame["product"] == AI]), materials)
    ask = Ask(outcome="any", terms=INVESTMENT_TERMS, cluster="exporter", treatment="China", dummy="")
    return _content(materials, panel, ask, switches, INVESTMENT)


def _with_investment(panel: Panel, materials: Materials) -> Panel:
    """Add ``AI investment``: log(1 + US dollars) of the importer, standardised over importers."""
    held = materials.panel("importers", "ai_investment")
    dollars = held.number("ai_investment").set_axis(held.frame["importer"])
    mine = np.log1p(dollars.reindex(panel.codes("importer").labels))
    spread = mine.std(ddof=1)
    standardised = (mine - mine.mean()) / (spread if spread > 0 else np.nan)
    column = panel.frame["importer"].map(standardised).astype(float)
    return panel.with_frame(panel.frame.assign(**{"AI investment": column}))


EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        name="table_2",
        number="Table 2",
        title="Comparative advantage of China in AI",
        uses=ADVANTAGE_SWITCHES,
        make=table_2,
        first=first_of_table_2,
    ),
    *(
        Exhibit(name=make.__name__, number=number, title=title, uses=ADVANTAGE_SWITCHES, make=make)
        for make, number, title in (
            (table_a2, "Table A.2", "Comparative advantage, deals of the Carnegie bibliography"),
            (table_a5, "Table A.5", "Comparative advantage, standardised log(1 + trade)"),
            (table_a8, "Table A.8", "Comparative advantage, smart-city AI"),
            (table_a9, "Table A.9", "Comparative advantage, China and the US alone"),
        )
    ),
    Exhibit(
        name="table_a14",
        number="Table A.14",
        title="Exports of AI by the importer's investment in AI",
        uses=("countries", "regime_base"),
        make=table_a14,
    ),
)
