"""Finished parts: whole or not there, of this run or refused, one run at a time."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import OutputError
from eventpanel.robustness.case import Case
from eventpanel.robustness.lines import Found, Line, lines_table
from eventpanel.robustness.plan import Plan
from eventpanel.robustness.store import Store, fingerprint
from tests.robustness import toy

KEY = {"study": "a", "data": "b", "versions": "c"}
PART, OTHER = toy.parts(2)
FOUND = Found(
    (Line("toy", "p", "l", "variation", "q", estimate=1 / 3, nobs=7.0, note='"ö'),), {"d": (0.1, float("nan"))}
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "out.unfinished", KEY)


def files(store: Store) -> list[Path]:
    return sorted(path for path in store.folder.iterdir() if path.suffix == ".json" and path.name != "run.json")


def test_what_is_kept_is_found_to_the_last_bit(store: Store) -> None:
    with store.opened():
        assert store.find(PART) is None
        kept = store.keep(PART, FOUND)
        found = store.find(PART)
        assert store.find(OTHER) is None
    assert found is not None
    for one in (kept, found):
        pd.testing.assert_frame_equal(lines_table(one.lines), lines_table(FOUND.lines), check_exact=True)
        np.testing.assert_array_equal(one.draws["d"], FOUND.draws["d"])


def test_numbers_of_numpy_become_plain_ones(store: Store, demo_case: Case) -> None:
    with store.opened():
        kept = store.keep(PART, toy.odd(demo_case))
    line = kept.lines[0]
    assert (type(line.estimate), type(line.nobs), line.estimate, line.nobs) == (float, float, 0.5, 3.0)
    np.testing.assert_array_equal(kept.draws["draws"], [0.1, np.nan, np.inf])


def test_a_kept_part_is_strict_json(store: Store) -> None:
    def refuse(text: str) -> float:
        raise AssertionError(text)

    with store.opened():
        store.keep(PART, FOUND)
    assert json.loads(files(store)[0].read_text("utf-8"), parse_constant=refuse)["part"] == PART.name


@pytest.mark.parametrize(
    "content", [b"", b'{"part": "number 0", "lin', b"[]", b"\xff", b'{"part": "number 0"}', b"null"]
)
def test_a_part_that_cannot_be_read_is_done_again(store: Store, content: bytes) -> None:
    with store.opened():
        store.keep(PART, FOUND)
        files(store)[0].write_bytes(content)
        assert store.find(PART) is None
        store.keep(PART, FOUND)
        assert store.find(PART) is not None


def test_a_part_of_another_name_is_not_taken(store: Store) -> None:
    with store.opened():
        store.keep(PART, FOUND)
        (file,) = files(store)
        file.write_text(file.read_text("utf-8").replace(PART.name, OTHER.name), encoding="utf-8")
        assert store.find(PART) is None


def test_files_that_were_being_written_are_removed(store: Store) -> None:
    with store.opened():
        store.keep(PART, FOUND)
    half = store.folder / ".toy.json.77.part"
    half.write_bytes(b'{"half')
    results = store.folder / ".out-x7.part" / "new"
    results.mkdir(parents=True)
    (results / "results.csv").write_bytes(b"half")
    with store.opened():
        assert not half.exists()
        assert not results.exists()
        assert store.find(PART) is not None


def test_parts_of_another_run_are_refused_by_what_differs(store: Store) -> None:
    with store.opened():
        store.keep(PART, FOUND)
    other = Store(store.folder, KEY | {"data": "another"})
    with pytest.raises(OutputError, match=r"what differs: data\.") as caught, other.opened():
        pass
    assert "--fresh" in caught.value.remedy
    with store.opened():
        assert store.find(PART) is not None
    with other.opened(fresh=True):
        assert other.find(PART) is None


def test_without_a_key_nothing_is_believed(store: Store) -> None:
    with store.opened():
        store.keep(PART, FOUND)
    (store.folder / "run.json").unlink()
    with store.opened():
        assert store.find(PART) is None


@pytest.mark.parametrize("fresh", [False, True])
def test_files_of_somebody_else_are_never_touched(store: Store, fresh: bool) -> None:
    store.folder.mkdir()
    theirs = store.folder / "thesis.docx"
    theirs.write_text("years of work")
    with pytest.raises(OutputError, match=r"thesis\.docx"), store.opened(fresh=fresh):
        pass
    assert [path.name for path in store.folder.iterdir()] == ["thesis.docx"]
    store.remove()
    assert theirs.read_text() == "years of work"


def test_a_file_in_the_place_of_the_folder_is_refused(store: Store) -> None:
    store.folder.write_text("mine")
    with pytest.raises(OutputError, match="is a file"), store.opened():
        pass


def test_two_runs_at_once_do_not_share_a_folder(store: Store) -> None:
    with store.opened():
        store.keep(PART, FOUND)
        with pytest.raises(OutputError, match="Another eventpanel"), store.opened(fresh=True):
            pass
        assert store.find(PART) is not None
    with store.opened():
        assert store.find(PART) is not None


def test_a_full_disk_is_an_error_that_leaves_what_was_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with store.opened():
        store.keep(PART, FOUND)
        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", full)
            with pytest.raises(OutputError, match="No space left"):
                store.keep(OTHER, FOUND)
        assert store.find(PART) is not None
        assert store.find(OTHER) is None
        assert len(files(store)) == 1
        assert not list(store.folder.glob("*.part"))


def test_a_folder_that_was_removed_meanwhile_is_an_error(store: Store) -> None:
    with store.opened():
        store.keep(PART, FOUND)
        store.remove()
        assert not store.folder.exists()
        with pytest.raises(OutputError, match="could not be kept"):
            store.keep(PART, FOUND)


def test_the_fingerprint_tells_settings_cells_and_versions_apart(demo_case: Case) -> None:
    panel, settings = demo_case.panel, demo_case.study.model_dump()
    before = fingerprint(settings, panel, {"numpy": "2"})
    frame = panel.frame.copy()
    frame["any_deal"] = frame["any_deal"].where(frame.index != frame.index[5], 1 - frame["any_deal"])
    changed = {
        "study": fingerprint(settings | {"title": "Another"}, panel, {"numpy": "2"}),
        "data": fingerprint(settings, panel.with_frame(frame), {"numpy": "2"}),
        "versions": fingerprint(settings, panel, {"numpy": "3"}),
    }
    for name, after in changed.items():
        assert [key for key in before if before[key] != after[key]] == [name]


def test_the_fingerprint_does_not_mind_which_checks_are_asked_for(demo_case: Case) -> None:
    settings = demo_case.study.model_dump()
    only = settings | {"robustness": settings["robustness"] | {"checks": ["axes"]}}
    assert fingerprint(settings, demo_case.panel, {}) == fingerprint(only, demo_case.panel, {})


def test_parts_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="toy: number 0"):
        Plan(((toy.check(1), (PART, PART)),), ())
