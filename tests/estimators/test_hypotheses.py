"""Hypotheses by name against weights written by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.distributed_lag import EstimationWarning, distributed_lag
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.hypotheses import is_equation, restrictions
from eventpanel.estimators.inference import cumulative, difference
from eventpanel.estimators.path import Term
from eventpanel.estimators.window import EventWindow
from tests.estimators.designs import REGIME, design
from tests.panels import random_panel


@pytest.fixture(scope="module")
def estimate() -> Estimate:
    """Terms: x at -2..2, then the control."""
    return distributed_lag(random_panel(2), design(controls=("control",)))


@pytest.fixture(scope="module")
def by_regime() -> Estimate:
    """Terms: x at -2..2 of low, then of high."""
    return distributed_lag(random_panel(2), design(moderator=REGIME))


@pytest.mark.parametrize(
    ("text", "weights", "value"),
    [
        ("x[0]", [0, 0, 1, 0, 0, 0], 0),
        ("x[-1] = 0.5", [0, 1, 0, 0, 0, 0], 0.5),
        ("x[0] - x[-1]", [0, -1, 1, 0, 0, 0], 0),
        ("x[ +1 ]=x [2]", [0, 0, 0, 1, -1, 0], 0),
        ("control", [0, 0, 0, 0, 0, 1], 0),
        ("`x, 1 before` = `control`", [0, 1, 0, 0, 0, -1], 0),
        ("`x`[0]", [0, 0, 1, 0, 0, 0], 0),
        ("2*x[0] - (x[1] + x[2])/2 = 1e-1", [0, 0, 2, -0.5, -0.5, 0], 0.1),
        ("-(x[0] - 3)", [0, 0, -1, 0, 0, 0], -3),
        ("3 = x[0]", [0, 0, -1, 0, 0, 0], -3),
        ("x[0] * 2 / 4 * (1 + .5)", [0, 0, 0.75, 0, 0, 0], 0),
        ("--x[0] - -2", [0, 0, 1, 0, 0, 0], -2),
        ("x[0] = x[1] + 1 - x[2] + 2", [0, 0, 1, -1, 1, 0], 3),
    ],
)
def test_text_is_read(estimate: Estimate, text: str, weights: list[float], value: float) -> None:
    (row,) = restrictions(estimate, text)
    assert row.weights.tolist() == pytest.approx(weights, abs=1e-15)
    assert row.value == pytest.approx(value, abs=1e-15)
    assert row.text.replace(" ", "") == text.replace(" ", "")


def test_a_chain_is_several(estimate: Estimate) -> None:
    first, second = restrictions(estimate, "x[0] = x[1] = 0.2")
    assert (first.text, second.text) == ("x[0] = x[1]", "x[1] = 0.2")
    assert second.value == pytest.approx(0.2)


def test_every_term_is_found_by_its_label_and_as_a_value(by_regime: Estimate) -> None:
    for names in (list(by_regime.terms), [f"`{name}`" for name in by_regime.names]):
        rows = restrictions(by_regime, names)
        np.testing.assert_array_equal([row.weights for row in rows], np.eye(len(by_regime.terms)))
    assert restrictions(by_regime, by_regime.terms[0])[0].text == "x, 2 before [low]"


def test_groups(by_regime: Estimate) -> None:
    (row,) = restrictions(by_regime, "x[0, low] = x[0,high]")
    assert row.weights.nonzero()[0].tolist() == [2, 7]
    with pytest.raises(DesignError, match=r"several terms(.|\n)*x\[0, low\], x\[0, high\](.|\n)*add the group"):
        restrictions(by_regime, "x[0]")
    contrast = difference(by_regime, "low", "high")
    np.testing.assert_array_equal(
        restrictions(contrast, "x[0]")[0].weights, restrictions(contrast, "x[0, low - high]")[0].weights
    )
    assert restrictions(cumulative(by_regime), "`sum of x, -2 to 2 [low]`")[0].weights.tolist() == [1, 0]


def test_names_that_are_no_names_go_in_backticks(estimate: Estimate) -> None:
    odd = replace(estimate, terms=(Term("trade gap", 0), Term("a = b", 1), *estimate.terms[2:]))
    (row,) = restrictions(odd, "`trade gap`[0] - `a = b`[1]")
    assert row.weights[:2].tolist() == [1, -1]
    assert not is_equation("`a = b`[1]")
    with pytest.raises(DesignError, match=r"`trade gap`\[0\]"):
        restrictions(odd, "nothing")


def test_the_reference_is_zero() -> None:
    with pytest.warns(EstimationWarning, match="restriction"):
        estimate = distributed_lag(random_panel(2), design(window=EventWindow(leads=2, lags=2, reference=-1)))
    (row,) = restrictions(estimate, "x[0] - x[-1]")
    assert row.weights.tolist() == [0, 1, 0, 0]
    with pytest.raises(DesignError, match="restricts no term"):
        restrictions(estimate, "x[-1] = 0")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y[0]", r"Unknown name 'y\[0\]'(.|\n)*names: x\[-2\], x\[-1\](.|\n)*write x\[0\]"),
        ("x[7]", r"Unknown name 'x\[7\]'"),
        ("contrl = 1", "write control"),
        ("x[0, low]", "Unknown name"),
        ("x", "Unknown name 'x'"),
        ("`x, 1 befor`", "write `x, 1 before`"),
        ("x[low]", "Unknown name"),
    ],
)
def test_unknown_names_are_told(estimate: Estimate, text: str, message: str) -> None:
    with pytest.raises(DesignError, match=message):
        restrictions(estimate, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=",
        "x[0] =",
        "x[0] x[1]",
        "2 x[0]",
        "(x[0]",
        "x[0])",
        "x[0] ** 2",
        "x[0]*x[1]",
        "1/x[0]",
        "x[0]/0",
        "x[0] + ",
        "x[0] = = 1",
        "x[0] ; y",
        "`x",
        "x[0",
        "__import__('os')",
        "x[0].__class__",
        "1 < x[0]",
        "x[0] / (1 - 1)",
    ],
)
def test_what_cannot_be_read_is_refused(estimate: Estimate, text: str) -> None:
    with pytest.raises(DesignError, match=r"cannot be read|Unknown name"):
        restrictions(estimate, text)


@pytest.mark.parametrize("text", ["1 = 1", "x[0] = x[0]", "0*x[0]"])
def test_what_restricts_nothing_is_refused(estimate: Estimate, text: str) -> None:
    with pytest.raises(DesignError, match="restricts no term"):
        restrictions(estimate, text)


def test_a_dropped_term_says_why(estimate: Estimate) -> None:
    less = replace(estimate, terms=estimate.terms[1:], dropped=((estimate.terms[0], "explained by the fixed effects"),))
    with pytest.raises(DesignError, match=r"was not estimated(.|\n)*explained by the fixed effects"):
        restrictions(less, "x[-2]")
