"""Product panel: its rows, what counts as trade, what a switch leaves out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eventpanel.brookings.product_panel import CONTROLS, product_panel
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.errors import NotAvailableError
from eventpanel.datasets.materials import Materials
from tests.brookings.plain_frame import plain_frame
from tests.brookings.product_materials import product_materials, without

SIZE = 12


@pytest.fixture(scope="module")
def world() -> Materials:
    return product_materials(3, SIZE)


def test_it_is_the_frame_that_plain_merges_give(world: Materials) -> None:
    keys = ["exporter", "importer", "product"]
    ours = product_panel(world, Switches()).frame
    theirs = plain_frame(world).sort_values(keys).reset_index(drop=True)
    assert len(ours) == SIZE * (SIZE - 1) * 18
    pd.testing.assert_frame_equal(ours[keys], theirs[keys], check_dtype=False)
    pairs = {"any": "any", "China": "china", "AI": "ai"} | {name: name for _, names in CONTROLS for name in names}
    for own, other in pairs.items():
        # The same numbers by the same operations on them, but for the order of a logarithm's rounding.
        np.testing.assert_allclose(ours[own], theirs[other], rtol=1e-14, atol=0, err_msg=own)


def test_log_trade_has_mean_zero_and_deviation_one_within_each_product(world: Materials) -> None:
    frame = product_panel(world, Switches()).frame
    grouped = frame.groupby("product")["log_trade"]
    np.testing.assert_allclose(grouped.mean(), 0, atol=1e-12)
    np.testing.assert_allclose(grouped.std(ddof=1), 1, rtol=1e-12)
    plain = plain_frame(world).set_index(["exporter", "importer", "product"])["trade"]
    for product in ("525", "AI"):
        own = frame[frame["product"] == product].set_index(["exporter", "importer", "product"])["log_trade"]
        assert np.corrcoef(own, np.log(1 + plain.reindex(own.index)))[0, 1] == pytest.approx(1, abs=1e-12)


def test_variants_count_other_deals_and_the_same_goods(world: Materials) -> None:
    frame = product_panel(world, Switches()).frame
    ai = frame["AI"] == 1
    goods = ~frame["product"].isin(["AI", "AI smart city"])
    for name in ("any_carnegie", "any_early", "any_smart_city"):
        assert (frame.loc[goods, name] == frame.loc[goods, "any"]).all()
        assert (frame.loc[ai, name] <= frame.loc[ai, "any"]).all()
    deals = world.deals.frame
    linked = deals[deals["smart_city"]].drop_duplicates(["exporter", "importer"])
    assert frame.loc[ai, "any_smart_city"].sum() == 2 * len(linked)
    both = deals[deals["smart_city"] & deals["carnegie"]].drop_duplicates(["exporter", "importer"])
    assert frame.loc[frame["product"] == "AI smart city", "any_carnegie"].sum() == len(both)
    early = deals[deals["year"] <= 2017].drop_duplicates(["exporter", "importer"])
    assert frame.loc[frame["product"] == "AI", "any_early"].sum() == len(early)


def test_without_smart_cities_in_the_list_there_are_17_products_and_no_variant(world: Materials) -> None:
    bare = replace(world.deals, frame=world.deals.frame.drop(columns=["smart_city", "carnegie"]))
    frame = product_panel(replace(world, deals=bare), Switches()).frame
    assert len(frame) == SIZE * (SIZE - 1) * 17
    assert not {"any_smart_city", "any_carnegie"} & set(frame.columns)


def test_what_no_source_has_seen_is_missing_and_no_zero(world: Materials) -> None:
    assert world.goods is not None
    gone = world.goods.frame.query("not (exporter == 'CHN' and importer == 'USA' and product == '525')")
    watched = world.deals.covered.query("importer != 'XAA'")
    other = replace(world, goods=world.goods.with_frame(gone), deals=replace(world.deals, covered=watched))
    frame = product_panel(other, Switches()).frame
    unknown = frame[frame["any"].isna()]
    expected = unknown["product"].str.startswith("AI") & (unknown["importer"] == "XAA")
    assert expected.sum() == (SIZE - 1) * 2
    assert unknown.loc[~expected, ["exporter", "importer", "product"]].to_numpy().tolist() == [["CHN", "USA", "525"]]


def test_goods_at_the_ceiling_are_those_that_china_sells_to_all(world: Materials) -> None:
    kept = product_panel(world, Switches()).frame
    share = kept[(kept["exporter"] == "CHN") & ~kept["product"].str.startswith("AI")].groupby("product")["any"].mean()
    left = product_panel(world, Switches(ceiling_goods="drop")).frame
    assert set(kept["product"]) - set(left["product"]) == set(share[share > 0.95].index) >= {"541", "781"}


def test_all_goods_at_the_ceiling_are_refused(world: Materials) -> None:
    assert world.goods is not None
    sold = world.goods.with_frame(world.goods.frame.assign(trade=1.0))
    with pytest.raises(NotAvailableError, match="ceiling_goods"):
        product_panel(replace(world, goods=sold), Switches(ceiling_goods="drop"))


def test_other_deals_make_another_panel(world: Materials) -> None:
    none = replace(world, deals=replace(world.deals, frame=world.deals.frame.iloc[:0]))
    frame = product_panel(none, Switches()).frame
    assert frame.loc[frame["AI"] == 1, "any"].sum() == 0
    assert product_panel(world, Switches()) is product_panel(world, Switches(regime_cutoff="row"))


@pytest.mark.parametrize("part", ["goods", "pairs"])
def test_missing_parts_are_refused(world: Materials, part: str) -> None:
    with pytest.raises(NotAvailableError, match=part):
        product_panel(without(world, part), Switches())
