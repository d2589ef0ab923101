"""Contenders: something that does a work once, says how long it took, and shows its coefficients."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from benchmarks.workloads import Floats

Language = Literal["ours", "python", "R"]
ROOT = Path(__file__).resolve().parents[1]
ROOTS = (ROOT, ROOT / "src", ROOT / "estimators", ROOT / "datasets")


@dataclass(frozen=True)
class Timed:
    """One run.

    Attributes
    ----------
    seconds : float
    coef : ndarray
        Coefficients, in the order of the terms of the work.
    peak : float
        Peak memory of the process in bytes; missing where it holds other works too.
    errors : ndarray, optional
        Standard errors, where they are compared.
    """

    seconds: float
    coef: Floats
    peak: float = float("nan")
    errors: Floats | None = None


class Contender(Protocol):
    """Does a work once."""

    @property
    def name(self) -> str:
        """Name and version, as the table shows it."""
        ...

    @property
    def language(self) -> Language:
        """``ours``, or what the peer is called from."""
        ...

    @property
    def note(self) -> str:
        """What a reader of its numbers must know."""
        ...

    def once(self) -> Timed:
        """Do the work and time it."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


@dataclass(frozen=True)
class Call:
    """A function of this process.

    Attributes
    ----------
    name : str
    language : {"ours", "python", "R"}
    run : callable
        Returns the coefficients.
    scale : float
        Factor from what is timed to the whole work.
    note : str
    """

    name: str
    language: Language
    run: Callable[[], Floats]
    scale: float = 1.0
    note: str = ""

    def once(self) -> Timed:
        """Do the work and time it."""
        start = time.perf_counter()
        coef = self.run()
        return Timed(self.scale * (time.perf_counter() - start), coef)

    def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True)
class Command:
    """A new process for every run, timed from its start to its end; its last line is its coefficients as JSON."""

    name: str
    language: Language
    command: Sequence[str]
    note: str = ""

    def once(self) -> Timed:
        """Do the work and time it."""
        start = time.perf_counter()
        answer = subprocess.run(  # noqa: S603
            self.command, check=True, capture_output=True, text=True, env=environment()
        )
        seconds = time.perf_counter() - start
        return Timed(seconds, np.array(json.loads(answer.stdout.splitlines()[-1]), dtype=float))

    def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True)
class Service:
    """A process that holds its data, answers each line with one line of JSON, and times itself."""

    name: str
    language: Language
    command: Sequence[str]
    scale: float = 1.0
    note: str = ""
    held: list[subprocess.Popen[str]] = field(default_factory=list)

    def once(self) -> Timed:
        """Do the work once in the process."""
        process = self._process()
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("run\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise ChildProcessError(f"{self.name} ended without an answer")
        answer = json.loads(line)
        peak = float(answer.get("peak") or "nan")
        return Timed(self.scale * float(answer["seconds"]), np.array(answer["coef"], dtype=float), peak)

    def _process(self) -> subprocess.Popen[str]:
        if not self.held:
            pipe = subprocess.PIPE
            started = subprocess.Popen(  # noqa: S603
                self.command, stdin=pipe, stdout=pipe, text=True, env=environment()
            )
            self.held.append(started)
        return self.held[0]

    def close(self) -> None:
        """End the process, which gets no more lines."""
        for process in self.held:
            process.communicate()
        self.held.clear()


def environment() -> dict[str, str]:
    """Variables of a child that imports this checkout.

    Installed peers are compiled to bytecode; the checkout is in its first run, unless the machine forbids to keep that.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": os.pathsep.join(map(str, ROOTS))}
