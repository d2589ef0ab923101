"""An optional input whose file is not there is left out; one that is needed is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eventpanel.build import build_panel
from eventpanel.datasets.errors import MissingFileError
from eventpanel.sections import Study

OPTIONS: dict[str, Any] = {"country": "code", "scheme": "iso3"}
YEARS: dict[str, Any] = {"source": "country_years", "join": "1:1"}
UNREST = YEARS | {"file": "unrest.csv", "options": OPTIONS | {"columns": {"protests": "protests"}}}
MORE = YEARS | {"file": "more.csv", "options": OPTIONS | {"columns": {"strikes": "strikes"}}}


def study(optional: bool) -> Study:
    content: dict[str, Any] = {
        "title": "Optional",
        "label": "INVENTED DATA",
        "inputs": {"unrest": UNREST, "more": MORE | {"optional": optional}},
        "panel": {"first": 2000, "last": 2001, "importers": ["KEN", "UGA"]},
        "event": {"column": "protests", "kind": "dose"},
        "window": {"leads": 0, "lags": 0, "reference": "none"},
        "design": {"outcome": "protests", "fixed_effects": [], "covariance": {"kind": "HC1"}},
        "estimates": {"one": {"title": "One"}},
    }
    return Study.model_validate(content)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = "\n".join(f"{code},{year},1,2" for code in ("KEN", "UGA") for year in (2000, 2001))
    (tmp_path / "unrest.csv").write_text(f"code,year,protests,strikes\n{rows}\n", "utf-8")
    return tmp_path


def test_it_is_left_out_where_it_is_not_there(folder: Path) -> None:
    assert "strikes" not in build_panel(study(optional=True), folder).frame


def test_it_is_read_where_it_is_there(folder: Path) -> None:
    (folder / "more.csv").write_bytes((folder / "unrest.csv").read_bytes())
    assert build_panel(study(optional=True), folder).frame["strikes"].tolist() == [2.0] * 4


def test_what_is_needed_is_missed(folder: Path) -> None:
    with pytest.raises(MissingFileError, match=r"more\.csv"):
        build_panel(study(optional=False), folder)
