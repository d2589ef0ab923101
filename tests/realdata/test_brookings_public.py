"""The family on the publishers' files: counts against pandas alone, what is absent, and a run to the end."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest

from eventpanel.brookings import catalogue, nelda_items, suppliers, time_path, unrest_tables
from eventpanel.brookings import run as runner
from eventpanel.brookings.exhibit import numbers
from eventpanel.brookings.family import load_family
from eventpanel.brookings.limits import limits
from eventpanel.brookings.made import make_exhibits
from eventpanel.brookings.provenance import conflicts, coverage
from eventpanel.brookings.robust import robust_case
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.materials import Materials
from eventpanel.robustness.checks import axes

NEEDED = ("trade/sipri_trade_register.csv", "trade/aiddata_gcdf_china_projects.csv", "regime/p5v2018.csv")


@pytest.fixture(scope="module")
def folder(data_dir: Path) -> Path:
    lacking = [name for name in NEEDED if not (data_dir / name).is_file()]
    if lacking:
        pytest.skip(f"not in {data_dir}: {', '.join(lacking)}")
    return data_dir


@pytest.fixture(scope="module")
def materials(folder: Path) -> Materials:
    return runner.materials_of(load_family("brookings-public"), [folder])


def register(folder: Path) -> pd.DataFrame:
    """One row a deal of the register, read by pandas alone."""
    text = (folder / NEEDED[0]).read_text("latin-1").replace(";\r\n", "\n").replace(";\n", "\n")
    lines = text.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("SIPRI AT Database ID"))
    path = io.StringIO("\n".join(lines[start:]))
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows.columns = [name.strip().strip(";") for name in rows.columns]
    return rows.drop_duplicates("SIPRI AT Database ID")


def test_chinese_deals_are_those_of_the_register(materials: Materials, folder: Path) -> None:
    rows = register(folder)
    drone = rows["Description"].str.contains("UAV|UCAV") | (rows["Armament category"] == "Sensors")
    ordered = rows["Order date"].astype(float).between(2000, 2021)
    state = ~rows["Recipient"].str.contains(r"\*|unknown", case=False)
    wanted = rows[drone & ordered & state & (rows["Supplier"] == "China")]
    deals = materials.deals.frame
    mine = deals[(deals["exporter"] == "CHN") & deals["input"].isin(["drones", "sensors"])]
    assert len(mine) == len(wanted) > 0
    assert mine["year"].value_counts().to_dict() == wanted["Order date"].astype(int).value_counts().to_dict()


def test_projects_are_those_with_the_words(materials: Materials, folder: Path) -> None:
    raw = pd.read_csv(folder / NEEDED[1], dtype=str, keep_default_na=False)
    words = r"\b(?:surveillance|cctv|safe city|smart city|facial recognition|urban security)"
    hits = raw["Title"].str.casefold().str.replace(r"\W+", " ", regex=True).str.contains(words)
    mine = materials.deals.frame["input"].eq("projects").sum()
    assert mine == (hits & raw["Commitment.Year"].astype(float).between(2000, 2021)).sum() > 0


def test_regime_and_unrest_are_those_of_the_files(materials: Materials, folder: Path) -> None:
    frame = materials.panel("countries", "polity2", "unrest", "gdp", "total_trade", "autocratization").frame
    raw = pd.read_csv(folder / NEEDED[2])
    kenya = raw[(raw["country"] == "Kenya") & raw["year"].between(1998, 2018)].set_index("year")["polity2"]
    mine = frame[(frame["importer"] == "KEN") & frame["year"].le(2018)].set_index("year")["polity2"]
    assert mine.to_dict() == kenya.to_dict()
    protests = pd.read_csv(folder / "unrest/mass_mobilization_events.csv", encoding="utf-8")
    held = protests[
        (protests["country"] == "Kenya") & (protests["protest"] == 1) & protests["year"].between(1998, 2019)
    ]
    counted = frame[(frame["importer"] == "KEN")].set_index("year")["unrest"]
    assert counted.loc[1998:2019].sum() == len(held)
    # The record watches 2020 for a quarter, and the United States not at all.
    assert counted.loc[2020:].isna().all()
    assert frame.loc[frame["importer"] == "USA", "unrest"].isna().all()


def test_what_is_not_in_the_folder_says_why(materials: Materials) -> None:
    assert materials.goods is None and materials.investment is None
    assert "comtrade_legacy_sitc2_china.csv has no product 525" in materials.absent["goods"]
    assert "NELDA.csv" in materials.absent["institutions"]
    assert "no input of the role 'investment'" in materials.absent["investment"]


def test_coverage_and_conflicts_name_every_source(materials: Materials) -> None:
    table = coverage(materials)
    assert set(table["part"]) == {"deals", "arms", "countries", "pairs", "importers"}
    known = {source.name for source in materials.sources}
    assert set(table["source"]) - {"deals"} <= known
    assert {"sipri_register", "mass_mobilization", "polity5", "cow_trade", "world_bank"} <= set(
        conflicts(materials)["source"]
    )


def test_words_on_what_the_data_cannot_say_hold_their_counts(materials: Materials) -> None:
    said = " ".join(line for one in limits(materials, Switches()) for line in (*one.there, *one.cannot))
    deals = materials.deals.frame
    assert f"{len(deals):,} deals" in said and f"China {(deals['exporter'] == 'CHN').sum()}, " in said
    assert "Orders of arms are no trade in AI" in said
    assert "Nothing here can say whether China sells more of these deals than of other goods." in said


def test_table_4_is_made_and_tables_without_data_say_why(materials: Materials) -> None:
    names = ("table_2", "table_4", "table_5")
    chosen = [one for one in catalogue.CATALOGUE if one.name in names]
    made = {one.exhibit.name: one.versions[0] for one in make_exhibits(chosen, materials, Switches())}
    assert set(made) == set(names)
    for name, words in (("table_2", "no data on goods"), ("table_5", "NELDA")):
        assert made[name].content is None and words in made[name].refused
    content = made["table_4"].content
    assert content is not None
    table = numbers(content)
    assert table["estimate"].notna().all() and table["std_error"].gt(0).all()
    # Unrest to 2019 and two years after: outcomes to 2017; weak countries with a score.
    assert table["nobs"].between(500, 2000).all()


def test_a_run_to_the_end(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = (*nelda_items.EXHIBITS, *time_path.EXHIBITS, *(e for e in unrest_tables.EXHIBITS if e.name == "table_a15"))
    monkeypatch.setattr(runner, "CATALOGUE", few)
    monkeypatch.setattr(runner, "HEADLINES", ())
    family = load_family("brookings-public")
    made = runner.run_family(family, tmp_path / "out", [folder])
    assert [one.exhibit.name for one in made if one.versions[0].content is None] == ["table_a15"]
    assert made[-1].exhibit is suppliers.EXHIBITS[0]
    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert page.count(family.label) >= 2 and "Not made" in page and "What is not there" in page
    assert {"coverage.csv", "conflicts.csv", "aigs.csv", "aigs_countries.csv"} <= {
        p.name for p in (tmp_path / "out").iterdir()
    }
    assert not (tmp_path / "out" / "deals_report.csv").exists()


@pytest.mark.slow
def test_the_whole_catalogue(materials: Materials) -> None:
    exhibits = (*catalogue.CATALOGUE, *suppliers.exhibits_of(materials))
    made = make_exhibits(exhibits, materials, Switches())
    assert all((one.versions[0].content is None) == bool(one.versions[0].refused) for one in made)
    assert sum(one.versions[0].content is not None for one in made) >= 15


@pytest.mark.slow
def test_the_headline_of_the_checks_is_table_4_and_every_option_is_estimated(materials: Materials) -> None:
    family = load_family("brookings-public")
    case = robust_case(family, materials)
    table = unrest_tables.first_of_table_4(materials, family.switches).columns[0].coefficients
    same = next(one for one in table if one.term == "AI same year as unrest")
    assert (case.headline.coef[0], case.headline.std_errors.iloc[0]) == pytest.approx(
        (same.estimate, same.std_error), abs=1e-10
    )
    lines = [line for part in axes.CHECK.parts(case) for line in part.work(case).lines]
    assert [line.label for line in lines if line.role == "not made"] == []
