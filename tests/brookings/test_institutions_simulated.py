"""Tables 5 and A.20 on simulated materials: the printed sizes, and what was planted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from eventpanel.brookings.exhibit import numbers
from eventpanel.brookings.institutions import EXHIBITS as LONG
from eventpanel.brookings.institutions_panel import EXHIBITS as YEARLY
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.simulated import simulate_materials

# Keys of what is planted, in the first column, by exhibit and start of the panel.
PLANTED = {
    ("table_5", "A"): "table_5: autocracies",
    ("table_5", "B"): "table_5: mature democracies",
    ("table_5", "C"): "table_5: US exports",
    ("table_a20", "O"): "table_a20: AI x unrest",
}


def interactions(materials: Materials) -> Any:
    made = [numbers(one.make(materials, Switches())).assign(exhibit=one.name) for one in (*LONG, *YEARLY)]
    rows: list[Any] = [row for one in made for row in one[one["term"] == "AI x unrest"].to_dict("records")]
    return {(row["exhibit"], row["panel"][0], row["column"]): row for row in rows}


@pytest.mark.filterwarnings("error")
def test_sizes_and_planted_coefficients() -> None:
    materials = simulate_materials(1)
    found = interactions(materials)
    # Tables 5, A.18, A.19 and A.20 of NBER w31676.
    printed = {("table_5", "A"): 46, ("table_5", "B"): 45, ("table_5", "C"): 46, ("table_a19", "A"): 46}
    printed |= {("table_a18", panel): 46 for panel in "FPE"}
    assert {key: found[(*key, "(1)")]["nobs"] for key in printed} == printed
    assert [found["table_a20", "O", f"({step})"]["nobs"] for step in range(1, 6)] == [1052, 1052, 1052, 1032, 1032]
    for key, name in PLANTED.items():
        one = found[(*key, "(1)")]
        # 97.5 % quantile of t with 44 degrees of freedom or more is 2.02 or less.
        assert abs(one["estimate"] - materials.planted[name]) < 2.02 * one["std_error"], name


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::eventpanel.estimators.precision.ConditioningWarning")
@pytest.mark.filterwarnings("ignore::eventpanel.estimators.cautions.EstimationWarning")
def test_planted_coefficients_are_the_mean_of_many_seeds() -> None:
    seeds = 30
    draws: dict[tuple[str, str], list[float]] = {key: [] for key in PLANTED}
    for seed in range(seeds):
        found = interactions(simulate_materials(seed))
        for key, held in draws.items():
            held.append(found[(*key, "(1)")]["estimate"])
    planted = simulate_materials(0).planted
    for key, held in draws.items():
        # Four standard errors of the mean: one run in 16,000 for each.
        assert abs(np.mean(held) - planted[PLANTED[key]]) < 4 * np.std(held, ddof=1) / np.sqrt(seeds), key
