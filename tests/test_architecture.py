"""The shape of the code holds: layers, sizes, banned calls, docstrings, nothing about one machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sources import ROOT, ROOTS, Module, Place, code_lines, functions, graph, modules, parameters

# From the top: a module imports from lower layers and from its own family, never from a sibling or upwards.
LAYERS: tuple[dict[str, tuple[str, ...]], ...] = (
    {"front door": ("api", "public", "__main__")},
    {"cli": ("cli",)},
    {"commands": ("commands",)},
    {"runs": ("runs", "rerun")},
    {"brookings": ("brookings",), "run": ("run",)},
    {"robustness": ("robustness",)},
    {"build": ("build", "comparisons", "covariances", "inputs"), "estimating": ("estimating",)},
    {
        "study": ("study", "section", "sections", "robustness_section", "studies"),
        "reports": ("reports",),
    },
    {"multiple": ("estimators.multiple",), "ppml_influence": ("estimators.ppml_influence",)},
    {
        "joint_curve": ("estimators.joint_curve",),
        "score_curve": ("estimators.score_curve",),
        "curve_statistics": ("estimators.curve_statistics",),
    },
    {"permuted_curve": ("estimators.permuted_curve",)},
    {"curve_draws": ("estimators.curve_draws",)},
    {
        "cross_check": ("estimators.cross_check",),
        "detectable": ("estimators.detectable",),
        "zeros": ("estimators.zeros",),
        "wild_bootstrap": ("estimators.wild_bootstrap",),
        "score_bootstrap": ("estimators.score_bootstrap",),
        "randomisation": ("estimators.randomisation", "estimators.placebo_draws", "estimators.redrawn"),
        "lead_placebo": ("estimators.lead_placebo",),
        "few_treated": ("estimators.few_treated",),
        "effective_clusters": ("estimators.effective_clusters",),
        "logit": ("estimators.logit",),
        "probit": ("estimators.probit",),
        "binary_bias": ("estimators.binary_bias",),
        "debiased_ppml": ("estimators.debiased_ppml",),
        "placebo_units": ("estimators.placebo_units", "estimators.placebo_gaps"),
        "honest_did": ("estimators.honest_did", "estimators.honest", "estimators.normalised"),
        "matched_sets": ("estimators.matched_sets",),
    },
    {"bootstrap": ("estimators.bootstrap",), "side_by_side": ("estimators.side_by_side",)},
    {"methods": ("estimators.methods",)},
    {"card": ("estimators.card",), "local_projections": ("estimators.local_projections",)},
    {"lag_plans": ("estimators.lag_plans",)},
    {
        "interactive_effects": ("estimators.interactive_effects",),
        "matrix_completion": ("estimators.matrix_completion",),
    },
    {"completion": ("estimators.completion", "estimators.choice")},
    {"imputation": ("estimators.imputation",)},
    {"aggregate_att": ("estimators.aggregate_att",)},
    {
        "influence": (
            "estimators.cluster_tables",
            "estimators.influence",
            "estimators.influential",
            "estimators.leave_out",
            "estimators.parts",
            "estimators.without",
        ),
        "confounding": ("estimators.confounding", "estimators.omitted_variable"),
        "many": ("estimators.many",),
        "comparison": ("estimators.comparison",),
        "pretrends": (
            "estimators.event_coefficients",
            "estimators.pretrend_power",
            "estimators.leads_in_words",
        ),
    },
    {
        "distributed_lag": ("estimators.distributed_lag",),
        "did_multiplegt": ("estimators.did_multiplegt",),
        "ppml": ("estimators.ppml",),
        "binary": ("estimators.binary",),
        "inference": (
            "estimators.inference",
            "estimators.bands",
            "estimators.combinations",
            "estimators.hypotheses",
        ),
        "audit": ("estimators.audit", "estimators.event_table", "estimators.standing"),
        "histories": ("estimators.histories",),
        "averages": ("estimators.averages",),
        "joint": ("estimators.joint",),
        "orthogonalised": ("estimators.orthogonalised",),
        "lp_did": ("estimators.lp_did",),
        "stacked_did": ("estimators.stacked_did",),
        "twfe_weights": ("estimators.twfe_weights",),
        "panel_match": ("estimators.panel_match",),
        "linear": (
            "estimators.linear",
            "estimators.linear_fit",
            "estimators.linear_rows",
            "estimators.linear_vcov",
        ),
    },
    {"poisson_model": ("estimators.poisson_model",)},
    {"likelihood": ("estimators.likelihood",)},
    {"solution": ("estimators.solution",), "places": ("estimators.places",), "precision": ("estimators.precision",)},
    {
        "callaway_santanna": ("estimators.callaway_santanna",),
        "sun_abraham": ("estimators.sun_abraham",),
        "two_stage": ("estimators.two_stage",),
        "extended_two_way": ("estimators.extended_two_way",),
    },
    {"saturated": ("estimators.saturated",)},
    {"cohorts": ("estimators.cohorts", "estimators.cohort_path")},
    {"method": ("estimators.method",), "clean_windows": ("estimators.clean_windows", "estimators.horizons")},
    {
        "adoption": ("estimators.adoption",),
        "switches": ("estimators.switches",),
        "treatment": ("estimators.treatment",),
        "matching": ("estimators.matching", "estimators.eligible", "estimators.pools"),
    },
    {"trajectories": ("estimators.trajectories", "estimators.uses")},
    {"vcov": ("estimators.vcov", "estimators.rows")},
    {"cautions": ("estimators.cautions",)},
    {"target": ("estimators.target",)},
    {"estimate": ("estimators.estimate",)},
    {"regression": ("estimators.regression",)},
    {"matrices": ("estimators.matrices",)},
    {"selection": ("estimators.selection",)},
    {
        "ledger": ("estimators.ledger",),
        "tidy": ("estimators.tidy",),
        "contributions": ("estimators.contributions",),
    },
    {"clusters": ("estimators.clusters",)},
    {"path": ("estimators.path",)},
    {"design": ("estimators.design",)},
    {"record": ("estimators.record",), "moderator": ("estimators.moderator",)},
    {"coding": ("estimators.coding", "estimators.occurrences")},
    {"calendar": ("estimators.calendar",), "finite": ("estimators.finite",)},
    {
        "events": ("estimators.events",),
        "window": ("estimators.window",),
        "covariance": ("estimators.covariance",),
    },
    {"core": ("estimators.core",)},
    {"datasets": ("datasets",)},
)
FROM_DATASETS = {"datasets.panel", "datasets.errors", "datasets.periods"}


def place(name: str) -> tuple[int, str]:
    """Layer and family of a module."""
    found = [
        (depth, family)
        for depth, layer in enumerate(LAYERS)
        for family, starts in layer.items()
        if any(name == start or name.startswith(f"{start}.") for start in starts)
    ]
    assert len(found) == 1, f"{name} belongs to no layer: say where it stands"
    return found[0]


def edges() -> Iterator[tuple[str, str]]:
    return ((module, other) for module, others in graph().items() for other in others)


def test_the_package_is_a_namespace_without_a_file_of_its_own() -> None:
    assert [root for root in ROOTS if (ROOT / root / "eventpanel" / "__init__.py").exists()] == []


def test_imports_go_down() -> None:
    ignored = {"estimators", "datasets", ""}
    wrong = []
    for module, other in edges():
        if module in ignored or other in ignored:
            continue
        (depth, family), (other_depth, other_family) = place(module), place(other)
        if not (depth < other_depth or family == other_family):
            wrong.append(f"{module} imports {other}")
    assert wrong == []


def test_estimators_know_panels_errors_and_periods_and_no_more_of_the_datasets() -> None:
    wrong = [
        edge
        for edge in edges()
        if edge[0].startswith("estimators.") and edge[1].startswith("datasets") and edge[1] not in FROM_DATASETS
    ]
    assert [edge for edge in wrong if edge[1] != "datasets"] == []


def test_the_core_knows_neither_pandas_nor_datasets() -> None:
    for module in modules():
        if module.name.startswith("estimators.core"):
            assert outside(module) <= {
                "numpy",
                "scipy",
                "__future__",
                "collections",
                "concurrent",
                "importlib",
                "os",
                "dataclasses",
                "typing",
                "math",
                "itertools",
            }
            assert not any(name.startswith("datasets") for name in module.imports), module.name


def outside(module: Module) -> set[str]:
    names = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module).split(".")[0])
    return names - {"eventpanel"}


def test_readers_do_not_import_one_another() -> None:
    start = "datasets.sources."
    wrong = [
        (module, other)
        for module, other in edges()
        if module.startswith(start) and other.startswith(start) and other.split(".")[-1] != "common"
    ]
    assert wrong == []


def test_there_is_no_cycle() -> None:
    imports = graph()
    settled: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"cycle: {' > '.join((*path[path.index(name) :], name))}"
        if name not in settled:
            for other in sorted(imports[name]):
                # A package's own file is imported with each of its modules; it holds no code here.
                if not name.startswith(f"{other}."):
                    visit(other, (*path, name))
            settled.add(name)

    for name in sorted(imports):
        visit(name, ())


def test_files_are_short() -> None:
    # The list of public names is as long as what it lists.
    every = [m for m in modules() if m.name != "api"]
    lengths = {m.path.relative_to(ROOT): len(m.path.read_text("utf-8").splitlines()) for m in every}
    assert {path: length for path, length in lengths.items() if length > 300} == {}


def test_functions_are_short() -> None:
    lengths = {str(found): code_lines(found.function) for found in functions()}
    assert {name: length for name, length in lengths.items() if length > 60} == {}
    long = [name for name, length in lengths.items() if length > 30]
    assert len(long) <= 0.1 * len(lengths), long


def is_public(found: Place) -> bool:
    return not any(part.startswith("_") for part in f"{found.owner}{found.function.name}".split("."))


def takes_too_much(found: Place) -> bool:
    return len(parameters(found.function)) > 6


def takes_anything(found: Place) -> bool:
    return is_public(found) and found.function.args.kwarg is not None


def has_a_flag_by_position(found: Place) -> bool:
    arguments = [*found.function.args.posonlyargs, *found.function.args.args]
    defaults = found.function.args.defaults
    values = [default.value for default in defaults if isinstance(default, ast.Constant)]
    types = [a.annotation.id for a in arguments if isinstance(a.annotation, ast.Name)]
    return any(isinstance(value, bool) for value in values) or "bool" in types


def imports_inside(found: Place) -> bool:
    return any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(found.function))


@pytest.mark.parametrize("is_wrong", [takes_too_much, takes_anything, has_a_flag_by_position, imports_inside])
def test_no_function(is_wrong: Callable[[Place], bool]) -> None:
    assert [str(found) for found in functions() if is_wrong(found)] == []


BANNED_CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "tempfile.mktemp"}
PICKLES = {"read_pickle", "to_pickle"}
BANNED_MODULES = {"pickle", "yaml", "shelve", "marshal", "dill", "joblib", "subprocess", "requests", "urllib", "socket"}
WRITERS = {"write_text", "write_bytes", "to_excel", "to_parquet", "to_stata", "tofile", "mkdir", "unlink"}
# Results, what is finished of them, and fetched files.
THE_WRITERS = {"reports.folder", "robustness.store", "datasets.store"}
# The one module that talks to other machines, and what it does it with; urllib.parse only takes addresses apart.
THE_CALLER = {"datasets.transfer": {"requests", "urllib"}, "datasets.downloads": {"urllib"}}


def calls(module: Module) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            yield _called(node.func), node


def _called(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def is_dangerous(name: str, call: ast.Call) -> bool:
    flags = {k.arg for k in call.keywords if isinstance(k.value, ast.Constant) and k.value.value is True}
    return ast.unparse(call.func) in BANNED_CALLS or name in PICKLES or bool(flags & {"shell", "allow_pickle"})


def writes(name: str, call: ast.Call) -> bool:
    constants = [v.value for v in (*call.args, *[k.value for k in call.keywords]) if isinstance(v, ast.Constant)]
    if name == "open":
        return any(isinstance(value, str) and re.fullmatch(r"[rwaxbt+]*[wax+][rwaxbt+]*", value) for value in constants)
    if name in ("to_csv", "to_json", "to_html", "to_latex", "to_markdown"):
        return bool(call.args) or any(keyword.arg in ("path_or_buf", "buf") for keyword in call.keywords)
    return name in WRITERS


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_nothing_is_banned(module: Module) -> None:
    assert not outside(module) & BANNED_MODULES - THE_CALLER.get(module.name, set())
    assert [ast.unparse(call) for name, call in calls(module) if is_dangerous(name, call)] == []
    if module.name not in THE_WRITERS:
        assert [ast.unparse(call) for name, call in calls(module) if writes(name, call)] == []


@pytest.mark.parametrize(
    "code",
    [
        "eval('1')",
        "os.system('ls')",
        "run('ls', shell=True)",
        "np.load(f, allow_pickle=True)",
        "pd.read_pickle(p)",
    ],
)
def test_the_search_for_dangers_finds_them(code: str) -> None:
    call = ast.parse(code, mode="eval").body
    assert isinstance(call, ast.Call)
    assert is_dangerous(_called(call.func), call)


@pytest.mark.parametrize(
    "code", ["open(p, 'w')", "path.open('wb')", "p.write_text('')", "frame.to_csv(path)", "open(p, mode='a')"]
)
def test_the_search_for_writers_finds_them(code: str) -> None:
    call = ast.parse(code, mode="eval").body
    assert isinstance(call, ast.Call)
    assert writes(_called(call.func), call)


def test_every_module_says_what_it_is() -> None:
    assert [module.name for module in modules() if not ast.get_docstring(module.tree)] == []


def public_names(module: Module) -> list[str]:
    for node in module.tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return []


def test_every_public_name_has_a_docstring_and_its_parameters_a_section() -> None:
    wrong = []
    for module in modules():
        public = public_names(module)
        for node in module.tree.body:
            if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name not in public:
                continue
            text = ast.get_docstring(node) or ""
            many = isinstance(node, ast.FunctionDef) and len(parameters(node)) > 2
            if not text or (many and "Parameters\n----------\n" not in text):
                wrong.append(f"{module.name}.{node.name}")
    assert wrong == []


def test_all_names_exist() -> None:
    for module in modules():
        defined = {
            alias.asname or alias.name
            for n in ast.walk(module.tree)
            if isinstance(n, ast.ImportFrom)
            for alias in n.names
        }
        defined |= {n.name for n in module.tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
        defined |= {ast.unparse(t) for n in module.tree.body if isinstance(n, ast.Assign) for t in n.targets}
        defined |= {ast.unparse(n.target) for n in module.tree.body if isinstance(n, ast.AnnAssign)}
        assert set(public_names(module)) <= defined, module.name


# In pieces, so that this file does not hold what it looks for.
HOSTS = ("pypi" + ".org", "python" + "hosted", "conda" + ".anaconda")
MACHINE = re.compile(r"(?<![\w.~-])/(?:" + "|".join(("work", "tmp", "root", "home")) + r")/\w")
KEPT = ("src", "estimators", "datasets", "tests", "docs", "benchmarks", ".ci")


def texts() -> Iterator[Path]:
    # A lock file of uv is not kept (docs/decisions/0009): it names an index, as it must.
    yield from (path for path in ROOT.iterdir() if path.is_file() and path.name not in {".git", "uv.lock"})
    for folder in KEPT:
        yield from (p for p in (ROOT / folder).rglob("*") if p.is_file() and "__pycache__" not in p.parts)


def test_no_file_names_a_package_index_or_a_machine() -> None:
    wrong = []
    for path in texts():
        text = path.read_bytes().decode("utf-8", errors="replace")
        wrong += [f"{path.relative_to(ROOT)}: {host}" for host in HOSTS if host in text]
        wrong += [f"{path.relative_to(ROOT)}: {match.group()}" for match in MACHINE.finditer(text)]
    assert wrong == []
