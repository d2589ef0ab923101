"""The registry: every entry has a reader, every option is checked, and listing sources loads no reader."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Literal, get_type_hints

import pytest

from eventpanel.datasets.errors import StudyError
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.records import Records
from eventpanel.datasets.registry import Entry, check_options, entries, entry, fits, read

ROOT = Path(__file__).resolve().parents[2]
OWN = {"deal_list", "country_years"}


def test_names_are_unique() -> None:
    names = [known.name for known in entries()]
    assert names and len(names) == len(set(names))


@pytest.mark.parametrize("known", entries(), ids=lambda known: known.name)
def test_every_entry_has_its_reader(known: Entry) -> None:
    module = import_module(known.module)
    assert known.name == module.NAME and known.module.split(".")[-1] == known.name
    assert known.module.split(".")[-2] == known.role
    assert get_type_hints(module.read)["return"] is {"records": Records, "panel": Panel}[known.kind]
    parameters = list(inspect.signature(module.read).parameters.values())
    assert parameters[0].name == "path" and len(parameters) <= 6
    assert all(parameter.kind is inspect.Parameter.KEYWORD_ONLY for parameter in parameters[1:])
    assert (ROOT / "docs" / "data" / f"{known.name}.md").is_file()


@pytest.mark.parametrize("known", entries(), ids=lambda known: known.name)
def test_every_entry_says_where_it_comes_from(known: Entry) -> None:
    assert known.title and known.publisher and known.licence and known.unit and known.coverage
    assert known.name in OWN or (known.url.startswith("https://") and known.citation)


def test_listing_sources_loads_no_reader_and_no_pandas() -> None:
    program = (
        "import sys; from eventpanel.datasets.registry import entries; entries(); "
        "print('pandas' in sys.modules, any('.sources.' in name for name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT / "datasets"
    )
    assert done.stdout.split() == ["False", "False"]


def test_an_unknown_source_is_answered_with_the_list() -> None:
    with pytest.raises(StudyError) as caught:
        entry("sipri")
    assert "'sipri'" in str(caught.value) and "sipri_register" in caught.value.where


def sample(
    path: Path,
    *,
    first: int,
    partial: bool = False,
    measure: Literal["a", "b"] = "a",
    importers: Sequence[str] | None = None,
    columns: Mapping[str, str] | None = None,
) -> None:
    """Stand in for a reader."""


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"first": 1, "frist": 1}, "has no option 'frist'"),
        ({"path": "x", "first": 1}, "has no option 'path'"),
        ({}, "needs the option 'first'"),
        ({"first": "2010"}, "first = '2010' (needs a whole number)"),
        ({"first": True}, "first = True"),
        ({"first": 1, "partial": 1}, "needs true or false"),
        ({"first": 1, "measure": "c"}, "needs 'a' or 'b'"),
        ({"first": 1, "importers": "KEN"}, "needs a list of texts or nothing"),
        ({"first": 1, "importers": [1]}, "needs a list of texts or nothing"),
        ({"first": 1, "columns": {"a": 1}}, "needs a table of texts or nothing"),
    ],
)
def test_options_are_checked(options: dict[str, object], word: str) -> None:
    with pytest.raises(StudyError) as caught:
        check_options("sample", sample, options)
    assert word in str(caught.value)
    assert "its options: first: a whole number; partial: true or false" in caught.value.where


def test_good_options_pass() -> None:
    options = {"first": 1, "partial": True, "measure": "b", "importers": ["KEN"], "columns": {"a": "b"}}
    check_options("sample", sample, options)
    assert fits(None, Sequence[str] | None)


def test_a_reader_without_options(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="its options: none"):
        read("polity5", tmp_path / "p5v2018.csv", {"name": "x"})
