"""Product codes: zeros put back, points taken away, nothing counted twice."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventpanel.datasets.errors import InputError, WrongLayoutError
from eventpanel.datasets.product_codes import mend, place
from eventpanel.datasets.product_request import find_products, request


def mended(codes: list[str], levels: list[str] | None = None, family: str = "HS") -> list[str]:
    stated = levels or [""] * len(codes)
    return mend(pd.Series(codes), pd.Series(stated), pd.Series([family] * len(codes)), "x.csv").tolist()


@given(st.integers(1, 97), st.sampled_from([2, 4, 6]), st.integers(0, 9999), st.sampled_from(["", ".0"]))
def test_codes_of_the_harmonized_system_survive_being_numbers(chapter: int, digits: int, rest: int, point: str) -> None:
    code = f"{chapter:02d}{rest:04d}"[:digits]
    assert mended([f"{int(code)}{point}"]) == [code]
    assert mended([f"{int(code)}{point}"], [f"{digits}{point}"]) == [code]


def test_totals_and_other_words_stay() -> None:
    assert mended(["TOTAL", "total", "AG6"]) == ["TOTAL", "TOTAL", "AG6"]


def test_the_sitc_needs_its_level_where_zeros_may_be_lost() -> None:
    assert mended(["41", "776"], ["3", "3"], "SITC") == ["041", "776"]
    assert mended(["041", "41", "7"], None, "SITC") == ["041", "41", "7"]
    assert mended(["525", "776"], None, "SITC") == ["525", "776"]
    with pytest.raises(WrongLayoutError, match=r"x\.csv.*lost their leading zeros") as caught:
        mended(["41", "776"], None, "SITC")
    assert "aggregate level" in caught.value.remedy


def test_a_code_is_itself_or_the_sum_of_its_parts() -> None:
    held = ["85", "8525", "852580", "852550", "8521"]
    assert place(held, ["8525", "8521"]) == ({"8525": "8525", "8521": "8521"}, [])
    assert place(held[2:4], ["85"]) == ({"852550": "85", "852580": "85"}, [])
    assert place(["8525", "852580"], ["85"]) == ({"8525": "85"}, [])
    assert place(held, ["90"]) == ({}, ["90"])


@pytest.mark.parametrize("asked", [["85", "8525"], ["TOTAL", "85"]])
def test_goods_are_not_counted_twice(asked: list[str]) -> None:
    with pytest.raises(InputError, match="counted twice"):
        place(["85", "8525", "TOTAL"], asked)


@pytest.mark.parametrize("code", ["", "85.25", "8525 ", "AG6", "85' OR 1=1"])
def test_what_is_no_code(code: str) -> None:
    with pytest.raises(InputError, match="Not product codes"):
        place(["85"], [code])


def catalogue(*rows: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["classification_text", "code_text"]).assign(level_text="", rows=1)


def test_a_set_takes_its_codes_in_each_revision() -> None:
    rows = catalogue(("H5", "852580"), ("H6", "852589"), ("H6", "852580"), ("S4", "776"), ("BE", "41"))
    found = find_products(rows, request("cameras", None), "x.csv", "comtrade")
    assert found.places[["classification", "code", "product"]].to_numpy().tolist() == [
        ["H5", "852580", "852580"], ["H6", "852589", "852589"],
    ]  # fmt: skip
    assert found.needed.to_numpy().tolist() == [["H5", "8525", 1], ["H6", "8525", 4]]


def test_codes_in_two_families_need_one() -> None:
    rows = catalogue(("H5", "77"), ("S4", "77"))
    with pytest.raises(InputError, match="HS and of the SITC"):
        find_products(rows, request(["77"], None), "x.csv", "comtrade")
    found = find_products(rows, request(["77"], "SITC"), "x.csv", "comtrade")
    assert found.places["classification"].tolist() == ["S4"]


def test_a_file_that_says_only_the_family() -> None:
    rows = catalogue(("HS", "852580"))
    assert find_products(rows, request(["8525"], None), "x.csv", "comtrade").places["product"].tolist() == ["8525"]
    with pytest.raises(WrongLayoutError, match="does not say the revision"):
        find_products(rows, request("cameras", None), "x.csv", "comtrade")
    found = find_products(rows, request("cameras", "H5"), "x.csv", "comtrade")
    assert found.places["classification"].tolist() == ["H5"]


def test_a_set_outside_its_classification() -> None:
    with pytest.raises(InputError, match="not defined in H0"):
        request("cameras", "H0")
