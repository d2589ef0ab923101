"""The code as syntax trees, for tests that hold the architecture."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOTS = ("src", "estimators", "datasets")
PACKAGE = "eventpanel"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One file: its path, its dotted name below the package, its tree."""

    path: Path
    name: str
    tree: ast.Module

    @property
    def imports(self) -> set[str]:
        """Modules of the package that it imports, by their names below the package."""
        return {name for name in _imported(self.tree) if name}


@dataclass(frozen=True)
class Place:
    """A function and where it stands."""

    module: Module
    function: Function
    owner: str

    def __str__(self) -> str:
        return f"{self.module.path.relative_to(ROOT)}:{self.function.lineno} {self.owner}{self.function.name}"


@cache
def modules() -> tuple[Module, ...]:
    found = []
    for root in ROOTS:
        for path in sorted((ROOT / root).rglob("*.py")):
            parts = path.relative_to(ROOT / root / PACKAGE).with_suffix("").parts
            name = ".".join(part for part in parts if part != "__init__")
            found.append(Module(path, name, ast.parse(path.read_text("utf-8"))))
    return tuple(found)


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (_below(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            # ``from package import module`` and ``from module import name`` look alike: offer both.
            yield _below(str(node.module))
            yield from (_below(f"{node.module}.{alias.name}") for alias in node.names)


def _below(name: str) -> str:
    return name.removeprefix(f"{PACKAGE}.") if name.startswith(f"{PACKAGE}.") else ""


@cache
def graph() -> dict[str, set[str]]:
    """Module names and the modules of the package that each imports."""
    every = modules()
    names = {module.name for module in every}
    return {module.name: (module.imports & names) - {module.name} for module in every}


def functions() -> Iterator[Place]:
    for module in modules():
        yield from _functions(module, module.tree, "")


def _functions(module: Module, tree: ast.AST, owner: str) -> Iterator[Place]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Function):
            yield Place(module, node, owner)
            yield from _functions(module, node, f"{owner}{node.name}.")
        else:
            yield from _functions(module, node, f"{owner}{node.name}." if isinstance(node, ast.ClassDef) else owner)


def code_lines(function: Function) -> int:
    """Lines of a function that hold code: no docstring, no comment, no empty line."""
    body = function.body if ast.get_docstring(function) is None else function.body[1:]
    lines = set(range(function.lineno, (function.body[0].lineno - 1 if body else function.lineno) + 1))
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.expr | ast.stmt):
                lines |= {node.lineno, node.end_lineno or node.lineno}
    return len(lines)


def parameters(function: Function) -> list[str]:
    """Names of the parameters, without self and cls."""
    every = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return [argument.arg for argument in every if argument.arg not in ("self", "cls")]
