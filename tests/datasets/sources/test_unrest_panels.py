"""Yearly counts of protests and events: each measure with its own codes, absent rows missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventpanel.datasets.errors import DuplicateKeyError, InputError, StudyError
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.registry import read as read_source
from eventpanel.datasets.sources.unrest import gdelt_acled, gdelt_totals, mass_mobilization_years

MIXED = """country_code,year,event_type,acled_total,ucdp_total,gdelt_total
AUS,2012,14,NA,NA,426
MAC,1999,18,NA,1,NA
MAC,2012,14,NA,NA,1
NA,2012,14,NA,NA,961
NAM,2012,14,108,NA,10
YAR,1990,18,NA,3,NA
YAR,1994,18,NA,2,NA
"""
TOTALS = "1920,US,5\n1979,US,100\n1979,,7\n1979,GZ,2\n1979,WE,3\n2020,NI,9\n2021,US,4\n"
YEARS_HEADER = "country,year," + ",".join(mass_mobilization_years.COLUMNS) + "\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "unrest.csv"
    path.write_text(text, encoding="utf-8")
    return path


def values(panel: Panel) -> list[list[object]]:
    return panel.frame.to_numpy().tolist()


def test_gdelt_codes_are_iso3(tmp_path: Path) -> None:
    panel = gdelt_acled.read(write(tmp_path, MIXED), measure="gdelt")
    assert values(panel) == [["AUS", 2012, 426.0], ["MAC", 2012, 1.0], ["NAM", 2012, 10.0]]
    assert panel.variables == ("gdelt_14",) and panel.conflicts["value"].tolist() == ["NA"]


def test_ucdp_codes_are_letters_of_the_correlates_of_war(tmp_path: Path) -> None:
    panel = gdelt_acled.read(write(tmp_path, MIXED), measure="ucdp", event_type=18)
    assert ["MKD", 1999, 1.0] in values(panel) and ["YEM", 1994, 2.0] in values(panel)
    read_as = panel.conflicts.loc[panel.conflicts["resolution"] == "read as its successor", ["value", "years"]]
    assert read_as.to_numpy().tolist() == [["YAR", "1994"]]


def test_a_measure_without_such_events(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        gdelt_acled.read(write(tmp_path, MIXED), measure="ucdp")
    assert "event type 14" in str(caught.value) and "event types of ucdp: 18" in caught.value.where


def test_the_measure_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="needs the option 'measure'"):
        read_source("gdelt_acled", write(tmp_path, MIXED), {})


def test_gdelt_totals_leave_out_stray_and_partial_years_and_say_so(tmp_path: Path) -> None:
    panel = gdelt_totals.read(write(tmp_path, TOTALS))
    assert values(panel) == [["NGA", 2020, 9.0], ["PSE", 1979, 5.0], ["USA", 1979, 100.0]]
    problems = panel.conflicts.set_index("problem")["rows"].to_dict()
    assert problems["before GDELT begins in 1979"] == 1
    assert problems["2021 ends in April"] == 1 and problems["no country code"] == 1


def test_gdelt_totals_with_a_row_twice(tmp_path: Path) -> None:
    with pytest.raises(DuplicateKeyError, match="US 1979"):
        gdelt_totals.read(write(tmp_path, "1979,US,1\n1979,US,1\n"))


def test_zeros_of_states_that_did_not_exist_are_left_out(tmp_path: Path) -> None:
    zeros = ",".join("0" for _ in mass_mobilization_years.COLUMNS)
    text = YEARS_HEADER + f'"Kosovo",2007,{zeros}\n"Kosovo",2008,{zeros}\n"Kenya",2007,{zeros}\n'
    panel = mass_mobilization_years.read(write(tmp_path, text))
    assert panel.frame[["importer", "year"]].to_numpy().tolist() == [["KEN", 2007], ["XKX", 2008]]
    assert panel.conflicts[["value", "years", "rows"]].to_numpy().tolist() == [["Kosovo", "2007", 1]]


def test_a_country_year_twice(tmp_path: Path) -> None:
    zeros = ",".join("0" for _ in mass_mobilization_years.COLUMNS)
    text = YEARS_HEADER + f"Kenya,2007,{zeros}\nKenya,2007,{zeros}\n"
    with pytest.raises(DuplicateKeyError, match="KEN 2007"):
        mass_mobilization_years.read(write(tmp_path, text))
