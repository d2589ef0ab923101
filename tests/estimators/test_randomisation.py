"""Randomisation inference at the door: against refits of the whole panel, and what must not matter."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import permutations, product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators import redrawn as module
from eventpanel.estimators.averages import averaged
from eventpanel.estimators.core.assignments import Permutations, block
from eventpanel.estimators.core.permutation import Fixed, Moved, p_value, t_statistics
from eventpanel.estimators.core.permutation_tables import look_up, tables
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design, Sample
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.events import Event, Threshold
from eventpanel.estimators.histories import permuted, shifted
from eventpanel.estimators.inference import lead_test
from eventpanel.estimators.matrices import Matrices, matrices
from eventpanel.estimators.ppml import ppml
from eventpanel.estimators.randomisation import Randomisation, randomisation
from eventpanel.estimators.solution import EstimationWarning
from eventpanel.estimators.window import EventWindow
from tests.estimators.designs import REGIME, design
from tests.panels import random_frame

pytestmark = pytest.mark.filterwarnings("ignore::eventpanel.estimators.solution.EstimationWarning")
PERMUTE = Randomisation(draws=999, seed=1, scheme="permute")
SHORT = EventWindow(leads=1, lags=1, reference=None)


def panel_of(frame: pd.DataFrame) -> Panel:
    return Panel(frame, ("importer",), "year")


def small(units: int, periods: int = 8, missing: float = 0.0) -> pd.DataFrame:
    """Rows may lack an outcome; the event record is whole."""
    frame = random_frame(3, units=units, periods=periods)
    lost = np.random.default_rng(1).random(len(frame)) < missing
    return frame.assign(y=frame["y"].where(~lost))


def with_histories(frame: pd.DataFrame, sources: dict[str, str]) -> Panel:
    """Give every unit the event column of its source."""
    record = frame.set_index(["importer", "year"])["x"]
    wanted = pd.MultiIndex.from_arrays([frame["importer"].map(sources), frame["year"]])
    return panel_of(frame.assign(x=record.reindex(wanted).to_numpy()))


def turned(frame: pd.DataFrame, steps: dict[str, int]) -> Panel:
    """Turn every unit's event column around in time."""
    parts = [part.assign(x=np.roll(part["x"], steps[str(unit)])) for unit, part in frame.groupby("importer")]
    return panel_of(pd.concat(parts))


def share(estimate: Estimate, draws: list[Estimate], values: str) -> list[float]:
    own, others = getattr(estimate, values).to_numpy(), np.array([getattr(d, values).to_numpy() for d in draws])
    return [float((np.abs(others[:, j]) >= abs(own[j]) * (1 - 1e-9)).mean()) for j in range(len(own))]


@cache
def every_permutation(missing: float) -> list[Estimate]:
    """Estimates on the panels of all permutations of five histories."""
    frame, asked = small(5, missing=missing), design(window=SHORT)
    names = sorted(frame["importer"].unique())
    maps = [dict(zip(names, order, strict=True)) for order in permutations(names)]
    return [distributed_lag(with_histories(frame, one), asked) for one in maps]


@pytest.mark.parametrize(("statistic", "values"), [("t", "tstats"), ("coefficient", "params")])
@pytest.mark.parametrize("missing", [0.0, 0.15])
def test_all_permutations_equal_a_loop_over_panels(statistic: Any, values: str, missing: float) -> None:
    frame, asked = small(5, missing=missing), design(window=SHORT)
    draws = every_permutation(missing)
    got = randomisation(panel_of(frame), asked, replace(PERMUTE, statistic=statistic))
    assert got["enumerated"].all()
    assert (got["draws"] == 120).all()
    np.testing.assert_allclose(got["p_value"].iloc[:3], share(distributed_lag(panel_of(frame), asked), draws, values))
    assert (got["p_error"] == 0).all()


def test_permutations_within_regimes_equal_a_loop_over_panels() -> None:
    frame, asked = small(6), design(window=SHORT, moderator=REGIME, fixed_effects=("importer", "regime^year"))
    names = sorted(frame["importer"].unique())
    halves = [list(permutations(names[:3])), list(permutations(names[3:]))]
    maps = [dict(zip(names, (*a, *b), strict=True)) for a, b in product(*halves)]
    draws = [distributed_lag(with_histories(frame, one), asked) for one in maps]
    own = distributed_lag(panel_of(frame), asked)
    for strata in (("regime",), ("regime", "regime")):
        got = randomisation(panel_of(frame), asked, replace(PERMUTE, strata=strata)).set_index("term")
        assert (got["draws"] == 36).all()
        np.testing.assert_allclose(got.loc[own.names, "p_value"], share(own, draws, "tstats"))
    f = np.array([lead_test(draw, "low").statistic for draw in draws])
    want = float((f >= lead_test(own, "low").statistic * (1 - 1e-9)).mean())
    assert got.to_dict("index")["all leads [low]"]["p_value"] == pytest.approx(want)
    low = np.array([np.abs(draw.tstats.iloc[:3]).max() for draw in draws])
    want = float((low >= np.abs(own.tstats.iloc[:3]).max() * (1 - 1e-9)).mean())
    assert got.to_dict("index")["largest of the path [low]"]["p_value"] == pytest.approx(want)


def test_all_shifts_equal_a_loop_over_panels() -> None:
    frame, asked = small(3, periods=5), design(window=EventWindow(leads=0, lags=1, reference=None))
    names = sorted(frame["importer"].unique())
    draws = [
        distributed_lag(turned(frame, dict(zip(names, steps, strict=True))), asked)
        for steps in product(range(5), repeat=3)
    ]
    got = randomisation(panel_of(frame), asked, Randomisation(draws=125, seed=1, scheme="shift"))
    assert got["enumerated"].all()
    want = share(distributed_lag(panel_of(frame), asked), draws, "tstats")
    np.testing.assert_allclose(got["p_value"].iloc[:2], want)


def test_an_event_coded_from_its_own_past_is_coded_anew_after_a_shift() -> None:
    onset = Event(column="x", kind="onset", threshold=Threshold(rule="absolute", value=0.5))
    frame = small(6, periods=9)
    frame.loc[(frame["importer"] == "U000") & (frame["year"] == 2000), "x"] = 0.0
    asked = design(window=EventWindow(leads=1, lags=1, reference=None), event=onset, sample=Sample(first=2002))
    m = matrices(panel_of(frame), asked)
    histories = shifted(panel_of(frame), asked, m, np.ones(3, dtype=bool))
    names, rng = sorted(frame["importer"].unique()), np.random.default_rng(1)
    for _ in range(8):
        steps = rng.integers(0, 9, 6)
        want = matrices(turned(frame, dict(zip(names, steps.tolist(), strict=True))), asked).X
        np.testing.assert_array_equal(histories.moved.columns(histories.assignments.own + steps), want)
    with pytest.raises(DesignError, match="cannot be told"):
        randomisation(panel_of(frame), replace(asked, sample=Sample()), Randomisation(draws=9, seed=1, scheme="shift"))


@pytest.mark.parametrize("ends", ["none", "bin"])
@pytest.mark.parametrize("by_regime", [True, False])
def test_the_columns_of_the_data_are_those_of_the_matrices(ends: Any, by_regime: bool) -> None:
    frame = small(8, missing=0.2)
    window = EventWindow(leads=2, lags=1, reference=-1, ends=ends)
    asked = design(window=window, moderator=REGIME if by_regime else None)
    m = matrices(panel_of(frame), asked)
    path = np.ones(len([t for t in m.terms if t.event_time is not None]), dtype=bool)
    for histories in (
        permuted(panel_of(frame), asked, m, path, (), "refuse"),
        shifted(panel_of(frame), asked, m, path),
    ):
        got = histories.moved.columns(histories.assignments.own)
        np.testing.assert_array_equal(got, m.X[:, : len(path)])


@pytest.mark.parametrize("scheme", ["permute", "shift"])
@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_workers_and_steps_change_nothing(scheme: Any, missing: float) -> None:
    frame, how = small(12, missing=missing), Randomisation(draws=600, seed=4, scheme=scheme)
    seen: list[str] = []
    alone = randomisation(panel_of(frame), design(window=SHORT), how, step=seen.append)
    assert len(seen) == how.steps == 3
    assert seen[-1] == "draws: 600"
    for workers in (2, 4):
        pd.testing.assert_frame_equal(alone, randomisation(panel_of(frame), design(window=SHORT), how, workers=workers))
    other = randomisation(panel_of(frame), design(window=SHORT), replace(how, seed=5))
    assert not (other["p_value"] == alone["p_value"]).all()


def poisson_frame() -> pd.DataFrame:
    frame = small(5)
    return frame.assign(y=np.random.default_rng(2).poisson(np.exp(0.3 * frame["x"])))


def test_poisson_refits_equal_a_loop_over_panels() -> None:
    frame = poisson_frame()
    asked = design(window=SHORT, covariance=Clustered("importer", "ppmlhdfe"))
    names = sorted(frame["importer"].unique())
    # Of five units the first stays, so that there are 24 permutations to fit.
    frame["stays"] = (frame["importer"] == names[0]).astype(int)
    maps = [dict(zip(names, (names[0], *order), strict=True)) for order in permutations(names[1:])]
    draws = [ppml(with_histories(frame, one), asked) for one in maps]
    own = ppml(panel_of(frame), asked)
    got = randomisation(panel_of(frame), asked, replace(PERMUTE, strata=("stays",), model="poisson refit"))
    assert (got["draws"] == 24).all()
    np.testing.assert_allclose(got["estimate"].iloc[:3], own.coef)
    np.testing.assert_allclose(got["statistic"].iloc[:3], own.tstats * np.sqrt(5 / 4), rtol=1e-6)
    np.testing.assert_allclose(got["p_value"].iloc[:3], share(own, draws, "tstats"), atol=1e-12)


def test_poisson_scores_are_near_the_refits() -> None:
    frame = random_frame(6, units=40, periods=10)
    frame["y"] = np.random.default_rng(2).poisson(np.exp(0.02 * frame["x"]))
    # A unit that never trades is separated, with the event or without.
    frame.loc[frame["importer"] == "U003", "y"] = 0
    asked = design(window=SHORT, covariance=Clustered("importer", "ppmlhdfe"))
    how = Randomisation(draws=499, seed=3, scheme="permute", model="poisson score")
    table = randomisation(panel_of(frame), asked, how)
    np.testing.assert_allclose(table["estimate"].iloc[:3], ppml(panel_of(frame), asked).coef)
    # Both tests of a weak effect: the difference of the two t statistics is of higher order.
    refits = ppml(panel_of(frame), asked).tstats * np.sqrt(39 / 38)
    np.testing.assert_allclose(table["statistic"].iloc[:3], refits, atol=0.25)
    np.testing.assert_allclose(table["p_value"], table["p_value_parametric"].fillna(table["p_value"]), atol=0.12)


def test_differences_mirror_and_are_those_of_the_estimate() -> None:
    frame, asked = small(20), design(window=SHORT, moderator=REGIME)
    how = Randomisation(draws=300, seed=4, scheme="permute", strata=("regime",))
    there = randomisation(panel_of(frame), asked, how, difference=("low", "high")).set_index("term")
    back = randomisation(panel_of(frame), asked, how, difference=("high", "low")).set_index("term")
    a = there.to_dict("index")["x, same period [low - high]"]
    b = back.to_dict("index")["x, same period [high - low]"]
    assert a["p_value"] == b["p_value"]
    assert a["estimate"] == pytest.approx(-b["estimate"])
    own = distributed_lag(panel_of(frame), asked).params
    assert a["estimate"] == pytest.approx(own["x, same period [low]"] - own["x, same period [high]"])
    with pytest.raises(DesignError, match="two groups"):
        randomisation(panel_of(frame), asked, how, difference=("low",))


def test_the_planted_effect_is_found() -> None:
    table = randomisation(panel_of(small(30)), design(), Randomisation(draws=499, seed=4, scheme="permute"))
    p = table.set_index("term")["p_value"]
    assert p["x, same period"] < 0.01
    assert p["largest of the path"] < 0.01
    assert p["all leads"] > 0.01


def test_size_is_exact_under_the_null() -> None:
    """Reject at 5 and 10 % in 5 and 10 % of 600 panels, whatever the errors, for one term and for the largest."""
    units, periods, panels = 8, 5, 600
    unit, period = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
    assignments = Permutations(np.zeros(units, dtype=np.int64), np.arange(units))
    found = []
    for seed in range(panels):
        rng = np.random.default_rng(seed)
        # Heavy tails, strong dependence over time, unequal variances.
        y = np.cumsum(rng.standard_t(3, (units, periods)), axis=1) * rng.exponential(1.0, (units, 1))
        histories = rng.poisson(0.5, (units, periods, 2)).astype(np.float64)
        moved = Moved(histories, unit, period, unit * 0, np.ones(2, dtype=bool))
        fixed = Fixed(y.reshape(-1), np.empty((len(unit), 0)), (unit, period), unit)
        table = tables(fixed, moved, period, assignments)
        assert table is not None
        data = np.abs(t_statistics(look_up(table, assignments.own[None])))[0]
        draws = np.abs(t_statistics(look_up(table, block(assignments, 39, seed, 0))))
        found.append(
            [p_value(data[0], draws[:, 0], enumerated=False), p_value(data.max(), draws.max(axis=1), enumerated=False)]
        )
    for level in (0.05, 0.10):
        # Four standard deviations of a binomial share.
        bound = 4 * np.sqrt(level * (1 - level) / panels)
        np.testing.assert_allclose((np.array(found) <= level + 1e-12).mean(axis=0), level, atol=bound)


CHANGES: dict[str, Any] = {
    "row order": lambda f: f.sample(frac=1, random_state=2),
    "a scale of the outcome": lambda f: f.assign(y=f["y"] * 1e6),
    "a scale of the event": lambda f: f.assign(x=f["x"] * 0.01),
    "other years": lambda f: f.assign(year=f["year"] + 1000),
    "years as periods": lambda f: f.assign(year=pd.PeriodIndex(f["year"].astype(str), freq="Y")),
    "names in the same order": lambda f: f.assign(importer="Z" + f["importer"]),
    "a unit effect": lambda f: f.assign(y=f["y"] + f["importer"].str[1:].astype(int) * 7.0),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("how", [replace(PERMUTE, draws=300), Randomisation(draws=300, seed=2, scheme="shift")])
def test_p_values_do_not_move_with(change: str, how: Randomisation) -> None:
    frame = small(9, missing=0.1)
    base = randomisation(panel_of(frame), design(window=SHORT), how)
    changed = randomisation(panel_of(CHANGES[change](frame)), design(window=SHORT), how)
    np.testing.assert_allclose(changed["p_value"], base["p_value"], atol=1e-12)


def test_names_do_not_matter_where_all_permutations_are_taken() -> None:
    frame = small(5)
    backwards = dict(zip(sorted(frame["importer"].unique()), "EDCBA", strict=True))
    base = randomisation(panel_of(frame), design(window=SHORT), PERMUTE)
    other = randomisation(
        panel_of(frame.assign(importer=frame["importer"].map(backwards))), design(window=SHORT), PERMUTE
    )
    np.testing.assert_allclose(other["p_value"], base["p_value"], atol=1e-12)


def test_dyads_move_with_their_importer() -> None:
    rng, frame = np.random.default_rng(5), small(5)
    dyads = pd.concat([frame.assign(exporter=e, y=rng.normal(size=len(frame))) for e in ("A", "B", "C")])
    asked = design(
        window=SHORT,
        event=Event(column="x", kind="dose", by="importer"),
        fixed_effects=("importer^exporter", "exporter^year"),
    )
    got = randomisation(Panel(dyads, ("exporter", "importer"), "year"), asked, PERMUTE)
    # With effects of every exporter the sum over exporters has the same coefficient, and the same p-values.
    total = dyads.groupby(["importer", "year", "x"])[["y"]].sum().reset_index()
    want = randomisation(panel_of(total), design(window=SHORT), PERMUTE)
    np.testing.assert_allclose(got["estimate"].iloc[:3] * 3, want["estimate"].iloc[:3], rtol=1e-9)
    np.testing.assert_allclose(got["p_value"], want["p_value"], atol=1e-12)


def dyads_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Three exporters that face the same events, outcomes of their own; one has a pact with a few importers."""
    rng = np.random.default_rng(5)
    parts = [frame.assign(exporter=e, y=frame["y"] + rng.normal(size=len(frame))) for e in ("A", "B", "C")]
    frame = pd.concat(parts, ignore_index=True)
    pact = (frame["exporter"] == "A") & (frame["importer"] < "U004")
    return frame.assign(own=rng.normal(size=len(frame)), one=1.0, half=frame["year"] // 4, pact=pact)


def dyadic(**changes: Any) -> Design:
    event = Event(column="x", kind="dose", by="importer")
    return design(
        **{"window": SHORT, "event": event, "fixed_effects": ("importer^exporter", "exporter^year"), **changes}
    )


def both_ways(
    dyads: pd.DataFrame, asked: Design, patch: pytest.MonkeyPatch, **how: Any
) -> tuple[pd.DataFrame, pd.DataFrame, bool]:
    """Table as it comes, table by rows, and whether rows were averaged."""
    panel = Panel(dyads, ("exporter", "importer"), "year")
    told = Randomisation(draws=60, seed=6, scheme="permute", **how)
    found = []

    def spied(m: Matrices, fixed: Fixed, moved: Moved) -> Any:
        found.append(averaged(m, fixed, moved))
        return found[-1]

    patch.setattr(module, "averaged", spied)
    table = randomisation(panel, asked, told)
    patch.setattr(module, "averaged", lambda *_: None)
    return table, randomisation(panel, asked, told), found[0] is not None


@pytest.mark.parametrize(
    "effects",
    [
        ("importer^exporter", "exporter^year"),
        ("importer", "year"),
        ("importer^exporter", "regime^year"),
        ("importer^half", "exporter^year"),
        (),
    ],
)
@pytest.mark.parametrize("controls", [(), ("control",)])
def test_averages_over_exporters_are_the_regressions(
    effects: tuple[str, ...], controls: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Importers may lack years, if they lack them with every exporter; rows come in any order."""
    dyads = dyads_of(small(9, missing=0.1)).sample(frac=1.0, random_state=2)
    asked = dyadic(fixed_effects=effects, controls=controls, moderator=REGIME)
    got, want, is_averaged = both_ways(dyads, asked, monkeypatch, strata=("regime",))
    assert is_averaged
    pd.testing.assert_frame_equal(got, want, rtol=1e-9)


def test_cells_of_unequal_size_are_weighted(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exporter that is missing does no harm where there are no effects."""
    dyads = dyads_of(small(9))
    asked = dyadic(fixed_effects=())
    got, want, is_averaged = both_ways(dyads.drop(index=[3, 40, 77]), asked, monkeypatch)
    assert is_averaged
    pd.testing.assert_frame_equal(got, want, rtol=1e-9)


@pytest.mark.parametrize(
    "changes",
    [
        {"weights": "one"},
        {"controls": ("own",)},
        {"covariance": Clustered("exporter", "none")},
        {"fixed_effects": ("importer", "pact^year")},
    ],
    ids=["weights", "control of the exporter", "clusters of exporters", "effects of some pairs"],
)
def test_rows_are_not_averaged_where_that_would_be_wrong(
    changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    got, want, is_averaged = both_ways(dyads_of(small(9)), dyadic(**changes), monkeypatch)
    assert not is_averaged
    pd.testing.assert_frame_equal(got, want)


def test_rows_are_not_averaged_where_an_exporter_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not both_ways(dyads_of(small(9)).drop(index=11), dyadic(), monkeypatch)[2]


@pytest.mark.parametrize("controls", [(), ("control",)])
@pytest.mark.parametrize("statistic", ["t", "coefficient"])
def test_look_ups_and_rows_give_the_same_table(controls: tuple[str, ...], statistic: Any) -> None:
    """Weights of one change nothing but keep look-ups away."""
    frame = small(14).assign(one=1.0)
    asked = design(window=SHORT, moderator=REGIME, controls=controls)
    how = Randomisation(draws=300, seed=6, scheme="permute", strata=("regime",), statistic=statistic)
    looked = randomisation(panel_of(frame), asked, how, difference=("low", "high"))
    rows = randomisation(panel_of(frame), replace(asked, weights="one"), how, difference=("low", "high"))
    pd.testing.assert_frame_equal(looked, rows, rtol=1e-9)


def test_records_that_do_not_cover_are_refused_or_matched() -> None:
    frame = small(8)
    late = frame["importer"].isin(["U000", "U001"]) & (frame["year"] < 2003)
    panel, asked = panel_of(frame[~late]), design(window=SHORT)
    with pytest.raises(DesignError, match="2 of 8 units: U000, U001"):
        randomisation(panel, asked, PERMUTE)
    every = randomisation(panel, asked, replace(PERMUTE, unequal="match", draws=2000))
    assert (every["draws"] == 2 * 720).all()


def test_units_that_cannot_move_are_named() -> None:
    frame = small(8)
    frame["region"] = np.where(frame["importer"] == "U002", "alone", "others")
    with pytest.warns(EstimationWarning, match="1 of 8 units keep their own history.*U002"):
        randomisation(panel_of(frame), design(window=SHORT), replace(PERMUTE, strata=("region",)))


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"draws": 0}, "needs draws"),
        ({"scheme": "rows"}, "Unknown scheme"),
        ({"statistic": "F"}, "Unknown statistic"),
        ({"model": "logit"}, "Unknown model"),
        ({"unequal": "drop"}, "Unknown unequal"),
        ({"scheme": "shift", "strata": ("regime",)}, "moves no history"),
    ],
)
def test_impossible_randomisations_are_refused(options: dict[str, Any], match: str) -> None:
    with pytest.raises(DesignError, match=match):
        replace(PERMUTE, **options)


def test_impossible_questions_are_refused() -> None:
    frame = small(6)
    shift = Randomisation(draws=9, seed=1, scheme="shift")
    with pytest.raises(DesignError, match="changes within units"):
        randomisation(panel_of(frame), design(window=SHORT), replace(PERMUTE, strata=("year",)))
    with pytest.raises(DesignError, match="nothing to permute"):
        randomisation(panel_of(frame), design(window=SHORT), replace(PERMUTE, strata=("importer",)))
    gap = frame[~((frame["importer"] == "U003") & (frame["year"] == 2004))]
    with pytest.raises(DesignError, match=r"gaps.*\n.*U003"):
        randomisation(panel_of(gap), design(window=SHORT), shift)
    scaled: Design = design(window=SHORT, event=Event(column="x", kind="dose", scale="period_sd"))
    with pytest.raises(DesignError, match="within periods"):
        randomisation(panel_of(frame), scaled, shift)
