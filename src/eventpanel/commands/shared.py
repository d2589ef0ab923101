"""What run and check have in common."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from eventpanel.datasets.errors import MissingFileError
from eventpanel.study import Study, load_study, study_text

VARIABLE = "EVENTPANEL_DATA"


def study_of(options: Namespace) -> Study:
    """Study with the settings of the command line."""
    return load_study(options.study, options.set)


def data_folders(options: Namespace) -> tuple[Path, ...]:
    """Folders of the publishers' files: --data alone, else the folder of the study file and then the environment's."""
    if options.data:
        return (_folder(options.data, "--data"),)
    own, given = study_text(options.study)[1], os.environ.get(VARIABLE)
    folders = [own] if own is not None else []
    return (*folders, *([_folder(given, VARIABLE)] if given else []))


def _folder(given: str, where: str) -> Path:
    folder = Path(given).expanduser()
    if not folder.is_dir():
        raise MissingFileError(f"The data folder of {where} is not there.", str(folder), "correct the path")
    return folder
