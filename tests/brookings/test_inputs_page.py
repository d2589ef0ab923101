"""The page of the family holds every role, every column, every trap, and its study runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eventpanel.brookings import nelda_items
from eventpanel.brookings import run as runner
from eventpanel.brookings.family import RoleSection, load_family
from eventpanel.brookings.roles import ROLES
from eventpanel.datasets.conflicts import no_conflicts
from eventpanel.datasets.deal_traps import deal_traps
from eventpanel.datasets.errors import StudyError
from tests.brookings.own_files import DEALS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "brookings.md").read_text("utf-8")


def table(head: str) -> list[list[str]]:
    """Cells of the table whose first column has a name."""
    body = PAGE.split(f"| {head} |")[1].split("\n\n")[0].split("\n")[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body]


def test_every_role_with_its_columns_is_on_the_page() -> None:
    rows = {cells[0].strip("` "): cells for cells in table("role")}
    assert list(rows) == list(ROLES)
    for name, role in ROLES.items():
        assert tuple(re.findall(r"`(\w+)`", rows[name][2])) == role.columns
        assert (rows[name][3] == "no study") == role.needed


def test_every_key_of_an_input_is_on_the_page() -> None:
    keys = set(re.findall(r"^\| (`.+?) \|", PAGE.split("| key |")[1].split("\n\n")[0], re.MULTILINE))
    named = {word for key in keys for word in re.findall(r"`(\w+)`", key)}
    assert set(RoleSection.model_fields) <= named


def test_an_unknown_key_of_the_family_points_to_its_own_page(tmp_path: Path) -> None:
    study = tmp_path / "own.toml"
    study.write_text('family = "brookings"\ntitle = "T"\nlabel = "L"\nlevel = 1\n', encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        load_family(str(study))
    assert caught.value.remedy == "see docs/brookings.md for every key"


def test_every_trap_is_on_the_page_in_order() -> None:
    assert [cells[0] for cells in table("trap")] == deal_traps(no_conflicts())["trap"].tolist()


def test_the_study_of_the_page_runs(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not (data_dir / "regime" / "p5v2018.csv").is_file():
        pytest.skip(f"no publishers' files in {data_dir}")
    study = tmp_path / "own.toml"
    study.write_text(PAGE.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    (tmp_path / "deals.csv").write_text(DEALS, encoding="utf-8")
    monkeypatch.setattr(runner, "CATALOGUE", nelda_items.EXHIBITS)
    monkeypatch.setattr(runner, "HEADLINES", ())
    runner.run_family(load_family(str(study)), tmp_path / "out", [tmp_path, data_dir])
    assert "deals_report.csv" in {path.name for path in (tmp_path / "out").iterdir()}
