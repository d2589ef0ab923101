"""What commands have in common."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path

from eventpanel.datasets.errors import MissingFileError
from eventpanel.datasets.store import cache_folder
from eventpanel.reports.terminal import wrapped
from eventpanel.study import Study, load_study, study_text

VARIABLE = "EVENTPANEL_DATA"


def study_of(options: Namespace) -> Study:
    """Study with the settings of the command line."""
    return load_study(options.study, options.set)


def data_folders(options: Namespace) -> tuple[Path, ...]:
    """Folders of the publishers' files, in order; that of fetched files is always the last.

    Before it comes --data alone, else the folder of the study file and then the environment's.
    """
    own = None if options.data else study_text(options.study)[1]
    given = given_folders(options)
    return given if own is None else (own, *given)


def given_folders(options: Namespace) -> tuple[Path, ...]:
    """Folders of --data or the environment, then that of fetched files; none of a study file."""
    fetched = [folder for folder in [cache_folder()] if folder.is_dir()]
    given = os.environ.get(VARIABLE)
    if options.data:
        return (_folder(options.data, "--data"), *fetched)
    return (*([_folder(given, VARIABLE)] if given else []), *fetched)


def _folder(given: str, where: str) -> Path:
    folder = Path(given).expanduser()
    if not folder.is_dir():
        raise MissingFileError(f"The data folder of {where} is not there.", str(folder), "correct the path")
    return folder


def say(lines: Iterable[str]) -> None:
    """Print lines that hold texts of a file, without what would steer a terminal."""
    for line in lines:
        indent = line[: len(line) - len(line.lstrip())]
        shown = "".join(letter if letter.isprintable() else "?" for letter in line.strip())
        print(wrapped(shown, indent))
