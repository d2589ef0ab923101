"""A study: one TOML file that says inputs, panel, event, window, design and estimates; every key is checked."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from eventpanel.datasets.errors import MissingFileError, StudyError, first_few
from eventpanel.sections import Study

__all__ = ["Study", "built_in_studies", "content_of", "explained", "load_study", "said", "study_from", "study_text"]

# What pydantic finds wrong, in the words of a study file.
KINDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "a text",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "dataclass_type": "a table",
    "dataclass_exact_type": "a table",
    "tuple_type": "a list",
    "too_short": "filled",
    "string_pattern_mismatch": "an ISO3 code such as KEN",
}
BOUNDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}


def built_in_studies() -> dict[str, str]:
    """Names and titles of the studies that come with the package."""
    folder = resources.files("eventpanel.studies")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return {f.name.removesuffix(".toml"): str(tomllib.loads(f.read_text("utf-8"))["title"]) for f in files}


def study_text(name: str) -> tuple[str, Path | None]:
    """Text of a built-in study or of a TOML file, and the folder of the file.

    Raises
    ------
    MissingFileError
        Neither.
    StudyError
        A file that is not text in UTF-8.
    """
    built_in = resources.files("eventpanel.studies").joinpath(f"{name}.toml")
    if name in built_in_studies():
        return built_in.read_text("utf-8"), None
    path = Path(name)
    if not path.is_file():
        raise MissingFileError(
            f"The study {name!r} is a folder." if path.is_dir() else f"There is no study {name!r}.",
            f"built in: {', '.join(built_in_studies())}",
            "give one of these names, or the path of a TOML file",
        )
    try:
        return path.read_text("utf-8-sig"), path.resolve().parent
    except UnicodeDecodeError as error:
        raise StudyError(f"{path.name} is not a TOML file in UTF-8.", str(error), "save it as UTF-8") from error


def load_study(name: str, settings: Sequence[str] = ()) -> Study:
    """Read a built-in study or a TOML file, with settings changed.

    Parameters
    ----------
    name : str
        Built-in name, or path of a TOML file.
    settings : sequence of str
        Changes such as ``"window.leads=3"``; the value is read as TOML, or as text where it is none.

    Raises
    ------
    MissingFileError
        No such study.
    StudyError
        Not TOML, an unknown key, a value of the wrong kind.

    Examples
    --------
    >>> load_study("demo", ["window.leads=3"]).window.leads
    3
    """
    content = content_of(name, settings)
    if "family" in content:
        raise StudyError(
            f"The study {name} belongs to the family {content['family']!r}, which has its own tables.",
            name,
            "use `eventpanel run`",
        )
    return study_from(content, name)


def study_from(content: dict[str, Any], name: str) -> Study:
    """Check the tables of a study.

    Parameters
    ----------
    content : dict
        Tables of a study file, or what a manifest holds of it.
    name : str
        For messages.

    Raises
    ------
    StudyError
        An unknown key, a value of the wrong kind.
    """
    try:
        return Study.model_validate(content)
    except ValidationError as error:
        raise explained(name, error, content, Study) from error


def content_of(name: str, settings: Sequence[str] = ()) -> dict[str, Any]:
    """Tables of a study file, with settings changed; not yet checked.

    Parameters
    ----------
    name : str
        Built-in name, or path of a TOML file.
    settings : sequence of str
        As for :func:`load_study`.

    Raises
    ------
    MissingFileError
        No such study.
    StudyError
        Not TOML, or a setting that cannot be followed.
    """
    text, _ = study_text(name)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{name} is not valid TOML.", str(error), "correct the file") from error
    for setting in settings:
        _change(content, setting)
    return content


def _change(content: dict[str, Any], setting: str) -> None:
    *tables, last = _steps(setting)
    table = content
    for step in tables:
        table = table.setdefault(step, {})
        if not isinstance(table, dict):
            raise StudyError(
                f"The setting {setting!r} goes through {step!r}, which is no table.", setting, "correct the key"
            )
    table[last] = _value(setting.partition("=")[2].strip())


def _steps(setting: str) -> list[str]:
    """Names that a dotted key leads through, read as TOML reads them."""
    key, equals, _ = setting.partition("=")
    try:
        tables = tomllib.loads(f"{key.strip()} = 0") if equals and "\n" not in key.strip() else {}
    except tomllib.TOMLDecodeError:
        tables = {}
    steps = []
    while isinstance(tables, dict) and tables:
        step, tables = next(iter(tables.items()))
        steps.append(step)
    if not steps:
        raise StudyError(
            f"The setting {setting!r} is not of the form key=value.", setting, "for example window.leads=3"
        )
    return steps


def _value(text: str) -> Any:
    try:
        table = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return table["value"] if len(table) == 1 else text


def explained(
    name: str,
    error: ValidationError,
    content: dict[str, Any],
    model: type[BaseModel],
    page: str = "docs/studies.md",
) -> StudyError:
    """Say all problems of a study file in words; a value that may be of several kinds is one problem.

    Parameters
    ----------
    name : str
        Of the study.
    error : ValidationError
    content : dict
        Tables of the file.
    model : type of BaseModel
        What they should be.
    page : str
        Where every key is described.
    """
    wanted: dict[str, list[str]] = {}
    given: dict[str, str] = {}
    for problem in error.errors():
        where = ".".join(map(str, _place(problem["loc"], content)))
        wanted.setdefault(where, []).append(said(problem, model))
        given[where] = "" if problem["type"] in ("missing", "extra_forbidden") else f", not {problem['input']!r}"
    lines = [f"{where}: {' or '.join(dict.fromkeys(said))}{given[where]}" for where, said in wanted.items()]
    if all(where.startswith("robustness.") for where in wanted):
        page = "docs/robustness.md"
    return StudyError(
        f"The study {name} has {'a key' if len(lines) == 1 else f'{len(lines)} keys'} that cannot be used.",
        first_few(line.replace(" or must be ", " or ") for line in lines),
        f"see {page} for every key",
    )


def _place(location: tuple[int | str, ...], content: Any) -> tuple[int | str, ...]:
    """Cut a location to what is in the file, or to a key that is missing there; the rest names kinds of values."""
    for depth, part in enumerate(location):
        if not isinstance(content, dict | list):
            return location[:depth]
        if isinstance(content, dict) and part not in content:
            return location[: depth + 1]
        content = content[part]  # type: ignore[index]
    return location


def said(problem: Any, model: type[BaseModel] = Study) -> str:
    """Say what is wrong with a value, from one error of a validation."""
    kind, context = problem["type"], problem.get("ctx", {})
    if kind == "extra_forbidden":
        return f"unknown key{_suggest(problem['loc'], model)}"
    if kind == "missing":
        return "is missing"
    if kind == "value_error":
        return str(context["error"])
    for bound, words in BOUNDS.items():
        if bound in context:
            return f"must be {words} {context[bound]:g}"
    return f"must be {KINDS.get(kind) or context.get('expected') or problem['msg']}"


def _suggest(location: tuple[int | str, ...], whole: type[BaseModel]) -> str:
    model: Any = whole
    for part in location[:-1]:
        model = _inner(model, str(part))
    known = list(getattr(model, "model_fields", {}))
    close = difflib.get_close_matches(str(location[-1]), known, n=1)
    return f" (did you mean {close[0]}?)" if close else f" (known: {', '.join(known)})" if known else ""


def _inner(model: Any, part: str) -> Any:
    """Section that a key leads to; a table of named sections leads to the section itself."""
    field = getattr(model, "model_fields", {}).get(part)
    if field is None:
        return model
    candidates = [field.annotation, *getattr(field.annotation, "__args__", ())]
    found = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
    return found[0] if found else object
