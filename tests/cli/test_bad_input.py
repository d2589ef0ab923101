"""Bad input: one clear message (what, where, what to do), an exit code of its own, no traceback, no folder."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from eventpanel.cli import main
from eventpanel.datasets.errors import (
    ColumnError,
    ConstantOutcomeError,
    CountryError,
    DesignError,
    DuplicateKeyError,
    EncodingError,
    EventPanelError,
    FewClustersError,
    FrequencyError,
    MergeError,
    MissingFileError,
    NoEventError,
    NumberError,
    OutputError,
    StudyError,
    WindowError,
    WrongLayoutError,
)
from tests.cli.projects import Project

POLITY = 'options = { columns = { protests = "protests", score = "polity" }, country = "code", scheme = "iso3" }\n'
SAMPLE = "sample = { first = 2004, last = 2015 }"
ESTIMATE = """[estimates.regimes]
title = "Any deal, by regime"
moderator = "regime"
difference = ["autocracy", "democracy"]
"""

Edit = Callable[[Project], object]


@dataclass(frozen=True)
class Case:
    """What is broken, which error it must be, and words that its message must hold."""

    name: str
    error: type[EventPanelError]
    words: tuple[str, ...]
    edits: tuple[tuple[str, str], ...] = ()
    prepare: Edit = lambda project: None
    arguments: tuple[str, ...] = ()
    marks: tuple[pytest.MarkDecorator, ...] = ()


def _bytes(name: str, content: bytes) -> Edit:
    return lambda project: (project.folder / name).write_bytes(content)


def _cells(name: str, old: str, new: str) -> Edit:
    return lambda project: project.rewrite(name, lambda text: re.sub(old, new, text))


def _row(name: str, row: str) -> Edit:
    return lambda project: project.rewrite(name, lambda text: f"{text}{row}\n")


def _set(*settings: str) -> tuple[str, ...]:
    return tuple(part for setting in settings for part in ("--set", setting))


ISSUE = [
    Case("missing file", MissingFileError, ("nope.csv", "check the name"), (('"unrest.csv"', '"nope.csv"'),)),
    Case(
        "wrong file for the reader",
        WrongLayoutError,
        ("unrest.csv lacks the columns", "it has: code"),
        (('"country_years"', '"polity5"'), (POLITY, "")),
    ),
    Case(
        "wrong encoding",
        EncodingError,
        ("deals.csv", "line 2", "0xe9"),
        prepare=_bytes("deals.csv", "exporter,importer,year,who\nCHN,XAA,2005,Soci\xe9t\xe9\n".encode("latin-1")),
    ),
    Case("unknown column", ColumnError, ("'protest'", "protests"), (('column = "protests"', 'column = "protest"'),)),
    Case("duplicate keys", DuplicateKeyError, ("XAA 2003",), prepare=_row("unrest.csv", "XAA,2003,1,2")),
    Case(
        "mixed frequencies",
        FrequencyError,
        ("2003Q1",),
        prepare=_cells("unrest.csv", "XAA,2003,", "XAA,2003Q1,"),
    ),
    Case(
        "text in a number column",
        NumberError,
        ("'many1'", "row 4"),
        prepare=_cells("unrest.csv", r"XAA,2003,\d+", "XAA,2003,many1"),
    ),
    Case("unknown key in the TOML", StudyError, ("window.leds", "did you mean leads?"), (("leads = 2", "leds = 2"),)),
    Case("a window longer than the panel", WindowError, ("30 leads", "33 periods"), (("leads = 2", "leads = 30"),)),
    Case(
        "a constant outcome",
        ConstantOutcomeError,
        ("'any_deal'", "value 0"),
        prepare=_bytes("deals.csv", b"exporter,importer,year\nUSA,XAA,2005\n"),
    ),
    Case(
        "an event that never happens",
        NoEventError,
        ("event",),
        (('scale = "sd"', 'scale = "none"'),),
        _cells("unrest.csv", r",(\d{4}),\d+,", r",\1,0,"),
    ),
    Case(
        "an event that never happens, standardised",
        NoEventError,
        ("event",),
        prepare=_cells("unrest.csv", r",(\d{4}),\d+,", r",\1,0,"),
    ),
    Case(
        "two importers in a subsample",
        FewClustersError,
        ("1 cluster;", "'autocracy'"),
        ((SAMPLE, 'sample = { first = 2004, last = 2015, where = { importer = ["XAA", "XAB"] } }'),),
    ),
    Case(
        "two importers, effects by group",
        FewClustersError,
        ("in group", " cluster"),
        (
            (SAMPLE, 'sample = { first = 2004, last = 2015, where = { importer = ["XAA", "XAB"] } }'),
            ('"importer", "year"', '"importer", "regime^year"'),
        ),
    ),
]

STUDY_FILE = [
    Case("invalid TOML", StudyError, ("study.toml is not valid TOML", "line"), (("[window]", "[window"),)),
    Case("binary study", StudyError, ("study.toml", "UTF-8"), prepare=_bytes("study.toml", bytes(range(256)))),
    Case("empty study", StudyError, ("title: is missing",), prepare=_bytes("study.toml", b"")),
    Case("not key=value", StudyError, ("'window'", "window.leads=3"), arguments=_set("window")),
    Case("setting without a key", StudyError, ("'=3'",), arguments=_set("=3")),
    Case("setting with an empty step", StudyError, ("'window..leads=3'",), arguments=_set("window..leads=3")),
    Case("setting through a value", StudyError, ("'leads', which is no table",), arguments=_set("window.leads.x=3")),
    Case("setting of the wrong kind", StudyError, ("window.leads: must be a whole number, not 'two'",),
         arguments=_set("window.leads=two")),
    Case("a value for a table", StudyError, ("window: must be a table, not 3",), arguments=_set("window=3")),
    Case("one key, several kinds", StudyError, ("window.reference: must be a whole number or 'none', not 'x'",),
         arguments=_set("window.reference=x")),
    Case("two settings in one", StudyError, ("window.leads: must be",), arguments=_set("window.leads=1\nb=3")),
    Case("unknown table", StudyError, ("windows: unknown key (did you mean window?)",), (("[window]", "[windows]"),)),
    Case("unknown key of an estimate", StudyError, ("estimates.regimes.titel", "did you mean title?"),
         (('title = "Any', 'titel = "Any'),)),
    Case("no estimates", StudyError, ("estimates: must be filled",), ((ESTIMATE, "[estimates]"),)),
    Case("confidence level 95", StudyError, ("output.level: must be below 1, not 95",),
         arguments=_set("output.level=95")),
    Case("confidence level that is none", StudyError, ("output.level",), arguments=_set("output.level=nan")),
    Case("unknown small-sample rule", StudyError, ("'reghdfe'", "not 'stata'"), (('"reghdfe"', '"stata"'),)),
    Case("three groups", StudyError, ("two groups",),
         (('difference = ["autocracy", "democracy"]', 'difference = ["a", "b", "c"]'),)),
    Case("a group against itself", StudyError, ("two groups",),
         (('difference = ["autocracy", "democracy"]', 'difference = ["autocracy", "autocracy"]'),)),
    Case("a difference without groups", StudyError, ("'regimes'", "no moderator"), (('moderator = "regime"\n', ""),)),
    Case("two groups of one name", StudyError, ("must differ",),
         (('groups = ["autocracy", "democracy"]', 'groups = ["a", "a"]'),)),
    Case("a window of astronomic length", StudyError, ("window.leads: must be at most",),
         arguments=_set("window.leads=99999999999999999999")),
    Case("a cap that is no code", StudyError, ("ISO3", "'CHINA'"), (('exporters = ["CHN"]', 'exporters = ["CHINA"]'),)),
    Case("no columns to derive from", StudyError, ("derive.any_deal.columns: must be filled",),
         (('columns = ["deals"]', "columns = []"),)),
]  # fmt: skip

INPUTS = [
    Case("a path that leaves the data folder", StudyError, ("'../unrest.csv'", "below the data folder"),
         (('"unrest.csv"', '"../unrest.csv"'),)),
    Case("an absolute path", StudyError, ("below the data folder",), (('"unrest.csv"', '"/unrest.csv"'),)),
    Case("a zero byte in a path", StudyError, ("below the data folder",), (('"unrest.csv"', r'"a\u0000b"'),)),
    Case("no path", StudyError, ("'unrest' names no file",), (('file = "unrest.csv"\n', ""),)),
    Case("unknown source", StudyError, ("'polity6'", "polity5"), (('"country_years"', '"polity6"'),)),
    Case("unknown source option", StudyError, ("'foo'", "its options"),
         (("{ first = 2004, last = 2015, scheme", "{ foo = 1, first = 2004, last = 2015, scheme"),)),
    Case("source option of the wrong kind", StudyError, ("first = '2004'", "whole number"),
         (("{ first = 2004, last = 2015, scheme", '{ first = "2004", last = 2015, scheme'),)),
    Case("source option left out", StudyError, ("needs the option 'last'",),
         (("{ first = 2004, last = 2015, scheme", "{ first = 2004, scheme"),)),
    Case("wrong scheme of codes", CountryError, ("'unrest'", "XAA: not known", "scheme"),
         (('country = "code", scheme = "iso3"', 'country = "code", scheme = "name"'),)),
    Case("a file that is a folder", MissingFileError, ("'sub' is a folder",), (('"unrest.csv"', '"sub"'),),
         lambda project: (project.folder / "sub").mkdir()),
    Case("an empty file", WrongLayoutError, ("holds no rows",), prepare=_bytes("unrest.csv", b"")),
    Case("a binary file", WrongLayoutError, ("not a text file",), prepare=_bytes("unrest.csv", bytes(range(256)))),
    Case("rows of different lengths", WrongLayoutError, ("unrest.csv", "lines"), prepare=_row("unrest.csv", "XAA,1")),
    Case("an unknown column of the file", ColumnError, ("'prot'", "it has: code"),
         (('columns = { protests', "columns = { prot"),)),
    Case("an unknown column of an input", ColumnError, ("'gdp'", "protests"),
         (('file = "unrest.csv"\n', 'file = "unrest.csv"\ncolumns = ["gdp"]\n'),)),
    Case("a record selection that hits nothing", ColumnError, ("'company'",),
         (('count = "deals"\n', 'count = "deals"\nselect = { company = ["x"] }\n'),)),
    Case("records that are not counted", StudyError, ("'deals'", "must be counted"), (('count = "deals"\n', ""),)),
    Case("a count of a panel", StudyError, ("'unrest'", "panel already"),
         (('file = "unrest.csv"\n', 'file = "unrest.csv"\ncount = "n"\n'),)),
    Case("a count named like a key", StudyError, ("'year'", "choose a name"), (('count = "deals"', 'count = "year"'),)),
    Case("a new column named like an old one", StudyError, ("'deals'", "choose a name"),
         (("[derive.any_deal]", "[derive.deals]"),)),
    Case("two inputs with one column", MergeError, ("protests", "rename"),
         (('count = "deals"', 'count = "protests"'),)),
    Case("another cardinality", MergeError, ("m:1, not 1:1",), (('join = "m:1"', 'join = "1:1"'),)),
    Case("simulation without its table", StudyError, ("[simulation]",), (('"country_years"', '"simulation"'),)),
    Case("importers from an unknown input", StudyError, ("importers_from", "deals, unrest"),
         (('importers_from = "unrest"', 'importers_from = "unrst"'),)),
    Case("a panel that ends before it begins", StudyError, ("first=2020",), (("first = 2000", "first = 2020"),)),
    Case("a data folder that is not there", MissingFileError, ("--data", "nope"), arguments=("--data", "nope")),
]  # fmt: skip

DESIGN = [
    Case("an undefined moderator", StudyError, ("'regim'", "[moderators.regim]"),
         (('moderator = "regime"', 'moderator = "regim"'),)),
    Case("a sample among an undefined moderator", StudyError, ("'regim'",),
         ((SAMPLE, 'sample = { among = { regim = "autocracy" } }'),)),
    Case("a sample among an unknown group", StudyError, ("'monarchy'", "autocracy, democracy"),
         ((SAMPLE, 'sample = { among = { regime = "monarchy" } }'),)),
    Case("a sample value that nobody has", DesignError, ("'ZZZ'", "XAA"),
         ((SAMPLE, 'sample = { where = { importer = ["ZZZ"] } }'),)),
    Case("a sample of nobody", DesignError, ("No row is left", "before the sample period"),
         ((SAMPLE, "sample = { first = 2030 }"),)),
    Case("a reference outside the window", WindowError, ("The reference 5", "-2 to 2"),
         (('reference = "none"', "reference = 5"),)),
    Case("a reference that is all there is", WindowError, ("no term",),
         (("leads = 2\nlags = 2", "leads = 0\nlags = 0"), ('reference = "none"', "reference = 0"))),
    Case("negative leads", WindowError, ("must not be negative", "leads=-1"), (("leads = 2", "leads = -1"),)),
    Case("a difference with an unknown group", DesignError, ("'monarchy'", "autocracy, democracy"),
         (('difference = ["autocracy", "democracy"]', 'difference = ["autocracy", "monarchy"]'),)),
    Case("a cutoff that leaves one group", DesignError, ("'democracy'", "groups: autocracy"),
         (("below = 7", "below = 70"),)),
    Case("an unknown fixed effect", ColumnError, ("'years'",), (('"importer", "year"', '"importer", "years"'),)),
    Case("an unknown control", ColumnError, ("'gdp'",), (("fixed_effects =", 'controls = ["gdp"]\nfixed_effects ='),)),
    Case("an outcome of text", NumberError, ("'importer'", "text"),
         (('outcome = "any_deal"', 'outcome = "importer"'),)),
    Case("an onset without a threshold", DesignError, ("'onset'", "threshold"),
         (('kind = "dose"\nscale = "sd"', 'kind = "onset"'),)),
    Case("a threshold nobody reaches", NoEventError, ("never varies",),
         (('kind = "dose"\nscale = "sd"', 'kind = "onset"\nthreshold = { rule = "absolute", value = 1000.0 }'),)),
]  # fmt: skip


@pytest.mark.parametrize(
    "case", [pytest.param(c, id=c.name, marks=c.marks) for c in [*ISSUE, *STUDY_FILE, *INPUTS, *DESIGN]]
)
def test_one_message_an_exit_code_and_no_folder(project: Project, case: Case) -> None:
    project.change(*case.edits)
    case.prepare(project)
    before = project.listing()
    code = project.run(*case.arguments)
    assert code == case.error.exit_code, project.stderr
    _assert_readable(project)
    for word in case.words:
        assert word in project.stderr
    assert project.listing() == before


def _assert_readable(project: Project) -> None:
    lines = project.stderr.splitlines()
    assert project.stdout == ""
    assert lines[0].startswith("eventpanel: ")
    assert any(line.startswith("  where: ") for line in lines) or "no term" in lines[0]
    assert any(line.startswith("  what to do: ") for line in lines)
    assert "Traceback" not in project.stderr


def test_the_project_itself_works(project: Project) -> None:
    assert project.run() == 0
    assert project.stderr == ""


def test_a_study_that_is_a_folder(project: Project) -> None:
    project.study.unlink()
    project.study.mkdir()
    assert project.run() == MissingFileError.exit_code
    assert "is a folder" in project.stderr


def test_a_study_that_is_not_there(project: Project) -> None:
    project.study.unlink()
    assert project.run() == MissingFileError.exit_code
    assert "demo, unrest-deals, world-panel" in project.stderr


def test_files_without_a_data_folder(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "unrest-deals", "--out", str(project.out)]) == StudyError.exit_code
    assert "--data DIR" in capsys.readouterr().err
    assert not project.out.exists()


def _file(out: Path) -> None:
    out.write_text("mine")


def _strangers(out: Path) -> None:
    out.mkdir()
    (out / "thesis.tex").write_text("mine")


@pytest.mark.parametrize("prepare", [_file, _strangers])
def test_an_output_that_is_somebody_elses_is_left_alone(project: Project, prepare: Callable[[Path], None]) -> None:
    prepare(project.out)
    before = sorted(path for path in project.folder.rglob("*"))
    assert project.run() == OutputError.exit_code
    _assert_readable(project)
    assert sorted(path for path in project.folder.rglob("*")) == before
    mine = project.out if project.out.is_file() else project.out / "thesis.tex"
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("out", ["", ".", "study.toml/out"])
def test_a_place_that_cannot_be_written(project: Project, out: str) -> None:
    before = project.listing()
    assert project.run("--out", out) == OutputError.exit_code
    _assert_readable(project)
    assert project.listing() == before


def test_a_folder_without_the_right_to_write(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert project.run() == OutputError.exit_code
    assert "cannot be written" in project.stderr


def test_a_full_disk(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    before = project.listing()
    assert project.run() == OutputError.exit_code
    assert "No space left on device" in project.stderr
    assert project.listing() == before


def test_a_file_that_the_system_does_not_let_us_read(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied", "deals.csv")

    monkeypatch.setattr(Path, "read_bytes", refused)
    assert project.run() == EventPanelError.exit_code
    assert "Permission denied" in project.stderr
    assert "deals.csv" in project.stderr


@pytest.mark.parametrize("arguments", [[], ["walk"], ["run"], ["run", "demo", "--level", "0.9"], ["sources", "x"]])
def test_a_wrong_call_is_a_usage_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("usage: eventpanel")
    assert captured.out == ""
