"""Hostile files: each is refused by its own error, with the place and the remedy."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from eventpanel.datasets.cells import to_flags, to_numbers, to_years
from eventpanel.datasets.checks import sha256
from eventpanel.datasets.errors import (
    ColumnError,
    EncodingError,
    EventPanelError,
    MissingFileError,
    NumberError,
    WrongLayoutError,
)
from eventpanel.datasets.files import keep_columns, parse_table, read_table, read_text, rename


def write(folder: Path, content: bytes, name: str = "deals.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def assert_says(error: EventPanelError, *words: str) -> None:
    """What, where and what to do all stand in the message."""
    text = str(error)
    assert error.where and error.remedy, text
    assert "where:" in text and "what to do:" in text
    for word in words:
        assert word in text, (word, text)


HOSTILE: list[tuple[str, bytes, type[EventPanelError], str]] = [
    ("latin-1 text", b"country,year\nKen,2010\nC\xf4te,2011\n", EncodingError, "line 3: byte 0xf4"),
    ("UTF-16", "country,year\nKEN,2010\n".encode("utf-16"), EncodingError, "UTF-16"),
    ("zero bytes", b"country,year\nKEN,20\x0010\n", WrongLayoutError, "not a text file"),
    ("a short row", b"country,year\nKEN,2010\nUGA\n", WrongLayoutError, "lines 3"),
    ("a long row", b"country,year\nKEN,2010,5\n", WrongLayoutError, "lines 2"),
    ("two columns of one name", b"country,year,year\nKEN,2010,2011\n", WrongLayoutError, "'year'"),
    ("nothing", b"", WrongLayoutError, "lacks the columns country, year"),
    ("a header alone", b"country,year\n", WrongLayoutError, "no rows"),
    ("another layout", b"importer;year\nKEN;2010\n", WrongLayoutError, "it has: importer;year"),
    ("a web page", b"\n<!DOCTYPE html><html><body>Log in</body></html>", WrongLayoutError, "web page"),
    ("an open quote", b'country,year\n"KEN,2010\n', WrongLayoutError, "cannot be read as a table"),
    ("an Excel file", b"PK\x03\x04\x00\x00\x08\x00", WrongLayoutError, "not a text file"),
]


@pytest.mark.parametrize(("content", "error", "word"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_hostile_files_are_refused(tmp_path: Path, content: bytes, error: type[EventPanelError], word: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(error) as caught:
        read_table(path, ["country", "year"])
    assert_says(caught.value, "deals.csv", word)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError) as caught:
        read_table(tmp_path / "none.csv", ["year"])
    assert_says(caught.value, "none.csv", "does not exist")
    with pytest.raises(MissingFileError, match="is a folder"):
        read_text(tmp_path)


def test_nothing_is_guessed_while_reading(tmp_path: Path) -> None:
    path = write(tmp_path, b'\xef\xbb\xbfcode,product,note\r\nNA,020230,"a, b\nc"\r\n\r\nFR,85.0,\r\n')
    table = read_table(path)
    assert table.to_dict("list") == {
        "code": ["NA", "FR"],
        "product": ["020230", "85.0"],
        "note": ["a, b\nc", ""],
    }


def test_only_the_columns_asked_for_are_kept_in_their_order() -> None:
    table = parse_table("a,b,c\n1,2,3\n", "x.csv", columns=["c", "a"])
    assert table.to_dict("list") == {"c": ["3"], "a": ["1"]}


def test_line_numbers_count_the_lines_of_the_file() -> None:
    with pytest.raises(WrongLayoutError, match="lines 5"):
        parse_table('a,b\n"x\ny",1\n\n2\n', "x.csv")


def test_text_in_a_number_column_is_named_with_its_rows() -> None:
    column = pd.Series(["1", "NA", "many", "1,234", "inf", ""], name="deals", dtype=object)
    with pytest.raises(NumberError) as caught:
        to_numbers(column, "deals.csv")
    assert_says(caught.value, "deals.csv", "'deals'", "'many' in data row 3", "'1,234' in data row 4", "'inf'")


def test_rows_are_counted_in_a_part_of_a_frame_too() -> None:
    column = pd.Series(["1", "x"], name="deals", index=["a", "b"], dtype=object)
    with pytest.raises(NumberError, match="'x' in data row 2"):
        to_numbers(column, "deals.csv")


@pytest.mark.parametrize("bad", ["", "NA", "2010.5", "soon"])
def test_years_are_whole_and_never_missing(bad: str) -> None:
    with pytest.raises(NumberError) as caught:
        to_years(pd.Series(["2010", bad], name="year", dtype=object), "deals.csv")
    assert_says(caught.value, "deals.csv", "'year'", "data row 2")


def test_years_written_as_fractions_of_nothing() -> None:
    assert to_years(pd.Series(["2004.0"], name="year", dtype=object), "x.csv").tolist() == [2004]


def test_flags() -> None:
    flags = to_flags(pd.Series(["Yes", "FALSE", "1.0", "NA"], name="estimated", dtype=object), "x.csv")
    assert flags.tolist()[:3] == [True, False, True] and flags.isna().tolist() == [False, False, False, True]
    with pytest.raises(NumberError) as caught:
        to_flags(pd.Series(["maybe"], name="estimated", dtype=object), "x.csv")
    assert_says(caught.value, "x.csv", "'estimated'", "'maybe' in data row 1")


def test_a_user_who_names_a_column_that_is_not_there() -> None:
    frame = pd.DataFrame({"Country": ["KEN"], "Year": ["2010"]})
    with pytest.raises(ColumnError) as caught:
        rename(frame, {"country": "importer"}, "mine.csv")
    assert_says(caught.value, "mine.csv", "'country'", "it has: Country, Year")
    with pytest.raises(WrongLayoutError, match="two columns of one name"):
        rename(frame, {"Country": "importer", "Year": "importer"}, "mine.csv")


def test_a_publishers_column_that_is_not_there() -> None:
    with pytest.raises(WrongLayoutError) as caught:
        keep_columns(pd.DataFrame({"a": [1]}), ["a", "b"], "x.csv")
    assert_says(caught.value, "x.csv", "lacks the columns b", "it has: a")


def test_checksum_is_that_of_the_bytes(tmp_path: Path) -> None:
    # FIPS 180-2, appendix B.1.
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256(write(tmp_path, b"abc")) == expected
