"""A manifest is data of somebody else: what is wrong with it is said, and no file outside the folder is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eventpanel.datasets.errors import EventPanelError, MissingFileError, WrongLayoutError
from eventpanel.runs.folder import AS_WRITTEN, CHANGED, MISSING, read_run
from tests.runs.folders import ESTIMATES, change, files_of, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "run", files_of({"estimates.csv": ESTIMATES}))


def test_outputs_are_as_written_changed_or_missing(folder: Path) -> None:
    run = read_run(folder)
    assert run.state("estimates.csv") == AS_WRITTEN
    (folder / "estimates.csv").write_text("x", encoding="utf-8")
    assert run.state("estimates.csv") == CHANGED
    (folder / "estimates.csv").unlink()
    assert run.state("estimates.csv") == MISSING
    assert run.content("estimates.csv") is None


def test_a_manifest_without_a_command_is_of_a_run(folder: Path) -> None:
    path = folder / "manifest.json"
    held = json.loads(path.read_text("utf-8"))
    assert held.pop("command") == "run"
    path.write_text(json.dumps(held), encoding="utf-8")
    assert read_run(folder).manifest.command == "run"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        "null",
        "{}",
        '{"title": NaN}',
        '{"title": "a", "title": "b"}',
        '{"study": {"a": 1, "a": 2}}',
        "[" * 100_000,
        '{"title": ' + "9" * 10_000 + "}",
        "\ud800",
    ],
)
def test_what_is_no_manifest_is_refused(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(WrongLayoutError, match=r"manifest\.json"):
        read_run(folder)


@pytest.mark.parametrize(
    "keys",
    [
        {"title": 1},
        {"command": ["run"]},
        {"inputs": {}},
        {"inputs": [{"name": "a"}]},
        {"inputs": [{"name": "a", "title": "b", "sha256": "../x"}]},
        {"versions": {"numpy": 2}},
        {"study": "demo"},
        {"outputs": ["estimates.csv"]},
        {"outputs": {"estimates.csv": 1e308}},
        {"outputs": {"estimates.csv": "0" * 63}},
    ],
)
def test_wrong_types_are_named(folder: Path, keys: dict[str, Any]) -> None:
    change(folder, **keys)
    with pytest.raises(WrongLayoutError) as error:
        read_run(folder)
    assert next(iter(keys)) in error.value.where


@pytest.mark.parametrize(
    "name", ["../secret.csv", "/etc/passwd", "a/../../secret.csv", "C:\\x", "..", "", "a\0b", "./a"]
)
def test_names_that_lead_out_of_the_folder_are_refused(folder: Path, name: str) -> None:
    change(folder, outputs={name: "0" * 64})
    with pytest.raises(WrongLayoutError, match="outside the folder"):
        read_run(folder)


def test_a_link_out_of_the_folder_is_missing(folder: Path) -> None:
    secret = folder.parent / "secret.csv"
    secret.write_text(ESTIMATES, encoding="utf-8")
    (folder / "estimates.csv").unlink()
    (folder / "estimates.csv").symlink_to(secret)
    run = read_run(folder)
    assert run.state("estimates.csv") == MISSING
    assert run.content("estimates.csv") is None


def test_a_manifest_that_is_a_link_out_of_the_folder_is_missing(folder: Path) -> None:
    (folder / "manifest.json").rename(folder.parent / "manifest.json")
    (folder / "manifest.json").symlink_to(folder.parent / "manifest.json")
    with pytest.raises(MissingFileError):
        read_run(folder)


def test_a_manifest_beyond_all_size_is_not_read(folder: Path) -> None:
    with (folder / "manifest.json").open("ab") as stream:
        stream.truncate(2**34)
    with pytest.raises(WrongLayoutError, match="too large"):
        read_run(folder)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    for name in ("nowhere", "."):
        with pytest.raises(EventPanelError) as error:
            read_run(tmp_path / name)
        assert error.value.exit_code == MissingFileError.exit_code
