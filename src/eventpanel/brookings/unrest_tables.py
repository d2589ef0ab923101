"""Tables of equation (3): deals in years of unrest (Tables 4, A.4, A.7, A.15, A.16 and A.17)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from eventpanel.brookings.exhibit import Content, Exhibit
from eventpanel.brookings.samples import US
from eventpanel.brookings.switches import Switches
from eventpanel.brookings.unrest_differences import Pair, difference_column, difference_table, difference_words
from eventpanel.brookings.unrest_models import SPECIFICATIONS, four, method_of_reading, one_line
from eventpanel.brookings.unrest_outcomes import any_deal, any_goods, log_deals, log_goods
from eventpanel.brookings.unrest_panel import unrest_panel
from eventpanel.brookings.unrest_parts import UNREST_SWITCHES, Part, Parted, columns_of, estimated
from eventpanel.brookings.unrest_words import simultaneous, words
from eventpanel.datasets.errors import NotAvailableError
from eventpanel.datasets.materials import Materials

__all__ = ["ALL_AI", "EXHIBITS", "SMART_CITY", "make", "table_4"]

CHINA_LESS_US, WEAK_LESS_MATURE = ("China", "United States"), ("Weak", "mature democracies")


def make(parts: Sequence[Part], further: Sequence[str], materials: Materials, switches: Switches) -> Content:
    """Make a table.

    Parameters
    ----------
    parts : sequence of Part
        A first part that the data lack is an error, further ones are left out with the reason.
    further : sequence of str
        Notes.
    materials : Materials
    switches : Switches

    Raises
    ------
    NotAvailableError
        The data lack unrest, regimes or the first outcome.
    """
    done, lacking = [estimated(materials, switches, parts[0])], []
    for part in parts[1:]:
        try:
            done.append(estimated(materials, switches, part))
        except NotAvailableError as error:
            lacking.append(f"{part.panel} is left out: {one_line(error)}")
    return Content(
        columns=tuple(column for one in done for column in columns_of(one)),
        notes=(*dict.fromkeys(note for one in done for note in words(one, switches)), *lacking, *further),
        more={"simultaneous_bands": simultaneous(done)},
    )


ALL_AI = Part("All AI", any_deal())
SMART_CITY = Part("Smart city AI", any_deal(flag="smart_city"), start=5)


def first_of_table_4(materials: Materials, switches: Switches) -> Content:
    """Make column (1) of Table 4.

    Raises
    ------
    NotAvailableError
        The data lack unrest, regimes or deals with China.
    """
    rows = unrest_panel(materials, switches, (ALL_AI.regime,))
    fits = four(materials, rows, ALL_AI.outcome, method_of_reading(switches), SPECIFICATIONS[:1])
    return Content(columns=columns_of(Parted(ALL_AI, rows, fits)))


def table_4(materials: Materials, switches: Switches) -> Content:
    """Make Table 4, and test what the paper compares by eye: China and the United States, weak and mature democracies.

    Raises
    ------
    NotAvailableError
        The data lack unrest, regimes or deals with China.
    """
    made = make([ALL_AI, SMART_CITY], (), materials, switches)
    mine = estimated(materials, switches, ALL_AI)
    pairs, notes = [], []
    others = {CHINA_LESS_US: Part("", any_deal(US)), WEAK_LESS_MATURE: Part("", any_deal(), "mature")}
    for (first, second), part in others.items():
        try:
            other = estimated(materials, switches, part, mine.rows.scale)
        except NotAvailableError as error:
            notes.append(f"{first} less {second} is left out: {one_line(error)}")
            continue
        pairs += [Pair(first, second, a, b) for a, b in zip(mine.fits, other.fits, strict=True)]
    ends = [pair for pair in pairs if pair.first.specification in (SPECIFICATIONS[0], SPECIFICATIONS[-1])]
    said = [difference_words(difference_column(pair, pair.name, "AI")) for pair in ends]
    return Content(
        columns=made.columns,
        notes=(*made.notes, *said, *notes),
        more={**made.more, "differences": difference_table(pairs)},
    )


FEWER = "The published columns (3) and (4) rest on 876 and 872 rows; the paper does not say why."
POOLED = "The published table has columns (1) to (4); where every importer buys some good each year they cannot vary."
EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        name="table_4",
        number="Table 4",
        title="Unrest and imports of AI from China, autocracies and weak democracies",
        uses=UNREST_SWITCHES,
        make=table_4,
        first=first_of_table_4,
    ),
    Exhibit(
        name="table_a4",
        number="Table A.4",
        title="Unrest and imports of AI from China: deals of the Carnegie bibliography",
        uses=UNREST_SWITCHES,
        make=partial(make, [Part("", any_deal(flag="carnegie"))], ()),
    ),
    Exhibit(
        name="table_a7",
        number="Table A.7",
        title="Unrest and imports of AI from China: number of deals",
        uses=UNREST_SWITCHES,
        make=partial(make, [Part("", log_deals())], (FEWER,)),
    ),
    Exhibit(
        name="table_a15",
        number="Table A.15",
        title="Unrest and imports of frontier goods from China",
        uses=UNREST_SWITCHES,
        make=partial(make, [Part("", any_goods()), Part("log(1 + trade)", log_goods(), start=5)], (POOLED,)),
    ),
    Exhibit(
        name="table_a16",
        number="Table A.16",
        title="Unrest and imports of AI from the United States",
        uses=UNREST_SWITCHES,
        make=partial(make, [Part("", any_deal(US))], ()),
    ),
    Exhibit(
        name="table_a17",
        number="Table A.17",
        title="Unrest and imports of AI from China, mature democracies",
        uses=UNREST_SWITCHES,
        make=partial(make, [Part("", any_deal(), "mature")], ()),
    ),
)
