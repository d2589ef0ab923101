"""``eventpanel run`` of a study of the family ``brookings``."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from eventpanel.brookings.catalogue import CATALOGUE
from eventpanel.brookings.family import load_family
from eventpanel.brookings.headlines import HEADLINES
from eventpanel.brookings.moves import steps_of
from eventpanel.brookings.run import run_family
from eventpanel.commands.progress import progress
from eventpanel.commands.shared import data_folders
from eventpanel.reports.terminal import wrapped

__all__ = ["run"]


def run(options: Namespace) -> int:
    """Make all exhibits, say which could not be made and where the files are."""
    family = load_family(options.study, options.set)
    out = Path(options.out if options.out is not None else f"eventpanel-{Path(options.study).stem}")
    package = None if options.package is None else Path(options.package)
    folders = () if family.simulation is not None else data_folders(options)
    drawn = sum(exhibit.draw is not None for exhibit in CATALOGUE)
    steps = len(CATALOGUE) + drawn + len(family.inputs) + steps_of(family.switches, HEADLINES) + 3
    with progress(steps, quiet=options.quiet) as step:
        made = run_family(family, out, folders, step, package)
    if options.quiet:
        return 0
    print(wrapped(family.title), wrapped(family.banner), "", sep="\n")
    lacking = [one for one in made if one.versions[0].content is None]
    print(f"{len(made) - len(lacking)} of {len(made)} tables and figures made.")
    for one in lacking:
        print(f"  {one.exhibit.number}: not made. {one.versions[0].refused.splitlines()[0]}")
    print(f"Written to {out}: open {out / 'index.html'}")
    if package is not None:
        print(f"Replication package written to {package}: start with {package / 'README.md'}")
    return 0
