"""The target of robustness checks is a linear combination of a path, and says when the path does not hold it."""

import pytest

from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.path import Term
from eventpanel.estimators.target import Target

TERMS = (Term("x", -1, "a"), Term("x", 0, "a"), Term("x", 0, "b"), Term("x", 1, "a", binned=True), Term("z"))


def test_weights_pick_a_group_or_the_gap_of_two() -> None:
    assert Target(event_time=-1, group="a").weights(TERMS).tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert Target(group="a", minus="b").weights(TERMS).tolist() == [0.0, 1.0, -1.0, 0.0, 0.0]


@pytest.mark.parametrize("target", [Target(event_time=1, group="a"), Target(group="c"), Target(group="a", minus="c")])
def test_a_path_without_it_is_refused(target: Target) -> None:
    with pytest.raises(DesignError, match="does not hold"):
        target.weights(TERMS)


def test_a_group_less_itself_and_an_unknown_direction_are_refused() -> None:
    with pytest.raises(DesignError, match="less itself"):
        Target(group="a", minus="a")
    with pytest.raises(DesignError, match="direction"):
        Target(direction="up")  # type: ignore[arg-type]
