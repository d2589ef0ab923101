"""A list of one's own: nothing about its coverage is assumed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from eventpanel.datasets.deal_traps import deal_traps
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
        read(
            write(tmp_path, TEXT.replace("2010", "soon").replace("2011", "later")),
            first=2008,
            last=2012,
            columns=COLUMNS,
        )
    with pytest.raises(NumberError, match="'perhaps' in data row 1"):
        read(write(tmp_path, TEXT.replace("yes", "perhaps")), first=2008, last=2012, columns=COLUMNS)
    with pytest.raises(CountryError, match="Kenya"):
        read(write(tmp_path), first=2008, last=2012, columns=COLUMNS, importers=["Kenya"])


FULL = (
    "exporter,importer,date,company,product,smart_city,value_usd,source\n"
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


TRAPS = (
    "exporter,importer,year,company,value,currency\n"
    "China,Kenya,2015,Huawei,22.5,USD\n"
    "China,Kenya,2015,Huawei,22.5,USD\n"
    "China,Atlantis,2015,ZTE,1,USD\n"
    "China,Uganda,2031,ZTE,1,USD\n"
    "China,Uganda,2016,ZTE,5,\n"
    "China,Uganda,2016,ZTE,$7m,\n"
    "China,China,2016,Megvii,,\n"
    "USA,Kenya,,Cisco,,\n"
    "USA,Kenya,around 2015,Cisco,,\n"
)


def test_every_trap_has_its_line(tmp_path: Path) -> None:
    records = read(write(tmp_path, TRAPS), first=2014, last=2016)
    lines = deal_traps(records.conflicts).set_index("trap")
    assert lines["rows"].to_dict() == {
        "unknown country": 1, "future year": 1, "doubled deal": 1, "value without currency": 2,
        "exporter is importer": 1, "missing year": 1, "deal outside the list": 0, "text for a year": 1,
    }  # fmt: skip
    assert lines["done"].to_dict() == {
        "unknown country": "rows left out", "future year": "rows left out", "doubled deal": "counted once",
        "value without currency": "value left out, deal kept", "exporter is importer": "rows left out",
        "missing year": "rows left out", "deal outside the list": "none found", "text for a year": "rows left out",
    }  # fmt: skip
    assert "around 2015" in str(lines.loc["text for a year", "examples"])
    assert (lines.loc[lines["rows"] > 0, "advice"] != "").all()
    # Both deals with Uganda stay: only what is written of their value tells them apart.
    assert records.frame["importer"].tolist() == ["KEN", "UGA", "UGA"]
    assert records.frame["value"].fillna(-1).tolist() == [22.5, -1, -1]
    assert records.frame["value_as_written"].tolist() == ["22.5", "5", "$7m"]


def test_a_clean_list_has_no_trap(tmp_path: Path) -> None:
    lines = deal_traps(
        read(write(tmp_path, TEXT.replace("Atlantis", "Chad")), first=2008, last=2012, columns=COLUMNS).conflicts
    )
    assert lines["rows"].tolist() == [0] * 8
    assert set(lines["done"]) == {"none found"}


MONEY = "exporter,importer,year,company,value{head}\nChina,Kenya,2015,A,1{one}\nChina,Kenya,2015,B,2{two}\n"


@pytest.mark.parametrize(
    ("head", "one", "two", "values", "problems"),
    [
        ("", "", "", [-1, -1], ["a value without a currency"]),
        ("_usd", "", "", [1, 2], []),
        (",currency", ",USD", ",usd", [1, 2], []),
        (",currency", ",USD", ",CNY", [-1, -1], ["values in several currencies"]),
        (",currency", ",USD", ",", [1, -1], ["a value without a currency"]),
        ("_usd", " million", "5", [-1, 25], ["a value with a currency sign or a unit"]),
        ("_usd", "e3", "", [1000, 2], []),
    ],
)
def test_values_need_one_currency(
    tmp_path: Path, head: str, one: str, two: str, values: list[float], problems: list[str]
) -> None:
    path = write(tmp_path, MONEY.format(head=head, one=one, two=two))
    records = read(path, first=2015, last=2015)
    assert records.frame["value"].fillna(-1).tolist() == values
    assert records.conflicts["problem"].drop_duplicates().tolist() == problems


def test_values_in_two_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match="value_usd, value_cny"):
        read(
            write(tmp_path, "exporter,importer,year,value_usd,value_cny\nChina,Kenya,2015,1,7\n"), first=2015, last=2015
        )


def test_words_for_a_value_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NumberError, match="'much' in data row 1"):
        read(write(tmp_path, FULL.replace("22.5", "much")), first=2014, last=2016)


def test_a_list_said_to_reach_far_beyond_its_last_deal(tmp_path: Path) -> None:
    near = read(write(tmp_path, FULL), first=2014, last=2017).conflicts
    far = read(write(tmp_path, FULL), first=2014, last=2018).conflicts
    reach = far[far["problem"].str.startswith("the list is said")]
    assert len(far) == len(near) + 1
    assert reach[["value", "resolution"]].to_numpy().tolist() == [["2015", "zeros to 2018, as stated"]]


def test_truth_values_of_the_paper(tmp_path: Path) -> None:
    text = "exporter,importer,year,smart_city,carnegie,domestic\nChina,Kenya,2015,yes,1,no\nChina,Chad,2015,,false,\n"
    frame = read(write(tmp_path, text), first=2015, last=2015).frame
    assert frame["carnegie"].tolist() == [True, False]
    assert frame[["smart_city", "domestic"]].iloc[0].tolist() == [True, False]
    assert frame[["smart_city", "domestic"]].iloc[1].isna().all()
