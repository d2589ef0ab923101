"""The traps real files set, each with its test: what was hard when these sources were first merged by hand.

Files are the publishers' own, outside this repository. Where a trap's file is not at hand, the test says so and
builds the trap in a few lines.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from eventpanel.build import build_designs, build_panel
from eventpanel.datasets.countries import harmonise
from eventpanel.datasets.errors import DuplicateKeyError, FewClustersError, WrongLayoutError
from eventpanel.datasets.files import parse_table, read_table, read_text
from eventpanel.datasets.merge import merge, spine
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.records import count
from eventpanel.datasets.sources.controls import cepii_distance, country_years, world_bank
from eventpanel.datasets.sources.regime import ert, polity5
from eventpanel.datasets.sources.trade import aiddata_china, cow_trade, deal_list, sipri_register
from eventpanel.datasets.sources.unrest import (
    gdelt_acled,
    gdelt_totals,
    mass_mobilization,
    mass_mobilization_years,
)
from eventpanel.estimators.design import Sample
from eventpanel.estimators.distributed_lag import EstimationWarning, distributed_lag
from eventpanel.study import load_study

SIPRI = "trade/sipri_trade_register.csv"
AIDDATA = "trade/aiddata_gcdf_china_projects.csv"
COW = "trade/cow_trade_ddy.rds"
DISTANCE = "trade/dist_cepii.dta"
COMTRADE = "trade/comtrade_legacy_sitc2_china.csv"
PROTESTS = "unrest/mass_mobilization_events.csv"
PROTEST_YEARS = "unrest/mass_mobilization_country_years.csv"
MIXED = "unrest/gdelt_acled_ucdp_country_years.csv"
TOTALS = "unrest/gdelt_all_events_by_fips.csv"
POLITY = "regime/p5v2018.csv"
ERT = "regime/vdem_ert.csv"
VDEM = "regime/vdem_cy_subset.csv"


def file(data_dir: Path, name: str) -> Path:
    path = data_dir / name
    if not path.is_file():
        pytest.skip(f"{name} is not in {data_dir}")
    return path


def at(panel: Panel, name: str, importer: str, year: int) -> float:
    frame = panel.frame
    rows = frame[(frame["importer"] == importer) & (frame["year"] == year)]
    return float(rows[name].iloc[0])


def test_trap_01_zero_or_missing(data_dir: Path) -> None:
    """No deal in a watched country-year is zero, outside the watch it is missing, in one and the same merge.

    SIPRI register: orders are watched 1995-2021, Mass Mobilization its own 166 countries 1990-2019 (the United
    States not among them).
    """
    deals = count(sipri_register.read(file(data_dir, SIPRI)), "deals")
    protests = count(mass_mobilization.read(file(data_dir, PROTESTS)), "protests")
    panel = merge(spine(1994, 2022, importers=["KEN", "USA", "ISL"]), deals, cardinality="1:1")
    panel = merge(panel, protests, cardinality="1:1")
    zeros = panel.frame.loc[panel.frame["deals"] == 0, "year"]
    assert len(zeros) and zeros.between(1995, 2021).all()
    assert pd.isna(at(panel, "deals", "KEN", 1994)) and pd.isna(at(panel, "deals", "KEN", 2022))
    assert panel.frame.loc[panel.frame["importer"] == "USA", "protests"].isna().all()
    assert pd.isna(at(panel, "protests", "KEN", 2020))
    table = panel.coverage[["variable", "importer", "zero", "nonzero", "no_value", "not_covered"]]
    assert ["protests", "USA", 0, 0, 0, 29] in table.to_numpy().tolist()
    iceland = table[(table["variable"] == "deals") & (table["importer"] == "ISL")]
    assert iceland[["zero", "nonzero"]].to_numpy().sum() == 27


def test_trap_02_world_is_a_partner(tmp_path: Path) -> None:
    """World and its like are aggregates: reported, never summed. The Comtrade MENA files are not at hand."""
    text = "exporter,importer,year,value_usd\nChina,Egypt,2010,40\nUSA,Egypt,2010,60\nWorld,Egypt,2010,100\n"
    partners = '"Other Asia, nes",Egypt,2010,5\n"Areas, nes",Egypt,2010,5\nFree Zones,Egypt,2010,5\n'
    path = tmp_path / "imports.csv"
    path.write_text(text + partners, encoding="utf-8")
    records = deal_list.read(path, first=2010, last=2010)
    assert records.frame["exporter"].tolist() == ["CHN", "USA"]
    reported = records.conflicts.set_index("value")["resolution"]
    assert reported["World"] == "rows left out" and len(reported) == 4


def test_trap_02_world_in_world_bank_files(data_dir: Path) -> None:
    """World Development Indicators, gdp.csv: 47 aggregates among 262 codes."""
    panel = world_bank.read(file(data_dir, "codes/gdp.csv"), name="gdp")
    aggregates = panel.conflicts[panel.conflicts["problem"] == "aggregate"]
    assert {"WLD", "ARB"} <= set(aggregates["value"])
    assert not {"WLD", "ARB"} & set(panel.frame["importer"])
    assert len(panel.frame) + panel.conflicts["rows"].sum() == 13_979


def test_trap_03_two_code_systems_in_one_column(data_dir: Path) -> None:
    """MAC is Macao in GDELT's ISO3 and North Macedonia in UCDP's letters, in one column of one file."""
    path = file(data_dir, MIXED)
    gdelt = gdelt_acled.read(path, measure="gdelt")
    ucdp = gdelt_acled.read(path, measure="ucdp", event_type=19)
    assert at(gdelt, "gdelt_14", "MAC", 2012) == 1
    assert at(ucdp, "ucdp_19", "MKD", 2001) == 53
    assert "MAC" not in set(ucdp.frame["importer"])
    assert at(gdelt, "gdelt_14", "AUS", 2012) == 426
    # Yemen keeps UCDP's number 678, which the file turned into letters of North Yemen.
    assert {2015, 2019} <= set(ucdp.frame.loc[ucdp.frame["importer"] == "YEM", "year"])


@pytest.mark.parametrize(
    ("code", "other", "year"),
    [
        ("AUS", "AUT", 2010), ("CZE", "CSK", 1990), ("MNG", "MNE", 2010),
        ("MAC", "MKD", 2010), ("SLV", "SVN", 2010), ("SWZ", "CHE", 2010),
    ],
)  # fmt: skip
def test_trap_03_six_strings_mean_two_countries(code: str, other: str, year: int) -> None:
    """Strings that are valid in both systems and mean different countries; Czechoslovakia's until 1992."""
    letters = harmonise(pd.DataFrame({"code": [code], "year": [year]}), "code", "cow_letters")[0]
    iso3 = harmonise(pd.DataFrame({"code": [code], "year": [2010]}), "code", "iso3")[0]
    assert (iso3["importer"].item(), letters["importer"].item()) == (code, other)


def test_trap_04_na_is_namibia(data_dir: Path, tmp_path: Path) -> None:
    """Namibia's ISO2 code survives reading; the text NA is missing only where numbers stand."""
    path = tmp_path / "mine.csv"
    path.write_text("code,year,gdp\nNA,2010,NA\nNA,2011,5\n", encoding="utf-8")
    panel = country_years.read(path, columns={"gdp": "gdp"}, country="code", scheme="iso2")
    assert panel.frame["importer"].tolist() == ["NAM", "NAM"]
    assert panel.frame["gdp"].isna().tolist() == [True, False]
    names = read_table(file(data_dir, "unrest/country_names.csv"))
    assert names.loc[names["Name"] == "Namibia", "ISO 3166"].tolist() == ["NA"]
    totals = gdelt_totals.read(file(data_dir, TOTALS))
    assert "NAM" in set(totals.frame["importer"])
    # In a column of ISO3 codes the same text is no country, and 9 rows of GDELT counts are reported.
    nowhere = gdelt_acled.read(file(data_dir, MIXED), measure="gdelt").conflicts
    assert nowhere[["value", "rows"]].to_numpy().tolist() == [["NA", 9]]


def test_trap_05_names(data_dir: Path) -> None:
    """Every deal of the register is either kept or listed; what is left out are groups, organisations, unknowns.

    SIPRI register: 12,571 deals; 206 recipients, of which 177 or so are states.
    """
    records = sipri_register.read(file(data_dir, SIPRI))
    assert len(records.frame) + records.conflicts["rows"].sum() == 12_571
    left_out = set(records.conflicts["value"])
    assert {"NATO**", "PRC (Israel/Palestine)*", "Northern Cyprus", "unknown recipient(s)"} <= left_out
    strangers = [value for value in left_out if not value.endswith(("*", "(s)"))]
    assert strangers == ["Northern Cyprus"]
    assert not (records.conflicts["problem"] == "not known").any()
    names = ["State of Palestine", "China, Hong Kong SAR", "Fmr Sudan", "Turkiye", "eSwatini", "Congo Kinshasa"]
    frame = pd.DataFrame({"name": names, "year": [2014, 2014, 2010, 2014, 2014, 2014]})
    matched, conflicts = harmonise(frame, "name", "name")
    assert matched["importer"].tolist() == ["PSE", "HKG", "SDN", "TUR", "SWZ", "COD"] and conflicts.empty


def test_trap_05_no_name_of_protest_and_project_files_is_unknown(data_dir: Path) -> None:
    """Mass Mobilization's 166 countries and AidData's 148 recipients: none is unknown."""
    protests = mass_mobilization.read(file(data_dir, PROTESTS))
    projects = aiddata_china.read(file(data_dir, AIDDATA))
    for records in (protests, projects):
        assert not (records.conflicts["problem"] == "not known").any()


def test_trap_06_duplicates_made_by_mapping(data_dir: Path) -> None:
    """Sudan stands twice in Polity in 2011, one deal on many rows, Germany twice in trade in 1990."""
    polity = polity5.read(file(data_dir, POLITY))
    settled = polity.conflicts[polity.conflicts["problem"] == "two states in one year"]
    assert {("625", "2011"), ("345", "1991"), ("530", "1993")} <= set(
        settled[["value", "years"]].itertuples(index=False, name=None)
    )
    deals = sipri_register.read(file(data_dir, SIPRI)).frame
    assert deals["deal"].is_unique
    pytest.importorskip("rdata")
    trade = cow_trade.read(file(data_dir, COW))
    assert not trade.frame.duplicated(["importer", "year"]).any()
    assert "260" in set(trade.conflicts.loc[trade.conflicts["problem"] == "two states in one year", "value"])


def test_trap_06_rows_of_deals_are_no_panel(data_dir: Path) -> None:
    """The register's 25,024 rows, taken as country-years, are refused."""
    records = sipri_register.read(file(data_dir, SIPRI))
    with pytest.raises(DuplicateKeyError, match="stand on more than one row"):
        Panel(records.frame, ("exporter", "importer"), "year")


def test_trap_07_invented_country_years(data_dir: Path) -> None:
    """South Sudan before 2011 and Kosovo before 2008 get neither zeros nor rows."""
    protests = count(mass_mobilization.read(file(data_dir, PROTESTS)), "protests").frame
    first = protests.groupby("importer")["year"].min()
    assert first[["SSD", "XKX", "MNE", "TLS", "ERI"]].tolist() == [2011, 2008, 2006, 2002, 1993]
    years = mass_mobilization_years.read(file(data_dir, PROTEST_YEARS))
    assert len(years.frame) + years.conflicts["rows"].sum() == 4_558
    assert "Eritrea" in set(years.conflicts["value"])
    grid = spine(1990, 2019).frame
    assert grid.groupby("importer")["year"].min()[["SSD", "XKX"]].tolist() == [2011, 2008]


def test_trap_08_years_end_at_different_points(data_dir: Path) -> None:
    """Polity ends in 2018, protests in 2019 (2020 is partial), trade in 2014, GDELT protests begin in 2012."""
    records = mass_mobilization.read(file(data_dir, PROTESTS))
    partial = records.conflicts[records.conflicts["problem"] == "2020 ends in March"]
    assert partial["rows"].sum() == 98 and records.frame["year"].max() == 2019
    assert records.covered["year"].max() == 2019
    polity = polity5.read(file(data_dir, POLITY)).frame
    assert set(polity.loc[polity["year"] > 2018, "importer"]) == {"USA"}
    gdelt = gdelt_acled.read(file(data_dir, MIXED), measure="gdelt").frame
    assert (gdelt["year"].min(), gdelt["year"].max()) == (2012, 2020)
    # The unrest record keeps all its years when imports are few: leads and lags are taken on it, not on them.
    few = Panel(pd.DataFrame({"importer": ["KEN"], "year": [2010], "imports": [5.0]}), ("importer",), "year")
    panel = merge(spine(2006, 2014, importers=["KEN"]), few, cardinality="1:1")
    panel = merge(panel, count(records, "protests"), cardinality="1:1")
    assert len(panel.frame) == 9 and panel.frame["protests"].notna().all()


def test_trap_09_units(data_dir: Path) -> None:
    """Units differ by a thousand or a million, so names and pages say them.

    Kenya 2014: COW trade in millions against GDP in dollars; imports were about a quarter to a third of GDP. The copy
    for R has each pair in both orders: the share would double if both were counted.
    """
    pytest.importorskip("rdata")
    trade = cow_trade.read(file(data_dir, COW))
    gdp = world_bank.read(file(data_dir, "codes/gdp.csv"), name="gdp")
    share = at(trade, "total_imports", "KEN", 2014) * 1e6 / at(gdp, "gdp", "KEN", 2014)
    assert 0.15 < share < 0.5
    assert "amount_usd_2021" in aiddata_china.read(file(data_dir, AIDDATA)).frame.columns
    assert "tiv_delivered" in sipri_register.read(file(data_dir, SIPRI)).frame.columns


def test_trap_10_which_year(data_dir: Path) -> None:
    """Order and delivery, commitment and implementation are different years, and many order years are estimates.

    SIPRI register: 42 % of the 25,024 rows and 41 % of the 12,571 deals have an estimated order year.
    """
    path = file(data_dir, SIPRI)
    ordered, delivered = sipri_register.read(path), sipri_register.read(path, year="first_delivery")
    gap = delivered.frame["year"] - ordered.frame["year"]
    assert (gap >= 0).all() and 1.5 < gap.mean() < 2.5
    estimated = ordered.frame["order_year_estimated"]
    assert 0.40 < estimated.mean() < 0.43 and estimated.isna().sum() > 0
    assert "first deliveries" in delivered.source.coverage and "orders" in ordered.source.coverage
    projects = aiddata_china.read(file(data_dir, AIDDATA), year="implementation")
    undated = projects.conflicts[projects.conflicts["problem"] == "no implementation year"]["rows"].sum()
    assert undated > 2_800
    others = projects.conflicts[projects.conflicts["problem"] != "no implementation year"]["rows"].sum()
    assert len(projects.frame) + undated + others == 9_404


def test_trap_11_truncated_series_look_valid(data_dir: Path) -> None:
    """A total that rests on few of a country's partners is listed, and named on the page.

    The cut Comtrade files of Afghanistan are not at hand (tests/datasets/test_truncated.py builds them); COW trade has
    Yugoslavia under embargo with two partners.
    """
    pytest.importorskip("rdata")
    panel = cow_trade.read(file(data_dir, COW))
    lines = panel.conflicts[panel.conflicts["problem"].str.startswith("truncated")]
    assert len(lines) and (panel.frame["import_partners"] >= 1).all()
    late = lines[lines["years"].str[:4].astype(int) >= 1950]
    yugoslavia = late[late["value"] == "YUG"].iloc[0]
    assert yugoslavia["years"] == "1993-1995" and "2 partners, usually 156" in yugoslavia["problem"]
    page = (Path(__file__).resolve().parents[2] / "docs" / "coverage.md").read_text("utf-8")
    counts = f"{lines['rows'].sum()} of {len(panel.frame):,} importer-years, {late['rows'].sum()} of them since 1950"
    assert counts in page
    assert (
        cow_trade.read(file(data_dir, COW), exporter="CHN").conflicts["problem"].str.startswith("truncated").sum() == 0
    )


def test_trap_12_layouts(data_dir: Path) -> None:
    """Lines before the header, `;` at line ends, no header, an unnamed column, files of R and of Stata."""
    assert len(sipri_register.read(file(data_dir, SIPRI)).frame) > 12_000
    with pytest.raises(WrongLayoutError):
        read_table(file(data_dir, SIPRI), ["Supplier"], encoding="latin-1")
    assert gdelt_totals.read(file(data_dir, TOTALS)).frame["year"].min() == 1979
    assert len(ert.read(file(data_dir, ERT)).frame) > 14_000
    assert len(cepii_distance.read(file(data_dir, DISTANCE)).frame) > 49_000
    protests = mass_mobilization.read(file(data_dir, PROTESTS))
    assert len(protests.frame) + protests.conflicts["rows"].sum() == 15_239


def test_trap_13_few_clusters(data_dir: Path) -> None:
    """A subsample of two importers printed standard errors of 0.000 without a word; here it is refused by name."""
    region = [
        "ARE",
        "ARM",
        "AZE",
        "BHR",
        "CYP",
        "EGY",
        "GEO",
        "IRN",
        "IRQ",
        "ISR",
        "JOR",
        "KWT",
        "LBN",
        "LBY",
        "MAR",
        "OMN",
        "PAK",
        "QAT",
        "SAU",
        "SYR",
        "TUN",
        "TUR",
        "YEM",
    ]
    study = load_study("unrest-deals", [f"panel.importers={region}"])
    panel, design = build_panel(study, data_dir), build_designs(study)["arms"]
    polity = panel.frame.query("year == 1999").drop_duplicates("importer").set_index("importer")["polity2"]
    assert sorted(polity.index[polity >= 7]) == ["CYP", "TUR"]
    with pytest.raises(FewClustersError, match=r"'strong democracy' has 2 clusters;"):
        distributed_lag(panel, design)
    weak = tuple(polity.index[polity < 7][:15])
    china = Sample(first=2000, last=2017, where=(("exporter", ("CHN",)), ("importer", weak)))
    with pytest.warns(EstimationWarning, match=r"only \d+ clusters: tests reject too often"):
        few = distributed_lag(panel, replace(design, moderator=None, sample=china, fixed_effects=("importer", "year")))
    assert few.n_clusters <= 15
    assert (few.std_errors > 0).all()


def test_trap_14_product_codes_stay_text(data_dir: Path) -> None:
    """020230 keeps its zero and 85.0 stays what it is; the HS6 workbook is not read, the legacy Comtrade csv is."""
    table = parse_table("cmdCode,value\n020230,1\n85.0,2\n85,3\n", "x.csv")
    assert table["cmdCode"].tolist() == ["020230", "85.0", "85"]
    path = file(data_dir, COMTRADE)
    codes = parse_table(read_text(path), path.name, columns=["Commodity Code", "Partner ISO"])
    assert {"00", "01", "02"} <= set(codes["Commodity Code"])
    assert codes["Commodity Code"].str.len().eq(2).all() and len(codes) == 3_184


def test_trap_15_gdelt_volume_grows(data_dir: Path) -> None:
    """All events grow about sixteenfold from 2000 to 2016; the stray 1920 and the partial 2021 are left out."""
    panel = gdelt_totals.read(file(data_dir, TOTALS))
    events = panel.frame.groupby("year")["gdelt_events"].sum()
    assert 12 < events[2016] / events[2000] < 20
    assert (events.index.min(), events.index.max()) == (1979, 2020)
    listed = panel.conflicts.groupby("problem")["rows"].sum()
    assert listed["before GDELT begins in 1979"] == 235 and listed["2021 ends in April"] == 253
    protests = gdelt_acled.read(file(data_dir, MIXED), measure="gdelt")
    both = merge(panel, protests, cardinality="1:1").frame.dropna()
    assert (both["gdelt_14"] <= both["gdelt_events"]).mean() > 0.99
