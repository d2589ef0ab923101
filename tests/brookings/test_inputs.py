"""Data of the family from a user's own files: parts, what is absent, and what was wrong with the list."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventpanel.brookings import nelda_items, time_path
from eventpanel.brookings import run as runner
from eventpanel.brookings.family import load_family
from eventpanel.brookings.limits import limits
from eventpanel.brookings.provenance import absences, conflicts, coverage, summed, traps
from eventpanel.brookings.run import materials_of, run_family
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.errors import ColumnError, MissingFileError, NotAvailableError, StudyError
from eventpanel.datasets.materials import Materials
from tests.brookings.own_files import GOODS, STUDY, country_years, write_files


def materials(folder: Path, study: str = STUDY, settings: list[str] | None = None) -> Materials:
    path = write_files(folder, study=study)
    return materials_of(load_family(str(path), settings or []), [folder])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Materials:
    return materials(tmp_path_factory.mktemp("own"), STUDY + GOODS)


def test_deals_are_those_the_list_watches(made: Materials) -> None:
    deals = made.deals.frame
    assert deals[["exporter", "importer", "year"]].to_numpy().tolist() == [
        ["CHN", "KEN", 2015], ["CHN", "UGA", 2016], ["USA", "KEN", 2016], ["CHN", "EGY", 2014], ["CHN", "SAU", 2017],
        ["ISR", "DEU", 2018],
    ]  # fmt: skip
    assert set(deals["input"]) == {"deals"}


def test_country_years_stand_under_the_names_of_the_materials(made: Materials) -> None:
    held = made.panel("countries", "polity2", "unrest", "gdp").frame
    raw = country_years()
    assert held["year"].agg(["min", "max"]).tolist() == [2000, 2021]
    both = held.merge(raw, left_on=["importer", "year"], right_on=["code", "year"])
    assert len(both) == len(raw[raw["year"].between(2000, 2021)])
    np.testing.assert_array_equal(both["unrest"], both["protests"])
    np.testing.assert_array_equal(both["gdp"], both["income"] * 1e6)
    # A country that the file lacks is missing, not zero.
    assert held.loc[held["importer"] == "USA", "unrest"].isna().all()


def test_goods_keep_zero_apart_from_missing(made: Materials) -> None:
    goods = made.panel("goods", "trade").frame.set_index(["product", "exporter", "importer"])["trade"].sort_index()
    assert goods.loc[("728", "CHN", "KEN")] == 25
    assert goods.loc[("728", "USA", "KEN")] == 10
    # Uganda's partners add up to World without China: a zero. Its year 1995 is no year of the study.
    assert goods.loc[("728", "CHN", "UGA")] == 0
    assert goods.loc[("728", "USA", "UGA")] == 7
    # Nobody says whether Uganda bought integrated circuits.
    assert ("776", "CHN", "UGA") not in goods.index
    years = made.panel("goods_years", "trade").frame
    by_year = years.set_index(["product", "exporter", "importer", "year"])["trade"].sort_index()
    assert by_year.loc[("728", "CHN", "KEN")].to_dict() == {2015: 20, 2016: 5}


def test_what_is_not_there_says_why(made: Materials) -> None:
    with pytest.raises(NotAvailableError, match=r"'institutions' is not in the data folders: NELDA\.csv"):
        made.panel("countries", "fair_elections")
    with pytest.raises(NotAvailableError, match="no input of the role 'pairs'"):
        made.panel("pairs")
    with pytest.raises(NotAvailableError, match="no input of the role 'investment'"):
        made.panel("investment")
    with pytest.raises(NotAvailableError, match="Carnegie"):
        made.records("deals", "carnegie")
    table = absences(made).set_index("why")["absent"]
    assert "institutions, fair elections" in table[next(why for why in table.index if "NELDA" in why)]


def test_customs_data_without_the_goods_give_none(tmp_path: Path) -> None:
    made = materials(tmp_path, STUDY + GOODS, ["inputs.goods.products=['525', '541']"])
    assert made.goods is None and made.goods_years is None
    with pytest.raises(NotAvailableError, match=r"none of the 2 products asked for \(525, 541\)"):
        made.panel("goods_years")


@pytest.mark.parametrize("role", ["deals", "polity", "unrest"])
def test_no_study_without_deals_regime_or_unrest(tmp_path: Path, role: str) -> None:
    with pytest.raises(MissingFileError):
        materials(tmp_path, settings=[f"inputs.{role}.file=nowhere.csv"])


def test_every_trap_has_its_line(made: Materials) -> None:
    report = traps(made)
    assert report is not None
    assert report.set_index("trap")["rows"].to_dict() == {
        "unknown country": 1, "future year": 1, "doubled deal": 1, "value without currency": 2,
        "exporter is importer": 1, "missing year": 1, "deal outside the list": 1, "text for a year": 1,
    }  # fmt: skip


def test_deals_before_the_list_are_listed_not_counted(made: Materials) -> None:
    table = conflicts(made)
    before = table[table["problem"] == "outside the country-years that the list watches"]
    assert before[["part", "value", "years", "rows"]].to_numpy().tolist() == [["deals", "BRA", "2007", 1]]
    lines = summed(table)
    assert lines.loc[lines["problem"] == "the same deal again", "rows"].tolist() == [1]


def test_coverage_counts_every_row(made: Materials) -> None:
    table = coverage(made)
    ways = ["nonzero", "zero", "censored", "no_value", "not_covered"]
    rows = table[table["part"] == "countries"].set_index("variable")[ways].sum(axis=1)
    assert rows.to_dict() == dict.fromkeys(["polity2", "unrest", "gdp"], len(made.countries.frame))
    deals = table[table["part"] == "deals"].iloc[0]
    assert deals["nonzero"] == 6 and deals["zero"] == len(made.deals.covered) - 6


def test_limits_count_what_is_there(made: Materials) -> None:
    said = {one.about.split(" (")[0]: one for one in limits(made, Switches())}
    assert "6 deals of 3 exporters with 5 importers, 2008-2018." in said["Deals"].there[0]
    assert "China 4, United States 1" in said["Deals"].there[1]
    assert any("complete for the importers and years" in line for line in said["Deals"].cannot)
    assert said["Comparative advantage"].there == ("2 goods, 2 exporters, 2 importers.",)
    # Ten countries below 7 have unrest in 21 years to 2020, and deals are known to 2018.
    years = 10 * len(range(2000, 2019))
    assert f"{years} years of 10 autocracies" in said["Unrest and imports"].there[0]
    assert f"A deal with China in 4 of them ({4 / years:.1%})" in said["Unrest and imports"].there[1]
    share = 4 / years
    assert f"{2.8 * np.sqrt(share * (1 - share) / years):.3f}" in said["Unrest and imports"].cannot[-1]


def test_a_run_writes_where_the_data_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "CATALOGUE", (*nelda_items.EXHIBITS, *time_path.EXHIBITS))
    monkeypatch.setattr(runner, "HEADLINES", ())
    path = write_files(tmp_path)
    run_family(load_family(str(path)), tmp_path / "out", [tmp_path])
    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert "What these data can and cannot say about the paper" in page
    assert page.index("TEST DATA") < page.index("What these data")
    assert "around 2015" in page
    for name in ("coverage.csv", "conflicts.csv", "deals_report.csv"):
        table = pd.read_csv(tmp_path / "out" / name)
        assert len(table) and set(table["label"]) == {"TEST DATA"}


BAD = {
    "inputs.extra.source=gdp": "There is no role 'extra'",
    "inputs.polity.role=politie": "There is no role 'politie' (did you mean polity?)",
    'inputs.polity.columns={ polity = "polity2" }': "The role 'polity' has no column 'polity'",
    "inputs.gdp.products=['728']": "The role 'gdp' has no products",
    "inputs.polity.role=gdp": "no input for the Polity score",
    "kind=public": "its deals are 'own'",
    "simulation.seed=1": "this one has both",
    "inputs.gdp.cloumns=1": "unknown key (did you mean columns?)",
    "inputs.gdp.scale=-1": "must be above 0",
    "years.first=2030": "end before they begin",
}


@pytest.mark.parametrize("setting", BAD)
def test_every_key_is_checked(tmp_path: Path, setting: str) -> None:
    path = write_files(tmp_path)
    with pytest.raises(StudyError) as caught:
        load_family(str(path), [setting])
    assert BAD[setting] in str(caught.value)


def test_neither_simulation_nor_inputs(tmp_path: Path) -> None:
    path = write_files(tmp_path, study='family = "brookings"\ntitle = "x"\nlabel = "y"\n')
    with pytest.raises(StudyError, match="this one has neither"):
        load_family(str(path))


BY_PAIR = (
    "inputs.institutions={ source = 'country_years', file = 'countries.csv', role = 'investment', "
    "options = { columns = { score = 'investment' }, country = 'code', scheme = 'iso3' } }"
)
WRONG = {
    'inputs.unrest.columns={ unrest = "riots" }': (ColumnError, "no column 'riots'"),
    "inputs.gdp.role=arms": (StudyError, "no column 'gdp'"),
    BY_PAIR: (StudyError, "needs rows by exporter"),
}


@pytest.mark.parametrize("setting", WRONG)
def test_what_an_input_cannot_give(tmp_path: Path, setting: str) -> None:
    kind, words = WRONG[setting]
    with pytest.raises(kind) as caught:
        materials(tmp_path, settings=[setting])
    assert words in str(caught.value)


def test_two_inputs_of_one_column(tmp_path: Path) -> None:
    twice = STUDY.replace(
        "[inputs.institutions]",
        '[inputs.again]\nrole = "gdp"\nsource = "country_years"\nfile = "countries.csv"\n'
        'options = { columns = { income = "gdp" }, country = "code", scheme = "iso3" }\n\n[inputs.institutions]',
    )
    with pytest.raises(StudyError, match="Two inputs give gdp"):
        materials(tmp_path, twice)


PAIRS = """
[inputs.geography]
role = "pairs"
source = "country_years"
file = "countries.csv"
options = { columns = { coast = "landlocked" }, country = "code", scheme = "iso3" }
"""


def test_facts_of_countries_become_facts_of_pairs_where_both_have_them(tmp_path: Path) -> None:
    path = write_files(tmp_path, study=STUDY + PAIRS)
    table = country_years()
    # Uganda and Ethiopia have no coast; that of 2006 is not read, for the base year is 2007.
    coast = table["code"].isin(["UGA", "ETH"]).astype(int).where(table["year"] != 2006, 1)
    table.assign(coast=coast).to_csv(tmp_path / "countries.csv", index=False)
    pairs = materials_of(load_family(str(path)), [tmp_path]).panel("pairs", "landlocked").frame
    both = pairs[pairs["landlocked"] == 1][["exporter", "importer"]].to_numpy().tolist()
    assert sorted(both) == [["ETH", "UGA"], ["UGA", "ETH"]]
    assert len(pairs) == 16 * 15 and pairs["landlocked"].sum() == 2


AID = """
[inputs.aid]
source = "deal_list"
file = "aid.csv"
options = { first = 2008, last = 2018 }
weight = "value"

[inputs.health]
role = "aid"
source = "deal_list"
file = "aid.csv"
options = { first = 2008, last = 2018 }
select = { kind = ["health"] }
columns = { aid_china_health = "value" }
"""


def test_aid_is_summed_by_giver_and_kind(tmp_path: Path) -> None:
    rows = [
        "China,Kenya,2010,health,3",
        "China,Kenya,2012,roads,4",
        "USA,Kenya,2012,health,9",
        "China,Uganda,2015,roads,5",
    ]
    (tmp_path / "aid.csv").write_text("\n".join(["exporter,importer,year,kind,value_usd", *rows]), encoding="utf-8")
    held = materials(tmp_path, STUDY + AID).panel("importers", "aid_china", "aid_usa", "aid_china_health").frame
    sums = held.set_index("importer").loc[["KEN", "UGA", "EGY"]]
    assert sums["aid_china"].tolist() == [7, 5, 0]
    assert sums["aid_usa"].tolist() == [9, 0, 0]
    assert sums["aid_china_health"].tolist() == [3, 0, 0]


def test_two_lists_share_years_and_count_each_deal_once(tmp_path: Path) -> None:
    more = STUDY.replace(
        "[inputs.polity]",
        """[inputs.chinese]
role = "deals"
source = "deal_list"
file = "deals.csv"
options = { first = 2008, last = 2018 }
select = { exporter = ["CHN"] }

[inputs.later]
role = "deals"
source = "deal_list"
file = "deals.csv"
options = { first = 2015, last = 2017 }

[inputs.polity]""",
    )
    made = materials(tmp_path, more)
    # The list of 2015 to 2017 is another reading of the file: its deals of these years stand beside the others.
    assert made.deals.covered["year"].agg(["min", "max"]).tolist() == [2015, 2017]
    assert "chinese" not in set(made.deals.frame["input"])
    assert "counted once" in set(conflicts(made)["resolution"])
