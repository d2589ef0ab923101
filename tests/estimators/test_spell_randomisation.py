"""Spells dealt out anew at the door: against refits of the whole panel; and the draws of the number watched."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Codes
from eventpanel.estimators.core.assignments import block
from eventpanel.estimators.design import Design, Sample
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.events import Event, Overlap, Threshold
from eventpanel.estimators.histories import dealt
from eventpanel.estimators.matrices import matrices
from eventpanel.estimators.placebo_draws import placebo_draws
from eventpanel.estimators.randomisation import Randomisation, randomisation
from eventpanel.estimators.solution import EstimationWarning
from eventpanel.estimators.target import Target
from eventpanel.estimators.window import EventWindow
from tests.estimators.designs import REGIME, design
from tests.panels import random_frame

pytestmark = pytest.mark.filterwarnings("ignore::eventpanel.estimators.solution.EstimationWarning")
SPELLS = Randomisation(draws=60, seed=3, scheme="spells")
SHORT = EventWindow(leads=1, lags=1, reference=None)
OWN_MEAN = Threshold(rule="unit_sd", value=0.0)


def panel_of(frame: pd.DataFrame) -> Panel:
    return Panel(frame, ("importer",), "year")


def small(units: int, periods: int = 10, effect: float = 0.4) -> pd.DataFrame:
    """Events in a third of the periods; rows in order of unit and year."""
    frame, rng = random_frame(3, units=units, periods=periods), np.random.default_rng(8)
    x = np.where(rng.random(len(frame)) < 0.35, rng.poisson(1.0, len(frame)) + 1.0, 0.0)
    return frame.assign(x=x, y=frame["y"] + (effect - 0.4) * frame["x"] + effect * (x - frame["x"]))


def rearranged(frame: pd.DataFrame, cells: Codes) -> pd.DataFrame:
    """Give every year of a unit the event of another of its years; cells of shape (U, T)."""
    parts = zip(frame.groupby("importer"), cells, strict=True)
    return pd.concat([part.assign(x=part["x"].to_numpy()[own]) for (_, part), own in parts])


def test_all_arrangements_equal_a_loop_over_panels() -> None:
    """Three units of five years, with two spells, one, and none."""
    frame = small(3, periods=5)
    frame["x"] = [1, 0, 2, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0.0]
    first, second, third = spread([(1,), (2,)], 5), spread([(1, 1)], 5), [[0.0] * 5]
    assert (len(first), len(second)) == (12, 4)
    asked = design(window=EventWindow(leads=0, lags=1, reference=None))
    t = [
        distributed_lag(panel_of(frame.assign(x=[*a, *b, *c])), asked).tstats.to_numpy()
        for a, b, c in product(first, second, third)
    ]
    got = randomisation(panel_of(frame), asked, replace(SPELLS, draws=48))
    assert got["enumerated"].all()
    own = distributed_lag(panel_of(frame), asked).tstats.to_numpy()
    want = (np.abs(np.array(t)) >= np.abs(own) * (1 - 1e-9)).mean(axis=0)
    np.testing.assert_allclose(got["p_value"].iloc[:2], want, atol=1e-12)


def spread(spells: list[tuple[int, ...]], periods: int) -> list[list[float]]:
    """All records of some spells, in any order, with a quiet year between."""
    found = []
    for order in permutations(spells):
        for starts in product(range(periods), repeat=len(order)):
            record, end = [0.0] * periods, -1
            for start, spell in zip(starts, order, strict=True):
                if start <= end or start + len(spell) > periods:
                    break
                record[start : start + len(spell)] = spell
                end = start + len(spell)
            else:
                found.append(record)
    return found


CODINGS: dict[str, dict[str, Any]] = {
    "dose": {},
    "standardised dose": {"event": Event(column="x", kind="dose", scale="sd", transform="log1p")},
    "dose by unit": {"event": Event(column="x", kind="dose", scale="unit_sd"), "moderator": REGIME},
    "above the own mean": {"event": Event(column="x", kind="threshold", threshold=OWN_MEAN)},
    "spaced": {
        "event": Event(
            column="x",
            kind="threshold",
            threshold=OWN_MEAN,
            overlap=Overlap(rule="apart", periods=1, aside="zero"),
        )
    },
    "onset": {"event": Event(column="x", kind="onset", threshold=OWN_MEAN, quiet=2), "sample": Sample(first=2003)},
    "weights and controls": {"weights": "weight", "controls": ("control",)},
    "binned ends": {"window": EventWindow(leads=1, lags=1, reference=-1, ends="bin")},
}


@pytest.mark.parametrize("name", CODINGS)
def test_draws_equal_panels_that_are_rebuilt(name: str) -> None:
    """Coefficients and t of whole draws, without the small-sample factor that is the same in all."""
    frame = small(9, periods=12)
    asked = design(**{"window": SHORT, **CODINGS[name]})
    target = Target(event_time=0, group="low", minus="high") if asked.moderator else Target()
    drawn = placebo_draws(panel_of(frame), asked, SPELLS, target)
    own = target.of(distributed_lag(panel_of(frame), asked))
    factor = drawn.statistic / float(own.tstats.iloc[0])
    assert drawn.estimate == pytest.approx(float(own.coef[0]), rel=1e-10)
    m = matrices(panel_of(frame), asked)
    terms = len([t for t in m.terms if t.event_time is not None])
    cells = block(dealt(panel_of(frame), asked, m, np.ones(terms, dtype=bool)).assignments, 60, SPELLS.seed, 0)
    for number in (0, 17, 59):
        moved = rearranged(frame, cells[number])
        assert not (moved["x"].to_numpy() == frame["x"].to_numpy()).all()
        want = target.of(distributed_lag(panel_of(moved), asked))
        assert drawn.estimates[number] == pytest.approx(float(want.coef[0]), rel=1e-8, abs=1e-10)
        assert drawn.statistics[number] == pytest.approx(float(want.tstats.iloc[0]) * factor, rel=1e-8, abs=1e-10)


def test_dyads_are_dealt_out_with_their_importer() -> None:
    """Three exporters with one third of the outcome each: the coefficients of the importer panel, a third as large."""
    frame = small(8)
    dyads = pd.concat([frame.assign(exporter=e, y=frame["y"] / 3) for e in "ABC"], ignore_index=True)
    asked = design(
        window=SHORT,
        event=Event(column="x", kind="dose", by="importer"),
        fixed_effects=("importer^exporter", "exporter^year"),
    )
    got = placebo_draws(Panel(dyads, ("exporter", "importer"), "year"), asked, SPELLS, Target())
    want = placebo_draws(panel_of(frame), design(window=SHORT), SPELLS, Target())
    np.testing.assert_allclose(got.estimates * 3, want.estimates, rtol=1e-8, atol=1e-10)


def test_workers_change_nothing() -> None:
    frame, how = small(10), replace(SPELLS, draws=600)
    alone = randomisation(panel_of(frame), design(window=SHORT), how)
    pd.testing.assert_frame_equal(alone, randomisation(panel_of(frame), design(window=SHORT), how, workers=2))
    one, two = (placebo_draws(panel_of(frame), design(window=SHORT), how, Target(), workers=w) for w in (1, 2))
    assert (one.estimates == two.estimates).all()
    assert (one.statistics == two.statistics).all()
    other = placebo_draws(panel_of(frame), design(window=SHORT), replace(how, seed=4), Target())
    assert not (other.estimates == one.estimates).any()


@pytest.mark.parametrize("scheme", ["permute", "shift", "spells"])
def test_draws_of_the_target_are_those_of_the_table(scheme: Any) -> None:
    frame, how = small(10), replace(SPELLS, scheme=scheme, draws=99)
    asked = design(window=SHORT, moderator=REGIME)
    table = randomisation(panel_of(frame), asked, how, difference=("low", "high")).set_index("term")
    drawn = placebo_draws(panel_of(frame), asked, how, Target(group="low", minus="high"))
    row = table.to_dict("index")["x, same period [low - high]"]
    assert drawn.p_value == row["p_value"]
    assert drawn.estimate == pytest.approx(row["estimate"], rel=1e-10)
    assert drawn.statistic == pytest.approx(row["statistic"], rel=1e-10)
    assert drawn.table().shape == (99, 2)
    against = placebo_draws(
        panel_of(frame), asked, how, Target(group="low", minus="high", direction="negative")
    ).p_directed
    # No draw ties with the data: both directions together hold each draw once, and the data twice.
    assert drawn.p_directed + against == pytest.approx(1 + 1 / 100)
    with pytest.raises(DesignError, match="does not hold the number"):
        placebo_draws(panel_of(frame), asked, how, Target(event_time=9, group="low"))


def test_a_planted_effect_is_found_and_leads_are_not() -> None:
    table = randomisation(panel_of(small(25, effect=0.6)), design(), replace(SPELLS, draws=499)).set_index("term")
    assert table["p_value"]["x, same period"] == 1 / 500
    assert table["p_value"]["largest of the path"] == 1 / 500
    assert table["p_value"]["all leads"] > 0.01


def test_units_without_another_record_are_named() -> None:
    frame = small(8)
    frame.loc[frame["importer"] == "U002", "x"] += 1.0
    frame.loc[frame["importer"] == "U003", "x"] = 0.0
    with pytest.warns(EstimationWarning, match="1 of 8 units keep their own history.*: U002; scheme='shift'"):
        randomisation(panel_of(frame), design(window=SHORT), SPELLS)


def quantile_of_years() -> Design:
    return design(
        event=Event(column="x", kind="threshold", threshold=Threshold(rule="period_quantile", value=0.5)), window=SHORT
    )


def test_what_cannot_be_dealt_out_is_refused() -> None:
    frame = small(6)
    with pytest.raises(DesignError, match="nothing to deal out"):
        randomisation(panel_of(frame.assign(x=frame["x"] + frame["control"] + 9)), design(window=SHORT), SPELLS)
    gap = frame[~((frame["importer"] == "U003") & (frame["year"] == 2004))]
    with pytest.raises(DesignError, match=r"gaps.*\n.*U003"):
        randomisation(panel_of(gap), design(window=SHORT), SPELLS)
    with pytest.raises(DesignError, match="Changes of a level"):
        randomisation(panel_of(frame), design(window=SHORT, event=Event(column="x", kind="change")), SPELLS)
    for scheme in ("spells", "shift"):
        how: Any = replace(SPELLS, scheme=scheme)
        with pytest.raises(DesignError, match="coded within periods"):
            randomisation(panel_of(frame), quantile_of_years(), how)
    onset = Event(column="x", kind="onset", threshold=OWN_MEAN)
    calm = frame.assign(x=np.where(frame["year"] == 2000, 0.0, frame["x"]))
    with pytest.raises(DesignError, match="cannot be told"):
        randomisation(panel_of(calm), design(window=SHORT, event=onset), SPELLS)
    with pytest.raises(DesignError, match="moves no history"):
        replace(SPELLS, strata=("regime",))


@pytest.mark.slow
def test_size_under_the_null() -> None:
    """Reject at 5 and 10 % in 5 and 10 % of 400 panels with heavy-tailed outcomes that wander; four binomial errors."""
    panels, found = 400, []
    for seed in range(panels):
        rng, frame = np.random.default_rng(seed), random_frame(seed, units=10, periods=12)
        y = np.cumsum(rng.standard_t(3, (10, 12)), axis=1) * rng.exponential(1.0, (10, 1))
        x = (rng.random(len(frame)) < 0.25) * 1.0
        how = Randomisation(draws=99, seed=seed, scheme="spells")
        table = randomisation(panel_of(frame.assign(x=x, y=y.reshape(-1))), design(window=SHORT), how)
        p = table.set_index("term")["p_value"]
        found.append([p["x, same period"], p["largest of the path"]])
    for level in (0.05, 0.10):
        bound = 4 * np.sqrt(level * (1 - level) / panels)
        np.testing.assert_allclose((np.array(found) <= level + 1e-12).mean(axis=0), level, atol=bound)
