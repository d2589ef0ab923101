"""The demo's case, made once."""

from __future__ import annotations

import pytest

from eventpanel.build import build_panel
from eventpanel.robustness.case import Case, case_of
from eventpanel.study import load_study


@pytest.fixture(scope="session")
def demo_case() -> Case:
    study = load_study("demo")
    return case_of(study, build_panel(study))
