"""Dyadic trade: -9 is missing, both directions of a pair, codes valid in their year."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventpanel.datasets.errors import DuplicateKeyError, InputError, NumberError, WrongLayoutError
from eventpanel.datasets.sources.trade import cow_trade
from eventpanel.datasets.sources.trade.cow_trade import read

HEADER = "ccode1,ccode2,year,importer1,importer2,flow1,flow2,smoothflow1,smoothflow2\n"
ROWS = [
    "2,501,2010,United States,Kenya,300,400,300,400",
    "501,710,2010,Kenya,China,1500.5,-9,1500.5,-9",
    "2,710,2010,United States,China,-9,9,-9,9",
    "220,255,1990,France,Germany,1,2,1,2",
    "220,260,1990,France,German Federal Republic,3,4,3,4",
]


def write(folder: Path, rows: list[str]) -> Path:
    path = folder / "Dyadic_COW_4.0.csv"
    path.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_total_imports_in_millions_and_their_partners(tmp_path: Path) -> None:
    panel = read(write(tmp_path, ROWS))
    recent = panel.frame[panel.frame["year"] == 2010].drop(columns="year")
    # The flow to the United States from China is missing, not zero: their total is of one partner.
    assert recent.to_numpy().tolist() == [["CHN", 9.0, 1], ["KEN", 1900.5, 2], ["USA", 300.0, 1]]


def test_one_exporter(tmp_path: Path) -> None:
    panel = read(write(tmp_path, ROWS), exporter="CHN")
    assert panel.frame.to_numpy().tolist() == [["KEN", 2010, 1500.5]]
    missing = panel.conflicts[panel.conflicts["problem"] == "no flow reported"]
    assert missing[["value", "years"]].to_numpy().tolist() == [["USA", "2010"]]


def test_two_codes_of_germany_in_1990(tmp_path: Path) -> None:
    panel = read(write(tmp_path, ROWS))
    assert panel.frame.set_index("importer").loc["DEU", "total_imports"] == 2
    assert "two states in one year" in panel.conflicts["problem"].tolist()


def test_an_exporter_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(write(tmp_path, ROWS), exporter="China")
    assert "'China'" in str(caught.value) and "ISO3" in caught.value.remedy


def test_a_file_with_each_pair_in_both_orders_counts_it_once(tmp_path: Path) -> None:
    back = "501,2,2010,Kenya,United States,400,300,400,300"
    panel = read(write(tmp_path, [ROWS[0], back]))
    assert panel.frame.to_numpy().tolist() == [["KEN", 2010, 400.0, 1], ["USA", 2010, 300.0, 1]]
    with pytest.raises(DuplicateKeyError) as caught:
        read(write(tmp_path, [ROWS[0], back.replace("400", "401")]))
    assert "Dyadic_COW_4.0.csv" in str(caught.value) and "501 2 2010" in caught.value.where


def test_every_column_of_the_publishers_file(tmp_path: Path) -> None:
    """Dyadic_COW_4.0.csv has 23 columns; only the reported flows are read, never the smoothed or alternative ones."""
    header = (
        "ccode1,ccode2,year,importer1,importer2,flow1,flow2,smoothflow1,smoothflow2,smoothtotrade,spike1,spike2,dip1,dip2,"
        "trdspike,tradedip,bel_lux_alt_flow1,bel_lux_alt_flow2,china_alt_flow1,china_alt_flow2,source1,source2,version\n"
    )
    path = tmp_path / "Dyadic_COW_4.0.csv"
    rows = [
        "501,710,2010,Kenya,China,1500.5,-9,1600,7,1607,0,0,0,0,0,0,-9,-9,1700,8,1,-9,4",
        "211,501,2010,Belgium,Kenya,-9,20,3,20,23,0,0,0,0,0,0,99,20,-9,-9,-9,1,4",
    ]
    path.write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
    panel = read(path)
    assert panel.frame.to_numpy().tolist() == [["KEN", 2010, 1520.5, 2]]
    missing = panel.conflicts[panel.conflicts["problem"] == "no flow reported"]
    assert missing["value"].tolist() == ["BEL", "CHN"]


def test_text_in_a_flow(tmp_path: Path) -> None:
    with pytest.raises(NumberError) as caught:
        read(write(tmp_path, [ROWS[0].replace(",400,300", ",n/a,300")]))
    assert "Dyadic_COW_4.0.csv" in str(caught.value) and caught.value.where == "'n/a' in 2 501 2010"


def test_a_file_of_r_without_its_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cow_trade, "reader_of_r", None)
    with pytest.raises(InputError) as caught:
        read(tmp_path / "cow.rds")
    assert "rdata" in str(caught.value) and "pip install" in caught.value.remedy


def test_a_broken_file_of_r(tmp_path: Path) -> None:
    pytest.importorskip("rdata")
    path = tmp_path / "cow.rds"
    path.write_bytes(b"not R at all")
    with pytest.raises(WrongLayoutError, match=r"cow\.rds"):
        read(path)
