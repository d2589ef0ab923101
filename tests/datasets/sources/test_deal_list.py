"""A list of one's own: nothing about its coverage is assumed."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventpanel.datasets.errors import ColumnError, CountryError, NumberError, StudyError, WrongLayoutError
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
