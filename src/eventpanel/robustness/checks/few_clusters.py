"""Few clusters: what the headline rests on, and its p-value by every way of inference, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Literal

import pandas as pd

from eventpanel.estimators.cautions import FEW_TREATED
from eventpanel.estimators.effective_clusters import effective_clusters
from eventpanel.robustness.case import Case
from eventpanel.robustness.check import Check, Finding, Part
from eventpanel.robustness.figures.inference import methods
from eventpanel.robustness.judge import able, is_significant
from eventpanel.robustness.lines import Found, Line, made
from eventpanel.robustness.reassignment import need_regression
from eventpanel.robustness.ways_of_inference import (
    BOOTSTRAP,
    BY_CLUSTER,
    CRV1,
    CRV3,
    DEPENDENCE,
    RANDOMISATION,
    TREATED,
    clustered,
    clusters_of,
    ways_of,
)

__all__ = ["CHECK"]

NAME = "few_clusters"
FACTS = "clusters"
COUNT, STRUCK, EFFECTIVE = "clusters", "clusters with an event", "effective number of clusters"
HEAVIEST, LEVERAGE, EVENTS = "largest share of leverage", "largest leverage", "largest share of events"
KINDS = (BY_CLUSTER, BOOTSTRAP, RANDOMISATION, TREATED, DEPENDENCE)
COLUMNS = ("rows", "events", "leverage", "share_of_events", "share_of_leverage")


def parts(case: Case) -> Sequence[Part]:
    """One part for the clusters, and one a kind of inference."""
    need_regression(case)
    return [Part(NAME, FACTS, _facts), *(Part(NAME, kind, partial(_kind, kind)) for kind in KINDS)]


def _kind(kind: str, case: Case) -> Found:
    return Found(ways_of(case, NAME, kind))


def _facts(case: Case) -> Found:
    model: Literal["linear", "poisson"] = "linear" if case.is_linear else "poisson"
    found = effective_clusters(case.panel, clustered(case), case.target, model=model)
    table = found.table.assign(
        share_of_events=lambda t: t["events"] / t["events"].sum(), share_of_leverage=lambda t: t["partial"]
    ).set_index("cluster")
    own = table[table["rows"] > 0]
    equal = f"equal shares would be {1 / len(own):.3g}"
    lines = (
        _fact(case, COUNT, float(len(own)), "with rows in the groups of the headline"),
        _fact(case, STRUCK, float((own["events"] > 0).sum()), "of these"),
        _fact(case, EFFECTIVE, found.effective, "one over the sum of squared shares of the partial leverage"),
        _largest(case, HEAVIEST, table["share_of_leverage"], f"partial leverage of the headline; {equal}"),
        _largest(case, LEVERAGE, table["leverage"], f"terms and effects; the mean is {table['leverage'].mean():.3g}"),
        _largest(case, EVENTS, own["share_of_events"], equal),
    )
    draws = {
        str(name): tuple(map(float, row)) for name, row in zip(table.index, table[[*COLUMNS]].to_numpy(), strict=True)
    }
    return Found(lines, draws)


def _fact(case: Case, label: str, value: float, note: str) -> Line:
    return Line(NAME, FACTS, label, "size", f"{label}, {case.target.describe()}", estimate=value, note=note)


def _largest(case: Case, label: str, values: pd.Series, note: str) -> Line:
    return _fact(case, label, float(values.max()), f"{values.idxmax()}; {note}")


def judge(case: Case, lines: Sequence[Line]) -> Finding:
    """Judge by the ways of inference that hold with few or unequal clusters: who rejects, who does not."""
    tests, alpha = made(lines, "test"), case.alpha
    trusted = able(_trusted(tests, case), alpha)
    words = _rests_on(lines)
    if not trusted:
        return Finding("cannot tell", f"{words}No other way of inference could be made.")
    words += _told(tests, alpha)
    if len(trusted) < 3 and clusters_of(case)[1] < FEW_TREATED:
        words += f" With so few clusters with an event {' and '.join(line.part for line in trusted)} count."
    share = sum(line.p_value <= alpha for line in trusted) / len(trusted)
    if not is_significant(case):
        return Finding("cannot tell", words)
    return Finding("holds" if share == 1 else "weakens" if share >= 0.5 else "breaks", words)


def _trusted(tests: Sequence[Line], case: Case) -> list[Line]:
    """Ways that hold with few clusters; with very few treated ones only those that compare units hold."""
    robust = [line for line in tests if line.part != DEPENDENCE and line.label != CRV1]
    compared = [line for line in robust if line.part in (RANDOMISATION, TREATED)]
    return compared if compared and clusters_of(case)[1] < FEW_TREATED else robust


def _rests_on(lines: Sequence[Line]) -> str:
    facts = {line.label: line for line in lines if line.role == "size"}
    if not facts:
        return ""
    heaviest, name = facts[HEAVIEST], facts[HEAVIEST].note.split("; ")[0]
    return (
        f"The headline rests on {facts[COUNT].estimate:.0f} clusters, {facts[STRUCK].estimate:.0f} of them with an "
        f"event, as much as {facts[EFFECTIVE].estimate:.1f} of equal weight would; {name} alone has "
        f"{heaviest.estimate:.0%} of the leverage. "
    )


def _told(tests: Sequence[Line], alpha: float) -> str:
    """Say who rejects and who does not, and whether CRV1 stands alone."""
    beyond = [line for line in tests if line.p_value <= alpha]
    others = [line for line in tests if line.p_value > alpha]
    if not others:
        return f"All {len(tests)} ways of inference agree: each rejects an effect of zero at {alpha:.3g}."
    if not beyond:
        return f"All {len(tests)} ways of inference agree: none rejects an effect of zero at {alpha:.3g}."
    words = (
        f"{len(beyond)} of {len(tests)} ways of inference reject an effect of zero at {alpha:.3g}; these do not: "
        f"{', '.join(f'{line.label} (p = {line.p_value:.3g})' for line in others)}."
    )
    against = [line.label for line in others if line.label == CRV3 or line.part == BOOTSTRAP]
    if against and any(line.label == CRV1 for line in beyond):
        words += (
            f" CRV1 rejects and {' and '.join(against)} {'do' if len(against) > 1 else 'does'} not: do not trust CRV1."
        )
    return words


def tables(case: Case, found: Found) -> Mapping[str, pd.DataFrame]:
    """Rows, events, leverage and shares of every cluster, the heaviest first."""
    table = pd.DataFrame.from_dict(found.draws, orient="index", columns=list(COLUMNS)).rename_axis("cluster")
    heaviest = table.sort_values("share_of_leverage", ascending=False, kind="stable")
    return {"few_clusters_weights": heaviest.reset_index()}


CHECK = Check(
    name=NAME,
    title="Few, unequal or few treated clusters",
    question="On how many countries does the headline rest, and does its significance depend on how it is computed?",
    reading="First what each cluster gives: the effective number of clusters is what as many clusters of equal weight "
    "would carry (Carter, Schnepel and Steigerwald 2017; MacKinnon, Nielsen and Webb 2023); far below their number, "
    "CRV1 with t(G-1) rejects too often. Then the p-value of no effect and the interval by every way. CRV2, CRV3, the "
    "bootstrap and randomisation should agree with CRV1; where they do not, they are to be believed. With fewer than "
    f"{FEW_TREATED} clusters with an event only randomisation and Conley and Taber are. Other dependence is shown, "
    "not judged: Driscoll and Kraay need many periods, Conley counts neighbours.",
    parts=parts,
    judge=judge,
    draw=methods,
    tables=tables,
)
