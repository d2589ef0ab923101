"""The works on events: which estimator on which panel, against whom, and where the numbers must be the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from benchmarks import event_ours as ours
from benchmarks import event_peers as peers
from benchmarks import event_peers_more as more
from benchmarks.event_panels import Kind
from benchmarks.event_ready import LAGS, TIMES, ready

Run = Callable[[pd.DataFrame], ours.Path]
EFFECTS = (0, 1, 2)
OURS = "eventpanel"


@dataclass(frozen=True)
class Peer:
    """One peer of a work.

    Attributes
    ----------
    package : str
        Name of the distribution.
    run : callable
    same : tuple of int
        Event times whose coefficients must be ours.
    note : str
        What it does otherwise.
    """

    package: str
    run: Run
    same: tuple[int, ...]
    note: str = ""


@dataclass(frozen=True)
class EventWork:
    """One work.

    Attributes
    ----------
    key : str
        Name on the command line.
    panel : {"recurring", "once"}
    run : callable
        Ours.
    peers : sequence of Peer
    times : tuple of int
        Event times that are compared.
    note : str
        What ours is asked.
    """

    key: str
    panel: Kind
    run: Run
    peers: Sequence[Peer]
    times: tuple[int, ...] = TIMES
    note: str = ""

    def contender(self, name: str) -> Run:
        """Return what a contender does.

        Parameters
        ----------
        name : str
            ``"eventpanel"``, or the package of a peer.
        """
        return self.run if name == OURS else next(peer.run for peer in self.peers if peer.package == name)

    def frame(self, panel: pd.DataFrame, name: str) -> pd.DataFrame:
        """Return what a contender starts from: ours from the raw panel, peers from ready columns.

        Parameters
        ----------
        panel : DataFrame
        name : str
        """
        return panel if name == OURS else ready(panel)


DRAWN = "200 bootstrap draws; the mean over all rows in windows"
WORKS: Sequence[EventWork] = (
    EventWork(
        "distributed_lag", "recurring", ours.distributed_lag, [Peer("pyfixest", peers.pyfixest_lags, LAGS)], LAGS
    ),
    EventWork(
        "local_projections",
        "recurring",
        ours.local_projections,
        [
            Peer("pyfixest", peers.pyfixest_projections, TIMES, "no covariance between event times"),
            Peer("linearmodels", peers.linearmodels_projections, TIMES, "no covariance between event times"),
            Peer("StatsPAI", more.statspai_projections, (), "no period effects, event times from 0 on"),
        ],
    ),
    EventWork(
        "lp_did",
        "recurring",
        ours.lp_did,
        [
            Peer("StatsPAI", more.statspai_lp_did, (), "controls have no event from -1 on, events before are ignored"),
        ],
        note="rule one_off, 2 quiet periods",
    ),
    EventWork(
        "lp_did-status",
        "recurring",
        ours.lp_did_stabilised,
        [
            Peer(
                "diff-diff",
                peers.diff_diff_lpdid_stabilised,
                (),
                "other numbers for the same quiet periods, not traced",
            )
        ],
        note="rule stabilised, 2 quiet periods",
    ),
    EventWork(
        "did_multiplegt",
        "recurring",
        ours.did_multiplegt,
        [
            Peer(
                "moderndid",
                more.moderndid_switches,
                (-3, -2, 1, 2),
                "not compared at event time 0, where it has fewer switchers",
            ),
            Peer("diff-diff", peers.diff_diff_switches, TIMES),
            Peer("StatsPAI", more.statspai_switches, TIMES),
        ],
    ),
    EventWork(
        "panel_match",
        "recurring",
        ours.panel_match,
        [Peer("StatsPAI", more.statspai_panel_match, EFFECTS)],
        EFFECTS,
        "2 periods of history, no refinement",
    ),
    EventWork(
        "imputation",
        "recurring",
        ours.imputation,
        [Peer("StatsPAI", more.statspai_fect, (), DRAWN)],
        EFFECTS,
    ),
    EventWork(
        "interactive_effects",
        "recurring",
        ours.interactive_effects,
        [Peer("StatsPAI", more.statspai_fect_factors, (), DRAWN)],
        EFFECTS,
    ),
    EventWork(
        "matrix_completion",
        "recurring",
        ours.matrix_completion,
        [Peer("StatsPAI", more.statspai_completion, (), DRAWN)],
        EFFECTS,
    ),
    EventWork(
        "stacked_did",
        "recurring",
        ours.stacked_did,
        [Peer("StatsPAI", more.statspai_stacked, (), "every event is a stack of its own")],
    ),
    EventWork(
        "stacked_did-once",
        "once",
        ours.stacked_did_once,
        [
            Peer("diff-diff", peers.diff_diff_stacked, TIMES),
            Peer("StatsPAI", more.statspai_stacked_once, (), "other numbers, not traced"),
        ],
    ),
    EventWork(
        "lp_did-once",
        "once",
        ours.lp_did_once,
        [
            Peer("pyfixest", peers.pyfixest_lpdid, TIMES),
            Peer("diff-diff", peers.diff_diff_lpdid, TIMES),
            Peer("StatsPAI", more.statspai_lp_did_once, TIMES),
        ],
        note="rule absorbing",
    ),
    EventWork(
        "imputation-once",
        "once",
        ours.imputation_once,
        [
            Peer("diff-diff", peers.diff_diff_imputation, EFFECTS),
            Peer("StatsPAI", more.statspai_imputation, EFFECTS),
        ],
        EFFECTS,
    ),
    EventWork(
        "callaway_santanna",
        "once",
        ours.callaway_santanna,
        [
            Peer("diff-diff", peers.diff_diff_callaway, TIMES),
            Peer("StatsPAI", more.statspai_callaway, TIMES),
            Peer("moderndid", more.moderndid_callaway, TIMES),
            Peer("csdid", more.csdid_callaway, TIMES),
            Peer("differences", more.differences_callaway, TIMES),
        ],
    ),
    EventWork(
        "sun_abraham",
        "once",
        ours.sun_abraham,
        [
            Peer("pyfixest", peers.pyfixest_saturated, TIMES),
            Peer("diff-diff", peers.diff_diff_sun_abraham, TIMES),
            Peer("StatsPAI", more.statspai_sun_abraham, TIMES),
        ],
    ),
    EventWork(
        "two_stage",
        "once",
        ours.two_stage,
        [
            Peer("pyfixest", peers.pyfixest_did2s, EFFECTS),
            Peer("diff-diff", peers.diff_diff_two_stage, EFFECTS),
            Peer("StatsPAI", more.statspai_two_stage, EFFECTS),
        ],
        EFFECTS,
    ),
    EventWork(
        "extended_two_way",
        "once",
        ours.extended_two_way,
        [
            Peer("diff-diff", peers.diff_diff_wooldridge, EFFECTS),
            Peer("StatsPAI", more.statspai_etwfe, EFFECTS),
        ],
        EFFECTS,
    ),
)
