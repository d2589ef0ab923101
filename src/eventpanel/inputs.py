"""One input of a study: found, read, narrowed, and counted where it is a list of records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from eventpanel.datasets.errors import ColumnError, CountryError, StudyError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.records import Records, count, search, select
from eventpanel.datasets.registry import read
from eventpanel.datasets.simulate import Simulation
from eventpanel.sections import InputSection

__all__ = ["counted", "narrow", "read_input", "refuse_taken"]

SIMULATED = "simulation"
KEYS = ("exporter", "importer", "year")


def read_input(
    name: str, section: InputSection, folders: Sequence[Path], simulation: Simulation | None
) -> Records | Panel:
    """Read the file of an input, or take its part of a simulation.

    Parameters
    ----------
    name : str
        Name of the input.
    section : InputSection
    folders : sequence of Path
        Searched in order; of several files the first that is there is read.
    simulation : Simulation, optional
        Needed where the input is simulated.

    Returns
    -------
    Records or Panel

    Raises
    ------
    StudyError
        No file or folder, a file outside the folder, a simulation that the study lacks, wrong options.
    InputError
        The file cannot be used.
    """
    if section.source == SIMULATED:
        if simulation is None or not section.part:
            raise StudyError(
                f"The input {name!r} is simulated; the study needs a [simulation] table and the input a part.",
                name,
                "add simulation.seed and simulation.effect, and part = 'deals', 'unrest' or 'regime'",
            )
        parts: dict[str, Records | Panel] = {
            "deals": simulation.deals,
            "unrest": simulation.unrest,
            "regime": simulation.regime,
        }
        return parts[section.part]
    files = [section.file] if isinstance(section.file, str) else section.file
    if not folders:
        raise StudyError(
            f"The input {name!r} is a file, and no data folder is given.",
            first_few(files) or section.source,
            "use --data DIR, set the environment variable EVENTPANEL_DATA, or see `eventpanel fetch --list`",
        )
    paths = [_inside(folder, file, name) for folder in folders for file in files or [""]]
    return read(section.source, next((path for path in paths if path.exists()), paths[0]), section.options)


def _inside(data: Path, file: str, name: str) -> Path:
    if not file:
        raise StudyError(f"The input {name!r} names no file.", f"inputs.{name}", "add file = 'FILE.csv'")
    try:
        path = (data / file).resolve()
    except ValueError:  # a zero byte
        path = Path()
    if not path.is_relative_to(data.resolve()):
        raise StudyError(
            f"The file of input {name!r} must lie in the data folder.", repr(file), "give a path below the data folder"
        )
    return path


def narrow(name: str, section: InputSection, loaded: Records | Panel) -> Records | Panel:
    """Keep the records of a list that an input asks for; a panel is taken as it is.

    Parameters
    ----------
    name : str
        Name of the input.
    section : InputSection
    loaded : Records or Panel
        As :func:`read_input` returns it.

    Returns
    -------
    Records or Panel

    Raises
    ------
    StudyError
        Records are asked of a panel.
    CountryError
        A panel without a row.
    ColumnError, InputError
        Columns, values or words that the list does not have.
    """
    if isinstance(loaded, Panel):
        if section.select or section.search or section.count or section.exporters:
            raise StudyError(
                f"The input {name!r} is a panel already; select, search, count and exporters are for lists of records.",
                name,
                "remove these keys",
            )
        if loaded.frame.empty:
            lost = loaded.conflicts[["value", "problem"]].itertuples(index=False)
            raise CountryError(
                f"No row of the input {name!r} can be used.",
                first_few(f"{value}: {problem}" for value, problem in lost),
                "check its options, above all the scheme of its country codes",
            )
        return loaded
    for column, values in section.select.items():
        loaded = select(loaded, column, values)
    for column, words in section.search.items():
        loaded = search(loaded, column, words)
    return loaded


def counted(name: str, section: InputSection, loaded: Records | Panel) -> Panel:
    """Count the records of a list, or keep the columns of a panel that an input asks for.

    Parameters
    ----------
    name : str
        Name of the input.
    section : InputSection
    loaded : Records or Panel
        As :func:`narrow` returns it.

    Returns
    -------
    Panel

    Raises
    ------
    StudyError
        A list without the name of its count, or with one that is taken.
    ColumnError
        A column that the panel does not have.
    """
    if isinstance(loaded, Records):
        if not section.count:
            raise StudyError(
                f"The input {name!r} is a list of records and must be counted.",
                name,
                f"add count = {name!r}, the name of the new column",
            )
        refuse_taken(section.count, KEYS, f"inputs.{name}.count")
        return count(loaded, section.count, exporters=section.exporters)
    if section.columns is None:
        return loaded
    absent = [column for column in section.columns if column not in loaded.variables]
    if absent:
        raise ColumnError(
            f"The input {name!r} has no column {first_few(map(repr, absent))}.",
            f"columns: {', '.join(loaded.variables)}",
            "correct its columns",
        )
    return loaded.with_frame(loaded.frame[[*loaded.keys, *section.columns]])


def refuse_taken(name: str, taken: Iterable[str], where: str) -> None:
    """Refuse a name for a new column that another column has, or that starts with an underscore.

    Parameters
    ----------
    name : str
    taken : iterable of str
        Names of the other columns.
    where : str
        Key of the study that holds the name.

    Raises
    ------
    StudyError
        With the names that are taken.
    """
    if name in taken or name.startswith("_"):
        raise StudyError(f"A new column cannot be called {name!r}.", where, f"choose a name unlike {first_few(taken)}")
