"""Files of a user's own study of the family: a list of deals with every trap, country-years, customs data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

COUNTRIES = [
    "KEN",
    "UGA",
    "EGY",
    "SAU",
    "IRN",
    "IRQ",
    "DZA",
    "MAR",
    "ETH",
    "VNM",
    "FRA",
    "DEU",
    "BRA",
    "IND",
    "CHL",
    "JPN",
]
YEARS = range(1999, 2023)

DEALS = """exporter,importer,year,company,smart_city,value,currency
China,Kenya,2015,Huawei,yes,22.5,USD
China,Kenya,2015,Huawei,yes,22.5,USD
China,Uganda,2016,ZTE,no,3,
United States,Kenya,2016,Cisco,no,$4m,
China,Egypt,2014,Huawei,yes,,
China,Saudi Arabia,2017,Hikvision,yes,,
China,Atlantis,2015,ZTE,no,1,USD
China,Uganda,2031,ZTE,no,1,USD
China,China,2016,Megvii,no,,
China,Viet Nam,,Huawei,no,,
China,Viet Nam,around 2015,Huawei,no,,
Israel,Germany,2018,Cellebrite,no,,
China,Brazil,2007,Huawei,no,,
"""

STUDY = """
family = "brookings"
title = "Deals of our own"
label = "TEST DATA"
kind = "own"

[years]
first = 2000
last = 2021

[inputs.deals]
source = "deal_list"
file = "deals.csv"
options = { first = 2008, last = 2018 }

[inputs.polity]
source = "country_years"
file = "countries.csv"
options = { columns = { score = "polity2" }, country = "code", scheme = "iso3" }

[inputs.unrest]
source = "country_years"
file = "countries.csv"
options = { columns = { protests = "protests" }, country = "code", scheme = "iso3" }
columns = { unrest = "protests" }

[inputs.gdp]
source = "country_years"
file = "countries.csv"
options = { columns = { income = "income" }, country = "code", scheme = "iso3" }
columns = { gdp = "income" }
scale = 1e6

[inputs.institutions]
source = "nelda"
file = "NELDA.csv"
"""
GOODS = """
[inputs.goods]
source = "comtrade"
file = "customs.csv"
products = ["728", "776"]
"""

CUSTOMS = (
    # reporter, year, partner, product, dollars; the partners add up to World, so that an absent partner is a zero
    ("KEN", 2015, "W00", "728", 30),
    ("KEN", 2015, "CHN", "728", 20),
    ("KEN", 2015, "USA", "728", 10),
    ("KEN", 2016, "W00", "728", 5),
    ("KEN", 2016, "CHN", "728", 5),
    ("UGA", 2015, "W00", "728", 7),
    ("UGA", 2015, "USA", "728", 7),
    ("UGA", 1995, "W00", "728", 7),
    ("UGA", 1995, "USA", "728", 7),
    ("KEN", 2015, "W00", "776", 4),
    ("KEN", 2015, "CHN", "776", 4),
)
CODES = {"KEN": 404, "UGA": 800, "CHN": 156, "USA": 842, "W00": 0}


def write_files(folder: Path, *, study: str = STUDY) -> Path:
    """Write study, deals, country-years and customs data; return the path of the study."""
    (folder / "deals.csv").write_text(DEALS, encoding="utf-8")
    country_years().to_csv(folder / "countries.csv", index=False)
    customs().to_csv(folder / "customs.csv", index=False)
    path = folder / "own.toml"
    path.write_text(study, encoding="utf-8")
    return path


def country_years() -> pd.DataFrame:
    grid = pd.MultiIndex.from_product([COUNTRIES, YEARS], names=["code", "year"]).to_frame(index=False)
    rng = np.random.default_rng(5)
    score = dict(zip(COUNTRIES, [4, -1, -4, -10, -7, 5, 2, -4, 1, -7, 9, 10, 8, 9, 10, 10], strict=True))
    return grid.assign(
        score=grid["code"].map(score),
        protests=rng.poisson(4, len(grid)),
        income=rng.uniform(1e4, 1e6, len(grid)).round(),
    )


def customs() -> pd.DataFrame:
    rows = [
        {
            "typeCode": "C", "freqCode": "A", "refYear": year, "period": year, "reporterCode": CODES[reporter],
            "reporterISO": reporter, "flowCode": "M", "partnerCode": CODES[partner], "partnerISO": partner,
            "partner2Code": 0, "classificationCode": "S4", "cmdCode": code, "aggrLevel": 3, "customsCode": "C00",
            "motCode": 0, "primaryValue": dollars,
        }
        for reporter, year, partner, code, dollars in CUSTOMS
    ]  # fmt: skip
    return pd.DataFrame(rows)
