"""The curve shows what its specifications show alone, and tests them together."""

from __future__ import annotations

import numpy as np
import pytest

from eventpanel.estimating import estimate_by_name
from eventpanel.estimators.curve_draws import JointDraws
from eventpanel.estimators.curve_statistics import joint_statistics
from eventpanel.estimators.joint_curve import joint_curve
from eventpanel.robustness.case import Case
from eventpanel.robustness.checks.curve import CHECK
from eventpanel.robustness.curve_judge import family_of
from eventpanel.robustness.lines import Found
from eventpanel.robustness.runner import work
from eventpanel.robustness.specifications import specifications
from tests.robustness.curves import AXES, curve_case

CURVE = {"curve": {"draws": 99}}
CASE = curve_case(CURVE)


def found_of(case: Case) -> Found:
    parts = [work(part, case) for part in CHECK.parts(case)]
    whole = Found(
        tuple(line for part in parts for line in part.lines), {k: v for part in parts for k, v in part.draws.items()}
    )
    assert CHECK.join is not None
    return whole._replace(lines=(*CHECK.join(case, whole), *whole.lines))


FOUND = found_of(CASE)
LINES = {line.label: line for line in FOUND.lines if line.role != "test"}


def test_every_line_is_its_estimate_alone() -> None:
    for one in specifications(CASE).valid:
        alone = one.question.target.of(estimate_by_name(one.question.estimator, CASE.panel, one.question.design))
        line, bounds = LINES[one.label], alone.conf_int(0.95).iloc[0]
        got = (line.estimate, line.std_error, line.p_value, line.conf_low, line.conf_high, line.dof)
        wanted = (
            alone.coef[0],
            alone.std_errors.iloc[0],
            alone.pvalues.iloc[0],
            bounds["lower"],
            bounds["upper"],
            alone.dof[0],
        )
        # One route goes through products per cluster, the other through rows: they share all but rounding.
        np.testing.assert_allclose(got, wanted, rtol=1e-8, err_msg=one.label)
        assert (line.nobs, line.n_clusters) == (alone.nobs, alone.n_clusters)


def test_the_joint_tests_are_those_of_all_designs_at_once() -> None:
    designs = {one.label: one.question.design for one in specifications(CASE).valid}
    curve = joint_curve(CASE.panel, designs, CASE.target, JointDraws(seed=1, by="importer", draws=99))
    table = joint_statistics(curve, dict.fromkeys(designs, "all"), 1.0, 0.05).set_index("statistic")
    tests = [line for line in FOUND.lines if line.role == "test"]
    assert [line.label for line in tests] == list(table.index)
    assert [line.p_value for line in tests] == table["p_value"].tolist()
    np.testing.assert_allclose([line.estimate for line in tests], table["value"], rtol=1e-12)


def test_other_quantities_are_families_of_their_own() -> None:
    axes = AXES | {
        "outcome": {"count": {"outcome": "count"}, "Poisson": {"outcome": "count", "estimator": "ppml"}},
        "groups": {"together": {"moderator": "none"}, "gap": {}},
    }
    case = curve_case(CURVE | {"axes": {name: axes[name] for name in ("window", "outcome", "groups")}})
    found = found_of(case)
    families = {one.label: family_of(one.question) for one in specifications(case).valid}
    assert len(set(families.values())) == 6
    tests = [line for line in found.lines if line.role == "test"]
    assert [line.part for line in tests][:3] == [f"joint test: {family_of(case.question)}"] * 3
    assert {line.part for line in tests} == {f"joint test: {family}" for family in families.values()}
    drawn = {line.label: line.note for line in found.lines if line.role in ("variation", "other")}
    assert {note for label, note in drawn.items() if "Poisson" in label} == {"drawn: score"}
    assert {note for label, note in drawn.items() if "Poisson" not in label} == {"drawn: wild"}


@pytest.mark.parametrize(("effect", "answer"), [(0.0, "cannot tell"), (0.4, "holds")])
def test_the_finding_follows_the_truth(effect: float, answer: str) -> None:
    case = curve_case(CURVE, seed=5, effect=effect)
    assert CHECK.judge(case, found_of(case).lines).answer == answer


def test_what_cannot_be_estimated_or_drawn_is_listed_with_the_reason() -> None:
    axes = {
        "sample": {"empty": {"sample": {"first": 2015}}},
        "covariance": {"robust": {"covariance": {"kind": "HC1", "by": "none"}}},
    }
    del axes["covariance"]
    axes["clusters"] = {"years": {"covariance": {"by": "year"}}}
    case = curve_case(CURVE | {"axes": axes})
    lines = {line.label: line for line in found_of(case).lines if line.role != "test"}
    assert lines["sample: empty"].role == "not made"
    assert lines["sample: empty"].note
    assert lines["clusters: years"].note.startswith("not in the joint test:")
    assert lines["headline"].note == "drawn: wild"


def test_gaps_are_drawn_as_designs_whatever_stands_beside_them() -> None:
    axes = {"outcome": {"Poisson": {"outcome": "count", "estimator": "ppml"}}, "window": AXES["window"]}
    lines = found_of(curve_case(CURVE | {"axes": axes, "minus": "high"})).lines
    notes = {line.label: line.note for line in lines if line.role != "test"}
    assert {note for label, note in notes.items() if "Poisson" not in label} == {"drawn: wild"}
    assert {note for label, note in notes.items() if "Poisson" in label} == {"drawn: score"}


def test_permuted_histories_are_for_linear_specifications() -> None:
    axes = {"outcome": {"Poisson": {"outcome": "count", "estimator": "ppml"}}, "window": AXES["window"]}
    case = curve_case({"curve": {"draws": 99, "null": "permutation", "strata": ["regime"]}, "axes": axes})
    lines = {line.label: line.note for line in found_of(case).lines if line.role != "test"}
    assert {note for label, note in lines.items() if "Poisson" not in label} == {"drawn: permutation"}
    assert {note for label, note in lines.items() if "Poisson" in label} == {
        "not in the joint test: histories are permuted in linear specifications only"
    }


def test_tables_hold_every_combination() -> None:
    axes = AXES | {"again": {"late": {"sample": {"first": 2006}}}}
    case = curve_case(CURVE | {"axes": {name: axes[name] for name in ("window", "years", "again")}})
    assert CHECK.tables is not None
    made = CHECK.tables(case, found_of(case))
    valid, refused = made["curve_specifications"], made["curve_refused"]
    assert len(valid) + len(refused) == 3 * 2 * 2
    assert set(refused["reason"]) == {"years and again both set sample.first"}
    assert {"window", "years", "again", "estimate", "note"} <= set(valid.columns)


def test_the_figure_marks_the_headline_and_shows_all_choices() -> None:
    assert CHECK.draw is not None
    figure = CHECK.draw(CASE, FOUND)
    labels = [tick.get_text() for tick in figure.axes[1].get_yticklabels()]
    assert labels[:4] == ["window", "as in the headline", "two", "reference"]
    assert np.shape(figure.axes[0].collections[1].get_offsets()) == (36, 2)


def test_pieces_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventpanel.robustness.checks.curve.SIZE", 5)
    assert len(CHECK.parts(CASE)) == 8

    again = found_of(CASE)
    assert [line for line in again.lines if line.role == "test"] == [x for x in FOUND.lines if x.role == "test"]
    assert again.draws == FOUND.draws
    for line in again.lines:
        if line.role != "test":
            # Columns are absorbed in other company, which moves the last digit.
            np.testing.assert_allclose(line[6:15], LINES[line.label][6:15], rtol=1e-12)
