"""``fetch`` brings what may be fetched and says how to get the rest; ``run`` finds what was fetched."""

from __future__ import annotations

import io
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from eventpanel.cli import INTERRUPTED, main
from eventpanel.commands import fetch as command
from eventpanel.commands.progress import transfer_bar
from eventpanel.datasets.downloads import Download, Series, downloads
from eventpanel.datasets.errors import FetchError, MissingFileError, OutputError, StudyError
from eventpanel.datasets.fetch import Order, fetch_file
from eventpanel.datasets.registry import entry
from eventpanel.datasets.transfer import Line
from tests.cli.projects import Project, Shell
from tests.datasets.fetching.publisher import HOST, REMOTE, TABLE, Publisher, cut, honest, line, serving, told


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Publisher]:
    """A publisher of ``ert``, ``world_bank`` (two files) and ``gdelt_events`` (by month); the rest is as it is."""
    second = replace(REMOTE, url=f"https://{HOST}/second.csv", file="second.csv")
    months = Series(f"https://{HOST}/%Y%m.csv", "events/%Y%m.csv", "month", date(2000, 1, 1), 2_000_000)
    ours = (
        Download("ert", (REMOTE,)),
        Download("world_bank", (REMOTE, second)),
        Download("gdelt_events", series=(months,)),
    )
    known = dict(downloads()) | {one.name: one for one in ours}
    monkeypatch.setenv("EVENTPANEL_CACHE", str(tmp_path / "cache"))
    for module in ("eventpanel.datasets.downloads", command.__name__):
        monkeypatch.setattr(f"{module}.downloads", lambda: known)
    with serving() as found:
        monkeypatch.setattr("eventpanel.datasets.fetch.Line", lambda: line(found.port))
        yield found


def flat(text: str) -> str:
    return " ".join(text.split())


def test_a_source_is_fetched_and_said(publisher: Publisher, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", "ert"]) == 0
    path = tmp_path / "cache" / REMOTE.file
    assert path.read_bytes() == TABLE
    output, errors = capsys.readouterr()
    assert errors == ""
    for word in (str(path), "fetched", "sha256", entry("ert").licence, entry("ert").citation):
        assert word in flat(output)
    assert main(["fetch", "ert"]) == 0
    assert "there already" in capsys.readouterr().out
    publisher.answers[:] = [honest(TABLE[:-5], '"2"')]
    assert main(["fetch", "--refresh", "ert"]) == 0
    assert "no longer the same" in flat(capsys.readouterr().out)


def test_several_files_to_another_folder_without_a_word(
    publisher: Publisher, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fetch", "world_bank", "--to", str(tmp_path / "mine"), "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert (tmp_path / "mine" / "second.csv").read_bytes() == TABLE
    assert not (tmp_path / "cache").exists()


def test_the_years_of_a_series(publisher: Publisher, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", "gdelt_events", "--years", "2001"]) == 0
    folder = tmp_path / "cache" / "events"
    assert [path.name for path in sorted(folder.iterdir())] == [f"2001{month:02}.csv" for month in range(1, 13)]
    assert f"... and 7 more files in {folder}" in flat(capsys.readouterr().out)
    assert main(["fetch", "gdelt_events", "--years", "2001-2002", "--quiet"]) == 0
    assert len(list(folder.iterdir())) == len(publisher.asked) == 24


@pytest.mark.parametrize("years", ["", "x", "20", "2001-", "2002-2001", "0000", "1999", "2001,2002", "2001-2002-2003"])
def test_years_that_cannot_be(publisher: Publisher, capsys: pytest.CaptureFixture[str], years: str) -> None:
    assert main(["fetch", "gdelt_events", "--years", years]) == StudyError.exit_code
    assert "years" in capsys.readouterr().err and publisher.asked == []


def test_one_that_fails_does_not_stop_the_others(
    publisher: Publisher, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fetch", "acled", "ert", "vdem"]) == FetchError.exit_code
    errors = capsys.readouterr().err
    assert (tmp_path / "cache" / REMOTE.file).read_bytes() == TABLE
    assert errors.count("eventpanel: ") == 2
    assert "acled must be got by hand" in errors and "vdem must be got by hand" in errors
    assert str(tmp_path / "cache" / downloads()["acled"].file) in errors


def test_a_wrong_name_stops_before_anything_is_fetched(
    publisher: Publisher, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fetch", "ert", "etr"]) == StudyError.exit_code
    assert "'etr'" in capsys.readouterr().err
    assert publisher.asked == [] and not (tmp_path / "cache").exists()


def test_nothing_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch"]) == StudyError.exit_code
    assert "--list" in capsys.readouterr().err


@pytest.mark.parametrize("answer", [told(404, {}), told(200, {"Content-Type": "text/html"}, b"<html>")])
def test_a_refusal_is_one_message(publisher: Publisher, capsys: pytest.CaptureFixture[str], answer: Any) -> None:
    publisher.answers[:] = [answer]
    assert main(["fetch", "ert"]) == FetchError.exit_code
    output, errors = capsys.readouterr()
    assert output == "" and errors.count("eventpanel: ") == 1
    assert "  where: " in errors and "  what to do: " in errors


def test_a_folder_that_is_a_file(publisher: Publisher, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("mine")
    assert main(["fetch", "ert", "--to", str(tmp_path / "file")]) == OutputError.exit_code
    assert "--to" in capsys.readouterr().err


def test_an_interruption_keeps_what_has_arrived(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("eventpanel.datasets.transfer.time.sleep", interrupt)
    publisher.answers[:] = [cut(200_000), honest()]
    assert main(["fetch", "ert"]) == INTERRUPTED
    assert capsys.readouterr().err == "eventpanel: interrupted; what has arrived is kept.\n"
    assert main(["fetch", "ert", "--quiet"]) == 0
    assert publisher.ranges[1] != ""


def test_the_list_names_every_source_and_address(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", "--list"]) == 0
    output = capsys.readouterr().out
    for known in downloads().values():
        assert f"\n{known.name}" in output and flat(known.how) in flat(output)
        addresses = [*(remote.url for remote in known.files), *(series.url for series in known.series), known.page]
        assert all(address in output for address in addresses)


def test_help_does_not_wait_for_the_network(shell: Shell) -> None:
    script = (
        "import sys\nfrom eventpanel.cli import main\n"
        "try:\n    main(['fetch', '--help'])\nexcept SystemExit:\n"
        "    print('LOADED', *({'requests', 'pandas', 'tqdm', 'platformdirs'} & set(sys.modules)))\n"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.endswith("LOADED\n")


def test_from_outside_the_message_is_the_same(shell: Shell) -> None:
    answer = shell("fetch", "sipri_register")
    assert answer.returncode == FetchError.exit_code
    assert "must be got by hand" in answer.stderr and "https://www.sipri.org/databases/armstransfers" in answer.stderr


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("quiet", [False, True])
def test_there_is_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch, quiet: bool) -> None:
    screen = _Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with transfer_bar(quiet=quiet) as (watch, waiting):
        watch("a.csv", 0, 2_000_000)
        waiting("a.csv")
        watch("a.csv", 1_000_000, 2_000_000)
        watch("b.csv", 5, None)
    shown = screen.getvalue()
    assert (not shown) if quiet else ("a.csv" in shown and "2.00M" in shown and "waiting" in shown)


def test_there_is_no_bar_in_a_file(publisher: Publisher, capsys: pytest.CaptureFixture[str]) -> None:
    main(["fetch", "ert"])
    assert capsys.readouterr().err == ""


# Studies.


def cached(project: Project, name: str) -> Path:
    """Move a file of the project to the folder of fetched files."""
    folder = project.folder / "nothing-fetched"
    folder.mkdir(exist_ok=True)
    return (project.folder / name).rename(folder / name)


def test_a_study_finds_what_was_fetched(project: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    cached(project, "unrest.csv")
    assert project.run() == 0, project.stderr
    data = tmp_path_factory.mktemp("data")
    (project.folder / "deals.csv").rename(data / "deals.csv")
    assert project.run() == MissingFileError.exit_code
    assert "eventpanel fetch --list" in project.stderr
    assert project.run("--data", str(data)) == 0, project.stderr


def test_what_the_user_points_to_comes_before_what_was_fetched(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = tmp_path_factory.mktemp("data")
    shutil.copy(project.folder / "unrest.csv", data)
    cached(project, "unrest.csv").write_text("spoiled")
    (project.folder / "deals.csv").rename(data / "deals.csv")
    assert project.run("--data", str(data)) == 0, project.stderr
    shutil.copy(data / "unrest.csv", project.folder)
    shutil.copy(data / "deals.csv", project.folder)
    assert project.run() == 0, project.stderr


# Certificates: a server with one that nobody knows.


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(TABLE)))
        self.end_headers()
        self.wfile.write(TABLE)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


class _Port(HTTPAdapter):
    """Leads to another port of this machine, still encrypted and still checked."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        request.url = f"https://localhost:{self.port}{request.path_url}"
        return super().send(request, *args, **(options | {"proxies": {}}))


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl here to make a certificate with")
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(
        [*command, "-keyout", "key.pem", "-out", "certificate.pem"], cwd=tmp_path, check=True, capture_output=True
    )
    return tmp_path / "certificate.pem"


def test_a_certificate_that_nobody_knows(certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    server = HTTPServer(("127.0.0.1", 0), _Page)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    talk = Line(attempts=1)
    talk.session.mount("https://", _Port(server.server_port))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    try:
        with talk.session:
            with pytest.raises(FetchError, match=f"The certificate of {HOST} does not hold"):
                fetch_file(REMOTE, talk, Order(folder=tmp_path))
            # An institution's own authority may be named, as for every program that uses requests.
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
            assert fetch_file(REMOTE, talk, Order(folder=tmp_path)).path.read_bytes() == TABLE
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
