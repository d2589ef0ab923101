"""``eventpanel codes audit FILE`` as a person runs it."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from eventpanel.cli import main
from eventpanel.datasets.errors import CountryError, OutputError
from eventpanel.reports.folder import write_table

TABLE = pd.DataFrame(
    {
        "country": ["Kenya", "Kenya", "Sudan", "Sudan-North", "Nigerr", "World", "Côte d'Ivoire", "South Sudan"],
        "year": [2010, 2011, 2011, 2011, 2011, 2011, 2011, 2009],
        "protests": [1, 2, 3, 4, 5, 6, 7, 8],
    }
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "unrest.csv"
    TABLE.to_csv(path, index=False)
    return path


def audit(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["codes", "audit", *arguments])
    captured = capsys.readouterr()
    return code, " ".join(captured.out.split()), captured.err


def test_report_says_columns_conflicts_and_notes(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text, errors = audit(capsys, str(file))
    assert (code, errors) == (0, "")
    assert "unrest.csv: 8 rows; years in 'year'" in text
    assert "country: 7 values in name (57%)" in text
    assert "One row for each country, year." in text
    assert "country: not in that year: South Sudan 2009 (South Sudan 2011-; 1 row)" in text
    assert "country: not known: Nigerr 2011 (perhaps Niger; 1 row)" in text
    assert "country: several values are one country: Sudan, Sudan-North 2011 (Sudan; 2 rows)" in text
    assert "Notes country: aggregate: World 2011 (1 row)" in text


def test_lines_fit_a_terminal(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["codes", "audit", str(file)])
    assert max(map(len, capsys.readouterr().out.splitlines())) < 80


@pytest.mark.parametrize("kind", ["csv", "semicolons", "latin", "xlsx", "dta", "parquet"])
def test_every_kind_of_file_gives_the_same_report(
    kind: str, tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = audit(capsys, str(file))[1].partition(": ")[2]
    _, text, _ = audit(capsys, str(write(kind, tmp_path / f"other.{kind}")))
    note = "other.latin is not in UTF-8; it was read as Latin-1. Name another with --encoding. "
    assert text.startswith(note) == (kind == "latin")
    assert text.removeprefix(note).partition(": ")[2] == expected


def write(kind: str, path: Path) -> Path:
    if kind == "xlsx":
        TABLE.to_excel(path, index=False)
    elif kind == "dta":
        TABLE.to_stata(path, write_index=False, version=118)
    elif kind == "parquet":
        with duckdb.connect() as engine:
            engine.register("frame", TABLE)
            engine.sql("SELECT * FROM frame").write_parquet(str(path))
    else:
        separator, encoding = (";" if kind == "semicolons" else ","), ("latin-1" if kind == "latin" else "utf-8")
        TABLE.to_csv(path, index=False, sep=separator, encoding=encoding)
    return path


def test_findings_as_csv_are_safe_in_a_spreadsheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "evil.csv", tmp_path / "findings.csv"
    evil = TABLE.assign(country=TABLE["country"].replace("Nigerr", "=cmd|' /C calc'!A0"))
    evil.to_csv(path, index=False)
    assert audit(capsys, str(path), "--csv", str(out))[0] == 0
    rows = pd.read_csv(out, keep_default_na=False)
    assert list(rows.columns) == ["severity", "column", "problem", "value", "years", "rows", "hint"]
    assert rows["value"].tolist() == ["South Sudan", "'=cmd|' /C calc'!A0", "Sudan, Sudan-North", "World"]


def test_strict_is_an_error_only_where_there_are_conflicts(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text, errors = audit(capsys, str(file), "--strict")
    assert code == CountryError.exit_code
    assert "Conflicts" in text
    assert "unrest.csv has 3 conflicts." in errors
    TABLE[TABLE["country"].isin(["Kenya", "World", "Côte d'Ivoire"])].to_csv(file, index=False)
    assert audit(capsys, str(file), "--strict")[0] == 0


def test_columns_and_year_may_be_stated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("state,began,ended\n341,2010,2011\n2,2010,2012\n", encoding="utf-8")
    code, text, _ = audit(capsys, str(path), "--column", "state=polity", "--year", "ended")
    assert code == 0
    assert "years in 'ended'" in text
    assert "state: 2 values in polity (100%); stated" in text
    _, text, _ = audit(capsys, str(path))
    assert "years in 'began' (or in 'ended': choose with --year)" in text
    assert "Columns that hold countries none was found: state one with --column" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--column", "country"], "write NAME=SCHEME"),
        (["--column", "country=iso"], "write NAME=SCHEME"),
        (["--column", "land=iso3"], "no column 'land'"),
        (["--year", "jahr"], "no column 'jahr'"),
        (["--year", "country"], "holds no years"),
    ],
)
def test_wrong_calls_are_explained(
    arguments: list[str], message: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, errors = audit(capsys, str(file), *arguments)
    assert code > 2
    assert message in errors


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(capsys, str(tmp_path / "nothing.csv"))[0] == 10


def test_a_table_is_replaced_only_by_its_own_kind(tmp_path: Path) -> None:
    path = tmp_path / "findings.csv"
    write_table(path, b"value,rows\nKenya,1\n")
    write_table(path, b"value,rows\nChad,2\n")
    assert path.read_bytes() == b"value,rows\nChad,2\n"
    path.write_text("my notes\n", encoding="utf-8")
    with pytest.raises(OutputError, match="not an earlier table"):
        write_table(path, b"value,rows\n")
    assert path.read_text("utf-8") == "my notes\n"
    with pytest.raises(OutputError, match="could not be written"):
        write_table(tmp_path / "absent" / "findings.csv", b"value,rows\n")
    assert [entry.name for entry in tmp_path.iterdir()] == ["findings.csv"]


def test_the_file_itself_is_never_overwritten(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = file.read_bytes()
    assert audit(capsys, str(file), "--csv", str(file))[0] == OutputError.exit_code
    assert file.read_bytes() == before


def test_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "codes.md"
    (block,) = re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    exec(block, {})
    assert "perhaps Niger" in capsys.readouterr().out
