"""The score curve against sums over clusters, and beside wild draws."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.covariance import Clustered, Robust
from eventpanel.estimators.curve_draws import JointDraws, joined_curves, shared_signs
from eventpanel.estimators.curve_statistics import joint_statistics
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.joint_curve import joint_curve
from eventpanel.estimators.ppml import ppml
from eventpanel.estimators.score_curve import score_curve
from eventpanel.estimators.solution import EstimationWarning
from eventpanel.estimators.target import Target
from tests.estimators.designs import REGIME, design
from tests.panels import random_panel

HOW = JointDraws(seed=4, by="importer", draws=30)
GAP = Target(group="low", minus="high")


def estimates() -> dict[str, Estimate]:
    panel = random_panel(2)
    held = panel.with_frame(panel.frame.assign(count=panel.frame["y"].clip(lower=0).round()))
    asked = design(moderator=REGIME, outcome="count")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimationWarning)
        return {
            "linear": distributed_lag(held, asked),
            "poisson": ppml(held, asked),
            "robust": distributed_lag(held, replace(asked, covariance=Robust("HC1"))),
            "year": distributed_lag(held, replace(asked, covariance=Clustered("year", "none"))),
        }


def slow(e: Estimate, signs: Floats) -> Floats:
    """T of each draw: clusters in the order of their names, one by one."""
    assert e.contributions is not None
    c, t = GAP.weights(e.terms), []
    for draw in signs.T:
        parts = np.array([draw[g] * float(values @ c) for g, values in enumerate(e.contributions.values)])
        t.append(parts.sum() / np.sqrt(((parts - parts.mean()) ** 2).sum()))
    return np.array(t)


def test_draws_are_weighted_sums_of_contributions_around_their_mean() -> None:
    held = estimates()
    curve = score_curve(held, GAP, HOW)
    assert curve.labels == ("linear", "poisson")
    assert set(curve.drawn) == {"score"}
    assert set(curve.refused) == {"robust", "year"}
    for i, name in enumerate(curve.labels):
        one = held[name]
        np.testing.assert_allclose(curve.draws[i], slow(one, shared_signs(one.lost.panel, HOW)[1]), rtol=1e-9)
        want = GAP.of(one)
        assert curve.t[i] == pytest.approx(want.tstats.iloc[0], rel=1e-9)
        assert curve.dof[i] == want.dof[0]


def test_with_many_clusters_it_is_close_to_the_wild_draws_and_joins_them() -> None:
    moved, asked, how = random_panel(8, units=300), design(), replace(HOW, draws=400)
    # Without the planted effect, which residuals under the null would hold and those of the estimate would not.
    panel = moved.with_frame(moved.frame.assign(y=moved.frame["y"] - 0.4 * moved.frame["x"]))
    wild = joint_curve(panel, {"wild": asked}, Target(), how)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimationWarning)
        score = score_curve({"score": distributed_lag(panel, asked)}, Target(), how)
    both = joined_curves([wild, score])
    # The same weights on residuals under the null and of the estimate: 300 clusters make them almost the same.
    assert np.corrcoef(both.draws[0], both.draws[1])[0, 1] > 0.95
    assert both.drawn == ("wild", "score")
    table = joint_statistics(both, {"wild": "all", "score": "all"})
    assert (table["drawn"] == "wild and score").all()


def test_permutations_are_not_drawn_from_contributions() -> None:
    with pytest.raises(DesignError, match="drawn by flips"):
        score_curve({}, GAP, replace(HOW, null="permutation"))
