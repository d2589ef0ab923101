"""Regime bias, equation (2): whether autocracies and weak democracies import AI from China more than they do goods."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np

from eventpanel.brookings.exhibit import Content, Exhibit
from eventpanel.brookings.product_panel import EARLY, GDP_EXPORTER, PANEL_SWITCHES, among, product_panel
from eventpanel.brookings.product_tables import LOG_NOTE, PRODUCTS, SMART_NOTE, Ask, Numbered, columns, remarks
from eventpanel.brookings.samples import CHINA, US, regime_column, weak_in_base_year
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.errors import NotAvailableError
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel

__all__ = ["EXHIBITS", "REGIME_SWITCHES", "from_exporter", "regime_ask", "regime_note", "with_low"]

EXPORTERS = {"China": CHINA, "US": US}
AID = {"China": "aid_china", "US": "aid_usa"}
KINDS = "aid_china_"
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


def _panels(materials: Materials, switches: Switches, ask: Ask, *, smart_city: bool = True) -> list[Numbered]:
    """Columns (1) to (4) for China and (5) to (8) for the United States."""
    made = []
    for first, (name, exporter) in zip((1, 5), EXPORTERS.items(), strict=True):
        panel = from_exporter(materials, switches, exporter, smart_city=smart_city)
        made += columns(panel, ask, switches, name=name, first=first)
    return made


def _content(made: list[Numbered], switches: Switches, *notes: str) -> Content:
    said = (*notes, regime_note(switches), *remarks(made, switches))
    return Content(columns=tuple(column for column, _ in made), notes=said)


def table_3(materials: Materials, switches: Switches) -> Content:
    """Equation (2) for China and for the United States; in panel B with aid."""
    made = _panels(materials, switches, regime_ask("any"))
    plain = [(replace(column, panel=f"A. {column.panel}"), fit) for column, fit in made]
    for first, (name, exporter) in zip((1, 5), EXPORTERS.items(), strict=True):
        panel = _with_aid(from_exporter(materials, switches, exporter), materials, AID[name])
        plain += columns(panel, regime_ask("any", AID_TERMS), switches, name=f"B. {name}", first=first)
    aid = "aid: from the exporter, US dollars, standardised over its importers."
    return _content(plain, switches, PRODUCTS, IMPORTERS, aid)


def table_a3(materials: Materials, switches: Switches) -> Content:
    """Table 3 with the deals of the bibliography that the search began with."""
    materials.records("deals", "carnegie")
    made = _panels(materials, switches, regime_ask("any_carnegie"), smart_city=False)
    return _content(made, switches, "Deals of the Carnegie bibliography; without the product smart-city AI.", IMPORTERS)


def table_a6(materials: Materials, switches: Switches) -> Content:
    """Table 3 with the amount of trade."""
    return _content(_panels(materials, switches, regime_ask("log_trade")), switches, PRODUCTS, LOG_NOTE, IMPORTERS)


def table_a10(materials: Materials, switches: Switches) -> Content:
    """China and the United States in one regression."""
    panel = with_low(among(product_panel(materials, switches), list(EXPORTERS.values())), materials, switches)
    made = columns(panel, regime_ask("any", POOLED_TERMS), switches)
    return _content(made, switches, PRODUCTS, "Clusters are importers; two exporters are too few for clusters.")


def table_a11(materials: Materials, switches: Switches) -> Content:
    """Table 3 with early deals."""
    if switches.early_sample == "carnegie":
        return table_a3(materials, switches)
    made = _panels(materials, switches, regime_ask("any_early"), smart_city=False)
    return _content(made, switches, f"Deals up to {EARLY}; without the product smart-city AI.", IMPORTERS)


def table_a12(materials: Materials, switches: Switches) -> Content:
    """Table 3 with deals on smart cities."""
    materials.records("deals", "smart_city")
    made = _panels(materials, switches, regime_ask("any_smart_city"))
    return _content(made, switches, SMART_NOTE, IMPORTERS)


def table_a13(materials: Materials, switches: Switches) -> Content:
    """Panel B of Table 3 for China, by kind of aid."""
    held = materials.panel("importers", AID["China"])
    kinds = sorted(name.removeprefix(KINDS) for name in held.variables if name.startswith(KINDS))
    if not kinds:
        raise NotAvailableError(
            "Aid is not known by kind.", materials.absent.get(f"{KINDS}KIND", "importers"), "add it to an input"
        )
    china, ask = from_exporter(materials, switches, CHINA), regime_ask("any", AID_TERMS)
    made = [
        columns(_with_aid(china, materials, f"{KINDS}{kind}"), ask, switches, name=kind.replace("_", " "))
        for kind in kinds
    ]
    aid = "aid: from China, of the kind that heads the panel, US dollars, standardised over importers."
    return _content(list(chain.from_iterable(made)), switches, PRODUCTS, IMPORTERS, aid)


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
