"""From a publisher's server into a part: https only, known hosts only, never more than the limit, continued if cut off.

What arrives is not yet to be trusted: :mod:`eventpanel.datasets.fetch` checks it and gives it its name.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import requests

from eventpanel.datasets.downloads import Remote
from eventpanel.datasets.errors import FetchError
from eventpanel.datasets.store import Slot

BLOCK = 1 << 16
HOPS = 6
LONGEST = 60.0
BY_HAND = "fetch it from the publisher's page by hand and use --data"
Watch = Callable[[int, int | None], None]


class _Session(requests.Session):
    """A session that goes nowhere by itself: no redirect is followed, and none of its pages is read."""

    def __init__(self) -> None:
        super().__init__()
        # A login of one's own, even an empty one, keeps those of ~/.netrc from being sent.
        self.auth = _no_login
        self.headers["User-Agent"] = "eventpanel"

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """None: addresses are checked before they are asked."""
        del resp
        return None


def _no_login(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


@dataclass(frozen=True, slots=True)
class Line:
    """How servers are talked to.

    Attributes
    ----------
    session : requests.Session
        Certificates are always checked.
    attempts : int
        How often one file is asked for.
    pause : float
        Seconds before the second attempt; doubled before each further one.
    timeout : tuple of float
        Seconds to wait for a connection, and for the next bytes.
    """

    session: requests.Session = field(default_factory=_Session)
    attempts: int = 5
    pause: float = 1.0
    timeout: tuple[float, float] = (15.0, 60.0)


class _Again(Exception):
    """An attempt that failed and may be repeated."""

    def __init__(self, why: str, wait: float = 0.0) -> None:
        super().__init__(why)
        self.wait = wait


def transfer(line: Line, remote: Remote, slot: Slot, watch: Watch) -> None:
    """Fetch a file into the part of its slot, or the rest of it where a part is there.

    Parameters
    ----------
    line : Line
    remote : Remote
    slot : Slot
        Locked by the caller.
    watch : callable
        Called with the bytes that are there and the bytes of the whole, where known.

    Raises
    ------
    FetchError
        Another scheme or host than allowed, a certificate that does not hold, a refusal, a web page, more than the
        limit, or no end after all attempts; in the last case the part stays and is continued next time.
    OutputError
        The disk refuses.
    """
    pause = line.pause
    for attempt in range(1, line.attempts + 1):
        try:
            _attempt(line, remote, slot, watch)
            return
        except _Again as trouble:
            if attempt == line.attempts:
                raise FetchError(
                    f"{remote.file} could not be fetched: {trouble}.",
                    f"{remote.url}, {line.attempts} attempts",
                    "run the command again later: what has arrived is kept and continued",
                ) from trouble
            time.sleep(max(pause, min(trouble.wait, LONGEST)))
            pause *= 2


def _attempt(line: Line, remote: Remote, slot: Slot, watch: Watch) -> None:
    held, version = slot.held(remote.url)
    headers = {"Accept-Encoding": "identity"}
    if held:
        headers |= {"Range": f"bytes={held}-", "If-Range": version}
    with closing(_open(line, remote, headers)) as response:
        status = response.status_code
        if held and status in (206, 416):
            # A part goes on only where the server names the same version and the very next byte.
            start, total = _range(response)
            same = _version(response) in (version, "")
            if same and status == 416 and total == held:
                return
            if not same or status == 416 or start != held:
                slot.forget()
                raise _Again("the file has changed since its first part came")
        elif status == 200:
            held, total = 0, _length(response)
        else:
            raise _refusal(response, remote)
        _check(response, remote, total)
        slot.room((total or held) - held)
        if not held:
            slot.begin(remote.url, _version(response))
        _receive(response, remote, slot, held, watch=lambda done: watch(done, total))
    if total is not None and slot.part.stat().st_size != total:
        raise _Again("the server sent only a part")


def _open(line: Line, remote: Remote, headers: dict[str, str]) -> requests.Response:
    """Answer of the server where all redirects lead, each of them checked before it is followed."""
    url = remote.url
    for _ in range(HOPS):
        _check_address(url, remote)
        try:
            response = line.session.get(url, headers=headers, stream=True, timeout=line.timeout, allow_redirects=False)
        except requests.exceptions.SSLError as error:
            host = urlsplit(url).hostname
            raise FetchError(f"The certificate of {host} does not hold.", remote.url, BY_HAND) from error
        except (requests.ConnectionError, requests.Timeout) as error:
            raise _Again(f"no connection to {urlsplit(url).hostname}") from error
        except requests.RequestException as error:
            raise FetchError(f"{remote.file} cannot be fetched: {error}", remote.url, BY_HAND) from error
        if not response.is_redirect:
            return response
        url = urljoin(url, response.headers["Location"])
        response.close()
    raise FetchError(f"{remote.file} is passed on without end.", remote.url, BY_HAND)


def _check_address(url: str, remote: Remote) -> None:
    try:
        parts = urlsplit(url)
        plain = parts.port in (None, 443) and parts.username is None and not re.search(r"[\\\s]", url)
    except ValueError:
        parts, plain = urlsplit(""), False
    if parts.scheme != "https" or not plain:
        what = f"{remote.file} is passed on to an address that is not safe."
    elif parts.hostname not in remote.allowed:
        what = f"{remote.file} is passed on to another host, {parts.hostname}."
    else:
        return
    raise FetchError(what, f"{remote.url}; allowed over https: {', '.join(sorted(remote.allowed))}", BY_HAND)


def _refusal(response: requests.Response, remote: Remote) -> Exception:
    status, where = response.status_code, f"{remote.url} answers {response.status_code}"
    if status == 429 or status >= 500:
        after = response.headers.get("Retry-After", "")
        return _Again(f"the server answers {status}", float(after) if after.isdecimal() else 0.0)
    if status in (401, 403):
        return FetchError(f"The server does not give {remote.file} to programs.", where, BY_HAND)
    if status in (404, 410):
        return FetchError(f"{remote.file} is no longer at this address.", where, BY_HAND)
    return FetchError(f"{remote.file} cannot be fetched.", where, BY_HAND)


def _check(response: requests.Response, remote: Remote, total: int | None) -> None:
    """Refuse an answer by its head alone."""
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml"):
        raise FetchError(f"The server sends a web page in place of {remote.file}.", remote.url, BY_HAND)
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise FetchError(f"The server sends {remote.file} in a coding that was not asked for.", remote.url, BY_HAND)
    if total is None and "chunked" not in response.headers.get("Transfer-Encoding", "").lower() and not remote.sha256:
        raise FetchError(
            f"The server does not say how long {remote.file} is, so a part could pass for the whole.",
            remote.url,
            BY_HAND,
        )
    if total is not None and total > remote.limit:
        raise _too_large(remote)


def _too_large(remote: Remote) -> FetchError:
    return FetchError(f"{remote.file} is larger than it can be.", f"{remote.url}: over {remote.limit:,} bytes", BY_HAND)


def _receive(
    response: requests.Response, remote: Remote, slot: Slot, done: int, *, watch: Callable[[int], None]
) -> None:
    with slot.writing(slot.part, more=True) as stream:
        watch(done)
        for block in _blocks(response):
            done += len(block)
            if done > remote.limit:
                break
            stream.write(block)
            watch(done)
    if done > remote.limit:
        slot.forget()
        raise _too_large(remote)


def _blocks(response: requests.Response) -> Iterator[bytes]:
    """Bytes as they come; network errors become repetitions, so that what is left are those of the disk."""
    try:
        yield from response.iter_content(BLOCK)
    except requests.RequestException as error:
        raise _Again("the connection was cut") from error


def _length(response: requests.Response) -> int | None:
    found = re.fullmatch(r"\d{1,18}", response.headers.get("Content-Length", "").strip())
    return None if found is None else int(found[0])


def _range(response: requests.Response) -> tuple[int | None, int | None]:
    """First byte and length of the whole, as a server states them for a part."""
    found = re.fullmatch(
        r"bytes (?:(\d{1,18})-\d{1,18}|\*)/(\d{1,18})", response.headers.get("Content-Range", "").strip()
    )
    if found is None:
        return None, None
    return None if found[1] is None else int(found[1]), int(found[2])


def _version(response: requests.Response) -> str:
    """Mark by which a server tells versions: a strong ETag, else the time of change (RFC 9110, 13.1.5)."""
    tag = str(response.headers.get("ETag", ""))
    if tag:
        return "" if tag.startswith("W/") else tag
    return str(response.headers.get("Last-Modified", ""))
