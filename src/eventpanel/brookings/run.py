"""Run the family: data, exhibits, files, index page."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from eventpanel.brookings.catalogue import CATALOGUE
from eventpanel.brookings.family import Family
from eventpanel.brookings.headlines import HEADLINES
from eventpanel.brookings.inputs import materials_from_inputs
from eventpanel.brookings.limits import limits
from eventpanel.brookings.made import Made, make_exhibits, marked
from eventpanel.brookings.moves import files_of_moves, grids_of_moves, moves
from eventpanel.brookings.package import Package, machine, package_files
from eventpanel.brookings.suppliers import exhibits_of
from eventpanel.brookings.switches import Switches
from eventpanel.brookings.written import Page, files_of, files_of_data, index_page, tidy
from eventpanel.datasets.errors import OutputError
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.simulated import simulate_materials
from eventpanel.reports.folder import check_folder, publish
from eventpanel.reports.text import csv_bytes, manifest

__all__ = ["family_files", "materials_of", "rendered", "run_family"]

Step = Callable[[str], None]


def _silent(_: str) -> None:
    """Report no progress."""


def materials_of(family: Family, data: Sequence[Path] = (), step: Step = _silent) -> Materials:
    """Return the data that a study file asks for: simulated, or from its inputs.

    Parameters
    ----------
    family : Family
    data : sequence of Path
        Folders of the files, searched in order; not needed for simulated data.
    step : callable
        Called with the name of each input before it is read.

    Raises
    ------
    EventPanelError
        As :func:`eventpanel.brookings.inputs.materials_from_inputs`.
    """
    if family.simulation is not None:
        return simulate_materials(family.simulation.seed)
    return materials_from_inputs(family, data, step)


def run_family(
    family: Family, out: Path, data: Sequence[Path] = (), step: Step = _silent, package: Path | None = None
) -> tuple[Made, ...]:
    """Make every exhibit and write the folder.

    Parameters
    ----------
    family : Family
    out : Path
        Folder to make, or to replace if an earlier run made it.
    data : sequence of Path
        Folders of the files of inputs, searched in order.
    step : callable
        Called with what is done next.
    package : Path, optional
        Folder of a replication package, also to be made.

    Returns
    -------
    tuple of Made

    Raises
    ------
    EventPanelError
        Anything wrong with data or folder; then nothing is written.
    """
    start = time.perf_counter()
    check_folder(out)
    if package is not None:
        _check_package(package, out)
    materials, made = _made(family, data, step)
    files = rendered(family, materials, made, step)
    step("writing")
    publish(out, files)
    if package is not None:
        taken = machine(time.perf_counter() - start)
        publish(
            package,
            package_files(Package(family=family, materials=materials, made=made, files=files, machine=taken)),
        )
    return made


def _made(family: Family, data: Sequence[Path], step: Step) -> tuple[Materials, tuple[Made, ...]]:
    step("reading")
    materials = materials_of(family, data, step)
    made = make_exhibits((*CATALOGUE, *exhibits_of(materials)), materials, family.switches, step)
    return materials, marked(made, family.stands_for)


def family_files(family: Family, data: Sequence[Path] = (), step: Step = _silent) -> dict[str, bytes]:
    """Make every exhibit and keep the files in memory, by name.

    Parameters
    ----------
    family : Family
    data : sequence of Path
        Folders of the files of inputs, searched in order.
    step : callable
        Called with what is done next.
    """
    return rendered(family, *_made(family, data, step), step)


def _check_package(package: Path, out: Path) -> None:
    """Refuse a package that cannot be written, or that shares a folder with the run."""
    check_folder(package)
    inner, outer = package.resolve(), out.resolve()
    if inner == outer or inner in outer.parents or outer in inner.parents:
        raise OutputError(
            "The replication package needs a folder of its own.", f"{package} and {out}", "choose another --package"
        )


def rendered(family: Family, materials: Materials, made: tuple[Made, ...], step: Step = _silent) -> dict[str, bytes]:
    """All files of a run, by name.

    Parameters
    ----------
    family : Family
    materials : Materials
    made : tuple of Made
    step : callable
    """
    files: dict[str, bytes] = {"numbers.csv": csv_bytes(tidy(made).assign(label=family.banner))}
    for one in made:
        content = one.versions[0].content
        figure = None
        if one.exhibit.draw is not None and content is not None:
            step(f"drawing {one.exhibit.number}")
            figure = one.exhibit.draw(content, family.output.level, family.banner)
        files |= files_of(one, figure, family.banner)
    moved = moves(materials, family.switches, HEADLINES, step)
    files |= files_of_moves(moved, family.output.level, family.banner)
    page = Page(
        title=family.title,
        label=family.banner,
        materials=materials,
        switches=_standing(family.switches),
        made=made,
        moves=tuple(grids_of_moves(moved)),
        files=files,
        limits=limits(materials, family.switches),
    )
    files |= files_of_data(materials)
    files |= {"index.html": index_page(page).encode()}
    return files | {"manifest.json": manifest(family.model_dump(), materials.sources, files, "run")}


def _standing(switches: Switches) -> tuple[tuple[str, str, str], ...]:
    fields = type(switches).model_fields
    return tuple(
        (f"{one.title} {name}", str(getattr(switches, name)), str(one.description)) for name, one in fields.items()
    )
