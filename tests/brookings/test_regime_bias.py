"""Equation (2): against statsmodels on a frame of plain merges, what controls may not move, samples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eventpanel.brookings.exhibit import Content, Exhibit, numbers
from eventpanel.brookings.regime_bias import EXHIBITS
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.errors import NotAvailableError
from eventpanel.datasets.materials import Materials
from tests.brookings.plain_frame import GRAVITY, plain_fit, plain_frame
from tests.brookings.product_materials import product_materials, without

SIZE = 40
# Importers other than the exporter that have a regime.
WITH_REGIME = SIZE - 2 - 1
BY_NAME: dict[str, Exhibit] = {exhibit.name: exhibit for exhibit in EXHIBITS}
CONTROLS = ["log_gdp_importer", *GRAVITY]
COUNTS = (2, 5, 8, 10)


@pytest.fixture(scope="module")
def world() -> Materials:
    return product_materials(5, SIZE)


def cells(content: Content, *, term: str, panel: str) -> np.ndarray:
    table = numbers(content)
    return table[(table["term"] == term) & (table["panel"] == panel)]["estimate"].to_numpy()


@pytest.mark.parametrize(("panel", "exporter", "first"), [("A. China", "CHN", 1), ("A. US", "USA", 5)])
@pytest.mark.parametrize("how", ["none", "raw"])
def test_table_3_is_what_statsmodels_finds(world: Materials, panel: str, exporter: str, first: int, how: str) -> None:
    frame = plain_frame(world, [exporter])
    content = BY_NAME["table_3"].make(world, Switches.model_validate({"interact_controls": how}))
    for place, many in enumerate(COUNTS):
        column = next(c for c in content.columns if c.panel == panel and c.head == f"({first + place})")
        controls = CONTROLS[:many]
        terms = controls + ([f"ai:{name}" for name in controls] if how == "raw" else [])
        coef, errors = plain_fit(f"any ~ low * ai + {' + '.join(terms)}", frame, "importer")
        found = {one.term: one for one in column.coefficients}
        for ours, theirs in {"Low": "low", "AI": "ai", "Low x AI": "low:ai"}.items():
            # Both solve the same normal equations, whose condition number is about 1e4 with raw products.
            assert found[ours].estimate == pytest.approx(coef[theirs], rel=1e-8, abs=1e-10)
            assert found[ours].std_error == pytest.approx(errors[theirs], rel=1e-7)
            assert found[ours].dof == WITH_REGIME - 1


def test_panel_b_is_what_statsmodels_finds(world: Materials) -> None:
    assert world.importers is not None
    frame = plain_frame(world, ["USA"]).dropna(subset=["low"])
    dollars = world.importers.frame.set_index("importer")["aid_usa"].reindex(frame["importer"].unique())
    frame["aid"] = frame["importer"].map((dollars - dollars.mean()) / dollars.std())
    content = BY_NAME["table_3"].make(world, Switches(interact_controls="none"))
    column = next(c for c in content.columns if c.panel == "B. US" and c.head == "(5)")
    coef, errors = plain_fit("any ~ low * ai + aid + ai:aid + log_gdp_importer + log_distance", frame, "importer")
    names = {"Low": "low", "AI": "ai", "aid": "aid", "Low x AI": "low:ai", "AI x aid": "ai:aid"}
    assert [one.term for one in column.coefficients] == list(names)
    for one in column.coefficients:
        assert one.estimate == pytest.approx(coef[names[one.term]], rel=1e-8, abs=1e-10)
        assert one.std_error == pytest.approx(errors[names[one.term]], rel=1e-7)


def test_pooled_table_is_what_statsmodels_finds(world: Materials) -> None:
    frame = plain_frame(world, ["CHN", "USA"])
    content = BY_NAME["table_a10"].make(world, Switches(interact_controls="none"))
    coef, errors = plain_fit("any ~ low * ai * china + log_gdp_importer + log_distance", frame, "importer")
    found = {one.term: one for one in content.columns[0].coefficients}
    assert found["Low x China x AI"].estimate == pytest.approx(coef["low:ai:china"], rel=1e-8)
    assert found["Low x China x AI"].std_error == pytest.approx(errors["low:ai:china"], rel=1e-7)
    assert content.columns[0].nobs == 2 * WITH_REGIME * 18


def test_controls_alone_move_neither_ai_nor_its_product_with_low(world: Materials) -> None:
    """D3: in a balanced sample both vary only within importers, controls only between them."""
    content = BY_NAME["table_3"].make(world, Switches(interact_controls="none"))
    for panel in ("A. China", "A. US"):
        for term in ("AI", "Low x AI"):
            np.testing.assert_allclose(np.ptp(cells(content, term=term, panel=panel)), 0, atol=1e-10)
    assert np.ptp(cells(content, term="Low", panel="A. China")) > 1e-3


def test_raw_and_demeaned_products_agree_on_all_but_ai_and_both_move(world: Materials) -> None:
    raw, demeaned = (
        BY_NAME["table_3"].make(world, Switches.model_validate({"interact_controls": how}))
        for how in ("raw", "demeaned")
    )
    for panel in ("A. China", "A. US", "B. China"):
        for term in ("Low", "Low x AI"):
            own = cells(raw, term=term, panel=panel)
            np.testing.assert_allclose(own, cells(demeaned, term=term, panel=panel), rtol=0, atol=1e-9)
        assert np.ptp(cells(raw, term="Low x AI", panel=panel)) > 1e-3
        assert np.abs(cells(raw, term="AI", panel=panel) - cells(demeaned, term="AI", panel=panel)).min() > 1e-3


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("table_3", WITH_REGIME * 18),
        ("table_a3", WITH_REGIME * 17),
        ("table_a6", WITH_REGIME * 18),
        ("table_a10", 2 * WITH_REGIME * 18),
        ("table_a11", WITH_REGIME * 17),
        ("table_a12", WITH_REGIME * 18),
        ("table_a13", WITH_REGIME * 18),
    ],
)
def test_rows_are_importers_with_a_regime_times_products(world: Materials, name: str, rows: int) -> None:
    content = BY_NAME[name].make(world, Switches())
    assert {(column.nobs, column.clusters) for column in content.columns} <= {
        (rows, WITH_REGIME),
        # Pooled, both exporters are importers of the other.
        (rows, WITH_REGIME + 1),
    }
    weak = world.countries.frame.query("year == 2007 and polity2 < 7")["importer"]
    counts = {len(set(weak) - {"CHN"}), len(set(weak))}
    assert {column.treated for column in content.columns} <= counts


def test_aid_by_kind_has_a_panel_a_kind(world: Materials) -> None:
    content = BY_NAME["table_a13"].make(world, Switches())
    assert list(dict.fromkeys(column.panel for column in content.columns)) == ["energy", "health"]


def test_smart_city_table_is_table_3_of_a_list_of_smart_city_deals(world: Materials) -> None:
    smart = replace(world.deals, frame=world.deals.frame[world.deals.frame["smart_city"]])
    ours = numbers(BY_NAME["table_a12"].make(world, Switches()))
    twin = numbers(BY_NAME["table_3"].make(replace(world, deals=smart), Switches()))
    twin = twin[twin["panel"].str.startswith("A.")]
    np.testing.assert_array_equal(ours["estimate"], twin["estimate"])


def test_carnegie_table_leaves_smart_city_ai_out(world: Materials) -> None:
    frame = plain_frame(world, ["USA"]).query("product != 'AI smart city'").copy()
    deals = world.deals.frame
    named = deals[deals["carnegie"] & (deals["exporter"] == "USA")]["importer"].unique()
    frame.loc[frame["ai"] == 1, "any"] = frame.loc[frame["ai"] == 1, "importer"].isin(named).astype(float)
    coef, _ = plain_fit("any ~ low * ai + log_gdp_importer + log_distance", frame, "importer")
    content = BY_NAME["table_a3"].make(world, Switches(interact_controls="none"))
    column = next(c for c in content.columns if c.head == "(5)")
    assert {one.term: one.estimate for one in column.coefficients} == pytest.approx(
        {"Low": coef["low"], "AI": coef["ai"], "Low x AI": coef["low:ai"]}, rel=1e-8, abs=1e-10
    )


def shown(content: Content) -> dict[tuple[str, str], list[float]]:
    return {(c.panel, c.head): [one.estimate for one in c.coefficients] for c in content.columns}


@pytest.mark.parametrize(
    ("kept", "left"),
    [
        (["aid_china"], ["B. US"]),
        (["aid_usa"], ["B. China"]),
        (["ai_investment"], ["B. China", "B. US"]),
    ],
)
def test_without_aid_only_the_panels_that_need_it_are_left_out(
    world: Materials, kept: list[str], left: list[str]
) -> None:
    assert world.importers is not None
    fewer = world.importers.with_frame(world.importers.frame[["importer", *kept]])
    bare = replace(world, importers=fewer, absent=dict.fromkeys(("aid_china", "aid_usa"), "no input has aid"))
    content, whole = (BY_NAME["table_3"].make(one, Switches()) for one in (bare, world))
    assert shown(content) == {key: found for key, found in shown(whole).items() if key[0] not in left}
    reasons = [note for note in content.notes if note.startswith("Left out")]
    assert len(reasons) == len(left) and all("no input has aid" in note for note in reasons)
    assert [note.split(". The")[0] for note in reasons] == [f"Left out: {panel}" for panel in left]


def test_without_importers_panel_a_stands(world: Materials) -> None:
    content = BY_NAME["table_3"].make(without(world, "importers"), Switches())
    assert [column.panel for column in content.columns] == ["A. China"] * 4 + ["A. US"] * 4
    assert "Left out: B. China, B. US. There are no data on importers. importers" in content.notes


@pytest.mark.parametrize(("absent", "many"), [("island", 3), ("language", 2), ("fta", 1)])
def test_columns_whose_controls_are_lacking_are_left_out_with_the_reason(
    world: Materials, absent: str, many: int
) -> None:
    assert world.pairs is not None
    fewer = world.pairs.with_frame(world.pairs.frame.drop(columns=absent))
    bare = replace(world, pairs=fewer, absent={absent: "the source lacks it"})
    for how in ("raw", "demeaned"):
        switches = Switches.model_validate({"interact_controls": how})
        content, whole = (BY_NAME["table_3"].make(one, switches) for one in (bare, world))
        kept = {f"({first + place})" for first in (1, 5) for place in range(many)}
        assert shown(content) == {key: found for key, found in shown(whole).items() if key[1] in kept}
        (reason,) = (note for note in content.notes if note.startswith("Left out"))
        assert reason.endswith(f"The data on pairs lack {absent}. the source lacks it")


def test_without_distance_no_column_can_be_made(world: Materials) -> None:
    assert world.pairs is not None
    bare = replace(world, pairs=world.pairs.with_frame(world.pairs.frame.drop(columns="log_distance")))
    with pytest.raises(NotAvailableError, match="lack log_distance"):
        BY_NAME["table_3"].make(bare, Switches())


def test_a_control_that_does_not_vary_is_named_with_its_columns(world: Materials) -> None:
    assert world.pairs is not None
    frame = world.pairs.frame
    none = world.pairs.with_frame(frame.assign(colonial=frame["colonial"] * (frame["exporter"] != "CHN")))
    notes = BY_NAME["table_a6"].make(replace(world, pairs=none), Switches()).notes
    (found,) = (note for note in notes if "not estimated: colonial" in note)
    assert found.startswith("China (2), China (3), China (4): ")


def test_early_table_follows_its_switch(world: Materials) -> None:
    def estimates(name: str, switches: Switches) -> list[float]:
        return numbers(BY_NAME[name].make(world, switches))["estimate"].tolist()

    carnegie = estimates("table_a3", Switches())
    assert estimates("table_a11", Switches(early_sample="carnegie")) == carnegie
    assert estimates("table_a11", Switches()) != carnegie


@pytest.mark.parametrize(
    ("name", "part"),
    [("table_3", "pairs"), ("table_a10", "pairs"), ("table_a6", "goods"), ("table_a13", "importers")],
)
def test_missing_parts_are_refused(world: Materials, name: str, part: str) -> None:
    with pytest.raises(NotAvailableError, match=part):
        BY_NAME[name].make(without(world, part), Switches())


@pytest.mark.parametrize(("name", "column"), [("table_a3", "carnegie"), ("table_a12", "smart_city")])
def test_missing_columns_of_deals_are_refused(world: Materials, name: str, column: str) -> None:
    bare = replace(world.deals, frame=world.deals.frame.drop(columns=column))
    with pytest.raises(NotAvailableError, match=column):
        BY_NAME[name].make(replace(world, deals=bare), Switches())


def test_aid_without_kinds_and_regimes_that_are_not_there_are_refused(world: Materials) -> None:
    assert world.importers is not None
    plain = world.importers.with_frame(world.importers.frame[["importer", "aid_china"]])
    with pytest.raises(NotAvailableError, match="kind"):
        BY_NAME["table_a13"].make(replace(world, importers=plain), Switches())
    bare = world.countries.with_frame(world.countries.frame.drop(columns="regimes_of_the_world"))
    with pytest.raises(NotAvailableError, match="regimes_of_the_world"):
        BY_NAME["table_a6"].make(replace(world, countries=bare), Switches(regime_cutoff="row"))
