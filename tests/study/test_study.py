"""Study files: overrides, strict types, every key known and documented."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from eventpanel.brookings.family import is_family, load_family
from eventpanel.build import build_designs, build_event, build_panel
from eventpanel.datasets.errors import MissingFileError, StudyError
from eventpanel.estimators.events import Overlap, Threshold
from eventpanel.robustness.case import case_of
from eventpanel.sections import Study
from eventpanel.study import built_in_studies, load_study

PAGE = Path(__file__).resolve().parents[2] / "docs" / "studies.md"
# The tables of one section have a page of their own.
ROBUSTNESS = PAGE.parent / "robustness" / "README.md"


def test_the_built_in_studies_load_and_make_designs() -> None:
    assert set(built_in_studies()) == {"brookings", "brookings-public", "demo", "unrest-deals", "world-panel"}
    for name, title in built_in_studies().items():
        if is_family(name):
            assert load_family(name).title == title
            continue
        study = load_study(name)
        assert study.title == title
        assert set(build_designs(study)) == set(study.estimates)


@pytest.mark.parametrize(
    ("setting", "keys", "value"),
    [
        ("window.leads=3", ("window", "leads"), 3),
        ("window.leads = 3", ("window", "leads"), 3),
        ("window.reference=-1", ("window", "reference"), -1),
        ("window.reference=none", ("window", "reference"), "none"),
        ('window.reference="none"', ("window", "reference"), "none"),
        ("output.level=0.9", ("output", "level"), 0.9),
        ("title=a = b", ("title",), "a = b"),
        ("title=", ("title",), ""),
        ("title=it's", ("title",), "it's"),
        ('design.controls=["polity2"]', ("design", "controls"), ["polity2"]),
        ("design.sample={first = 2010}", ("design", "sample", "first"), 2010),
        ('estimates."of my own".title=Mine', ("estimates", "of my own", "title"), "Mine"),
        ("event.threshold.rule=quantile", ("event", "threshold", "rule"), "quantile"),
    ],
)
def test_a_setting_changes_one_key(setting: str, keys: tuple[str, ...], value: object) -> None:
    dumped: Any = load_study("demo", [setting]).model_dump()
    for key in keys:
        dumped = dumped[key]
    assert dumped == value


def test_a_setting_changes_nothing_else() -> None:
    before, after = load_study("demo").model_dump(), load_study("demo", ["window.leads=3"]).model_dump()
    assert after.pop("window") == before.pop("window") | {"leads": 3}
    assert after == before


def test_an_offset_is_that_of_the_estimate_or_of_the_design() -> None:
    shared = build_designs(load_study("demo", ["design.offset=polity2"]))
    assert {design.offset for design in shared.values()} == {"polity2"}
    name = next(iter(shared))
    own = build_designs(load_study("demo", [f"estimates.{name}.offset=polity2"]))
    assert [key for key, design in own.items() if design.offset is not None] == [name]


def test_the_last_setting_wins() -> None:
    assert load_study("demo", ["window.leads=3", "window.leads=4"]).window.leads == 4


@pytest.mark.parametrize(
    "setting",
    [
        'window.leads="2"',
        "window.leads=2.0",
        "window.leads=true",
        "window.leads=[2]",
        "window.leads=",
        "title=3",
        'output.level="0.9"',
        "output.level=inf",
        'design.controls="gdp"',
        "design.outcome=[]",
        'panel.importers="KEN"',
        "estimates=3",
        "inputs.deals=3",
        "simulation.seed=1.5",
        "simulation.seed=-1",
    ],
)
def test_nothing_is_converted(setting: str) -> None:
    with pytest.raises(StudyError, match=setting.partition("=")[0]):
        load_study("demo", [setting])


@pytest.mark.parametrize(
    ("setting", "suggestion"),
    [
        ("windo.leads=3", "window"),
        ("window.lead=3", "leads"),
        ("design.covariance.smal_sample=none", "small_sample"),
        ("inputs.deals.sorce=x", "source"),
        ("moderators.regime.bellow=6", "below"),
        ("derive.any_deal.howw=log", "how"),
        ("estimates.regimes.tittle=x", "title"),
        ("design.sample.frist=2000", "first"),
        ("event.threshold={rul = 'absolute'}", "rule"),
    ],
)
def test_an_unknown_key_gets_a_suggestion(setting: str, suggestion: str) -> None:
    with pytest.raises(StudyError, match=rf"unknown key \(did you mean {suggestion}\?\)"):
        load_study("demo", [setting])


def test_an_unknown_key_unlike_any_other_gets_the_list() -> None:
    with pytest.raises(StudyError, match=r"window\.xyz: unknown key \(known: leads, lags, reference, ends\)"):
        load_study("demo", ["window.xyz=3"])


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(StudyError) as caught:
        load_study("demo", ["window.leads=x", "output.level=95", "titel=x"])
    for key in ("window.leads", "output.level", "titel"):
        assert key in caught.value.where


@pytest.mark.parametrize("prefix", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["unix", "windows"])
def test_a_file_may_come_from_any_editor(tmp_path: Path, prefix: bytes, end: bytes) -> None:
    source = Path(str(load_study.__code__.co_filename)).parent / "studies" / "demo.toml"
    path = tmp_path / "mine.toml"
    path.write_bytes(prefix + source.read_bytes().replace(b"\n", end))
    assert load_study(str(path)) == load_study("demo")


def test_a_missing_study_names_the_built_in_ones(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="demo, unrest-deals, world-panel"):
        load_study(str(tmp_path / "none.toml"))


def test_a_study_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_study("demo").window.leads = 3


def sections(model: type[BaseModel], path: str = "") -> dict[str, type[BaseModel]]:
    """Every table of a study file by the heading it has on the page, such as ``[inputs.NAME]``."""
    found: dict[str, type[BaseModel]] = {}
    for name, field in model.model_fields.items():
        for inner in _models(field.annotation):
            named = "" if inner is field.annotation or type(None) in get_args(field.annotation) else ".NAME"
            heading = f"{path}{name}{named}"
            found |= {heading: inner} | sections(inner, f"{heading}.")
    return found


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models(inner)]


def documented() -> dict[str, dict[str, str]]:
    """Keys and their rows on the pages, by heading."""
    parts, more = (
        re.split(r"^## `\[(.+)\]`$", page.read_text("utf-8"), flags=re.MULTILINE) for page in (PAGE, ROBUSTNESS)
    )
    tables = {"": parts[0]}
    for one in (parts, more):
        tables |= dict(zip(one[1::2], one[2::2], strict=True))
    return {name: dict(re.findall(r"^\| `(\w+)` \|(.*)$", text, re.MULTILINE)) for name, text in tables.items()}


def expected() -> dict[str, set[str]]:
    tables: dict[str, type[BaseModel]] = {"": Study} | sections(Study)
    return {name: set(model.model_fields) for name, model in tables.items()}


# These share the page's table with the section of the same model.
SHARED = {
    f"{table}.NAME.{key}"
    for table in ("estimates", "comparisons")
    for key in ("sample", "event", "event.threshold", "event.overlap", "window")
}


def test_every_key_is_on_the_page_and_no_other() -> None:
    wanted = {name: keys for name, keys in expected().items() if name not in SHARED}
    assert {name: set(rows) for name, rows in documented().items()} == wanted


def test_the_page_states_every_default() -> None:
    page = documented()
    tables: dict[str, type[BaseModel]] = {"": Study} | {k: v for k, v in sections(Study).items() if k not in SHARED}
    for name, model in tables.items():
        for key, field in model.model_fields.items():
            stated = page[name][key].split("|")[1].strip()
            assert stated == _default(field), f"{name}.{key}"


def _default(field: Any) -> str:
    if field.is_required():
        return "needed"
    value = field.default if field.default_factory is None else field.default_factory()
    empty = value is None or isinstance(value, BaseModel) or value in ("", [], {})
    return "none" if empty else f"`{value!r}`".replace("'", '"')


def test_the_page_s_examples_are_studies() -> None:
    examples = re.findall(r"^```toml\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert examples
    whole = Study.model_validate(tomllib.loads("\n".join(examples)))
    assert set(build_designs(whole)) == set(whole.estimates)


def test_the_options_on_the_page_of_robustness_make_designs() -> None:
    examples = re.findall(r"^```toml\n(.*?)^```$", ROBUSTNESS.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    held = tomllib.loads("\n".join(examples))
    study = Study.model_validate(load_study("demo").model_dump(exclude_none=True) | held)
    case = case_of(study, build_panel(study))
    assert set(case.section.axes) == {"event", "regime", "effects"}
    for options in case.section.axes.values():
        for changes in options.values():
            question = case.changed(changes)
            assert (question.estimator, question.design) != (case.question.estimator, case.question.design)


def test_an_overlap_rule_reaches_the_event() -> None:
    onset = 'event={column="unrest_events", kind="onset", by="importer", threshold={rule="period_quantile", value=0.9}'
    study = load_study("demo", [f'{onset}, overlap={{rule="apart", periods=3, aside="zero"}}}}'])
    event = build_event(study.event)
    assert event.overlap == Overlap(rule="apart", periods=3, aside="zero")
    assert event.threshold == Threshold(rule="period_quantile", value=0.9)
    assert build_event(load_study("demo").event).overlap == Overlap(rule="all")
    with pytest.raises(StudyError, match=r"event\.overlap\.rule"):
        load_study("demo", ['event.overlap={rule="last"}'])
