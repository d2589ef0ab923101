"""The study ``unrest-deals`` once more, with pandas and linearmodels alone.

Nothing of eventpanel is used. Country names are matched with the regular expressions of another package's dictionary
(``codes/codelist_without_cldr.csv``), leads and lags by merging on the year, the sample and the small-sample factor by
the plainest means. Only what the publishers' files cannot say stands here by hand: when states began and ended.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
from linearmodels.panel import PanelOLS

# First year on whose 31 December a state existed, and the last, for states that did not exist from 1990 to 2019.
FIRST = dict.fromkeys(["ARM", "AZE", "BLR", "EST", "GEO", "KAZ", "KGZ", "LVA", "LTU", "MDA", "TJK", "TKM", "UKR", "UZB",
                       "RUS", "HRV", "SVN", "MKD"], 1991) | {"BIH": 1992, "CZE": 1993, "SVK": 1993, "ERI": 1993,
                       "SCG": 2003, "TLS": 2002, "MNE": 2006, "SRB": 2006, "XKX": 2008, "SSD": 2011}  # fmt: skip
LAST = {"SUN": 1990, "CSK": 1992, "YUG": 2002, "SCG": 2005}
# Names that the other dictionary has no ISO3 code for.
OTHER = {"Kosovo": "XKX", "Yugoslavia": "YUG", "Serbia and Montenegro": "SCG", "Czechoslovakia": "CSK", "USSR": "SUN"}
LEADS_LAGS = (-2, -1, 0, 1, 2)
WORDS = r"\b(?:surveillance|cctv|safe city|smart city|facial recognition|urban security)"


def iso3_of(data: Path, names: pd.Series) -> pd.Series:
    """ISO3 by regular expression; missing for whatever no single expression matches."""
    table = pd.read_csv(data / "codes" / "codelist_without_cldr.csv", keep_default_na=False)
    patterns = [
        (re.compile(p, re.IGNORECASE), c)
        for p, c in zip(table["country.name.en.regex"], table["iso3c"], strict=True)
        if c
    ]
    found = {}
    for name in names.unique():
        hits = {code for pattern, code in patterns if pattern.search(name)}
        found[name] = OTHER.get(name) or (hits.pop() if len(hits) == 1 else None)
    return names.map(found)


def protests(data: Path) -> pd.DataFrame:
    """Importer, year, z: standardised log(1 + protests), zero in years without any, 1990 to 2019."""
    events = pd.read_csv(data / "unrest" / "mass_mobilization_events.csv", usecols=["country", "year"])
    events["importer"] = iso3_of(data, events["country"])
    grid = pd.MultiIndex.from_product(
        [events["importer"].dropna().unique(), range(1990, 2020)], names=["importer", "year"]
    )
    x = events.groupby(["importer", "year"]).size().reindex(grid, fill_value=0).rename("x").reset_index()
    alive = x["year"].between(x["importer"].map(FIRST).fillna(0), x["importer"].map(LAST).fillna(9999))
    x = x[alive]
    z = np.log1p(x["x"])
    return x.assign(z=(z - z.mean()) / z.std())[["importer", "year", "z"]]


def arms(data: Path) -> pd.DataFrame:
    """Exporter, importer, year of every deal, by the year of the order."""
    register = pd.read_csv(data / "trade" / "sipri_trade_register.csv", skiprows=11, encoding="latin-1", dtype=str)
    deals = register.drop_duplicates("SIPRI AT Database ID")
    exporter = deals["Supplier"].map({"China": "CHN", "United States": "USA"})
    is_state = ~deals["Recipient"].str.contains(r"\*|unknown|Northern Cyprus", regex=True)
    importer = iso3_of(data, deals["Recipient"].where(is_state, "nobody"))
    table = pd.DataFrame({"exporter": exporter, "importer": importer, "year": deals["Order date"].astype(int)})
    return table.dropna()


def surveillance(data: Path) -> pd.DataFrame:
    """Importer and year of every project with one of the words in its title, and all importers in the file."""
    projects = pd.read_csv(data / "trade" / "aiddata_gcdf_china_projects.csv", keep_default_na=False)
    projects["hit"] = projects["Title"].str.contains(WORDS, case=False)
    return projects.rename(columns={"Recipient.ISO-3": "importer", "Commitment.Year": "year"})[
        ["importer", "year", "hit"]
    ]


def panel(data: Path) -> pd.DataFrame:
    """Rows exporter, importer, year from 2000 to 2017 with outcomes, leads and lags, regime of 1999 and controls."""
    record = protests(data)
    polity = (
        pd.read_csv(data / "regime" / "p5v2018.csv", usecols=["country", "year", "polity2"])
        .query("year == 1999")
        .dropna()
    )
    polity["importer"] = iso3_of(data, polity["country"])
    regime = polity.set_index("importer")["polity2"].lt(7).map({True: "weak", False: "strong"})
    rows = record[record["year"].between(2000, 2017)].assign(regime=record["importer"].map(regime)).dropna()
    for k in LEADS_LAGS:
        moved = record.assign(year=record["year"] + k).rename(columns={"z": f"z{k}"})
        rows = rows.merge(moved, on=["importer", "year"])
    rows = pd.DataFrame({"exporter": ["CHN", "USA"]}).merge(rows, how="cross").query("exporter != importer")
    deals = set(arms(data).itertuples(index=False, name=None))
    rows["any_arms_deal"] = [
        float(key in deals) for key in zip(rows["exporter"], rows["importer"], rows["year"], strict=True)
    ]
    projects = surveillance(data)
    hits = set(projects.loc[projects["hit"], ["importer", "year"]].itertuples(index=False, name=None))
    watched = rows["importer"].isin(projects["importer"]) & (rows["exporter"] == "CHN")
    any_project = pd.Series(
        [float(key in hits) for key in zip(rows["importer"], rows["year"], strict=True)], index=rows.index
    )
    rows["any_surveillance_project"] = any_project.where(watched)
    for name in ("gdp", "population"):
        table = pd.read_csv(data / "codes" / f"{name}.csv", keep_default_na=False).rename(
            columns={"Country Code": "importer", "Year": "year"}
        )
        rows = rows.merge(table[["importer", "year", "Value"]], on=["importer", "year"], how="left")
        rows[f"log_{name}"] = np.log(rows.pop("Value"))
    return rows


def estimate(rows: pd.DataFrame, outcome: str, by: str, unit: str, controls: tuple[str, ...] = ()) -> pd.DataFrame:
    """Coefficients and clustered errors of z by group, effects of unit and group-year: columns coef, se."""
    rows = rows.dropna(subset=[outcome, *controls])
    rows = rows[(rows.groupby(unit)["year"].transform("size") > 1)]
    groups = sorted(rows[by].unique())
    X = pd.DataFrame({f"{g} {k}": rows[f"z{k}"].where(rows[by] == g, 0.0) for g in groups for k in LEADS_LAGS})
    X = X.join(rows[list(controls)])
    index = pd.MultiIndex.from_arrays([pd.factorize(rows[unit])[0], rows["year"]])
    if rows.duplicated([unit, "year"]).any():
        raise ValueError("unit and year must be unique")
    group_year = pd.DataFrame({"gy": pd.factorize(rows[by] + rows["year"].astype(str))[0]}, index=index)
    clusters = pd.DataFrame({"c": pd.factorize(rows["importer"])[0]}, index=index)
    model = PanelOLS(
        pd.Series(rows[outcome].to_numpy(), index=index),
        X.set_axis(index),
        entity_effects=True,
        other_effects=group_year,
    )
    fit = model.fit(cov_type="clustered", clusters=clusters, debiased=False, auto_df=False, count_effects=False)
    n, G = len(rows), clusters["c"].nunique()
    # Effects of the unit are nested in importers; the group-years add their number less one for every group.
    K = X.shape[1] + group_year["gy"].nunique() - rows[by].nunique() + 1
    factor = G / (G - 1) * (n - 1) / (n - K)
    return pd.DataFrame({"coef": fit.params, "se": fit.std_errors * np.sqrt(factor)})


def all_estimates(data: Path) -> dict[str, pd.DataFrame]:
    """The four estimates of the study, by name."""
    rows = panel(data)
    rows["pair"] = rows["exporter"] + rows["importer"]
    rows["all"] = "all"
    china, weak = rows[rows["exporter"] == "CHN"], rows[rows["regime"] == "weak"]
    return {
        "arms": estimate(china, "any_arms_deal", "regime", "importer"),
        "arms_controls": estimate(china, "any_arms_deal", "regime", "importer", ("log_gdp", "log_population")),
        "suppliers": estimate(weak, "any_arms_deal", "exporter", "pair"),
        "surveillance": estimate(weak[weak["exporter"] == "CHN"], "any_surveillance_project", "all", "importer"),
    }


if __name__ == "__main__":
    for name, table in all_estimates(Path("../shared/data")).items():
        print(name, table, sep="\n")
