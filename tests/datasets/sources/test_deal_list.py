"""A list of one's own: nothing about its coverage is assumed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from eventpanel.datasets.errors import (
    ColumnError,
    CountryError,
    DuplicateKeyError,
    EncodingError,
    NumberError,
    StudyError,
    WrongLayoutError,
)
from eventpanel.datasets.records import count, select
from eventpanel.datasets.registry import read as read_source
from eventpanel.datasets.sources.trade.deal_list import read

TEXT = "supplier,buyer,when,company,smart_city\nChina,Kenya,2010,Huawei,yes\nUSA,Atlantis,2011,Cisco,no\n"
COLUMNS = {"supplier": "exporter", "buyer": "importer", "when": "year"}


def write(folder: Path, text: str = TEXT) -> Path:
    path = folder / "mine.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_named_columns_and_what_did_not_match(tmp_path: Path) -> None:
    records = read(write(tmp_path), first=2008, last=2012, columns=COLUMNS)
    assert records.frame.iloc[0][["exporter", "importer", "year", "company"]].tolist() == [
        "CHN", "KEN", 2010, "Huawei",
    ]  # fmt: skip
    assert records.conflicts["value"].tolist() == ["Atlantis"]
    assert select(records, "smart_city", [True]).frame["company"].tolist() == ["Huawei"]


def test_coverage_is_what_the_user_states(tmp_path: Path) -> None:
    records = read(write(tmp_path), first=2008, last=2012, columns=COLUMNS, importers=["KEN", "UGA"])
    assert count(records, "deals").frame["deals"].tolist() == [0, 0, 1, 0, 0] + [0] * 5
    assert "2 importers, 2008-2012" in records.source.coverage
    everywhere = read(write(tmp_path), first=2010, last=2010, columns=COLUMNS)
    assert len(everywhere.covered) > 190


def test_codes_need_their_scheme(tmp_path: Path) -> None:
    path = write(tmp_path, "exporter,importer,year\nCN,NA,2010\n")
    records = read(path, first=2010, last=2010, scheme="iso2")
    assert records.frame[["exporter", "importer"]].to_numpy().tolist() == [["CHN", "NAM"]]


def test_first_and_last_must_be_given(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        read_source("deal_list", write(tmp_path), {"first": 2008})
    assert "needs the option 'last'" in str(caught.value)
    with pytest.raises(StudyError, match="2012-2008"):
        read(write(tmp_path), first=2012, last=2008, columns=COLUMNS)


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match="'seller'"):
        read(write(tmp_path), first=2008, last=2012, columns={"seller": "exporter"})
    with pytest.raises(WrongLayoutError, match="lacks the columns exporter, importer, year"):
        read(write(tmp_path), first=2008, last=2012)
    with pytest.raises(NumberError, match="'soon' in data row 1"):
        read(write(tmp_path, TEXT.replace("2010", "soon")), first=2008, last=2012, columns=COLUMNS)
    with pytest.raises(NumberError, match="'perhaps' in data row 1"):
        read(write(tmp_path, TEXT.replace("yes", "perhaps")), first=2008, last=2012, columns=COLUMNS)
    with pytest.raises(CountryError, match="Kenya"):
        read(write(tmp_path), first=2008, last=2012, columns=COLUMNS, importers=["Kenya"])


FULL = (
    "exporter,importer,date,company,product,smart_city,value,source\n"
    "China,Kenya,2015-03-01,Huawei,Safe City,yes,22.5,company website\n"
    "China,Kenya,2015-03-01,Huawei,Safe City,yes,22.5,newspaper\n"
    "China,Kenya,2015-09,Huawei,Cameras,no,--,newspaper\n"
    "USA,Kenya,--,Cisco,Cameras,--,,newspaper\n"
    "China,China,2016-01,Megvii,Cameras,no,,newspaper\n"
    "China,Uganda,2014-01-31 00:00:00,--,Cameras,?,n/a,newspaper\n"
)


def test_the_shape_of_the_paper(tmp_path: Path) -> None:
    records = read(write(tmp_path, FULL), first=2014, last=2016)
    assert records.frame[["exporter", "importer", "year", "product"]].to_numpy().tolist() == [
        ["CHN", "KEN", 2015, "Safe City"], ["CHN", "KEN", 2015, "Cameras"], ["CHN", "UGA", 2014, "Cameras"],
    ]  # fmt: skip
    assert records.frame["smart_city"].fillna(False).tolist() == [True, False, False]
    assert records.frame["smart_city"].isna().tolist() == [False, False, True]
    assert records.frame["company"].tolist() == ["Huawei", "Huawei", ""]
    listed = records.conflicts.set_index("problem")[["value", "resolution"]].T.to_dict("list")
    assert listed == {
        "no year": ["USA to Kenya", "rows left out"],
        "exporter and importer are one country": ["CHN", "rows left out"],
        "the same deal again": ["CHN to KEN", "counted once"],
    }


def test_counts_weights_and_zeros_of_the_frame(tmp_path: Path) -> None:
    records = read(write(tmp_path, FULL), first=2014, last=2016, importers=["KEN", "UGA"])
    deals = count(records, "deals", exporters=["CHN", "USA"]).frame
    assert deals["deals"].tolist() == [0, 2, 0, 1, 0, 0] + [0] * 6
    smart = count(select(records, "smart_city", [True]), "smart", exporters=["CHN"]).frame
    assert smart["smart"].tolist() == [0, 1, 0, 0, 0, 0]
    worth = count(records, "worth", weight="value")
    assert worth.frame.set_index(["importer", "year"])["worth"].loc[[("KEN", 2015), ("KEN", 2014)]].tolist() == [
        22.5,
        0,
    ]
    # A deal without a value makes no zero of its year.
    assert worth.frame.set_index(["importer", "year"])["worth"].isna().loc[("UGA", 2014)]
    assert "no value" in worth.conflicts["problem"].tolist()


def test_deals_outside_the_years_stated_are_reported_not_counted(tmp_path: Path) -> None:
    panel = count(read(write(tmp_path, FULL), first=2015, last=2016, importers=["KEN"]), "deals")
    outside = panel.conflicts[panel.conflicts["problem"] == "outside the years the source covers"]
    assert outside[["value", "years", "rows"]].to_numpy().tolist() == [["UGA", "2014-2014", 1]]
    assert panel.frame["deals"].tolist() == [2, 0]


@pytest.mark.parametrize("flag", ["", ",smart_city"])
def test_deals_that_nothing_tells_apart_are_kept_and_reported(tmp_path: Path, flag: str) -> None:
    row = "China,Kenya,2015" + (",yes" if flag else "") + "\n"
    records = read(write(tmp_path, f"exporter,importer,year{flag}\n{row}{row}{row}"), first=2015, last=2015)
    assert len(records.frame) == 3
    assert records.conflicts[["problem", "rows", "resolution"]].to_numpy().tolist() == [
        ["nothing tells these deals apart", 2, "counted as deals of their own"]
    ]


def test_numbers_of_deals_decide(tmp_path: Path) -> None:
    rows = [
        "1,China,Kenya,2015,Huawei",
        "1,China,Kenya,2015,ZTE",
        "2,China,Kenya,2015,Huawei",
        ",China,Kenya,2015,Huawei",
    ]
    text = "deal,exporter,importer,year,company\n" + "\n".join(rows) + "\n"
    records = read(write(tmp_path, text), first=2015, last=2015)
    assert records.frame["deal"].tolist() == ["1", "2", ""]
    assert records.conflicts["problem"].tolist() == ["the same deal again"]
    with pytest.raises(DuplicateKeyError) as caught:
        read(write(tmp_path, text.replace("1,China,Kenya,2015,ZTE", "1,China,Uganda,2015,ZTE")), first=2015, last=2015)
    assert "mine.csv" in str(caught.value) and "deals 1" in caught.value.where


def test_own_codes(tmp_path: Path) -> None:
    path = write(tmp_path, "exporter,importer,year\nPRC,K1,2015\nPRC,Uganda,2015\nPRC,K2,2015\nPRC,SS,2010\n")
    records = read(path, first=2015, last=2015, scheme={"PRC": "CHN", "K1": "KEN", "SS": "SSD"})
    assert records.frame[["exporter", "importer"]].to_numpy().tolist() == [["CHN", "KEN"], ["CHN", "UGA"]]
    assert records.conflicts[["value", "problem"]].to_numpy().tolist() == [
        ["SSD", "not in that year (South Sudan 2011-)"], ["K2", "not known"],
    ]  # fmt: skip
    with pytest.raises(CountryError, match="PRC = 'China'"):
        read(path, first=2015, last=2015, scheme={"PRC": "China"})
    through = read_source("deal_list", path, {"first": 2015, "last": 2015, "scheme": {"PRC": "CHN", "K1": "KEN"}})
    assert len(through.frame) == 2
    with pytest.raises(StudyError, match="cannot use the option scheme"):
        read_source("deal_list", path, {"first": 2015, "last": 2015, "scheme": "iso4"})


def test_spreadsheets_and_stata_files(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "exporter": ["710", "710"],
            "importer": ["501", "500"],
            "year": [2015, 2016],
            "smart_city": pd.Categorical(["yes", "no"]),
        }
    )
    table.astype({"smart_city": str}).to_excel(tmp_path / "deals.xlsx", index=False)
    table.to_stata(tmp_path / "deals.dta", write_index=False)
    for name in ("deals.xlsx", "deals.dta"):
        records = read(tmp_path / name, first=2015, last=2016, scheme="cow")
        assert records.frame.to_numpy().tolist() == [["CHN", "KEN", 2015, True], ["CHN", "UGA", 2016, False]]
        assert records.source.file == name


def test_dates_of_a_spreadsheet(tmp_path: Path) -> None:
    days = [pd.Timestamp("2015-03-01"), pd.Timestamp("2016-12-31 10:30")]
    table = pd.DataFrame({"exporter": "China", "importer": ["Kenya", "Uganda"], "date": days})
    table.to_excel(tmp_path / "deals.xlsx", index=False)
    assert read(tmp_path / "deals.xlsx", first=2015, last=2016).frame["year"].tolist() == [2015, 2016]


def test_dates_that_can_be_read_in_two_ways(tmp_path: Path) -> None:
    with pytest.raises(NumberError) as caught:
        read(write(tmp_path, FULL.replace("2015-09", "09/11/2015")), first=2014, last=2016)
    assert "'09/11/2015' in data row 3" in caught.value.where and "2015-03-01" in caught.value.remedy


def test_latin_1_is_said_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes("exporter,importer,year\nChina,Côte d'Ivoire,2010\n".encode("latin-1"))
    with pytest.raises(EncodingError) as caught:
        read(path, first=2008, last=2012)
    assert "line 2" in caught.value.where
