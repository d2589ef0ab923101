"""The specification curve made ready: ours with its joint test, peers as a loop, without draws and with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from benchmarks import our_curve, peers, workloads
from benchmarks.contenders import Call
from benchmarks.machine import Unavoidable
from benchmarks.prepare import SUBSET, Prepared, Setting
from benchmarks.workloads import EFFECTS, FIRST, REGRESSORS, Floats, Specification

DRAWS, PEERS_DRAWS = 500, 4


def curve(setting: Setting) -> Prepared:
    """Run a curve of two thousand specifications with its joint test; peers run a random subset in a loop, scaled."""
    trade, every = setting.dyads, workloads.curve()
    some = np.random.default_rng(7).choice(len(every), SUBSET, replace=False)
    asked = [every[i] for i in sorted(some.tolist())]
    frames, scale = _cut(trade.ready, asked), len(every) / SUBSET
    rows, columns = len(trade.ready), len(workloads.OUTCOMES) + len(workloads.THRESHOLDS) * REGRESSORS + 3
    once = Unavoidable(rows * (16.0 * columns + 16.0), 2.0 * rows * columns**2)
    return Prepared(
        f"a curve of {len(every):,} specifications on these rows with {DRAWS} joint draws, data frame to page",
        Call("eventpanel", "ours", lambda: our_curve.chosen(our_curve.curve(trade.record, every, DRAWS), asked)),
        [peers.pyfixest_calls(_loop(frames, asked), scale), _drawn(frames, asked, scale)],
        once.times(len(EFFECTS) * len(workloads.SAMPLES)),
        note=f"peers: {SUBSET} specifications at random, scaled; ours by {our_curve.WORKERS} processes",
    )


def _cut(ready: pd.DataFrame, asked: Sequence[Specification]) -> list[pd.DataFrame]:
    """Rows and columns of each specification."""
    return [peers.needed(ready[ready["year"] <= one.sample[1] - FIRST], [one]) for one in asked]


def _loop(frames: Sequence[pd.DataFrame], asked: Sequence[Specification]) -> Callable[[object], Callable[[], Floats]]:
    return lambda way: (
        lambda: np.array(
            [_watched(peers.feols(frame, one, way), one) for frame, one in zip(frames, asked, strict=True)]
        )
    )


def _drawn(frames: Sequence[pd.DataFrame], asked: Sequence[Specification], scale: float) -> list[Call]:
    """Run each specification and a few draws of it; all draws cost as much more as they are more."""
    if not peers.HAS_PYFIXEST:
        return []
    drawn = [peers.flipped(frame, one, PEERS_DRAWS) for frame, one in zip(frames, asked, strict=True)]

    def loop(way: object) -> Callable[[], Floats]:
        return lambda: np.array(
            [_watched(peers.feols_drawn(*one, PEERS_DRAWS, way), one[1]) for one in zip(drawn, asked, strict=True)]
        )

    note = f"with its draws estimated again: {PEERS_DRAWS} of them, scaled to {DRAWS}"
    more = (1 + DRAWS) / (1 + PEERS_DRAWS)
    return [
        Call(f"{call.name[:-1]}, with draws)", "python", call.run, call.scale, note)
        for call in peers.pyfixest_calls(loop, scale * more)
    ]


def _watched(coef: Floats, asked: Specification) -> float:
    """Coefficient of the event's year in the first group."""
    return float(coef[asked.around])
