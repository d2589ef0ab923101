"""A replication package: every file is listed, nothing of the machine is told, data stay where they are."""

from __future__ import annotations

import ast
import hashlib
import json
import platform
import tomllib
from pathlib import Path

import pytest

from eventpanel.brookings.family import Family, load_family
from eventpanel.brookings.made import make_exhibits
from eventpanel.brookings.package import Machine, Package, machine, package_files
from eventpanel.brookings.switches import Switches
from eventpanel.brookings.toml_text import toml_text
from eventpanel.reports.folder import publish
from eventpanel.reports.text import versions
from tests.brookings.toy_exhibits import REFUSED, TOY, toy_materials

# Headings of the template README of the social science data editors, in its order
# (https://social-science-data-editors.github.io/template_README/, version 1.1).
HEADINGS = [
    "Overview",
    "Data Availability and Provenance Statements",
    "Statement about Rights",
    "Summary of Availability",
    "Details on each Data Source",
    "Dataset list",
    "Computational requirements",
    "Software Requirements",
    "Controlled Randomness",
    "Memory, Runtime, Storage Requirements",
    "Description of programs/code",
    "License for Code",
    "Instructions to Replicators",
    "List of tables and programs",
    "References",
]
MACHINE = Machine(75.2, 700 * 2**20, 2, "Linux x86_64")


def family() -> Family:
    return load_family("brookings", ["switches.regime_cutoff=polity_6", "simulation.seed=7"])


def packed(kind: str) -> dict[str, bytes]:
    materials = toy_materials(kind)
    made = make_exhibits([TOY, REFUSED], materials, Switches())
    files = {"table_3.csv": b"a\n", "table_3.md": b"b", "table_30.csv": b"c", "numbers.csv": b"n\n"}
    return package_files(Package(family=family(), materials=materials, made=made, files=files, machine=MACHINE))


@pytest.fixture(scope="module", params=["simulated", "public", "own"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def files(kind: str) -> dict[str, bytes]:
    return packed(kind)


def test_the_readme_has_the_sections_of_the_template_in_order(files: dict[str, bytes]) -> None:
    lines = files["README.md"].decode().splitlines()
    heads = [line.lstrip("#").strip() for line in lines if line.startswith("##")]
    assert [head for head in heads if head in HEADINGS] == HEADINGS


def test_the_readme_states_machine_and_run_time_and_neither_host_nor_path(files: dict[str, bytes]) -> None:
    text = files["README.md"].decode()
    assert "about 75 seconds" in text
    assert "700 MB at the peak" in text
    assert "Machine: Linux x86_64, 2 cores." in text
    for content in files.values():
        assert platform.node().encode() not in content or len(platform.node()) < 4
        assert str(Path.cwd()).encode() not in content


def test_every_version_is_stated_and_pinned(files: dict[str, bytes]) -> None:
    text, pinned = files["README.md"].decode(), files["requirements.txt"].decode().splitlines()
    for name, version in versions().items():
        assert f"- {name} {version}\n" in text
        assert name == "python" or version == "not installed" or f"{name}=={version}" in pinned


def test_every_table_has_its_program_and_its_files(files: dict[str, bytes]) -> None:
    text = files["README.md"].decode()
    assert "makes 1 of 2 tables and figures" in text
    (row,) = [line for line in text.splitlines() if line.startswith("| Table 3.")]
    assert row == (
        "| Table 3. Toy / bias | `tests.brookings.toy_exhibits` | `outputs/table_3.csv`, `outputs/table_3.md` |  |"
    )
    assert "| `tests.brookings.toy_exhibits` |  | Not made: There are no data on arms. |" in text


def test_every_source_has_citation_licence_and_checksum(files: dict[str, bytes]) -> None:
    text = files["README.md"].decode()
    for part in ("#### Toy deals", "- Citation: Toy (2020).", "- Licence: none | needed", f"sha256 `{'ab' * 32}`"):
        assert part in text
    assert "- Not there: arms. no arms here" in text
    assert "- Toy deals: Toy (2020)." in files["CITATIONS.md"].decode()
    assert "10.3386/w31676" in files["CITATIONS.md"].decode()
    assert "- Toy deals: none | needed" in files["LICENCE-NOTES.md"].decode()


def test_only_simulated_data_are_copied(kind: str, files: dict[str, bytes]) -> None:
    data = [name for name in files if name.startswith("data/")]
    assert data == (["data/deals.csv"] if kind == "simulated" else [])
    if data:
        head, first, _ = files["data/deals.csv"].decode().splitlines()
        assert head == "exporter,importer,year,company,smart_city,label"
        assert first.startswith("CHN,KEN,2015,'=Cams,,\"SIMULATED DATA")


def test_checksums_are_those_of_every_file(files: dict[str, bytes]) -> None:
    lines = files["checksums.sha256"].decode().splitlines()
    listed = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert set(listed) == set(files) - {"checksums.sha256", "manifest.json"}
    assert all(hashlib.sha256(files[name]).hexdigest() == digest for name, digest in listed.items())
    outputs = json.loads(files["manifest.json"])["outputs"]
    assert set(outputs) == set(files) - {"manifest.json"}


def test_the_study_is_the_one_that_was_run(files: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_bytes(files["study.toml"])
    assert load_family(str(tmp_path / "study.toml")) == family()


def test_the_code_to_run_again_asks_for_the_exact_version(files: dict[str, bytes]) -> None:
    code = files["run.py"].decode()
    ast.parse(code)
    assert f'VERSION = "{versions()["eventpanel"]}"' in code
    assert files["run.sh"].startswith(b"#!/bin/sh\n")


def test_a_package_is_published_and_replaced(files: dict[str, bytes], tmp_path: Path) -> None:
    for _ in range(2):
        publish(tmp_path / "package", files)
    held = {path.relative_to(tmp_path / "package").as_posix() for path in (tmp_path / "package").rglob("*.*")}
    assert held == {name for name in files if "." in name}


def test_a_machine_has_no_name() -> None:
    found = machine(3.0)
    assert found.duration == "3 seconds"
    assert found._replace(seconds=600.0).duration == "10 minutes"
    assert found._replace(peak=0).memory == "not measured on this system"
    assert found.kind == f"{platform.system()} {platform.machine()}"
    # The process has certainly taken ten megabytes and less than a terabyte.
    assert found.peak == 0 or 10 * 2**20 < found.peak < 2**40


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"a": 'quo"te \\ back\n\t\x7f é \U0001f600', "b": True, "c": -3, "d": 0.9, "e": 1e-300},
        {"list": [1, 2], "tuple": ("x", "y"), "empty": [], "inner": [{"a": 1, "b": [{"c": "d"}]}]},
        {"one": {"two": {"three": 1}, "own": "x"}, "a key with blanks": {"p.q": 2}},
        {"empty table": {}, "after": {"x": float("inf")}},
    ],
)
def test_toml_comes_back(content: dict[str, object]) -> None:
    assert tomllib.loads(toml_text(content)) == json.loads(json.dumps(content))


def test_toml_leaves_out_what_is_none_and_refuses_what_it_cannot_say() -> None:
    assert tomllib.loads(toml_text({"a": None, "t": {"b": None, "c": 1}, "l": [{"d": None}]})) == {
        "t": {"c": 1},
        "l": [{}],
    }
    with pytest.raises(TypeError, match="complex"):
        toml_text({"a": 1j})


def test_a_study_with_inputs_comes_back_as_toml(tmp_path: Path) -> None:
    study = load_family("brookings-public")
    (tmp_path / "study.toml").write_text(toml_text(study.model_dump()), "utf-8")
    assert load_family(str(tmp_path / "study.toml")) == study
