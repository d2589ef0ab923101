"""Product sets mean the same goods in every revision; what would split a value is refused."""

from __future__ import annotations

import re
from importlib import resources
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from eventpanel.datasets.errors import InputError
from eventpanel.datasets.products import REVISIONS, concord, family, product_set, product_sets
from tests.sources import ROOT

HS_SETS = [name for name in product_sets() if product_set(name).classifications[0].startswith("H")]


def table(name: str) -> pd.DataFrame:
    path = resources.files("eventpanel.datasets").joinpath("data", name)
    with path.open(encoding="utf-8") as stream:
        return pd.read_csv(stream, dtype=str, keep_default_na=False)


@pytest.mark.parametrize("name", HS_SETS)
def test_a_set_holds_the_same_goods_in_neighbouring_revisions(name: str) -> None:
    known = product_set(name)
    assert len(known.classifications) > 1
    for here, there in pairwise(known.classifications):
        assert concord(known.codes(here), here, there).codes == tuple(sorted(known.codes(there)))
        assert concord(known.codes(there), there, here).codes == tuple(sorted(known.codes(here)))


def test_cameras_and_telephones_of_2022() -> None:
    assert product_set("cameras").codes("H5") == ("852580",)
    assert product_set("cameras").codes("H6") == ("852581", "852582", "852583", "852589")
    assert product_set("mobile_phones").codes("H6") == ("851713", "851714")


def test_one_code_becomes_several_and_several_become_one() -> None:
    forward = concord(["852580"], "H4", "H6")
    assert forward.codes == ("852581", "852582", "852583", "852589")
    assert set(forward.links["kind"]) == {"1:1", "split"}
    back = concord(forward.codes, "H6", "H4")
    assert back.codes == ("852580",) and set(back.links["kind"]) == {"1:1", "merge"}
    assert concord(["852530", "852540"], "H2", "H6").codes == forward.codes
    assert concord(["852580"], "H5", "H5").codes == ("852580",)


@pytest.mark.parametrize(
    ("codes", "start", "end", "where"),
    [
        (["852581"], "H6", "H5", "852580 of H5 also holds 852582, 852583, 852589"),
        (["852581", "852582", "852589"], "H6", "H2", "also holds 852583"),
        (["852530"], "H2", "H3", "852580 of H3 also holds 852540"),
        (["851713"], "H6", "H3", "851712 of H5 also holds 851714"),
    ],
)
def test_a_part_of_a_code_has_no_value_of_its_own(codes: list[str], start: str, end: str, where: str) -> None:
    with pytest.raises(InputError, match="hold the same goods") as caught:
        concord(codes, start, end)
    assert where in caught.value.where and "never divided" in caught.value.remedy


def test_what_moved_elsewhere_is_said() -> None:
    found = concord(["852580"], "H5", "H6")
    # Drones with cameras (8806) and electronic waste (8549) left 8525.80 in 2022.
    assert found.parts["to_code"].tolist() == ["8549", "8806"] and set(found.parts["kind"]) == {"part"}
    assert concord(["852110", "852190"], "H3", "H5").parts.empty


@pytest.mark.parametrize(
    ("codes", "start", "end"), [(["010121"], "H5", "H6"), (["852580"], "H5", "2022"), (["847130"], "H3", "H2")]
)
def test_what_the_table_does_not_hold_is_refused(codes: list[str], start: str, end: str) -> None:
    with pytest.raises(InputError, match=r"No concordance|Unknown revision"):
        concord(codes, start, end)


def test_unknown_sets_and_classifications() -> None:
    with pytest.raises(InputError, match="no product set 'camera'") as caught:
        product_set("camera")
    assert "cameras" in caught.value.where
    with pytest.raises(InputError, match="not defined in H1"):
        product_set("cameras").codes("H1")


def test_the_goods_of_the_paper() -> None:
    """Sixteen codes of Beraja, Kao, Yang and Yuchtman (2023), NBER working paper 31676."""
    codes = [
        "525", "541", "712", "716", "718", "728", "731", "772", "774", "776", "781", "792", "872", "874", "884", "899",
    ]  # fmt: skip
    assert list(product_set("frontier_goods").codes("S3")) == codes
    assert list(product_set("frontier_goods").codes("S4")) == codes


def test_the_tables_are_well_formed() -> None:
    products, changes = table("products.csv"), table("hs_changes.csv")
    assert not products.duplicated(["set", "classification", "code"]).any()
    assert not changes.duplicated(["from_revision", "from_code", "to_revision", "to_code"]).any()
    assert set(changes["kind"]) <= {"1:1", "split", "merge", "part"}
    order = list(REVISIONS)
    steps = {
        (order.index(a), order.index(b)) for a, b in zip(changes["from_revision"], changes["to_revision"], strict=True)
    }
    assert all(later == earlier + 1 for earlier, later in steps)
    lengths = products["code"].str.len().groupby(products["classification"].str[0]).unique()
    assert lengths["H"].tolist() == [6] and lengths["S"].tolist() == [3]
    assert (products["source"] != "").all() and (products["description"] != "").all()
    firsts = products[products["classification"].map(family) == "HS"]
    assert (firsts["first_year"].astype(int) == firsts["classification"].map(REVISIONS)).all()


def test_kinds_are_what_the_links_say() -> None:
    whole = table("hs_changes.csv").query("kind != 'part'")
    keys = ["from_revision", "to_revision"]
    out = whole.groupby([*keys, "from_code"])["to_code"].transform("size")
    into = whole.groupby([*keys, "to_code"])["from_code"].transform("size")
    expected = pd.Series("1:1", index=whole.index).mask(out > 1, "split").mask(into > 1, "merge")
    assert not ((out > 1) & (into > 1)).any()
    assert (expected == whole["kind"]).all()


def test_codes_of_the_real_spreadsheet_follow_the_revisions(data_dir: Path) -> None:
    """Mobile telephones: 851712 until a reporter changes to HS 2022, 851713 afterwards, never both in one year."""
    raw = pd.read_excel(
        data_dir / "trade" / "comtrade_hs6_china_partners.xlsx", dtype=str, keep_default_na=False, engine="calamine"
    )
    old, new = set(product_set("mobile_phones").codes("H5")), set(product_set("mobile_phones").codes("H6"))
    years = {
        kind: set(map(tuple, raw.loc[raw["cmdCode"].isin(codes), ["reporterDesc", "refYear"]].to_numpy().tolist()))
        for kind, codes in {"old": old, "new": new}.items()
    }
    assert years["new"] and not years["old"] & years["new"]


def test_the_page_names_every_set_and_no_other() -> None:
    page = (ROOT / "docs" / "data" / "products.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE) == list(product_sets())
