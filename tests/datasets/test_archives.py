"""Archives: members are unpacked under names of ours, never beyond a size, and broken ones are refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from eventpanel.datasets.archives import pieces, unpack
from eventpanel.datasets.errors import MissingFileError, WrongLayoutError

ENDINGS = (".csv",)


def archive(folder: Path, members: dict[str, bytes], name: str = "a.zip") -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for member, data in members.items():
            packed.writestr(member, data)
    return path


def test_a_text_is_its_own_piece(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"x\n")
    (piece,) = pieces(path, ENDINGS)
    assert (piece.member, piece.size, unpack(piece, tmp_path)) == ("", 2, path)


def test_members_with_the_ending_are_unpacked_one_by_one(tmp_path: Path) -> None:
    path = archive(tmp_path, {"1.CSV": b"one", "readme.pdf": b"no", "sub/2.csv": b"two"})
    found = pieces(path, ENDINGS)
    assert [(piece.member, piece.size) for piece in found] == [("1.CSV", 3), ("sub/2.csv", 3)]
    assert [unpack(piece, tmp_path).read_bytes() for piece in found] == [b"one", b"two"]


@pytest.mark.parametrize("member", ["../../escaped.csv", "/escaped.csv", "..\\escaped.csv", "C:/escaped.csv"])
def test_the_path_of_a_member_is_not_used(tmp_path: Path, member: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (piece,) = pieces(archive(tmp_path, {member: b"x"}), ENDINGS)
    text = unpack(piece, inside)
    assert text.parent == inside and text.name.startswith("a.zip-") and text.suffix == ".csv"
    assert [path.name for path in tmp_path.rglob("*") if "escaped" in path.name] == []


def test_a_member_larger_than_allowed_stops_whatever_its_archive_states(tmp_path: Path) -> None:
    path = archive(tmp_path, {"a.csv": b"x" * 5_000_000})
    (piece,) = pieces(path, ENDINGS)
    with pytest.raises(WrongLayoutError, match=r"a\.zip unpacks to more than 0\.002 GB"):
        unpack(piece, tmp_path, largest=2_000_000)
    raw = bytearray(path.read_bytes())
    for place in range(len(raw) - 4):
        if raw[place : place + 4] == (5_000_000).to_bytes(4, "little"):
            raw[place : place + 4] = (10).to_bytes(4, "little")
    path.write_bytes(raw)
    (piece,) = pieces(path, ENDINGS)
    assert piece.size == 10
    with pytest.raises(WrongLayoutError, match="cannot be read as a zip file"):
        unpack(piece, tmp_path, largest=2_000_000)


def test_broken_and_other_files(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        pieces(tmp_path / "none.zip", ENDINGS)
    with pytest.raises(WrongLayoutError, match=r"holds no file that ends in \.csv"):
        pieces(archive(tmp_path, {"a.pdf": b""}), ENDINGS)
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04 no more")
    with pytest.raises(WrongLayoutError, match=r"b\.zip cannot be read as a zip file"):
        pieces(tmp_path / "b.zip", ENDINGS)
    path = archive(tmp_path, {"a.csv": bytes(range(256)) * 400}, "c.zip")
    raw = bytearray(path.read_bytes())
    raw[60:70] = b"\0" * 10
    path.write_bytes(raw)
    (piece,) = pieces(path, ENDINGS)
    with pytest.raises(WrongLayoutError, match=r"c\.zip cannot be read as a zip file"):
        unpack(piece, tmp_path)
