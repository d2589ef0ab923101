"""Progress on a terminal, silence elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isnan

from tqdm import tqdm

from eventpanel.robustness.standing import Standing

Watch = Callable[[str, int, int | None], None]


@contextmanager
def progress(total: int, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Yield a function that takes the name of the next step; a bar only where standard error is a terminal."""
    hidden = quiet or not sys.stderr.isatty()
    with tqdm(
        total=total, disable=hidden, leave=False, bar_format="{desc:<28} {bar} {n}/{total} {elapsed}<{remaining}"
    ) as bar:

        def step(name: str) -> None:
            bar.set_description_str(name)
            bar.update()

        yield step


@contextmanager
def transfer_bar(*, quiet: bool) -> Iterator[tuple[Watch, Callable[[str], None]]]:
    """Yield a function that takes file, bytes so far and bytes in all, and one that says that another is at work."""
    hidden = quiet or not sys.stderr.isatty()
    with tqdm(disable=hidden, leave=False, unit="B", unit_scale=True, dynamic_ncols=True) as bar:

        def watch(file: str, done: int, total: int | None) -> None:
            bar.set_description_str(file, refresh=False)
            bar.total = total
            bar.update(done - bar.n)

        def waiting(file: str) -> None:
            if not quiet:
                bar.write(f"{file}: another eventpanel is fetching it; waiting", file=sys.stderr)

        yield watch, waiting


@contextmanager
def parts_bar(*, quiet: bool) -> Iterator[Callable[[Standing], None]]:
    """Yield a function that takes how far a run of checks is; parts of an earlier run are no measure of speed."""
    hidden = quiet or not sys.stderr.isatty()
    shape = "{desc:<28.28} {bar} {n}/{total} {elapsed}{postfix}"
    # Nothing is drawn before the first standing, which says how many parts there are.
    with tqdm(desc="beginning", disable=hidden, leave=False, dynamic_ncols=True, delay=0.01, bar_format=shape) as bar:

        def watch(standing: Standing) -> None:
            bar.total, bar.n = standing.total, standing.done
            if standing.name:
                bar.set_description_str(standing.name, refresh=False)
            if not isnan(standing.left):
                bar.set_postfix_str(f"{tqdm.format_interval(standing.left)} left", refresh=False)
            bar.refresh()

        yield watch
