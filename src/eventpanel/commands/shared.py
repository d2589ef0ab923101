"""What run and check have in common."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from eventpanel.datasets.errors import MissingFileError
from eventpanel.datasets.store import cache_folder
from eventpanel.study import Study, load_study, study_text

VARIABLE = "EVENTPANEL_DATA"


def study_of(options: Namespace) -> Study:
    """Study with the settings of the command line."""
    return load_study(options.study, options.set)


def data_folders(options: Namespace) -> tuple[Path, ...]:
    """Folders of the publishers' files, in order; that of fetched files is always the last.

    Before it comes --data alone, else the folder of the study file and then the environment's.
    """
    fetched = [folder for folder in [cache_folder()] if folder.is_dir()]
    if options.data:
        return (_folder(options.data, "--data"), *fetched)
    own, given = study_text(options.study)[1], os.environ.get(VARIABLE)
    folders = [own] if own is not None else []
    return (*folders, *([_folder(given, VARIABLE)] if given else []), *fetched)


def _folder(given: str, where: str) -> Path:
    folder = Path(given).expanduser()
    if not folder.is_dir():
        raise MissingFileError(f"The data folder of {where} is not there.", str(folder), "correct the path")
    return folder
