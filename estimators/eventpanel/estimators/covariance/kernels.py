"""DriscollKraay, NeweyWest, Conley: covariances in which correlation fades with time or distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.core.conley import Kernel
from eventpanel.estimators.core.places import Distance
from eventpanel.estimators.covariance.rules import Counts, check_choice, groups_factor, rows_factor

__all__ = ["Conley", "DriscollKraay", "NeweyWest"]

# The clusters of these rules are periods.
PERIODS: dict[str, str] = {
    "fixest": "T/(T-1) x (N-1)/(N-K), K without effects nested in {within}, others less one level each",
    "statsmodels": "T/(T-1) x (N-1)/(N-K), K with all effects as dummies",
    "linearmodels": "N/(N-K), K with all effects as dummies",
    "none": "no factor",
}
KERNELS: dict[str, str] = {"uniform": "weight 1 up to the cutoff", "bartlett": "weight 1 - distance/cutoff"}
DISTANCES: dict[str, str] = {
    "great_circle": "great circle, radius 6371.0088 km",
    "fixest_spherical": "great circle, radius 6376 km, as fixest's distance = 'spherical'",
    "fixest_triangular": "degrees of 111 km, as fixest's distance = 'triangular'",
}
SPATIAL: dict[str, str] = {
    "fixest": "(N-1)/(N-K), K without effects nested in latitude or longitude, others less one level each",
    "none": "no factor",
}


def _check_lags(lags: int) -> None:
    if lags < 0:
        raise DesignError("Lags cannot be negative.", f"lags={lags}", "use 0 or more periods")


@dataclass(frozen=True, slots=True)
class DriscollKraay:
    """Driscoll-Kraay covariance: rows of one period, and of periods up to ``lags`` apart, may be correlated.

    Bartlett weights ``1 - l / (lags + 1)``, by the calendar: a period without a row is a gap. It needs many periods.

    Parameters
    ----------
    lags : int
        Longest lag, in periods; there is no default.
    small_sample : {"fixest", "statsmodels", "linearmodels", "none"}
        Factor on the covariance, named after the software whose call it matches: docs/methods/covariance.md.

    Raises
    ------
    DesignError
        Unknown rule, negative lags.

    References
    ----------
    Driscoll and Kraay 1998, doi:10.1162/003465398557825.

    Examples
    --------
    >>> DriscollKraay(2, "none").describe()
    'Driscoll-Kraay, Bartlett weights, 2 lags; small-sample rule none: no factor; t(T-1)'
    """

    lags: int
    small_sample: Literal["fixest", "statsmodels", "linearmodels", "none"]
    kind: ClassVar[str] = "Driscoll-Kraay"

    def __post_init__(self) -> None:
        check_choice("small-sample rule", self.small_sample, PERIODS)
        _check_lags(self.lags)

    @property
    def ways(self) -> tuple[str, ...]:
        """Columns of the clusters: none."""
        return ()

    def describe(self) -> str:
        """One line for tables."""
        rule = PERIODS[self.small_sample].format(within="periods")
        return (
            f"Driscoll-Kraay, Bartlett weights, {self.lags} lags; small-sample rule {self.small_sample}: {rule}; t(T-1)"
        )

    def factor(self, counts: Counts) -> float:
        """Small-sample factor on the covariance; ``clusters`` are the periods."""
        return groups_factor(self.small_sample, counts) * rows_factor(self.small_sample, counts)


@dataclass(frozen=True, slots=True)
class NeweyWest:
    """Newey-West covariance along the calendar of each unit; units are independent of one another.

    Rows of one unit and period are added up first; Bartlett weights ``1 - l / (lags + 1)``; a period without a row is a
    gap.

    Parameters
    ----------
    by : str
        Column of the units, or an interaction such as ``"exporter^importer"``.
    lags : int
        Longest lag, in periods; there is no default.
    small_sample : {"fixest", "statsmodels", "none"}
        Factor on the covariance: with ``"statsmodels"`` N/(N-K).

    Raises
    ------
    DesignError
        Unknown rule, negative lags.

    References
    ----------
    Newey and West 1987, doi:10.2307/1913610.

    Examples
    --------
    >>> NeweyWest("importer", 2, "none").describe()
    'Newey-West by importer, Bartlett weights, 2 lags; small-sample rule none: no factor; t(T-1)'
    """

    by: str
    lags: int
    small_sample: Literal["fixest", "statsmodels", "none"]
    kind: ClassVar[str] = "Newey-West"

    def __post_init__(self) -> None:
        check_choice("small-sample rule", self.small_sample, ("fixest", "statsmodels", "none"))
        _check_lags(self.lags)

    @property
    def ways(self) -> tuple[str, ...]:
        """Columns of the clusters: none."""
        return ()

    @property
    def _rule(self) -> str:
        # statsmodels' 'hac-panel' has N/(N-K) by default, as linearmodels has.
        return "linearmodels" if self.small_sample == "statsmodels" else self.small_sample

    def describe(self) -> str:
        """One line for tables."""
        rule = PERIODS[self._rule].format(within=f"{self.by} or periods")
        return (
            f"Newey-West by {self.by}, Bartlett weights, {self.lags} lags; "
            f"small-sample rule {self.small_sample}: {rule}; t(T-1)"
        )

    def factor(self, counts: Counts) -> float:
        """Small-sample factor on the covariance; ``clusters`` are the periods."""
        return groups_factor(self._rule, counts) * rows_factor(self._rule, counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conley:
    """Conley covariance: rows of one period whose places lie near one another may be correlated.

    Optionally also rows of one unit in periods up to ``serial_lags`` apart, with Bartlett weights by the calendar.

    Parameters
    ----------
    latitude, longitude : str
        Columns of degrees, without missing values in the sample.
    cutoff_km : float
        Distance beyond which rows are independent; there is no default.
    kernel : {"uniform", "bartlett"}
        Weight 1 up to the cutoff, or falling to zero there.
    distance : {"great_circle", "fixest_spherical", "fixest_triangular"}
        Great circle on the mean radius, 6371.0088 km; the two distances of fixest.
    serial_lags : int
        Longest lag of the serial terms; 0 for none.
    serial_by : str, optional
        Column of the units of the serial terms; needed with lags.
    small_sample : {"fixest", "none"}
        Factor on the covariance.

    Raises
    ------
    DesignError
        Unknown rule, kernel or distance, a negative cutoff, negative lags, lags without units.

    References
    ----------
    Conley 1999, doi:10.1016/S0304-4076(98)00084-0; with serial terms Hsiang 2010, doi:10.1073/pnas.1009510107.

    Examples
    --------
    >>> place = Conley(latitude="lat", longitude="lon", cutoff_km=500.0, kernel="bartlett", distance="great_circle",
    ...     serial_lags=0, small_sample="none")
    >>> place.describe().split("; ")[0]
    'Conley within 500 km (weight 1 - distance/cutoff), same period'
    """

    latitude: str
    longitude: str
    cutoff_km: float
    kernel: Kernel
    distance: Distance
    serial_lags: int
    small_sample: Literal["fixest", "none"]
    serial_by: str | None = None
    kind: ClassVar[str] = "Conley"

    def __post_init__(self) -> None:
        check_choice("small-sample rule", self.small_sample, SPATIAL)
        check_choice("kernel", self.kernel, KERNELS)
        check_choice("distance", self.distance, DISTANCES)
        _check_lags(self.serial_lags)
        if not 0 <= self.cutoff_km < float("inf"):
            raise DesignError("A cutoff is a distance.", f"cutoff_km={self.cutoff_km}", "use kilometres, 0 or more")
        if (self.serial_lags > 0) != (self.serial_by is not None):
            raise DesignError(
                "Serial terms need lags and the units they run along.",
                f"serial_lags={self.serial_lags}, serial_by={self.serial_by!r}",
                "set both, or serial_lags=0 alone",
            )

    @property
    def ways(self) -> tuple[str, ...]:
        """Columns of the clusters: none."""
        return ()

    def describe(self) -> str:
        """One line for tables."""
        serial = f"; Bartlett weights along {self.serial_by}, {self.serial_lags} lags" if self.serial_lags else ""
        return (
            f"Conley within {self.cutoff_km:g} km ({KERNELS[self.kernel]}), same period; {DISTANCES[self.distance]}"
            f"{serial}; small-sample rule {self.small_sample}: {SPATIAL[self.small_sample]}; t(places-1)"
        )

    def factor(self, counts: Counts) -> float:
        """Small-sample factor on the covariance."""
        return rows_factor(self.small_sample, counts)
