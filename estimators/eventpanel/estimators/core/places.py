"""Distances between places on the globe, and neighbours within a cutoff."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Literal

import numpy as np

from eventpanel.estimators.core.arrays import Codes, Floats

Distance = Literal["great_circle", "fixest_spherical", "fixest_triangular"]
# Mean radius of the Earth (Moritz 2000, doi:10.1007/s001900050278); fixest 0.12.2 takes half of 12752 km.
RADIUS = {"great_circle": 6371.0088, "fixest_spherical": 6376.0}
# fixest 0.12.2: one degree is 111 km, of longitude times the cosine of the mean latitude.
DEGREE = 111.0
# Neighbours are looked for up to this many cutoffs along the great circle and then measured. On the plane of degrees
# a distance d is at most 1.36 d along the great circle, near the poles.
REACH = {"great_circle": 1.0, "fixest_spherical": 1.0, "fixest_triangular": 1.5}
# Pairs held at once.
BLOCK = 2_000_000


def distances(one: Floats, other: Floats, distance: Distance) -> Floats:
    """Kilometres between places, row by row.

    Parameters
    ----------
    one, other : ndarray, shape (n, 2)
        Latitude and longitude in degrees.
    distance : {"great_circle", "fixest_spherical", "fixest_triangular"}
        Haversine with radius 6371.0088 km; with 6376 km; Pythagoras on degrees of 111 km.

    Examples
    --------
    >>> distances(np.array([[0.0, 179.5]]), np.array([[0.0, -179.5]]), "fixest_triangular").round(9).tolist()
    [111.0]
    """
    (lat, lon), (other_lat, other_lon) = np.radians(one).T, np.radians(other).T
    if distance == "fixest_triangular":
        along = np.abs(lon - other_lon) % (2 * np.pi)
        east = np.minimum(along, 2 * np.pi - along) * np.cos((lat + other_lat) / 2)
        return np.asarray(DEGREE * np.degrees(np.hypot(lat - other_lat, east)), dtype=np.float64)
    half = np.sin((lat - other_lat) / 2) ** 2 + np.cos(lat) * np.cos(other_lat) * np.sin((lon - other_lon) / 2) ** 2
    return np.asarray(2 * RADIUS[distance] * np.arcsin(np.sqrt(np.clip(half, 0, 1))), dtype=np.float64)


def neighbours(
    places: Floats, layers: Codes, cutoff: float, distance: Distance
) -> Iterator[tuple[Codes, Codes, Floats]]:
    """Pairs of places of the same layer within a cutoff, each pair in both orders, a place with itself too.

    Parameters
    ----------
    places : ndarray, shape (m, 2)
        Latitude and longitude in degrees.
    layers : ndarray, shape (m,)
        Codes; places of different layers are no neighbours.
    cutoff : float
        Kilometres, included.
    distance : {"great_circle", "fixest_spherical", "fixest_triangular"}

    Yields
    ------
    one, other : ndarray
        Rows of ``places``.
    kilometres : ndarray
    """
    angle = min(REACH[distance] * cutoff / RADIUS["great_circle"], np.pi)
    # A hair more, 6 mm, so that places at the cutoff are found whatever the rounding.
    radius = 2 * np.sin(angle / 2) + 1e-9
    # Layers lie further apart than any chord of the globe.
    points = np.column_stack([_on_the_globe(places), 4.0 * layers])
    # Only this needs scipy.spatial, which takes as long to import as the rest of SciPy that is used.
    spatial = import_module("scipy.spatial")
    tree = spatial.cKDTree(points)
    counts = np.cumsum(tree.query_ball_point(points, radius, return_length=True))
    bounds = np.unique(np.searchsorted(counts, np.arange(0, counts[-1] + BLOCK, BLOCK)))
    for rows in np.split(np.arange(len(points)), bounds):
        if len(rows):
            found = spatial.cKDTree(points[rows]).sparse_distance_matrix(tree, radius, output_type="ndarray")
            one, other = rows[found["i"]], found["j"].astype(np.int64)
            kilometres = distances(places[one], places[other], distance)
            near = kilometres <= cutoff
            yield one[near], other[near], kilometres[near]


def _on_the_globe(places: Floats) -> Floats:
    """Points on the unit sphere, shape (m, 3)."""
    lat, lon = np.radians(places).T
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
