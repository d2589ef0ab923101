"""``sources`` lists what can be read, with licence, citation and where it comes from."""

from __future__ import annotations

import pytest

from eventpanel.cli import main
from eventpanel.datasets.registry import entries


def flat(text: str) -> str:
    return " ".join(text.split())


def test_every_source_is_listed_with_its_facts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sources"]) == 0
    output = flat(capsys.readouterr().out)
    for entry in entries():
        for fact in (entry.name, entry.title, entry.licence, entry.citation, entry.url, entry.coverage):
            assert flat(fact) in output


def test_addresses_are_not_broken_over_lines(capsys: pytest.CaptureFixture[str]) -> None:
    main(["sources"])
    output = capsys.readouterr().out
    assert all(entry.url in output for entry in entries())
