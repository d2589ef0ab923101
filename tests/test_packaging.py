"""The wheel: one import name, all data files, no tests, and a demo that runs from it alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.sources import ROOT, ROOTS

NEEDED = ("pyproject.toml", "README.md", "LICENSE")
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc")

# Runs the command line with nothing of the checkout in reach, and says where its modules came from.
SCRIPT = """
import sys
checkout, unpacked, *arguments = sys.argv[1:]
ours = [checkout, *(f"{checkout}/{root}" for root in ("src", "estimators", "datasets"))]
sys.path[:] = [unpacked, *(entry for entry in sys.path if entry and entry not in ours)]
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in str(finder)]
from eventpanel.cli import main
code = main(arguments)
for module in list(sys.modules.values()):
    if str(getattr(module, "__name__", "")).startswith("eventpanel.") and getattr(module, "__file__", None):
        print("MODULE", module.__file__)
sys.exit(code)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the code, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "copy"
    for root in ROOTS:
        shutil.copytree(ROOT / root, copy / root, ignore=IGNORED)
    for name in NEEDED:
        shutil.copy(ROOT / name, copy / name)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(build, cwd=copy, check=True, capture_output=True, timeout=120)
    (built,) = (folder / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_installs_one_name(names: set[str]) -> None:
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"eventpanel"}


def test_every_file_of_the_code_is_inside_and_no_other(names: set[str]) -> None:
    code = {
        path.relative_to(ROOT / root).as_posix()
        for root in ROOTS
        for path in (ROOT / root).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    inside = {name for name in names if name.startswith("eventpanel/")}
    assert inside == code
    assert "eventpanel/__init__.py" not in inside


@pytest.mark.parametrize(
    "name",
    [
        "datasets/data/countries.csv",
        "datasets/data/country_names.csv",
        "datasets/data/not_countries.csv",
        "datasets/data/other_codes.csv",
        "datasets/data/regions.csv",
        "datasets/registry.toml",
        "datasets/py.typed",
        "estimators/py.typed",
        "studies/brookings-public.toml",
        "studies/brookings.toml",
        "studies/demo.toml",
        "studies/unrest-deals.toml",
        "studies/world-panel.toml",
        "reports/templates/base.html",
        "reports/templates/compared.html",
        "reports/templates/exhibits.html",
        "reports/templates/report.html",
        "reports/templates/robustness.html",
        "reports/templates/sources.html",
    ],
)
def test_data_files_are_inside(names: set[str], name: str) -> None:
    assert f"eventpanel/{name}" in names


def test_tests_stay_outside(names: set[str]) -> None:
    assert [name for name in names if "test" in name.lower()] == []


def test_the_command_is_declared(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (entry,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert "eventpanel = eventpanel.cli:main" in archive.read(entry).decode()


def test_the_demo_runs_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, "-I", str(script), str(ROOT), str(unpacked), "run", "demo", "--out", "out", "--quiet"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert answer.returncode == 0, answer.stderr
    files = [Path(line.removeprefix("MODULE ")) for line in answer.stdout.splitlines()]
    assert len(files) > 30
    assert [file for file in files if not file.is_relative_to(unpacked)] == []
    assert (tmp_path / "out" / "report.html").is_file()
