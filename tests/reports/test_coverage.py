"""Coverage figures: every country and answer is there, colours stay apart in grey, nothing is cut off."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from eventpanel.datasets.answers import Answer
from eventpanel.datasets.countries import country_years, name_of
from eventpanel.datasets.errors import ColumnError, CountryError
from eventpanel.datasets.merge import merge, spine
from eventpanel.datasets.panel import Panel, Source
from eventpanel.datasets.records import Records, count
from eventpanel.reports.coverage import Order, plot_coverage
from eventpanel.reports.coverage_grid import LOOKS, NO_ROW, answer_grid
from eventpanel.reports.coverage_map import SHADES, plot_coverage_map
from eventpanel.reports.figures import save
from eventpanel.reports.tiles import off_the_map, positions, regions, tiles


def world(importers: list[str] | None = None, exporters: list[str] | None = None) -> Panel:
    """Every state 2006 to 2021, with deals that are whole to 2018 and protests of the even years."""
    grid = spine(2006, 2021, importers=importers, exporters=exporters)
    years = country_years(2006, 2021, importers)
    deals = Records(
        pd.DataFrame({"exporter": "CHN", "importer": ["KEN", "KEN", "PAK"], "year": [2010, 2020, 2012]}),
        years[years["year"] <= 2018],
        Source("deals", "Deals"),
        censored=years[years["year"] > 2018],
        why="orders without a delivery yet",
    )
    cardinality = "1:1"
    panel = merge(grid, count(deals, "deals", exporters=exporters), cardinality=cardinality)
    even = years[years["year"] % 2 == 0]
    protests = Panel(even.assign(protests=1.0), ("importer",), "year", (Source("mm", "Protests"),))
    return merge(panel, protests, cardinality="1:1" if exporters is None else "m:1")


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text()]


def grey(color: str) -> float:
    red, green, blue = to_rgb(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_answers_stay_apart_in_grey() -> None:
    for colors in ([color for color, _ in LOOKS.values()], list(SHADES.values())[1:]):
        levels = sorted(grey(color) for color in [*colors, "white"])
        assert all(high - low > 0.07 for low, high in pairwise(levels)), levels


# Rows of linear red, green and blue as seen without red and without green cones: Vienot, Brettel and Mollon (1999).
PROTANOPIA = np.array([[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]])
DEUTERANOPIA = np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]])


@pytest.mark.parametrize("blindness", [PROTANOPIA, DEUTERANOPIA], ids=["no red", "no green"])
def test_answers_stay_apart_for_the_colour_blind(blindness: np.ndarray) -> None:
    linear = np.array([to_rgb(color) for color, _ in LOOKS.values()]) ** 2.2
    seen = (linear @ blindness.T).clip(0, 1) ** (1 / 2.2)
    apart = [np.abs(one - other).max() for place, one in enumerate(seen) for other in seen[:place]]
    assert min(apart) > 0.25


@pytest.mark.parametrize("order", ["region", "first", "name"])
def test_every_country_has_a_line_and_every_line_its_answers(order: Order) -> None:
    panel = world()
    figure = plot_coverage(panel, ["deals", "protests"], order=order, label="LABEL")
    found = texts(figure)
    names = {name_of(code) for code in panel.frame["importer"].unique()}
    assert {name for name in names if len(name) <= 34} <= set(found)
    drawn = [mesh.get_array() for mesh in figure.findobj(QuadMesh) if isinstance(mesh, QuadMesh)]
    pictures = np.concatenate([np.asarray(mesh).ravel() for mesh in drawn])
    counts = {answer: int((pictures == number).sum()) for number, answer in enumerate(LOOKS, start=1)}
    table = panel.coverage[["nonzero", "zero", "censored", "not_covered"]].sum()
    assert list(counts.values()) == table.tolist()
    assert "LABEL" in found


def test_years_and_variables_are_named_and_the_legend_is_in_words() -> None:
    found = texts(plot_coverage(world(), ["deals", "protests"]))
    for words in ("2006", "2011", "2016", "2021", "deals", "protests", "a value", "a true zero", "no row in the panel"):
        assert words in found, words
    assert "censored: orders without a delivery yet" in found
    assert "not covered, or no number" in found
    few = world(["KEN", "PAK"])
    assert "no row in the panel" not in texts(plot_coverage(few, "deals"))


@pytest.mark.parametrize("variables", ["deals", ["deals", "protests"] * 3, None])
def test_a_chart_of_the_world_fits_a_sheet_and_nothing_is_cut_off(variables: str | list[str] | None) -> None:
    figure = plot_coverage(world(), variables, title="Title " * 10, label="Label " * 20)
    width, height = figure.get_size_inches()
    assert 0.5 < width / height < 2
    figure.draw_without_rendering()
    for text in figure.findobj(Text):
        if isinstance(text, Text) and text.get_text() and text.get_visible():
            box = text.get_window_extent()
            assert box.x0 >= -1 and box.y0 >= -1, text.get_text()
            assert box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1, text.get_text()


def test_names_do_not_touch() -> None:
    figure = plot_coverage(world(), "deals")
    figure.draw_without_rendering()
    for ax in figure.axes:
        boxes = sorted((text.get_window_extent() for text in ax.texts), key=lambda box: box.y0)
        assert all(low.y1 <= high.y0 + 1 for low, high in pairwise(boxes))
        assert all(one.x1 <= ax.get_window_extent().x0 for one in boxes)


def test_countries_by_the_first_answer_come_in_its_order() -> None:
    grid = spine(2006, 2010, importers=["KEN", "UGA", "TZA"])
    late = pd.DataFrame({"importer": ["KEN", "UGA"], "year": [2008, 2007], "score": 1.0})
    panel = merge(grid, Panel(late, ("importer",), "year"), cardinality="1:1")
    names = [text.get_text() for text in plot_coverage(panel, "score", order="first").axes[0].texts]
    assert names == ["Uganda", "Kenya", "Tanzania"]


def test_a_cell_shows_the_exporter_that_is_known_best() -> None:
    panel = world(["KEN", "PAK", "SSD"], ["CHN", "USA"])
    grid = answer_grid(panel, "deals")
    assert grid.cells.shape == (3, 16)
    kenya = grid.cells[list(grid.countries).index("KEN")]
    assert kenya[4] == Answer.VALUE and kenya[5] == Answer.ZERO and kenya[14] == Answer.CENSORED
    south_sudan = grid.cells[list(grid.countries).index("SSD")]
    assert (south_sudan[:5] == NO_ROW).all() and (south_sudan[5:] != NO_ROW).all()
    assert grid.why == "orders without a delivery yet"


def test_a_class_zero_is_a_value_and_a_count_of_zero_a_zero() -> None:
    """Cuba's class 0 of Regimes of the World is a closed autocracy, not nothing."""
    frame = pd.DataFrame({"importer": "CUB", "year": [2010, 2011], "class": [0, 1]})
    panel = merge(
        spine(2010, 2012, importers=["CUB"]),
        Panel(frame, ("importer",), "year", (Source("ert", "ERT"),)),
        cardinality="1:1",
    )
    assert answer_grid(panel, "class").cells.tolist() == [[Answer.VALUE, Answer.VALUE, Answer.NOT_COVERED]]
    assert panel.answers("class").tolist() == [Answer.ZERO, Answer.VALUE, Answer.NOT_COVERED]


def test_figures_that_cannot_be_drawn() -> None:
    panel = world(["KEN"])
    for draw in (plot_coverage, plot_coverage_map):
        with pytest.raises(ColumnError, match="'nothing'"):
            draw(panel, "nothing")
    with pytest.raises(ColumnError, match="no period 1990") as caught:
        plot_coverage_map(panel, "deals", year=1990)
    assert "2006 to 2021" in caught.value.where
    with pytest.raises(ColumnError, match="no column to draw"):
        plot_coverage(spine(2006, 2007, importers=["KEN"]))
    facts = Panel(pd.DataFrame({"importer": ["KEN"], "area": [1.0]}), ("importer",), None)
    with pytest.raises(ColumnError, match="no periods"):
        plot_coverage(facts, "area")


def test_a_map_of_invented_countries_is_refused_and_others_are_named() -> None:
    frame = pd.DataFrame({"importer": ["XAA", "XAB"], "year": 2010, "deals": 1})
    with pytest.raises(CountryError, match="No country of the panel has a place"):
        plot_coverage_map(Panel(frame, ("importer",), "year"), "deals")
    mixed = frame.assign(importer=["XAA", "KEN"])
    assert "Not on the map: XAA" in texts(plot_coverage_map(Panel(mixed, ("importer",), "year"), "deals"))


def test_a_map_shows_every_state_with_its_answer() -> None:
    panel = world()
    figure = plot_coverage_map(panel, "deals", year=2010, label="LABEL")
    found = texts(figure)
    assert set(panel.frame["importer"]) <= set(found)
    squares = {
        text.get_text(): patch.get_facecolor()[:3]
        for patch, text in zip(
            [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)],
            [text for text in figure.axes[0].texts if text.get_text()],
            strict=True,
        )
    }
    assert squares["KEN"] == to_rgb(LOOKS[Answer.VALUE][0]) and squares["PAK"] == to_rgb(LOOKS[Answer.ZERO][0])
    assert squares["SSD"] == to_rgb("white")
    late = texts(plot_coverage_map(panel, "deals", year=2021))
    assert "censored: orders without a delivery yet" in late
    assert "LABEL" in found and "deals, 2010" in found
    assert not any(text.startswith("censored") for text in found) and "no row in the panel" in found


def test_a_map_of_all_years_counts_them() -> None:
    found = texts(plot_coverage_map(world(["KEN", "SSD"]), "protests"))
    assert "protests, 2006 to 2021" in found
    assert {"8", "5"} <= set(found)  # even years; of South Sudan those since 2011


def test_squares_are_those_of_the_nearest_places() -> None:
    squares = tiles()
    assert len(set(squares.values())) == len(squares) > 190
    assert tiles() == squares and tiles(["KEN"]) == squares
    assert "HKG" not in squares and "HKG" in tiles(["HKG"])
    east = [squares[code][0] for code in ("CHL", "BRA", "NGA", "KEN", "IND", "CHN", "JPN", "FJI")]
    north = [squares[code][1] for code in ("NZL", "ZAF", "KEN", "TCD", "EGY", "TUR", "UKR", "FIN")]
    assert east == sorted(east) and north == sorted(north)
    table = positions().loc[sorted(squares)]
    places = np.array([squares[code] for code in sorted(squares)])
    for axis, column in enumerate(["longitude", "latitude"]):
        values = table[column] if column == "latitude" else (table[column] + 169) % 360
        assert np.corrcoef(values.rank(), pd.Series(places[:, axis]).rank())[0, 1] > 0.95
    assert off_the_map(["XAA", "FRA"]) == ["XAA"]


def test_regions_hold_each_country_once_and_neighbours_together() -> None:
    codes = sorted(set(country_years(2020, 2020)["importer"]) | {"HKG", "PSE", "XAA"})
    found = regions(codes)
    assert sorted(code for members in found.values() for code in members) == codes
    assert found["Other"] == ["XAA"]
    home = {code: region for region, members in found.items() for code in members}
    assert home["PSE"] == "Middle East and North Africa" and home["HKG"] == "Asia and Oceania"
    assert home["KEN"] == "Sub-Saharan Africa" and home["RUS"] == "Europe" and home["USA"] == "Americas"


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_the_same_figure_is_the_same_file(kind: str) -> None:
    panel = world(["KEN", "PAK", "UGA"])
    assert save(plot_coverage(panel, "deals"), kind) == save(plot_coverage(panel, "deals"), kind)
    assert save(plot_coverage_map(panel, "deals"), kind) == save(plot_coverage_map(panel, "deals"), kind)
