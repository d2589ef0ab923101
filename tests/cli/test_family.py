"""The family brookings on the command line: run, package, verify; with exhibits that are made at once."""

from __future__ import annotations

import hashlib
import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from eventpanel.brookings import run as runner
from eventpanel.brookings.headlines import Headline
from eventpanel.cli import main
from eventpanel.commands import family, verify
from eventpanel.datasets.errors import OutputError, StudyError
from tests.brookings.toy_exhibits import REFUSED, STD_ERROR, TOY, toy_materials

DOCS = Path(__file__).resolve().parents[2] / "docs"
HEADLINE = Headline("Low x AI", TOY, "A. China", "(1)", "Low x AI")


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder to work in, and a family of two exhibits."""
    monkeypatch.chdir(tmp_path)
    for module in (runner, family, verify):
        monkeypatch.setattr(module, "CATALOGUE", (TOY, REFUSED))
    for module in (runner, family):
        monkeypatch.setattr(module, "HEADLINES", (HEADLINE,))
    for module in (runner, verify):
        monkeypatch.setattr(
            module, "materials_of", lambda *_: toy_materials("simulated", {"table_3: China, Low x AI": 0.222})
        )
    return tmp_path


def test_a_run_leaves_the_moves_and_the_page_shows_them(toys: Path) -> None:
    assert main(["run", "brookings", "--out", "out", "--quiet"]) == 0
    table = pd.read_csv(toys / "out" / "moves.csv")
    assert table["value"].eq(0.222).all()
    page = (toys / "out" / "index.html").read_text("utf-8")
    assert '<h2 id="moves">How much each switch moves the headline</h2>' in page
    assert "D1 regime_cutoff: polity_7 to polity_6" in page
    outputs = json.loads((toys / "out" / "manifest.json").read_text("utf-8"))["outputs"]
    assert {"moves.csv", "moves.md", "moves.png"} <= set(outputs)


def test_every_column_of_the_tables_is_on_the_page_of_outputs(toys: Path) -> None:
    assert main(["run", "brookings", "--out", "out", "--quiet"]) == 0
    assert main(["verify", "brookings", "--out", "compared", "--quiet"]) == 0
    page = (DOCS / "outputs.md").read_text("utf-8")
    for path in (toys / "out" / "moves.csv", toys / "compared" / "verify.csv"):
        section = page.split(f"## `{path.name}`")[1].split("\n## ")[0]
        assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(pd.read_csv(path).columns)
    for path in (toys / "compared").iterdir():
        assert f"`{path.name}`" in page


def test_verify_says_what_it_found(toys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "brookings", "--out", "compared"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "1 inside the 95 % interval" in text
    assert "no such exhibit" in text
    assert "verify.html" in text
    table = pd.read_csv(toys / "compared" / "verify.csv", keep_default_na=False)
    mine = table[(table["exhibit"] == "table_3") & (table["panel"] == "A. China") & (table["column"] == "(1)")]
    held = {str(one["what"]): one for one in mine[mine["term"] == "Low x AI"].to_dict("records")}
    assert held["estimate"]["verdict"] == "inside the 95 % interval"
    assert float(held["std. error"]["ours"]) == STD_ERROR
    (size,) = table.loc[(table["panel"] == "A. China") & (table["column"] == "(2)") & (table["what"] == "N"), "why"]
    assert size == "no such column: (2)"
    page = (toys / "compared" / "verify.html").read_text("utf-8")
    assert "<script" not in page
    assert "A. China, (1), Low x AI" in page


def test_verify_writes_only_where_it_is_told(toys: Path) -> None:
    assert main(["verify", "brookings", "--quiet"]) == 0
    assert list(toys.iterdir()) == []


def test_verify_is_quiet_and_can_be_repeated(toys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contents = []
    for _ in range(2):
        assert main(["verify", "brookings", "--quiet", "--out", "compared"]) == 0
        contents.append((toys / "compared" / "manifest.json").read_bytes())
    assert capsys.readouterr().out == ""
    assert contents[0] == contents[1]


def test_verify_of_another_study_says_that_it_has_no_published_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "demo"]) == StudyError.exit_code
    assert "no published numbers" in capsys.readouterr().err


def test_a_package_is_written_beside_the_run(toys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "brookings", "--out", "out", "--package", "package"]) == 0
    assert "Replication package written to package" in capsys.readouterr().out
    package = toys / "package"
    for path in (toys / "out").iterdir():
        assert (package / "outputs" / path.name).read_bytes() == path.read_bytes()
    for line in (package / "checksums.sha256").read_text("utf-8").splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((package / name).read_bytes()).hexdigest() == digest
    assert b"Run time" not in (toys / "out" / "manifest.json").read_bytes()
    # Again, over the earlier one.
    assert main(["run", "brookings", "--out", "out", "--package", "package", "--quiet"]) == 0


@pytest.mark.parametrize(("out", "package"), [("out", "out"), ("out", "out/package"), ("both/out", "both")])
def test_a_package_needs_a_folder_of_its_own(
    toys: Path, capsys: pytest.CaptureFixture[str], out: str, package: str
) -> None:
    assert main(["run", "brookings", "--out", out, "--package", package]) == OutputError.exit_code
    assert "folder of its own" in capsys.readouterr().err
    assert list(toys.iterdir()) == []


def test_a_package_over_files_of_someone_else_is_refused_before_the_run(toys: Path) -> None:
    (toys / "package").mkdir()
    (toys / "package" / "mine.txt").write_text("mine", "utf-8")
    assert main(["run", "brookings", "--out", "out", "--package", "package"]) == OutputError.exit_code
    assert not (toys / "out").exists()


def test_other_studies_have_no_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", "demo", "--package", "package"]) == StudyError.exit_code
    assert "no replication package" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_package_runs_again_and_sees_a_number_that_differs(
    toys: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "brookings", "--out", "out", "--package", "package", "--quiet"]) == 0
    monkeypatch.setattr(sys, "argv", ["run.py"])
    runpy.run_path(str(toys / "package" / "run.py"))
    assert "All 4 rows of numbers are the same." in capsys.readouterr().out
    numbers = toys / "package" / "outputs" / "numbers.csv"
    numbers.write_text(numbers.read_text("utf-8").replace("0.222,", "0.2221,"), "utf-8")
    with pytest.raises(SystemExit, match="1 of 4 rows of numbers differ"):
        runpy.run_path(str(toys / "package" / "run.py"))


@pytest.mark.slow
def test_a_package_runs_again_and_finds_the_same_numbers(tmp_path: Path) -> None:
    package = tmp_path / "package"
    arguments = ["run", "brookings", "--out", str(tmp_path / "out"), "--package", str(package), "--quiet"]
    assert main(arguments) == 0
    answer = subprocess.run(
        [sys.executable, str(package / "run.py")], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    assert "rows of numbers are the same" in answer.stdout
    assert (package / "outputs-again" / "index.html").read_bytes() == (package / "outputs" / "index.html").read_bytes()


def test_a_run_of_the_family_is_made_again(toys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "brookings", "--out", "out", "--quiet"]) == 0
    assert main(["verify", "out"]) == 0
    assert "The run comes out as it was." in capsys.readouterr().out
