"""What must not change an estimate."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.precision import ConditioningWarning
from eventpanel.estimators.window import EventWindow
from tests.estimators.designs import REGIME, design
from tests.panels import random_frame

FRAME = random_frame(11, missing=0.05)


def estimate(frame: pd.DataFrame, **changes: object) -> Estimate:
    panel = Panel(frame, ("importer",), "year")
    return distributed_lag(panel, design(controls=("control",), moderator=REGIME, **changes))


BASE = estimate(FRAME)


def same(got: Estimate, rtol: float, factor: float = 1.0) -> None:
    np.testing.assert_allclose(got.coef * factor, BASE.coef, rtol=rtol, atol=rtol * np.abs(BASE.coef).max())
    np.testing.assert_allclose(got.std_errors.to_numpy() * factor, BASE.std_errors.to_numpy(), rtol=rtol)
    assert got.nobs == BASE.nobs


def relabel(frame: pd.DataFrame) -> pd.DataFrame:
    backwards = sorted(frame["importer"].unique(), reverse=True)
    names = {name: f"N{number}" for number, name in enumerate(backwards)}
    return frame.assign(importer=frame["importer"].map(names))


CHANGES: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], float]] = {
    # Sums run over other orders: rounding only.
    "row order": (lambda f: f.sample(frac=1, random_state=2), 1e-13),
    "row labels": (lambda f: f.set_index(np.zeros(len(f), dtype=int)), 1e-13),
    "column order": (lambda f: f[f.columns[::-1]], 1e-13),
    "unit names": (relabel, 1e-12),
    "units as categories": (lambda f: f.assign(importer=f["importer"].astype("category")), 1e-13),
    "other years": (lambda f: f.assign(year=f["year"] + 1000), 1e-12),
    "years as periods": (lambda f: f.assign(year=pd.PeriodIndex(f["year"].astype(str), freq="Y")), 1e-13),
    "a unit effect in the outcome": (lambda f: f.assign(y=f["y"] + f["importer"].str[1:].astype(int) * 7.0), 1e-10),
    "a period effect in the outcome": (lambda f: f.assign(y=f["y"] + (f["year"] - 2000) ** 2 * 3.0), 1e-10),
    "a shift of the event": (lambda f: f.assign(x=f["x"] + 5.0), 1e-11),
    "a shift of the control": (lambda f: f.assign(control=f["control"] + 1e4), 1e-11),
    "a row without an outcome": (
        lambda f: pd.concat([f, f.iloc[:1].assign(year=2050, y=np.nan, x=np.nan)], ignore_index=True),
        1e-13,
    ),
    "an unused column": (lambda f: f.assign(other="text"), 1e-15),
}


@pytest.mark.parametrize("change", CHANGES)
def test_does_not_matter(change: str) -> None:
    transform, rtol = CHANGES[change]
    same(estimate(transform(FRAME)), rtol)


def test_a_control_in_dollars_keeps_what_doubles_hold_and_says_so() -> None:
    # 1e8 beside a spread of 1 leaves 8 digits of its variation.
    with pytest.warns(ConditioningWarning, match="fewer than nine digits"):
        same(estimate(FRAME.assign(control=FRAME["control"] + 1e8)), 1e-7)


def test_an_outcome_and_a_control_in_whole_numbers_lose_nothing_however_far() -> None:
    frame = FRAME.assign(y=np.rint(10 * FRAME["y"]), control=np.rint(10 * FRAME["control"]))
    near, far = (estimate(f) for f in (frame, frame.assign(y=frame["y"] + 1e13, control=frame["control"] + 1e14)))
    np.testing.assert_allclose(far.coef, near.coef, rtol=1e-12)
    np.testing.assert_allclose(far.vcov, near.vcov, rtol=1e-11, atol=1e-13 * np.abs(near.vcov).max())


def test_outcome_times_a_constant() -> None:
    same(estimate(FRAME.assign(y=FRAME["y"] * 1e6 - 3e5)), 1e-10, factor=1e-6)


def test_event_times_a_constant() -> None:
    got = estimate(FRAME.assign(x=FRAME["x"] * 1e-6))
    path = [i for i, term in enumerate(BASE.terms) if term.event_time is not None]
    np.testing.assert_allclose(got.coef[path] * 1e-6, BASE.coef[path], rtol=1e-10)
    np.testing.assert_allclose(got.tstats, BASE.tstats, rtol=1e-9)


def test_adding_a_multiple_of_the_event_moves_its_coefficient_by_that_much() -> None:
    got = estimate(FRAME.assign(y=FRAME["y"] + 2.5 * FRAME["x"]))
    moved = [2.5 if term.event_time == 0 else 0.0 for term in BASE.terms]
    np.testing.assert_allclose(got.coef - BASE.coef, moved, atol=1e-12)
    np.testing.assert_allclose(got.std_errors, BASE.std_errors, rtol=1e-10)


def test_constant_weights_do_not_matter() -> None:
    same(estimate(FRAME.assign(weight=3.7), weights="weight"), 1e-12)


def test_integer_weights_are_copies() -> None:
    rng = np.random.default_rng(0)
    frame = FRAME.assign(weight=rng.integers(1, 4, len(FRAME)).astype(float), copy=0)
    weighted = estimate(frame, weights="weight", covariance=Clustered("importer", "none"))
    copies = frame.loc[frame.index.repeat(frame["weight"].astype(int))].copy()
    copies["copy"] = copies.groupby(level=0).cumcount()
    panel = Panel(copies, ("importer", "copy"), "year")
    event = design().event
    by = type(event)(column="x", kind="dose", by="importer")
    expanded = distributed_lag(
        panel,
        design(controls=("control",), moderator=REGIME, event=by, covariance=Clustered("importer", "none")),
    )
    np.testing.assert_allclose(weighted.coef, expanded.coef, rtol=1e-10)
    np.testing.assert_allclose(weighted.std_errors, expanded.std_errors, rtol=1e-10)


def test_with_binned_ends_the_choice_of_reference_moves_the_path_as_a_whole() -> None:
    complete = random_frame(11)
    first, second = (estimate(complete, window=EventWindow(leads=2, lags=2, reference=r, ends="bin")) for r in (-1, -2))
    for group in ("low", "high"):
        one = {t.event_time: c for t, c in zip(first.terms, first.coef, strict=True) if t.group == group}
        two = {t.event_time: c for t, c in zip(second.terms, second.coef, strict=True) if t.group == group}
        shift = two[-1]
        for event_time in (0, 1, 2, 3, -3):
            assert two[event_time] - one[event_time] == pytest.approx(shift, abs=1e-10)
