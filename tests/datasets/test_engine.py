"""The engine: layouts stated and held, refusals with file and line, nothing but the stated files, bounded memory."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from eventpanel.datasets.engine import ParquetFile, TextFile, ask, keep
from eventpanel.datasets.errors import EncodingError, InputError, MissingFileError, NumberError, WrongLayoutError
from eventpanel.datasets.headers import header_of

ALL = "SELECT * FROM t"
NAMES = ("a", "b")
HOSTILE = ["it's.csv", 'dou"ble.csv', "semi;colon DROP TABLE t.csv", "star*.csv", "br[1].csv", "what?.csv",
           "é ü 中.csv", "{a,b}.csv", "back\\slash.csv", "year=2010/x.csv", "**/x.csv",
           "--x.csv", "%41.csv"]  # fmt: skip


def put(folder: Path, text: str | bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def rows(*paths: Path, question: str = ALL, columns: Sequence[str] = NAMES, **layout: object) -> list[list[object]]:
    table = TextFile(paths, tuple(columns), **layout)  # type: ignore[arg-type]
    answer = ask(question, {"t": table})
    return answer.astype(object).where(answer.notna(), None).to_numpy().tolist()


def refusal(error: type[Exception], *paths: Path, question: str = ALL, columns: Sequence[str] = NAMES) -> str:
    with pytest.raises(error) as caught:
        rows(*paths, question=question, columns=columns)
    return str(caught.value)


def test_cells_are_text_and_empty_ones_are_missing(tmp_path: Path) -> None:
    path = put(tmp_path, '\ufeffa,b\r\n007,NA\r\n,"x, ""y""\nz"\r\n')
    assert rows(path) == [["007", "NA"], [None, 'x, "y"\nz']]


def test_files_of_one_layout_are_one_table(tmp_path: Path) -> None:
    plain, packed = put(tmp_path, "a;b\n1;2\n"), put(tmp_path, gzip.compress(b"a;b\n3;4\n"), "b.csv.gz")
    assert sorted(rows(plain, packed, delimiter=";")) == [["1", "2"], ["3", "4"]]


def test_a_file_without_header_or_quotes(tmp_path: Path) -> None:
    path = put(tmp_path, '1\tsays "no"\n2\t\'\n')
    assert rows(path, header=False, delimiter="\t", quote="") == [["1", 'says "no"'], ["2", "'"]]


def test_a_header_without_rows_is_an_empty_table(tmp_path: Path) -> None:
    assert rows(put(tmp_path, "a,b\n")) == []


def test_values_are_values(tmp_path: Path) -> None:
    table = {"t": TextFile((put(tmp_path, "a,b\n1,x' OR '1'='1\n2,y\n"),), NAMES)}
    assert ask("SELECT a FROM t WHERE b = ?", table, ["x' OR '1'='1"])["a"].tolist() == ["1"]
    assert ask("SELECT a FROM t WHERE list_contains(?::VARCHAR[], b)", table, [["y", "z"]])["a"].tolist() == ["2"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_path_is_a_name_and_nothing_else(tmp_path: Path, name: str) -> None:
    # Files that stars and brackets would stand for, were they patterns.
    for other in ("starX.csv", "br1.csv", "whatX.csv", "a", "x.csv"):
        put(tmp_path, "a,b\n9,9\n", other)
    path = put(tmp_path, "a,b\n1,2\n", name)
    assert rows(path) == [["1", "2"]]
    table = {"t": TextFile((path,), NAMES)}
    kept = keep(ALL, table, into=path.with_name(f"{path.name}.parquet"))
    assert ask("SELECT * FROM k", {"k": kept}).to_numpy().tolist() == [["1", "2"]]


def test_other_columns(tmp_path: Path) -> None:
    first, second = put(tmp_path, "a,b\n1,2\n"), put(tmp_path, "a,c\n1,2\n", "second.csv")
    assert "second.csv has other columns" in refusal(WrongLayoutError, first, second)
    packed = put(tmp_path, gzip.compress(b"a,c\n1,2\n"), "packed.csv.gz")
    assert "packed.csv.gz has other columns" in refusal(WrongLayoutError, packed)
    swapped = put(tmp_path, "b,a\n1,2\n", "swapped.csv")
    assert "swapped.csv has other columns" in refusal(WrongLayoutError, swapped)


@pytest.mark.parametrize("row", ["3", "3,4,5"])
@pytest.mark.parametrize("question", [ALL, "SELECT a FROM t", "SELECT count(*) FROM t"])
def test_a_ragged_row_is_named_with_its_file_and_line(tmp_path: Path, row: str, question: str) -> None:
    good, bad = put(tmp_path, "a,b\n1,2\n"), put(tmp_path, f"a,b\n1,2\n{row}\n1,2\n", "bad.csv")
    message = refusal(WrongLayoutError, good, bad, question=question)
    assert message.startswith("bad.csv has rows with more or fewer cells") and "line 3" in message


def test_quotes_that_do_not_end_and_ends_of_lines_that_differ(tmp_path: Path) -> None:
    assert "line 2: Value with unterminated quote" in refusal(WrongLayoutError, put(tmp_path, 'a,b\n"x,1\n2,3\n'))
    assert "end in different ways" in refusal(WrongLayoutError, put(tmp_path, "a,b\r\n1,2\n3,4\r\n"))


def test_other_encodings(tmp_path: Path) -> None:
    good = put(tmp_path, "a,b\n1,2\n")
    message = refusal(EncodingError, good, put(tmp_path, "a,b\n1,2\né,4\n".encode("latin-1"), "latin.csv"))
    assert message.startswith("latin.csv is not written in UTF-8") and "line 3" in message
    header = put(tmp_path, "a,é\n1,2\n".encode("latin-1"), "header.csv")
    assert "line 1" in refusal(EncodingError, header, columns=("a", "é"))
    assert "u16.csv" in refusal(EncodingError, put(tmp_path, "a,b\n1,2\n".encode("utf-16"), "u16.csv"))


@pytest.mark.parametrize("cell", ["x", "99999999999"])
@pytest.mark.parametrize("question", ["SELECT a::INTEGER FROM t", "SELECT sum(a::INTEGER) FROM t GROUP BY b"])
def test_text_for_numbers(tmp_path: Path, cell: str, question: str) -> None:
    message = refusal(NumberError, put(tmp_path, f"a,b\n1,2\n{cell},3\n"), question=question)
    assert message.startswith("a.csv holds text where numbers are needed") and cell in message


def test_files_that_are_none(tmp_path: Path) -> None:
    assert "none.csv" in refusal(MissingFileError, tmp_path / "none.csv")
    assert "is a folder" in refusal(MissingFileError, tmp_path)
    assert "holds no rows" in refusal(WrongLayoutError, put(tmp_path, ""))
    assert "web page" in refusal(WrongLayoutError, put(tmp_path, "<!DOCTYPE html>\n<p>\n"))
    assert "not compressed with gzip" in refusal(WrongLayoutError, put(tmp_path, "a,b\n1,2\n", "fake.gz"))
    cut = put(tmp_path, gzip.compress(b"a,b\n" + b"1,2\n" * 10_000)[:60], "cut.csv.gz")
    assert "cut.csv.gz cannot be read" in refusal(WrongLayoutError, cut)
    with pytest.raises(WrongLayoutError, match=r"a\.csv cannot be read"):
        ask(ALL, {"t": ParquetFile((put(tmp_path, "a,b\n1,2\n"),))})


def test_parquet_files(tmp_path: Path) -> None:
    folder = tmp_path / "year=2010"
    folder.mkdir()
    with duckdb.connect() as engine:
        engine.sql("SELECT 1 AS a, 'x' AS b").write_parquet(str(folder / "1.parquet"))
        engine.sql("SELECT 2 AS a, NULL AS b").write_parquet(str(folder / "2.parquet"))
    answer = ask("SELECT * FROM t ORDER BY a", {"t": ParquetFile((folder / "1.parquet", folder / "2.parquet"))})
    expected = pd.DataFrame({"a": pd.array([1, 2], "Int32").astype("int32"), "b": ["x", None]})
    pd.testing.assert_frame_equal(answer, expected, check_dtype=False)


def test_a_kept_answer_is_a_table(tmp_path: Path) -> None:
    table = {"t": TextFile((put(tmp_path, "a,b\n1,x\n2,y\n"),), NAMES)}
    kept = keep("SELECT a::INTEGER AS a FROM t WHERE b <> ?", table, ["x"], into=tmp_path / "kept.parquet")
    assert ask("SELECT sum(a) AS a FROM k", {"k": kept})["a"].tolist() == [2]


@pytest.mark.parametrize(
    "question",
    [
        "SELECT * FROM read_csv('{other}')",
        "SELECT * FROM '{other}'",
        "SELECT * FROM read_text('{other}')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM read_csv('https://a.example/a.csv')",
    ],
)
def test_a_question_reads_the_stated_files_alone(tmp_path: Path, question: str) -> None:
    other = put(tmp_path, "secret\n1\n", "other.csv")
    table = {"t": TextFile((put(tmp_path, "a,b\n1,2\n"),), NAMES)}
    with pytest.raises(duckdb.PermissionException):
        ask(question.format(other=other, folder=tmp_path), table)


@pytest.mark.parametrize(
    "question",
    [
        "COPY t TO '{folder}/out.csv'",
        "COPY t TO '{folder}/a.csv' (USE_TMP_FILE false)",
        "ATTACH '{folder}/x.db'",
        "SET memory_limit = '8GB'",
        "INSTALL httpfs",
        "SELECT 1; SELECT 2",
    ],
)
def test_a_question_is_one_select(tmp_path: Path, question: str) -> None:
    table = {"t": TextFile((put(tmp_path, "a,b\n1,2\n"),), NAMES)}
    with pytest.raises(ValueError, match="one SELECT"):
        ask(question.format(folder=tmp_path), table)
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert rows(tmp_path / "a.csv") == [["1", "2"]]


def test_names_of_the_program_are_no_tables(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1]})
    with pytest.raises(duckdb.CatalogException):
        rows(put(tmp_path, "a,b\n1,2\n"), question="SELECT * FROM frame")
    assert len(frame) == 1


def test_memory_is_bounded(tmp_path: Path) -> None:
    count = 400_000
    path = put(tmp_path, "a,b\n" + "".join(f"{row},{row % 7}\n" for row in range(count)))
    table = {"t": TextFile((path,), NAMES)}
    once = "SELECT count(*) AS n FROM (SELECT a || repeat('x', 100) AS a FROM t GROUP BY ALL)"
    # The groups take more than 64 MB: with half of that they go to the disk, with 4 MB not even their pages fit.
    assert ask(once, table, memory="32MB", threads=1)["n"].tolist() == [count]
    with pytest.raises(InputError, match="need more than 4MB of memory"):
        ask(once, table, memory="4MB", threads=1)


def test_names_in_the_first_line(tmp_path: Path) -> None:
    assert header_of(put(tmp_path, '\ufeff"a, b",c\n1,2\n')) == ("a, b", "c")
    assert header_of(put(tmp_path, gzip.compress(b"a\tb\n"), "a.tsv.gz"), "\t") == ("a", "b")
    assert header_of(put(tmp_path, 'a\t"b\tc\n'), "\t", quote="") == ("a", '"b', "c")
