"""The pages of a run: the verdict first, nothing hidden, nothing that a name could break."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from eventpanel.build import build_panel
from eventpanel.robustness.case import Case, case_of
from eventpanel.robustness.catalogue import CHECKS
from eventpanel.robustness.check import Answer, Finding
from eventpanel.robustness.lines import Found, Line
from eventpanel.robustness.page import SHOWN, render
from eventpanel.robustness.plan import Checked, Plan
from eventpanel.robustness.summary import settings, summary
from eventpanel.robustness.variation import headline, unit_of
from eventpanel.robustness.verdict import headline_in_words, not_shown_in_words, verdict_in_words
from eventpanel.study import load_study
from tests.robustness import toy
from tests.robustness.curves import curve_case

HOSTILE = "<script>alert(1)</script> & $\\frac{x$ | =1+1 _{"


class Tags(HTMLParser):
    """Tags and texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        held = dict(attrs)
        self.links += [str(held["href"])] if "href" in held else []
        self.ids += [str(held["id"])] if "id" in held else []

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def checked(case: Case, answer: Answer, name: str, lines: tuple[Line, ...]) -> Checked:
    check = replace(toy.check(1), name=name, title=f"Title of {name}")
    return Checked(check, Found(lines), Finding(answer, f"Words of {name}."))


def line(case: Case, label: str, estimate: float) -> Line:
    return Line(
        "toy",
        "part",
        label,
        "variation",
        "q",
        unit_of(case.question),
        estimate,
        1.0,
        9.0,
        0.5,
        estimate - 2,
        estimate + 2,
    )


@pytest.fixture(scope="module")
def hostile() -> dict[str, bytes]:
    study = load_study("demo")
    section = study.robustness
    assert section is not None
    axes = {HOSTILE: {f"{HOSTILE} too": {"outcome": HOSTILE}}}
    study = study.model_copy(
        update={"title": HOSTILE, "label": HOSTILE, "robustness": section.model_copy(update={"axes": axes})}
    )
    case = case_of(study, build_panel(load_study("demo")))
    lines = (headline(case, "toy"), line(case, HOSTILE, 0.1)._replace(part=HOSTILE, note=HOSTILE))
    one = checked(case, "holds", "toy", lines)
    one = replace(one, check=replace(one.check, title=HOSTILE, question=HOSTILE, reading=HOSTILE))
    one = replace(one, check=replace(one.check, draw=CHECKS["axes"].draw), finding=Finding("holds", HOSTILE))
    plan = Plan(((one.check, ()),), ((replace(toy.check(1), name="other", title=HOSTILE), HOSTILE),))
    return render(case, plan, [one])


def test_names_that_would_be_code_are_shown_as_they_are(hostile: dict[str, bytes]) -> None:
    page = Tags(hostile["report.html"].decode())
    assert "script" not in page.tags
    assert page.text.count("<script>alert(1)</script>") >= 10
    assert b"<script" not in hostile["verdict.md"]
    assert r"\textless{}script" in hostile["verdict.tex"].decode()
    assert {"toy.png", "toy.pdf", "manifest.json"} <= set(hostile)


def test_no_cell_of_a_table_is_a_formula(hostile: dict[str, bytes], demo_case: Case) -> None:
    one = checked(demo_case, "holds", "toy", (line(demo_case, "=HYPERLINK(1)", 0.1)._replace(note="@x", part="+1"),))
    files = render(demo_case, Plan(((one.check, ()),), ()), [one])
    for name in ("results.csv", "findings.csv"):
        for row in csv.DictReader(io.StringIO(files[name].decode())):
            assert row["label"].startswith("SIMULATED DATA")
            assert row.get("name", "'=HYPERLINK(1)") == "'=HYPERLINK(1)"
            texts = [value for key, value in row.items() if not _is_number(value)]
            assert not any(text.startswith(("=", "+", "@", "-")) for text in texts)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return not text.startswith("+")


@pytest.fixture(scope="module")
def several(demo_case: Case) -> tuple[Plan, list[Checked]]:
    answers: list[tuple[Answer, str]] = [
        ("breaks", "first"),
        ("holds", "second"),
        ("cannot tell", "third"),
        ("weakens", "fourth"),
    ]
    ran = [
        checked(demo_case, answer, name, (line(demo_case, "x", 1.0), line(demo_case, "y", 4.0)))
        for answer, name in answers
    ]
    plan = Plan(
        tuple((one.check, ()) for one in ran), ((replace(toy.check(1), name="fifth", title="Fifth"), "No data."),)
    )
    return plan, ran


def test_every_check_stands_in_its_box_and_in_the_table_of_all(
    demo_case: Case, several: tuple[Plan, list[Checked]]
) -> None:
    page = Tags(render(demo_case, *several)["report.html"].decode())
    survives, rest = page.text.split("What the headline survives")[1].split("What weakens or kills it")
    worse, rest = rest.split("What the data cannot tell")
    unknown, rest = rest.split("All checks", 1)
    assert "Title of second" in survives
    assert worse.index("Words of first.") < worse.index("Words of fourth.")
    assert "Words of third." in unknown
    table = rest.split("Range, median and significance")[0]
    for name in ("first", "second", "third", "fourth"):
        assert f"Title of {name}" in table
        assert f"#{name}" in page.links
    assert "Fifth not made" in table
    assert "Fifth ( fifth ): No data." in page.text
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_the_page_begins_with_the_headline_in_the_terms_of_the_study(
    demo_case: Case, several: tuple[Plan, list[Checked]]
) -> None:
    text = Tags(render(demo_case, *several)["report.html"].decode()).text
    start = text.split("Verdict Of 4 checks")[0]
    for words in ("any_deal", "unrest_events, dose", "2008 to 2021", "importer, regime^year", "clustered by importer"):
        assert words in start
    assert f"{demo_case.headline.coef[0]:.4g}" in start
    assert "1,400, 100" in start


def test_every_setting_is_shown_with_where_it_comes_from(demo_case: Case, several: tuple[Plan, list[Checked]]) -> None:
    own = demo_case.section.model_copy(update={"seed": 1, "placebo_units": None})
    rows = {key: (value, origin) for key, value, origin in settings(own)}
    assert rows["robustness.seed"] == ("1", "default")
    assert rows["robustness.estimate"] == ('"regimes"', "set")
    assert rows["robustness.influential.most"] == ("10", "default")
    assert rows["robustness.placebo_units"] == ("none", "default")
    leaves = {key.split(".")[1] for key in rows}
    assert leaves == set(type(demo_case.section).model_fields)
    text = Tags(render(demo_case, *several)["report.html"].decode()).text
    assert all(key in text for key, _, _ in settings(demo_case.section))


def test_the_summary_ranges_over_what_should_stay_and_nothing_else(demo_case: Case) -> None:
    lines = (
        headline(demo_case, "toy"),
        line(demo_case, "x", 1.0),
        line(demo_case, "y", 4.0),
        line(demo_case, "z", 2.0),
    )
    other = line(demo_case, "w", 99.0)._replace(role="other", unit="other")
    one = checked(demo_case, "holds", "toy", (*lines, other))
    tests = tuple(
        Line("toy", "", label, "test", "p-value", p_value=p) for label, p in (("a", 0.01), ("b", 0.2), ("c", 0.03))
    )
    two = checked(demo_case, "weakens", "tests", tests)
    grid = summary(demo_case, Plan(((one.check, ()), (two.check, ())), ()), [one, two])
    assert grid.rows == (
        ("Title of toy", "holds", "3", "1 to 4", "2", "0 of 3"),
        ("Title of tests", "weakens", "3", "p = 0.01 to 0.2", "p = 0.03", "2 of 3"),
    )


def test_the_verdict_counts_and_names(demo_case: Case, several: tuple[Plan, list[Checked]]) -> None:
    assert verdict_in_words(demo_case, *several) == (
        "Of 4 checks the headline survives 1. It is weakened by: Title of fourth. It does not survive: Title of first. "
        "Nothing can be told from: Title of third. 1 more check could not be made: the study lacks what they need."
    )


def test_a_headline_that_shows_nothing_is_told_first(demo_case: Case, several: tuple[Plan, list[Checked]]) -> None:
    """The headline of the demo is positive: against a negative prediction, and at a level at which it is not shown."""
    target = replace(demo_case.target, direction="negative")
    against = replace(demo_case, question=replace(demo_case.question, target=target))
    output = demo_case.study.output.model_copy(update={"level": 1 - 1e-12})
    vague = replace(demo_case, study=demo_case.study.model_copy(update={"output": output}))
    assert not not_shown_in_words(demo_case)
    for case, words in ((against, "lies on the other side of zero"), (vague, "holds zero")):
        said = verdict_in_words(case, *several)
        assert said.startswith("The headline does not show what was predicted")
        assert words in said
        assert "survives" not in said
        text = Tags(render(case, *several)["report.html"].decode()).text
        assert text.index("does not show what was predicted") < text.index("Verdict The headline does not show")
        assert "kills" not in text
        assert (
            ": the headline does not show what was predicted"
            in render(case, *several)["verdict.md"].decode().splitlines()[4]
        )
    text = Tags(render(vague, several[0], [several[1][2]])["report.html"].decode()).text
    assert "What finds fault" not in text


def test_a_long_check_is_cut_on_the_page_and_whole_in_the_table(demo_case: Case) -> None:
    one = checked(demo_case, "holds", "toy", tuple(line(demo_case, f"row {i}", 1.0) for i in range(SHOWN + 5)))
    files = render(demo_case, Plan(((one.check, ()),), ()), [one])
    page = files["report.html"].decode()
    assert f"The first {SHOWN} of {SHOWN + 5} numbers" in page
    assert f"row {SHOWN + 1}<" not in page
    assert len(files["results.csv"].decode().splitlines()) == SHOWN + 6


def test_a_check_without_a_number_has_no_figure(demo_case: Case) -> None:
    lost = Line("toy", "p", "l", "not made", "q", note="why")
    one = checked(demo_case, "cannot tell", "toy", (lost,))
    one = replace(one, check=replace(one.check, draw=CHECKS["axes"].draw))
    files = render(demo_case, Plan(((one.check, ()),), ()), [one])
    assert "toy.png" not in files
    assert "why" in files["report.html"].decode()
    assert np.isnan(lost.estimate)


def test_equal_runs_leave_equal_files(demo_case: Case) -> None:
    ran = checked(demo_case, "holds", "toy", (line(demo_case, "x", 1.0), line(demo_case, "y", 4.0)))
    ran = replace(ran, check=replace(ran.check, draw=CHECKS["axes"].draw))
    plan = Plan(((ran.check, ()),), ())
    one, two = render(demo_case, plan, [ran]), render(demo_case, plan, [ran])
    assert one == two
    manifest = json.loads(one["manifest.json"])
    assert manifest["command"] == "robustness"
    assert set(manifest["outputs"]) == set(one) - {"manifest.json"}


@pytest.mark.parametrize(("direction", "told"), [("positive", False), ("negative", True)])
def test_a_sign_that_was_not_predicted_is_told(direction: str, told: bool) -> None:
    words = headline_in_words(curve_case({"direction": direction}, effect=0.5))
    assert words.endswith("Its sign is not the predicted one.") == told
