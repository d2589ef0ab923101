"""Real files against what is known of them: counts, agreement of related sources, and one merge of all kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventpanel.datasets.errors import MergeError
from eventpanel.datasets.files import read_table, read_text
from eventpanel.datasets.merge import merge, spine
from eventpanel.datasets.records import count, select
from eventpanel.datasets.registry import entries
from eventpanel.datasets.sources.regime import ert, polity5, vdem
from eventpanel.datasets.sources.trade import aiddata_china, cow_trade, sipri_register
from eventpanel.datasets.sources.unrest import mass_mobilization, mass_mobilization_years

SIPRI = "trade/sipri_trade_register.csv"
AIDDATA = "trade/aiddata_gcdf_china_projects.csv"
COW = "trade/cow_trade_ddy.rds"
PROTESTS = "unrest/mass_mobilization_events.csv"
PROTEST_YEARS = "unrest/mass_mobilization_country_years.csv"
POLITY = "regime/p5v2018.csv"
ERT = "regime/vdem_ert.csv"
VDEM = "regime/vdem_cy_subset.csv"


def file(data_dir: Path, name: str) -> Path:
    path = data_dir / name
    if not path.is_file():
        pytest.skip(f"{name} is not in {data_dir}")
    return path


def test_the_register_counts(data_dir: Path) -> None:
    """SIPRI register of 1995-2025: 25,024 rows, 12,571 deals, 42 % of rows with an estimated order year."""
    path = file(data_dir, SIPRI)
    rows = read_text(path, "latin-1").splitlines()[12:]
    assert len(rows) == 25_024
    plain = [row.split(",") for row in rows if row.count(",") == 16]
    estimated = sum(row[7] == "Yes" for row in plain)
    assert 0.40 < estimated / len(rows) < 0.43
    assert len({row.split(",")[0] for row in rows}) == 12_571
    records = sipri_register.read(path)
    assert len(records.frame) == 12_232 and records.frame["tiv_delivered"].notna().all()


def test_the_orders_a_register_cannot_know_yet(data_dir: Path) -> None:
    """Of the orders of 1995-2010, 73 % had a delivery within two years, 84 % within three, 93 % within five."""
    deals = sipri_register.read(file(data_dir, SIPRI)).frame
    early = deals[deals["order_year"].between(1995, 2010)]
    waited = early["first_delivery"] - early["order_year"]
    assert [(waited <= years).mean() for years in (2, 3, 5)] == pytest.approx([0.73, 0.84, 0.93], abs=0.01)


def test_projects_count(data_dir: Path) -> None:
    """AidData, geocoded: 9,404 projects, of which 3,781 have no amount, 19 a region for a recipient."""
    records = aiddata_china.read(file(data_dir, AIDDATA))
    assert len(records.frame) + records.conflicts["rows"].sum() == 9_404
    assert records.conflicts.loc[records.conflicts["problem"] == "aggregate", "rows"].sum() == 19
    assert 3_700 < records.frame["amount_usd_2021"].isna().sum() <= 3_781


def test_two_releases_of_protests_agree(data_dir: Path) -> None:
    """Counts of the list of protests and of the table of an earlier release agree in 96 % of country-years."""
    listed = count(mass_mobilization.read(file(data_dir, PROTESTS)), "listed")
    counted = mass_mobilization_years.read(file(data_dir, PROTEST_YEARS))
    both = merge(listed, counted, cardinality="1:1").frame.dropna(subset=["listed", "protests"])
    assert len(both) > 4_500
    assert (both["listed"] == both["protests"]).mean() > 0.95
    assert both["listed"].corr(both["protests"]) > 0.97


def test_trade_is_counted_once(data_dir: Path) -> None:
    """COW trade 4.0: the United States imported 472,525 million US$ from China in 2014, China 183,283 back."""
    pytest.importorskip("rdata")
    path = file(data_dir, COW)
    for exporter, importer, flow in (("CHN", "USA", 472_525.0), ("USA", "CHN", 183_283.0)):
        frame = cow_trade.read(path, exporter=exporter).frame
        rows = frame[(frame["importer"] == importer) & (frame["year"] == 2014)]
        assert rows[f"imports_from_{exporter.lower()}"].tolist() == [flow]


def test_every_source_states_its_file_and_coverage(data_dir: Path) -> None:
    """What stands in a report about a source: registry text, file name, checksum, coverage."""
    source = polity5.read(file(data_dir, POLITY)).sources[0]
    known = {entry.name: entry for entry in entries()}["polity5"]
    assert (source.title, source.citation, source.url) == (known.title, known.citation, known.url)
    assert source.file == "p5v2018.csv" and len(source.sha256) == 64 and "1776-2020" in source.coverage


def test_special_codes_of_polity(data_dir: Path) -> None:
    """Polity5: 100 of 2,660 rows of 2003-2020 carry a special code; 809 of 17,574 in all."""
    rows = read_table(file(data_dir, POLITY), ["year", "polity"])
    recent = rows[rows["year"].astype(int).between(2003, 2020)]
    assert len(recent) == 2_660 and recent["polity"].isin(["-66", "-77", "-88"]).sum() == 100
    panel = polity5.read(file(data_dir, POLITY))
    assert panel.frame["polity"].between(-10, 10).eq(panel.frame["polity_special"] == "none").all()
    assert len(panel.frame) + panel.conflicts["rows"].sum() == 17_574
    special = panel.frame[panel.frame["year"].between(2003, 2020)]["polity_special"]
    assert (special != "none").sum() == 100


def test_regimes_of_v_dem_agree(data_dir: Path) -> None:
    """ERT and V-Dem are of one house: their polyarchy agrees to rounding where both have it."""
    left, right = ert.read(file(data_dir, ERT)), vdem.read(file(data_dir, VDEM))
    both = merge(left, right, cardinality="1:1").frame.dropna()
    assert len(both) > 5_000
    assert (both["polyarchy"] - both["v2x_polyarchy"]).abs().median() < 0.005


def test_the_real_merge(data_dir: Path) -> None:
    """Deals, protests and regimes of the world in one panel, 2006-2021, zero and missing kept apart."""
    deals = count(
        select(sipri_register.read(file(data_dir, SIPRI)), "exporter", ["CHN", "USA"]),
        "deals",
        exporters=["CHN", "USA"],
    )
    protests = count(mass_mobilization.read(file(data_dir, PROTESTS)), "protests")
    panel = merge(spine(2006, 2021, exporters=["CHN", "USA"]), deals, cardinality="1:1")
    panel = merge(panel, protests, cardinality="m:1")
    panel = merge(panel, ert.read(file(data_dir, ERT)), cardinality="m:1")
    assert panel.frame["deals"].notna().all()
    usa = panel.frame[panel.frame["exporter"] == "USA"]
    assert usa["deals"].sum() > 1_800
    assert panel.frame.loc[panel.frame["year"] > 2019, "protests"].isna().all()
    with pytest.raises(MergeError):
        merge(panel, protests, cardinality="1:1")
