"""Replication package: README, study, outputs, code to run them again, checksums, citations, licences."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import pandas as pd
from jinja2 import Environment, StrictUndefined, select_autoescape

from eventpanel.brookings.family import Family
from eventpanel.brookings.made import Made
from eventpanel.brookings.toml_text import toml_text
from eventpanel.datasets.materials import Materials
from eventpanel.reports.pages import template_text
from eventpanel.reports.text import csv_bytes, manifest, versions

if sys.platform != "win32":
    import resource

__all__ = ["Machine", "Package", "machine", "package_files"]

PAPER = (
    'Beraja, Martin, Andrew Kao, David Y. Yang, and Noam Yuchtman. 2023. "Exporting the Surveillance State via Trade '
    'in AI." NBER Working Paper 31676. https://doi.org/10.3386/w31676'
)
COLUMNS = ("exporter", "importer", "year", "company", "smart_city")
MEGABYTE = 2**20


class Machine(NamedTuple):
    """What a run took, and on what kind of machine; neither its name nor a path.

    ``seconds`` of run time; ``peak`` memory in bytes, 0 where the system does not tell; ``cores``; ``kind`` such as
    ``"Linux x86_64"``.
    """

    seconds: float
    peak: int
    processors: int
    kind: str

    @property
    def duration(self) -> str:
        """Run time in words."""
        return f"{self.seconds:.0f} seconds" if self.seconds < 120 else f"{self.seconds / 60:.0f} minutes"

    @property
    def memory(self) -> str:
        """Peak memory in words."""
        return f"{self.peak / MEGABYTE:,.0f} MB at the peak" if self.peak else "not measured on this system"

    @property
    def cores(self) -> str:
        """Number of cores in words."""
        return "1 core" if self.processors == 1 else f"{self.processors} cores"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Package:
    """What goes into a replication package.

    Attributes
    ----------
    family : Family
    materials : Materials
    made : tuple of Made
    files : mapping of str to bytes
        All files of the run.
    machine : Machine
    """

    family: Family
    materials: Materials
    made: tuple[Made, ...]
    files: Mapping[str, bytes]
    machine: Machine


def machine(seconds: float) -> Machine:
    """Describe this machine and what the process has taken so far.

    Parameters
    ----------
    seconds : float
        Run time.
    """
    peak = 0
    if sys.platform != "win32":
        # Kibibytes, but bytes on macOS.
        unit = 1 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return Machine(seconds, peak, os.cpu_count() or 1, f"{platform.system()} {platform.machine()}")


def package_files(package: Package) -> dict[str, bytes]:
    """All files of a replication package, by relative name.

    Data are not copied unless they are simulated. ``checksums.sha256`` has every file but itself and
    ``manifest.json``, which has the checksum of every other file.

    Parameters
    ----------
    package : Package
    """
    family, sources = package.family, package.materials.sources
    version = versions()
    files = {
        "study.toml": toml_text(family.model_dump()).encode(),
        "run.sh": b'#!/bin/sh\nset -eu\ncd "$(dirname "$0")"\nexec python run.py "$@"\n',
        "run.py": _render("package_run.txt", {"version": version["eventpanel"]}),
        "requirements.txt": _requirements(version),
        "CITATIONS.md": _listed("Citations", [PAPER, *[f"{s.title}: {s.citation}" for s in sources if s.citation]]),
        "LICENCE-NOTES.md": _listed(
            "Licences of the sources",
            [f"{s.title}: {s.licence or 'not stated'}{f' ({s.url})' if s.url else ''}" for s in sources],
        ),
        **{f"outputs/{name}": content for name, content in package.files.items()},
    }
    if package.materials.kind == "simulated":
        files["data/deals.csv"] = _deals(package)
    files = {"README.md": _render("package.md", _facts(package, files)), **files}
    files["checksums.sha256"] = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items())
    ).encode()
    return files | {"manifest.json": manifest(family.model_dump(), sources, files, "package")}


def _render(name: str, values: Mapping[str, object]) -> bytes:
    """Fill a template of plain text."""
    environment = Environment(
        autoescape=select_autoescape(("html",), default_for_string=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.from_string(template_text(name)).render(values).encode()


def _requirements(version: Mapping[str, str]) -> bytes:
    pinned = [f"{name}=={number}" for name, number in version.items() if name != "python" and number[0].isdigit()]
    return ("\n".join(pinned) + "\n").encode()


def _listed(title: str, lines: list[str]) -> bytes:
    body = [f"- {' '.join(line.split())}" for line in dict.fromkeys(lines)]
    return ("\n".join([f"# {title}", "", *body]) + "\n").encode()


def _deals(package: Package) -> bytes:
    """Write simulated deals in the columns of the paper's list; one that is not there is empty."""
    frame = package.materials.deals.frame.reindex(columns=list(COLUMNS)).assign(label=package.family.banner)
    return csv_bytes(pd.DataFrame(frame))


def _facts(package: Package, files: Mapping[str, bytes]) -> dict[str, object]:
    """Collect what the README says."""
    family, materials = package.family, package.materials
    sources = list(dict.fromkeys(materials.sources))
    exhibits = [_exhibit(one, package.files) for one in package.made]
    simulation = family.model_dump().get("simulation") or {}
    return {
        "title": family.title,
        "label": family.banner,
        "kind": materials.kind,
        "seed": simulation.get("seed"),
        "made": sum(one["made"] is True for one in exhibits),
        "exhibits": exhibits,
        "sources": sources,
        "absent": [(name, why) for name, why in materials.absent.items() if why],
        "datasets": _datasets(package),
        "versions": versions(),
        "machine": package.machine,
        "storage": f"{max(1, round(sum(map(len, files.values())) / MEGABYTE))} MB",
        "references": list(dict.fromkeys([PAPER, *[s.citation for s in sources if s.citation]])),
    }


def _datasets(package: Package) -> list[tuple[str, str, str, str]]:
    """Rows of the list of data sets: file, source, notes, whether it is in the package."""
    materials = package.materials
    rows = [
        (f"`{source.file}`", source.title, source.coverage.replace("|", "/"), "No")
        for source in dict.fromkeys(materials.sources)
        if source.file
    ]
    if materials.kind == "simulated":
        notes = f"Simulated deals: {', '.join(COLUMNS)}; made by `study.toml`, here to be read"
        rows.insert(0, ("`data/deals.csv`", materials.deals.source.title, notes, "Yes"))
    return rows


def _exhibit(one: Made, files: Mapping[str, bytes]) -> dict[str, object]:
    """Row of the list of tables and figures."""
    name, first = one.exhibit.name, one.versions[0]
    mine = sorted(file for file in files if file.split(".")[0] == name or file.startswith(f"{name}_"))
    make = one.exhibit.make
    while isinstance(make, partial):
        make = make.func
    return {
        "number": one.exhibit.number,
        "title": one.exhibit.title.replace("|", "/"),
        "program": make.__module__,
        "files": ", ".join(f"`outputs/{file}`" for file in mine),
        "made": first.content is not None,
        "note": "" if first.content is not None else f"Not made: {first.refused.splitlines()[0]}".replace("|", "/"),
    }
