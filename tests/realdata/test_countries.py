"""Every country value of the publishers' files, and the crosswalk against an independent list of codes."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from eventpanel.datasets.countries import Scheme, harmonise, match, settle_successions
from eventpanel.datasets.crosswalk import FOREVER, crosswalk, not_countries
from eventpanel.datasets.sheets import read_sheet


@dataclass(frozen=True)
class Listing:
    """One column of countries in a publisher's file."""

    file: str
    column: str
    scheme: Scheme
    year: str | None = None
    encoding: str = "utf-8"

    def __str__(self) -> str:
        return f"{Path(self.file).stem}-{self.column}"


SIPRI, AIDDATA = "trade/sipri_trade_register.csv", "trade/aiddata_gcdf_china_projects.csv"
PROTESTS, PROTEST_YEARS = "unrest/mass_mobilization_events.csv", "unrest/mass_mobilization_country_years.csv"
POLITY, ERT, VDEM = "regime/p5v2018.csv", "regime/vdem_ert.csv", "regime/vdem_cy_subset.csv"
COMTRADE, FIPS, CEPII = (
    "trade/comtrade_legacy_sitc2_china.csv",
    "unrest/country_names.csv",
    "trade/dist_cepii.dta",
)
HS6, AIGS = "trade/comtrade_hs6_china_partners.xlsx", "trade/aigs_2019_table.csv"
GDP, PEOPLE, BMR = "codes/gdp.csv", "codes/population.csv", "regime/bmr.csv"
GDELT, UCDP = "unrest/gdelt_all_events_by_fips.csv", "unrest/ucdp_acd.csv"

LISTINGS = [
    Listing(SIPRI, "Supplier", "name", "Delivery year"),
    Listing(SIPRI, "Recipient", "name", "Delivery year"),
    Listing(AIDDATA, "Recipient", "name", "Commitment.Year"),
    Listing(PROTESTS, "country", "name", "year", "latin-1"),
    Listing(PROTEST_YEARS, "country", "name", "year", "latin-1"),
    Listing(POLITY, "country", "name", "year"),
    Listing(POLITY, "ccode", "polity", "year"),
    Listing(UCDP, "gwcode", "gw", "year"),
    Listing(COMTRADE, "Partner", "name", "Year"),
    Listing(COMTRADE, "Partner Code", "m49", "Year"),
    Listing(COMTRADE, "Partner Code", "comtrade", "Year"),
    Listing(HS6, "reporterDesc", "name", "refYear"),
    Listing(HS6, "partnerDesc", "name", "refYear"),
    Listing(AIDDATA, "Recipient.ISO-3", "iso3", "Commitment.Year"),
    Listing(AIGS, "name_as_printed", "name"),
    Listing("regime/eiu.csv", "eiu_country", "name", "year"),
    Listing(FIPS, "Name", "name"),
    Listing(FIPS, "FIPS 10-4", "fips"),
    Listing(FIPS, "ISO 3166", "iso2"),
    Listing(CEPII, "exporter", "iso3"),
    Listing(CEPII, "importer", "iso3"),
]

# These publishers carry today's countries, or their colonies, into years before they were states.
BACKCAST = [
    Listing(ERT, "country_name", "name", "year"),
    Listing(ERT, "country_text_id", "vdem", "year"),
    Listing(VDEM, "country_name", "name", "year"),
    Listing(VDEM, "country_text_id", "vdem", "year"),
    Listing(VDEM, "COWcode", "cow", "year"),
    Listing(GDP, "Country Name", "name", "Year"),
    Listing(GDP, "Country Code", "iso3", "Year"),
    Listing(PEOPLE, "Country Name", "name", "Year"),
    Listing(PEOPLE, "Country Code", "iso3", "Year"),
    Listing("regime/fh.csv", "fh_country", "name", "year"),
    Listing(BMR, "bmr_country", "name", "year"),
    Listing(GDELT, "fips", "fips", "year"),
]

# Rows outside the life of a state, in files that follow states: column, value, years, reason.
OUTSIDE = """
aiddata_gcdf_china_projects-Recipient.ISO-3|SRB|2005-2005|a commitment to Serbia and Montenegro
aiddata_gcdf_china_projects-Recipient.ISO-3|SSD|2007-2010|commitments before independence
sipri_trade_register-Supplier|Serbia|1996-2001|deliveries of Yugoslavia
sipri_trade_register-Recipient|Serbia|1995-2001|deliveries to Yugoslavia
sipri_trade_register-Recipient|South Sudan|2007-2010|deliveries before independence
aiddata_gcdf_china_projects-Recipient|Serbia|2005-2005|a commitment to Serbia and Montenegro
aiddata_gcdf_china_projects-Recipient|South Sudan|2007-2010|commitments before independence
mass_mobilization_events-country|Armenia|1990-1990|Soviet Union
mass_mobilization_events-country|Georgia|1990-1990|Soviet Union
mass_mobilization_events-country|Kazakhstan|1990-1990|Soviet Union
mass_mobilization_events-country|Kyrgyzstan|1990-1990|Soviet Union
mass_mobilization_events-country|Lithuania|1990-1990|Soviet Union
mass_mobilization_events-country|Tajikistan|1990-1990|Soviet Union
mass_mobilization_events-country|Uzbekistan|1990-1990|Soviet Union
mass_mobilization_country_years-country|Armenia|1990-1990|Soviet Union
mass_mobilization_country_years-country|Eritrea|1990-1992|Ethiopia
mass_mobilization_country_years-country|Georgia|1990-1990|Soviet Union
mass_mobilization_country_years-country|Kazakhstan|1990-1990|Soviet Union
mass_mobilization_country_years-country|Kyrgyzstan|1990-1990|Soviet Union
mass_mobilization_country_years-country|Lithuania|1990-1990|Soviet Union
mass_mobilization_country_years-country|Tajikistan|1990-1990|Soviet Union
mass_mobilization_country_years-country|Turkmenistan|1990-1990|Soviet Union
mass_mobilization_country_years-country|Uzbekistan|1990-1990|Soviet Union
p5v2018-country|Estonia|1917-1917|independent in February 1918
p5v2018-country|Germany East|1945-1948|occupied
p5v2018-country|Germany West|1946-1948|occupied
p5v2018-country|Jamaica|1959-1961|independent in 1962
p5v2018-country|Philippines|1935-1945|independent in 1946
p5v2018-country|Rwanda|1961-1961|independent in 1962
p5v2018-country|Serbia|1919-1920|Yugoslavia since December 1918
p5v2018-country|Syria|1959-1960|United Arab Republic
p5v2018-ccode|366|1917-1917|Estonia
p5v2018-ccode|265|1945-1948|East Germany
p5v2018-ccode|260|1945-1948|West Germany; 1945 has no name
p5v2018-ccode|51|1959-1961|Jamaica
p5v2018-ccode|840|1935-1945|Philippines
p5v2018-ccode|517|1961-1961|Rwanda
p5v2018-ccode|342|1919-1920|Serbia
p5v2018-ccode|652|1959-1960|Syria
ucdp_acd-gwcode|652|1959-1960|Syria
dist_cepii-exporter|ANT||ended, and the file has no years
dist_cepii-exporter|YUG||ended, and the file has no years
dist_cepii-importer|ANT||ended, and the file has no years
dist_cepii-importer|YUG||ended, and the file has no years
aigs_2019_table-name_as_printed|Burma/Myan||cut off in print
aigs_2019_table-name_as_printed|Czech\xa0Republ||cut off in print
aigs_2019_table-name_as_printed|United\xa0Arab\xa0E||cut off in print
aigs_2019_table-name_as_printed|United\xa0Kingdo||cut off in print
"""


@pytest.fixture(scope="module")
def read(data_dir: Path) -> Callable[[Listing], pd.DataFrame]:
    def distinct(listing: Listing) -> pd.DataFrame:
        path = data_dir / listing.file
        if not path.is_file():
            pytest.skip(f"{listing.file} is not in the folder of publishers' files")
        columns = [listing.column] if listing.year is None else [listing.column, listing.year]
        rows = load(path, listing)[columns].drop_duplicates(ignore_index=True)
        return rows if listing.year is None else rows.astype({listing.year: "int64"})

    return distinct


def load(path: Path, listing: Listing) -> pd.DataFrame:
    if path.suffix == ".dta":
        return pd.read_stata(path)
    if path.suffix == ".xlsx":
        return read_sheet(path)
    if listing.file == SIPRI:
        lines = path.read_text(encoding="latin-1").splitlines()[11:]
        return pd.DataFrame(list(csv.DictReader(line.rstrip().rstrip(";") for line in lines)))
    if listing.file == GDELT:
        names = ["year", "fips", "events"]
        return pd.read_csv(path, dtype=str, keep_default_na=False, header=None, names=names)
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding=listing.encoding)


def unmatched(rows: pd.DataFrame, listing: Listing) -> pd.DataFrame:
    """Values that did not match although they are countries: value, years, problem."""
    years = None if listing.year is None else rows[listing.year]
    problem = match(rows[listing.column], listing.scheme, years).problem
    kinds = [*set(not_countries(listing.scheme).values()), "", "empty"]
    lost = pd.DataFrame({"value": rows[listing.column], "year": years, "problem": problem})[~problem.isin(kinds)]
    grouped = lost.groupby("value")
    return grouped.agg(first=("year", "min"), last=("year", "max"), problem=("problem", "first")).reset_index()


@pytest.mark.parametrize("listing", LISTINGS, ids=str)
def test_every_value_matches_or_is_no_country(listing: Listing, read: Callable[[Listing], pd.DataFrame]) -> None:
    lost = unmatched(read(listing), listing)
    found = {(row.value, f"{row.first}-{row.last}" if listing.year else "") for row in lost.itertuples()}
    expected = [line.split("|") for line in OUTSIDE.strip().splitlines()]
    assert found == {(value, years) for column, value, years, _ in expected if column == str(listing)}


@pytest.mark.parametrize("listing", BACKCAST, ids=str)
def test_values_before_independence_are_told_apart_from_unknown_ones(
    listing: Listing, read: Callable[[Listing], pd.DataFrame]
) -> None:
    rows = read(listing)
    lost = unmatched(rows, listing)
    assert lost["problem"].str.startswith("not in that year (").all()
    matched = match(rows[listing.column], listing.scheme, rows[listing.year]).problem == ""
    ever = set(rows.loc[matched, listing.column])
    assert set(lost["value"]) <= ever


@dataclass(frozen=True)
class Pair:
    """Two columns of one file that say the same: a name and a code that its publisher set beside it."""

    one: Listing
    other: Listing

    def __str__(self) -> str:
        return f"{self.one}-{self.other.column}"


PAIRS = [
    Pair(
        Listing(PROTESTS, "country", "name", "year", "latin-1"),
        Listing(PROTESTS, "ccode", "polity", "year", "latin-1"),
    ),
    Pair(Listing(POLITY, "country", "name", "year"), Listing(POLITY, "ccode", "polity", "year")),
    Pair(Listing(ERT, "country_name", "name", "year"), Listing(ERT, "country_text_id", "vdem", "year")),
    Pair(Listing(VDEM, "country_name", "name", "year"), Listing(VDEM, "COWcode", "cow", "year")),
    Pair(Listing(VDEM, "country_text_id", "vdem", "year"), Listing(VDEM, "COWcode", "cow", "year")),
    Pair(Listing(BMR, "bmr_country", "name", "year"), Listing(BMR, "bmr_ccode", "polity", "year")),
    Pair(Listing(GDP, "Country Name", "name", "Year"), Listing(GDP, "Country Code", "iso3", "Year")),
    Pair(Listing(PEOPLE, "Country Name", "name", "Year"), Listing(PEOPLE, "Country Code", "iso3", "Year")),
    Pair(Listing(COMTRADE, "Partner", "name", "Year"), Listing(COMTRADE, "Partner Code", "comtrade", "Year")),
    Pair(Listing(COMTRADE, "Partner", "name", "Year"), Listing(COMTRADE, "Partner ISO", "iso3", "Year")),
    Pair(
        Listing(AIDDATA, "Recipient", "name", "Commitment.Year"),
        Listing(AIDDATA, "Recipient.ISO-3", "iso3", "Commitment.Year"),
    ),
    Pair(Listing(FIPS, "Name", "name"), Listing(FIPS, "FIPS 10-4", "fips")),
    Pair(Listing(FIPS, "Name", "name"), Listing(FIPS, "ISO 3166", "iso2")),
]
# Where the two columns disagree: pair, name, code, years, reason.
DISAGREE = """
vdem_ert-country_name-country_text_id|Russia|RUS|1922-1922|the name is the state that ended
vdem_ert-country_name-country_text_id|Serbia|SRB|1918-1918|likewise
bmr-bmr_country-bmr_ccode|YUGOSLAVIA, FED. REP.|347.0|2003-2003|the name means the state that ended
country_names-Name-ISO 3166|Guernsey|GB||the file gives the codes of the United Kingdom
country_names-Name-ISO 3166|Isle of Man|GB||likewise
country_names-Name-ISO 3166|Jersey|GB||likewise
"""


# Countries by name whose code beside it, where there is one, is none in any year.
ALONE = {"bmr-bmr_country-bmr_ccode": {"SUDAN, NORTH"}}  # its own number, 624


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_name_and_code_of_one_row_are_one_country(pair: Pair, read_rows: Callable[[Pair], pd.DataFrame]) -> None:
    rows = read_rows(pair)
    years = None if pair.one.year is None else rows[pair.one.year]
    one = match(rows[pair.one.column], pair.one.scheme, years)
    code = match(rows[pair.other.column], pair.other.scheme, years).iso3
    if pair.other.scheme == "polity":  # files that follow Polity number what it leaves out, and more, as COW does
        code = code.fillna(match(rows[pair.other.column], "cow", years).iso3)
    both = one.iso3.notna() & code.notna()
    wrong = {"|".join(line) for line in _spans(rows[both & (one.iso3 != code)], pair)}
    stated = [line.removeprefix(f"{pair}|") for line in DISAGREE.splitlines() if line.startswith(f"{pair}|")]
    assert wrong == {line.rsplit("|", 1)[0] for line in stated}
    agreeing = set(rows.loc[both & (one.iso3 == code), pair.one.column])
    disagreeing = {line.split("|")[0] for line in wrong}
    coded = ~rows[pair.other.column].isin(["", "-", "NA"])
    alone = set(rows.loc[(one.problem == "") & coded, pair.one.column]) - agreeing - disagreeing
    assert alone == ALONE.get(str(pair), set())


def _spans(rows: pd.DataFrame, pair: Pair) -> list[tuple[str, str, str]]:
    columns = [pair.one.column, pair.other.column]
    if pair.one.year is None:
        return [(name, code, "") for name, code in rows[columns].itertuples(index=False)]
    spans = rows.groupby(columns)[pair.one.year].agg(["min", "max"]).reset_index()
    return [(name, code, f"{first}-{last}") for name, code, first, last in spans.itertuples(index=False)]


@pytest.fixture(scope="module")
def read_rows(data_dir: Path) -> Callable[[Pair], pd.DataFrame]:
    def distinct(pair: Pair) -> pd.DataFrame:
        path = data_dir / pair.one.file
        if not path.is_file():
            pytest.skip(f"{pair.one.file} is not in the folder of publishers' files")
        years = [] if pair.one.year is None else [pair.one.year]
        rows = load(path, pair.one)[[pair.one.column, pair.other.column, *years]].drop_duplicates(ignore_index=True)
        return rows.astype(dict.fromkeys(years, "int64"))

    return distinct


# Distinct names of each file, and of these the ones that are no country in any year of it.
NAMES = {
    Listing(SIPRI, "Recipient", "name", "Delivery year"): (206, 29),
    Listing(POLITY, "country", "name", "year"): (195, 13),
    Listing(PROTESTS, "country", "name", "year", "latin-1"): (166, 0),
}


@pytest.mark.parametrize("listing", list(NAMES), ids=str)
def test_every_name_is_a_country_or_listed_as_none(listing: Listing, read: Callable[[Listing], pd.DataFrame]) -> None:
    rows = read(listing)
    found = match(rows[listing.column], listing.scheme, rows[listing.year])
    ever = set(rows.loc[found.problem == "", listing.column])
    never = rows[~rows[listing.column].isin(ever)]
    kinds = match(never[listing.column], listing.scheme, never[listing.year]).problem
    assert kinds.isin(set(not_countries(listing.scheme).values())).all()
    assert (rows[listing.column].nunique(), never[listing.column].nunique()) == NAMES[listing]


def test_no_source_matches_two_states_and_settles(read: Callable[[Listing], pd.DataFrame]) -> None:
    rows = read(Listing(POLITY, "ccode", "polity", "year"))
    frame, _ = harmonise(rows, "ccode", "polity")
    kept, conflicts = settle_successions(frame, "ccode", "polity", keys=["importer", "year"], source="Polity")
    assert not kept.duplicated(["importer", "year"]).any()
    assert dict(zip(conflicts["value"], conflicts["years"], strict=True)) == {
        "260": "1990", "345": "1991", "530": "1993", "625": "2011", "678": "1990", "816": "1976",
    }  # fmt: skip


def test_states_of_gleditsch_and_ward_exist_in_their_years(read: Callable[[Listing], pd.DataFrame]) -> None:
    ucdp = read(Listing(UCDP, "gwcode", "gw", "year"))
    theirs = set(zip(ucdp["gwcode"], ucdp["year"], strict=True))
    states = crosswalk()[lambda rows: rows["gw"] != ""]
    ours = {
        (row.gw, year)
        for row in states.itertuples()
        for year in range(max(1946, row.first), min(2020, row.last_december) + 1)
    }
    lives = pd.DataFrame(sorted(ours - theirs), columns=["gw", "year"]).groupby("gw")["year"].agg(list)
    assert lives.to_dict() == {
        "344": [1991],  # Croatia, independent in October 1991; from 1992 there
        "349": [1991],  # Slovenia, likewise
        "760": [1946, 1947, 1948],  # Bhutan, from 1949 there
        "812": [1953],  # Laos, independent in October 1953; from 1954 there
    }


# An independent list of codes. It knows one row per country, so former code sets are not compared.

MICROSTATES = {
    "AND", "ATG", "DMA", "FSM", "GRD", "KIR", "KNA", "LCA", "LIE", "MCO", "MHL", "NRU", "PLW", "SMR", "STP",
    "SYC", "TON", "TUV", "VCT", "VUT", "WSM",
}  # fmt: skip
DIFFERENCES: dict[str, dict[str, tuple[str, str]]] = {
    "iso2": {},
    "m49": {},
    "cow": {
        "SRB": ("345", ""),
        "VAT": ("", "327"),
    },  # their 345 is the row Yugoslavia; 327 is the Papal States
    "cow_letters": {"SRB": ("YUG", ""), "VAT": ("", "PAP")},
    "gw": {  # they leave out microstates; their 815 is Annam; their 678 is the row Yemen Arab Republic
        "VAT": ("", "327"),
        "VNM": ("816", "815"),
        "YEM": ("678", ""),
    },
    "polity": {"VAT": ("", "327")},
    "fips": {
        "CUW": ("UC", ""),
        "MAF": ("RN", ""),
        "SSD": ("OD", ""),
        "SXM": ("NN", ""),
    },  # codes of 2010 and later
}
THEIRS = {
    "iso2": "iso2c",
    "m49": "iso3n",
    "cow": "cown",
    "cow_letters": "cowc",
    "gw": "gwn",
    "polity": "p5n",
    "fips": "fips",
}
FORMER = {"CSK": "Czechoslovakia", "DDR": "German Democratic Republic", "RVN": "Republic of Vietnam",
          "YMD": "Yemen People's Republic", "XKX": "Kosovo"}  # fmt: skip


@pytest.fixture(scope="module")
def oracle(data_dir: Path) -> pd.DataFrame:
    path = data_dir / "codes/codelist_without_cldr.csv"
    if not path.is_file():
        pytest.skip("codes/codelist_without_cldr.csv is not in the folder of publishers' files")
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def differences(ours: pd.Series, theirs: pd.Series) -> dict[str, tuple[str, str]]:
    both = pd.concat([ours, theirs], axis=1, keys=["ours", "theirs"], join="inner")
    both = both[both["ours"] != both["theirs"]]
    return {str(iso3): (row["ours"], row["theirs"]) for iso3, row in both.iterrows()}


@pytest.mark.parametrize("scheme", list(THEIRS))
def test_codes_of_living_states_agree_with_an_independent_list(scheme: str, oracle: pd.DataFrame) -> None:
    rows = crosswalk()
    ours = rows[rows["last"] == FOREVER].set_index("iso3")
    known = oracle[oracle["iso3c"] != ""].set_index("iso3c")
    assert set(known.index) == set(ours.index[~ours["name"].str.startswith("Simulated")]) - {"XKX"}
    found = differences(ours[scheme], known[THEIRS[scheme]])
    if scheme == "gw":
        assert {iso3 for iso3 in MICROSTATES if found.pop(iso3)[1] == ""} == MICROSTATES
    assert found == DIFFERENCES[scheme]


@pytest.mark.parametrize("scheme", ["cow", "cow_letters", "gw", "polity"])
def test_codes_of_former_states_agree_with_an_independent_list(scheme: str, oracle: pd.DataFrame) -> None:
    rows = crosswalk().set_index("iso3").loc[list(FORMER)]
    known = oracle.set_index("country.name.en").loc[list(FORMER.values())]
    known.index = rows.index
    assert differences(rows[scheme], known[THEIRS[scheme]]) == {}


def test_vdem_numbers_agree_with_an_independent_list(
    read: Callable[[Listing], pd.DataFrame], oracle: pd.DataFrame
) -> None:
    ert = read(Listing(ERT, "country_text_id", "vdem", "country_id")).astype({"country_id": str})
    number = ert.set_index("country_text_id")["country_id"]
    rows = crosswalk()
    rows = rows[(rows["last"] == FOREVER) & (rows["vdem"] != "")].set_index("iso3")
    known = oracle[oracle["iso3c"] != ""].set_index("iso3c")["vdem"]
    assert differences(rows["vdem"].map(number), known) == {"PSE": ("128", "138")}  # West Bank here, Gaza there
