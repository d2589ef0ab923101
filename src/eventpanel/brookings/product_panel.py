"""Product panel of equations (1) and (2): who sells what to whom, a row per exporter, importer and product.

Products are the 16 frontier goods, AI (any deal) and smart-city AI (deals on smart cities), where the list of deals
tells. With 150 countries that makes 150 x 149 x 18 = 402,300 rows, the printed N. ``AI_s`` is 1 for both AI products,
so that AI is compared with goods and with nothing else. Tables on smart cities have the same printed N: they leave all
other deals out of the list, and both AI products then hold the same deals.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventpanel.brookings.samples import AI, CHINA, SMART_CITY, product_countries
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.errors import NotAvailableError
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel

__all__ = [
    "CONTROLS",
    "EARLY",
    "GDP_EXPORTER",
    "GOODS",
    "GRAVITY",
    "PANEL_SWITCHES",
    "among",
    "control_terms",
    "product_panel",
    "with_demeaned",
    "with_dummies",
]

Floats = npt.NDArray[np.float64]

GOODS = {
    "525": "Radioactive materials",
    "541": "Med. & pharm. products",
    "712": "Steam turbines",
    "716": "Rotating electric plants",
    "718": "Power-generating machinery",
    "728": "Machinery for isotopic separation",
    "731": "Laser and other beam processes",
    "772": "Electrical circuits",
    "774": "Med. electrodiagnostic apparatus",
    "776": "Electronic integrated circuits",
    "781": "Road vehicles",
    "792": "Spacecraft",
    "872": "Med. instruments",
    "874": "Chemical analysis instruments",
    "884": "Optical fibres",
    "899": "Artificial body parts",
}
GDP_EXPORTER = "log_gdp_exporter"
# Controls of the four columns, each with those before it: what they are called, and their columns.
CONTROLS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("log GDP, log distance", (GDP_EXPORTER, "log_gdp_importer", "log_distance")),
    ("+ border, FTA, colonial", ("border", "fta", "colonial")),
    ("+ language, legal system, religion", ("language", "legal", "religion")),
    ("+ landlocked, island", ("landlocked", "island")),
)
GRAVITY = tuple(name for _, names in CONTROLS for name in names if not name.startswith("log_gdp"))
PANEL_SWITCHES = ("countries", "regime_base", "ceiling_goods")
CEILING = 0.95
EARLY = 2017
DEMEANED = " less mean"
# Outcomes with other deals: those of the product AI, and those of smart-city AI.
VARIANTS = {
    "any_smart_city": (SMART_CITY, SMART_CITY),
    "any_carnegie": ("carnegie", "carnegie smart city"),
    "any_early": ("early", "early smart city"),
}


def product_panel(materials: Materials, switches: Switches) -> Panel:
    """Build the product panel; worked out once for the same data and switches.

    Parameters
    ----------
    materials : Materials
        With goods, distances of pairs and GDP of countries.
    switches : Switches
        ``countries``, ``regime_base`` (the year of GDP) and ``ceiling_goods`` change it.

    Returns
    -------
    Panel
        Unit (exporter, importer, product). ``any`` (1 where anything was traded), ``any_smart_city``,
        ``any_carnegie`` and ``any_early`` (the same with deals on smart cities, of the Carnegie bibliography, or up to
        2017, alone; where the list tells), ``log_trade`` (log(1 + trade), trade in US dollars or numbers of deals,
        standardised within the product), ``China``, ``AI`` and the controls that the data have. A country is
        never its own importer.

    Raises
    ------
    NotAvailableError
        Data that are not there, but for further controls of pairs; no goods below the ceiling.
    """
    return _made(materials, tuple((name, getattr(switches, name)) for name in PANEL_SWITCHES))


@lru_cache(maxsize=4)
def _made(materials: Materials, kept: tuple[tuple[str, object], ...]) -> Panel:
    switches = Switches.model_validate(dict(kept))
    countries = product_countries(materials, switches)
    goods, volumes = _volumes(materials.panel("goods", "trade"), countries, switches)
    inside = ~np.eye(len(countries), dtype=bool)
    exporter, importer = (np.array(countries, dtype=object)[index] for index in np.nonzero(inside))
    lists = _lists(materials)
    two = SMART_CITY in lists
    products = [*goods, AI, *([SMART_CITY] if two else [])]
    counts = {name: _counted(materials, frame, countries)[inside] for name, frame in lists.items()}
    dollars = volumes[inside]
    trade = np.column_stack([dollars, counts["any"], *([counts[SMART_CITY]] if two else [])])
    frame = _pairs(materials, switches, exporter, importer)
    frame = frame.loc[frame.index.repeat(len(products))].reset_index(drop=True)
    sold = {"any": _any(trade), "log_trade": _standardised(np.log1p(trade))}
    for outcome, (ai, smart_city) in VARIANTS.items():
        if ai in counts:
            own = [counts[ai], *([counts[smart_city]] if two else [])]
            sold[outcome] = _any(np.column_stack([dollars, *own]))
    added = {
        "product": np.tile(np.array(products, dtype=object), len(exporter)),
        **{name: values.reshape(-1) for name, values in sold.items()},
        "AI": np.tile(np.array([product in (AI, SMART_CITY) for product in products], dtype=float), len(exporter)),
    }
    frame = frame.assign(**added)
    sources = materials.panel("goods").sources + materials.panel("pairs").sources + (materials.deals.source,)
    return Panel(frame, ("exporter", "importer", "product"), None, tuple(dict.fromkeys(sources)))


def _volumes(goods: Panel, countries: Sequence[str], switches: Switches) -> tuple[list[str], Floats]:
    """Products, and dollars by exporter, importer and product; missing where the data have no row."""
    labels = sorted(goods.frame["product"].astype(str).unique())
    places = [_place(goods.frame[name], countries) for name in ("exporter", "importer")]
    product = _place(goods.frame["product"].astype(str), labels)
    held = (places[0] >= 0) & (places[1] >= 0)
    cube = np.full((len(countries), len(countries), len(labels)), np.nan)
    cube[places[0][held], places[1][held], product[held]] = goods.values("trade")[held]
    if switches.ceiling_goods == "keep":
        return labels, cube
    if CHINA not in countries:
        raise NotAvailableError("China is not in the data on goods.", "exporter", "add its trade")
    mine = np.delete(cube[countries.index(CHINA)], countries.index(CHINA), axis=0)
    below = (pd.DataFrame(_any(mine)).mean() <= CEILING).to_numpy()
    if not below.any():
        raise NotAvailableError(
            f"China sells every good to more than {CEILING:.0%} of importers.", "goods", "set ceiling_goods to keep"
        )
    return [label for label, stays in zip(labels, below, strict=True) if stays], cube[:, :, below]


def _place(values: pd.Series, labels: Sequence[str]) -> npt.NDArray[np.intp]:
    """Position of each value among labels; -1 where it is none of them."""
    return pd.Index(labels).get_indexer(pd.Index(values))


def _lists(materials: Materials) -> dict[str, pd.DataFrame]:
    """Deals to be counted, by name."""
    deals = materials.deals.frame
    lists = {"any": deals, "early": deals[deals["year"] <= EARLY]}
    if "carnegie" in deals:
        lists["carnegie"] = deals[deals["carnegie"].fillna(value=False).astype(bool)]
    if "smart_city" in deals:
        smart = {
            f"{name} smart city": frame[frame["smart_city"].fillna(value=False).astype(bool)]
            for name, frame in lists.items()
        }
        lists |= {SMART_CITY if name == "any smart city" else name: frame for name, frame in smart.items()}
    return lists


def _counted(materials: Materials, deals: pd.DataFrame, countries: Sequence[str]) -> Floats:
    """Numbers of deals by exporter and importer; missing for importers that the list does not watch."""
    places = [_place(deals[name], countries) for name in ("exporter", "importer")]
    held = (places[0] >= 0) & (places[1] >= 0)
    counts = np.zeros((len(countries), len(countries)))
    np.add.at(counts, (places[0][held], places[1][held]), 1.0)
    watched = np.isin(np.array(countries), materials.deals.covered["importer"].unique().astype(str))
    counts[:, ~watched] = np.nan
    return counts


def _any(trade: Floats) -> Floats:
    return np.where(np.isnan(trade), np.nan, trade > 0)


def _standardised(values: Floats) -> Floats:
    """Each product's column less its mean, over its standard deviation; missing where that is zero."""
    frame = pd.DataFrame(values)
    spread = frame.std(ddof=1)
    return ((frame - frame.mean()) / spread.where(spread > 0)).to_numpy()


def _pairs(
    materials: Materials, switches: Switches, exporter: npt.NDArray[np.object_], importer: npt.NDArray[np.object_]
) -> pd.DataFrame:
    """Facts of pairs: China and the controls that are there, distance among them."""
    held = materials.panel("pairs", GRAVITY[0]).frame
    facts = [name for name in GRAVITY if name in held.columns]
    frame = pd.DataFrame({"exporter": exporter, "importer": importer})
    frame = frame.merge(held[["exporter", "importer", *facts]], on=["exporter", "importer"], how="left")
    frame = frame.astype(dict.fromkeys(facts, float))
    wealth = materials.panel("countries", "gdp").frame
    base = wealth[wealth["year"] == switches.regime_base].set_index("importer")["gdp"].astype(float)
    log_gdp = pd.Series(np.log(base.where(base > 0)), index=base.index)
    return frame.assign(
        China=(frame["exporter"] == CHINA).astype(float),
        log_gdp_exporter=frame["exporter"].map(log_gdp).astype(float),
        log_gdp_importer=frame["importer"].map(log_gdp).astype(float),
    )


def among(panel: Panel, exporters: Sequence[str], *, smart_city: bool = True) -> Panel:
    """Keep some exporters, perhaps without the product smart-city AI.

    Parameters
    ----------
    panel : Panel
        Of products.
    exporters : sequence of str
    smart_city : bool
        Whether smart-city AI stays.

    Raises
    ------
    NotAvailableError
        An exporter without rows.
    """
    absent = [name for name in exporters if name not in panel.codes("exporter").labels]
    if absent:
        raise NotAvailableError(f"{absent[0]} is not in the data on goods.", "exporter", "add its trade")
    frame = panel.frame[panel.frame["exporter"].isin(list(exporters))]
    return panel.with_frame(frame if smart_city else frame[frame["product"] != SMART_CITY])


def with_dummies(panel: Panel) -> tuple[Panel, dict[str, str]]:
    """Add a dummy of each good beside that of AI; worked out once. Also returns the dummies by product."""

    def make() -> tuple[Panel, dict[str, str]]:
        product = panel.codes("product")
        goods = {str(label): f"good {label}" for label in product.labels if label not in (AI, SMART_CITY)}
        ones = {goods[label]: (product.codes == k) * 1.0 for k, label in enumerate(product.labels) if label in goods}
        return panel.with_frame(panel.frame.assign(**ones)), {**goods, AI: "AI"}

    return panel.once("dummies of goods", make)


def control_terms(dummy: str, controls: Sequence[str], switches: Switches) -> tuple[str, ...]:
    """Name the terms of some controls: alone, or also times a dummy of products as ``interact_controls`` asks.

    Raw products move the coefficient of the dummy itself to where all controls are zero; demeaned ones leave it at the
    mean of the controls. The coefficients of other terms are the same with both.

    Parameters
    ----------
    dummy : str
    controls : sequence of str
    switches : Switches
    """
    if switches.interact_controls == "none":
        return tuple(controls)
    end = DEMEANED if switches.interact_controls == "demeaned" else ""
    return (*controls, *(f"{dummy}:{name}{end}" for name in controls))


def with_demeaned(panel: Panel) -> Panel:
    """Add all controls less their means over the panel; worked out once."""

    def make() -> Panel:
        every = [name for _, names in CONTROLS for name in names if name in panel.frame.columns]
        return panel.with_frame(
            panel.frame.assign(**{f"{name}{DEMEANED}": panel.frame[name] - panel.frame[name].mean() for name in every})
        )

    return panel.once("demeaned controls", make)
