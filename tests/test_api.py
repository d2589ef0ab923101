"""The public names: each is there, stands where type checkers are told, and is imported only when it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import eventpanel.api as ep
from eventpanel.public import PLACES
from tests.sources import ROOT, ROOTS

SOURCE = ROOT / "src" / "eventpanel" / "api.py"


def told() -> dict[str, tuple[str, str]]:
    """What type checkers are told: name, its module and its name there."""
    found = [node for node in ast.walk(ast.parse(SOURCE.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)]
    own = [n for n in found if str(n.module).startswith("eventpanel.") and n.module != "eventpanel.public"]
    return {
        alias.asname or alias.name: (str(node.module).removeprefix("eventpanel."), alias.name)
        for node in own
        for alias in node.names
    }


def test_type_checkers_are_told_the_same() -> None:
    assert told() == PLACES
    assert sorted(PLACES) == sorted(ep.__all__) == dir(ep)


@pytest.mark.parametrize("name", ep.__all__)
def test_each_name_is_there(name: str) -> None:
    assert getattr(ep, name) is not None


def test_another_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'feols'"):
        ep.__getattr__("feols")


@pytest.mark.parametrize(
    "heavy", ["matplotlib", "statsmodels", "linearmodels", "pydantic", "jinja2", "scipy.stats", "scipy.spatial"]
)
def test_a_regression_does_not_wait_for(heavy: str, tmp_path: Path) -> None:
    paths = [str(ROOT / root) for root in ROOTS]
    code = (
        f"import sys; sys.path[:0] = {paths!r}\n"
        "import eventpanel.api as ep\n"
        "ep.Panel, ep.Design, ep.Event, ep.EventWindow, ep.Clustered, ep.distributed_lag, ep.estimate_many\n"
        f"print({heavy!r} in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
