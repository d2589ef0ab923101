"""Trade register: lines before the header, `;` at line ends, one deal on several rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventpanel.datasets.errors import StudyError, WrongLayoutError
from eventpanel.datasets.records import Records, count
from eventpanel.datasets.registry import read as read_source
from eventpanel.datasets.sources.trade.sipri_register import read

PREAMBLE = (
    "Transfers of major conventional arms from All countries  to All countries . Deals with deliveries made for "
    "the year range '1995' to '2025';\r\nA '?' in a column indicates uncertain data.;\r\n"
    "A '0' indicates between 0 and 0.5 million SIPRI TIV; and an empty field none.\r\n;\r\n"
    "Data generated: 12 Feb 2026 12:26:12 PM;\r\n"
)
HEADER = (
    "SIPRI AT Database ID,Supplier,Recipient,Designation,Description,Armament category,Order date,"
    "Order date is estimate,Numbers delivered,Numbers delivered is estimate,Delivery year,"
    "Delivery year is estimate,Status,SIPRI estimate,TIV deal unit,TIV delivery values,Local production;\r\n"
)
ROWS = [
    "1,China,Kenya,CH-3,UAV,Aircraft,2010,Yes,2,Yes,2011,No,New,1,1,2,No;",
    "1,China,Kenya,CH-3,UAV,Aircraft,2010,Yes,3,Yes,2013,No,New,1,1,3,No;",
    '2,France,Cote d\'Ivoire,"Radar ""X"", mobile",air-search radar,Sensors,1990,,1,No,1996,No,New,1,1,0.5,No;',
    "3,United States,NATO**,C-17,transport aircraft,Aircraft,2006,No,3,No,2009,No,New,1,1,9,No;",
    "4,unknown supplier(s),Hamas (Palestine)*,R,rocket,Missiles,2006,No,3,No,2009,No,New,1,1,9,No;",
    "5,Russia,South Sudan,Mi-17,helicopter,Aircraft,2008,No,1,No,2024,No,New,1,1,4,No;",
]


def write(folder: Path, rows: list[str], preamble: str = PREAMBLE, header: str = HEADER) -> Path:
    path = folder / "trade_register.csv"
    path.write_bytes((preamble + header + "".join(row + "\r\n" for row in rows)).encode("latin-1"))
    return path


def test_one_row_for_each_deal(tmp_path: Path) -> None:
    deals = read(write(tmp_path, ROWS)).frame
    assert deals[["exporter", "importer", "year"]].to_numpy().tolist() == [
        ["CHN", "KEN", 2010], ["FRA", "CIV", 1990], ["RUS", "SSD", 2008],
    ]  # fmt: skip
    first = deals.iloc[0]
    assert (first["delivered"], first["tiv_delivered"]) == (5.0, 5.0)
    assert (first["first_delivery"], first["last_delivery"]) == (2011, 2013)
    assert deals["designation"].tolist()[1] == 'Radar "X", mobile'


def test_a_missing_estimate_mark_stays_missing(tmp_path: Path) -> None:
    marks = read(write(tmp_path, ROWS)).frame["order_year_estimated"]
    assert marks.tolist()[0] is True and marks.isna().tolist() == [False, True, False]


def test_organisations_and_groups_are_reported(tmp_path: Path) -> None:
    conflicts = read(write(tmp_path, ROWS)).conflicts
    assert conflicts.set_index("value")["rows"].to_dict() == {"NATO**": 1, "Hamas (Palestine)*": 1}


def test_order_years_are_covered_until_their_deliveries_can_be_known(tmp_path: Path) -> None:
    records = read(write(tmp_path, ROWS))
    # 2025 was asked for, the last delivery is of 2024, and the last three order years are incomplete.
    assert (records.covered["year"].min(), records.covered["year"].max()) == (1995, 2021)
    assert "1995-2021" in records.source.coverage and "incomplete" in records.source.coverage
    assert read(write(tmp_path, ROWS), tail=0).covered["year"].max() == 2024


def test_first_deliveries_are_covered_to_the_last_one(tmp_path: Path) -> None:
    records = read(write(tmp_path, ROWS), year="first_delivery")
    assert records.covered["year"].max() == 2024
    assert records.frame["year"].tolist() == [2011, 1996, 2024]


def test_counts_are_zero_in_covered_years_of_existing_states(tmp_path: Path) -> None:
    panel = count(read(write(tmp_path, ROWS)), "deals", exporters=["CHN"])
    kenya = panel.frame[panel.frame["importer"] == "KEN"].set_index("year")["deals"]
    assert kenya.loc[2010] == 1 and kenya.drop(2010).eq(0).all() and len(kenya) == 27
    sudan = panel.frame.loc[panel.frame["importer"] == "SSD", "year"]
    assert sudan.min() == 2011


@pytest.mark.parametrize(("old", "new"), [("China,Kenya", "China,Uganda"), ("2010,Yes,3", "2011,Yes,3")])
def test_a_deal_that_contradicts_itself(tmp_path: Path, old: str, new: str) -> None:
    rows = [ROWS[0], ROWS[1].replace(old, new)]
    with pytest.raises(WrongLayoutError) as caught:
        read(write(tmp_path, rows))
    assert "trade_register.csv" in str(caught.value) and "deals 1" in caught.value.where


def test_a_file_without_preamble_or_header(tmp_path: Path) -> None:
    with pytest.raises(WrongLayoutError, match="does not state its delivery years"):
        read(write(tmp_path, ROWS, preamble=""))
    with pytest.raises(WrongLayoutError, match="SIPRI AT Database ID"):
        read(write(tmp_path, ROWS, header=""))


def test_through_the_registry(tmp_path: Path) -> None:
    path = write(tmp_path, ROWS)
    records = read_source("sipri_register", path, {"year": "first_delivery"})
    assert isinstance(records, Records) and records.source.name == "sipri_register"
    assert len(records.source.sha256) == 64 and records.source.file == "trade_register.csv"
    with pytest.raises(StudyError, match="'order' or 'first_delivery'"):
        read_source("sipri_register", path, {"year": "delivery"})
