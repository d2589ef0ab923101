"""Seeds: groups and shares worked out by hand, planted followers, the regression against dummies in statsmodels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from eventpanel.brookings.canvas import values
from eventpanel.brookings.exhibit import Column, Content
from eventpanel.brookings.first_imports import CALM, NONE, OTHER, UNCLEAR, UNREST, first_imports, high_unrest
from eventpanel.brookings.seeds import DIFFERENCE, make_seeds
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel
from tests.brookings.own_deals import LABEL, SOURCE, random_materials, records

YEARS = range(2000, 2022)
IMPORTERS = ["BRA", "EGY", "KEN", "MAR", "NGA", "PER", "TUR", "VNM", "CHN"]


def planted(*more: tuple[str, str, int]) -> Materials:
    """Kenya and Egypt import in unrest and export two years later; Brazil and Peru in calm; Nigeria from others."""
    deals = [
        ("CHN", "KEN", 2009),
        ("CHN", "KEN", 2010),
        ("KEN", "NGA", 2012),
        ("CHN", "EGY", 2012),
        ("EGY", "NGA", 2014),
        ("CHN", "BRA", 2011),
        ("CHN", "PER", 2013),
        ("USA", "NGA", 2011),
        ("USA", "TUR", 2019),
        ("VNM", "CHN", 2011),
        *more,
    ]
    frame = pd.DataFrame(deals, columns=["exporter", "importer", "year"])
    grid = pd.MultiIndex.from_product([IMPORTERS, YEARS], names=["importer", "year"]).to_frame(index=False)
    countries = grid.assign(unrest=np.where(grid["year"] % 2 == 0, 10.0, 0.0))
    # Unrest is high in even years: ten years of each, 2001 to 2020, so that the median is 5.
    countries = countries[countries["year"] > 2000]
    return Materials(
        kind="own",
        label=LABEL,
        deals=records(frame, IMPORTERS),
        countries=Panel(countries, ("importer",), "year", (SOURCE,)),
    )


def column(content: Content, head: str, panel: str = "Own exports") -> Column:
    return next(one for one in content.columns if (one.panel, one.head) == (panel, head))


def test_groups_and_first_years_are_those_worked_out_by_hand() -> None:
    firsts = first_imports(planted(), Switches())
    wanted = {
        "BRA": (CALM, 2011),
        "EGY": (UNREST, 2012),
        "KEN": (UNREST, 2010),
        "MAR": (NONE, np.nan),
        "NGA": (OTHER, 2011),
        "PER": (CALM, 2013),
        "TUR": (OTHER, 2019),
        "VNM": (NONE, np.nan),
    }
    pd.testing.assert_frame_equal(
        firsts, pd.DataFrame.from_dict(wanted, orient="index", columns=["group", "start"]), check_names=False
    )


def test_shares_and_standard_errors_are_those_worked_out_by_hand() -> None:
    found = values(make_seeds(planted(), Switches()))
    assert found["Own exports", UNREST] == {"any within 5 years": 1, "before": 0, "after": 0.2, "change": 0.2}
    assert found["Own exports", CALM] == {"any within 5 years": 0, "before": 0, "after": 0, "change": 0}
    # Two from China in calm and two from others: one of these, Turkey, is not watched for five years.
    assert found["Own exports", DIFFERENCE]["any within 5 years"] == 1
    assert found["Own exports", DIFFERENCE]["change"] == pytest.approx(0.2)


def test_where_all_are_alike_there_is_no_standard_error() -> None:
    content = make_seeds(planted(), Switches())
    assert np.isnan(column(content, UNREST).coefficients[0].std_error)
    assert np.isnan(column(content, DIFFERENCE).coefficients[0].std_error)


def test_a_share_has_the_standard_error_of_a_mean() -> None:
    """Kenya, Egypt and Morocco, of which two export: variance 1/3 over 3 countries."""
    more = make_seeds(planted(("CHN", "MAR", 2010)), Switches())
    cell = column(more, UNREST).coefficients[0]
    assert cell.estimate == pytest.approx(2 / 3)
    assert cell.std_error == pytest.approx(np.sqrt((1 / 3) / 3))
    assert cell.dof == 2


def test_years_outside_the_list_are_no_years_without_exports() -> None:
    found = values(make_seeds(planted(), Switches()))
    path = found["Own exports, by year since the first import", OTHER]
    # Nigeria 2011 and Turkey 2019: three and two years after, of which Turkey's third is not watched.
    assert path["2"] == 0
    late = make_seeds(planted(("TUR", "NGA", 2020)), Switches())
    later = values(late)["Own exports, by year since the first import", OTHER]
    assert later["1"] == 0.5
    assert later["3"] == 0
    assert column(late, OTHER).coefficients[0].estimate == 0, "Turkey's five years are not over"
    before = values(make_seeds(planted(("KEN", "NGA", 2007)), Switches()))
    assert before["Own exports", UNREST]["before"] == 0, "before the list begins nothing is known"


def test_unknown_unrest_is_neither_calm_nor_unrest() -> None:
    materials = planted()
    frame = materials.countries.frame
    unknown = frame.assign(unrest=frame["unrest"].mask((frame["importer"] == "BRA") & (frame["year"] == 2011)))
    materials = replace(materials, countries=materials.countries.with_frame(unknown))
    assert first_imports(materials, Switches()).loc["BRA", "group"] == UNCLEAR
    assert any("BRA" in note for note in make_seeds(materials, Switches()).notes)


def test_high_unrest_is_above_the_countrys_own_bound() -> None:
    materials = random_materials(2)
    frame = materials.countries.frame
    for rule in ("above_median", "mean_plus_sd"):
        found = high_unrest(materials, Switches(high_unrest=rule))
        for importer in frame["importer"].unique()[:5]:
            own = frame[frame["importer"] == importer]
            held = own.loc[own["year"] <= 2020, "unrest"].to_numpy()
            bound = np.median(held) if rule == "above_median" else held.mean() + held.std(ddof=1)
            assert found[importer].tolist() == [float(x > bound) for x in own["unrest"]]


def test_the_regression_is_that_with_dummies() -> None:
    materials, switches = random_materials(5, size=60), Switches()
    deals, firsts = materials.deals.frame, first_imports(materials, switches)
    sold = {(e, y) for e, i, y in zip(deals["exporter"], deals["importer"], deals["year"], strict=True) if e != i}
    rows = [
        (j, y, float((j, y) in sold), *[float(y > row.start and row.group == g) for g in (UNREST, CALM, OTHER)])
        for j, row in firsts[firsts["group"] != UNCLEAR].iterrows()
        for y in range(2008, 2022)
    ]
    plain = pd.DataFrame(rows, columns=["j", "y", "sells", "a", "b", "c"])
    ols = smf.ols("sells ~ a + b + c + C(j) + C(y)", plain).fit()
    found = column(make_seeds(materials, switches), "Regression")
    np.testing.assert_allclose([one.estimate for one in found.coefficients], ols.params[["a", "b", "c"]], atol=1e-10)
    assert found.nobs == len(plain)
    # Clusters by country, whose effects are nested in them and count for nothing: 3 terms, 13 years, a constant.
    groups = plain["j"].astype("category").cat.codes.to_numpy()
    robust = smf.ols("sells ~ a + b + c + C(j) + C(y)", plain).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    clusters, n = found.clusters, len(plain)
    factor = np.sqrt(clusters / (clusters - 1) * (n - 1) / (n - 17))
    np.testing.assert_allclose(
        [one.std_error for one in found.coefficients], factor * robust.bse[["a", "b", "c"]], rtol=1e-8
    )


def test_without_exports_there_is_no_regression_and_a_reason() -> None:
    materials = planted()
    frame = materials.deals.frame[~materials.deals.frame["exporter"].isin(IMPORTERS[:-1])]
    content = make_seeds(replace(materials, deals=replace(materials.deals, frame=frame)), Switches())
    assert np.isnan([one.estimate for one in column(content, "Regression").coefficients]).all()
    assert any(note.startswith("Own exports: no regression.") for note in content.notes)


def test_domestic_deals_and_development_are_followed_where_the_data_have_them() -> None:
    materials = planted()
    own = pd.DataFrame({"exporter": "KEN", "importer": "KEN", "year": [2013], "domestic": [True]})
    deals = pd.concat([materials.deals.frame.assign(domestic=False), own], ignore_index=True)
    countries = materials.countries.frame
    level = (countries["year"] - 2000) * (countries["importer"] == "KEN")
    materials = replace(
        materials,
        deals=replace(materials.deals, frame=deals),
        countries=materials.countries.with_frame(countries.assign(domestic_ai=level.astype(float))),
    )
    found = values(make_seeds(materials, Switches()))
    assert found["Domestic deals", UNREST]["any within 5 years"] == 0.5
    assert found["Own exports", UNREST]["after"] == pytest.approx(0.2), "a domestic deal is no export"
    # Kenya: 2011 to 2015 less 2005 to 2009 is 6; Egypt none.
    assert found["Domestic development", UNREST]["change"] == pytest.approx(3)
    assert np.isnan(found["Domestic development", UNREST]["any within 5 years"])
