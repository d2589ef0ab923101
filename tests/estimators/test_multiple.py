"""Families of hypotheses on estimates of panels."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.bootstrap import Bootstrap
from eventpanel.estimators.core.multiple import adjusted
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Sample
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.inference import lincom
from eventpanel.estimators.multiple import adjust, romano_wolf
from eventpanel.estimators.wild_bootstrap import wild_bootstrap
from tests.estimators.designs import REGIME, design
from tests.panels import random_frame, random_panel

DRAWS = Bootstrap(draws=999, seed=1)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return romano_wolf(
        random_panel(2), {"groups": design(moderator=REGIME), "placebo": design(outcome="control")}, DRAWS
    )


def test_rows(table: pd.DataFrame) -> None:
    groups = distributed_lag(random_panel(2), design(moderator=REGIME))
    placebo = distributed_lag(random_panel(2), design(outcome="control"))
    assert table["hypothesis"].tolist() == groups.names + placebo.names
    assert table["estimate"].tolist() == ["groups"] * 10 + ["placebo"] * 5
    np.testing.assert_allclose(table["value"], [*groups.coef, *placebo.coef], rtol=1e-9)
    plain = distributed_lag(random_panel(2), design(moderator=REGIME, covariance=Clustered("importer", "none")))
    np.testing.assert_allclose(table["statistic"].iloc[:10], plain.tstats.abs(), rtol=1e-8)
    np.testing.assert_array_equal(table["p_holm"], adjusted(table["p_value"].to_numpy(), "holm"))


@pytest.mark.parametrize("residuals", ["restricted", "unrestricted"])
def test_each_hypothesis_alone_is_its_wild_bootstrap(residuals: Literal["restricted", "unrestricted"]) -> None:
    asked = replace(DRAWS, residuals=residuals)
    alone = wild_bootstrap(random_panel(2), design(), asked).iloc[:5]
    family = romano_wolf(random_panel(2), {"one": design()}, asked)
    # The data count as one more draw, and as a tie.
    np.testing.assert_allclose(family["p_value"], (alone["p_value"] * 999 + 1) / 1000, atol=1e-3)


def test_the_planted_effects_are_found_and_no_other(table: pd.DataFrame) -> None:
    # y moves by 0.4 with the event of the same year; see tests.panels.
    found = table.loc[table["p_romano_wolf"] <= 0.05, "hypothesis"].tolist()
    assert found == ["x, same period [low]", "x, same period [high]"]
    assert (table["p_romano_wolf"] >= table["p_value"]).all()
    ordered = table.sort_values("statistic", ascending=False)
    assert (ordered["p_romano_wolf"].diff().dropna() >= 0).all()


def test_an_estimate_twice_is_no_larger_family() -> None:
    once = romano_wolf(random_panel(2), {"one": design()}, DRAWS)
    twice = romano_wolf(random_panel(2), {"one": design(), "again": design()}, DRAWS)
    np.testing.assert_array_equal(twice["p_romano_wolf"], [*once["p_romano_wolf"]] * 2)


def test_units_of_an_outcome_do_not_matter() -> None:
    frame = random_frame(2)
    frame["cents"] = 100 * frame["y"]
    panel = Panel(frame, ("importer",), "year")
    got = romano_wolf(panel, {"y": design(), "cents": design(outcome="cents")}, DRAWS)
    np.testing.assert_allclose(got["statistic"].iloc[5:], got["statistic"].iloc[:5], rtol=1e-9)
    np.testing.assert_array_equal(got["p_romano_wolf"].iloc[5:], got["p_romano_wolf"].iloc[:5])


def test_hypotheses_by_name() -> None:
    asked = design(moderator=REGIME)
    got = romano_wolf(random_panel(2), {"y": asked}, DRAWS, ["x[0, low] = x[0, high]", "x[0, low] = 0.4"])
    parts = lincom(distributed_lag(random_panel(2), asked), ["x[0, low] - x[0, high]", "x[0, low] - 0.4"])
    np.testing.assert_allclose(got["value"], parts.coef, rtol=1e-9)
    assert (got["p_romano_wolf"] > 0.1).all()


def test_the_dependence_of_estimates_on_nearly_the_same_clusters_is_kept() -> None:
    later = tuple(f"U{u:03d}" for u in range(1, 44))
    both = {"all": design(), "without the first": design(sample=Sample(where=(("importer", later),)))}
    got = romano_wolf(random_panel(2), both, DRAWS, ["x[-1]"])
    alone = got["p_value"].min()
    # Draws matched by cluster nearly coincide; of independent draws the larger would exceed far more often.
    assert got["p_romano_wolf"].min() < alone + 0.25 * (1 - (1 - alone) ** 2 - alone)
    assert 0.2 < alone < 0.8


def test_clusters_are_drawn_by_name_where_samples_differ() -> None:
    later = tuple(f"U{u:03d}" for u in range(9, 44))
    some = design(sample=Sample(where=(("importer", later),)))
    got = romano_wolf(random_panel(2), {"all": design(), "some": some}, replace(DRAWS, draws=4999))
    alone = romano_wolf(random_panel(2), {"some": some}, replace(DRAWS, draws=4999))
    # Other draws of the same clusters: four standard errors of the difference of two shares.
    p = alone["p_value"].to_numpy()
    assert (np.abs(got["p_value"].iloc[5:] - p) <= 4 * np.sqrt(2 * p * (1 - p) / 4999) + 1e-3).all()


def test_what_cannot_be_a_family_is_refused() -> None:
    panel = random_panel(2)
    other = design(covariance=Clustered("year", "none"), fixed_effects=("importer",))
    with pytest.raises(DesignError, match="common clusters"):
        romano_wolf(panel, {"a": design(), "b": other}, DRAWS)
    with pytest.raises(DesignError, match="needs a design"):
        romano_wolf(panel, {}, DRAWS)
    with pytest.raises(DesignError, match="needs hypotheses"):
        romano_wolf(panel, {"a": design()}, DRAWS, [])
    with pytest.raises(DesignError, match="Unknown name"):
        romano_wolf(panel, {"a": design()}, DRAWS, ["x[9]"])


def test_adjusted_p_values_keep_their_names() -> None:
    estimate = distributed_lag(random_panel(2), design())
    got = adjust(estimate.pvalues, "bonferroni")
    assert got.index.tolist() == estimate.names
    np.testing.assert_allclose(got, np.minimum(5 * estimate.pvalues, 1), rtol=1e-12)
    with pytest.raises(DesignError, match="bonferroni, sidak, holm, holm-sidak"):
        adjust(estimate.pvalues, "tukey")  # type: ignore[arg-type]
    with pytest.raises(DesignError, match=r"between 0 and 1(.|\n)*1.5"):
        adjust(pd.Series([0.1, 1.5]), "holm")
