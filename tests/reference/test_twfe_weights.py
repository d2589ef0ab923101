"""Union membership and wages of 545 men, 1980 to 1987, as twowayfeweights decomposes the regression.

Values: the Stata log of wagepan_twfeweights, lwage on union by nr and year, types feTR and fdTR, as the repositories
chaisemartinPackages/twowayfeweights (R/inst/tinytest/test_wagepan.R) and Credible-Answers/py_twowayfeweights
(tests/fixtures/stata/results.csv) hold it. Their data are wagepan (Vella and Verbeek 1998; Wooldridge) with the union
status of single years smoothed, by Stata/wagepan_twfew_build.do: year by year from 1981 to 1986, a year of membership
between two without becomes one without, then a year without between two with becomes one with. Here that rule is
applied to wagepan as the R package DIDmultiplegt has it.

Stata keeps weights, and first differences of wages, as 4-byte floats: sums of weights are held to 1e-6, the coefficient
on differences to 6e-8 of itself, half a unit in their last place. Two measures are not those of Corollary 1 of de
Chaisemartin and D'Haultfoeuille (2020, doi:10.1257/aer.20181169): a standard deviation divides by the number of treated
cells less one, and cells without weight are left out of the second. Tests say by how much.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import pytest
import rdata

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.spread import spread_to_opposite
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.events import Event
from eventpanel.estimators.twfe_weights import TwfeWeights, twfe_weights
from eventpanel.estimators.window import EventWindow

TREATED = 1016


class Published(NamedTuple):
    kind: Literal["levels", "differences"]
    beta: float
    positive: int
    negative: int
    sum_positive: float
    sum_negative: float
    to_zero: float
    to_opposite: float


FE = Published(
    "levels", 0.10662746555843508, 820, 147, 1.0105289220809937, -0.01052898727357387, 0.09686909569345015, 3.175858974
)
FD = Published(
    "differences",
    0.060095948437579712,
    611,
    405,
    1.0476360321044922,
    -0.04763605073094368,
    0.032095140370349169,
    0.57991325855255127,
)


@pytest.fixture(scope="module")
def panel(data_dir: Path) -> Panel:
    path = data_dir / "validation" / "DIDmultiplegt" / "wagepan_mgt.rda"
    if not path.is_file():
        pytest.skip("no wagepan_mgt.rda of the R package DIDmultiplegt")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = next(iter(rdata.read_rda(path).values()))
    union = rows.pivot(index="nr", columns="year", values="union").astype(float)
    status = union.to_numpy().copy()
    for t in range(1, 7):
        before, after = status[:, t - 1], status[:, t + 1]
        alone = (status[:, t] == 1) & (before == 0) & (after == 0)
        status[alone, t] = 0
        gap = (status[:, t] == 0) & (before == 1) & (after == 1)
        status[gap, t] = 1
    smoothed = pd.DataFrame(status, union.index, union.columns).reset_index().melt("nr", value_name="member")
    return Panel(rows[["nr", "year", "lwage"]].merge(smoothed), ("nr",), "year")


def weights(panel: Panel, kind: Literal["levels", "differences"]) -> TwfeWeights:
    asked = Design(
        outcome="lwage",
        event=Event(column="member", kind="dose"),
        window=EventWindow(leads=0, lags=0, reference=None),
        fixed_effects=("nr", "year"),
        covariance=Clustered("nr", "none"),
    )
    return twfe_weights(panel, asked, kind=kind)


def test_the_rule_gives_their_number_of_treated_cells(panel: Panel) -> None:
    assert len(panel.frame) == 4360
    assert panel.frame["member"].sum() == TREATED


@pytest.mark.parametrize("published", [FE, FD], ids=["fe", "fd"])
def test_coefficient_counts_and_sums(panel: Panel, published: Published) -> None:
    found = weights(panel, published.kind)
    row = found.table.iloc[0]
    assert found.coef[0] == pytest.approx(published.beta, rel=1e-11 if published is FE else 6e-8)
    assert (row["positive"], row["negative"]) == (published.positive, published.negative)
    assert row["zero"] == TREATED - published.positive - published.negative
    assert row["sum_positive"] == pytest.approx(published.sum_positive, abs=1e-6)
    assert row["sum_negative"] == pytest.approx(published.sum_negative, abs=1e-6)


@pytest.mark.parametrize("published", [FE, FD], ids=["fe", "fd"])
def test_spread_to_zero_is_theirs_with_the_divisor_of_the_corollary(panel: Panel, published: Published) -> None:
    row = weights(panel, published.kind).table.iloc[0]
    theirs = row["spread_to_zero"] * np.sqrt((TREATED - 1) / TREATED)
    assert theirs == pytest.approx(published.to_zero, rel=1e-6)


def test_spread_to_opposite_of_differences(panel: Panel) -> None:
    assert weights(panel, "differences").table["spread_to_opposite"][0] == pytest.approx(FD.to_opposite, rel=1e-6)


def test_spread_to_opposite_of_levels_is_theirs_without_cells_that_have_no_weight(panel: Panel) -> None:
    found = weights(panel, "levels")
    row, cells = found.table.iloc[0], found.cells()
    some = cells["weight"].abs() > 1e-10
    used = cells[some]
    # They order the 967 cells with a weight; the others count only as cells that precede them.
    share = 1 / TREATED
    ratio = np.sort(used["weight"].to_numpy() / share)
    mass = share * np.arange(1, len(ratio) + 1)
    first, second = np.cumsum(ratio) * share, np.cumsum(ratio**2) * share
    last = np.flatnonzero(ratio * (1 - mass) < -first)[-1]
    theirs = found.coef[0] / np.sqrt(second[last] + first[last] ** 2 / (1 - mass[last]))
    assert theirs == pytest.approx(FE.to_opposite, rel=1e-6)
    # Effects that have no weight may be of the opposite sign too, which makes a smaller spread enough.
    assert row["spread_to_opposite"] < theirs
    everywhere = spread_to_opposite(
        float(found.coef[0]), np.where(some, cells["weight"], 0.0), cells["natural_weight"].to_numpy()
    )
    assert row["spread_to_opposite"] == pytest.approx(everywhere, rel=1e-12)
    assert row["spread_to_opposite"] == pytest.approx(3.165, abs=5e-4)
