"""Import and export values: lines before the header, totals, an empty cell against a printed zero."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventpanel.datasets.errors import CountryError, NumberError, StudyError, WrongLayoutError
from eventpanel.datasets.merge import merge, spine
from eventpanel.datasets.registry import read as read_source
from eventpanel.datasets.sources.trade.sipri_tiv import read

COMMAS = "," * 6
TITLE = '"TIV of arms exports from China, 2008-2012"'
HEAD = (
    f"{TITLE}{COMMAS}\n"
    f"Figures are SIPRI Trend Indicator Values (TIVs) expressed in millions.{COMMAS}\n"
    f"A '0' indicates that the value of deliveries is less than 0.5m{COMMAS}\n"
    f"{COMMAS}\nSource: SIPRI Arms Transfers Database{COMMAS}\nGenerated: 28 July 2012{COMMAS}\n{COMMAS}\n"
)
BODY = (
    ",2008,2009,2010,2011,2012,Total\n"
    "Kenya,12,,0,,,12\n"
    "South Sudan,,3,,12,,15\n"
    "FNLA (Angola)*,,,,23,,23\n"
    "African Union**,,1,,,,1\n"
    "Unknown recipient(s),,1,,,,1\n"
    ",,,,,\n"
    "Total,12,5,0,35,,52\n"
)
PRESENT = (
    "Volume of transfers of major arms\n"
    "Figures are in millions of SIPRI trend-indicator values (TIVs).\n\n"
    "Source: SIPRI Arms Transfers Database (c) SIPRI.\nData generated: 12 Feb 2012 9:10:08 AM\n\n"
    "Recipient,2008,2009,2010,2011,2012,2008-2012,Percentage,Sum total years,Percentage of total\n"
    "Kenya,12,,0 ,,,12,100%,12,100%\n"
    "European Union**,,,0 ,,,0 ,0.0%,0 ,0.0%\n"
    "Total exports from China,12,,0,,,12,100%,12,\n"
)


def write(folder: Path, text: str = HEAD + BODY) -> Path:
    path = folder / "TIV-Export-CHI-2008-2012.csv"
    path.write_bytes(text.encode("latin-1"))
    return path


def test_an_empty_cell_is_a_zero_and_a_printed_zero_is_a_small_delivery(tmp_path: Path) -> None:
    panel = read(write(tmp_path))
    kenya = panel.frame[panel.frame["importer"] == "KEN"]
    assert panel.unit == ("importer",) and kenya["year"].tolist() == [2008, 2009, 2010, 2011]
    assert kenya["tiv_from_chn"].tolist() == [12, 0, 0, 0] and kenya["deliveries_from_chn"].tolist() == [1, 0, 1, 0]
    # A state without a line received nothing; the supplier is no recipient of its own.
    uganda = panel.frame[panel.frame["importer"] == "UGA"]
    assert len(uganda) == 4 and (uganda[["tiv_from_chn", "deliveries_from_chn"]] == 0).all(axis=None)
    assert "CHN" not in set(panel.frame["importer"]) and "2008-2011" in panel.sources[0].coverage


def test_groups_unknown_parties_and_states_before_their_time_are_listed(tmp_path: Path) -> None:
    panel = read(write(tmp_path))
    assert panel.frame.loc[panel.frame["importer"] == "SSD", ["year", "tiv_from_chn"]].to_numpy().tolist() == [
        [2011, 12]
    ]
    listed = panel.conflicts.set_index("value")["problem"].to_dict()
    assert listed == {
        "FNLA (Angola)*": "armed group or organisation",
        "African Union**": "armed group or organisation",
        "Unknown recipient(s)": "unknown party",
        "South Sudan": "not in that year (South Sudan 2011-)",
    }


@pytest.mark.parametrize(
    ("title", "unit", "columns"),
    [
        ("TIV of arms exports to all, 2008-2012", "importer", ("tiv_imports", "deliveries")),
        ("TIV of arms exports from all, 2008-2012", "exporter", ("tiv_exports", "deliveries")),
        ("TIV of arms exports to Egypt, 2008-2012", "exporter", ("tiv_to_egy", "deliveries_to_egy")),
    ],
)
def test_the_first_line_says_whose_rows_they_are(
    tmp_path: Path, title: str, unit: str, columns: tuple[str, str]
) -> None:
    panel = read(write(tmp_path, HEAD.replace(TITLE, f'"{title}"') + BODY))
    assert panel.unit == (unit,) and panel.variables == columns
    assert panel.frame[columns[0]].sum() == 24


def test_files_of_the_present_page(tmp_path: Path) -> None:
    panel = read(write(tmp_path, PRESENT))
    kenya = panel.frame[panel.frame["importer"] == "KEN"]
    # Made in February 2012, when the deliveries of 2011 were not yet published.
    assert kenya["year"].tolist() == [2008, 2009, 2010] and kenya["deliveries_from_chn"].tolist() == [1, 0, 1]
    every = read(write(tmp_path, PRESENT.replace("Total exports from China", "Total world import")))
    assert every.variables == ("tiv_imports", "deliveries")
    stated = read(write(tmp_path, PRESENT.replace("Total exports from China", "Total world import")), partner="USA")
    assert stated.variables == ("tiv_from_usa", "deliveries_from_usa")
    one = PRESENT.replace("Recipient", "Supplier").replace("Total exports from China", "Total exports to Egypt")
    assert read(write(tmp_path, one)).variables == ("tiv_to_egy", "deliveries_to_egy")
    world = PRESENT.replace("Recipient", "Exports by").replace("Total exports from China", "Total world export")
    assert read(write(tmp_path, world)).variables == ("tiv_exports", "deliveries")


def test_a_partner_exists_only_in_its_years(tmp_path: Path) -> None:
    body = ",1990,1991,1992,1993,Total\nIndia,5,4,,,9\nTotal,5,4,,,9\n"
    text = '"TIV of arms exports from Soviet Union, 1990-1993",,,,\nGenerated: 28 July 2022,,,,\n' + body
    panel = read(write(tmp_path, text))
    india = panel.frame[panel.frame["importer"] == "IND"]
    assert panel.variables[0] == "tiv_from_sun" and india["year"].tolist() == [1990, 1991]


def test_two_names_of_one_country_are_added_up_and_listed(tmp_path: Path) -> None:
    text = HEAD.replace("2008-2012", "1989-1990") + ",1989,1990,Total\nNorth Yemen,4,3,7\nYemen,,2,2\nTotal,4,5,9\n"
    panel = read(write(tmp_path, text))
    yemen = panel.frame[panel.frame["importer"] == "YEM"]
    assert yemen["tiv_from_chn"].tolist() == [4, 5]
    assert panel.conflicts[["value", "years", "resolution"]].to_numpy().tolist() == [
        ["North Yemen", "1990", "added up"], ["Yemen", "1990", "added up"],
    ]  # fmt: skip


def test_a_file_without_its_first_lines(tmp_path: Path) -> None:
    path = write(tmp_path, BODY.replace(",2008,", "Recipient,2008,", 1))
    assert "Total,12" in path.read_text(encoding="latin-1")
    with pytest.raises(StudyError) as caught:
        read(path)
    assert "option partner" in caught.value.where
    panel = read_source("sipri_tiv", path, {"partner": "CHN"})
    assert "tiv_from_chn" in panel.frame.columns and panel.frame["year"].max() == 2011
    assert "tiv_imports" in read(path, partner="all").frame.columns
    with pytest.raises(CountryError, match="China"):
        read(path, partner="China")
    with pytest.raises(StudyError, match="of the partner CHN, not USA"):
        read(write(tmp_path), partner="USA")


def test_two_suppliers_side_by_side(tmp_path: Path) -> None:
    china = read(write(tmp_path))
    usa = read(write(tmp_path, (HEAD + BODY).replace("from China", "from United States")))
    both = merge(merge(spine(2008, 2012, importers=["KEN"]), china, cardinality="1:1"), usa, cardinality="1:1").frame
    assert both["tiv_from_usa"].tolist()[:4] == [12, 0, 0, 0] and both["tiv_from_chn"].isna().tolist() == [
        False
    ] * 4 + [True]


def test_exports_of_each_supplier_join_dyads(tmp_path: Path) -> None:
    exports = read(write(tmp_path, HEAD.replace("from China", "from all") + BODY))
    dyads = spine(2009, 2011, importers=["UGA"], exporters=["KEN", "SSD"])
    merged = merge(dyads, exports, cardinality="m:1").frame
    # South Sudan's three million of 2009 are before its time and listed, so its first row is missing, not zero.
    assert merged["deliveries"].fillna(-1).tolist() == [0, 1, 0, -1, -1, 1]


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(WrongLayoutError, match="by category of weapon"):
        read(write(tmp_path, HEAD + ",2008,2009,2010,2011,2012,Total\nAircraft,1,,,,,1\nTotal,1,,,,,1\n"))
    with pytest.raises(WrongLayoutError, match="no line with years"):
        read(write(tmp_path, HEAD))
    with pytest.raises(WrongLayoutError, match="suppliers or recipients"):
        read(write(tmp_path, BODY))
    with pytest.raises(NumberError, match="column '2009' holds text"):
        read(write(tmp_path, (HEAD + BODY).replace("12,,0", "12,?,0")))
    with pytest.raises(CountryError, match="'Nato', which is no country"):
        read(write(tmp_path, (HEAD + BODY).replace("from China", "from Nato")))
