"""All exhibits, in the order of the paper."""

from __future__ import annotations

from eventpanel.brookings.exhibit import Exhibit

__all__ = ["CATALOGUE"]

CATALOGUE: tuple[Exhibit, ...] = ()
