"""ITPD-E: reported zeros against unknown flows, sums where the file lies, one row counted once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import (
    CountryError,
    DuplicateKeyError,
    InputError,
    NumberError,
    StudyError,
    WrongLayoutError,
)
from eventpanel.datasets.registry import read as read_source
from eventpanel.datasets.sources.trade.itpd import COLUMNS, read

NAMED = (
    "exporter_iso3,exporter_dynamic_code,exporter_name,importer_iso3,importer_dynamic_code,importer_name,"
    "broad_sector,industry_id,industry_descr,year,trade,flag_mirror,flag_zero\n"
)
ROWS = [
    'CHN,CHN,China,KEN,KEN,Kenya,Manufacturing,120,"Radio, television and phones",2010,10.5,0,p',
    "CHN,CHN,China,KEN,KEN,Kenya,Manufacturing,121,Instruments,2010,2,1,p",
    "CHN,CHN,China,KEN,KEN,Kenya,Services,160,Telecoms,2010,0,0,u",
    "USA,USA,United States,KEN,KEN,Kenya,Manufacturing,120,Radio,2010,0,0,r",
    "USA,USA,United States,UGA,UGA,Uganda,Manufacturing,120,Radio,2010,0,0,u",
    "KEN,KEN,Kenya,KEN,KEN,Kenya,Manufacturing,120,Radio,2010,99,0,p",
    "CHN,CHN,China,SSD,SSD,South Sudan,Manufacturing,120,Radio,2010,1,0,p",
]


def write(folder: Path, rows: list[str] = ROWS, header: str = NAMED) -> Path:
    path = folder / "ITPD_E_R02.csv"
    path.write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_unknown_flows_are_not_zero(tmp_path: Path) -> None:
    panel = read(write(tmp_path), exporters=["CHN", "USA"])
    assert panel.unit == ("exporter", "importer")
    rows = panel.frame.drop(columns="year").fillna(-1).to_numpy().tolist()
    assert rows == [["CHN", "KEN", 12.5, 2, 1, 1], ["USA", "KEN", 0, 1, 0, 0], ["USA", "UGA", -1, 0, 1, 0]]
    assert panel.conflicts[["value", "problem"]].to_numpy().tolist() == [
        ["SSD", "not in that year (South Sudan 2011-)"]
    ]


def test_all_partners_without_domestic_sales(tmp_path: Path) -> None:
    panel = read(write(tmp_path))
    assert panel.unit == ("importer",)
    assert panel.frame.fillna(-1).to_numpy().tolist() == [["KEN", 2010, 12.5, 3, 1, 1], ["UGA", 2010, -1, 0, 1, 0]]


def test_sectors_and_industries(tmp_path: Path) -> None:
    path = write(tmp_path)
    services = read_source("itpd", path, {"sector": "Services"}).frame
    assert services["imports"].isna().tolist() == [True] and services["flows_unknown"].tolist() == [1]
    phones = read(path, industries=[120], exporters=["CHN"]).frame
    assert phones["imports"].tolist() == [10.5]
    with pytest.raises(StudyError, match="'Agriculture' or"):
        read_source("itpd", path, {"sector": "Goods"})


def test_sums_agree_with_plain_pandas(tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    pairs = [(seller, buyer) for seller in ("CHN", "USA", "DEU") for buyer in ("KEN", "UGA", "TZA", "DEU")]
    keys = [(*pair, year, industry) for pair in pairs for year in (2010, 2011) for industry in range(1, 171)]
    table = pd.DataFrame(keys, columns=["exporter_iso3", "importer_iso3", "year", "industry_id"])
    table["flag_zero"] = random.choice(["p", "r", "u"], len(table))
    table["trade"] = np.where(table["flag_zero"] == "p", random.exponential(size=len(table)), 0.0)
    table = table.assign(
        broad_sector="Services",
        flag_mirror=random.integers(0, 2, len(table)),
        exporter_dynamic_code=table["exporter_iso3"],
        importer_dynamic_code=table["importer_iso3"],
    )
    path = tmp_path / "ITPD_E_R02_no_names.csv"
    table[list(COLUMNS)].sample(frac=1, random_state=1).to_csv(path, index=False)
    known = table[(table["flag_zero"] != "u") & (table["exporter_iso3"] != table["importer_iso3"])]
    expected = known.groupby(["importer_iso3", "year"])["trade"].agg(["sum", "size"])
    frame = read(path).frame
    assert frame["imports"].to_numpy() == pytest.approx(expected["sum"].to_numpy(), rel=1e-12)
    assert frame["flows_reported"].tolist() == expected["size"].tolist()


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(DuplicateKeyError) as caught:
        read(write(tmp_path, [*ROWS, ROWS[0]]))
    assert "ITPD_E_R02.csv" in str(caught.value) and caught.value.where == "KEN 2010"
    with pytest.raises(WrongLayoutError, match="lacks the columns flag_zero"):
        read(write(tmp_path, header=NAMED.replace("flag_zero", "zero")))
    with pytest.raises(WrongLayoutError, match="flags of zeros other than"):
        read(write(tmp_path, [ROWS[0][:-1] + "x"]))
    with pytest.raises(NumberError, match="holds text where numbers are needed"):
        read(write(tmp_path, [ROWS[0].replace("10.5", "much")]))
    with pytest.raises(CountryError, match="China"):
        read(write(tmp_path), exporters=["China"])
    with pytest.raises(InputError, match="no trade of that choice") as missing:
        read(write(tmp_path), exporters=["CHN", "FRA"])
    assert missing.value.where == "exporters FRA"
    with pytest.raises(InputError, match="no trade of that choice"):
        read(write(tmp_path), industries=[5])
