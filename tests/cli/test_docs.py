"""The pages of docs/ say what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from eventpanel.cli import BROKEN_PIPE, INTERRUPTED
from eventpanel.datasets.errors import EventPanelError

DOCS = Path(__file__).resolve().parents[2] / "docs"
TABLES = (
    "estimates.csv",
    "tests.csv",
    "ledger.csv",
    "coverage.csv",
    "conflicts.csv",
    "recurrence.csv",
    "comparison.csv",
    "comparison_differences.csv",
    "cards.csv",
    "cards_events.csv",
)


def tree(error: type[EventPanelError]) -> dict[str, int]:
    found = {error.__name__: error.exit_code}
    for branch in error.__subclasses__():
        found |= tree(branch)
    return found


def test_every_error_and_its_code_is_on_the_page() -> None:
    page = (DOCS / "errors.md").read_text("utf-8")
    rows = {name: int(code) for code, name in re.findall(r"^\| (\d+) \| `(\w+)` \|", page, re.MULTILINE)}
    assert rows == tree(EventPanelError)
    codes = re.findall(r"^\| (\d+) \| [A-Z]", page, re.MULTILINE)
    assert set(map(int, codes)) == {0, 2, INTERRUPTED, BROKEN_PIPE}


def test_every_code_of_its_own_is_used_once() -> None:
    codes = [code for code in tree(EventPanelError).values() if code != EventPanelError.exit_code]
    assert len(codes) == len(set(codes))


def test_every_file_of_a_run_is_on_the_page(demo: Path) -> None:
    page = (DOCS / "outputs.md").read_text("utf-8")
    listed = re.findall(r"^\| `([\w.]+\.\w+)` \|", page, re.MULTILINE)
    assert sorted(listed) == sorted(path.name for path in demo.iterdir())


@pytest.mark.parametrize("name", TABLES)
def test_every_column_is_on_the_page_in_order(demo: Path, name: str) -> None:
    page = (DOCS / "outputs.md").read_text("utf-8")
    section = page.split(f"## `{name}`")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(pd.read_csv(demo / name).columns)


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []
