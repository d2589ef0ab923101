"""Episodes of regime change: one row each, dated by the first year, censoring told; years marked in the panel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from eventpanel.datasets.errors import DuplicateKeyError, WrongLayoutError
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.records import Records, count, select
from eventpanel.datasets.sources.regime.ert import episodes, read

HEAD = "country_text_id,year,v2x_regime,v2x_polyarchy,reg_trans"
DEM = (
    "dem_ep,dem_ep_id,dem_ep_start_year,dem_ep_end_year,dem_pre_ep_year,dem_ep_termination,dem_ep_prch,dem_ep_subdep,"
    "dem_ep_outcome,dem_ep_censored"
)
AUT = DEM.replace("dem_", "aut_").replace("subdep", "subreg")
QUIET = "0,NA,NA,NA,0,NA,NA,NA,0,0"
UP = "KEN_2001_2003,2001,2003"


def line(year: int, regime: int, polyarchy: float, change: int, up: str = QUIET, down: str = QUIET) -> str:
    return f"KEN,{year},{regime},{polyarchy},{change},{up},{down}"


LINES = [
    line(2000, 1, 0.30, 0, up=f"0,{UP},1,NA,NA,NA,0,0"),
    line(2001, 1, 0.40, 0, up=f"1,{UP},0,1,1,1,1,0"),
    line(2002, 2, 0.55, 1, up=f"1,{UP},0,1,1,1,1,0"),
    line(2003, 2, 0.60, 0, up=f"1,{UP},0,1,1,1,1,0"),
    line(2004, 2, 0.60, 0, down="0,KEN_2005_2006,2005,2006,1,NA,NA,NA,0,0"),
    line(2005, 2, 0.50, 0, down="1,KEN_2005_2006,2005,2006,0,0,1,0,6,1"),
    line(2006, 2, 0.45, 0, down="1,KEN_2005_2006,2005,2006,0,0,1,0,6,1"),
    "PSG,2006,NA,0.2,NA," + QUIET + "," + QUIET,
]


def write(folder: Path, lines: list[str] = LINES) -> Path:
    path = folder / "ert.csv"
    path.write_text("\n".join([f"{HEAD},{DEM},{AUT}", *lines]) + "\n", encoding="utf-8")
    return path


def test_one_row_an_episode(tmp_path: Path) -> None:
    frame = episodes(write(tmp_path)).frame
    up, down = frame.to_dict("records")
    assert up == {
        "importer": "KEN",
        "year": 2001,
        "last": 2003,
        "years": 3,
        "kind": "democratization",
        "episode": "KEN_2001_2003",
        "outcome": "democratic transition",
        "termination": "years without change",
        "censored": False,
        "could_change_regime": True,
        "went_on": True,
        "change_year": 2002,
        "polyarchy_before": 0.30,
        "polyarchy_last": 0.60,
    }
    assert (down["kind"], down["outcome"], down["censored"]) == ("autocratization", "censored", True)
    assert down["termination"] == "none yet" and pd.isna(frame["change_year"]).tolist() == [False, True]


def test_counted_onsets_are_zero_where_the_file_watches(tmp_path: Path) -> None:
    records = episodes(write(tmp_path))
    onsets = count(select(records, "kind", ["democratization"]), "onsets").frame
    assert onsets["year"].tolist() == list(range(2000, 2007))
    assert onsets["onsets"].tolist() == [0, 1, 0, 0, 0, 0, 0]


def test_years_of_episodes_in_the_panel(tmp_path: Path) -> None:
    panel = read(write(tmp_path), episodes=True)
    frame = panel.frame
    assert frame["democratization"].tolist() == [0, 1, 1, 1, 0, 0, 0]
    assert frame["democratization_onset"].tolist() == [0, 1, 0, 0, 0, 0, 0]
    assert frame["autocratization"].tolist() == [0, 0, 0, 0, 0, 1, 1]
    assert frame["autocratization_onset"].tolist() == [0, 0, 0, 0, 0, 1, 0]
    assert frame["autocratization_censored"].tolist() == [0, 0, 0, 0, 0, 1, 1]
    assert frame["regime_change"].tolist() == [0, 0, 1, 0, 0, 0, 0]
    assert panel.conflicts["value"].tolist() == ["PSG"]
    assert read(write(tmp_path)).variables == ("regimes_of_the_world", "polyarchy")


def test_refusals(tmp_path: Path) -> None:
    torn = [text.replace("2003,0,1,1,1,1,0", "2003,0,1,1,1,3,0") if ",2002,2," in text else text for text in LINES]
    with pytest.raises(WrongLayoutError, match="contradict each other") as caught:
        episodes(write(tmp_path, torn))
    assert "KEN_2001_2003" in caught.value.where
    with pytest.raises(WrongLayoutError, match="missing or stand twice"):
        episodes(write(tmp_path, [text for text in LINES if ",2002," not in text]))
    with pytest.raises(WrongLayoutError, match="lacks the columns"):
        path = write(tmp_path)
        path.write_text(path.read_text("utf-8").replace("aut_ep_prch", "aut_other"), encoding="utf-8")
        episodes(path)
    with pytest.raises(DuplicateKeyError, match="KEN 2000"):
        read(write(tmp_path, [*LINES, LINES[0]]))


@dataclass(frozen=True)
class Published:
    """The publisher's file by plain pandas, and what is read from it."""

    raw: pd.DataFrame
    records: Records
    panel: Panel


@pytest.fixture(scope="module")
def published(data_dir: Path) -> Published:
    path = data_dir / "regime" / "vdem_ert.csv"
    return Published(pd.read_csv(path), episodes(path), read(path, episodes=True))


def test_episodes_as_published(published: Published) -> None:
    raw, records = published.raw, published.records
    lost = records.conflicts["rows"].sum()
    assert len(records.frame) + lost == raw["dem_ep_id"].nunique() + raw["aut_ep_id"].nunique()
    assert not records.frame["episode"].duplicated().any()
    hungary = records.frame.set_index("episode").loc[["HUN_2006_2024"]]
    years = raw[raw["aut_ep_id"] == "HUN_2006_2024"]
    assert hungary["change_year"].tolist() == years.loc[years["reg_trans"] == -1, "year"].tolist()
    assert hungary["censored"].tolist() == [True] and hungary["outcome"].tolist() == ["democratic breakdown"]
    before = years.loc[years["aut_pre_ep_year"] == 1, "v2x_polyarchy"].tolist()
    assert hungary["polyarchy_before"].tolist() == before


def test_a_change_of_regime_is_there_for_each_transition_and_breakdown(published: Published) -> None:
    frame = published.records.frame
    changed = frame["outcome"].isin(["democratic transition", "democratic breakdown"])
    assert (frame["change_year"].notna() == changed).all() and changed.sum() > 100
    inside = frame[changed]
    assert (inside["change_year"] >= inside["year"]).all() and (inside["change_year"] <= inside["last"]).all()


def test_marks_and_episodes_agree(published: Published) -> None:
    raw, frame, listed = published.raw, published.panel.frame, published.records.frame
    for name, kind in (("democratization", "dem"), ("autocratization", "aut")):
        onsets = frame.loc[frame[f"{name}_onset"] == 1, ["importer", "year"]]
        starts = listed.loc[listed["kind"] == name, ["importer", "year"]]
        assert sorted(map(tuple, onsets.to_numpy())) == sorted(map(tuple, starts.to_numpy()))
        kenya = raw[raw["country_text_id"] == "KEN"].set_index("year")
        mine = frame[frame["importer"] == "KEN"].set_index("year")
        assert (mine[name] == kenya.loc[mine.index, f"{kind}_ep"]).all()
