"""``eventpanel verify STUDY``."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from eventpanel.brookings.catalogue import CATALOGUE
from eventpanel.brookings.family import is_family, load_family
from eventpanel.brookings.made import make_exhibits
from eventpanel.brookings.published import published
from eventpanel.brookings.run import materials_of
from eventpanel.brookings.verified import verified_files
from eventpanel.brookings.verify import compare, summary
from eventpanel.commands.progress import progress
from eventpanel.commands.shared import data_folders
from eventpanel.datasets.errors import StudyError
from eventpanel.reports.folder import check_folder, publish
from eventpanel.reports.terminal import wrapped


def main(options: Namespace) -> int:
    """Make the exhibits that have published numbers, compare, and say what agrees."""
    if not is_family(options.study, options.set):
        raise StudyError(
            f"The study {options.study} has no published numbers to be compared with.",
            options.study,
            "verify compares with published numbers; so far the family brookings has these",
        )
    family = load_family(options.study, options.set)
    out = None if options.out is None else Path(options.out)
    if out is not None:
        check_folder(out)
    names = set(published()["exhibit"])
    exhibits = [exhibit for exhibit in CATALOGUE if exhibit.name in names]
    folders = () if family.simulation is not None else data_folders(options)
    with progress(len(exhibits) + len(family.inputs) + 1, quiet=options.quiet) as step:
        step("reading")
        materials = materials_of(family, folders, step)
        table = compare(make_exhibits(exhibits, materials, family.switches, step), materials)
    if out is not None:
        publish(out, verified_files(family, materials, table))
    if not options.quiet:
        lines = [wrapped(line) for line in summary(table, materials).splitlines()]
        print(wrapped(family.title), wrapped(family.banner), "", *lines, sep="\n")
        if out is not None:
            print(f"Written to {out}: open {out / 'verify.html'}")
    return 0
