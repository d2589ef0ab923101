"""Dropping the most influential: exact at every step, an upper bound for the fewest, planted carriers found."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.influential import Dropping, drop_influential
from eventpanel.estimators.target import Target
from eventpanel.estimators.window import EventWindow
from tests.estimators.designs import REGIME, design
from tests.panels import random_frame

SHORT = EventWindow(leads=0, lags=1, reference=None)
NUMBERS = ["estimate", "std_error", "dof", "p_value", "conf_low", "conf_high"]

pytestmark = pytest.mark.filterwarnings("ignore::eventpanel.estimators.cautions.EstimationWarning")


def weak(seed: int, units: int = 14, effect: float = 0.12) -> Panel:
    frame = random_frame(seed, units=units, periods=9)
    rng = np.random.default_rng(seed + 100)
    own = rng.normal(effect, 0.25, units)[frame["importer"].str[1:].astype(int)]
    return Panel(frame.assign(y=own * frame["x"] + rng.normal(size=len(frame))), ("importer",), "year")


def on_the_rest(panel: Panel, ask: Design, target: Target, gone: pd.Series) -> list[float]:
    """Estimate with the outcome of these rows unknown: the event keeps its record."""
    kept = panel.with_frame(panel.frame.assign(y=panel.frame["y"].where(~gone)))
    one = target.of(distributed_lag(kept, ask))
    row = one.tidy().iloc[0]
    return [row["estimate"], row["std_error"], float(one.dof[0]), row["p_value"], row["conf_low"], row["conf_high"]]


@pytest.mark.parametrize("by", ["cluster", "regime^importer", "year", "row"])
def test_every_step_is_the_estimate_without(by: str) -> None:
    panel, ask = weak(1), design(window=SHORT, weights="weight")
    curve = drop_influential(panel, ask, Target(), most=3, by=by).curve
    frame = panel.frame
    columns = {"cluster": ["importer"], "regime^importer": ["regime", "importer"], "year": ["year"]}.get(
        by, ["importer", "year"]
    )
    between = " " if by == "row" else " ^ "
    labels = frame[columns].astype(str).agg(between.join, axis=1)
    for aim, rows in curve.groupby("aim"):
        assert rows["dropped"].tolist() == [0, 1, 2, 3], aim
        for k in range(4):
            gone = labels.isin(rows["left_out"].iloc[1 : k + 1].tolist())
            expected = on_the_rest(panel, ask, Target(), gone)
            np.testing.assert_allclose(rows[NUMBERS].iloc[k].astype(float), expected, rtol=1e-9, atol=1e-12)


def ends(panel: Panel, ask: Design, gone: tuple[str, ...]) -> dict[str, bool]:
    estimate, _, _, _, low, high = on_the_rest(panel, ask, Target(), panel.frame["importer"].isin(gone))
    return {"sign": estimate < 0, "significance": low <= 0, "opposite": high < 0}


@pytest.mark.parametrize("seed", [2, 3, 5])
def test_greedy_is_never_below_the_fewest_of_all_pairs(seed: int) -> None:
    """One cluster is tried exactly; pairs may need fewer than greedy finds, never more."""
    panel, ask = weak(seed, units=8), design(window=SHORT)
    found = drop_influential(panel, ask, Target(), most=2)
    if found.curve["estimate"].iloc[0] < 0:
        panel = panel.with_frame(panel.frame.assign(y=-panel.frame["y"]))
        found = drop_influential(panel, ask, Target(), most=2)
    names = sorted(panel.frame["importer"].unique())
    greedy = found.needed.set_index("aim")["dropped"]
    tried = {k: [ends(panel, ask, gone) for gone in combinations(names, k)] for k in (0, 1, 2)}
    for aim in ("sign", "significance", "opposite"):
        able = [k for k, results in tried.items() if any(result[aim] for result in results)]
        fewest = able[0] if able else 3
        got = 3 if pd.isna(greedy[aim]) else greedy[aim]
        assert got >= fewest
        if fewest < 2:
            assert got == fewest


def test_each_aim_moves_its_own_end_of_the_interval() -> None:
    """The first cluster to go is, of all, the one without which that end lies furthest down."""
    panel, ask = weak(13), design(window=SHORT)
    curve = drop_influential(panel, ask, Target(), most=1).curve
    assert curve["estimate"].iloc[0] > 0
    first = curve[curve["dropped"] == 1].set_index("aim")
    names = sorted(panel.frame["importer"].unique())
    alone = pd.DataFrame(
        [on_the_rest(panel, ask, Target(), panel.frame["importer"] == name) for name in names], names, NUMBERS
    )
    wanted = {"sign": "estimate", "significance": "conf_low", "opposite": "conf_high"}
    assert first["left_out"].to_dict() == {aim: alone[end].idxmin() for aim, end in wanted.items()}
    assert first["left_out"].nunique() == 3


def test_one_carrier_is_found() -> None:
    frame = random_frame(8, units=12, periods=10)
    rng = np.random.default_rng(8)
    frame["y"] = np.where(frame["importer"] == "U004", 6.0, -0.4) * frame["x"] + 0.5 * rng.normal(size=len(frame))
    panel, ask = Panel(frame, ("importer",), "year"), design(window=SHORT)
    for by, label in (("cluster", "U004"), ("importer^regime", "U004 ^ low")):
        needed = drop_influential(panel, ask, Target(), most=2, by=by).needed.set_index("aim")
        assert needed.loc[["sign", "opposite"], "left_out"].tolist() == [(label,), (label,)]
        assert needed.loc["sign", "share"] == 1 / 12
        assert needed.loc["sign", "rows"] == 9
    year = frame["year"] == 2005
    frame["y"] = np.where(year, 6.0, -0.4) * frame["x"] + 0.5 * rng.normal(size=len(frame))
    needed = drop_influential(Panel(frame, ("importer",), "year"), ask, Target(), most=1, by="year").needed
    assert needed["left_out"].iloc[0] == ("2005",)


def test_the_first_row_dropped_moves_the_estimate_most() -> None:
    panel, ask = weak(4, units=6), design(window=SHORT)
    curve = drop_influential(panel, ask, Target(), most=1, by="row").curve
    frame, whole = panel.frame, curve["estimate"].iloc[0]
    inside = np.flatnonzero(distributed_lag(panel, ask).sample)
    moved = [on_the_rest(panel, ask, Target(), pd.Series(frame.index == row))[0] for row in inside]
    assert np.sign(whole) * curve["estimate"].iloc[1] == pytest.approx(min(np.sign(whole) * np.array(moved)), rel=1e-9)


def test_a_negative_headline_is_the_mirror_image() -> None:
    panel, ask = weak(6), design(window=SHORT, moderator=REGIME)
    target = Target(group="low", minus="high")
    mirrored = panel.with_frame(panel.frame.assign(y=-panel.frame["y"]))
    found, other = (drop_influential(one, ask, target, most=3) for one in (panel, mirrored))
    pd.testing.assert_frame_equal(found.needed, other.needed)
    np.testing.assert_allclose(found.curve["estimate"], -other.curve["estimate"], rtol=1e-9)


def test_words() -> None:
    panel, ask = weak(1, units=20, effect=3.0), design(window=SHORT)
    found = drop_influential(panel, ask, Target(), most=2)
    assert found.needed["dropped"].isna().all()
    assert found.needed["share"].isna().all()
    assert found.describe()[0] == "The sign changes: not within 2 dropped."
    none = replace(
        found,
        needed=found.needed.assign(dropped=[0, 1, 2], left_out=pd.Series([(), ("KEN",), ("KEN", "UGA")], dtype=object)),
    )
    assert none.describe()[0] == "The sign changes: so it is with nothing dropped."
    assert none.describe()[1] == "Significance at 5 % is lost: 1 cluster dropped (KEN)."
    assert isinstance(found, Dropping)


def test_it_ends_where_nothing_more_can_be_estimated() -> None:
    panel, ask = weak(1, units=4), design(window=SHORT)
    curve = drop_influential(panel, ask, Target(), most=9).curve
    assert curve.groupby("aim")["dropped"].max().tolist() == [2, 2, 2]
    last = curve[curve["dropped"] == 2]
    assert last["estimate"].isna().all()
    assert last["note"].str.contains("2 clusters").all()


def test_other_covariances_are_estimated_again() -> None:
    panel, ask = weak(1), design(window=SHORT, covariance=Clustered("importer", "none", kind="CRV3"))
    curve = drop_influential(panel, ask, Target(), most=2).curve
    gone = panel.frame["importer"].isin(curve["left_out"].iloc[1:3].tolist())
    np.testing.assert_allclose(curve[NUMBERS].iloc[2].astype(float), on_the_rest(panel, ask, Target(), gone), rtol=1e-9)


def test_none_may_go_is_refused() -> None:
    with pytest.raises(DesignError, match="most=0"):
        drop_influential(weak(1), design(window=SHORT), Target(), most=0)
