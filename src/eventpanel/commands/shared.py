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


def data_folder(options: Namespace) -> Path | None:
    """Folder of the publishers' files: --data, else the environment, else the folder of the study file."""
    given = options.data or os.environ.get(VARIABLE)
    if not given:
        return study_text(options.study)[1]
    folder = Path(given).expanduser()
    if not folder.is_dir():
        where = "--data" if options.data else VARIABLE
        raise MissingFileError(f"The data folder of {where} is not there.", str(folder), "correct the path")
    return folder
