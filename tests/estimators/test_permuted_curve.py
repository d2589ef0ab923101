"""Permutations shared by all designs: against loops over panels, and on parts of the units."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from eventpanel.estimators.curve_draws import JointDraws
from eventpanel.estimators.design import Sample
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.joint_curve import joint_curve
from eventpanel.estimators.permuted_curve import exchanged, induced
from eventpanel.estimators.target import Target
from eventpanel.estimators.window import EventWindow
from tests.estimators.designs import REGIME, design
from tests.estimators.test_randomisation import panel_of, small, with_histories

pytestmark = pytest.mark.filterwarnings("ignore::eventpanel.estimators.solution.EstimationWarning")
HOW = JointDraws(seed=2, by="importer", draws=60, null="permutation")


@pytest.mark.parametrize("late", [False, True], ids=["all", "one unit held"])
def test_each_draw_is_one_permutation_in_all_designs(late: bool) -> None:
    frame = small(4 + late, periods=10, missing=0.1)
    # The record of the last unit begins too late for the others, so it keeps its own.
    frame = frame[~((frame["importer"] == "U004") & (frame["year"] < 2003))].reset_index(drop=True)
    frame["z"] = frame["y"] ** 2
    short = design(window=EventWindow(leads=1, lags=1, reference=None))
    designs = {"y": short, "z": replace(short, outcome="z", window=EventWindow(leads=0, lags=1, reference=None))}
    curve = joint_curve(panel_of(frame), designs, Target(), HOW)
    assert set(curve.drawn) == {"permutation"}
    names, pairs, own = ["U000", "U001", "U002", "U003"], [], Target()
    for order in permutations(names):
        moved = with_histories(frame, {"U004": "U004"} | dict(zip(names, order, strict=True)))
        found = [own.of(distributed_lag(moved, asked)) for asked in designs.values()]
        pairs.append([*(e.coef[0] for e in found), *(e.tstats.iloc[0] for e in found)])
    every = np.array(pairs)
    got = np.vstack([curve.estimates, curve.draws]).T
    distance = np.abs(got[:, None, :] - every[None]).max(axis=2)
    assert (distance.min(axis=1) < 1e-8).all()
    # 60 draws of 24 permutations: most of them are met.
    assert len(np.unique(distance.argmin(axis=1))) > 12
    np.testing.assert_allclose([*curve.estimate, *curve.t], every[0], rtol=1e-9)


def test_a_batch_has_the_draws_of_the_whole() -> None:
    panel, base = panel_of(small(12)), design(moderator=REGIME)
    some = Sample(where=(("importer", tuple(f"U{u:03d}" for u in (0, 1, 2, 3, 7, 8, 9, 10))),))
    designs = {"all": base, "some": replace(base, sample=some)}
    how, target = replace(HOW, strata=("regime",)), Target(group="low", minus="high")
    whole = joint_curve(panel, designs, target, how)
    assert whole.refused == {}
    alone = joint_curve(panel, {"some": designs["some"]}, target, how)
    assert np.array_equal(alone.draws[0], whole.draws[1])


def test_permutations_are_uniform_within_strata_and_on_parts_of_them() -> None:
    strata, part = np.array([0, 1, 0, 0, 1, 0, 1]), np.array([0, 1, 0, -1, 1, 0, -1])
    found = induced(exchanged(np.random.default_rng(3).random((6000, 7)), strata), part)
    assert (np.sort(found, axis=1) == np.arange(7)).all()
    assert (strata[found] == strata).all()
    assert (found[:, part < 0] == np.flatnonzero(part < 0)).all()
    _, counts = np.unique(found, axis=0, return_counts=True)
    # 3! x 2! permutations, 500 of each: a standard deviation of 21.
    assert len(counts) == 12
    assert (np.abs(counts - 500) < 5 * 21.4).all()


def test_histories_of_other_units_are_refused() -> None:
    panel = panel_of(small(12))
    curve = joint_curve(panel, {"one": design()}, Target(), replace(HOW, by="regime"))
    assert curve.refused["one"].startswith("Events belong to units of importer")
