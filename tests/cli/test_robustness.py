"""``eventpanel robustness``: what it says, what it leaves, and how it goes on after an interrupt."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventpanel.cli import INTERRUPTED, main
from tests.cli.projects import Project

# The demo with many slow parts beside its axes; the module can be imported by workers.
SCRIPT = """
import sys
from eventpanel.cli import main
from eventpanel.robustness.catalogue import CHECKS
from tests.robustness import toy

if __name__ == "__main__":
    CHECKS["toy"] = toy.check(40)
    only = ["--only", "toy", "--only", "axes"]
    sys.exit(main(["robustness", "demo", "--out", "out", "--workers", "2", *only, *sys.argv[1:]]))
"""
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("robustness") / "out"
    assert main(["robustness", "demo", "--only", "axes", "--workers", "1", "--quiet", "--out", str(folder)]) == 0
    return folder


def test_a_run_leaves_its_files_and_nothing_else(out: Path) -> None:
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert set(manifest["outputs"]) | {"manifest.json"} == {path.name for path in out.iterdir()}
    assert manifest["command"] == "robustness"
    assert manifest["study"]["robustness"]["checks"] == ["axes"]
    results = pd.read_csv(out / "results.csv")
    assert results["label"].str.startswith("SIMULATED DATA").all()
    assert set(results["check"]) == {"axes"}
    assert {"headline", "Polity below 6", "trends of importers"} <= set(results["name"])


@pytest.mark.parametrize("name", ["results.csv", "findings.csv"])
def test_every_column_is_on_the_page_in_order(out: Path, name: str) -> None:
    page = (ROOT / "docs" / "outputs.md").read_text("utf-8")
    section = page.split(f"## `{name}`")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(pd.read_csv(out / name).columns)


def test_every_file_is_on_the_page(out: Path) -> None:
    page = (ROOT / "docs" / "outputs.md").read_text("utf-8").split("`eventpanel robustness STUDY`")[1].split("\n\n")[0]
    for path in out.iterdir():
        assert f"`{path.name.replace('axes.', 'CHECK.')}`" in page


def test_the_list_runs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["robustness", "demo", "--list", "--out", str(tmp_path / "out")]) == 0
    assert "axes: One change at a time (6 parts)" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_the_list_says_why_a_check_is_not_made(project: Project) -> None:
    project.change(
        ("[estimates.regimes]", '[robustness]\nestimate = "regimes"\ngroup = "autocracy"\n\n[estimates.regimes]')
    )
    project.capture.readouterr()
    assert main(["robustness", str(project.study), "--list"]) == 0
    assert "(not made: The study has no axes." in " ".join(project.capture.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["demo", "--only", "axe"], 40, "did you mean axes?"),
        (["demo", "--workers", "0"], 40, "There must be a worker."),
        (["demo", "--set", "robustness.estimate=none"], 40, "names an estimate 'none'"),
        (["demo", "--set", 'robustness.checks=["axe"]'], 40, "did you mean axes?"),
        (["demo", "--set", "robustness.group=nobody"], 40, "robustness.group is 'nobody'"),
        (["world-panel"], 40, '[robustness]\nestimate = "all"'),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_made(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["robustness", *arguments]) == code
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.out == ""
    assert not list(tmp_path.iterdir())


def test_the_shortest_section_works(project: Project) -> None:
    project.capture.readouterr()
    assert main(["robustness", str(project.study)]) == 40
    section = project.capture.readouterr().err.split("the shortest is\n\n")[1].split("\n\n")[0]
    assert section == '[robustness]\nestimate = "regimes"\ngroup = "autocracy"'
    assert project.listing() == ["deals.csv", "study.toml", "unrest.csv"]
    project.study.write_text(f"{project.text}\n{section}\n", encoding="utf-8")
    assert main(["robustness", str(project.study), "--list"]) == 0


def test_unfinished_results_of_another_run_are_not_used(project: Project) -> None:
    folder = project.folder / "out.unfinished"
    folder.mkdir()
    (folder / "run.json").write_text('{"study": "another"}')
    project.capture.readouterr()
    command = ["robustness", "demo", "--out", str(project.out)]
    assert main(command) == 50
    assert "--fresh" in project.capture.readouterr().err
    assert not project.out.exists()


def begin(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    script = folder / "script.py"
    script.write_text(SCRIPT)
    paths = os.pathsep.join(str(ROOT / part) for part in (".", "src", "estimators", "datasets"))
    own = os.environ | {"PYTHONPATH": paths}
    return subprocess.Popen(
        [sys.executable, str(script), *arguments],
        cwd=folder,
        env=own,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "out.unfinished").glob("*.json"))


def until(folder: Path, count: int) -> None:
    """Wait until some parts are kept."""
    end = time.monotonic() + 60
    while len(kept(folder)) < count + 1:
        assert time.monotonic() < end
        time.sleep(0.01)


def alive(session: int) -> list[str]:
    """Processes of a session, which a process of its own began."""
    answer = subprocess.run(
        ["ps", "-s", str(session), "-o", "pid=,stat=,args="], capture_output=True, text=True, check=False
    )
    return [line for line in answer.stdout.splitlines() if line.split()[1][0] != "Z"]


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_killed_twenty_times_a_run_ends_like_one_that_was_not(tmp_path: Path) -> None:
    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    start = time.monotonic()
    process = begin(undisturbed)
    assert process.communicate(timeout=120)[1] == ""
    lasts = time.monotonic() - start
    expected = {path.name: path.read_bytes() for path in (undisturbed / "out").iterdir()}
    rng, kills, ends = np.random.default_rng(7), 0, 0
    folder = tmp_path / "killed"
    folder.mkdir()
    while kills < 20 or ends == 0:
        process = begin(folder, "--workers", str(rng.integers(1, 4)))
        # Half of the kills fall where parts are being written.
        if rng.random() < 0.5 and not (folder / "out").exists():
            until(folder, min(len(kept(folder)) + 1, 40))
            time.sleep(rng.uniform(0, 0.1))
        else:
            time.sleep(rng.uniform(0, lasts))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
        kills += process.returncode == -signal.SIGKILL
        time.sleep(0.3)
        assert alive(process.pid) == []
        for path in kept(folder):
            json.loads(path.read_text("utf-8"))
        if (folder / "out").exists():
            assert {path.name: path.read_bytes() for path in (folder / "out").iterdir()} == expected
            ends += 1
            for path in [*(folder / "out").iterdir()]:
                path.unlink()
            (folder / "out").rmdir()
    process = begin(folder)
    assert process.communicate(timeout=120)[1] == ""
    assert {path.name: path.read_bytes() for path in (folder / "out").iterdir()} == expected
    assert sorted(path.name for path in folder.iterdir()) == ["out", "script.py"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("count", [0, 3])
def test_ctrl_c_is_one_line_ends_the_workers_and_the_same_command_goes_on(tmp_path: Path, count: int) -> None:
    process = begin(tmp_path)
    until(tmp_path, count)
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    assert output == ""
    assert errors.splitlines() == [
        "eventpanel: interrupted; what is finished is kept, and the same command goes on from there."
    ]
    assert alive(process.pid) == []
    assert len(kept(tmp_path)) >= count + 1
    assert not (tmp_path / "out").exists()
    process = begin(tmp_path)
    assert process.communicate(timeout=120)[1] == ""
    assert (tmp_path / "out" / "results.csv").is_file()
    assert not (tmp_path / "out.unfinished").exists()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_workers_and_the_order_of_hashes_change_no_byte(tmp_path: Path) -> None:
    found = []
    for workers in ("1", "2", "3"):
        command = [
            sys.executable,
            "-m",
            "eventpanel",
            "robustness",
            "demo",
            "--quiet",
            "--set",
            "robustness.curve.draws=49",
            "--out",
            "out",
            "--workers",
            workers,
        ]
        folder = tmp_path / workers
        folder.mkdir()
        subprocess.run(command, cwd=folder, env=os.environ | {"PYTHONHASHSEED": workers}, check=True)
        found.append({path.name: path.read_bytes() for path in (folder / "out").iterdir()})
    assert found[0] == found[1] == found[2]


@pytest.mark.slow
def test_a_run_of_checks_can_be_verified(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(out)]) == 0
    assert "results.csv" not in capsys.readouterr().err
