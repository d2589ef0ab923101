"""``verify`` of a folder and ``diff`` of two, as a person runs them."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from eventpanel.cli import main
from eventpanel.datasets.errors import MissingFileError, StudyError, VerificationError
from tests.cli.projects import Project
from tests.runs.folders import ESTIMATES, files_of, write

DOCS = Path(__file__).resolve().parents[2] / "docs"


def said(project: Project) -> tuple[str, str]:
    out, err = project.capture.readouterr()
    return " ".join(out.split()), " ".join(err.split())


def test_a_run_is_made_again_from_its_folder(project: Project) -> None:
    assert project.run("--quiet") == 0
    assert main(["verify", str(project.out), "--data", str(project.folder), "--out", "verified"]) == 0
    told, _ = said(project)
    assert "Inputs: 2 files with the checksums of then. Tables made again: 9 identical." in told
    assert "The run comes out as it was." in told
    page = (DOCS / "outputs.md").read_text("utf-8")
    for name in ("verified.csv", "differences.csv"):
        section = page.split(f"## `{name}`")[1].split("\n## ")[0]
        columns = list(pd.read_csv(project.folder / "verified" / name).columns)
        assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == columns


def test_a_changed_input_is_named_with_the_numbers_it_changes(project: Project) -> None:
    verify = ["verify", str(project.out), "--data", str(project.folder)]
    assert main(["check", str(project.study), "--out", str(project.out), "--quiet"]) == 0
    project.rewrite("unrest.csv", lambda text: text.replace("XAA,2005,", "XAA,2005,1"))
    assert main(verify) == VerificationError.exit_code
    told, error = said(project)
    assert "Inputs that have changed: country_years unrest.csv had" in told
    assert "panel.csv differs in 1 place: CHN, XAA, 2005: protests: then" in told
    assert "does not come out as its manifest says" in error
    (project.folder / "deals.csv").unlink()
    assert main(verify) == MissingFileError.exit_code
    assert "The run could not be made again" in said(project)[0]


def test_a_study_without_published_numbers_is_verified_in_its_own_folder(project: Project) -> None:
    study = str(project.study)
    assert main(["verify", study]) == StudyError.exit_code
    assert "there is no run of it in eventpanel-study" in said(project)[1]
    assert main(["check", study, "--out", "eventpanel-study", "--quiet"]) == 0
    assert main(["verify", study]) == 0
    assert "The run comes out as it was." in said(project)[0]


@pytest.mark.parametrize(
    "arguments", [["--tolerance", "-1"], ["--tolerance", "nan"], ["--set", "window.leads=3"], ["--out", "run"]]
)
def test_wrong_wishes_are_refused(project: Project, arguments: list[str]) -> None:
    write(project.folder / "run", files_of({"estimates.csv": ESTIMATES}))
    assert main(["verify", "run", *arguments]) == StudyError.exit_code


def test_diff_tells_what_changed_and_prints_nothing_that_steers_a_terminal(project: Project) -> None:
    write(project.folder / "a", files_of({"estimates.csv": ESTIMATES}))
    bad = ESTIMATES.replace("0.5,", "0.6,")
    study = {"title": "B\x1b[2J", "label": "TEST DATA", "x": "\x9b2J"}
    write(project.folder / "b", files_of({"estimates.csv": bad}, study))
    assert main(["diff", "a", "b", "--out", "changed", "--csv", "table.csv"]) == 0
    told = project.capture.readouterr().out
    assert all(letter.isprintable() or letter == "\n" for letter in told)
    assert "estimates.csv: same: 0.5 -> 0.6 (+1 std. errors)" in " ".join(told.split())
    assert (project.folder / "table.csv").read_bytes() == (project.folder / "changed" / "diff.csv").read_bytes()
    section = (DOCS / "outputs.md").read_text("utf-8").split("## `diff.csv`")[1].split("\n## ")[0]
    columns = list(pd.read_csv(project.folder / "table.csv").columns)
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == columns
    assert main(["diff", "a", "nowhere"]) == MissingFileError.exit_code
