"""What can be told of a file before it is read: its checksum, and whether it is a web page in place of a table."""

from __future__ import annotations

import hashlib
from pathlib import Path

__all__ = ["is_web_page", "sha256"]

WEB_PAGE = (b"<!doctype", b"<html", b"<?xml")


def sha256(path: Path) -> str:
    """Checksum of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def is_web_page(start: bytes) -> bool:
    """Whether a file that starts with these bytes is a web page.

    Examples
    --------
    >>> is_web_page(b"<!DOCTYPE html>"), is_web_page(b"country,year")
    (True, False)
    """
    return start.lstrip(b"\xef\xbb\xbf \r\n\t")[:9].lower().startswith(WEB_PAGE)
