"""Text files: formulas are disarmed, numbers are whole, pages are escaped, folders are all or nothing."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import OutputError
from eventpanel.datasets.panel import Panel, Source
from eventpanel.estimators.card import Card
from eventpanel.reports.document import Report, page
from eventpanel.reports.folder import check_folder, publish
from eventpanel.reports.text import csv_bytes
from tests.reports.results import HOSTILE, panel, result


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_is_a_formula(start: str) -> None:
    table = pd.DataFrame({"text": [f"{start}1+1"], f"{start}head": ["plain"]})
    back = pd.read_csv(io.BytesIO(csv_bytes(table)))
    shown = start.replace("\r", "\n")
    assert back["text"].tolist() == [f"'{shown}1+1"]
    assert back.columns.tolist() == ["text", f"'{shown}head"]


def test_numbers_keep_their_sign_and_all_their_digits() -> None:
    table = pd.DataFrame({"value": [-0.1, 1 / 3, np.nan], "n": [-1, 2, 3]})
    pd.testing.assert_frame_equal(pd.read_csv(io.BytesIO(csv_bytes(table))), table)


def test_texts_survive_commas_quotes_and_lines() -> None:
    table = pd.DataFrame({"text": ['a,"b"', "c\nd", "\N{LATIN CAPITAL LETTER O WITH DIAERESIS}"]})
    pd.testing.assert_frame_equal(pd.read_csv(io.BytesIO(csv_bytes(table))), table)


def test_the_table_given_is_not_changed() -> None:
    table = pd.DataFrame({"=text": ["=1"]})
    csv_bytes(table)
    assert table.to_dict("list") == {"=text": ["=1"]}


PICTURES = {"event_study": b"png"}


def hostile_card(evil: str) -> Card:
    row = {"group": evil, "unit": evil, "period": 2000, "use": "dropped", "comparison": True, "reason": evil}
    return Card(evil, evil, (evil,), pd.DataFrame([row]), 1, 2, "")


def test_a_page_shows_hostile_names_as_text() -> None:
    evil = "<img src=x onerror=alert(1)>\"'"
    source = Source(name=evil, title=evil, url="javascript:alert(1)", citation=evil, licence=evil, coverage=evil)
    frame = panel(HOSTILE).frame
    sourced = Panel(frame, ("importer",), "year", (source,))
    text = page(Report(evil, evil, sourced, [result(HOSTILE)], {evil: 1.0}, {evil: hostile_card(evil)}, (), PICTURES))
    assert "<img src=x" not in text
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert 'href="javascript' not in text


def test_the_security_policy_forbids_everything_but_the_picture() -> None:
    text = page(Report("T", "L", panel(), [result()], {}, {}, (), PICTURES))
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in text


def test_a_folder_appears_with_its_parents(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "out"
    publish(target, {"x.txt": b"1", "manifest.json": b'{"outputs": {"x.txt": ""}}'})
    assert sorted(path.name for path in target.iterdir()) == ["manifest.json", "x.txt"]
    assert [path.name for path in target.parent.iterdir()] == ["out"]


def test_what_a_run_made_may_be_replaced_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "out"
    publish(target, {"x.txt": b"1", "manifest.json": b'{"outputs": {"x.txt": ""}}'})
    publish(target, {"y.txt": b"2", "manifest.json": b'{"outputs": {"y.txt": ""}}'})
    assert sorted(path.name for path in target.iterdir()) == ["manifest.json", "y.txt"]
    (target / "notes").mkdir()
    with pytest.raises(OutputError, match="notes"):
        check_folder(target)


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"outputs": 3}', "not json"])
def test_a_manifest_of_somebody_else_protects_its_folder(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "manifest.json").write_text(manifest)
    with pytest.raises(OutputError):
        check_folder(tmp_path / "out")


def test_an_empty_folder_may_be_used(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    check_folder(tmp_path / "out")


def test_the_current_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match="current"):
        check_folder(Path())


def test_files_stand_in_subfolders_and_are_replaced_with_them(tmp_path: Path) -> None:
    target = tmp_path / "out"
    publish(target, {"a/b/x.txt": b"1", "manifest.json": b'{"outputs": {"a/b/x.txt": ""}}'})
    assert (target / "a" / "b" / "x.txt").read_bytes() == b"1"
    publish(target, {"a/y.txt": b"2", "manifest.json": b'{"outputs": {"a/y.txt": ""}}'})
    assert sorted(path.relative_to(target).as_posix() for path in target.rglob("*")) == [
        "a",
        "a/y.txt",
        "manifest.json",
    ]


@pytest.mark.parametrize("strange", ["a/mine.txt", "a/b/mine.txt", "c/mine.txt"])
def test_files_of_someone_else_in_subfolders_are_safe(tmp_path: Path, strange: str) -> None:
    target = tmp_path / "out"
    publish(target, {"a/b/x.txt": b"1", "manifest.json": b'{"outputs": {"a/b/x.txt": ""}}'})
    (target / strange).parent.mkdir(exist_ok=True)
    (target / strange).write_bytes(b"mine")
    with pytest.raises(OutputError, match=strange):
        publish(target, {"y.txt": b"2"})
    assert (target / strange).read_bytes() == b"mine"


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "a/../x",
        "a/..",
        "/x",
        "./x",
        "a//x",
        "a/",
        "a\\x",
        "C:x",
        "C:/x",
        "//host/share/x",
        "a\0",
    ],
)
def test_names_that_lead_out_of_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="without detours"):
        publish(tmp_path / "out", {name: b"1"})
    assert list(tmp_path.iterdir()) == []


def test_a_name_is_not_a_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="without detours"):
        publish(tmp_path / "out", {"a": b"1", "a/x": b"1"})
    assert list(tmp_path.iterdir()) == []
