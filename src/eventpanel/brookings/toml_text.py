"""A study as TOML text, so that a run can be made again from a file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

__all__ = ["toml_text"]


def toml_text(content: Mapping[str, object]) -> str:
    r"""Write tables of texts, numbers, truth values, lists and tables as TOML; a value of None is left out.

    Parameters
    ----------
    content : mapping

    Raises
    ------
    TypeError
        A value of another kind.

    Examples
    --------
    >>> toml_text({"title": "A", "simulation": {"seed": 1}})
    'title = "A"\n\n[simulation]\nseed = 1\n'
    """
    return "\n".join(_lines(content, ())).lstrip("\n") + "\n"


def _lines(content: Mapping[str, object], path: tuple[str, ...]) -> list[str]:
    """Lines of a table: its own keys first, then its tables."""
    plain = {key: value for key, value in content.items() if not isinstance(value, Mapping) and value is not None}
    tables = {key: value for key, value in content.items() if isinstance(value, Mapping)}
    head = ["", f"[{'.'.join(map(_key, path))}]"] if path and (plain or not tables) else []
    lines = head + [f"{_key(key)} = {_value(value)}" for key, value in plain.items()]
    return lines + [line for key, table in tables.items() for line in _lines(table, (*path, str(key)))]


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, Mapping):
        pairs = [f"{_key(key)} = {_value(held)}" for key, held in value.items() if held is not None]
        return f"{{{', '.join(pairs)}}}"
    raise TypeError(f"no TOML for {type(value).__name__}")
