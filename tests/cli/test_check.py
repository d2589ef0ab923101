"""``check`` stops after the panel: coverage, conflicts, recurrence."""

from __future__ import annotations

import hashlib
import json

import pandas as pd
import pytest

from eventpanel.cli import main
from eventpanel.datasets.errors import ColumnError, StudyError
from tests.cli.projects import FIRST, IMPORTERS, LAST, Project


def check(project: Project, *arguments: str) -> int:
    project.capture.readouterr()
    code = main(["check", str(project.study), *arguments])
    project.stdout, project.stderr = project.capture.readouterr()
    return code


def test_check_shows_coverage_conflicts_and_recurrence_and_writes_nothing(project: Project) -> None:
    before = project.listing()
    assert check(project) == 0
    assert project.stderr == ""
    for words in ("TEST DATA", f"{len(IMPORTERS) * (LAST - FIRST + 1)} rows", "Coverage", "Conflicts\n  none"):
        assert words in project.stdout
    assert f"units: {len(IMPORTERS)}" in project.stdout
    assert project.listing() == before


def test_check_shows_what_did_not_match(project: Project) -> None:
    project.rewrite("unrest.csv", lambda text: text + "QQQ,2003,1,2\nWLD,2004,1,2\n")
    assert check(project) == 0
    assert "QQQ" in project.stdout
    assert "WLD" in project.stdout


def test_check_counts_the_events(project: Project) -> None:
    assert check(project, "--out", str(project.out)) == 0
    unrest = pd.read_csv(project.folder / "unrest.csv")
    table = pd.read_csv(project.out / "recurrence.csv").set_index("unit")
    expected = unrest[unrest["protests"] != 0].groupby("code").size()
    assert table["events"].to_dict() == expected.to_dict()
    assert f"events: {expected.sum()}" in project.stdout


def test_check_writes_its_tables_where_asked(project: Project) -> None:
    assert check(project, "--out", str(project.out), "--quiet") == 0
    assert (project.stdout, project.stderr) == ("", "")
    files = {path.name: path.read_bytes() for path in project.out.iterdir()}
    assert set(files) == {"cards.csv", "cards_events.csv", "coverage.csv", "conflicts.csv", "recurrence.csv"} | {
        "panel.csv",
        "manifest.json",
    }
    outputs = json.loads(files.pop("manifest.json"))["outputs"]
    assert outputs == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def test_a_run_may_replace_a_check(project: Project) -> None:
    assert check(project, "--out", str(project.out), "--quiet") == 0
    assert project.run("--quiet") == 0
    assert (project.out / "report.html").is_file()


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (('outcome = "any_deal"', 'outcome = "deal"'), ColumnError),
        (('moderator = "regime"', 'moderator = "regim"'), StudyError),
    ],
)
def test_check_finds_what_the_run_would_stumble_over(
    project: Project, edit: tuple[str, str], error: type[ColumnError]
) -> None:
    project.change(edit)
    assert check(project, "--out", str(project.out)) == error.exit_code
    assert project.stdout == ""
    assert not project.out.exists()


def test_the_first_file_that_is_there_is_read(project: Project) -> None:
    project.change(('file = "unrest.csv"', 'file = ["absent.xlsx", "unrest.csv"]'))
    assert check(project) == 0
    assert f"{len(IMPORTERS) * (LAST - FIRST + 1)} rows" in project.stdout
    project.change(('"unrest.csv"]', '"../unrest.csv"]'))
    assert check(project) == StudyError.exit_code and "below the data folder" in project.stderr
