"""Figures 1, A.2 to A.4 and market shares: recounts in plain Python, pictures that show what was counted."""

from __future__ import annotations

import typing
from collections import Counter
from dataclasses import replace

import matplotlib.colors as mcolors
import numpy as np
import pandas as pd
import pytest
from matplotlib.legend import Legend
from matplotlib.patches import FancyArrowPatch, Rectangle
from matplotlib.text import Text

from eventpanel.brookings import arrow_maps, market_shares, ranked_bars, seeds, summary, time_path
from eventpanel.brookings.canvas import REGIME_COLORS, values
from eventpanel.brookings.exhibit import Content, Exhibit, numbers
from eventpanel.brookings.flows import STRONG, UNKNOWN, WEAK
from eventpanel.brookings.globe import arrow_widths, project
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.errors import NotAvailableError
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel
from tests.brookings.own_deals import LABEL, SOURCE, random_materials, records

MODULES = (summary, arrow_maps, time_path, ranked_bars, market_shares, seeds)
EXHIBITS: dict[str, Exhibit] = {exhibit.name: exhibit for module in MODULES for exhibit in module.EXHIBITS}
MATERIALS = random_materials(1)


def rows(materials: Materials) -> list[tuple[str, str, int, bool]]:
    frame = materials.deals.frame
    columns = (frame[name] for name in ("exporter", "importer", "year", "smart_city"))
    return [row for row in zip(*columns, strict=True) if row[0] != row[1]]


def regimes(materials: Materials, cutoff: float = 7) -> dict[str, str]:
    base = materials.countries.frame.query("year == 2007")
    return {i: WEAK if p < cutoff else STRONG for i, p in zip(base["importer"], base["polity2"], strict=True)}


def largest(materials: Materials) -> set[str]:
    base = materials.countries.frame.query("year == 2007")
    return {importer for _, importer in sorted(zip(base["gdp"], base["importer"], strict=True))[-100:]}


def made(name: str, materials: Materials = MATERIALS, switches: Switches | None = None) -> Content:
    content: Content = EXHIBITS[name].make(materials, switches or Switches())
    return content


def alternatives(name: str) -> list[object]:
    choices = typing.get_args(Switches.model_fields[name].annotation) or (2012,)
    return [choice for choice in choices if choice != getattr(Switches(), name)]


@pytest.mark.parametrize("exhibit", EXHIBITS.values(), ids=lambda exhibit: exhibit.name)
def test_the_switches_named_are_those_that_change_an_exhibit(exhibit: Exhibit) -> None:
    before = numbers(exhibit.make(MATERIALS, Switches()))

    def moves(**switches: object) -> bool:
        return not numbers(exhibit.make(MATERIALS, Switches.model_validate(switches))).equals(before)

    for name in exhibit.uses:
        assert any(moves(**{name: choice}) for choice in alternatives(name)), name
    others = {name: alternatives(name) for name in Switches.model_fields if name not in exhibit.uses}
    for k in range(max(map(len, others.values()))):
        assert not moves(**{name: choices[k % len(choices)] for name, choices in others.items()})


@pytest.mark.parametrize("panel", ["A. China", "B. United States"])
def test_links_and_deals_of_the_maps_are_those_of_a_recount(panel: str) -> None:
    code = {"A. China": "CHN", "B. United States": "USA"}[panel]
    inside, regime = largest(MATERIALS), regimes(MATERIALS)
    deals = Counter(importer for exporter, importer, *_ in rows(MATERIALS) if exporter == code and importer in inside)
    found = values(made("figure_1"))
    for head in (WEAK, STRONG):
        mine = {importer: n for importer, n in deals.items() if regime[importer] == head}
        assert found[panel, head]["links"] == len(mine)
        assert found[panel, head]["deals"] == sum(mine.values())
    for share in ("share of links", "share of deals"):
        assert sum(found[panel, head][share] for head in (WEAK, STRONG)) == pytest.approx(1, abs=1e-14)


def test_importers_of_unknown_regime_have_a_colour_and_a_line_of_their_own() -> None:
    frame = MATERIALS.countries.frame
    chinese = {importer for exporter, importer, *_ in rows(MATERIALS) if exporter == "CHN"} & largest(MATERIALS)
    lost = sorted(chinese)[0]
    unknown = frame.assign(polity2=frame["polity2"].mask(frame["importer"] == lost))
    content = made("figure_1", replace(MATERIALS, countries=MATERIALS.countries.with_frame(unknown)))
    found = values(content)
    assert found["A. China", UNKNOWN]["links"] == 1
    assert sum(found["A. China", head]["share of links"] for head in (WEAK, STRONG, UNKNOWN)) == pytest.approx(1)


def arrows(content: Content) -> list[list[FancyArrowPatch]]:
    figure = arrow_maps.draw_arrow_maps(content, 0.9, LABEL)
    return [[patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)] for ax in figure.axes]


def test_a_map_has_an_arrow_for_each_link_in_the_colour_of_its_regime() -> None:
    content = made("figure_1")
    found = values(content)
    for drawn, panel in zip(arrows(content), ("A. China", "B. United States"), strict=True):
        colors = Counter(mcolors.to_hex(patch.get_edgecolor()) for patch in drawn)
        assert colors[mcolors.to_hex(REGIME_COLORS[0])] == found[panel, WEAK]["links"]
        assert colors[mcolors.to_hex(REGIME_COLORS[1])] == found[panel, STRONG]["links"]
        assert sum(colors.values()) == found[panel, WEAK]["links"] + found[panel, STRONG]["links"]


def test_arrows_are_the_wider_the_more_deals() -> None:
    content = made("figure_1")
    table = content.more["arrows"]
    for drawn, code in zip(arrows(content), ("CHN", "USA"), strict=True):
        deals = np.sort(table.loc[table["exporter"] == code, "deals"].to_numpy())
        widths = np.sort([patch.get_linewidth() for patch in drawn])
        steps = np.diff(deals)
        assert (np.diff(widths)[steps > 0] > 0).all()
        np.testing.assert_allclose(np.diff(widths)[steps == 0], 0, atol=1e-12)


def test_widths_grow_with_deals_whatever_the_most() -> None:
    for most in (1, 3, 60, 5000):
        widths = arrow_widths(np.arange(1.0, most + 1), most)
        assert (np.diff(widths) > 0).all()
        assert widths.min() > 0.5
        assert widths.max() < 7


def test_the_projection_is_that_of_proj() -> None:
    """PROJ's own test of natearth: radius 6,400,000, longitude 2, latitude 1 and -1 (its tolerance is 1e-7 m)."""
    x, y = project(np.array([1.0, -1.0]), np.array([13.0, 13.0]))
    np.testing.assert_allclose(6_400_000 * x, 194507.265257889288, atol=1e-7)
    np.testing.assert_allclose(6_400_000 * y, [112508.737358294515, -112508.737358294515], atol=1e-7)


def invented(*, placed: bool) -> Materials:
    """Two invented countries that buy from China."""
    deals = pd.DataFrame({"exporter": "CHN", "importer": ["XAA", "XAB", "XAB"], "year": 2010})
    countries = pd.DataFrame({"importer": ["XAA", "XAB"], "year": 2007, "polity2": [0.0, 9.0], "gdp": [1.0, 2.0]})
    where = pd.DataFrame({"importer": ["XAA", "XAB"], "latitude": [10.0, 20.0], "longitude": [30.0, 40.0]})
    return Materials(
        kind="simulated",
        label=LABEL,
        deals=records(deals, ["XAA", "XAB"]),
        countries=Panel(countries, ("importer",), "year", (SOURCE,)),
        importers=Panel(where, ("importer",), None, (SOURCE,)) if placed else None,
    )


def test_invented_countries_stand_where_the_data_say() -> None:
    table = made("figure_1", invented(placed=True)).more["arrows"]
    assert table["importer"].tolist() == ["XAA", "XAB"]
    assert table[["latitude", "longitude", "deals"]].to_numpy().tolist() == [[10, 30, 1], [20, 40, 2]]
    with pytest.raises(NotAvailableError):
        made("figure_1", invented(placed=False))


def test_no_deal_that_counts_is_no_link_and_no_share() -> None:
    materials = invented(placed=True)
    elsewhere = pd.DataFrame({"exporter": "CHN", "importer": ["XAC"], "year": 2010})
    empty = replace(materials, deals=records(elsewhere, ["XAA", "XAB"]))
    found = values(made("figure_1", empty))["A. China", WEAK]
    assert (found["links"], found["deals"]) == (0, 0)
    assert np.isnan(found["share of links"])
    assert arrows(made("figure_1", empty)) == [[], []]
    shares = values(made("market_shares", empty))["China", "All importers"]
    assert shares["deals"] == 0
    assert np.isnan(shares["share of deals"])


def test_the_time_path_is_a_recount() -> None:
    found = values(made("figure_a2"))
    everything, smart = Counter[int](), Counter[int]()
    for _, _, year, is_smart in rows(MATERIALS):
        everything[year] += 1
        smart[year] += is_smart
    assert found["", "All AI"] == {str(year): everything[year] for year in range(2008, 2022)}
    assert found["", "Smart city"] == {str(year): smart[year] for year in range(2008, 2022)}


def test_years_that_are_not_watched_are_no_zeros() -> None:
    deals = pd.DataFrame({"exporter": "CHN", "importer": "KEN", "year": [2010, 2012, 2014, 2015, 2016]})
    held = records(deals, ["KEN"], 2009, 2014)
    gap = held.covered[held.covered["year"] != 2012]
    partly = pd.DataFrame({"importer": ["KEN"], "year": [2014]})
    content = made("figure_a2", replace(MATERIALS, deals=replace(held, covered=gap, censored=partly)))
    found = pd.Series(values(content)["", "All AI"])
    assert found.index.tolist() == ["2009", "2010", "2011", "2012", "2013"]
    np.testing.assert_array_equal(found.to_numpy(), [0, 1, 0, np.nan, 0])
    assert "Deals in years left out: 4." in content.notes
    assert "Not there: whether a deal concerns smart cities." in content.notes


def test_ranks_are_those_of_a_recount() -> None:
    pairs = Counter(f"{exporter}>{importer}" for exporter, importer, *_ in rows(MATERIALS))
    sellers, buyers, sold_to = Counter[str](), Counter[str](), Counter[str]()
    for pair, number in pairs.items():
        exporter, importer = pair.split(">")
        sellers[exporter] += number
        buyers[importer] += number
        sold_to[exporter] += 1
    by_deals, by_partners = values(made("figure_a3")), values(made("figure_a4"))
    wanted = {
        "Exporters": (sellers, by_deals["Exporters", "Deals"]),
        "Importers": (buyers, by_deals["Importers", "Deals"]),
        "Pairs": (pairs, by_deals["Pairs", "Deals"]),
        "Partners": (sold_to, by_partners["Exporters", "Partner countries"]),
    }
    for counts, found in wanted.values():
        first = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:20]
        assert list(found.items()) == first


def test_bars_are_as_long_as_their_numbers() -> None:
    content = made("figure_a3")
    figure = ranked_bars.draw_by_deals(content, 0.9, LABEL)
    for ax, column in zip(figure.axes, content.columns, strict=True):
        drawn = [bar.get_width() for bar in ax.patches if isinstance(bar, Rectangle)]
        assert drawn == [one.estimate for one in column.coefficients]


@pytest.mark.parametrize("head", ["All importers", WEAK, STRONG])
def test_market_shares_are_those_of_a_recount_and_add_up(head: str) -> None:
    inside, regime, found = largest(MATERIALS), regimes(MATERIALS), values(made("market_shares"))
    mine = [r for r in rows(MATERIALS) if r[1] in inside and head in (regime[r[1]], "All importers")]
    bought = {r[1] for r in mine if r[0] == "CHN"}
    china = [r[2] for r in mine if r[0] == "CHN"]
    cells = found["China", head]
    assert cells["partners"] == len(bought)
    assert cells["deals"] == len(china)
    assert cells["share of links"] == pytest.approx(len(bought) / len({r[:2] for r in mine}))
    assert cells["growth"] == pytest.approx(sum(y > 2014 for y in china) / sum(y <= 2014 for y in china))
    panels = ("China", "United States", "Other exporters")
    assert sum(found[panel, head]["share of deals"] for panel in panels) == pytest.approx(1, abs=1e-14)
    for year in map(str, range(2008, 2022)):
        shares = [found[f"{panel}, share of deals by year", head][year] for panel in panels]
        whole = sum(str(r[2]) == year for r in mine)
        assert sum(shares) == pytest.approx(1 if whole else np.nan, nan_ok=True)
        assert shares[0] == pytest.approx(sum(str(y) == year for y in china) / whole if whole else np.nan, nan_ok=True)


@pytest.mark.parametrize("name", [name for name, exhibit in EXHIBITS.items() if exhibit.draw is not None])
def test_every_figure_carries_the_label(name: str) -> None:
    draw = EXHIBITS[name].draw
    assert draw is not None
    figure = draw(made(name), 0.9, LABEL)
    assert LABEL in figure.get_suptitle().replace("\n", " ")


def test_legends_of_the_maps_are_clear_of_titles_and_caption() -> None:
    frame = MATERIALS.countries.frame
    half = frame["polity2"].mask(frame["importer"].isin(sorted(set(frame["importer"]))[::2]))
    # With one deal a pair, the key of widths is short and leaves room for the legend of regimes alone.
    once = MATERIALS.deals.frame.drop_duplicates(["exporter", "importer"])
    countries = MATERIALS.countries.with_frame(frame.assign(polity2=half))
    unknown = replace(MATERIALS, countries=countries, deals=replace(MATERIALS.deals, frame=once))
    draw = EXHIBITS["figure_1"].draw
    assert draw is not None
    figure = draw(made("figure_1", unknown), 0.9, "A LABEL OF SEVERAL LINES. " * 10)
    figure.draw_without_rendering()
    legends = [one for ax in figure.axes for one in ax.get_children() if isinstance(one, Legend)]
    assert len(legends) == 4
    assert max(len(one.get_texts()) for one in legends) == 3
    others = [*figure.texts, *(text for ax in figure.axes for text in ax.get_children() if isinstance(text, Text))]
    written = [text for text in others if text.get_text() and float(text.get_fontsize()) > 7]
    assert len(written) >= 4
    for one in legends:
        assert not any(one.get_window_extent().overlaps(text.get_window_extent()) for text in written)


@pytest.mark.parametrize("name", [name for name, exhibit in EXHIBITS.items() if exhibit.draw is not None])
def test_titles_of_pictures_stay_inside(name: str) -> None:
    draw = EXHIBITS[name].draw
    assert draw is not None
    figure = draw(
        made(name), 0.9, "SIMULATED DATA. Invented countries, planted effects; no statement about any country."
    )
    figure.draw_without_rendering()
    title = next(text for text in figure.texts if text.get_text() == figure.get_suptitle())
    box = title.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.x1


@pytest.mark.parametrize(
    "name", ["figure_1", "figure_a2", "figure_a3", "figure_a4", "market_shares", "seeds", "table_1"]
)
def test_deals_without_exporters_are_refused(name: str) -> None:
    frame = MATERIALS.deals.frame.drop(columns=["exporter"])
    with pytest.raises(NotAvailableError):
        made(name, replace(MATERIALS, deals=replace(MATERIALS.deals, frame=frame)))


@pytest.mark.parametrize(
    ("name", "column"),
    [("figure_1", "polity2"), ("figure_1", "gdp"), ("market_shares", "polity2"), ("seeds", "unrest")],
)
def test_a_missing_column_is_refused(name: str, column: str) -> None:
    frame = MATERIALS.countries.frame.drop(columns=[column])
    with pytest.raises(NotAvailableError, match=column):
        made(name, replace(MATERIALS, countries=MATERIALS.countries.with_frame(frame)))
