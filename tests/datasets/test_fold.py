"""Fold: in memory and where the files lie, the same answer."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from eventpanel.datasets.engine import TextFile
from eventpanel.datasets.errors import ColumnError, EncodingError, MissingFileError, WrongLayoutError
from eventpanel.datasets.fold import fold, open_table

WANTED = ("code", "partner", "value")


def write(folder: Path, text: str, name: str = "x.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def sample(seed: int) -> str:
    draws = np.random.default_rng(seed)
    codes = draws.choice(["85", "8525", "", "010121"], 300)
    partners = draws.choice(["China", '"Other Asia, nes"', "Côte d'Ivoire", '"a ""b"" c"', ""], 300)
    values = draws.integers(0, 5, 300)
    rows = [f"{code},note {place},{partner},{value}" for place, (code, partner, value) in enumerate(
        zip(codes, partners, values, strict=True))]  # fmt: skip
    return "code,note,partner,value\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize("keep", [{}, {"code": ["85", "8525"]}, {"code": [""], "partner": ["China", 'a "b" c']}])
@pytest.mark.parametrize("seed", range(3))
def test_both_ways_agree(tmp_path: Path, seed: int, keep: dict[str, list[str]]) -> None:
    path = write(tmp_path, sample(seed))
    small, large = open_table(path, WANTED), open_table(path, WANTED, large=0)
    assert isinstance(small.held, pd.DataFrame) and isinstance(large.held, TextFile)
    assert small.columns == large.columns == ("code", "note", "partner", "value")
    assert_frame_equal(fold(small, ["partner", "code"], keep), fold(large, ["partner", "code"], keep))


def test_counts_of_rows_are_kept(tmp_path: Path) -> None:
    folded = fold(open_table(write(tmp_path, sample(7)), WANTED), ["code"])
    plain = pd.read_csv(tmp_path / "x.csv", dtype=str, keep_default_na=False)["code"].value_counts()
    assert folded.set_index("code")["rows"].to_dict() == plain.to_dict() and folded["rows"].sum() == 300


def test_texts_of_users_are_values(tmp_path: Path) -> None:
    path = write(tmp_path, sample(1))
    for large in (0, 10**9):
        assert fold(open_table(path, WANTED, large=large), ["code"], {"code": ["85') OR ('1'='1"]}).empty


def test_columns_are_those_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, 'code,"a ""b""; --"\n85,x\n')
    for large in (0, 10**9):
        table = open_table(path, ["code", 'a "b"; --'], large=large)
        assert fold(table, ['a "b"; --']).to_numpy().tolist() == [["x", 1]]
        with pytest.raises(ColumnError, match="no column 'seller'"):
            fold(table, ["seller"])


@pytest.mark.parametrize("delimiter", ["\t", ";", ","])
def test_delimiters_and_gzip(tmp_path: Path, delimiter: str) -> None:
    text = f"code{delimiter}partner\n85{delimiter}China\n"
    plain = fold(open_table(write(tmp_path, text), WANTED), ["code", "partner"])
    packed = tmp_path / "x.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    assert plain.to_numpy().tolist() == [["85", "China", 1]]
    assert_frame_equal(plain, fold(open_table(packed, WANTED), ["code", "partner"]))


def test_latin_1_is_read_in_memory_and_named_where_it_cannot_be(tmp_path: Path) -> None:
    path = write(tmp_path, "code,partner\n85,Côte d'Ivoire\n", encoding="latin-1")
    assert fold(open_table(path, WANTED), ["partner"])["partner"].tolist() == ["Côte d'Ivoire"]
    with pytest.raises(EncodingError, match=r"x\.csv"):
        fold(open_table(path, WANTED, large=0), ["partner"])


def test_a_delimiter_too_many_at_line_ends(tmp_path: Path) -> None:
    path = write(tmp_path, "code,partner\r\n85,China,\r\n84,Japan,\r\n")
    assert fold(open_table(path, WANTED), ["code", "partner"])["partner"].tolist() == ["Japan", "China"]
    with pytest.raises(WrongLayoutError, match="more or fewer cells"):
        open_table(write(tmp_path, "code,partner\n85,China,1\n"), WANTED)


def test_folders(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="holds no csv file"):
        open_table(tmp_path, WANTED)
    write(tmp_path, "code,partner\n85,China\n", "a.csv")
    write(tmp_path, "code,partner\n85,China\n", "b.csv")
    write(tmp_path, "code,partner\n85,Japan\n", "c.csv")
    write(tmp_path, "not a table", "README.md")
    for large in (0, 10**9):
        table = open_table(tmp_path, WANTED, large=large)
        assert table.repeats == ("b.csv",) and fold(table, ["code"])["rows"].tolist() == [2]
    write(tmp_path, "code,seller\n85,Japan\n", "d.csv")
    for large in (0, 10**9):
        with pytest.raises(WrongLayoutError, match=r"d\.csv has other columns"):
            fold(open_table(tmp_path, WANTED, large=large), ["code"])


def test_files_that_are_not_there_or_not_whole(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        open_table(tmp_path / "absent.csv", WANTED)
    broken = tmp_path / "x.gz"
    broken.write_bytes(gzip.compress(b"code,partner\n85,China\n")[:20])
    with pytest.raises(WrongLayoutError, match=r"x\.gz"):
        open_table(broken, WANTED)
    # A stream whose blocks are damaged is told by zlib, not by gzip.
    whole = gzip.compress(b"code,partner\n" + b"85,China\n" * 99)
    broken.write_bytes(whole[:10] + b"\xff" * 8 + whole[18:])
    with pytest.raises(WrongLayoutError, match=r"x\.gz is not compressed"):
        open_table(broken, WANTED)
