"""The main job, as a person runs it: every file, valid, labelled, the same each time; or nothing at all."""

from __future__ import annotations

import hashlib
import json
import re
import signal
import subprocess
import sys
import time
import warnings
from html.parser import HTMLParser
from pathlib import Path

import matplotlib.image
import pandas as pd
import pytest

import eventpanel.estimating
import eventpanel.run
from eventpanel.build import build_panel
from eventpanel.cli import INTERRUPTED, main
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import Estimate
from eventpanel.sections import Study
from eventpanel.study import load_study
from tests.cli.projects import FIRST, IMPORTERS, LAST, Project, Shell

# The list of the issue "The main job", and what came with it since.
PROMISED = {
    "estimates.csv",
    "table.md",
    "table.tex",
    "event_study.png",
    "event_study.pdf",
    "ledger.csv",
    "coverage.csv",
    "manifest.json",
    "report.html",
}
FURTHER = {
    "tests.csv",
    "conflicts.csv",
    "recurrence.csv",
    "cards.csv",
    "cards_events.csv",
    "panel.csv",
    "status.png",
    "status.pdf",
}
COMPARED = {"comparison.csv", "comparison_differences.csv", "estimators.png", "estimators.pdf"}
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Tags that are open, references, and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.references: list[str] = []
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.references += [value or "" for name, value in attrs if name in ("src", "href", "action", "data")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_every_promised_file_is_there(demo: Path) -> None:
    assert set(contents(demo)) == PROMISED | FURTHER | COMPARED


def test_the_demo_leaves_nothing_beside_its_folder(demo: Path) -> None:
    assert [path.name for path in demo.parent.iterdir()] == [demo.name]


def test_the_picture_is_a_png_of_a_size_to_print(demo: Path) -> None:
    assert (demo / "event_study.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    height, width = matplotlib.image.imread(demo / "event_study.png").shape[:2]
    assert 1000 < width < 8000
    assert 800 < height < 8000


def test_the_pdf_is_a_pdf(demo: Path) -> None:
    content = (demo / "event_study.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")


def test_the_manifest_holds_the_checksum_of_every_other_file(demo: Path) -> None:
    files = contents(demo)
    outputs = json.loads(files.pop("manifest.json"))["outputs"]
    assert outputs == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def test_the_manifest_holds_the_study_that_was_run(demo: Path) -> None:
    manifest = json.loads((demo / "manifest.json").read_text("utf-8"))
    assert Study.model_validate(manifest["study"]) == load_study("demo")
    assert manifest["seed"] == load_study("demo", []).simulation.seed  # type: ignore[union-attr]
    assert set(manifest["versions"]) >= {"python", "eventpanel", "numpy", "pandas"}


def test_the_manifest_names_no_path_and_no_time(demo: Path) -> None:
    text = (demo / "manifest.json").read_text("utf-8")
    assert str(demo.parent) not in text
    assert str(Path.home()) not in text
    assert time.strftime("%Y-%m-%d") not in text


def test_estimates_hold_every_term_of_every_estimate(demo: Path) -> None:
    table = pd.read_csv(demo / "estimates.csv")
    study = load_study("demo")
    path = table[table["part"] == "path"]
    for name in study.estimates:
        mine = path[path["estimate"] == name]
        assert mine.groupby("group")["event_time"].agg(list).map(sorted).tolist() == [[-2, -1, 0, 1, 2]] * 2
    assert set(table["part"]) == {"path", "sum", "difference", "sum of difference"}
    assert (path["conf_low"] < path["value"]).all()
    assert (path["band_low"] <= path["conf_low"]).all()
    assert (path["conf_high"] <= path["band_high"]).all()


def test_the_difference_is_first_minus_second(demo: Path) -> None:
    table = pd.read_csv(demo / "estimates.csv").query("estimate == 'regimes'")
    wide = table[table["part"] == "path"].pivot(index="event_time", columns="group", values="value")
    first, second = load_study("demo").estimates["regimes"].difference
    stated = table[table["part"] == "difference"].set_index("event_time")["value"]
    assert stated.to_numpy() == pytest.approx((wide[first] - wide[second]).to_numpy(), rel=1e-10)


def test_no_row_is_lost_without_an_entry_in_the_ledger(demo: Path) -> None:
    ledger = pd.read_csv(demo / "ledger.csv")
    estimates = pd.read_csv(demo / "estimates.csv")
    rows = len(build_panel(load_study("demo")).frame)
    for name, used in estimates.groupby("estimate")["nobs"].first().items():
        assert ledger.loc[ledger["estimate"] == name, "rows"].sum() + used == rows


def test_coverage_counts_every_row_of_the_panel_once_per_variable(demo: Path) -> None:
    coverage = pd.read_csv(demo / "coverage.csv")
    panel = pd.read_csv(demo / "panel.csv")
    counted = coverage.groupby("variable")[["nonzero", "zero", "censored", "no_value", "not_covered"]].sum().sum(axis=1)
    assert (counted == len(panel)).all()


def test_the_report_is_whole_and_refers_to_nothing_outside(demo: Path) -> None:
    page = Page()
    page.feed((demo / "report.html").read_text("utf-8"))
    page.close()
    assert page.open == []
    assert page.references
    assert all(reference.startswith(("#", "data:image/png;base64,")) for reference in page.references)
    assert not page.tags & {"script", "link", "iframe", "object"}
    for title in ("Estimates", "Lost rows", "Coverage", "Conflicts", "Sources"):
        assert title in page.text


def test_anchors_of_the_report_lead_somewhere(demo: Path) -> None:
    text = (demo / "report.html").read_text("utf-8")
    anchors = set(re.findall(r'href="#(\w+)"', text))
    assert anchors == set(re.findall(r'id="(\w+)"', text))


@pytest.mark.parametrize("name", sorted(n for n in PROMISED | FURTHER | COMPARED if not n.endswith((".png", ".pdf"))))
def test_every_text_says_what_the_data_are(demo: Path, name: str) -> None:
    text = (demo / name).read_text("utf-8")
    label = "SIMULATED DATA"
    table = name.endswith(".csv") and name != "conflicts.csv"
    if name == "conflicts.csv":  # the demo has none
        assert text.splitlines() == ["source,problem,value,years,rows,resolution,label"]
    else:
        assert label in text
    if table:
        assert pd.read_csv(demo / name)["label"].str.startswith(label).all()


def test_two_runs_are_the_same_to_the_byte(demo: Path, tmp_path: Path, shell: Shell) -> None:
    answer = shell("run", "demo", "--out", "again", PYTHONHASHSEED="7", LC_ALL="C", TZ="Asia/Tokyo")
    assert answer.returncode == 0, answer.stderr
    assert contents(tmp_path / "again") == contents(demo)


def test_settings_change_the_run(demo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["run", "demo", "--out", str(out), "--quiet", "--set", "window.leads=3"]) == 0
    terms = pd.read_csv(out / "estimates.csv").query("part == 'path'")["event_time"]
    assert sorted(set(terms)) == [-3, -2, -1, 0, 1, 2]
    assert json.loads((out / "manifest.json").read_text("utf-8"))["study"]["window"]["leads"] == 3
    assert "3 before" in (out / "table.md").read_text("utf-8")
    assert "3 before" not in (demo / "table.md").read_text("utf-8")


def test_a_rerun_replaces_the_folder(project: Project) -> None:
    project.run("--quiet", "--set", "window.leads=1")
    (project.out / "table.md").unlink()
    first = contents(project.out)
    assert project.run("--quiet") == 0
    second = contents(project.out)
    assert set(second) == PROMISED | FURTHER
    assert second["estimates.csv"] != first["estimates.csv"]
    assert project.listing() == ["deals.csv", "out", "study.toml", "unrest.csv"]


def far_from_zero(text: str) -> str:
    """A column of large values that differ in their last digits."""
    head, *lines = text.splitlines()
    held = [f"{line},{1e9 + 1.0 / (3 + number % 101):.17g}" for number, line in enumerate(lines)]
    return "\n".join([f"{head},gdp", *held]) + "\n"


def test_few_digits_are_a_caution_beside_the_numbers(project: Project) -> None:
    project.rewrite("unrest.csv", far_from_zero)
    project.change(
        ('score = "polity" }', 'score = "polity", gdp = "gdp" }'), ("[design]", '[design]\ncontrols = ["gdp"]')
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert project.run() == 0
    assert project.stderr == ""
    said = "Caution: fewer than nine digits are certain for"
    pages = (project.out / name for name in ("table.md", "table.tex", "report.html"))
    for text in (project.stdout, *(page.read_text("utf-8") for page in pages)):
        assert said in " ".join(text.split())


def test_other_warnings_are_passed_on(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def loud(panel: Panel, design: Design) -> Estimate:
        warnings.warn("something else", RuntimeWarning, stacklevel=1)
        return distributed_lag(panel, design)

    monkeypatch.setitem(eventpanel.estimating.ESTIMATORS, "distributed_lag", loud)
    with pytest.warns(RuntimeWarning, match="something else"):
        assert project.run("--quiet") == 0


def test_another_seed_gives_other_numbers(demo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["run", "demo", "--out", str(out), "--quiet", "--set", "simulation.seed=2"]) == 0
    one, two = (pd.read_csv(folder / "estimates.csv")["value"] for folder in (demo, out))
    assert (one != two).all()


def test_a_user_s_own_study_runs_from_its_folder(project: Project) -> None:
    assert project.run() == 0
    assert project.stderr == ""
    panel = pd.read_csv(project.out / "panel.csv")
    assert len(panel) == len(IMPORTERS) * (LAST - FIRST + 1)
    assert panel["deals"].sum() == len(pd.read_csv(project.folder / "deals.csv"))
    manifest = json.loads((project.out / "manifest.json").read_text("utf-8"))
    files = {source["file"]: source["sha256"] for source in manifest["inputs"]}
    for name in ("deals.csv", "unrest.csv"):
        assert files[name] == hashlib.sha256((project.folder / name).read_bytes()).hexdigest()


def test_the_data_folder_can_be_named_or_stand_in_the_environment(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = tmp_path_factory.mktemp("data")
    for name in ("deals.csv", "unrest.csv"):
        (project.folder / name).rename(data / name)
    assert project.run("--quiet") != 0
    assert project.run("--quiet", "--data", str(data)) == 0
    monkeypatch.setenv("EVENTPANEL_DATA", str(data))
    assert project.run("--quiet") == 0


def test_without_out_the_folder_is_named_after_the_study(project: Project) -> None:
    assert main(["run", "study.toml", "--quiet"]) == 0
    assert (project.folder / "eventpanel-study" / "report.html").is_file()


def test_quiet_is_silent(project: Project) -> None:
    assert project.run("--quiet") == 0
    assert (project.stdout, project.stderr) == ("", "")


def test_a_run_prints_its_label_its_numbers_and_where_they_are(project: Project) -> None:
    assert project.run() == 0
    assert "TEST DATA" in project.stdout
    table = pd.read_csv(project.out / "estimates.csv").query("event_time == 0 and part == 'path'")
    for value in table["value"]:
        assert f"{value:.4f}" in project.stdout
    assert str(project.out / "report.html") in project.stdout


@pytest.mark.parametrize("stage", ["render", "publish", "estimate_study"])
def test_an_exception_before_the_end_leaves_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(eventpanel.run, stage, broken)
    before = project.listing()
    with pytest.raises(RuntimeError, match="a bug"):
        project.run()
    assert project.listing() == before


def test_an_interruption_is_one_line_and_130(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(eventpanel.run, "render", interrupted)
    before = project.listing()
    assert project.run() == INTERRUPTED == 128 + signal.SIGINT
    assert len(project.stderr.splitlines()) == 1
    assert project.listing() == before


def test_a_failed_rerun_leaves_the_earlier_folder(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.run("--quiet")
    before = contents(project.out)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert project.run("--quiet", "--set", "window.leads=1") != 0
    assert contents(project.out) == before


def test_a_failed_rename_puts_the_earlier_folder_back(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.run("--quiet")
    before = contents(project.out)
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path.name == "new":
            raise PermissionError(13, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    assert project.run("--quiet", "--set", "window.leads=1") != 0
    assert contents(project.out) == before
    assert project.listing() == ["deals.csv", "out", "study.toml", "unrest.csv"]


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_run_leaves_nothing(tmp_path: Path, kill: signal.Signals) -> None:
    # The step before writing waits, so that the signal always comes between estimate and publish.
    script = tmp_path / "slow.py"
    script.write_text(
        "import sys, time\n"
        "import eventpanel.run\n"
        "from eventpanel.cli import main\n"
        "def wait(*_):\n"
        "    print('estimated', flush=True)\n"
        "    time.sleep(60)\n"
        "eventpanel.run.render = wait\n"
        "sys.exit(main(['run', 'demo', '--out', 'out', '--quiet']))\n"
    )
    with subprocess.Popen(
        [sys.executable, str(script)], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "estimated\n"
        process.send_signal(kill)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == (INTERRUPTED if kill == signal.SIGINT else -kill)
    assert "Traceback" not in errors
    assert [path.name for path in tmp_path.iterdir()] == ["slow.py"]


def test_counts_go_to_ppml(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = ["design.estimator=ppml", "design.outcome=deals", "design.covariance.small_sample=ppmlhdfe"]
    arguments = [part for setting in settings for part in ("--set", setting)]
    assert main(["run", "demo", "--out", str(tmp_path / "out"), *arguments]) == 0
    assert "Poisson pseudo-maximum likelihood" in capsys.readouterr().out
    ledger = pd.read_csv(tmp_path / "out" / "ledger.csv")
    separated = ledger[ledger["cause"].str.startswith("separated") & (ledger["estimate"] == "regimes")]
    # Importers without a single deal from China in 14 years say nothing about their timing.
    panel = pd.read_csv(tmp_path / "out" / "panel.csv")
    china = panel[(panel["exporter"] == "CHN") & panel["deals"].notna()]
    never = china.groupby("importer")["deals"].sum()
    assert set(separated["unit"]) == set(never.index[never == 0])
    assert (separated["rows"] == 14).all()


@pytest.mark.parametrize("estimator", ["logit", "probit"])
def test_zeros_and_ones_go_to_logit_and_probit(
    estimator: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = [f"design.estimator={estimator}", "design.covariance.small_sample=ppmlhdfe"]
    arguments = [part for setting in settings for part in ("--set", setting)]
    assert main(["run", "demo", "--out", str(tmp_path / "out"), *arguments]) == 0
    assert f"\n{estimator.capitalize()}; " in capsys.readouterr().out
    ledger = pd.read_csv(tmp_path / "out" / "ledger.csv")
    exact = ledger[ledger["cause"].str.startswith("the outcome is always") & (ledger["estimate"] == "regimes")]
    panel = pd.read_csv(tmp_path / "out" / "panel.csv")
    china = panel[(panel["exporter"] == "CHN") & panel["any_deal"].notna()].groupby("importer")["any_deal"]
    constant = china.min() == china.max()
    assert set(constant.index[constant]) <= set(exact["unit"])


def test_corrected_gravity_says_which_effects_it_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--set", "design.estimator=debiased_ppml", "--set", "design.covariance.small_sample=ppmlhdfe"]
    assert main(["run", "demo", "--out", str(tmp_path / "out"), *arguments]) == 30
    assert "The fixed effects are not those of gravity." in capsys.readouterr().err
