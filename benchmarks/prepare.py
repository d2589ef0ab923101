"""Works made ready: data simulated, contenders named, unavoidable bytes and operations counted; nothing timed yet."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks import ours, peers, r, workloads
from benchmarks.contenders import Call, Command, Contender, Service
from benchmarks.machine import Unavoidable
from benchmarks.workloads import EFFECTS, REGRESSORS, Floats, Shape, Specification, Trade

COLD = Path(__file__).with_name("cold")
PANEL = Specification(effects=("importer", "year"))
DYADS = Specification()
NOTHING = Unavoidable()
PATH = len(workloads.event_columns(0.0))
RITEST_DRAWS, SUBSET = 100, 24
POISSON_PASSES = 5


@dataclass(frozen=True)
class Prepared:
    """A work, ready to be timed.

    Attributes
    ----------
    title : str
        What is done, with its size.
    ours : Contender, or None
        None where there is no such call yet.
    peers : sequence of sequences of Contender
        The ways of each peer; the fastest way of each runs.
    unavoidable : Unavoidable
    check : callable, optional
        Largest relative difference, where the coefficients of the peer say nothing about the work.
    most_memory : float
        Peak memory allowed to ours, in bytes.
    note : str
    """

    title: str
    ours: Contender | None
    peers: Sequence[Sequence[Contender]] = ()
    unavoidable: Unavoidable = NOTHING
    check: Callable[[], float] | None = None
    most_memory: float = float("inf")
    note: str = ""


@dataclass(frozen=True)
class Setting:
    """Size of the data, whether repeats are few, the version of R fixest; holds data that several works share."""

    shape: Shape
    fixest: str
    quick: bool
    places: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def dyads(self) -> Trade:
        """Importer-exporter-years."""
        return workloads.dyads(self.shape)

    @cached_property
    def importer_years(self) -> Trade:
        """Importer-years."""
        return workloads.importer_years(self.dyads)

    @property
    def draws(self) -> int:
        """Draws of the bootstrap."""
        return 9_999 if self.quick else 99_999


def _once_through(rows: int, columns: int, effects: int) -> Unavoidable:
    """Read columns and codes once, write what is left of them once; one cross-product."""
    return Unavoidable(rows * (16.0 * columns + 8.0 * effects), 2.0 * rows * columns**2)


def _fixest(
    setting: Setting, trade: Trade, asked: Sequence[Specification], *, poisson: bool = False
) -> list[Contender]:
    if not setting.fixest:
        return []
    return [r.fixest_frame(trade.ready, asked, version=setting.fixest, poisson=poisson)]


def _linear(package: str, run: Callable[[], Callable[[], Floats]]) -> list[Contender]:
    return [Call(peers.version(package), "python", run())] if peers.is_here(package) else []


def importer_year(setting: Setting) -> Prepared:
    """One regression on importer-years, from a data frame to a row of a table."""
    trade, ready = setting.importer_years, peers.needed(setting.importer_years.ready, [PANEL])
    return Prepared(
        f"one regression, importer-years ({len(ready):,} rows), data frame to table row",
        Call("eventpanel", "ours", partial(ours.whole_call, trade.record, PANEL)),
        [
            peers.pyfixest_calls(lambda way: partial(peers.feols, ready, PANEL, way)),
            _linear("linearmodels", partial(peers.panel_ols, ready, PANEL)),
            _linear("statsmodels", partial(peers.dummies_ols, ready, PANEL)),
            _fixest(setting, trade, [PANEL]),
        ],
        _once_through(len(ready), 1 + REGRESSORS, 2),
    )


def dyads(setting: Setting) -> Prepared:
    """One regression on dyad-years."""
    trade, ready = setting.dyads, peers.needed(setting.dyads.ready, [DYADS])
    held = ours.panel(trade.record)
    return Prepared(
        f"one regression, dyad-years ({len(ready):,} rows), pair and exporter-year effects",
        Call("eventpanel", "ours", partial(ours.regression, held, ours.design(DYADS))),
        [
            peers.pyfixest_calls(lambda way: partial(peers.feols, ready, DYADS, way)),
            _linear("linearmodels", partial(peers.absorbing_ls, ready, DYADS)),
            _fixest(setting, trade, [DYADS]),
        ],
        _once_through(len(ready), 1 + REGRESSORS, 2),
    )


def poisson(setting: Setting) -> Prepared:
    """One Poisson regression on dyad-years; the rows that cannot be separated are passed a few times."""
    trade, ready = setting.dyads, peers.needed(setting.dyads.ready, [DYADS])
    held = ours.panel(trade.record)
    useful = int((ready["deals"].groupby(ready["exporter_importer"]).transform("sum") > 0).sum())
    return Prepared(
        f"one Poisson regression, dyad-years ({len(ready):,} rows)",
        Call("eventpanel", "ours", partial(ours.poisson, held, ours.design(DYADS, rule="ppmlhdfe"))),
        [
            peers.pyfixest_calls(lambda way: partial(peers.fepois, ready, DYADS, way)),
            _fixest(setting, trade, [DYADS], poisson=True),
        ],
        _once_through(useful, 1 + REGRESSORS, 2).times(POISSON_PASSES),
    )


def suite(setting: Setting) -> Prepared:
    """Run a thousand specifications; peers run a random subset in a loop, scaled up."""
    trade, every = setting.dyads, workloads.specifications()
    chosen = sorted(np.random.default_rng(7).choice(len(every), SUBSET, replace=False).tolist())
    asked, scale = [every[i] for i in chosen], len(every) / SUBSET
    ready = peers.needed(trade.ready, asked).assign(year=trade.ready["year"])
    cut = [ready[ready["year"] <= one.sample[1] - workloads.FIRST] for one in asked]
    rows, columns = len(ready), len(workloads.OUTCOMES) + len(workloads.THRESHOLDS) * REGRESSORS + 3

    def loop(way: object) -> Callable[[], Floats]:
        return lambda: np.concatenate([peers.feols(*pair, way) for pair in zip(cut, asked, strict=True)])

    return Prepared(
        f"{len(every):,} specifications on these rows (peers: {SUBSET} of them at random, scaled)",
        _our_suite(trade, every, chosen),
        [
            peers.pyfixest_calls(loop, scale),
            [r.fixest_frame(trade.ready, asked, version=setting.fixest, scale=scale)] if setting.fixest else [],
        ],
        _once_through(rows, columns, 2).times(len(EFFECTS) * len(workloads.SAMPLES)),
    )


def _our_suite(trade: Trade, every: Sequence[Specification], chosen: Sequence[int]) -> Call:
    held, designs = ours.panel(trade.record), [ours.design(one) for one in every]
    if ours.CAN_ESTIMATE_MANY:
        return Call("eventpanel", "ours", lambda: _chosen(ours.suite(held, designs), chosen))
    few = [designs[i] for i in chosen]
    note = "ours is a loop over the same subset, scaled"
    return Call("eventpanel", "ours", lambda: np.concatenate(ours.suite(held, few)), len(every) / len(few), note)


def _chosen(every: Sequence[Floats], chosen: Sequence[int]) -> Floats:
    return np.concatenate([every[i] for i in chosen])


def leave_one_out(setting: Setting) -> Prepared:
    """Leave out each importer in turn with CRV3, against our own single regression."""
    trade, design = setting.dyads, ours.design(DYADS, kind="CRV3")
    held, single = ours.panel(trade.record), ours.design(DYADS)
    some = trade.record["importer"].unique()[[0, -1]]

    def check() -> float:
        table = ours.without_each(held, design)
        gaps = []
        for importer in some:
            want = ours.regression(held, ours.without(single, trade.record, importer))
            gaps.append(np.abs(ours.path_of(table[table["cluster"] == importer]) / want - 1).max())
        return float(max(gaps))

    return Prepared(
        f"the path without each of {trade.record['importer'].nunique()} importers, with CRV3, dyad-years",
        Call("eventpanel", "ours", lambda: ours.without_each(held, design)["estimate"].to_numpy()),
        [[Call("one regression of ours", "ours", partial(ours.regression, held, single))]],
        _once_through(len(trade.ready), 1 + REGRESSORS, 2),
        check=check,
        note="agreement: with regressions without the first and the last importer",
    )


def bootstrap(setting: Setting) -> Prepared:
    """Wild cluster bootstrap of the whole path; the peer does one coefficient without an interval, scaled."""
    trade, ready = setting.importer_years, peers.needed(setting.importer_years.ready, [PANEL])
    held, design, draws = ours.panel(trade.record), ours.design(PANEL), setting.draws
    clusters = trade.record["importer"].nunique()
    note = "one coefficient without its interval, scaled to the path; ours with intervals and joint tests"
    called = [
        Call(peers.version("pyfixest", "wildboottest"), "python", peers.wildboottest(ready, PANEL, draws), PATH, note)
        for _ in range(peers.HAS_WILDBOOTTEST)
    ]
    return Prepared(
        f"{draws:,} wild cluster bootstrap draws, whole path, importer-years",
        Call("eventpanel", "ours", lambda: ours.path_of(ours.wild(held, design, draws))),
        [called],
        Unavoidable(operations=2.0 * PATH * draws * clusters * (1 + REGRESSORS)),
    )


def randomisation(setting: Setting) -> Prepared:
    """Randomisation test on dyad-years; the peer does few draws for one coefficient, scaled."""
    trade, ready = setting.dyads, peers.needed(setting.dyads.ready, [DYADS])
    held, design, draws = ours.panel(trade.record), ours.design(DYADS), 9_999
    title = f"{draws:,} randomisation draws, whole path, dyad-years"
    if not ours.CAN_RANDOMISE:
        return Prepared(title, None, note="ours has no such call yet")
    note = f"{RITEST_DRAWS} draws for one coefficient, scaled to all draws; rows are dealt out, not importers"
    called = [
        Call(
            peers.version("pyfixest", "ritest"),
            "python",
            peers.ritest(ready, DYADS, RITEST_DRAWS),
            draws / RITEST_DRAWS,
            note,
        )
        for _ in range(peers.HAS_PYFIXEST)
    ]
    cells = trade.record.drop_duplicates(["importer", "year"]).shape[0]
    return Prepared(
        title,
        Call("eventpanel", "ours", lambda: ours.path_of(ours.randomisation(held, design, draws))),
        [called],
        Unavoidable(operations=2.0 * draws * cells * REGRESSORS),
    )


def large(setting: Setting) -> Prepared:
    """Millions of rows with two-way effects; every contender in a process of its own."""
    rows = 1_000_000 if setting.quick else setting.shape.large_rows
    title = f"{rows:,} rows, product pair and year effects, {REGRESSORS} regressors, clustered"
    if not ours.HAS_LARGE:
        return Prepared(title, None, note="ours has no such call yet")
    data = workloads.large(Shape(large_rows=rows))
    child = [sys.executable, "-m", "benchmarks.large"]
    ways = peers.demeaners() if peers.HAS_PYFIXEST else {}
    called = [Service(peers.version("pyfixest", way), "python", [*child, way, str(rows)]) for way in ways]
    return Prepared(
        title,
        Service("eventpanel", "ours", [*child, "ours", str(rows)]),
        [called, _large_fixest(setting, data)],
        _once_through(rows, 1 + REGRESSORS, 2),
        most_memory=3.0 * data.nbytes,
    )


def _large_fixest(setting: Setting, data: workloads.Large) -> list[Contender]:
    if not setting.fixest:
        return []
    terms = {f"x{j}": data.X[:, j] for j in range(REGRESSORS)}
    asked = r.Asked([f"y ~ {' + '.join(terms)} | pair + year"], [workloads.LAST], "cluster")
    columns = {"y": data.y, **terms, "pair": data.pair, "year": data.year, "cluster": data.cluster}
    return [r.fixest(columns, asked, version=setting.fixest)]


def cold_start(setting: Setting) -> Prepared:
    """Start a new process that reads a csv, runs one importer-year regression and prints it."""
    folder = Path(setting.places.enter_context(TemporaryDirectory()))
    raw, ready = folder / "raw.csv", folder / "ready.csv"
    setting.importer_years.record.to_csv(raw, index=False)
    peers.needed(setting.importer_years.ready, [PANEL]).to_csv(ready, index=False)
    packages = [name for name in ("pyfixest", "linearmodels", "statsmodels") if peers.is_here(name)]
    called: list[list[Contender]] = [
        [Command(peers.version(name), "python", [sys.executable, str(COLD / f"with_{name}.py"), str(ready)])]
        for name in packages
    ]
    if setting.fixest:
        command = ["Rscript", str(COLD / "with_fixest.R"), str(ready)]
        called.append([Command(f"R fixest {setting.fixest}", "R", command)])
    return Prepared(
        "cold start: a new process, one importer-year regression from a csv",
        Command("eventpanel", "ours", [sys.executable, str(COLD / "ours.py"), str(raw)]),
        called,
        Unavoidable(starts=True),
    )
