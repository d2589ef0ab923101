"""The built-in world panel against the counts of a first merge by hand, every difference named and counted.

``world_panel_by_hand`` makes the first merge again without eventpanel and meets each of its counts. Ours differs by
rows of which each has a reason: ours = first - lost + gained, and both lists are computed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import eventpanel.api as ep

pytest.importorskip("rdata")
from tests.realdata import world_panel_by_hand as hand

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "data" / "world_panel.md"

# Counted when the sources were first merged by hand.
FIRST = {
    "rows": 2864, "regime": 2858, "polity2": 2140, "protests": 2240, "gdelt": 1536, "gdp": 2753, "imports": 1516,
    "complete": 2235, "autocracies": 1099, "polity below 7": 1044, "two leads and lags": 1915,
}  # fmt: skip
FIRST_IMPORTERS = {
    "rows": 179, "protests": 160, "complete": 160, "autocracies": 95, "polity below 7": 90, "two leads and lags": 160,
}  # fmt: skip
FIRST_DEALS = {
    ("CHN", "all"): (470, 247, 73),
    ("USA", "all"): (1946, 799, 128),
    ("CHN", "drones or sensors"): (65, 46, 23),
    ("USA", "drones or sensors"): (207, 166, 54),
}
COLUMNS = {
    "regime": "regimes_of_the_world", "polity2": "polity2", "protests": "protests", "gdelt": "gdelt_14", "gdp": "gdp",
    "imports": "total_imports", "deals_CHN": "deals_china", "deals_USA": "deals_usa",
}  # fmt: skip


@dataclass(frozen=True)
class Both:
    """Our panel and the plain one."""

    panel: ep.Panel
    plain: hand.ByHand
    register: pd.DataFrame

    @cached_property
    def ours(self) -> pd.DataFrame:
        """Rows of 2006 to 2021 by importer and year."""
        frame = self.panel.frame[self.panel.frame["year"].between(hand.FIRST, hand.LAST)]
        return frame.set_index(["importer", "year"])

    @cached_property
    def places(self) -> dict[str, tuple[hand.Places, hand.Places]]:
        """Rows the plain panel and ours have, by name of the count."""
        found = {name: (self.plain.rows(name), self.rows(name)) for name in FIRST if name in COLUMNS}
        found["rows"] = (set(self.plain.frame.index), set(self.ours.index))
        tables = (self.plain.frame, self.ours.rename(columns={theirs: name for name, theirs in COLUMNS.items()}))
        watched = self.panel.frame.set_index(["importer", "year"])["protests"].dropna()
        records = (set(self.plain.protests.index), set(watched.index))
        pairs = [complete(table, record) for table, record in zip(tables, records, strict=True)]
        return found | {name: (pairs[0][name], pairs[1][name]) for name in pairs[0]}

    def rows(self, name: str) -> hand.Places:
        """Rows in which our panel has a value."""
        return set(self.ours.index[self.ours[COLUMNS[name]].notna()])

    def deals(self, exporter: str, kind: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Lists of deals, the plain one and ours, in the rows of each panel."""
        plain = self.plain.deals[self.plain.deals["exporter"] == exporter]
        ours = self.register[self.register["exporter"] == exporter]
        inside = pd.MultiIndex.from_frame(ours[["importer", "year"]]).isin(self.ours.index)
        if kind == "all":
            return plain, ours[inside]
        drone = ours["description"].str.contains("UAV|UCAV") | (ours["category"] == "Sensors")
        return plain[plain["watches"]], ours[inside & drone]


def complete(frame: pd.DataFrame, record: hand.Places) -> dict[str, hand.Places]:
    """Rows with outcome, regime and protests; of these autocracies; of all, those with a whole window of protests."""
    whole = frame.dropna(subset=["deals_CHN", "regime", "protests"])
    return {
        "complete": set(whole.index),
        "autocracies": set(whole.index[whole["regime"] <= 1]),
        "polity below 7": set(whole.index[whole["polity2"] < 7]),
        "two leads and lags": hand.with_window(record, set(whole.index)),
    }


@pytest.fixture(scope="module")
def both(data_dir: Path) -> Both:
    panel = ep.build_panel(ep.load_study("world-panel"), data_dir)
    register = ep.read("sipri_register", data_dir / "trade" / "sipri_trade_register.csv", {})
    assert isinstance(register, ep.Records)
    return Both(panel, hand.build(data_dir), register.frame)


def test_the_plain_merge_shares_no_code() -> None:
    tree = ast.parse(Path(hand.__file__).read_text("utf-8"))
    imported = [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
    imported += [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    assert not any(name.startswith("eventpanel") for name in imported)


@pytest.mark.parametrize("name", FIRST)
def test_the_plain_merge_meets_the_first_counts(both: Both, name: str) -> None:
    places, _ = both.places[name]
    assert len(places) == FIRST[name]
    if name in FIRST_IMPORTERS:
        assert len({code for code, _ in places}) == FIRST_IMPORTERS[name]


@pytest.mark.parametrize(("exporter", "kind"), FIRST_DEALS)
def test_the_plain_merge_meets_the_first_counts_on_deals(both: Both, exporter: str, kind: str) -> None:
    assert hand.counts(both.deals(exporter, kind)[0]) == FIRST_DEALS[exporter, kind]


def test_the_plain_merge_meets_the_first_counts_on_protests(both: Both) -> None:
    """38 % of autocracy-years without any, mean 3.7, 95th percentile 16; ours are the same to these digits."""
    for table, name, places in (
        (both.plain.frame, "protests", both.places["autocracies"][0]),
        (both.ours, "protests", both.places["autocracies"][1]),
    ):
        values = table.loc[table.index.isin(list(places)), name]
        assert f"{(values == 0).mean():.2f} {values.mean():.1f} {values.quantile(0.95):.0f}" == "0.38 3.7 16"


# Why a row of the plain merge is not ours, in the order of asking.
def no_state(both: Both, place: tuple[str, int]) -> bool:
    """V-Dem's Gaza, Somaliland and Zanzibar are no states of the crosswalk."""
    return place[0] not in set(ep.country_years(1900, hand.LAST)["importer"]) and place[0] not in set(
        both.panel.frame["importer"]
    )


def before_its_time(both: Both, place: tuple[str, int]) -> bool:
    """The state did not exist on 31 December of that year."""
    return not ep.existed([place[0]], [place[1]])[0]


def lag_before_its_time(both: Both, place: tuple[str, int]) -> bool:
    """A lag of its window lies before the state existed: the plain record has a zero there."""
    code, year = place
    return not ep.existed([code, code], [year - 2, year - 1]).all()


def outcome_not_watched(both: Both, place: tuple[str, int]) -> bool:
    """SIPRI's frame is states: no deal of Hong Kong or the Palestinian territories is not a zero."""
    answers = pd.Series(both.panel.answers("deals_china"), both.panel.frame.set_index(["importer", "year"]).index)
    return place in answers.index and answers[place] == ep.Answer.NOT_COVERED


# Why a row of ours is not in the plain merge.
def code_unknown(both: Both, place: tuple[str, int]) -> bool:
    """The dictionary of the plain merge has no ISO3 code for the country: Kosovo."""
    return place[0] not in both.plain.known_codes


def lowest_code(both: Both, place: tuple[str, int]) -> bool:
    """One order of each pair was kept, and the state of the lowest code is never second."""
    return place[0] == "USA"


LOST = (no_state, before_its_time, outcome_not_watched, lag_before_its_time)
GAINED = (code_unknown, lowest_code)
Reason = Callable[[Both, tuple[str, int]], bool]


def explain(both: Both, places: hand.Places, reasons: tuple[Reason, ...]) -> dict[str, hand.Places]:
    """Sort rows by the first reason that holds; what has none is under the empty name."""
    found: dict[str, hand.Places] = {}
    for place in sorted(places):
        name = next((reason.__name__ for reason in reasons if reason(both, place)), "")
        found.setdefault(name, set()).add(place)
    return found


ALLOWED: dict[str, set[str]] = {
    "rows": {"no_state", "before_its_time"},
    "regime": {"no_state", "before_its_time"},
    "polity2": set(),
    "protests": {"before_its_time"},
    "gdelt": set(),
    "gdp": {"before_its_time"},
    "imports": {"code_unknown", "lowest_code"},
    "complete": {"before_its_time"},
    "autocracies": {"before_its_time"},
    "polity below 7": {"before_its_time"},
    "two leads and lags": {"before_its_time", "lag_before_its_time"},
}


@pytest.mark.parametrize("name", FIRST)
def test_ours_are_the_first_less_what_is_explained(both: Both, name: str) -> None:
    theirs, ours = both.places[name]
    lost, gained = theirs - ours, ours - theirs
    reasons = explain(both, lost, LOST) | explain(both, gained, GAINED)
    assert "" not in reasons, reasons.get("")
    assert set(reasons) <= ALLOWED[name], {reason: sorted(reasons[reason])[:5] for reason in reasons}
    assert sum(map(len, reasons.values())) == len(lost) + len(gained)
    assert len(ours) == FIRST[name] - len(lost) + len(gained)


@pytest.mark.parametrize(("exporter", "kind"), FIRST_DEALS)
def test_deals_are_the_first_less_what_is_explained(both: Both, exporter: str, kind: str) -> None:
    """Armed groups named after a country are no country, and a deal with no state has no row."""
    theirs, ours = both.deals(exporter, kind)
    lost = theirs[~theirs["deal"].isin(ours["deal"])]
    assert set(ours["deal"]) <= set(theirs["deal"])
    groups = lost["recipient"].str.contains("*", regex=False)
    outside = np.array([place not in both.ours.index for place in zip(lost["importer"], lost["year"], strict=True)])
    unwatched = np.array(
        [outcome_not_watched(both, place) for place in zip(lost["importer"], lost["year"], strict=True)]
    )
    assert (groups | outside | unwatched).all()
    assert len(ours) == FIRST_DEALS[exporter, kind][0] - len(lost)
    column = {"all": "deals", "drones or sensors": "drones_or_sensors"}[kind] + {"CHN": "_china", "USA": "_usa"}[
        exporter
    ]
    values = both.ours[column]
    assert (values.sum(), (values > 0).sum()) == hand.counts(ours)[:2]


def test_countries_that_cross_the_line(both: Both) -> None:
    """40 at first, where a year without a class counts as no autocracy: Gaza and South Sudan cross by being new."""
    low = (both.plain.frame["regime"] <= 1).groupby("importer").agg(["any", "all"])
    theirs = set(low.index[low["any"] & ~low["all"]])
    classes = both.ours["regimes_of_the_world"].dropna().le(1).groupby("importer").agg(["any", "all"])
    ours = set(classes.index[classes["any"] & ~classes["all"]])
    assert len(theirs) == 40
    incomplete = both.plain.frame["regime"].isna().groupby("importer").any()
    assert theirs - ours == set(incomplete.index[incomplete]) & theirs and not ours - theirs
    assert len(ours) == 40 - len(theirs - ours)


def test_zeros_that_the_plain_merge_invents(both: Both) -> None:
    """Where no source watches, ours has no number: rows of deals are zero there in the plain merge."""
    theirs, ours = both.plain.rows("deals_CHN"), both.rows("deals_CHN")
    assert len(theirs) == FIRST["rows"] and not ours - theirs
    reasons = explain(both, theirs - ours, LOST)
    assert set(reasons) == {"no_state", "before_its_time", "outcome_not_watched"}
    assert {code for code, _ in reasons["outcome_not_watched"]} == {"HKG", "PSE"}
    invented = both.plain.frame["deals_CHN"][both.plain.frame.index.isin(list(theirs - ours))]
    assert len(invented) == len(theirs - ours) and (invented == 0).all()


def test_the_study_estimates(both: Both) -> None:
    """Two leads and lags in 2006 to 2021: the years whose window the record of protests holds."""
    results = ep.estimate_study(ep.load_study("world-panel"), both.panel)
    whole = both.places["two leads and lags"][1]
    (estimate,) = [result.estimate for result in results if result.name == "all"]
    used = both.panel.frame.loc[estimate.sample, ["importer", "year"]].itertuples(index=False, name=None)
    assert set(used) == whole
    assert [term.event_time for term in estimate.path] == [-2, -1, 0, 1, 2]
    assert len(results) == 2 and (estimate.std_errors > 0).all()


def test_the_page_prints_these_numbers(both: Both) -> None:
    section = PAGE.read_text("utf-8").split("\n## Against a plain merge\n")[1]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")][2:]
    printed = {name: tuple(int(cell.replace(",", "")) for cell in cells[:4]) for name, *cells in lines}
    assert set(printed) == set(FIRST)
    for name, (theirs, ours) in both.places.items():
        assert printed[name] == (FIRST[name], len(theirs - ours), len(ours - theirs), len(ours)), name
