"""The figure of estimators side by side: every interval where it belongs, methods apart, legends that count events."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.events import Event, Threshold
from eventpanel.estimators.methods import METHODS as EVERY
from eventpanel.estimators.moderator import Moderator
from eventpanel.estimators.side_by_side import SideBySide, compare_estimators
from eventpanel.estimators.window import EventWindow
from eventpanel.reports.figures import save
from eventpanel.reports.side_by_side import plot_estimators, side_by_side
from tests.panels import random_panel

METHODS = ["distributed_lag", "distributed_lag_restricted", "orthogonalised_lag", "local_projections"]
DESIGN = Design(
    outcome="y",
    event=Event(column="x", kind="threshold", threshold=Threshold(rule="absolute", value=1.0)),
    window=EventWindow(leads=2, lags=2, reference=-1),
    fixed_effects=("importer", "year"),
    covariance=Clustered("importer", "none"),
)
REGIME = Moderator(name="regime", column="regime", timing="fixed")


def found(*, groups: bool) -> SideBySide:
    design = replace(DESIGN, moderator=REGIME, fixed_effects=("importer", "regime^year")) if groups else DESIGN
    return compare_estimators(random_panel(3), design, METHODS)


def panels(figure: Figure) -> list[object]:
    return [ax for ax in figure.get_axes() if ax.axison]


@pytest.mark.parametrize("groups", [False, True])
def test_every_interval_is_drawn_at_its_event_time(groups: bool) -> None:
    shown = found(groups=groups)
    figure = plot_estimators(shown, "Title", level=0.9)
    axes = [ax for ax in figure.get_axes() if ax.axison]
    assert len(axes) == (2 if groups else 1)
    table = shown.table(0.9)
    for ax, group in zip(axes, dict.fromkeys(table["group"]), strict=True):
        drawn = [segment for c in ax.collections if isinstance(c, LineCollection) for segment in c.get_segments()]
        rows = table[(table["group"] == group) & (table["role"] == "estimate")]
        assert len(drawn) == len(rows)
        bounds = sorted((round(s[0][0]), s[0][1], s[1][1]) for s in map(np.asarray, drawn))
        wanted = sorted(zip(rows["event_time"].astype(int), rows["conf_low"], rows["conf_high"], strict=True))
        np.testing.assert_allclose(bounds, wanted, rtol=1e-12)


def test_methods_of_one_event_time_stand_apart() -> None:
    figure = plot_estimators(found(groups=False))
    ax = figure.get_axes()[0]
    at_zero = sorted(
        float(np.asarray(s)[0][0])
        for c in ax.collections
        if isinstance(c, LineCollection)
        for s in c.get_segments()
        if abs(np.asarray(s)[0][0]) < 0.5
    )
    assert len(at_zero) == len(METHODS)
    assert min(np.diff(at_zero)) > 0.1


def test_every_method_there_is_looks_different() -> None:
    one = found(groups=False).estimates["distributed_lag"]
    names = [f"method {number}" for number in range(len(EVERY))]
    cards = found(groups=False).cards["distributed_lag"]
    many = SideBySide(DESIGN, dict.fromkeys(names, one), dict.fromkeys(names, cards), {})
    legends = [legend for part in plot_estimators(many).subfigs for legend in part.legends]
    lines = [line for legend in legends for line in legend.get_lines()]
    looks = {(line.get_color(), line.get_marker()) for line in lines}
    assert len(looks) == len(EVERY) > 8


def test_the_legend_counts_the_events_of_each_method() -> None:
    shown = found(groups=False)
    figure = plot_estimators(shown)
    texts = [t.get_text() for legend in figure.subfigs[0].legends for t in legend.get_texts()]
    assert [text.split(" (")[0] for text in texts] == METHODS
    totals = shown.cards["local_projections"].totals
    assert texts[-1].endswith(f"({totals['used']} of {totals['events']})")


def test_two_comparisons_are_two_rows_and_the_same_bytes_twice() -> None:
    shown = {"One": found(groups=False), "Two": found(groups=True)}
    first, second = (save(side_by_side(shown, "T", "L"), "pdf") for _ in range(2))
    assert first == second
    figure = side_by_side(shown, "T", "L")
    assert len(panels(figure)) == 3
