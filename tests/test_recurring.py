"""The table of estimators for recurring events: the command that makes it, and that the page holds what it prints."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks.recoveries import BEGIN, END, MOST, Cell, markdown, recovery, table_methods, written
from benchmarks.recurring_panels import LAGS, WORLDS, World, recurring_panel

PAGE = Path(__file__).resolve().parents[1] / "docs" / "methods" / "recurring.md"
NAMES = table_methods()
QUICK = [name for name in NAMES if name not in MOST]


def printed() -> dict[tuple[str, str], str]:
    """Cells of the page by method and world."""
    table = PAGE.read_text("utf-8").split(BEGIN)[1].split(END)[0]
    head, _, *rows = [re.split(r" *\| *", line.strip("| ")) for line in table.splitlines() if line.startswith("|")]
    return {(row[0].split("`")[1], name): cell for row in rows for name, cell in zip(head[1:], row[1:], strict=True)}


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_the_truth_is_what_the_events_do(world: World) -> None:
    truth = recurring_panel(world, np.random.default_rng(1))
    frame = truth.panel.frame
    share = frame["event"].mean()
    assert 0.01 < share < 0.4
    assert frame["y"].notna().sum() == 100 * 20
    size = truth.effects[0]
    for k in range(LAGS + 1):
        assert truth.effects[k] == pytest.approx(size * world.path[k])
    if not world.spread and world.repeat == 1:
        assert size == pytest.approx(1.0)


def test_the_page_has_every_estimator_in_every_world() -> None:
    assert set(printed()) == {(name, world.name) for name in NAMES for world in WORLDS}


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_refusals_on_the_page_are_those_of_the_estimators(world: World) -> None:
    refusing = {cell.method for cell in recovery(world, QUICK, 1) if cell.refused}
    assert refusing == {name for name in NAMES if printed()[name, world.name] == "refuses"}


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_biases_on_the_page_are_what_the_command_finds(world: World) -> None:
    for cell in recovery(world, QUICK, 40):
        if cell.refused:
            continue
        shown = re.findall(r"([+-]\d+\.\d+) \((\d+)\)", printed()[cell.method, world.name])
        for k, (bias, _) in zip((0, LAGS), shown, strict=True):
            errors = cell.errors[~np.isnan(cell.errors[:, k]), k]
            # Four standard errors of 40 panels, and the rounding of the page.
            assert abs(errors.mean() - float(bias)) <= 4 * errors.std() / np.sqrt(len(errors)) + 0.005


def test_a_page_keeps_all_but_the_rows_that_are_made_anew() -> None:
    head = "| estimator | w |\n| --- | --- |\n"
    page = f"before\n{BEGIN}\nold\n\n{head}| `lp_did` | 1 |\n| `ppml_gone` | 0 |\n{END}\nafter\n"
    made = f"{head}| `distributed_lag` | 2 |"
    found = written(page, made, "today")
    assert found == f"before\n{BEGIN}\ntoday\n\n{head}| `distributed_lag` | 2 |\n| `lp_did` | 1 |\n{END}\nafter\n"


def test_bold_is_what_is_off() -> None:
    errors = np.zeros((100, LAGS + 1))
    covered = np.ones((100, LAGS + 1))
    covered[:5] = 0.0
    good = Cell("m", "w", errors, covered, np.zeros(100))
    assert str(good) == "+0.00 (95) / +0.00 (95); 0"
    errors = np.add(errors, [0.2, 0.0, 0.0])
    assert str(Cell("m", "w", errors, covered, np.zeros(100))).startswith("**+0.20 (95)** / +0.00")
    assert markdown([good]).splitlines()[-1] == "| `m` | +0.00 (95) / +0.00 (95); 0 |"
