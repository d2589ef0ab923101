"""The runner: the same numbers for any number of workers, nothing done twice, nobody left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from eventpanel.datasets.errors import OutputError, WorkerError
from eventpanel.reports.text import csv_bytes
from eventpanel.robustness.case import Case
from eventpanel.robustness.check import Part
from eventpanel.robustness.lines import Found, lines_table
from eventpanel.robustness.run import plan_checks, with_checks
from eventpanel.robustness.runner import THREADS, run_parts
from eventpanel.robustness.standing import Clock, Standing
from eventpanel.robustness.store import Store
from tests.robustness import toy

KEY = {"study": "a", "data": "b", "versions": "c"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "out.unfinished", KEY)


def test_one_worker_and_two_and_a_run_that_died_give_the_same_bytes(
    demo_case: Case, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    axes = plan_checks(with_checks(demo_case, ["axes"])).every
    settings = Part("toy", "settings", toy.settings)
    more = [*toy.parts(3), Part("toy", "refused", toy.refused), settings]
    undisturbed = run_parts(demo_case, [*axes, *more], None, 1)

    # The same parts, others made in another order; the worker dies in the last but one that it is given.
    parts = [*plan_checks(with_checks(demo_case, ["axes"])).every, *more]
    with store.opened(), pytest.raises(WorkerError) as caught:
        run_parts(demo_case, [*reversed(parts[3:]), Part("toy", "deadly", toy.deadly), *parts[:3]], store, 1)
    assert caught.value.where == "toy: deadly"
    assert "--workers" in caught.value.remedy
    assert "goes on" in caught.value.remedy
    assert multiprocessing.active_children() == []

    told: list[Standing] = []
    with store.opened():
        resumed = run_parts(demo_case, parts, store, 2, told.append)
    assert list(resumed) == parts
    assert table(resumed) == table(undisturbed)
    assert [one.draws for one in resumed.values()] == [one.draws for one in undisturbed.values()]
    assert [one.done for one in told if one.name] == [len(parts) - 2, len(parts) - 1, len(parts)]
    assert {one.kept for one in told} == {len(parts) - 3}
    assert told[-1].left == 0
    assert [line.note for line in resumed[more[3]].lines] == ["Not with this panel. (somewhere)"]
    assert [line.note for line in resumed[settings].lines] == [f"{'1 ' * len(THREADS)}True"]
    assert os.environ["OPENBLAS_NUM_THREADS"] == "2"


def test_workers_begin_where_there_is_no_script(demo_case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)
    monkeypatch.setattr(sys.modules["__main__"], "__file__", "<stdin>", raising=False)
    (part,) = toy.parts(1)
    assert len(run_parts(demo_case, [part], None, 1)[part].lines) == 1


def table(found: Mapping[Part, Found]) -> bytes:
    return csv_bytes(lines_table(line for one in found.values() for line in one.lines))


@pytest.mark.slow
def test_a_bug_in_a_part_comes_with_its_name_and_what_is_done_is_kept(demo_case: Case, store: Store) -> None:
    first, rest = toy.parts(1)[0], [Part("toy", "wrong", toy.wrong), *toy.parts(9)[1:]]
    with store.opened(), pytest.raises(ZeroDivisionError, match="a bug") as caught:
        run_parts(demo_case, [first, *rest], store, 1)
    assert any("toy: wrong" in note and "kept" in note for note in caught.value.__notes__)
    assert multiprocessing.active_children() == []
    with store.opened():
        assert store.find(first) is not None
        assert store.find(rest[-1]) is None


@pytest.mark.slow
def test_a_disk_that_refuses_ends_the_workers(demo_case: Case, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    parts = [Part("toy", f"slow {place}", partial(toy.slow, place)) for place in range(50)]
    with store.opened():
        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(OutputError, match="No space left"):
            run_parts(demo_case, parts, store, 1)
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_an_interrupt_ends_the_workers_and_keeps_what_is_done(demo_case: Case, store: Store) -> None:
    parts = [Part("toy", f"slow {place}", partial(toy.slow, place)) for place in range(200)]

    def interrupt(standing: Standing) -> None:
        if standing.done == 2:
            signal.raise_signal(signal.SIGINT)

    with store.opened():
        with pytest.raises(KeyboardInterrupt):
            run_parts(demo_case, parts, store, 1, interrupt)
        kept = [store.find(part) is not None for part in parts]
    assert kept[:2] == [True, True]
    assert not any(kept[3:])
    assert multiprocessing.active_children() == []


def test_nothing_to_do_begins_no_process(demo_case: Case, store: Store) -> None:
    parts = toy.parts(2)
    with store.opened():
        for part in parts:
            store.keep(part, part.work(demo_case))
        start = time.perf_counter()
        assert list(run_parts(demo_case, parts, store, 2)) == parts
        assert time.perf_counter() - start < 0.5
    assert run_parts(demo_case, [], None, 2) == {}


def test_time_left_goes_by_check_and_workers() -> None:
    clock = Clock(workers=2)
    assert np.isnan(clock.left(["curve"]))
    clock.took("curve", 60.0)
    clock.took("axes", 1.0)
    clock.took("axes", 3.0)
    assert clock.left(["curve", "axes", "axes"]) == (60 + 2 + 2) / 2
    # An unknown check is taken for an average part.
    assert clock.left(["other"]) == pytest.approx((60 + 1 + 3) / 3 / 2)
    assert clock.left([]) == 0
