"""The world panel of 2006 to 2021 as a plain merge makes it, with pandas alone and nothing of eventpanel.

When these sources were first merged by hand, V-Dem's 179 countries stood in all 16 years, codes were joined as they are
and zeros were filled in. This script does the same to the row. What such a merge gets wrong, as zeros for South Sudan
before 2011, is what the comparison is about.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rdata import read_rds

FIRST, LAST = 2006, 2021
YEARS = range(FIRST, LAST + 1)
RECORD = range(1990, 2020)
# What Polity's own codes mean where the dictionary has no ISO3 code for them.
POLITY_CODES = {341: "XKX", 625: "SDN"}
SUPPLIERS = {"China": "CHN", "United States": "USA"}
DEAL = "SIPRI AT Database ID"

Places = set[tuple[str, int]]


@dataclass(frozen=True)
class ByHand:
    """The plain panel: one row for each of 179 codes and 16 years, and the list of its deals."""

    frame: pd.DataFrame
    deals: pd.DataFrame
    protests: pd.Series
    known_codes: frozenset[str]

    def rows(self, column: str) -> Places:
        """Keys of the rows with a value."""
        return set(self.frame.index[self.frame[column].notna()])


def build(data: Path) -> ByHand:
    """Merge the files of a data folder."""
    names = pd.read_csv(data / "codes" / "codelist_without_cldr.csv", keep_default_na=False)
    ert = pd.read_csv(data / "regime" / "vdem_ert.csv", usecols=["country_text_id", "year", "v2x_regime"])
    ert = ert[ert["year"].isin(YEARS)]
    codes = sorted(ert["country_text_id"].unique())
    grid = pd.MultiIndex.from_product([codes, YEARS], names=["importer", "year"])
    protests = _protests(data, names)
    frame = pd.DataFrame(index=grid)
    frame["regime"] = ert.set_index(["country_text_id", "year"])["v2x_regime"].reindex(grid)
    frame["polity2"] = _polity(data, names).reindex(grid)
    frame["protests"] = protests.reindex(grid)
    frame["gdelt"] = _gdelt(data).reindex(grid)
    frame["gdp"] = _gdp(data).reindex(grid)
    frame["imports"] = _imports(data, names).reindex(grid)
    deals = _deals(data, names)
    deals = deals[deals["importer"].isin(codes) & deals["year"].isin(YEARS)]
    for exporter, part in deals.groupby("exporter"):
        frame[f"deals_{exporter}"] = part.groupby(["importer", "year"]).size().reindex(grid, fill_value=0)
    return ByHand(frame, deals, protests, frozenset(names["iso3c"]))


def _numbers(names: pd.DataFrame, column: str) -> dict[int, str]:
    """Codes of a scheme to ISO3, where both are there."""
    both = names[(names[column] != "") & (names["iso3c"] != "")]
    return dict(zip(both[column].astype(int), both["iso3c"], strict=True))


def _by_name(names: pd.DataFrame, values: pd.Series) -> pd.Series:
    patterns = [
        (re.compile(pattern, re.IGNORECASE), code)
        for pattern, code in zip(names["country.name.en.regex"], names["iso3c"], strict=True)
        if code
    ]
    found: dict[str, str | None] = {}
    for value in values.unique():
        hits = {code for pattern, code in patterns if pattern.search(value)}
        found[value] = "XKX" if value == "Kosovo" else hits.pop() if len(hits) == 1 else None
    return values.map(found)


def _protests(data: Path, names: pd.DataFrame) -> pd.Series:
    """Protests in all years 1990 to 2019 of every country that has one: zeros also where it did not exist."""
    events = pd.read_csv(data / "unrest" / "mass_mobilization_events.csv", usecols=["country", "year", "protest"])
    events["importer"] = _by_name(names, events["country"])
    events = events.dropna(subset="importer")
    grid = pd.MultiIndex.from_product([sorted(events["importer"].unique()), RECORD], names=["importer", "year"])
    counted = events[events["protest"] == 1].groupby(["importer", "year"]).size()
    return counted.reindex(grid, fill_value=0)


def _polity(data: Path, names: pd.DataFrame) -> pd.Series:
    rows = pd.read_csv(data / "regime" / "p5v2018.csv", usecols=["ccode", "year", "polity2"])
    rows["importer"] = rows["ccode"].map(_numbers(names, "p5n") | POLITY_CODES)
    rows = rows[rows["year"].isin(YEARS)].dropna(subset="importer")
    # Sudan stands twice in 2011: either has a score, so the count is the same.
    scores: pd.Series = rows.groupby(["importer", "year"])["polity2"].first()
    return scores


def _gdelt(data: Path) -> pd.Series:
    path = data / "unrest" / "gdelt_acled_ucdp_country_years.csv"
    rows = pd.read_csv(path, keep_default_na=False)
    rows = rows[(rows["event_type"] == 14) & (rows["gdelt_total"] != "NA")]
    return rows.set_index(["country_code", "year"])["gdelt_total"].astype(float)


def _gdp(data: Path) -> pd.Series:
    rows = pd.read_csv(data / "codes" / "gdp.csv", keep_default_na=False)
    return rows.set_index(["Country Code", "Year"])["Value"].astype(float)


def _imports(data: Path, names: pd.DataFrame) -> pd.Series:
    """Total imports from one order of each pair, its second state as importer.

    The copy has each pair in both orders. Kept once, the state with the lowest code, the United States, is never the
    importer; this gives the first count exactly.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Missing constructor for R class", UserWarning)
        pairs = read_rds(data / "trade" / "cow_trade_ddy.rds")
    pairs = pairs[pairs["year"].isin(YEARS) & (pairs["ccode1"] < pairs["ccode2"])]
    pairs = pairs.assign(importer=pairs["ccode2"].astype(int).map(_numbers(names, "cown")))
    pairs = pairs.dropna(subset="importer").astype({"year": int})
    totals: pd.Series = pairs.groupby(["importer", "year"])["flow2"].sum(min_count=1)
    return totals


def _deals(data: Path, names: pd.DataFrame) -> pd.DataFrame:
    """Deals of both suppliers by order year; names are matched without asking whether they are states."""
    path = data / "trade" / "sipri_trade_register.csv"
    register = pd.read_csv(path, skiprows=11, encoding="latin-1", dtype=str, keep_default_na=False)
    deals = register.drop_duplicates(DEAL)
    deals = deals[deals["Supplier"].isin(SUPPLIERS)]
    drone = deals["Description"].str.contains("UAV|UCAV")
    return pd.DataFrame(
        {
            "deal": deals[DEAL],
            "exporter": deals["Supplier"].map(SUPPLIERS),
            "recipient": deals["Recipient"],
            "importer": _by_name(names, deals["Recipient"]),
            "year": deals["Order date"].astype(int),
            "watches": drone | (deals["Armament category"] == "Sensors"),
        }
    ).dropna(subset="importer")


def counts(rows: pd.DataFrame) -> tuple[int, int, int]:
    """Deals, importer-years and importers of a list of deals."""
    return len(rows), len(rows[["importer", "year"]].drop_duplicates()), rows["importer"].nunique()


def with_window(record: Places, places: Places, width: int = 2) -> Places:
    """Places with a record in every year from ``width`` years before to ``width`` years after."""
    steps = range(-width, width + 1)
    return {(code, year) for code, year in places if all((code, year + step) in record for step in steps)}
