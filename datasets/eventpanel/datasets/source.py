"""Source: where a column's numbers come from."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Source"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a column's numbers come from.

    Attributes
    ----------
    name : str
        Name in the registry of sources.
    title, url, licence, citation : str
        As the publisher states them.
    file : str
        Name of the file that was read, without its folder.
    sha256 : str
        Checksum of that file; empty for simulated data.
    coverage : str
        Which units and periods the source watches, in one sentence: there, no record means zero.
    """

    name: str
    title: str
    url: str = ""
    licence: str = ""
    citation: str = ""
    file: str = ""
    sha256: str = ""
    coverage: str = ""
