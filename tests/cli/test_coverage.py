"""``eventpanel coverage``: a chart, a map and the counts in one folder."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from eventpanel.build import build_panel
from eventpanel.cli import main
from eventpanel.datasets.errors import ColumnError, OutputError
from eventpanel.study import load_study
from tests.cli.projects import IMPORTERS, Project

CHART = {"coverage.png", "coverage.pdf", "coverage.csv", "coverage_by_year.csv", "manifest.json"}
MAP = {"coverage_map.png", "coverage_map.pdf"}


def test_the_demo_has_a_chart_and_no_map(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["coverage", "demo", "--to", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == CHART
    said = capsys.readouterr().out
    assert "No map: No country of the panel has a place on the map." in said and "unrest_events" in said
    panel = build_panel(load_study("demo"))
    counts = ["nonzero", "zero", "censored", "no_value", "not_covered"]
    for name, groups in (("coverage.csv", ["exporter", "importer"]), ("coverage_by_year.csv", ["year"])):
        table = pd.read_csv(out / name)
        assert (table.groupby("variable")[counts].sum().sum(axis=1) == len(panel.frame)).all()
        assert not table.duplicated(["variable", *groups]).any()
        assert table["label"].str.startswith("SIMULATED DATA").all()


def test_a_study_with_real_countries_has_both(project: Project, tmp_path: Path) -> None:
    out, (simulated, *_) = tmp_path / "out", IMPORTERS
    project.change((f'"{simulated}"', '"KEN"'))
    for name in ("deals.csv", "unrest.csv"):
        project.rewrite(name, lambda text: text.replace(simulated, "KEN"))
    assert main(["coverage", str(project.study), "--out", str(out), "--quiet"]) == 0
    assert {path.name for path in out.iterdir()} == CHART | MAP
    assert main(["coverage", str(project.study), "--out", str(out), "--quiet", "--year", "2012"]) == 0


def test_what_cannot_be_drawn_writes_nothing(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["coverage", str(project.study), "--to", str(out), "--map", "nothing"]) == ColumnError.exit_code
    assert main(["coverage", str(project.study), "--to", str(out), "--year", "1800"]) == ColumnError.exit_code
    assert not out.exists() and "no period 1800" in capsys.readouterr().err
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "paper.tex").write_text("", "utf-8")
    assert main(["coverage", str(project.study), "--to", str(tmp_path / "mine")]) == OutputError.exit_code
