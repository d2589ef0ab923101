"""``eventpanel verify STUDY|RUN``."""

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
from eventpanel.commands.made_again import made_again
from eventpanel.commands.progress import progress
from eventpanel.commands.shared import data_folders, given_folders
from eventpanel.datasets.errors import StudyError
from eventpanel.reports.folder import check_folder, publish
from eventpanel.reports.terminal import wrapped
from eventpanel.study import built_in_studies


def main(options: Namespace) -> int:
    """Compare with the published numbers of a study, or make the run of a folder again."""
    named = Path(options.study).expanduser()
    if options.study not in built_in_studies() and named.is_dir():
        return made_again(named, given_folders(options), options)
    if is_family(options.study, options.set):
        if options.tolerance is not None:
            raise StudyError("Published numbers are compared to their digits.", "--tolerance", "leave it out")
        return _published(options)
    folder = Path(f"eventpanel-{named.stem}")
    if not folder.is_dir():
        raise StudyError(
            f"The study {options.study} has no published numbers, and there is no run of it in {folder}.",
            options.study,
            "run it first, or name the output folder of a run; the family brookings has published numbers",
        )
    return made_again(folder, data_folders(options), options)


def _published(options: Namespace) -> int:
    """Make the exhibits that have published numbers, compare, and say what agrees."""
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
