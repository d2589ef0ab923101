"""Fetched files are checked and remembered; whatever interrupts, the final name holds a whole file or none."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from eventpanel.datasets.downloads import download
from eventpanel.datasets.errors import FetchError, OutputError, StudyError
from eventpanel.datasets.fetch import Order, fetch
from eventpanel.datasets.store import Slot, cache_folder
from tests.datasets.fetching.publisher import (
    REMOTE,
    SHA256,
    TABLE,
    Publisher,
    Request,
    cut,
    get,
    honest,
    serving,
    told,
    with_change,
)
from tests.sources import ROOT, ROOTS

OTHER = bytes(reversed(TABLE))


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with serving() as found:
        yield found


def files(folder: Path) -> list[str]:
    """Files of a folder but for those that tell of others."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and path.suffix not in (".json", ".lock"))


def test_a_file_is_fetched_once(publisher: Publisher, tmp_path: Path) -> None:
    first, second = get(publisher.port, tmp_path), get(publisher.port, tmp_path)
    assert (first.news, second.news) == ("new", "there")
    assert first.path == tmp_path / "trade" / "table.csv"
    assert first.seen == second.seen
    assert (first.seen.sha256, first.seen.content, first.seen.size) == (SHA256, SHA256, len(TABLE))
    assert len(publisher.asked) == 1
    assert files(tmp_path) == ["table.csv"]


def test_the_checksum_of_the_registry_must_hold(publisher: Publisher, tmp_path: Path) -> None:
    assert get(publisher.port, tmp_path / "good", with_change(sha256=SHA256)).news == "new"
    publisher.answers[:] = [honest(OTHER)]
    for refresh in (False, True):
        with pytest.raises(FetchError, match="checksum"):
            get(publisher.port, tmp_path, with_change(sha256=SHA256), refresh=refresh)
    assert files(tmp_path) == ["table.csv"]


def test_a_part_that_was_spoiled_is_found_by_the_checksum_and_fetched_anew(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.answers[:] = [cut(200_000), told(404, {}), honest()]
    remote = with_change(sha256=SHA256)
    with pytest.raises(FetchError):
        get(publisher.port, tmp_path, remote)
    part = tmp_path / ".eventpanel" / "trade" / "table.csv.part"
    part.write_bytes(b"x" * part.stat().st_size)
    with pytest.raises(FetchError, match="checksum"):
        get(publisher.port, tmp_path, remote)
    assert get(publisher.port, tmp_path, remote).path.read_bytes() == TABLE


def test_a_silent_change_is_refused_until_it_is_asked_for(publisher: Publisher, tmp_path: Path) -> None:
    first = get(publisher.port, tmp_path)
    first.path.unlink()
    publisher.answers[:] = [honest(OTHER, '"2"')]
    with pytest.raises(FetchError, match=f"has changed at the publisher since {first.seen.first}") as caught:
        get(publisher.port, tmp_path)
    assert SHA256 in caught.value.where and "--refresh" in caught.value.remedy
    assert files(tmp_path) == []
    again = get(publisher.port, tmp_path, refresh=True)
    assert (again.news, again.path.read_bytes()) == ("changed", OTHER)
    assert get(publisher.port, tmp_path).news == "there"


def test_fetching_again_says_whether_it_is_the_same(publisher: Publisher, tmp_path: Path) -> None:
    first = get(publisher.port, tmp_path)
    assert get(publisher.port, tmp_path, refresh=True) == type(first)(first.path, first.seen, "same")
    first.path.unlink()
    assert get(publisher.port, tmp_path).news == "new"


def test_a_file_that_was_altered_is_not_passed_off_as_fetched(publisher: Publisher, tmp_path: Path) -> None:
    path = get(publisher.port, tmp_path).path
    path.write_bytes(OTHER)
    with pytest.raises(FetchError, match="is not what was fetched"):
        get(publisher.port, tmp_path)
    assert path.read_bytes() == OTHER
    assert get(publisher.port, tmp_path, refresh=True).path.read_bytes() == TABLE


def test_a_file_of_the_user_is_left_alone(publisher: Publisher, tmp_path: Path) -> None:
    path = tmp_path / REMOTE.file
    path.parent.mkdir()
    path.write_text("mine")
    with pytest.raises(FetchError, match="is not what was fetched"):
        get(publisher.port, tmp_path)
    assert path.read_text() == "mine" and publisher.asked == []


def test_a_new_address_is_said(publisher: Publisher, tmp_path: Path) -> None:
    get(publisher.port, tmp_path, with_change(url=REMOTE.url.replace("table", "table-1")))
    with pytest.raises(FetchError, match=r"earlier address: .*table-1"):
        get(publisher.port, tmp_path)
    publisher.answers[:] = [honest(OTHER)]
    assert get(publisher.port, tmp_path, refresh=True).news == "new"


def test_a_failed_refresh_leaves_the_old_file(publisher: Publisher, tmp_path: Path) -> None:
    path = get(publisher.port, tmp_path).path
    publisher.answers[:] = [cut(1000, OTHER, {"ETag": '"2"'})]
    with pytest.raises(FetchError):
        get(publisher.port, tmp_path, refresh=True)
    assert path.read_bytes() == TABLE
    assert get(publisher.port, tmp_path).news == "there"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": 1}', "\0"])
def test_a_spoiled_record_is_no_record(publisher: Publisher, tmp_path: Path, text: str) -> None:
    path = get(publisher.port, tmp_path).path
    (tmp_path / ".eventpanel" / "trade" / "table.csv.json").write_text(text)
    with pytest.raises(FetchError, match="is not what was fetched"):
        get(publisher.port, tmp_path)
    path.unlink()
    assert get(publisher.port, tmp_path).news == "new"


# Interruption.


WRITE_TEXT, WRITE_BYTES = Path.write_text, Path.write_bytes


class Killed(BaseException):
    """The process ends here."""


DOORS: tuple[tuple[Any, str], ...] = (
    (Path, "replace"),
    (Path, "unlink"),
    (Path, "open"),
    (Path, "write_bytes"),
    (Path, "write_text"),
    (os, "fsync"),
)


def killed_at(monkeypatch: pytest.MonkeyPatch, step: int) -> Callable[[], int]:
    """End at the given call of the disk; say how many calls there were."""
    calls = 0

    def counting(real: Callable[..., Any]) -> Callable[..., Any]:
        def door(*arguments: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == step:
                if real in (WRITE_TEXT, WRITE_BYTES):  # torn in the middle
                    real(arguments[0], arguments[1][: len(arguments[1]) // 2])
                raise Killed
            return real(*arguments, **options)

        return door

    for owner, name in DOORS:
        monkeypatch.setattr(owner, name, counting(getattr(owner, name)))
    return lambda: calls


def before(publisher: Publisher, folder: Path, state: str) -> None:
    """Leave what an earlier call left: a file of another version, or a part of one."""
    publisher.answers[:] = [honest(OTHER, '"0"')] if state == "old file" else [cut(300_000, OTHER, {"ETag": '"0"'})]
    if state == "old file":
        get(publisher.port, folder)
    elif state == "old part":
        with pytest.raises(FetchError):
            get(publisher.port, folder, attempts=1)


@pytest.mark.parametrize("state", ["nothing", "old file", "old part"])
def test_killed_at_any_call_of_the_disk(publisher: Publisher, tmp_path: Path, state: str) -> None:
    step, finished, old = 0, False, state == "old file"
    while not finished:
        step += 1
        folder = tmp_path / str(step)
        path = folder / REMOTE.file
        before(publisher, folder, state)
        publisher.answers[:] = [cut(200_000), honest()]
        with pytest.MonkeyPatch.context() as patch:
            calls = killed_at(patch, step)
            try:
                get(publisher.port, folder, refresh=old)
                finished = True
            except Killed:
                pass
            assert finished == (calls() < step)
        if path.exists():
            assert path.read_bytes() in ((OTHER, TABLE) if old else (TABLE,))
        assert not old or (path.exists() and Slot(folder, REMOTE.file).seen() is not None)
        publisher.answers[:] = [honest()]
        assert get(publisher.port, folder, refresh=old).path.read_bytes() == TABLE
        assert files(folder) == ["table.csv"]
    assert step > 10


def start(publisher: Publisher, folder: Path) -> subprocess.Popen[str]:
    """Fetch in a process of its own."""
    paths = os.pathsep.join([str(ROOT), *(str(ROOT / root) for root in ROOTS)])
    command = [sys.executable, "-m", "tests.datasets.fetching.publisher", str(publisher.port), str(folder)]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stuck(after: int, go: threading.Event) -> Callable[[Request], None]:
    """Send a part, then wait to be told to go on."""

    def answer(request: Request) -> None:
        request.head(200, {"Content-Type": "text/csv", "ETag": '"1"', "Content-Length": len(TABLE)})
        request.wfile.write(TABLE[:after])
        request.wfile.flush()
        go.wait(60)
        request.wfile.write(TABLE[after:])

    return answer


def until(fact: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not fact():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_killed_process_is_continued(publisher: Publisher, tmp_path: Path) -> None:
    go = threading.Event()
    publisher.answers[:] = [stuck(200_000, go), honest()]
    part = tmp_path / ".eventpanel" / "trade" / "table.csv.part"
    with start(publisher, tmp_path) as process:
        until(lambda: part.exists() and part.stat().st_size > 100_000)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    go.set()
    assert files(tmp_path) == ["table.csv.part"]
    held = part.stat().st_size
    assert get(publisher.port, tmp_path).path.read_bytes() == TABLE
    assert publisher.ranges == ["", f"bytes={held}-"]


def test_two_processes_at_once(publisher: Publisher, tmp_path: Path) -> None:
    go = threading.Event()
    publisher.answers[:] = [stuck(200_000, go), honest(OTHER)]
    part = tmp_path / ".eventpanel" / "trade" / "table.csv.part"
    with start(publisher, tmp_path) as first:
        until(lambda: part.exists() and part.stat().st_size > 100_000)
        with start(publisher, tmp_path) as second:
            assert second.stdout is not None
            assert second.stdout.readline() == "waiting for trade/table.csv\n"
            go.set()
            said = [process.communicate(timeout=60)[0].strip() for process in (first, second)]
    assert said == ["new", "there"]
    assert (tmp_path / REMOTE.file).read_bytes() == TABLE
    assert len(publisher.asked) == 1


# Folders that refuse.


def test_a_disk_that_is_too_small_is_not_filled(
    publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type(shutil.disk_usage(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, len(TABLE) - 1))
    with pytest.raises(OutputError, match="no space left") as caught:
        get(publisher.port, tmp_path)
    assert "free space" in caught.value.remedy
    assert files(tmp_path) == []


def test_a_disk_that_fills_up(publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="no space left") as caught:
        get(publisher.port, tmp_path)
    assert "continued" in caught.value.remedy
    assert files(tmp_path) == ["table.csv.part"]
    monkeypatch.setattr(os, "fsync", real)
    assert get(publisher.port, tmp_path).path.read_bytes() == TABLE


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of this kind")
def test_a_file_that_the_system_cuts_off(publisher: Publisher, tmp_path: Path) -> None:
    # The kernel itself refuses the byte after the 150,000th, in the middle of a block.
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))\n"
        "from pathlib import Path\n"
        "from eventpanel.datasets.errors import OutputError\n"
        "from tests.datasets.fetching.publisher import get\n"
        "try:\n    get(int(sys.argv[1]), Path(sys.argv[2]))\n"
        "except OutputError as error:\n    print(error)\n"
    )
    paths = os.pathsep.join([str(ROOT), *(str(ROOT / root) for root in ROOTS)])
    command = [sys.executable, "-B", "-c", program, str(publisher.port), str(tmp_path)]
    answer = subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True)
    assert "no space left" in answer.stdout, answer.stderr
    assert files(tmp_path) == ["table.csv.part"]
    assert get(publisher.port, tmp_path).path.read_bytes() == TABLE
    assert publisher.ranges == ["", "bytes=150000-"]


def test_a_folder_that_is_a_file(publisher: Publisher, tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("mine")
    with pytest.raises(OutputError, match="could not be written") as caught:
        get(publisher.port, tmp_path / "folder")
    assert "--to" in caught.value.remedy
    assert publisher.asked == []


@pytest.mark.skipif(sys.platform == "win32", reason="other rights")
def test_a_folder_without_the_right_to_write(publisher: Publisher, tmp_path: Path) -> None:
    user = os.geteuid()
    tmp_path.chmod(0o500)
    if user == 0:  # to whom nothing is forbidden
        os.seteuid(65534)
    try:
        with pytest.raises(OutputError, match="could not be written") as caught:
            get(publisher.port, tmp_path)
    finally:
        os.seteuid(user)
        tmp_path.chmod(0o700)
    assert "Permission denied" in caught.value.where and publisher.asked == []


@pytest.mark.parametrize("file", ["../table.csv", "/table.csv", "C:/table.csv", "a/../../b", "", "nul", "a\\b"])
def test_a_file_cannot_leave_its_folder(tmp_path: Path, file: str) -> None:
    with pytest.raises(OutputError):
        Slot(tmp_path, file)


# The door.


def test_the_folder_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVENTPANEL_CACHE", raising=False)
    own = cache_folder()
    assert own.is_absolute() and "eventpanel" in own.parts
    monkeypatch.setenv("EVENTPANEL_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    remote = download("ert").files[0]
    assert Order().slot(remote).path == tmp_path / remote.file
    assert Order(folder=Path("x")).slot(remote).path == Path.cwd() / "x" / remote.file


def test_what_must_be_got_by_hand_is_said(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="must be got by hand") as caught:
        fetch("vdem", Order(folder=tmp_path))
    wanted = download("vdem")
    assert caught.value.where == wanted.page
    assert str(tmp_path / wanted.file) in caught.value.remedy and wanted.how in caught.value.remedy


def test_an_unknown_source_is_answered_with_the_list() -> None:
    with pytest.raises(StudyError, match="'sipri'") as caught:
        fetch("sipri")
    assert "sipri_register" in caught.value.where
