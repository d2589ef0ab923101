"""What changed between two runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from eventpanel.datasets.source import Source
from eventpanel.runs.changes import Changes, changes_of
from eventpanel.runs.estimates import estimates_of
from eventpanel.runs.folder import read_run
from eventpanel.runs.words import changes_files, changes_told
from tests.runs.folders import ESTIMATES, PAGE, STUDY, change, files_of, write

DEALS = Source("deal_list", "Deals", file="deals.csv", sha256="a" * 64)
SCORES = Source("polity5", "Polity5", file="p5.csv", sha256="b" * 64)


def two(
    tmp_path: Path,
    tables: Mapping[str, str],
    study: Mapping[str, Any] = STUDY,
    sources: tuple[tuple[Source, ...], tuple[Source, ...]] = ((), ()),
) -> Changes:
    """The run of ESTIMATES, and another."""
    then = write(tmp_path / "then", files_of({"estimates.csv": ESTIMATES, PAGE: "a"}, sources=sources[0]))
    now = write(tmp_path / "now", files_of(tables, study, sources[1]))
    return changes_of(read_run(then), read_run(now))


def test_nothing_changed(tmp_path: Path) -> None:
    found = two(tmp_path, {"estimates.csv": ESTIMATES, PAGE: "a"})
    lines = changes_told(found)
    assert lines[2:] == [
        "Inputs: the same.",
        "Versions: the same.",
        "Settings: the same.",
        "Estimates: 3 compared, none moved.",
    ]


def test_a_change_is_measured_in_standard_errors_of_the_first(tmp_path: Path) -> None:
    found = two(tmp_path, {"estimates.csv": ESTIMATES.replace("0.5,0.1", "0.45,0.3"), PAGE: "b"})
    moved = found.estimates[found.estimates["moved"]]
    assert moved["row"].tolist() == ["same"]
    assert moved["change_in_std_errors"].to_numpy() == pytest.approx([-0.5])
    assert found.others == (PAGE,)


def test_what_says_something_else_comes_first_then_what_moved_most(tmp_path: Path) -> None:
    text = ESTIMATES.replace("0.1,0.2,0.62", "0.9,0.2,0.62").replace("-0.02,0.1,0.84", "0.01,0.1,0.9")
    found = two(tmp_path, {"estimates.csv": text.replace("0.5,0.1,0.00001", "0.49,0.1,0.3")})
    # The lag turns around by 0.3 standard errors, the same year loses significance at 0.1, the lead moves by 4.
    assert found.estimates["row"].tolist() == ["lag", "same", "lead"]
    assert found.estimates["says"].tolist() == ["sign", "significance at 5%", ""]


def test_estimates_that_come_and_go_are_told(tmp_path: Path) -> None:
    text = ESTIMATES.replace("0.1,0.2,0.62", ",,").replace("lag,1,", "later,2,")
    found = two(tmp_path, {"estimates.csv": text, "more.csv": "a,b\n1,2\n"})
    assert found.estimates.loc[found.estimates["row"] == "lead", "says"].tolist() == ["no longer estimated"]
    assert found.only_then == [(PAGE, ""), ("estimates.csv", "lag")]
    assert found.only_now == [("more.csv", ""), ("estimates.csv", "later")]


def test_inputs_versions_platform_and_settings(tmp_path: Path) -> None:
    other = Source("deal_list", "Deals", file="deals.csv", sha256="c" * 64)
    study = STUDY | {"window": {"leads": 3, "ends": "none"}, "derive": {"x": ["a", "b"]}}
    then = write(tmp_path / "then", files_of({}, sources=(DEALS, SCORES)))
    now = write(tmp_path / "now", files_of({}, study, (other,)))
    versions = read_run(then).manifest.versions
    change(then, versions=versions | {"numpy": "1.0"}, platform="Amiga")
    found = changes_of(read_run(then), read_run(now))
    assert found.inputs == [
        ("deal_list deals.csv", "a" * 64, "c" * 64),
        ("polity5 p5.csv", "b" * 64, "absent"),
    ]
    assert [(name, one) for name, one, _ in found.versions] == [("numpy", "1.0"), ("platform", "Amiga")]
    assert found.settings == [("window.leads", "2", "3"), ("derive.x", "absent", '["a", "b"]')]
    assert "  window.leads: 2 -> 3" in changes_told(found)


def test_other_studies_and_changed_files_are_a_warning(tmp_path: Path) -> None:
    found = two(tmp_path, {"estimates.csv": ESTIMATES}, STUDY | {"title": "Another"})
    assert any("different studies" in line for line in found.warnings)
    (tmp_path / "now" / "estimates.csv").write_text(ESTIMATES + "x,2,1,1,1\n", encoding="utf-8")
    again = changes_of(read_run(tmp_path / "then"), read_run(tmp_path / "now"))
    assert "B: estimates.csv is changed since the run." in again.warnings


def test_without_p_values_they_come_from_t_with_the_degrees_of_freedom() -> None:
    then, now = b"term,estimate,std_error,dof\na,2.0,1,3\n", b"term,estimate,std_error,dof\na,2.1,1,\n"
    found = estimates_of(then, now, "t.csv")
    assert found is not None
    assert found.both["p_then"].to_numpy() == pytest.approx([2 * stats.t.sf(2.0, 3)])
    assert found.both["p_now"].to_numpy() == pytest.approx([2 * stats.norm.sf(2.1)])


def test_names_of_estimates_are_not_taken_for_numbers() -> None:
    text = b"estimate,term,value,std_error\nregimes,a,1.0,0.5\n"
    found = estimates_of(text, text.replace(b"1.0", b"2.0"), "t.csv")
    assert found is not None
    assert found.both["change"].tolist() == [1.0]


def test_tables_without_estimates_have_none() -> None:
    assert estimates_of(b"unit,rows\nA,3\n", b"unit,rows\nA,4\n", "t.csv") is None


def test_huge_numbers_are_compared() -> None:
    one, two = b"term,value,std_error\na,1e308,1\n", b"term,value,std_error\na,-1e400,1\n"
    found = estimates_of(one, two, "t.csv")
    assert found is not None
    assert np.isinf(found.both["change"]).all()


def test_the_page_and_the_table_hold_what_moved(tmp_path: Path) -> None:
    title = "<script>alert(1)</script>"
    found = two(tmp_path, {"estimates.csv": ESTIMATES.replace("0.5,0.1", "0.45,0.3")}, STUDY | {"title": title})
    files = changes_files(found)
    assert set(files) == {"diff.csv", "diff.html", "manifest.json"}
    assert b"<script" not in files["diff.html"]
    assert b"estimates.csv: same" in files["diff.html"]
    assert files["diff.csv"].splitlines()[0].startswith(b"file,row,then,now,change,std_error,change_in_std_errors")
