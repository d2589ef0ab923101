"""Archives that lie: one file comes out, under our name, or nothing does."""

from __future__ import annotations

import gzip
import io
import random
import stat
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from eventpanel.datasets.downloads import Remote
from eventpanel.datasets.errors import FetchError
from tests.datasets.fetching.publisher import HOST, SHA256, TABLE, Publisher, get, honest, serving

ZIP = Remote(
    f"https://{HOST}/table.zip", "trade/table.csv", 9_000_000, unpack="zip", member="Table.csv", unpacked=9_000_000
)
GZ = Remote(f"https://{HOST}/table.csv.gz", "trade/table.csv", 9_000_000, unpack="gz", unpacked=9_000_000)
LOCAL, CENTRAL = b"PK\x03\x04", b"PK\x01\x02"


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with serving() as found:
        yield found


def zipped(*names: str, content: bytes = TABLE, mode: int = 0, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive with one content under some names; of another kind where a mode says so."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name in names:
            entry = zipfile.ZipInfo("x")
            entry.filename, entry.external_attr, entry.compress_type = name, mode << 16, method
            archive.writestr(entry, content)
    return stream.getvalue()


def patched(archive: bytes, at: int, value: int, form: str = "<L") -> bytes:
    """Change one number in the head of the member, which stands there twice, two bytes further the second time."""
    changed = bytearray(archive)
    for mark, offset in ((LOCAL, at), (CENTRAL, at + 2)):
        struct.pack_into(form, changed, archive.index(mark) + offset, value)
    return bytes(changed)


def refused(publisher: Publisher, folder: Path, archive: bytes, remote: Remote = ZIP) -> str:
    publisher.answers[:] = [honest(archive, kind="application/zip")]
    with pytest.raises(FetchError) as caught:
        get(publisher.port, folder, remote)
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["table.csv.lock"]
    return str(caught.value)


@pytest.mark.parametrize("name", ["Table.csv", "Data v4.0/Table.csv", "a/b/Table.csv"])
@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_one_file_comes_out_under_our_name(publisher: Publisher, tmp_path: Path, name: str, method: int) -> None:
    archive = zipped("readme.txt", name, f"{name}.bak", method=method)
    publisher.answers[:] = [honest(archive)]
    first, second = get(publisher.port, tmp_path, ZIP), get(publisher.port, tmp_path, ZIP)
    assert first.path.read_bytes() == TABLE
    assert (first.news, second.news, first.seen.content) == ("new", "there", SHA256)
    assert first.seen.sha256 != SHA256
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        "table.csv",
        "table.csv.json",
        "table.csv.lock",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "../Table.csv",
        "/Table.csv",
        "a/../../Table.csv",
        "C:/Table.csv",
        "nul/Table.csv",
        "a//Table.csv",
        "a\\b/Table.csv",
    ],
)
def test_a_name_that_leads_out(publisher: Publisher, tmp_path: Path, name: str) -> None:
    assert "leads out" in refused(publisher, tmp_path, zipped("readme.txt", name))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFDIR])
def test_a_link_or_a_device(publisher: Publisher, tmp_path: Path, kind: int) -> None:
    archive = zipped("Table.csv", content=b"/etc/passwd", mode=kind | 0o777)
    assert "is a link" in refused(publisher, tmp_path, archive)


@pytest.mark.parametrize("mode", [0, stat.S_IFREG | 0o644, stat.S_IFREG | stat.S_ISUID | 0o777])
def test_a_plain_file_takes_no_rights_from_the_archive(publisher: Publisher, tmp_path: Path, mode: int) -> None:
    publisher.answers[:] = [honest(zipped("Table.csv", mode=mode))]
    path = get(publisher.port, tmp_path, ZIP).path
    assert stat.S_IMODE(path.stat().st_mode) & 0o7111 == 0


@pytest.mark.parametrize(
    ("names", "word"),
    [((), "no 'Table.csv'"), (("table.csv",), "no 'Table.csv'"), (("a/Table.csv", "b/Table.csv"), "more than one")],
)
def test_the_wanted_file_must_be_there_once(
    publisher: Publisher, tmp_path: Path, names: tuple[str, ...], word: str
) -> None:
    message = refused(publisher, tmp_path, zipped("readme.txt", *names))
    assert word in message and "readme.txt" in message


def test_more_than_it_may_become(publisher: Publisher, tmp_path: Path) -> None:
    small = replace(ZIP, unpacked=len(TABLE) - 1)
    assert "more than it can hold" in refused(publisher, tmp_path, zipped("Table.csv"), small)
    assert get(publisher.port, tmp_path, replace(ZIP, unpacked=len(TABLE))).path.read_bytes() == TABLE


def test_a_bomb(publisher: Publisher, tmp_path: Path) -> None:
    # Five million zeros are far under the limit, but nothing real shrinks a thousandfold.
    zeros = bytes(5_000_000)
    assert "more than it can hold" in refused(publisher, tmp_path, zipped("Table.csv", content=zeros))
    assert "more than it can hold" in refused(publisher, tmp_path, gzip.compress(zeros), GZ)


@pytest.mark.parametrize(
    ("at", "value", "form"),
    [(22, 10, "<L"), (14, 1, "<L"), (6, 1, "<H"), (8, 9, "<H"), (8, 12, "<H"), (8, 14, "<H")],
    ids=["too short", "checksum", "encrypted", "deflate64", "bzip2", "lzma"],
)
def test_a_head_that_lies(publisher: Publisher, tmp_path: Path, at: int, value: int, form: str) -> None:
    message = refused(publisher, tmp_path, patched(zipped("Table.csv"), at, value, form))
    assert "cannot be unpacked" in message


def test_a_place_beyond_all_files(publisher: Publisher, tmp_path: Path) -> None:
    stream = io.BytesIO()
    entry = zipfile.ZipInfo("Table.csv")
    entry.extra = struct.pack("<HHQ", 1, 8, 2**64 - 1)
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(entry, TABLE)
    bad = bytearray(stream.getvalue())
    struct.pack_into("<L", bad, bad.index(CENTRAL) + 42, 2**32 - 1)
    assert "cannot be unpacked" in refused(publisher, tmp_path, bytes(bad))


def test_what_is_no_archive(publisher: Publisher, tmp_path: Path) -> None:
    for remote in (ZIP, GZ):
        assert "cannot be unpacked" in refused(publisher, tmp_path, TABLE, remote)
        assert "cannot be unpacked" in refused(publisher, tmp_path, b"<html>not found</html>", remote)


def test_an_archive_that_is_cut(publisher: Publisher, tmp_path: Path) -> None:
    assert "cannot be unpacked" in refused(publisher, tmp_path, zipped("Table.csv")[:-30])
    assert "cannot be unpacked" in refused(publisher, tmp_path, gzip.compress(TABLE)[:-30], GZ)


def test_gzip(publisher: Publisher, tmp_path: Path) -> None:
    publisher.answers[:] = [honest(gzip.compress(TABLE), kind="application/gzip")]
    assert get(publisher.port, tmp_path, GZ).path.read_bytes() == TABLE


@pytest.mark.parametrize("remote", [ZIP, GZ], ids=["zip", "gz"])
def test_spoiled_bytes_give_the_file_or_a_message(publisher: Publisher, tmp_path: Path, remote: Remote) -> None:
    good = zipped("Table.csv", content=TABLE[:2000]) if remote is ZIP else gzip.compress(TABLE[:2000])
    chance = random.Random(11)
    heads = [*range(40), *range(len(good) - 90, len(good))]
    for number in range(90):
        bad = bytearray(good)
        for place in chance.sample(heads if number % 3 else range(len(good)), 2):
            bad[place] = chance.randrange(256)
        publisher.answers[:] = [honest(bytes(bad))]
        try:
            got = get(publisher.port, tmp_path / str(number), remote).path.read_bytes()
        except FetchError:
            continue
        assert got == TABLE[:2000]
