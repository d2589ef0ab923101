"""Figures 2 and 3: the bar of AI is the table's coefficient, the others have another good in its place."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import same_color
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from eventpanel.brookings import comparative_advantage, regime_bias
from eventpanel.brookings.exhibit import Exhibit, numbers
from eventpanel.brookings.goods_figures import EXHIBITS
from eventpanel.brookings.product_panel import GOODS
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.materials import Materials
from eventpanel.reports.figures import GROUP_COLORS
from tests.brookings.plain_frame import plain_fit, plain_frame
from tests.brookings.product_materials import product_materials

BY_NAME: dict[str, Exhibit] = {
    exhibit.name: exhibit for exhibit in (*EXHIBITS, *comparative_advantage.EXHIBITS, *regime_bias.EXHIBITS)
}


@pytest.fixture(scope="module")
def world() -> Materials:
    return product_materials(11, 16)


@pytest.mark.parametrize(
    ("figure", "table", "panel", "term"),
    [("figure_2", "table_2", "", "China x AI"), ("figure_3", "table_3", "A. China", "Low x AI")],
)
@pytest.mark.parametrize("how", ["none", "raw", "demeaned"])
def test_the_bar_of_ai_is_the_coefficient_of_the_table(
    world: Materials, figure: str, table: str, panel: str, term: str, how: str
) -> None:
    switches = Switches.model_validate({"interact_controls": how})
    bars = numbers(BY_NAME[figure].make(world, switches)).set_index("term")
    whole = numbers(BY_NAME[table].make(world, switches))
    own = whole[(whole["term"] == term) & (whole["panel"] == panel) & (whole["column"] == "(1)")].iloc[0]
    assert bars.index.tolist() == [*GOODS.values(), "AI"]
    names = ["estimate", "std_error", "dof", "nobs"]
    np.testing.assert_allclose(bars.loc["AI", names].astype(float), own[names].astype(float), rtol=1e-12)


@pytest.mark.parametrize(
    ("figure", "mark", "cluster"), [("figure_2", "china", "exporter"), ("figure_3", "low", "importer")]
)
def test_the_bar_of_a_good_is_a_regression_of_its_own(world: Materials, figure: str, mark: str, cluster: str) -> None:
    frame = plain_frame(world, None if figure == "figure_2" else ["CHN"])
    frame["good"] = (frame["product"] == "792").astype(float)
    controls = ["log_gdp_importer", "log_distance"] + (["log_gdp_exporter"] if figure == "figure_2" else [])
    terms = " + ".join([*controls, *(f"good:{name}" for name in controls)])
    coef, errors = plain_fit(f"any ~ {mark} * good + {terms}", frame, cluster)
    table = numbers(BY_NAME[figure].make(world, Switches()))
    bar = table.loc[table["term"] == "Spacecraft", ["estimate", "std_error"]].to_numpy()
    np.testing.assert_allclose(bar[:, 0], coef[f"{mark}:good"], rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(bar[:, 1], errors[f"{mark}:good"], rtol=1e-6)


def test_goods_at_the_ceiling_have_no_bar(world: Materials) -> None:
    left = numbers(BY_NAME["figure_3"].make(world, Switches(ceiling_goods="drop")))["term"].tolist()
    assert GOODS["541"] not in left
    assert GOODS["525"] in left
    assert left[-1] == "AI"


@pytest.mark.parametrize("name", ["figure_2", "figure_3"])
def test_bars_and_intervals_are_drawn_where_the_numbers_are(world: Materials, name: str) -> None:
    exhibit = BY_NAME[name]
    content = exhibit.make(world, Switches())
    assert exhibit.draw is not None
    figure: Figure = exhibit.draw(content, 0.90, world.label)
    try:
        (ax,) = figure.axes
        table = numbers(content)
        bars = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
        np.testing.assert_allclose([bar.get_width() for bar in bars], table["estimate"], rtol=1e-12)
        assert [text.get_text() for text in ax.get_yticklabels()] == table["term"].tolist()
        assert [same_color(bar.get_facecolor(), GROUP_COLORS[0]) for bar in bars] == [False] * 16 + [True]
        (segments,) = (part.get_segments() for part in ax.collections if isinstance(part, LineCollection))
        # Quantiles of Student's t at 0.95 by degrees of freedom, from any printed table: 14, 15 -> 1.761, 1.753.
        quantile = {13: 1.771, 12: 1.782, 14: 1.761, 15: 1.753}[int(table["dof"].iloc[0])]
        half = [(segment[1][0] - segment[0][0]) / 2 for segment in segments]
        np.testing.assert_allclose(half, quantile * table["std_error"], rtol=5e-4)
        assert world.label in figure.get_suptitle()
        assert "90%" in figure.get_supxlabel()
    finally:
        plt.close(figure)
