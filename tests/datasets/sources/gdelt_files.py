"""Event files as GDELT writes them: tab separated, no header, positions as its codebooks number them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

import duckdb

# Positions from 0: GDELT Data Format Codebook (1.0) and GDELT Event Codebook (2.0).
COMMON = {"id": 0, "date": 1, "actor": 7, "type1": 12, "type2": 13, "type3": 14, "lead": 25, "root": 28, "mentions": 31}
OWN = {
    57: {"country": 51, "added": 56},
    58: {"country": 51, "added": 56, "url": 57},
    61: {"country": 53, "added": 59, "url": 60},
}
CODES = "USCHRSUKFRGMINPKNIKEEGSYIZIRTUUPBRMXARCOIDRPTHVMKNKSJAASCA"


def event(width: int = 58, **cells: object) -> str:
    """One line; cells that are not named are empty."""
    given: dict[str, object] = {"root": "14", "country": "KE", "mentions": 1, "lead": 1} | cells
    row = [""] * width
    for name, value in given.items():
        row[{**COMMON, **OWN[width]}[name]] = str(value)
    return "\t".join(row)


def write(path: Path, lines: Iterable[str]) -> Path:
    """A text file, or a zip file that holds it, as the ending says."""
    text = "".join(f"{line}\n" for line in lines)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(path.name.removesuffix(".zip"), text)
    else:
        path.write_text(text, encoding="utf-8")
    return path


def simulated(path: Path, rows: int) -> None:
    """A daily-layout file of any number of rows, 2006 to 2021, 29 countries and none, all roots; in seconds."""
    codes = [first + second for first, second in zip(CODES[::2], CODES[1::2], strict=True)]
    with duckdb.connect() as engine:
        engine.execute("SET memory_limit = '500MB'")
        engine.execute("SET preserve_insertion_order = false")
        cells = dict.fromkeys(range(58), "''")
        cells |= {0: "i", 1: "day", 7: "'USA'", 12: "'GOV'", 25: "i % 2", 28: "lpad((1 + i % 20)::VARCHAR, 2, '0')"}
        cells |= {31: "1 + i % 10", 51: "codes[1 + (hash(i) % 30)::INTEGER]", 56: "day", 57: "'http://a.example/' || i"}
        engine.from_query(
            f"SELECT {', '.join(f'{cells[place]} AS c{place}' for place in range(58))} FROM ("
            "SELECT range AS i, $codes AS codes, "
            "strftime(DATE '2006-01-01' + (range * 5844 // $rows)::INTEGER, '%Y%m%d')::INTEGER AS day "
            "FROM range($rows))",
            params={"codes": [*codes, ""], "rows": rows},
        ).write_csv(str(path), sep="\t", header=False, quotechar="")
