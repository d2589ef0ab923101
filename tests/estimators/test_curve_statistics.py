"""Statistics of a curve against a loop over draws and specifications, with scipy's distributions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.curve_draws import CurveDraws
from eventpanel.estimators.curve_statistics import joint_statistics


def curve(specifications: int = 7, draws: int = 40, seed: int = 1) -> CurveDraws:
    rng = np.random.default_rng(seed)
    error = rng.uniform(0.5, 2.0, specifications)
    shared = rng.normal(size=draws)
    t = 0.8 * shared + rng.normal(size=(specifications, draws))
    t[2, 5], t[3, 6] = 3.5, -3.5
    return CurveDraws(
        labels=tuple("abcdefg"[:specifications]),
        estimate=error * (rng.normal(size=specifications) + 1),
        std_error=error,
        dof=rng.integers(5, 60, specifications).astype(float),
        estimates=error[:, None] * t,
        draws=t,
        drawn=("wild",) * 4 + ("score",) * (specifications - 4),
    )


def slow(c: CurveDraws, mine: list[int], sign: float, alpha: float) -> dict[str, tuple[float, Floats]]:
    """Each statistic of the data and of every draw, one number at a time."""

    def one(estimates: list[float], ts: list[float]) -> tuple[float, float, float]:
        hits, z = 0, 0.0
        for i, t in zip(mine, ts, strict=True):
            p = 2 * stats.t.sf(abs(t), c.dof[i])
            hits += p < alpha and sign * t > 0
            z += stats.norm.isf(stats.t.sf(sign * t, c.dof[i]))
        return float(np.median(estimates)), float(hits / len(mine)), float(z / len(mine) ** 0.5)

    data = one([c.estimate[i] for i in mine], [c.estimate[i] / c.std_error[i] for i in mine])
    null = [one([c.estimates[i, b] for i in mine], [c.draws[i, b] for i in mine]) for b in range(c.count)]
    names = ("median effect", "share significant", "Stouffer Z")
    return {name: (data[k], np.array([row[k] for row in null])) for k, name in enumerate(names)}


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("alpha", [0.05, 0.3])
def test_the_table_is_that_of_a_loop(sign: float, alpha: float) -> None:
    c = curve()
    table = joint_statistics(c, dict(zip("abcdefg", "xxyxyyx", strict=True)), sign, alpha)
    assert table["family"].tolist() == ["x"] * 3 + ["y"] * 3
    assert table["drawn"].tolist() == ["wild and score"] * 6
    for family, mine in (("x", [0, 1, 3, 6]), ("y", [2, 4, 5])):
        rows = table[table["family"] == family].set_index("statistic")
        assert (rows["specifications"] == len(mine)).all()
        for name, (data, null) in slow(c, mine, sign, alpha).items():
            way = sign if name == "median effect" else 1.0
            p = (1 + sum(way * value >= way * data - 1e-9 for value in null)) / 41
            want = [data, p, np.sqrt(p * (1 - p) / 41), null.mean(), np.median(null), 40]
            got = rows.loc[name, ["value", "p_value", "p_error", "null_mean", "null_median", "draws"]]
            np.testing.assert_allclose(got.to_numpy(dtype=float), want, rtol=1e-9, atol=1e-12)


def test_units_of_the_outcome_do_not_matter() -> None:
    c, families = curve(), dict.fromkeys("abcdefg", "all")
    small = CurveDraws(c.labels, c.estimate * 1e-12, c.std_error * 1e-12, c.dof, c.estimates * 1e-12, c.draws, c.drawn)
    columns = ["p_value", "p_error"]
    pd.testing.assert_frame_equal(joint_statistics(small, families)[columns], joint_statistics(c, families)[columns])


def test_draws_without_a_statistic_are_left_out_and_counted() -> None:
    c = curve()
    c.draws[1, :3] = np.nan
    table = joint_statistics(c, dict.fromkeys("abcdefg", "all")).set_index("statistic")
    assert table["draws"].to_dict() == {"median effect": 40, "share significant": 37, "Stouffer Z": 37}
    assert table["p_value"].notna().all()


@pytest.mark.parametrize(("families", "sign", "alpha"), [({"a": "x"}, 1.0, 0.05), (None, 0.5, 0.05), (None, 1.0, 0.0)])
def test_questions_without_an_answer_are_refused(families: dict[str, str] | None, sign: float, alpha: float) -> None:
    with pytest.raises(DesignError):
        joint_statistics(curve(), dict.fromkeys("abcdefg", "all") if families is None else families, sign, alpha)
