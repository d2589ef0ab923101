"""A run made again, with a maker that a test controls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from eventpanel.brookings.family import family_from, is_family, load_family
from eventpanel.datasets.checks import sha256
from eventpanel.datasets.errors import NumberError, StudyError
from eventpanel.datasets.source import Source
from eventpanel.reports.text import manifest
from eventpanel.rerun import RERUN, rerun
from eventpanel.runs.folder import read_manifest, read_run
from eventpanel.runs.told import told, verification_files
from eventpanel.runs.verified import Verified, verify_run
from eventpanel.study import built_in_studies, load_study, study_from
from tests.runs.folders import ESTIMATES, PAGE, STUDY, change, files_of, write

TABLES = {"estimates.csv": ESTIMATES, PAGE: "<p>0.5</p>"}
Made = Callable[[dict[str, str], tuple[Source, ...]], Verified]


@pytest.fixture
def again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """Verify a run of TABLES that comes out as told."""
    folder = write(tmp_path / "run", files_of(TABLES))

    def made(tables: dict[str, str], sources: tuple[Source, ...] = ()) -> Verified:
        monkeypatch.setitem(RERUN, "run", lambda *_: files_of(tables, sources=sources))
        return verify_run(read_run(folder), (), lambda _: None)

    return made


def with_table(old: str, new: str) -> dict[str, str]:
    assert old in ESTIMATES
    return TABLES | {"estimates.csv": ESTIMATES.replace(old, new)}


def test_the_same_files_are_no_problem(again: Made) -> None:
    found = again(TABLES, ())
    assert found.problems == []
    assert told(found)[-1] == "The run comes out as it was."


def test_numbers_within_the_tolerance_are_no_problem_and_excuse_the_page(again: Made) -> None:
    found = again(with_table("0.5,", "0.500000001,") | {PAGE: "<p>0.500000001</p>"}, ())
    assert found.problems == []
    assert any(
        "Largest difference within the tolerance: 2e-09, estimates.csv, same: value" in one for one in told(found)
    )


def test_a_page_with_other_bytes_beside_equal_tables_is_a_problem(again: Made) -> None:
    assert again(TABLES | {PAGE: "<p>0.6</p>"}, ()).problems == [f"{PAGE} has other bytes"]


def test_other_numbers_are_a_problem_and_shown(again: Made) -> None:
    found = again(with_table("-0.02", "-0.03"), ())
    assert found.problems == ["estimates.csv differs"]
    assert "  lag: value: then -0.02, now -0.03" in told(found)
    files = verification_files(found)
    assert b"estimates.csv,lag,value,-0.02,-0.03,TEST DATA" in files["differences.csv"]
    assert b"estimates.csv,as written,differs,1," in files["verified.csv"]
    assert b"<script" not in files["verified.html"]


def test_files_that_are_not_made_again_are_a_problem_and_new_ones_are_not(again: Made) -> None:
    found = again({"estimates.csv": ESTIMATES, "more.csv": ESTIMATES}, ())
    assert found.problems == [f"{PAGE} is not made again"]
    assert found.new == ("more.csv",)


def test_changed_inputs_are_a_problem_even_where_numbers_agree(again: Made) -> None:
    found = again(TABLES, (Source("deal_list", "Deals", file="deals.csv", sha256="a" * 64),))
    assert found.problems == ["the input deal_list deals.csv has changed"]


def test_a_table_changed_in_the_folder_is_named_and_compared(again: Made, tmp_path: Path) -> None:
    (tmp_path / "run" / "estimates.csv").write_text(ESTIMATES.replace("-0.02", "-0.2"), encoding="utf-8")
    found = again(TABLES, ())
    assert found.problems == ["estimates.csv is changed", "estimates.csv differs"]
    assert "  lag: value: then -0.2, now -0.02" in told(found)


def test_a_missing_file_is_named(again: Made, tmp_path: Path) -> None:
    (tmp_path / "run" / "estimates.csv").unlink()
    assert again(TABLES, ()).problems == ["estimates.csv is missing"]


def test_versions_that_differ_are_a_likely_reason(again: Made, tmp_path: Path) -> None:
    versions = read_run(tmp_path / "run").manifest.versions
    change(tmp_path / "run", versions=versions | {"numpy": "1.0"})
    lines = told(again(with_table("-0.02", "-0.03"), ()))
    assert any("a likely reason for differences: numpy 1.0, now" in one for one in lines)


def test_a_run_that_cannot_be_made_still_has_its_files_and_inputs_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deals.csv").write_text("then", encoding="utf-8")
    sources = (Source("deal_list", "Deals", file="deals.csv", sha256=sha256(tmp_path / "deals.csv")),)
    study = STUDY | {"inputs": {"deals": {"file": ["none.csv", "deals.csv"]}, "odd": 3, "out": {"file": "../x"}}}
    folder = write(tmp_path / "run", files_of(TABLES, study, sources))
    (folder / PAGE).unlink()

    def refuse(study: dict[str, Any], data: Sequence[Path], step: Callable[[str], None]) -> dict[str, bytes]:
        raise NumberError("no numbers")

    monkeypatch.setitem(RERUN, "run", refuse)
    same = verify_run(read_run(folder), (tmp_path,), lambda _: None)
    assert same.problems == [f"{PAGE} is missing"]
    (tmp_path / "deals.csv").write_text("now", encoding="utf-8")
    found = verify_run(read_run(folder), (tmp_path,), lambda _: None)
    assert found.problems == [f"{PAGE} is missing", "the input deal_list deals.csv has changed"]
    assert "The run could not be made again: no numbers" in told(found)
    assert set(verification_files(found)) == {"verified.csv", "differences.csv", "verified.html", "manifest.json"}


def test_only_known_commands_are_made_again() -> None:
    with pytest.raises(StudyError, match="cannot be made again"):
        rerun("os.system", {}, (), lambda _: None)


@pytest.mark.parametrize("study", [{}, {"family": "brookings"}, {"family": 3}, {"window": {"leads": 10**400}}])
def test_a_study_of_a_manifest_is_checked(study: dict[str, Any]) -> None:
    with pytest.raises(StudyError):
        rerun("run", study, (), lambda _: None)


@pytest.mark.parametrize("name", built_in_studies())
def test_the_study_of_a_manifest_is_the_study_that_was_run(name: str) -> None:
    study = load_family(name) if is_family(name) else load_study(name)
    held = read_manifest(manifest(study.model_dump(), (), {}, "run"), "here").study
    assert (family_from(held, name) if is_family(name) else study_from(held, name)) == study
