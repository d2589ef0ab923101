"""Status figure: every unit and period is there and tells what happened; colours stay apart; nothing is cut off."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.text import Text

from eventpanel.datasets.countries import country_years
from eventpanel.datasets.errors import NoEventError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.audit import recurrence
from eventpanel.estimators.events import Event, Overlap, Threshold
from eventpanel.estimators.window import EventWindow
from eventpanel.reports.figures import save
from eventpanel.reports.status import MOST, plot_status, status_caption
from eventpanel.reports.status_grid import LOOKS, Status, status_grid
from tests.reports.test_coverage import DEUTERANOPIA, PROTANOPIA, grey, texts

WINDOW = EventWindow(leads=1, lags=1, reference=None)
DOSE = Event(column="x", kind="dose")
PASSED = Event(column="x", kind="threshold", threshold=Threshold(rule="absolute", value=0))
LETTERS = {
    Status.NO_RECORD: ".",
    Status.QUIET: "0",
    Status.WINDOW: "w",
    Status.OVERLAP: "o",
    Status.EVENT: "e",
    Status.LARGER: "m",
    Status.LARGEST: "E",
    Status.ASIDE: "a",
    Status.UNTOLD: "?",
}


def panel(**units: list[float | None]) -> Panel:
    rows = [(unit, 2000 + t, x) for unit, values in units.items() for t, x in enumerate(values)]
    frame = pd.DataFrame(rows, columns=["unit", "year", "x"]).astype({"x": float})
    return Panel(frame, ("unit",), "year")


def drawn(data: Panel, event: Event, window: EventWindow | None = WINDOW) -> dict[str, str]:
    grid = status_grid(data, event, window)
    return {
        str(unit): "".join(LETTERS[Status(cell)] for cell in cells)
        for unit, cells in zip(grid.units, grid.cells, strict=True)
    }


def random_panel(units: int, periods: int, names: list[str] | None = None) -> Panel:
    rng = np.random.default_rng(units)
    names = names or [f"U{number:04d}" for number in range(units)]
    frame = pd.DataFrame([(name, 1990 + t) for name in names for t in range(periods)], columns=["importer", "year"])
    frame["x"] = rng.poisson(np.repeat(rng.gamma(0.5, 0.3, units), periods)).astype(float)
    return Panel(frame[rng.random(len(frame)) < 0.97].reset_index(drop=True), ("importer",), "year")


def test_every_cell_says_what_happened() -> None:
    data = panel(A=[0, 0, 0, 1, 0, 0], B=[0, 1, 0, 1, 0, None], C=[0, 0, 0, 0, 0, 0], D=[None, 1, 0, 0, 0, 0])
    # Earliest first event on top, of two the one with more events; those without any last.
    assert list(drawn(data, DOSE)) == ["B", "D", "A", "C"]
    assert drawn(data, DOSE) == {"B": "wEoEw.", "D": ".Ew000", "A": "00wEw0", "C": "000000"}
    assert drawn(data, DOSE, None) == {"B": "0E0E0.", "D": ".E0000", "A": "000E00", "C": "000000"}


def test_a_larger_dose_is_darker() -> None:
    assert drawn(panel(A=[1, 2, 3, 0, 1, 2, 3]), DOSE, None) == {"A": "emE0emE"}
    assert drawn(panel(A=[1, 1, 3, 0]), DOSE, None) == {"A": "eeE0"}
    assert drawn(panel(A=[3, 3, 5, 5, 2, 2]), Event(column="x", kind="change"), None) == {"A": "?0e0E0"}
    assert drawn(panel(A=[1, 2, 3, 0]), PASSED, None) == {"A": "EEE0"}


def test_events_set_aside_and_such_as_cannot_be_told() -> None:
    first = Event(column="x", kind="threshold", threshold=PASSED.threshold, overlap=Overlap(rule="first"))
    assert drawn(panel(A=[0, 1, 0, 0, 1, 0], B=[0, None, 0, 1, 0, 0]), first) == {"A": "wEw0a0", "B": "0.0?00"}
    onset = Event(column="x", kind="onset", threshold=PASSED.threshold)
    assert drawn(panel(A=[1, 0, 0, 1]), onset) == {"A": "?0wE"}


def test_counts_are_those_of_the_audit() -> None:
    data = random_panel(60, 20)
    grid = status_grid(data, DOSE, WINDOW)
    table = recurrence(data, DOSE, WINDOW)
    counts = grid.counts
    assert counts[Status.EVENT] + counts[Status.LARGER] + counts[Status.LARGEST] == table["events"].sum()
    assert grid.cells.size - counts[Status.NO_RECORD] == table["periods"].sum()


def test_the_caption_says_it_in_words() -> None:
    data = panel(A=[0, 0, 0, 1, 0, 0], B=[0, 1, 0, 1, 0, None])
    assert status_caption(data, DOSE, WINDOW) == (
        "2 units, 2000 to 2005, by first event: 3 events in 2 of them; 0% have another inside their window (1 before, "
        "1 after), of 100% the window is known to hold no other. Cells without a record: 1."
    )
    assert status_caption(panel(A=[None]), DOSE) == "There is no record of the event."
    figure = plot_status(data, DOSE, WINDOW, title="TITLE", label="LABEL")
    found = " ".join(texts(figure)).replace("\n", " ")
    for words in ("TITLE", "LABEL", status_caption(data, DOSE, WINDOW), "in the windows of several", "no record"):
        assert words in found


def image(figure: Figure) -> np.ndarray:
    (found,) = [one for one in figure.findobj(AxesImage) if isinstance(one, AxesImage)]
    return np.asarray(found.get_array())


COUNTRIES = sorted(country_years(2020, 2020)["importer"].unique())[:180]


@pytest.mark.parametrize(
    ("units", "periods", "names"),
    [(1, 1, None), (3, 60, None), (20, 20, None), (180, 31, COUNTRIES), (1000, 20, None), (MOST + 700, 10, None)],
)
def test_it_fits_a_sheet_and_nothing_is_cut_off_or_runs_into_another(
    units: int, periods: int, names: list[str] | None
) -> None:
    data = random_panel(units, periods, names)
    figure = plot_status(data, DOSE, WINDOW, label="LABEL")
    assert image(figure).shape == (min(units, MOST), periods)
    width, height = figure.get_size_inches()
    assert width <= 8.3
    assert height <= 11.7  # A4
    figure.draw_without_rendering()
    for text in figure.findobj(Text):
        if isinstance(text, Text) and text.get_text() and text.get_visible():
            box = text.get_window_extent()
            assert box.x0 >= -1 and box.y0 >= -1, text.get_text()
            assert box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1, text.get_text()
    (ax,) = figure.axes
    for labels, low, high in ((ax.get_yticklabels(), "y0", "y1"), (ax.get_xticklabels(), "x0", "x1")):
        boxes = sorted((label.get_window_extent() for label in labels), key=lambda box: getattr(box, low))
        assert all(getattr(one, high) <= getattr(other, low) + 1 for one, other in pairwise(boxes))
    assert (f"{MOST} of the units" in " ".join(texts(figure)).replace("\n", " ")) == (units > MOST)


@pytest.mark.parametrize("periods", [3, 20])
def test_a_long_title_and_label_and_large_doses_keep_apart(periods: int) -> None:
    data = random_panel(60, periods)
    data = data.with_frame(data.frame.assign(x=data.frame["x"] * 12_345.0))
    label = "SIMULATED DATA. Invented countries, a planted effect; no statement about any country whatsoever."
    figure = plot_status(data, DOSE, WINDOW, title="Imports of surveillance technology in years of unrest", label=label)
    figure.draw_without_rendering()
    found = [text for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text() and text.get_visible()]
    boxes = [text.get_window_extent() for text in found]
    assert all(box.x0 >= -1 and box.x1 <= figure.bbox.x1 + 1 and box.y0 >= -1 for box in boxes)
    assert not [
        (one.get_text(), other.get_text())
        for i, one in enumerate(found)
        for j, other in enumerate(found[:i])
        if boxes[i].overlaps(boxes[j])
    ]
    assert any("event, dose over 12345" in text.get_text() or "24690" in text.get_text() for text in found)


def test_a_panel_without_any_record_is_refused() -> None:
    with pytest.raises(NoEventError, match="nothing to draw"):
        plot_status(panel(A=[None, None]), DOSE, WINDOW)


def test_the_same_figure_is_the_same_to_the_byte() -> None:
    one, other = (save(plot_status(random_panel(20, 10), DOSE, WINDOW), "pdf") for _ in range(2))
    assert one == other


def test_statuses_stay_apart_in_grey() -> None:
    levels = sorted(grey(color) for color, _ in LOOKS.values())
    assert set(LOOKS) == set(Status)
    assert all(high - low > 0.07 for low, high in pairwise(levels)), levels


@pytest.mark.parametrize("blindness", [PROTANOPIA, DEUTERANOPIA], ids=["no red", "no green"])
def test_statuses_stay_apart_for_the_colour_blind(blindness: np.ndarray) -> None:
    linear = np.array([to_rgb(color) for color, _ in LOOKS.values()]) ** 2.2
    seen = (linear @ blindness.T).clip(0, 1) ** (1 / 2.2)
    apart = {
        (one, other): np.abs(seen[i] - seen[j]).max()
        for i, one in enumerate(LOOKS)
        for j, other in enumerate(LOOKS)
        if i < j
    }
    # Shades of one colour, and white beside the lightest grey, are told by their borders and by lightness.
    assert min(apart.values()) > 0.07
    kinds = {pair: value for pair, value in apart.items() if {Status.QUIET, Status.NO_RECORD} != set(pair)}
    assert min(kinds.values()) > 0.12, kinds
