"""Settings of two runs: dotted keys, then and now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["ABSENT", "changed", "flat"]

ABSENT = "absent"


def flat(tree: Mapping[str, Any], start: str = "") -> dict[str, str]:
    """Write nested tables as dotted keys; values as JSON.

    Parameters
    ----------
    tree : mapping
    start : str
        Before every key.

    Examples
    --------
    >>> flat({"window": {"leads": 2, "ends": "none"}})
    {'window.leads': '2', 'window.ends': '"none"'}
    """
    found: dict[str, str] = {}
    waiting: list[tuple[str, Any]] = [(start, tree)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, Mapping) and (value or key == start):
            waiting += [(f"{key}.{name}" if key else name, inner) for name, inner in reversed(list(value.items()))]
        else:
            found[key] = json.dumps(value, ensure_ascii=False)
    return found


def changed(then: Mapping[str, str], now: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """List what two mappings do not share: key, then, now; ``"absent"`` where one has no such key.

    Parameters
    ----------
    then, now : mapping of str to str

    Examples
    --------
    >>> changed({"numpy": "2.3", "scipy": "1.17"}, {"numpy": "2.4", "scipy": "1.17"})
    [('numpy', '2.3', '2.4')]
    """
    names = dict.fromkeys([*then, *now])
    both = [(name, then.get(name, ABSENT), now.get(name, ABSENT)) for name in names]
    return [(name, one, two) for name, one, two in both if one != two]
