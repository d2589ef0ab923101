"""Every source the package can read: publisher, licence, citation, coverage, and its reader.

Importing this module reads one small file and loads no reader; a reader is imported when it is asked to read.
"""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module, resources
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

from eventpanel.datasets.errors import StudyError, first_few

if TYPE_CHECKING:
    from eventpanel.datasets.panel import Panel
    from eventpanel.datasets.records import Records

Role = Literal["trade", "unrest", "regime", "controls"]
Kind = Literal["records", "panel"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One source.

    Attributes
    ----------
    name : str
        The name used in study files.
    title, publisher, url, licence, citation : str
        As the publisher states them.
    unit : str
        What one row of the publisher's file is.
    coverage : str
        Places and years, and what an absent row means.
    module : str
        Module that reads it.
    kind : {"records", "panel"}
        What the reader returns.
    role : {"trade", "unrest", "regime", "controls"}
        What it is used for.
    """

    name: str
    title: str
    publisher: str
    url: str
    licence: str
    citation: str
    unit: str
    coverage: str
    module: str
    kind: Kind
    role: Role


@cache
def entries() -> tuple[Entry, ...]:
    """Every source, in the order of the registry.

    Examples
    --------
    >>> [entry.name for entry in entries() if entry.role == "regime"]
    ['polity5', 'ert', 'vdem', 'freedom_house', 'bmr', 'eiu', 'lexical', 'nelda']
    """
    text = resources.files("eventpanel.datasets").joinpath("registry.toml").read_text(encoding="utf-8")
    return tuple(Entry(**table) for table in tomllib.loads(text)["source"])


def entry(name: str) -> Entry:
    """One source by its name.

    Raises
    ------
    StudyError
        No such source.
    """
    for known in entries():
        if known.name == name:
            return known
    raise StudyError(
        f"There is no source named {name!r}.",
        f"sources: {first_few((known.name for known in entries()), 30)}",
        "correct the name; `eventpanel sources` lists them",
    )


def read(name: str, path: Path, options: Mapping[str, object]) -> Records | Panel:
    """Read a publisher's file by the name of its source.

    Parameters
    ----------
    name : str
        Name in the registry.
    path : Path
        The publisher's file.
    options : mapping
        Options of the reader, as in a study file.

    Raises
    ------
    StudyError
        No such source, no such option, an option that is needed and not given, or one of another type.
    InputError
        The file cannot be used.
    """
    reader = import_module(entry(name).module).read
    check_options(name, reader, options)
    answer: Records | Panel = reader(path, **options)
    return answer


def check_options(name: str, reader: Callable[..., object], options: Mapping[str, object]) -> None:
    """Check the names and types of options against the signature of a reader.

    Raises
    ------
    StudyError
        With the options the reader has.
    """
    allowed = {
        key: parameter
        for key, parameter in inspect.signature(reader).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    hints = get_type_hints(reader)
    strange = [key for key in options if key not in allowed]
    needed = [key for key, value in allowed.items() if value.default is value.empty and key not in options]
    wrong = [
        f"{key} = {value!r} (needs {say(hints[key])})"
        for key, value in options.items()
        if key in allowed and not fits(value, hints[key])
    ]
    problems = {
        "has no option": [repr(key) for key in strange],
        "needs the option": [repr(key) for key in needed],
        "cannot use the option": wrong,
    }
    for problem, found in problems.items():
        if found:
            raise StudyError(
                f"The reader of {name!r} {problem} {first_few(found)}.",
                f"its options: {'; '.join(f'{key}: {say(hints[key])}' for key in allowed) or 'none'}",
                "correct the options of this input",
            )


def fits(value: object, hint: Any) -> bool:
    """Whether a value is of an annotated type; a truth value is not a number.

    Examples
    --------
    >>> fits("order", Literal["order", "delivery"]), fits(True, int), fits(["KEN"], Sequence[str])
    (True, False, True)
    """
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return value in inner
    if origin in (Union, UnionType):
        return any(fits(value, one) for one in inner)
    if origin is not None and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(
            fits(key, inner[0]) and fits(item, inner[1]) for key, item in value.items()
        )
    if origin is not None and issubclass(origin, Sequence):
        return isinstance(value, list | tuple) and all(fits(item, inner[0]) for item in value)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)


def say(hint: Any) -> str:
    """Write a type in words.

    Examples
    --------
    >>> say(Literal["order", "delivery"]), say(Sequence[str] | None)
    ("'order' or 'delivery'", 'a list of texts or nothing')
    """
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " or ".join(repr(value) for value in inner)
    if origin in (Union, UnionType):
        return " or ".join(say(one) for one in inner)
    if origin is not None and issubclass(origin, Mapping):
        return "a table of texts"
    if origin is not None and issubclass(origin, Sequence):
        return "a list of texts"
    words = {str: "a text", int: "a whole number", bool: "true or false", NoneType: "nothing"}
    return words.get(hint, str(hint))
