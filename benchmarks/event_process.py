"""Contenders in processes of their own that may take only so long: ours and every peer, each with its data."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks import peers, r
from benchmarks.contenders import ROOT, Language, Timed, environment
from benchmarks.event_panels import PANELS, Size
from benchmarks.event_ready import LAGS, TIMES, lag_column, outcome_column, ready
from benchmarks.event_works import OURS, EventWork, Peer

LIMIT, START = 120.0, 60.0


class TooSlow(Exception):
    """It took longer than it may."""


class Failed(Exception):
    """It raised an error, or ended."""


@dataclass(frozen=True)
class Limited:
    """A process that holds its data, answers each line with one line of JSON, and is ended where it takes too long.

    Attributes
    ----------
    name : str
    language : {"ours", "python", "R"}
    command : sequence of str
    note : str
    same : tuple of int
        Event times whose coefficients must be ours.
    places : tuple of int
        Places of the coefficients of the work in its answer; all of them without.
    folder : TemporaryDirectory, optional
        Where its data lie.
    """

    name: str
    language: Language
    command: Sequence[str]
    note: str = ""
    same: tuple[int, ...] = ()
    places: tuple[int, ...] = ()
    folder: TemporaryDirectory[str] | None = None
    held: list[subprocess.Popen[str]] = field(default_factory=list)

    def once(self) -> Timed:
        """Do the work once; the start of the process is not timed.

        Raises
        ------
        TooSlow, Failed
        """
        allowed = LIMIT if self.held else LIMIT + START
        process = self._process()
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("run\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], allowed)[0]:
            raise TooSlow
        line = process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"failed": "the process ended without an answer"}
        if "failed" in answer:
            raise Failed(" ".join(str(answer["failed"]).split()))
        if answer["seconds"] > LIMIT:
            raise TooSlow
        coef, errors = (np.array(answer[name], dtype=float) for name in ("coef", "errors"))
        picked = list(self.places) or slice(None)
        return Timed(float(answer["seconds"]), coef[picked], errors=errors[picked])

    def _process(self) -> subprocess.Popen[str]:
        if not self.held:
            pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
            started = subprocess.Popen(  # noqa: S603
                self.command, stdin=pipe, stdout=pipe, stderr=nowhere, text=True, env=environment(), cwd=ROOT
            )
            self.held.append(started)
        return self.held[0]

    def close(self) -> None:
        """End the process, whatever it does, and remove its data."""
        for process in self.held:
            process.kill()
            process.communicate()
        self.held.clear()
        if self.folder is not None:
            self.folder.cleanup()


def ours(work: EventWork, size: Size) -> Limited:
    """Name the process of ours.

    Parameters
    ----------
    work : EventWork
    size : Size
    """
    return Limited(OURS, "ours", _command(work, size, OURS), work.note)


def others(work: EventWork, size: Size, fixest: str) -> tuple[list[Limited], list[str]]:
    """Name the processes of the peers that are installed, and the peers that are not.

    Parameters
    ----------
    work : EventWork
    size : Size
    fixest : str
        Version of R fixest; empty where it is not installed.
    """
    here = [peer for peer in work.peers if peers.is_here(_module(peer))]
    absent = [peer.package for peer in work.peers if peer not in here]
    found = [
        Limited(peers.version(peer.package), "python", _command(work, size, peer.package), peer.note, peer.same)
        for peer in here
    ]
    if work.key in IN_R:
        found += [_fixest(work, size, fixest)] if fixest else []
        absent += [] if fixest else ["R fixest"]
    return found, absent


def _module(peer: Peer) -> str:
    return peer.package.lower().replace("-", "_")


def _command(work: EventWork, size: Size, name: str) -> list[str]:
    return [sys.executable, "-m", "benchmarks.event_child", work.key, name, str(size.units), str(size.periods)]


IN_R = ("distributed_lag", "local_projections", "sun_abraham")


def _fixest(work: EventWork, size: Size, version: str) -> Limited:
    """R fixest with the formulas of a work, and where its event times stand among its coefficients."""
    frame = ready(PANELS[work.panel](size)).rename(columns={"year": "period"}).assign(year=0)
    if work.key == "distributed_lag":
        formulas = [f"y ~ {' + '.join(map(lag_column, LAGS))} | unit + period"]
        places = tuple(range(len(LAGS)))
    elif work.key == "local_projections":
        formulas = [f"{outcome_column(k)} ~ event + before | unit + period" for k in TIMES]
        places = tuple(range(0, 2 * len(TIMES), 2))
    else:
        formulas = ["y ~ sunab(code, period) | unit + period"]
        since = sorted({int(k) for k in frame["since"].unique() if np.isfinite(k) and k != -1})
        places = tuple(since.index(k) for k in TIMES)
    asked = r.Asked(formulas, [0] * len(formulas), "unit")
    made = r.fixest({str(name): frame[name].to_numpy() for name in frame}, asked, version=version)
    note = "no covariance between event times" if work.key == "local_projections" else ""
    return Limited(made.name, "R", made.service.command, note, work.times, places, made.folder)
