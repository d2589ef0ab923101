"""A small study of a user's own with its two csv files, and what the command line says about it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from eventpanel.cli import main

Shell = Callable[..., subprocess.CompletedProcess[str]]

# Codes that ISO 3166 leaves to its users: countries that are none.
IMPORTERS = [f"X{first}{second}" for first in "AB" for second in "ABCDEFGHIJKLMNOP"]
FIRST, LAST = 2000, 2017

STUDY = """
title = "Deals of our own"
label = "TEST DATA"

[inputs.deals]
source = "deal_list"
file = "deals.csv"
options = { first = 2004, last = 2015, scheme = "iso3", importers = [IMPORTERS] }
count = "deals"
exporters = ["CHN"]
join = "1:1"

[inputs.unrest]
source = "country_years"
file = "unrest.csv"
options = { columns = { protests = "protests", score = "polity" }, country = "code", scheme = "iso3" }
join = "m:1"

[panel]
first = 2000
last = 2017
importers_from = "unrest"
exporters = ["CHN"]

[derive.any_deal]
how = "any_of"
columns = ["deals"]

[event]
column = "protests"
kind = "dose"
scale = "sd"
by = "importer"

[window]
leads = 2
lags = 2
reference = "none"

[moderators.regime]
column = "polity"
timing = "base"
base = 2003
by = "importer"
below = 7
groups = ["autocracy", "democracy"]

[design]
outcome = "any_deal"
fixed_effects = ["importer", "year"]
covariance = { by = "importer", small_sample = "reghdfe" }
sample = { first = 2004, last = 2015 }

[estimates.regimes]
title = "Any deal, by regime"
moderator = "regime"
difference = ["autocracy", "democracy"]
""".replace("IMPORTERS", ", ".join(f'"{code}"' for code in IMPORTERS))


@dataclass
class Project:
    """A folder with study.toml, deals.csv and unrest.csv, and what the command line says about it."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    text: str = STUDY
    stdout: str = field(default="", init=False)
    stderr: str = field(default="", init=False)

    @property
    def study(self) -> Path:
        return self.folder / "study.toml"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def change(self, *edits: tuple[str, str]) -> Project:
        """Replace parts of the study, each of which must be there."""
        for old, new in edits:
            assert old in self.text, f"{old!r} is not in the study"
            self.text = self.text.replace(old, new)
        self.study.write_text(self.text, encoding="utf-8")
        return self

    def rewrite(self, name: str, edit: Callable[[str], str]) -> Project:
        """Change the text of a csv file."""
        path = self.folder / name
        before = path.read_text(encoding="utf-8")
        after = edit(before)
        assert after != before
        path.write_text(after, encoding="utf-8")
        return self

    def run(self, *arguments: str) -> int:
        """Run the study in this process."""
        self.capture.readouterr()
        code = main(["run", str(self.study), "--out", str(self.out), *arguments])
        self.stdout, self.stderr = self.capture.readouterr()
        return code

    def listing(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


def unrest_csv(rng: np.random.Generator) -> str:
    lines = ["code,year,protests,score"]
    for number, code in enumerate(IMPORTERS):
        score = 9 if number % 2 else 2
        lines += [f"{code},{year},{rng.poisson(1.5)},{score}" for year in range(FIRST, LAST + 1)]
    return "\n".join(lines) + "\n"


def deals_csv(rng: np.random.Generator) -> str:
    years = range(2004, 2016)
    hits = [f"CHN,{code},{year}" for code in IMPORTERS for year in years if rng.random() < 0.3]
    return "\n".join(["exporter,importer,year", *hits]) + "\n"
