"""Figures: one panel a group, the reference and the mean named, nothing cut off, nothing that breaks on odd numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.text import Text

from eventpanel.estimators.window import EventWindow
from eventpanel.reports.figures import event_study, save
from eventpanel.reports.results import Result, summarise
from tests.reports.results import FOUR, HOSTILE, estimate, result

REFERENCE = EventWindow(leads=2, lags=2, reference=-1)
BINNED = EventWindow(leads=1, lags=1, reference=-1, ends="bin")
ONE = EventWindow(leads=0, lags=0, reference=None)
LONG = EventWindow(leads=7, lags=6, reference=None)


def without_error() -> Result:
    one = estimate(("low", "high"))
    vcov = one.vcov.copy()
    vcov[0, :] = vcov[:, 0] = 0.0
    return summarise("name", "Title", replace(one, vcov=vcov), ("low", "high"))


def without_any_error() -> Result:
    one = estimate()
    return summarise("name", "Title", replace(one, vcov=np.zeros_like(one.vcov)))


CASES: dict[str, tuple[Callable[[], Result], int]] = {
    "no moderator": (lambda: result(), 1),
    "two groups and their difference": (lambda: result(("low", "high")), 3),
    "a reference": (lambda: result(("low", "high"), REFERENCE), 3),
    "binned ends": (lambda: result((), BINNED), 1),
    "four groups, hostile names": (lambda: result(FOUR), 5),
    "one term": (lambda: result((), ONE), 1),
    "many terms": (lambda: result((), LONG), 1),
    "a missing standard error": (without_error, 3),
    "no standard error at all": (without_any_error, 1),
    "huge negative outcomes": (lambda: result((), factor=-1e12), 1),
    "tiny outcomes": (lambda: result((), factor=1e-12), 1),
}


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text()]


def panels(figure: Figure) -> int:
    return sum(axes.axison for part in figure.subfigs for axes in part.axes)


@pytest.mark.parametrize("name", CASES)
def test_every_group_has_a_panel_and_a_mean(name: str) -> None:
    make, expected = CASES[name]
    one = make()
    figure = event_study([one], "Title", "LABEL")
    assert panels(figure) == expected
    means = [text for text in texts(figure) if text.startswith("mean\n")]
    assert len(means) == len(one.estimate.groups)
    assert save(figure, "png").startswith(b"\x89PNG")


@pytest.mark.parametrize("name", CASES)
def test_no_text_is_cut_off(name: str) -> None:
    figure = event_study([CASES[name][0]()], "Title " * 30, "LABEL " * 30)
    figure.draw_without_rendering()
    edge = figure.bbox
    for text in figure.findobj(Text):
        if isinstance(text, Text) and text.get_text() and text.get_visible():
            box = text.get_window_extent()
            inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= edge.x1 + 1 and box.y1 <= edge.y1 + 1
            hidden = text.axes is not None and not text.axes.axison
            assert inside or hidden, text.get_text()


def test_the_reference_is_named_and_hollow() -> None:
    figure = event_study([result((), REFERENCE)], "Title", "LABEL")
    assert any("the reference, event time \N{MINUS SIGN}1, set to zero" in " ".join(t.split()) for t in texts(figure))
    points = [line for line in figure.subfigs[0].axes[0].lines if line.get_markerfacecolor() == "white"]
    assert [list(np.atleast_1d(line.get_xdata())) for line in points] == [[-1]]


def test_the_absence_of_a_reference_is_said() -> None:
    figure = event_study([result()], "Title", "LABEL")
    assert any("there is no reference" in " ".join(t.split()) for t in texts(figure))


def test_binned_ends_have_signs() -> None:
    found = texts(event_study([result((), BINNED)], "Title", "LABEL"))
    assert "\N{LESS-THAN OR EQUAL TO}\N{MINUS SIGN}2" in found
    assert "\N{GREATER-THAN OR EQUAL TO}2" in found


def test_names_are_never_read_as_formulas() -> None:
    figure = event_study([result(HOSTILE)], "Title", r"$\frac{$")
    figure.draw_without_rendering()  # would refuse the label as a formula
    found = " ".join(" ".join(texts(figure)).split())
    assert "$y$" in found
    assert "<script>alert(1)</script>" in found
    assert r"$\frac{$" in found


def test_letters_that_the_font_lacks_are_no_error() -> None:
    name = "\N{CJK UNIFIED IDEOGRAPH-4E2D}\N{CJK UNIFIED IDEOGRAPH-56FD}"
    assert save(event_study([result((name, "b"))], name, name), "pdf").startswith(b"%PDF")


def test_intervals_lie_within_bands() -> None:
    axes = event_study([result()], "Title", "LABEL").subfigs[0].axes[0]
    drawn = [lines for lines in axes.collections if isinstance(lines, LineCollection)]
    bands, intervals = (np.array(lines.get_segments())[:, :, 1] for lines in drawn)
    assert (bands[:, 0] < intervals[:, 0]).all()
    assert (intervals[:, 1] < bands[:, 1]).all()


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_the_same_figure_is_the_same_file(kind: str) -> None:
    one = result()
    assert save(event_study([one], "T", "L"), kind) == save(event_study([one], "T", "L"), kind)


def test_every_estimate_has_a_row() -> None:
    figure = event_study([result(), result(("low", "high"))], "Title", "LABEL")
    assert [sum(axes.axison for axes in part.axes) for part in figure.subfigs] == [1, 3]
