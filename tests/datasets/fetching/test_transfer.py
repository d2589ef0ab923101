"""Servers that misbehave: nothing wrong, foreign, half or too large ever gets a final name."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import requests

from eventpanel.datasets.errors import FetchError
from eventpanel.datasets.transfer import Line
from tests.datasets.fetching.publisher import (
    HOST,
    REMOTE,
    TABLE,
    Answer,
    Publisher,
    Request,
    cut,
    get,
    honest,
    line,
    redirect,
    serving,
    told,
    with_change,
)

HALF = 200_000
BYTES = {"Content-Type": "text/csv", "ETag": '"1"'}


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with serving() as found:
        yield found


def refused(publisher: Publisher, folder: Path, *answers: Answer, remote: object = REMOTE) -> str:
    """Fetch what must not be had, and return the message."""
    publisher.answers[:] = answers
    with pytest.raises(FetchError) as caught:
        get(publisher.port, folder, remote)  # type: ignore[arg-type]
    assert not (folder / REMOTE.file).exists()
    assert caught.value.where and caught.value.remedy
    return str(caught.value)


def fetched(publisher: Publisher, folder: Path, *answers: Answer) -> list[str]:
    """Fetch what can be had, and return the ranges asked for."""
    publisher.answers[:] = answers
    assert get(publisher.port, folder).path.read_bytes() == TABLE
    return publisher.ranges


def test_a_file_arrives_whole(publisher: Publisher, tmp_path: Path) -> None:
    assert fetched(publisher, tmp_path, honest()) == [""]
    assert publisher.asked[0][2]["Accept-Encoding"] == "identity"


def test_a_cut_connection_is_continued_where_it_broke(publisher: Publisher, tmp_path: Path) -> None:
    first, second = fetched(publisher, tmp_path, cut(HALF), honest())
    held = int(second.removeprefix("bytes=").removesuffix("-"))
    assert first == "" and 0 < held <= HALF
    assert publisher.asked[1][2]["If-Range"] == '"1"'


def test_what_has_arrived_is_kept_for_the_next_call(publisher: Publisher, tmp_path: Path) -> None:
    assert "answers 500" in refused(publisher, tmp_path, cut(HALF), told(500, {}))
    publisher.asked.clear()
    (asked,) = fetched(publisher, tmp_path, honest())
    assert asked.startswith("bytes=") and asked != "bytes=0-"


def test_a_connection_that_always_breaks_ends(publisher: Publisher, tmp_path: Path) -> None:
    message = refused(publisher, tmp_path, cut(HALF))
    assert "the connection was cut" in message and "4 attempts" in message
    assert len(publisher.asked) == 4


def test_a_server_that_ignores_ranges(publisher: Publisher, tmp_path: Path) -> None:
    whole = told(200, BYTES | {"Content-Length": len(TABLE)}, TABLE)
    first, second = fetched(publisher, tmp_path, cut(HALF), whole)
    assert first == "" and second != ""


def test_a_file_that_changes_between_its_parts(publisher: Publisher, tmp_path: Path) -> None:
    other = bytes(reversed(TABLE))
    ranges = fetched(publisher, tmp_path, cut(HALF, other, {"ETag": '"0"'}), honest())
    assert len(ranges) == 2


def test_a_server_that_gives_a_part_of_another_version(publisher: Publisher, tmp_path: Path) -> None:
    other = bytes(reversed(TABLE))

    def careless(request: Request) -> None:
        start = int(request.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        span = {"Content-Range": f"bytes {start}-{len(TABLE) - 1}/{len(TABLE)}", "Content-Length": len(TABLE) - start}
        request.head(206, BYTES | span)
        request.wfile.write(TABLE[start:])

    ranges = fetched(publisher, tmp_path, cut(HALF, other, {"ETag": '"0"'}), careless, honest())
    assert len(ranges) == 3 and ranges[2] == ""


@pytest.mark.parametrize(
    "span", ["bytes 0-9/10", "bytes 7-9/10", "bytes */10", "nonsense", "", f"bytes 7-9/{'9' * 5000}"]
)
def test_a_part_that_is_not_the_next_one(publisher: Publisher, tmp_path: Path, span: str) -> None:
    wrong = told(206, BYTES | {"Content-Range": span, "Content-Length": 10}, b"x" * 10)
    ranges = fetched(publisher, tmp_path, cut(HALF), wrong, honest())
    assert len(ranges) == 3 and ranges[2] == ""


def test_a_part_that_nobody_asked_for(publisher: Publisher, tmp_path: Path) -> None:
    part = told(206, BYTES | {"Content-Range": "bytes 0-9/10", "Content-Length": 10}, b"x" * 10)
    assert "answers 206" in refused(publisher, tmp_path, part)


def test_a_part_that_ends_early(publisher: Publisher, tmp_path: Path) -> None:
    def short(request: Request) -> None:
        start = int(request.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        span = {"Content-Range": f"bytes {start}-{start + 9}/{len(TABLE)}", "Content-Length": 10}
        request.head(206, BYTES | span)
        request.wfile.write(TABLE[start : start + 10])

    ranges = fetched(publisher, tmp_path, cut(HALF), short, honest())
    assert int(ranges[2][6:-1]) == int(ranges[1][6:-1]) + 10


@pytest.mark.parametrize("version", [{}, {"ETag": 'W/"1"'}, {"ETag": 'W/"1"', "Last-Modified": "x"}])
def test_without_a_strong_mark_nothing_is_continued(
    publisher: Publisher, tmp_path: Path, version: dict[str, str]
) -> None:
    assert fetched(publisher, tmp_path, cut(HALF, headers=version), honest()) == ["", ""]


def test_the_time_of_change_is_a_mark(publisher: Publisher, tmp_path: Path) -> None:
    when = "Wed, 21 Oct 2015 07:28:00 GMT"
    fetched(publisher, tmp_path, cut(HALF, headers={"Last-Modified": when}), honest())
    assert publisher.asked[1][2]["If-Range"] == when


def test_a_part_of_another_address_is_not_continued(publisher: Publisher, tmp_path: Path) -> None:
    publisher.answers[:] = [cut(HALF)]
    with pytest.raises(FetchError):
        get(publisher.port, tmp_path, with_change(url=f"https://{HOST}/old.csv"))
    publisher.asked.clear()
    assert fetched(publisher, tmp_path, honest()) == [""]


def complete_part(publisher: Publisher, folder: Path) -> None:
    """Leave a whole part, as a process leaves it that is killed between the last byte and the final name."""
    refused(publisher, folder, cut(HALF), told(500, {}))
    (folder / ".eventpanel" / f"{REMOTE.file}.part").write_bytes(TABLE)
    publisher.asked.clear()


def test_a_part_that_is_the_whole_is_not_fetched_again(publisher: Publisher, tmp_path: Path) -> None:
    complete_part(publisher, tmp_path)
    assert fetched(publisher, tmp_path, honest()) == [f"bytes={len(TABLE)}-"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Range": f"bytes */{len(TABLE) - 1}", "ETag": '"1"'},
        {"Content-Range": f"bytes */{len(TABLE)}", "ETag": '"2"'},
        {},
    ],
)
def test_416_for_another_file_starts_again(publisher: Publisher, tmp_path: Path, headers: dict[str, str]) -> None:
    complete_part(publisher, tmp_path)
    wrong = told(416, headers | {"Content-Length": 0})
    assert fetched(publisher, tmp_path, wrong, honest()) == [f"bytes={len(TABLE)}-", ""]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_server_in_trouble_is_asked_again(publisher: Publisher, tmp_path: Path, status: int) -> None:
    assert len(fetched(publisher, tmp_path, told(status, {"Retry-After": "0"}), honest())) == 2


def test_the_wait_grows_and_heeds_the_server(
    publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("eventpanel.datasets.transfer.time.sleep", waits.append)
    busy = [told(503, {"Retry-After": after}) for after in ("", "soon", "7", "9" * 400, "")]
    publisher.answers[:] = [*busy, honest()]
    assert get(publisher.port, tmp_path, attempts=6).path.read_bytes() == TABLE
    assert waits == [0.001, 0.002, 7.0, 60.0, 0.016]


@pytest.mark.parametrize(
    ("status", "word"),
    [(401, "to programs"), (403, "to programs"), (404, "no longer"), (410, "no longer"), (418, "418")],
)
def test_a_refusal_is_final(publisher: Publisher, tmp_path: Path, status: int, word: str) -> None:
    message = refused(publisher, tmp_path, told(status, {"Content-Length": 0}))
    assert word in message and "by hand" in message
    assert len(publisher.asked) == 1


@pytest.mark.parametrize("kind", ["text/html", "text/html; charset=utf-8", "Text/HTML", "application/xhtml+xml"])
def test_a_web_page_is_no_table(publisher: Publisher, tmp_path: Path, kind: str) -> None:
    page = b"a,b\n1,2\n"
    answer = told(200, {"Content-Type": kind, "Content-Length": len(page)}, page)
    assert "web page" in refused(publisher, tmp_path, answer)


@pytest.mark.parametrize("page", [b"<!DOCTYPE html>", b"\xef\xbb\xbf\r\n <HTML>", b"<?xml version='1.0'?>"])
def test_a_web_page_that_says_it_is_a_table(publisher: Publisher, tmp_path: Path, page: bytes) -> None:
    assert "web page" in refused(publisher, tmp_path, honest(page))


@pytest.mark.parametrize(
    ("to", "word"),
    [
        ("http://data.publisher.test/files/table.csv", "not safe"),
        ("ftp://data.publisher.test/table.csv", "not safe"),
        ("file:///etc/passwd", "not safe"),
        ("https://data.publisher.test:8443/table.csv", "not safe"),
        ("https://data.publisher.test:x/table.csv", "not safe"),
        ("https://me:secret@data.publisher.test/table.csv", "not safe"),
        (r"https://evil.test\@data.publisher.test/table.csv", "not safe"),
        (r"https://data.publisher.test\.evil.test/table.csv", "not safe"),
        ("https://evil.test/table.csv", "evil.test"),
        ("//evil.test/table.csv", "evil.test"),
        ("https://data.publisher.test.evil.test/", "evil.test"),
        ("https://127.0.0.1/table.csv", "127.0.0.1"),
        ("https://publisher.test/table.csv", "publisher.test"),
    ],
)
def test_nobody_else_is_asked(publisher: Publisher, tmp_path: Path, to: str, word: str) -> None:
    message = refused(publisher, tmp_path, redirect(to), honest())
    assert word in message and "secret" not in message
    assert [host for host, _, _ in publisher.asked] == [f"https://{HOST}"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_host_that_is_named_may_be_asked(publisher: Publisher, tmp_path: Path, status: int) -> None:
    publisher.answers[:] = [redirect("https://store.test/x?signature=1", status), redirect("../y"), honest()]
    got = get(publisher.port, tmp_path, with_change(hosts=("store.test",)))
    assert got.path.read_bytes() == TABLE
    assert [(host, path) for host, path, _ in publisher.asked[1:]] == [
        ("https://store.test", "/x?signature=1"),
        ("https://store.test", "/y"),
    ]


def test_the_first_address_is_checked_too(publisher: Publisher, tmp_path: Path) -> None:
    refused(publisher, tmp_path, honest(), remote=with_change(url=f"http://{HOST}/table.csv"))
    assert publisher.asked == []


def test_a_loop_of_redirects_ends(publisher: Publisher, tmp_path: Path) -> None:
    assert "without end" in refused(publisher, tmp_path, redirect(REMOTE.url))
    assert len(publisher.asked) == 6


def test_the_page_of_a_redirect_is_not_read(publisher: Publisher, tmp_path: Path) -> None:
    sent = 0

    def endless(request: Request) -> None:
        nonlocal sent
        request.head(302, {"Location": "/table.csv", "Connection": "close"})
        request.close_connection = True
        for _ in range(400):
            request.wfile.write(b"x" * 1_000_000)
            sent += 1

    fetched(publisher, tmp_path, endless, honest())
    assert sent < 100


def test_a_file_that_says_it_is_too_large(publisher: Publisher, tmp_path: Path) -> None:
    answer = told(200, BYTES | {"Content-Length": 10**12}, TABLE)
    assert "larger" in refused(publisher, tmp_path, answer)


def endless(headers: dict[str, object], *, chunked: bool) -> tuple[Answer, list[int]]:
    """A body that never ends, and how much of it was sent."""
    sent: list[int] = []

    def answer(request: Request) -> None:
        request.head(200, BYTES | headers)
        request.close_connection = True
        block = b"1,2,3\n" * 10_000
        for _ in range(2_000):
            request.wfile.write(b"%x\r\n%b\r\n" % (len(block), block) if chunked else block)
            sent.append(len(block))

    return answer, sent


def test_a_body_without_end_is_cut_at_the_limit(publisher: Publisher, tmp_path: Path) -> None:
    answer, sent = endless({"Transfer-Encoding": "chunked"}, chunked=True)
    assert "larger" in refused(publisher, tmp_path, answer)
    assert sum(sent) < 60_000_000
    assert not list((tmp_path / ".eventpanel").rglob("*.part"))


def test_a_length_that_lies_is_cut_at_what_it_says(publisher: Publisher, tmp_path: Path) -> None:
    answer, _ = endless({"Content-Length": 100}, chunked=False)
    publisher.answers[:] = [answer]
    assert get(publisher.port, tmp_path).path.stat().st_size == 100


def test_no_length_at_all_could_be_a_part(publisher: Publisher, tmp_path: Path) -> None:
    assert "how long" in refused(publisher, tmp_path, told(200, BYTES, TABLE[:HALF]))


def test_chunks_tell_their_own_end(publisher: Publisher, tmp_path: Path) -> None:
    chunks = b"".join(
        b"%x\r\n%b\r\n" % (len(TABLE[i : i + 999]), TABLE[i : i + 999]) for i in range(0, len(TABLE), 999)
    )
    head = BYTES | {"Transfer-Encoding": "chunked"}
    ranges = fetched(publisher, tmp_path, told(200, head, chunks[:HALF]), told(200, head, chunks + b"0\r\n\r\n"))
    assert len(ranges) == 2


@pytest.mark.parametrize("length", ["-5", "x", "9" * 5000])
def test_a_length_that_is_no_number(publisher: Publisher, tmp_path: Path, length: str) -> None:
    assert refused(publisher, tmp_path, told(200, BYTES | {"Content-Length": length}, TABLE))


def test_a_coding_nobody_asked_for(publisher: Publisher, tmp_path: Path) -> None:
    answer = told(200, BYTES | {"Content-Encoding": "gzip", "Content-Length": 5}, b"xxxxx")
    assert "coding" in refused(publisher, tmp_path, answer)


def test_no_connection_at_all(tmp_path: Path) -> None:
    with serving() as gone:
        port = gone.port
    with pytest.raises(FetchError, match=f"no connection to {HOST}"):
        get(port, tmp_path, attempts=2)


def test_a_server_that_says_nothing(publisher: Publisher, tmp_path: Path) -> None:
    times = count()

    def silent(request: Request) -> None:
        request.close_connection = True
        next(times)

    refused(publisher, tmp_path, silent)
    assert next(times) == 4


def test_logins_of_the_user_stay_at_home(publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {HOST} login me password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert requests.utils.get_netrc_auth(REMOTE.url) == ("me", "secret")
    fetched(publisher, tmp_path, honest())
    assert "Authorization" not in publisher.asked[0][2]


def test_certificates_are_checked_by_default() -> None:
    for talk in (Line(), line(1)):
        assert talk.session.verify is True
