"""Event windows."""

from __future__ import annotations

import pytest

from eventpanel.datasets.errors import WindowError
from eventpanel.estimators.window import EventWindow


def test_event_times() -> None:
    assert EventWindow(leads=2, lags=1, reference=None).event_times == (-2, -1, 0, 1)
    assert EventWindow(leads=2, lags=1, reference=-1).event_times == (-2, 0, 1)


@pytest.mark.parametrize(
    ("leads", "lags", "reference", "ends"),
    [
        (-1, 0, None, "none"),
        (0, -1, None, "none"),
        (1, 1, 2, "none"),
        (0, 0, 0, "none"),
        (1, 1, None, "clip"),
        (1, 1, None, "bin"),
    ],
)
def test_windows_without_meaning_are_refused(leads: int, lags: int, reference: int | None, ends: str) -> None:
    with pytest.raises(WindowError):
        EventWindow(leads=leads, lags=lags, reference=reference, ends=ends)  # type: ignore[arg-type]


def test_reference_has_no_default() -> None:
    with pytest.raises(TypeError):
        EventWindow(leads=2, lags=2)  # type: ignore[call-arg]
