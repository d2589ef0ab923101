"""Regime bias, equation (2): whether autocracies and weak democracies import AI from China more than they do goods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import NamedTuple

import numpy as np

from eventpanel.brookings.exhibit import Content, Exhibit
from eventpanel.brookings.left_out import those_possible
from eventpanel.brookings.product_panel import EARLY, GDP_EXPORTER, PANEL_SWITCHES, among, product_panel
from eventpanel.brookings.product_tables import LOG_NOTE, PRODUCTS, SMART_NOTE, Ask, Numbered, columns, lacking, remarks
from eventpanel.brookings.samples import CHINA, US, regime_column, weak_in_base_year
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.errors import NotAvailableError
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel

__all__ = ["EXHIBITS", "REGIME_SWITCHES", "from_exporter", "regime_ask", "regime_note", "with_low"]


class Four(NamedTuple):
    """Panel of a table with its four columns: name, exporter, number of the first column, and column of aid if any."""

    name: str
    exporter: str
    first: int
    aid: str = ""


AID = "aid_china"
KINDS = f"{AID}_"
PLAIN = (Four("China", CHINA, 1), Four("US", US, 5))
PANELS_OF_3 = (
    Four("A. China", CHINA, 1),
    Four("A. US", US, 5),
    Four("B. China", CHINA, 1, AID),
    Four("B. US", US, 5, "aid_usa"),
)
REGIME_SWITCHES = (*PANEL_SWITCHES, "regime_cutoff", "interact_controls")
TERMS = ("Low", "AI", "Low:AI")
AID_TERMS = ("Low", "AI", "aid", "Low:AI", "AI:aid")
POOLED_TERMS = ("China", "AI", "Low", "China:AI", "Low:AI", "Low:China", "Low:China:AI")
IMPORTERS = (
    "Clusters are importers: with one exporter, errors clustered by exporter (note of the table in the paper) do not "
    "exist."
)


def with_low(panel: Panel, materials: Materials, switches: Switches) -> Panel:
    """Add ``Low``: 1 for autocracies and weak democracies of the base year, missing without a regime.

    Parameters
    ----------
    panel : Panel
        Of products.
    materials : Materials
    switches : Switches
    """
    weak = weak_in_base_year(materials, switches)
    return panel.with_frame(panel.frame.assign(Low=panel.frame["importer"].map(weak).astype(float)))


def regime_ask(outcome: str, terms: tuple[str, ...] = TERMS) -> Ask:
    """Say what columns of equation (2) have in common; the exporter's GDP cannot vary."""
    return Ask(outcome=outcome, terms=terms, cluster="importer", treatment="Low", without=(GDP_EXPORTER,))


def regime_note(switches: Switches) -> str:
    """Say who is Low."""
    column, below = regime_column(switches)
    return f"Low: {column} below {below} in {switches.regime_base}; importers without a value then are left out."


def from_exporter(materials: Materials, switches: Switches, exporter: str, *, smart_city: bool = True) -> Panel:
    """Keep the rows of one exporter whose importers have a regime.

    Parameters
    ----------
    materials : Materials
    switches : Switches
    exporter : str
    smart_city : bool
        Whether smart-city AI is a product.
    """
    panel = with_low(among(product_panel(materials, switches), [exporter], smart_city=smart_city), materials, switches)
    return panel.with_frame(panel.frame[panel.frame["Low"].notna()])


def _with_aid(panel: Panel, materials: Materials, column: str) -> Panel:
    """Add ``aid``, standardised over the importers of the panel."""
    held = materials.panel("importers", column)
    dollars = held.number(column).set_axis(held.frame["importer"])
    mine = dollars.reindex(panel.codes("importer").labels)
    spread = mine.std(ddof=1)
    standardised = (mine - mine.mean()) / (spread if spread > 0 else np.nan)
    return panel.with_frame(panel.frame.assign(aid=panel.frame["importer"].map(standardised).astype(float)))


def _four(materials: Materials, switches: Switches, ask: Ask, four: Four, *, smart_city: bool) -> list[Numbered]:
    panel = from_exporter(materials, switches, four.exporter, smart_city=smart_city)
    if four.aid:
        panel, ask = _with_aid(panel, materials, four.aid), replace(ask, terms=AID_TERMS)
    return columns(panel, ask, switches, name=four.name, first=four.first)


def _panels(
    materials: Materials, switches: Switches, ask: Ask, fours: Sequence[Four] = PLAIN, *, smart_city: bool = True
) -> tuple[list[Numbered], tuple[str, ...]]:
    """Make panels, and say which the data cannot give and why; an error where they can give none."""
    made, left = those_possible(
        (four.name, partial(_four, materials, switches, ask, four, smart_city=smart_city)) for four in fours
    )
    return list(chain.from_iterable(made)), left


def _content(materials: Materials, switches: Switches, made: Sequence[Numbered], *notes: str) -> Content:
    said = (*notes, regime_note(switches), *lacking(materials), *remarks(made, switches))
    return Content(columns=tuple(column for column, _ in made), notes=said)


def table_3(materials: Materials, switches: Switches) -> Content:
    """Equation (2) for China and for the United States; in panel B with aid."""
    made, left = _panels(materials, switches, regime_ask("any"), PANELS_OF_3)
    aid = "aid: from the exporter, US dollars, standardised over its importers."
    return _content(materials, switches, made, PRODUCTS, IMPORTERS, aid, *left)


def table_a3(materials: Materials, switches: Switches) -> Content:
    """Table 3 with the deals of the bibliography that the search began with."""
    materials.records("deals", "carnegie")
    made, left = _panels(materials, switches, regime_ask("any_carnegie"), smart_city=False)
    note = "Deals of the Carnegie bibliography; without the product smart-city AI."
    return _content(materials, switches, made, note, IMPORTERS, *left)


def table_a6(materials: Materials, switches: Switches) -> Content:
    """Table 3 with the amount of trade."""
    made, left = _panels(materials, switches, regime_ask("log_trade"))
    return _content(materials, switches, made, PRODUCTS, LOG_NOTE, IMPORTERS, *left)


def table_a10(materials: Materials, switches: Switches) -> Content:
    """China and the United States in one regression."""
    panel = with_low(among(product_panel(materials, switches), [CHINA, US]), materials, switches)
    made = columns(panel, regime_ask("any", POOLED_TERMS), switches)
    two = "Clusters are importers; two exporters are too few for clusters."
    return _content(materials, switches, made, PRODUCTS, two)


def table_a11(materials: Materials, switches: Switches) -> Content:
    """Table 3 with early deals."""
    if switches.early_sample == "carnegie":
        return table_a3(materials, switches)
    made, left = _panels(materials, switches, regime_ask("any_early"), smart_city=False)
    note = f"Deals up to {EARLY}; without the product smart-city AI."
    return _content(materials, switches, made, note, IMPORTERS, *left)


def table_a12(materials: Materials, switches: Switches) -> Content:
    """Table 3 with deals on smart cities."""
    materials.records("deals", "smart_city")
    made, left = _panels(materials, switches, regime_ask("any_smart_city"))
    return _content(materials, switches, made, SMART_NOTE, IMPORTERS, *left)


def table_a13(materials: Materials, switches: Switches) -> Content:
    """Panel B of Table 3 for China, by kind of aid."""
    held = materials.panel("importers", AID)
    kinds = sorted(name.removeprefix(KINDS) for name in held.variables if name.startswith(KINDS))
    if not kinds:
        raise NotAvailableError(
            "Aid is not known by kind.", materials.absent.get(f"{KINDS}KIND", "importers"), "add it to an input"
        )
    fours = [Four(kind.replace("_", " "), CHINA, 1, f"{KINDS}{kind}") for kind in kinds]
    made, left = _panels(materials, switches, regime_ask("any"), fours)
    aid = "aid: from China, of the kind that heads the panel, US dollars, standardised over importers."
    return _content(materials, switches, made, PRODUCTS, IMPORTERS, aid, *left)


EXHIBITS: tuple[Exhibit, ...] = tuple(
    Exhibit(name=make.__name__, number=number, title=title, uses=(*REGIME_SWITCHES, *more), make=make)
    for make, number, title, more in (
        (table_3, "Table 3", "Regime bias in imports of AI from China and the US", ()),
        (table_a3, "Table A.3", "Regime bias, deals of the Carnegie bibliography", ()),
        (table_a6, "Table A.6", "Regime bias, standardised log(1 + trade)", ()),
        (table_a10, "Table A.10", "Regime bias, China and the US pooled", ()),
        (table_a11, "Table A.11", "Regime bias, early deals", ("early_sample",)),
        (table_a12, "Table A.12", "Regime bias, smart-city AI", ()),
        (table_a13, "Table A.13", "Regime bias, aid by kind", ()),
    )
)
