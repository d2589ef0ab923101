"""Customs trade: World and residuals apart, zero told from missing, every layout the same answer."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from openpyxl import Workbook
from pandas.testing import assert_frame_equal

from eventpanel.datasets.countries import country_years, name_of
from eventpanel.datasets.errors import (
    DuplicateKeyError,
    EventPanelError,
    FrequencyError,
    InputError,
    NumberError,
    StudyError,
    WrongLayoutError,
)
from eventpanel.datasets.fold import open_table
from eventpanel.datasets.merge import merge, spine
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.registry import read as read_source
from eventpanel.datasets.sources.trade import comtrade
from eventpanel.datasets.sources.trade.comtrade import read

# The dashboard's layout, one file for each importer, year and chapter; 85.0 as it stands there.
DASHBOARD = "yr,rgDesc,rtTitle,ptTitle,cmdCode,cmdDescE,TradeValue"
ROWS = [
    ("2010", "Import", "Egypt", "World", "85.0", 1000.0),
    ("2010", "Import", "Egypt", "China", "85.0", 600.0),
    ("2010", "Import", "Egypt", "USA", "85.0", 250.0),
    ("2010", "Import", "Egypt", '"Other Asia, nes"', "85.0", 100.0),
    ("2010", "Import", "Egypt", "Free Zones", "85.0", 50.0),
    ("2011", "Import", "Egypt", "World", "85.0", 700.0),
    ("2011", "Import", "Egypt", "China", "85.0", 700.0),
    ("2010", "Import", "Egypt", "World", "84.0", 90.0),
    ("2010", "Import", "Egypt", "USA", "84.0", 90.0),
    ("2012", "Import", "Egypt", "World", "84.0", 80.0),
    ("2012", "Import", "Egypt", "Germany", "84.0", 80.0),
    ("2010", "Export", "Egypt", "World", "85.0", 7.0),
    ("2010", "Export", "Egypt", "Kenya", "85.0", 7.0),
]
# Today's interface and bulk files.
TODAY = [
    "typeCode", "freqCode", "refPeriodId", "refYear", "refMonth", "period", "reporterCode", "reporterISO",
    "reporterDesc", "flowCode", "flowDesc", "partnerCode", "partnerISO", "partnerDesc", "partner2Code", "partner2ISO",
    "partner2Desc", "classificationCode", "classificationSearchCode", "isOriginalClassification", "cmdCode",
    "cmdDesc", "aggrLevel", "isLeaf", "customsCode", "customsDesc", "mosCode", "motCode", "motDesc", "qtyUnitCode",
    "qtyUnitAbbr", "qty", "isQtyEstimated", "altQtyUnitCode", "altQtyUnitAbbr", "altQty", "isAltQtyEstimated",
    "netWgt", "isNetWgtEstimated", "grossWgt", "isGrossWgtEstimated", "cifvalue", "fobvalue", "primaryValue",
    "legacyEstimationFlag", "isReported", "isAggregate",
]  # fmt: skip
BULK = [name for name in TODAY if not name.endswith(("ISO", "Desc", "Abbr")) and name not in ("refYear", "refMonth")]
PLACES = {"World": ("0", "W00"), "Kenya": ("404", "KEN"), "China": ("156", "CHN"), "USA": ("842", "USA")}


def write(folder: Path, rows: Sequence[tuple[object, ...]], name: str = "85.csv") -> Path:
    lines = [DASHBOARD, *(",".join(map(str, (*row[:5], "Electrical machinery", row[5]))) for row in rows)]
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def today(partner: str, value: float, **other: object) -> dict[str, object]:
    code, letters = PLACES[partner]
    row = {
        "typeCode": "C", "freqCode": "A", "refYear": 2022, "period": 2022, "reporterCode": 404, "reporterISO": "KEN",
        "reporterDesc": "Kenya", "flowCode": "M", "flowDesc": "Import", "partnerCode": code, "partnerISO": letters,
        "partnerDesc": partner, "partner2Code": 0, "partner2ISO": "W00", "classificationCode": "H6",
        "cmdCode": "852589", "aggrLevel": 6, "customsCode": "C00", "motCode": 0, "mosCode": 0, "primaryValue": value,
        "isReported": "true", "isAggregate": "false",
    }  # fmt: skip
    return {**row, **other}


def write_today(folder: Path, rows: Sequence[dict[str, object]], columns: Sequence[str] = TODAY) -> Path:
    path = folder / "TradeData.csv"
    pd.DataFrame(rows).reindex(columns=list(columns)).to_csv(path, index=False)
    return path


def values(panel: Panel, column: str) -> dict[tuple[object, ...], float]:
    known = panel.frame[panel.frame[column].notna()]
    return {tuple(row[:-1]): row[-1] for row in known[[*panel.keys, column]].to_numpy().tolist()}


def lines(panel: Panel, problem: str) -> list[list[object]]:
    rows = panel.conflicts[panel.conflicts["problem"] == problem]
    return rows[["value", "years", "rows"]].to_numpy().tolist()


def test_countries_are_summed_and_the_rest_stands_beside_them(tmp_path: Path) -> None:
    panel = read(write(tmp_path, ROWS), products=["85"], classification="HS")
    assert panel.frame.iloc[:2].to_numpy().tolist() == [
        ["EGY", 2010, 850.0, 150.0, 1000.0, 2.0], ["EGY", 2011, 700.0, 0.0, 700.0, 1.0],
    ]  # fmt: skip
    assert lines(panel, "statistical residual") == [["Free Zones", "2010", 1], ["Other Asia, nes", "2010", 1]]
    assert lines(panel, "partners do not add up to World") == []


def test_an_absent_partner_is_zero_and_an_absent_chapter_or_year_is_not(tmp_path: Path) -> None:
    panel = read(write(tmp_path, ROWS), products=["85"], classification="HS", partners=["CHN", "USA", "ISR"])
    assert values(panel, "imports_85_usd") == {
        ("CHN", "EGY", 2010): 600.0, ("CHN", "EGY", 2011): 700.0,
        ("USA", "EGY", 2010): 250.0, ("USA", "EGY", 2011): 0.0,
        ("ISR", "EGY", 2010): 0.0, ("ISR", "EGY", 2011): 0.0,
    }  # fmt: skip
    assert panel.frame.loc[panel.frame["year"] == 2012, "imports_85_usd"].isna().tolist() == [True] * 3
    assert lines(panel, "no row of this product") == [["EGY 85", "2012", 1]]
    assert lines(panel, "partner never occurs in the file") == [["ISR", "", 0]]


def test_a_sum_of_chapters_is_missing_where_one_is(tmp_path: Path) -> None:
    panel = read(write(tmp_path, ROWS), products=["84", "85"], classification="HS", partners=["USA"])
    assert values(panel, "imports_usd") == {("USA", "EGY", 2010): 340.0}
    stated = read(write(tmp_path, ROWS), products=["84", "85"], classification="HS", partners=["USA"], complete=True)
    assert values(stated, "imports_usd") == {
        ("USA", "EGY", 2010): 340.0, ("USA", "EGY", 2011): 0.0, ("USA", "EGY", 2012): 0.0,
    }  # fmt: skip


def test_without_world_nobody_knows_who_is_absent(tmp_path: Path) -> None:
    path = write(tmp_path, [row for row in ROWS if row[3] != "World"])
    panel = read(path, products=["85"], classification="HS", partners=["USA"])
    assert values(panel, "imports_85_usd") == {("USA", "EGY", 2010): 250.0}
    assert lines(panel, "no World row to check partners against") == [["all partners", "2010-2011", 2]]
    assert lines(panel, "absent where the file is not seen to be whole") == [["USA", "2011-2012", 2]]
    stated = read(path, products=["85"], classification="HS", partners=["USA"], complete=True)
    assert values(stated, "imports_85_usd")["USA", "EGY", 2011] == 0.0


def test_partners_that_do_not_add_up_are_listed_and_nobody_is_zero_there(tmp_path: Path) -> None:
    rows = [*ROWS[:5], ("2011", "Import", "Egypt", "World", "85.0", 704.0), *ROWS[6:]]
    panel = read(write(tmp_path, rows), products=["85"], classification="HS", partners=["CHN", "USA"])
    assert lines(panel, "partners do not add up to World") == [["EGY 85", "2011", 1]]
    assert "gap of 0.6 % of World" in panel.conflicts["resolution"].to_string()
    assert ("USA", "EGY", 2011) not in values(panel, "imports_85_usd")
    near = [*ROWS[:5], ("2011", "Import", "Egypt", "World", "85.0", 703.0), *ROWS[6:]]
    panel = read(write(tmp_path, near), products=["85"], classification="HS", partners=["USA"])
    assert values(panel, "imports_85_usd")["USA", "EGY", 2011] == 0.0


def test_a_world_row_alone_says_nothing_of_partners(tmp_path: Path) -> None:
    panel = read(write(tmp_path, ROWS[5:6]), products=["85"], classification="HS")
    assert panel.frame["imports_85_usd"].isna().all() and panel.frame["imports_85_usd_world"].tolist() == [700.0]
    assert lines(panel, "only a World row") == [["EGY 85", "2011", 1]]


def test_a_series_cut_short_is_flagged_and_its_absent_partners_are_missing(tmp_path: Path) -> None:
    """Afghanistan, chapter 85: 30 partners in most years, two and a hundredth of the value in 2012."""
    today = country_years(2008, 2008)["importer"].map(name_of)
    known = [name for name in today if "," not in name and name != "Afghanistan"][:30]
    rows = []
    for year in range(2008, 2013):
        partners = ["China", "Japan"] if year == 2012 else [*known, "China", "Japan", "Israel"]
        value = 1.0 if year == 2012 else 100.0
        rows += [(year, "Import", "Afghanistan", one, "85", value) for one in dict.fromkeys(partners)]
        rows.append((year, "Import", "Afghanistan", "World", "85", value * len(dict.fromkeys(partners))))
    path = write(tmp_path, [tuple(map(str, row)) for row in rows])
    panel = read(path, products=["85"], classification="HS", partners=["CHN", "ISR"])
    assert lines(panel, "series cut short") == [["AFG 85", "2012", 1]]
    found = values(panel, "imports_85_usd")
    assert found["CHN", "AFG", 2012] == 1.0 and ("ISR", "AFG", 2012) not in found and found["ISR", "AFG", 2011] == 100.0


def test_a_selection_of_partners_is_told_from_a_whole_file(tmp_path: Path) -> None:
    rows = [(str(year), "Import", "Egypt", one, "85", 5.0) for year in range(2008, 2014) for one in ("China", "USA")]
    panel = read(write(tmp_path, rows), products=["85"], classification="HS")
    assert [line[0] for line in lines(panel, "a selection of partners")] == [
        "2 partners in 100 % of reporters and years"
    ]


def test_exports_make_the_reporter_the_exporter(tmp_path: Path) -> None:
    panel = read(write(tmp_path, ROWS), products=["85"], classification="HS", flow="exports", partners=["KEN", "UGA"])
    assert values(panel, "exports_85_usd") == {("EGY", "KEN", 2010): 7.0, ("EGY", "UGA", 2010): 0.0}


def test_exact_repeats_count_once_and_contradictions_are_refused(tmp_path: Path) -> None:
    panel = read(write(tmp_path, [*ROWS, ROWS[1]]), products=["85"], classification="HS")
    assert panel.frame.loc[panel.frame["year"] == 2010, "imports_85_usd"].tolist() == [850.0]
    assert lines(panel, "exact repeat of a row") == [["Egypt", "2010", 1]]
    torn = ("2010", "Import", "Egypt", "China", "85.0", 601.0)
    with pytest.raises(DuplicateKeyError) as caught:
        read(write(tmp_path, [*ROWS, torn]), products=["85"], classification="HS")
    assert "85.csv" in str(caught.value) and "Egypt China 2010" in caught.value.where


def test_a_folder_of_files_with_repeats(tmp_path: Path) -> None:
    folder = tmp_path / "chapters"
    folder.mkdir()
    write(folder, ROWS[:5], "Egypt;2010;85.csv")
    write(folder, ROWS[:5], "copy.csv")
    write(folder, ROWS[5:7], "Egypt;2011;85.csv")
    panel = read(folder, products=["85"], classification="HS", partners=["CHN"])
    assert values(panel, "imports_85_usd") == {("CHN", "EGY", 2010): 600.0, ("CHN", "EGY", 2011): 700.0}
    assert lines(panel, "repeat of another file") == [["copy.csv", "", 0]]
    assert panel.sources[0].file == "chapters" and len(panel.sources[0].sha256) == 64
    write_today(folder, [today("China", 1.0)])
    with pytest.raises(WrongLayoutError, match="other columns than the files it is read with"):
        read(folder, products=["85"], classification="HS")


def test_every_layout_gives_the_same_panel(tmp_path: Path) -> None:
    rows = [today("World", 30.0), today("China", 20.0), today("USA", 10.0)]
    expected = {("CHN", "KEN", 2022): 20.0, ("USA", "KEN", 2022): 10.0, ("JPN", "KEN", 2022): 0.0}
    asked = ["CHN", "USA", "JPN"]
    for columns in (TODAY, BULK):
        panel = read(write_today(tmp_path, rows, columns), products="cameras", partners=asked)
        assert values(panel, "imports_cameras_usd") == expected
    tabs = tmp_path / "COMTRADE-FINAL-CA.gz"
    tabs.write_bytes(gzip.compress(pd.DataFrame(rows).reindex(columns=BULK).to_csv(index=False, sep="\t").encode()))
    assert values(read(tabs, products="cameras", partners=asked), "imports_cameras_usd") == expected
    book = Workbook()
    assert book.active is not None
    book.active.append(["", *TODAY])
    for place, row in enumerate(rows):
        book.active.append([place, *(row.get(name) for name in TODAY)])
    book.save(tmp_path / "export.xlsx")
    panel = read(tmp_path / "export.xlsx", products="cameras", partners=asked)
    assert values(panel, "imports_cameras_usd") == expected


def test_a_download_in_latin_1_with_a_comma_at_line_ends(tmp_path: Path) -> None:
    rows = [
        today("China", 20.0),
        {**today("USA", 10.0), "partnerDesc": "Côte d'Ivoire", "partnerISO": "CIV", "partnerCode": 384},
    ]
    text = pd.DataFrame(rows).reindex(columns=TODAY).to_csv(index=False)
    head, *body = text.splitlines()
    path = tmp_path / "TradeData_1.csv"
    path.write_bytes("\r\n".join([head, *(f"{line}," for line in body), ""]).encode("latin-1"))
    panel = read(path, products="cameras", partners="all")
    assert values(panel, "imports_cameras_usd") == {("CHN", "KEN", 2022): 20.0, ("CIV", "KEN", 2022): 10.0}


def test_breakdowns_are_not_added_to_their_totals(tmp_path: Path) -> None:
    rows = [
        today("China", 20.0),
        today("China", 12.0, motCode=1000),
        today("China", 8.0, motCode=2100),
        today("China", 20.0, customsCode="C01"),
        today("China", 20.0, partner2Code=156),
    ]
    panel = read(write_today(tmp_path, rows), products="cameras")
    assert panel.frame["imports_cameras_usd"].tolist() == [20.0]
    assert lines(panel, "row of a breakdown") == [["Kenya", "2022", 4]]
    with pytest.raises(InputError) as caught:
        read(write_today(tmp_path, rows[1:]), products="cameras")
    assert "without its totals" in str(caught.value) and "customsCode C00" in caught.value.remedy


def test_a_set_follows_each_reporter_into_its_revision(tmp_path: Path) -> None:
    old = {"refYear": 2021, "period": 2021, "classificationCode": "H5", "cmdCode": "852580"}
    rows = [
        today("World", 40.0, **old), today("China", 40.0, **old),
        today("World", 30.0, cmdCode="852583"), today("China", 30.0, cmdCode="852583"),
        today("World", 5.0), today("USA", 5.0),
    ]  # fmt: skip
    panel = read(write_today(tmp_path, rows), products="cameras", partners=["CHN", "USA"])
    assert values(panel, "imports_cameras_usd") == {
        ("CHN", "KEN", 2021): 40.0, ("USA", "KEN", 2021): 0.0, ("CHN", "KEN", 2022): 30.0, ("USA", "KEN", 2022): 5.0,
    }  # fmt: skip
    early = {"refYear": 1997, "period": 1997, "classificationCode": "H1", "cmdCode": "852530"}
    panel = read(write_today(tmp_path, [*rows, today("China", 1.0, **early)]), products="cameras")
    assert panel.frame["year"].tolist() == [2021, 2022]
    assert lines(panel, "product set not defined in H1") == [["KEN", "1997", 1]]


def test_two_classifications_of_one_year_are_refused(tmp_path: Path) -> None:
    rows = [today("China", 5.0), today("China", 5.0, classificationCode="H5", cmdCode="852580")]
    path = write_today(tmp_path, rows)
    with pytest.raises(InputError, match="two classifications"):
        read(path, products="cameras")
    assert read(path, products="cameras", classification="H6").frame["imports_cameras_usd"].tolist() == [5.0]


def test_zeros_lost_by_a_spreadsheet_are_put_back(tmp_path: Path) -> None:
    rows = [(*row[:4], code, 5.0) for row in ROWS[1:3] for code in ("20230", "852580")]
    panel = read(write(tmp_path, rows), products=["020230"], classification="HS")
    assert panel.frame["imports_020230_usd"].tolist() == [10.0]
    row = panel.conflicts[panel.conflicts["problem"].str.startswith("code with")].iloc[0]
    assert (row["value"], row["rows"], row["resolution"]) == ("20230", 2, "read as 020230")


def test_two_areas_of_one_country_are_added_up_and_listed(tmp_path: Path) -> None:
    """Sudan in the year in which South Sudan left it, under its old and its new name."""
    sellers = [("Sudan", 5.0), ("Fmr Sudan", 2.0), ("World", 7.0)]
    rows = [("2011", "Import", "Egypt", name, "85", value) for name, value in sellers]
    panel = read(write(tmp_path, rows), products=["85"], classification="HS", partners=["SDN"])
    assert values(panel, "imports_85_usd") == {("SDN", "EGY", 2011): 7.0}
    assert lines(panel, "two partners are one country") == [["SDN", "2011", 2]]


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    straight = read(write(tmp_path, ROWS), products=["85"], classification="HS", partners="all")
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(ROWS))
        path = write(tmp_path, [ROWS[place] for place in order])
        other = read(path, products=["85"], classification="HS", partners="all")
        assert_frame_equal(straight.frame, other.frame)
        assert_frame_equal(straight.conflicts, other.conflicts)


def test_years_of_a_state_that_changed(tmp_path: Path) -> None:
    rows = [(str(year), "Import", name, "China", "85", 5.0) for year, name in [
        (2005, "Serbia and Montenegro"), (2005, "Fmr Sudan"), (2012, "Sudan"), (2005, "EU-28"), (2005, "Atlantis"),
    ]]  # fmt: skip
    panel = read(write(tmp_path, rows), products=["85"], classification="HS")
    keys = panel.frame[["importer", "year"]].to_numpy().tolist()
    assert keys == [["SCG", 2005], ["SDN", 2005], ["SDN", 2012]]
    assert lines(panel, "not known") == [["Atlantis", "2005", 1]]


def test_zero_missing_and_not_covered_stay_apart_in_a_merge(tmp_path: Path) -> None:
    """A chapter that is absent where another is there is no zero: the case a wrong filling with zeros would hide."""
    panel = read(write(tmp_path, ROWS), products=["85"], classification="HS", partners=["CHN", "ISR"])
    grid = spine(2009, 2012, importers=["EGY", "KEN"], exporters=["CHN", "ISR"])
    merged = merge(grid, panel, cardinality="1:1")
    table = merged.coverage[["exporter", "importer", "nonzero", "zero", "no_value", "not_covered"]]
    assert table.to_numpy().tolist() == [
        ["CHN", "EGY", 2, 0, 1, 1], ["CHN", "KEN", 0, 0, 0, 4],
        ["ISR", "EGY", 0, 2, 1, 1], ["ISR", "KEN", 0, 0, 0, 4],
    ]  # fmt: skip


REFUSALS: list[tuple[list[tuple[str, str]], dict[str, object], type[EventPanelError], str]] = [
    ([("TradeValue", "Worth")], {}, WrongLayoutError, "it lacks value"),
    ([("ptTitle", "Seller")], {}, WrongLayoutError, "it lacks partner"),
    ([("600.0", "many")], {}, NumberError, "'many' in data row"),
    ([("2011,", "2011Q1,")], {}, FrequencyError, "shorter periods"),
    ([], {"classification": None}, WrongLayoutError, "does not say the classification"),
    ([], {"products": "cameras"}, WrongLayoutError, "does not say the revision"),
    ([], {"products": "camera"}, InputError, "no product set 'camera'"),
    ([], {"products": ["90"]}, InputError, "has no product 90"),
    ([], {"products": ["85", "8525"]}, InputError, "counted twice"),
    ([], {"products": ["cameras"]}, InputError, "Not product codes: 'cameras'"),
    ([], {"products": []}, InputError, "No product is asked for"),
    ([], {"partners": ["China"]}, EventPanelError, "Not ISO3 country codes: China"),
    ([("Export", "Import")], {"flow": "exports"}, InputError, "holds no exports"),
    ([("Egypt,China", "Egypt,Asia"), ("Egypt,USA", "Egypt,Africa"), ('"Other Asia, nes"', "Europe"),
      ("Free Zones", "Oceania")], {}, InputError, "groups of countries"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "options", "error", "message"), REFUSALS)
def test_what_is_refused(
    tmp_path: Path,
    changes: list[tuple[str, str]],
    options: dict[str, object],
    error: type[EventPanelError],
    message: str,
) -> None:
    path = write(tmp_path, ROWS)
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(error, match=message) as caught:
        read_source("comtrade", path, {"products": ["85"], "classification": "HS", **options})
    assert caught.value.remedy


def test_options_of_a_study_file(tmp_path: Path) -> None:
    path = write(tmp_path, ROWS)
    options = {"products": ["85"], "classification": "HS", "partners": "all", "complete": True}
    assert isinstance(read_source("comtrade", path, options), Panel)
    for name, value in {"partners": "CHN", "complete": 1, "flow": "re-exports", "classification": "HS2017"}.items():
        with pytest.raises(StudyError, match=name):
            read_source("comtrade", path, {**options, name: value})


def test_months_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FrequencyError, match="months"):
        read(write_today(tmp_path, [today("China", 1.0, freqCode="M", period=202203)]), products="cameras")


def test_the_real_legacy_file_agrees_with_plain_sums(data_dir: Path) -> None:
    path = data_dir / "trade" / "comtrade_legacy_sitc2_china.csv"
    raw = pd.read_csv(path, dtype=str, keep_default_na=False)
    raw["value"] = raw["Trade Value (US$)"].astype(float)
    chosen = raw[(raw["Trade Flow"] == "Import") & (raw["Commodity Code"] == "77")]
    expected = {("CHN" if iso == "" else iso, "CHN", int(year)): value for iso, year, value in zip(
        chosen["Partner ISO"], chosen["Year"], chosen["value"], strict=True)}  # fmt: skip
    panel = read(path, products=["77"], partners="all")
    assert values(panel, "imports_77_usd") == expected and len(expected) == 25
    assert [line[0] for line in lines(panel, "a selection of partners")] == [
        "5 partners in 100 % of reporters and years"
    ]
    assert read(path, products=["77"], partners=["KEN"]).frame["imports_77_usd"].isna().all()


def test_the_real_spreadsheet_agrees_with_its_own_totals(data_dir: Path) -> None:
    path = data_dir / "trade" / "comtrade_hs6_china_partners.xlsx"
    raw = pd.read_excel(path, dtype=str, keep_default_na=False, engine="calamine")
    chosen = raw[raw["cmdCode"] == "847130"].drop_duplicates(["reporterDesc", "refYear"])
    panel = read(path, products=["847130"], classification="HS")
    frame = panel.frame.dropna(subset="imports_847130_usd")
    both = frame["imports_847130_usd"] + frame["imports_847130_usd_apart"]
    # Its column cmd_partner_upper_sum holds the total over partners of each reporter, year and product.
    assert sorted(both) == pytest.approx(sorted(chosen["cmd_partner_upper_sum"].astype(float)), rel=1e-12)
    assert "Other Asia, nes" in panel.conflicts["value"].tolist() and len(frame) == len(chosen)


def test_files_too_large_to_load_give_the_same_panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, [*ROWS, ROWS[1]])
    small = read(path, products=["84", "85"], classification="HS", partners="all")
    monkeypatch.setattr(comtrade, "open_table", partial(open_table, large=0))
    large = read(path, products=["84", "85"], classification="HS", partners="all")
    assert_frame_equal(small.frame, large.frame)
    assert_frame_equal(small.conflicts, large.conflicts)
