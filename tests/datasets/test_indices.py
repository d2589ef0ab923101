"""Indices: a case worked by hand, an oracle, least variance, invariance, and what cannot be an index."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from eventpanel.datasets.errors import InputError
from eventpanel.datasets.indices import Weighting, summary_index

WEIGHTINGS: list[Weighting] = ["inverse_covariance", "equal", "first_component"]
# Columns of a Hadamard matrix: mean zero, one length, uncorrelated.
FIRST, SECOND, THIRD = np.array([1.0, 1, -1, -1]), np.array([1.0, -1, 1, -1]), np.array([1.0, -1, -1, 1])


def by_hand() -> pd.DataFrame:
    """Items with correlations 3/5, 0, 0."""
    return pd.DataFrame({"a": FIRST, "b": (3 * FIRST + 4 * SECOND) / 5, "c": THIRD})


def drawn(rows: int = 200, items: int = 5, seed: int = 1) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    common = random.normal(size=(rows, 1))
    loadings = np.linspace(0.3, 1.2, items)
    table = common * loadings + random.normal(size=(rows, items))
    return pd.DataFrame(table, columns=list("abcdefgh"[:items]))


def test_worked_by_hand() -> None:
    # Rows of the inverse sum to 1 / (1 + r) for the pair and to 1 for the third: with r = 3/5, to 5/8, 5/8 and 1.
    sums = [Fraction(5, 8), Fraction(5, 8), Fraction(1)]
    expected = [float(one / sum(sums)) for one in sums]
    found = summary_index(by_hand())
    assert found.weights.tolist() == pytest.approx(expected, abs=1e-15)
    z = by_hand() / np.sqrt(4 / 3)
    assert found.values.tolist() == pytest.approx((z @ expected).tolist(), abs=1e-15)
    assert found.notes == () and found.dropped == {}


def test_two_items_with_a_reference_group() -> None:
    # Standardised on the first four rows, b spreads twice as far over all rows: variances 1 to 4, weights 4 to 1.
    a = np.tile(FIRST, 2)
    b = np.concatenate([SECOND, np.sqrt(7) * SECOND])
    items = pd.DataFrame({"a": a, "b": b})
    reference = pd.Series([True] * 4 + [False] * 4)
    found = summary_index(items, reference=reference)
    variances = np.diag(found.covariance.to_numpy())
    assert variances[1] / variances[0] == pytest.approx(4, rel=1e-14)
    assert found.weights.tolist() == pytest.approx([0.8, 0.2], abs=1e-15)
    assert summary_index(items).weights.tolist() == pytest.approx([0.5, 0.5], abs=1e-15)


def test_the_index_of_a_row_is_its_generalised_least_squares_mean() -> None:
    items = drawn()
    found = summary_index(items)
    z = ((items - items.mean()) / items.std(ddof=1)).to_numpy()
    for row in range(0, 200, 17):
        oracle = sm.GLS(z[row], np.ones(5), sigma=found.covariance.to_numpy()).fit().params[0]
        assert found.values.iloc[row] == pytest.approx(oracle, rel=1e-11, abs=1e-12)


def test_no_other_weights_give_a_smaller_variance() -> None:
    found = summary_index(drawn())
    matrix, weights = found.covariance.to_numpy(), found.weights.to_numpy()
    least = weights @ matrix @ weights
    assert least == pytest.approx(1 / np.linalg.inv(matrix).sum(), rel=1e-13)
    assert found.values.var(ddof=1) == pytest.approx(least, rel=1e-12)
    others = np.random.default_rng(2).normal(size=(500, 5)) + 0.2
    others /= others.sum(axis=1, keepdims=True)
    assert (np.einsum("ri,ij,rj->r", others, matrix, others) >= least).all()


def test_equicorrelated_items_have_equal_weights() -> None:
    columns = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]], dtype=float)
    design = np.kron(columns, np.array([[1.0], [-1.0]]))
    items = pd.DataFrame(design[:, 1:] + 0.7 * design[:, :1], columns=["a", "b", "c"])
    for weighting in WEIGHTINGS:
        assert summary_index(items, weighting=weighting).weights.tolist() == pytest.approx([1 / 3] * 3, abs=1e-14)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_units_order_and_rows_do_not_matter(weighting: Weighting) -> None:
    items = drawn()
    plain = summary_index(items, weighting=weighting)
    units = summary_index(items * [1e-6, 3, 1e9, 0.5, 7] + [5, -2, 1e3, 0, 1], weighting=weighting)
    np.testing.assert_allclose(units.values, plain.values, rtol=1e-8, atol=1e-9)
    order = summary_index(items[["d", "a", "e", "b", "c"]], weighting=weighting)
    np.testing.assert_allclose(order.values, plain.values, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(order.weights[list("abcde")], plain.weights, rtol=1e-12)
    rows = summary_index(items.sample(frac=1, random_state=3), weighting=weighting)
    np.testing.assert_allclose(rows.values.sort_index(), plain.values, rtol=1e-11, atol=1e-12)
    assert plain.weights.sum() == pytest.approx(1, abs=1e-14)
    assert plain.values.mean() == pytest.approx(0, abs=1e-13)


def test_an_item_given_twice_shares_its_weight_and_is_told() -> None:
    items = drawn()
    twice = summary_index(items.assign(again=3 * items["c"] + 1))
    once = summary_index(items)
    np.testing.assert_allclose(twice.values, once.values, rtol=1e-9, atol=1e-10)
    assert twice.weights[["c", "again"]].sum() == pytest.approx(once.weights["c"], rel=1e-9)
    assert "Singular covariance" in twice.notes[0] and "again" in twice.notes[0]


def test_items_that_cannot_be_standardised_are_dropped_with_the_reason() -> None:
    items = drawn().assign(flat=2.0, rare=np.nan)
    items.loc[0, "rare"] = 1.0
    found = summary_index(items)
    assert found.dropped == {
        "flat": "no variation in the reference group",
        "rare": "fewer than two values in the reference group",
    }
    np.testing.assert_allclose(found.values, summary_index(drawn()).values)
    reference = pd.Series(drawn().index < 50)
    part = drawn().assign(late=np.where(reference, 1.0, 2.0))
    assert list(summary_index(part, reference=reference).dropped) == ["late"]


def test_negative_weights_are_told() -> None:
    random = np.random.default_rng(4)
    base = random.normal(size=500)
    # The third follows the first closely and moves more: it corrects it.
    items = pd.DataFrame({"a": base + 0.05 * random.normal(size=500), "b": random.normal(size=500)})
    items["c"] = base + 0.6 * items["b"] + 0.05 * random.normal(size=500)
    found = summary_index(items)
    assert (found.weights < 0).sum() == 1
    name = found.weights.idxmin()
    assert found.notes[-1].startswith(f"Negative weights: {name} (")


def with_holes() -> pd.DataFrame:
    items = drawn()
    items.loc[3, "b"] = np.nan
    items.loc[4, ["a", "b", "c", "d"]] = np.nan
    items.loc[5] = np.nan
    return items


def test_missing_items() -> None:
    items = with_holes()
    some = summary_index(items)
    left = some.covariance.drop(index="b", columns="b").to_numpy()
    weights = np.linalg.inv(left).sum(axis=0) / np.linalg.inv(left).sum()
    z = (items - items.mean()) / items.std(ddof=1)
    assert some.values[3] == pytest.approx(z.loc[3].drop("b").to_numpy() @ weights, rel=1e-11)
    assert some.values[4] == pytest.approx(z.loc[4, "e"], rel=1e-12)
    assert np.isnan(some.values[5])
    whole = summary_index(items, missing="complete")
    assert whole.values.index[whole.values.isna()].tolist() == [3, 4, 5]
    np.testing.assert_allclose(whole.covariance, z.dropna().cov())
    filled = summary_index(items, missing="mean")
    assert filled.values.notna().all() and filled.values[5] == 0
    assert filled.values[3] == pytest.approx(z.loc[3].fillna(0).to_numpy() @ filled.weights, rel=1e-12)


def test_equal_weights_are_the_mean_and_the_component_that_of_a_decomposition() -> None:
    items = with_holes()
    z = (items - items.mean()) / items.std(ddof=1)
    np.testing.assert_allclose(summary_index(items, weighting="equal").values, z.mean(axis=1), rtol=1e-12, atol=1e-14)
    complete = drawn()
    z = (complete - complete.mean()) / complete.std(ddof=1)
    scores = np.linalg.svd(z.to_numpy(), full_matrices=False)[0][:, 0]
    found = summary_index(complete, weighting="first_component")
    assert abs(np.corrcoef(found.values, scores)[0, 1]) == pytest.approx(1, abs=1e-13)


def test_what_is_no_index_is_refused() -> None:
    items = drawn()
    with pytest.raises(InputError, match="No item varies"):
        summary_index(pd.DataFrame({"a": [1.0, 1.0]}))
    with pytest.raises(InputError, match="weighted sum of the items is constant"):
        summary_index(items.assign(opposite=-items["a"]))
    with pytest.raises(InputError, match="weights of the first component cancel"):
        summary_index(pd.DataFrame({"a": FIRST, "b": -FIRST}), weighting="first_component")
    with pytest.raises(InputError, match="never seen together") as caught:
        apart = items.assign(a=items["a"].where(items.index < 100), b=items["b"].where(items.index >= 100))
        summary_index(apart)
    assert "a, b" in caught.value.where
    with pytest.raises(InputError, match="one truth value for each row"):
        summary_index(items, reference=pd.Series([True]))


def test_covariances_of_different_rows_may_not_fit_together() -> None:
    # a and b move together where both are seen, b and c too, a and c against each other: no data are like that.
    up, none = np.array([-1.0, 1, -1, 1]), np.full(4, np.nan)
    items = pd.DataFrame(
        {
            "a": np.concatenate([up, up, none, up]),
            "b": np.concatenate([up, up, up, none]),
            "c": np.concatenate([none, none, up, -up]),
        }
    )
    with pytest.raises(InputError, match="do not fit together"):
        summary_index(items)
    assert summary_index(items, weighting="equal").values.notna().all()
