"""Placebo gaps against a regression for each unit, and the interval against the test it inverts."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.covariance import Clustered, Robust
from eventpanel.estimators.design import Sample
from eventpanel.estimators.linear import Linear, linear
from eventpanel.estimators.linear_fit import LinearFit
from eventpanel.estimators.placebo_gaps import placebo_gaps, placebo_interval

TERMS = ("china", "china:ai")
pytestmark = pytest.mark.filterwarnings("ignore::eventpanel.estimators.cautions.EstimationWarning")


def table(seed: int = 0) -> pd.DataFrame:
    """14 exporters of unequal size, 12 importers, 3 products."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        [(f"E{i:02d}", f"I{j:02d}", s) for i in range(14) for j in range(12) for s in range(3)],
        columns=["exporter", "importer", "product"],
    )
    number = frame["exporter"].str[1:].astype(int)
    frame["china"] = number == 4
    frame["ai"] = frame["product"] == 1
    frame["region"] = number // 3
    frame["gdp"] = rng.normal(25.0, 2.0, 14)[number]
    frame["distance"] = rng.normal(8.0, 1.0, len(frame))
    frame["y"] = rng.normal(size=14)[number] * frame["ai"] + 0.1 * frame["gdp"] + rng.normal(size=len(frame))
    frame.loc[rng.random(len(frame)) < 0.1, "distance"] = np.nan
    return frame[rng.random(len(frame)) < 0.4 + number / 25].reset_index(drop=True)


def panel_of(frame: pd.DataFrame) -> Panel:
    return Panel(frame, ("exporter", "importer", "product"), None)


def model(**changes: object) -> Linear:
    asked = Linear(
        outcome="y",
        terms=("china", "ai", "gdp", "china:ai", "distance"),
        covariance=Clustered("exporter", "reghdfe"),
    )
    return replace(asked, **changes)  # type: ignore[arg-type]


def gaps(frame: pd.DataFrame, asked: Linear, terms: tuple[str, ...] = TERMS) -> pd.DataFrame:
    return placebo_gaps(panel_of(frame), asked, by="exporter", actual="E04", column="china", terms=terms)


def one_by_one(frame: pd.DataFrame, asked: Linear, gap: str = "china:ai") -> pd.DataFrame:
    rows = []
    for unit in sorted(frame["exporter"].unique()):
        fit = linear(panel_of(frame.assign(china=frame["exporter"] == unit)), asked)
        rows.append((unit, unit == "E04", fit.coefficient(gap)[0], fit.coefficient(gap)[0] / fit.coefficient(gap)[1]))
    return pd.DataFrame(rows, columns=["unit", "actual", "estimate", "statistic"])


ASKED = {
    "by exporter": model(),
    "by importer": model(covariance=Clustered("importer", "fixest")),
    "by pairs": model(covariance=Clustered("exporter^importer", "statsmodels")),
    "importers and products": model(fixed_effects=("importer", "product")),
    "exporters": model(fixed_effects=("exporter",)),
    "pairs": model(fixed_effects=("exporter^importer", "product"), covariance=Clustered("importer", "fixest")),
    "a sample": model(sample=Sample(where=(("importer", tuple(f"I{j:02d}" for j in range(9))),))),
    "a redundant control": model(terms=("china", "ai", "gdp", "china:ai", "distance", "region", "twice")),
    "three": model(
        terms=("china", "ai", "gdp", "ai:gdp", "china:gdp", "china:ai"), covariance=Clustered("importer", "none")
    ),
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED.keys())
def test_each_gap_is_that_of_a_regression_with_the_mark_moved(asked: Linear, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = table().assign(twice=lambda f: 2 * f["gdp"] - f["region"])
    terms = tuple(sorted((t for t in asked.terms if "china" in t), key=lambda t: t == "china:ai"))
    found, wanted = gaps(frame, asked, terms), one_by_one(frame, asked)
    for name in wanted:
        if name in ("unit", "actual"):
            assert found[name].tolist() == wanted[name].tolist()
        else:
            np.testing.assert_allclose(found[name], wanted[name], rtol=1e-10, atol=1e-12)
    # Without a regression for any unit but the actual one, wherever cross-products hold the digits.
    if "china:gdp" not in asked.terms:
        calls: list[Linear] = []

        def counted(panel: Panel, asked: Linear) -> LinearFit:
            calls.append(asked)
            return linear(panel, asked)

        monkeypatch.setattr("eventpanel.estimators.placebo_gaps.linear", counted)
        gaps(frame, asked, terms)
        assert calls == [asked]


@pytest.mark.parametrize("asked", [model(), model(fixed_effects=("importer", "region"))], ids=["constant", "effects"])
def test_beside_it_stand_gaps_without_the_actual_unit(asked: Linear) -> None:
    frame = table()
    found, wanted = gaps(frame, asked), one_by_one(frame[frame["exporter"] != "E04"], asked)
    mine = found["actual"].to_numpy()
    np.testing.assert_allclose(found["without_actual"][~mine], wanted["estimate"], rtol=1e-10)
    assert found["without_actual"][mine].tolist() == found["estimate"][mine].tolist()
    # A true gap of the actual unit moves its own row and the placebos in which it is among the others, and no more.
    moved = gaps(frame.assign(y=frame["y"] + 5.0 * (frame["china"] & frame["ai"])), asked)
    np.testing.assert_allclose(moved["without_actual"] - found["without_actual"], 5.0 * mine, atol=1e-10)
    assert ((moved["estimate"] - found["estimate"])[~mine].abs() > 0.01).all()
    low, high = placebo_interval(moved, 0.8, placebos="without_actual")
    assert np.subtract((low, high), placebo_interval(found, 0.8, placebos="without_actual")) == pytest.approx(5.0)


def test_ranks_count_ties_and_the_unit_itself() -> None:
    found = gaps(table(), model())
    for value, p in (("estimate", "p_estimate"), ("statistic", "p_statistic")):
        size = found[value].abs()
        assert found[p].tolist() == [(size >= own).mean() for own in size]
    whole = table()
    copies = whole[whole["exporter"].isin(["E04", "E05"])]
    extra = copies.assign(exporter=copies["exporter"] + "x", china=False)
    twins = gaps(
        pd.concat([copies, extra]), model(terms=("china", "ai", "china:ai"), covariance=Clustered("importer", "none"))
    )
    assert twins.set_index("unit")["p_estimate"].loc["E04"] in (0.5, 1.0)


def test_a_unit_without_the_product_has_no_gap_and_ranks_first() -> None:
    frame = table()
    found = gaps(frame[~((frame["exporter"] == "E07") & frame["ai"])], model()).set_index("unit")
    assert found["estimate"].isna().tolist() == (found.index == "E07").tolist()
    assert found.loc["E07", "remark"] == "not identified"
    assert found.loc["E07", "p_estimate"] == 1 / len(found)
    assert found["p_estimate"].min() == 1 / len(found)
    assert (found.drop("E07")["remark"] == "").all()


def test_a_unit_that_an_effect_leaves_nothing_of_is_asked_by_itself() -> None:
    frame = table()
    frame = frame[~((frame["exporter"] == "E07") & ~frame["ai"])]
    asked = model(fixed_effects=("exporter",), terms=("ai", "china:ai"))
    found, wanted = gaps(frame, asked, ("china:ai",)), one_by_one(frame, asked)
    np.testing.assert_allclose(found["estimate"], wanted["estimate"], rtol=1e-10)
    assert found["estimate"].isna().tolist() == (found["unit"] == "E07").tolist()


def test_effects_too_large_for_cross_products_take_a_regression_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = model(fixed_effects=("importer",))
    fast = gaps(table(), asked)
    monkeypatch.setattr("eventpanel.estimators.core.marks.LARGEST", 1000)
    slow = gaps(table(), asked)
    np.testing.assert_allclose(slow["estimate"], fast["estimate"], rtol=1e-10)
    np.testing.assert_allclose(slow["statistic"], fast["statistic"], rtol=1e-10)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95])
def test_the_interval_holds_what_the_ranks_do_not_reject(level: float) -> None:
    found = gaps(table(3), model())
    low, high = placebo_interval(found, level)
    actual, others = found.loc[found["actual"], "estimate"].item(), found.loc[~found["actual"], "estimate"].abs()
    assert low + high == pytest.approx(2 * actual, abs=1e-12) or np.isinf(high)
    for shift in (*others, *(others + 1e-6), *(others - 1e-6), 0.0):
        # p of a true gap that far from the estimate, ties counted against the actual unit.
        p = (1 + (others >= shift).sum()) / len(found)
        assert (low <= actual - shift + 1e-12) == (p > 1 - level + 1e-12)


def test_few_units_leave_an_infinite_interval_and_placebos_without_estimate_widen_it() -> None:
    frame = pd.DataFrame({"actual": [True] + [False] * 9, "estimate": [5.0, *range(1, 10)]})
    assert placebo_interval(frame, 0.95) == (-np.inf, np.inf)
    assert placebo_interval(frame, 0.9) == (-4.0, 14.0)
    assert placebo_interval(frame, 0.8) == (-3.0, 13.0)
    frame.loc[9, "estimate"] = np.nan
    assert placebo_interval(frame, 0.9) == (-np.inf, np.inf)
    assert placebo_interval(frame, 0.8) == (-3.0, 13.0)
    for wrong, level in ((frame, 1.0), (frame.assign(actual=False), 0.9)):
        with pytest.raises(DesignError):
            placebo_interval(wrong, level)


@pytest.mark.slow
def test_the_interval_covers_a_true_gap_as_often_as_it_says() -> None:
    """39 exchangeable exporters: 90 % leaves 3 of 39 outside, so it covers with probability 36/39."""
    hits = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame(
            [(i, j, s) for i in range(39) for j in range(5) for s in (0, 1)],
            columns=["exporter", "importer", "product"],
        )
        frame["china"], frame["ai"] = frame["exporter"] == 0, frame["product"]
        frame["y"] = frame["ai"] * (rng.normal(size=39)[frame["exporter"]] + 2.0 * frame["china"]) + rng.normal(
            size=len(frame)
        )
        asked = model(terms=("china", "ai", "china:ai"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = placebo_gaps(panel_of(frame), asked, by="exporter", actual=0, column="china", terms=TERMS)
        low, high = placebo_interval(found, 0.9)
        hits.append(low <= 2.0 <= high)
    # Three standard errors of 400 draws at 36/39.
    assert abs(np.mean(hits) - 36 / 39) < 3 * np.sqrt(36 / 39 * 3 / 39 / 400)


REFUSED = {
    "no unit": {"by": "region"},
    "no such actual": {"actual": "XX"},
    "other unit": {"actual": "E05"},
    "other terms": {"terms": ("china:ai",)},
    "no terms": {"terms": ()},
    "no column": {"column": "chian"},
    "robust": {"model": model(covariance=Robust("HC1"))},
    "jackknife": {"model": model(covariance=Clustered("exporter", "none", "CRV3"))},
    "two ways": {"model": model(covariance=Clustered(("exporter", "importer"), "none"))},
    "the mark chooses rows": {"model": model(sample=Sample(where=(("china", (True, False)),)))},
    "out of the sample": {"model": model(sample=Sample(where=(("exporter", ("E05", "E06", "E07")),)))},
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED.keys())
def test_it_refuses(changes: dict[str, object]) -> None:
    asked = {"model": model(), "by": "exporter", "actual": "E04", "column": "china", "terms": TERMS} | changes
    with pytest.raises(DesignError):
        placebo_gaps(panel_of(table()), asked.pop("model"), **asked)  # type: ignore[arg-type]
