"""Equation (1): against statsmodels, samples by definition, and China's gap among those of placebo exporters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eventpanel.brookings.comparative_advantage import EXHIBITS
from eventpanel.brookings.exhibit import Content, Exhibit, numbers
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.errors import NotAvailableError
from eventpanel.datasets.materials import Materials
from tests.brookings.plain_frame import GRAVITY, plain_fit, plain_frame
from tests.brookings.product_materials import product_materials, without

SIZE = 22
BY_NAME: dict[str, Exhibit] = {exhibit.name: exhibit for exhibit in EXHIBITS}
CONTROLS = ["log_gdp_exporter", "log_gdp_importer", *GRAVITY]
COUNTS = (3, 6, 9, 11)
P, LOW, HIGH = (f"China x AI: placebo {what}" for what in ("p", "interval, low", "interval, high"))


@pytest.fixture(scope="module")
def world() -> Materials:
    return product_materials(7, SIZE)


def estimates(content: Content, term: str) -> np.ndarray:
    table = numbers(content)
    return table.loc[table["term"] == term, "estimate"].to_numpy()


@pytest.mark.parametrize("how", ["none", "raw"])
def test_table_2_is_what_statsmodels_finds(world: Materials, how: str) -> None:
    frame = plain_frame(world)
    content = BY_NAME["table_2"].make(world, Switches.model_validate({"interact_controls": how}))
    for place, many in enumerate(COUNTS):
        controls = CONTROLS[:many]
        terms = controls + ([f"ai:{name}" for name in controls] if how == "raw" else [])
        coef, errors = plain_fit(f"any ~ china * ai + {' + '.join(terms)}", frame, "exporter")
        found = {one.term: one for one in content.columns[place].coefficients}
        for ours, theirs in {"China": "china", "AI": "ai", "China x AI": "china:ai"}.items():
            # Both solve the same normal equations, whose condition number is about 1e4 with raw products.
            assert found[ours].estimate == pytest.approx(coef[theirs], rel=1e-8, abs=1e-10)
            assert found[ours].std_error == pytest.approx(errors[theirs], rel=1e-7)
            assert found[ours].dof == SIZE - 1


@pytest.mark.parametrize(
    ("name", "rows", "clusters"),
    [
        ("table_2", SIZE * (SIZE - 1) * 18, SIZE),
        ("table_a2", SIZE * (SIZE - 1) * 18, SIZE),
        ("table_a5", SIZE * (SIZE - 1) * 18, SIZE),
        ("table_a8", SIZE * (SIZE - 1) * 18, SIZE),
        ("table_a9", 2 * (SIZE - 1) * 18, SIZE),
        ("table_a14", SIZE * (SIZE - 1), SIZE),
    ],
)
def test_rows_are_pairs_times_products(world: Materials, name: str, rows: int, clusters: int) -> None:
    content = BY_NAME[name].make(world, Switches())
    assert [column.head for column in content.columns] == ["(1)", "(2)", "(3)", "(4)"]
    assert {(column.nobs, column.clusters) for column in content.columns} == {(rows, clusters)}
    # China is one exporter, and sells to all importers but itself.
    assert {column.treated for column in content.columns} == {SIZE - 1 if name == "table_a9" else 1}


def test_controls_alone_move_neither_ai_nor_its_product_with_china(world: Materials) -> None:
    content = BY_NAME["table_2"].make(world, Switches(interact_controls="none"))
    for term in ("AI", "China x AI"):
        np.testing.assert_allclose(np.ptp(estimates(content, term)), 0, atol=1e-10)


def test_raw_and_demeaned_products_agree_on_all_but_ai(world: Materials) -> None:
    raw, demeaned = (
        BY_NAME["table_2"].make(world, Switches.model_validate({"interact_controls": how}))
        for how in ("raw", "demeaned")
    )
    for term in ("China", "China x AI", P, LOW, HIGH):
        np.testing.assert_allclose(estimates(raw, term), estimates(demeaned, term), rtol=0, atol=1e-9)
    assert np.ptp(estimates(raw, "China x AI")) > 1e-4
    assert np.abs(estimates(raw, "AI") - estimates(demeaned, "AI")).min() > 1e-3


@pytest.mark.parametrize("how", ["none", "raw"])
@pytest.mark.parametrize("balanced", [True, False])
def test_each_placebo_exporter_is_a_regression_of_its_own(world: Materials, how: str, balanced: bool) -> None:
    """In a balanced sample placebos come from differences within pairs, in others from all rows."""
    assert world.goods is not None
    if not balanced:
        world = replace(world, goods=world.goods.with_frame(world.goods.frame.drop(index=[100, 2000])))
    content = BY_NAME["table_2"].make(world, Switches.model_validate({"interact_controls": how}))
    table = content.more["placebo_exporters"]
    first = table[table["column"] == "(1)"].set_index("exporter")
    assert len(table) == 4 * SIZE
    frame = plain_frame(world)
    terms = CONTROLS[:3] + ([f"ai:{name}" for name in CONTROLS[:3]] if how == "raw" else [])
    for exporter in ("CHN", "USA", "XAC"):
        frame["china"] = (frame["exporter"] == exporter).astype(float)
        coef, errors = plain_fit(f"any ~ china * ai + {' + '.join(terms)}", frame, "exporter")
        assert first.loc[exporter, "estimate"] == pytest.approx(coef["china:ai"], rel=1e-8, abs=1e-10)
        assert first.loc[exporter, "statistic"] == pytest.approx(coef["china:ai"] / errors["china:ai"], rel=1e-6)
    sizes = first["estimate"].abs()
    assert estimates(content, P)[0] == pytest.approx((sizes >= sizes["CHN"] * (1 - 1e-9)).mean(), abs=1e-12)


def test_placebo_interval_is_around_the_estimate(world: Materials) -> None:
    content = BY_NAME["table_2"].make(world, Switches())
    low, gap, high = (estimates(content, term) for term in (LOW, "China x AI", HIGH))
    np.testing.assert_allclose(high - gap, gap - low, rtol=1e-9)
    own = numbers(content).query("term == 'China x AI'")["std_error"].to_numpy()
    # Errors clustered by exporter hold no variation of the one that is treated.
    assert (high - low > 4 * own).all()


def test_a_note_says_which_number_to_trust(world: Materials) -> None:
    for name in ("table_2", "table_a2", "table_a5", "table_a8", "table_a14"):
        assert any("86 %" in note and "rank" in note for note in BY_NAME[name].make(world, Switches()).notes)


def test_smart_city_table_is_table_2_of_a_list_of_smart_city_deals(world: Materials) -> None:
    smart = replace(world.deals, frame=world.deals.frame[world.deals.frame["smart_city"]])
    ours = numbers(BY_NAME["table_a8"].make(world, Switches()))
    twin = numbers(BY_NAME["table_2"].make(replace(world, deals=smart), Switches()))
    np.testing.assert_array_equal(ours["estimate"], twin["estimate"])


def test_investment_table_is_what_statsmodels_finds(world: Materials) -> None:
    assert world.importers is not None
    frame = plain_frame(world).query("product == 'AI'").copy()
    logs = np.log(1 + world.importers.frame.set_index("importer")["ai_investment"])
    frame["own"] = frame["importer"].map((logs - logs.mean()) / logs.std())
    coef, errors = plain_fit(f"any ~ china * own + {' + '.join(CONTROLS[:3])}", frame, "exporter")
    found = {one.term: one for one in BY_NAME["table_a14"].make(world, Switches()).columns[0].coefficients}
    for ours, theirs in {"AI investment": "own", "China x AI investment": "china:own"}.items():
        assert found[ours].estimate == pytest.approx(coef[theirs], rel=1e-8)
        assert found[ours].std_error == pytest.approx(errors[theirs], rel=1e-7)


@pytest.mark.parametrize(("name", "part"), [("table_2", "goods"), ("table_a9", "pairs"), ("table_a14", "importers")])
def test_missing_parts_are_refused(world: Materials, name: str, part: str) -> None:
    with pytest.raises(NotAvailableError, match=part):
        BY_NAME[name].make(without(world, part), Switches())


@pytest.mark.parametrize(("name", "column"), [("table_a2", "carnegie"), ("table_a8", "smart_city")])
def test_missing_columns_of_deals_are_refused(world: Materials, name: str, column: str) -> None:
    bare = replace(world.deals, frame=world.deals.frame.drop(columns=column))
    with pytest.raises(NotAvailableError, match=column):
        BY_NAME[name].make(replace(world, deals=bare), Switches())


def test_goods_without_china_are_refused(world: Materials) -> None:
    assert world.goods is not None
    frame = world.goods.frame
    gone = world.goods.with_frame(frame[(frame["exporter"] != "CHN") & (frame["importer"] != "CHN")])
    with pytest.raises(NotAvailableError, match="CHN"):
        BY_NAME["table_a9"].make(replace(world, goods=gone), Switches())
