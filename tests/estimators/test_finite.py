"""Infinite values are refused by name, whichever estimator meets them; outside the sample they do no harm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.design import Sample
from eventpanel.estimators.events import Event
from eventpanel.estimators.methods import METHODS, method_of, run_method
from tests.estimators.recurring import design, frame, panel

# Methods that have no place for a part of a design refuse the part.
WITHOUT = {
    "controls": {"panel_match", "stacked_did"},
    "weights": {"panel_match", "stacked_did", "interactive_effects", "matrix_completion"},
    "outcome": set[str](),
}
LINEAR = [name for name in METHODS if "ppml" not in name and "poisson" not in name]


@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.parametrize("where", ["outcome", "controls", "weights"])
def test_infinite_values_are_refused(name: str, where: str) -> None:
    rows = frame(1)
    rows["bad"] = rows["weight"].where(rows.index != 5, np.inf)
    method, asked = method_of(name), design(**{where: ("bad",) if where == "controls" else "bad"})
    match = (
        rf"takes no {where}"
        if name in WITHOUT[where]
        else r"'bad' holds infinite values(.|\n)*: 1 of \d+ rows: U00 2005"
    )
    with pytest.raises(DesignError, match=match):
        run_method(method, panel(rows), asked)


def test_infinite_doses_are_refused_and_pass_a_threshold() -> None:
    rows = frame(1)
    rows["dose"] = np.where(rows["event"] == 1, np.inf, 0.0)
    with pytest.raises(DesignError, match="'dose' holds infinite"):
        run_method(method_of("distributed_lag"), panel(rows), design(event=Event(column="dose", kind="dose")))
    passed = run_method(method_of("lp_did"), panel(rows), design(event=replace(design().event, column="dose")))
    np.testing.assert_array_equal(passed.coef, run_method(method_of("lp_did"), panel(rows), design()).coef)


def test_infinite_values_outside_the_sample_do_no_harm() -> None:
    rows = frame(1)
    asked = design(sample=Sample(first=2002))
    clean = run_method(method_of("lp_did"), panel(rows), asked)
    rows.loc[rows["year"] < 2002, "y"] = -np.inf
    np.testing.assert_array_equal(run_method(method_of("lp_did"), panel(rows), asked).coef, clean.coef)
