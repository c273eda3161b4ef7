"""How near offices are to all villages: ours against scikit-learn's BallTree and against a plain loop.

65,213 village points and the 5,284 government offices that lie in the country. Each side runs in a process of its own over
the same coordinates, read before its clock starts: the nearest office of every village, and a two-step floating catchment of
15 km with one person a village. The loop takes every hundredth village and is multiplied, which is said beside its figure. Seconds
of the processor, so that what else runs does not count; no side uses a second thread.

    python -m bench.access
"""

from __future__ import annotations

import csv
import json
import math
import statistics
import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from analytics import access
from analytics.access import EARTH_RADIUS_KM, Bands, Points
from bench.import_tpmap import watch
from bench.machine import facts, size, table
from geo.coordinates import THAILAND
from tests.realdata import real_root

VILLAGES = "villages/TH_VILLAGE2012.zip"
OFFICES = "services/thai_government_offices_ahoerstemeier.csv"
RADIUS_KM = 15.0
SAMPLE = 100
ROUNDS = {"ours": 3, "balltree": 3, "loop": 1}
Answer = tuple[np.ndarray, np.ndarray]


def villages(root: Path) -> Points:
    """All village points."""
    frame = gpd.read_file(f"zip://{root / VILLAGES}", columns=[]).to_crs(4326)
    inside = shapely.centroid(frame.geometry.to_numpy())
    return Points.of(shapely.get_x(inside), shapely.get_y(inside))


def offices(root: Path) -> Points:
    """The offices whose point lies in the country's window."""
    with (root / OFFICES).open(encoding="utf-8-sig", newline="") as file:
        rows = [(float(row["lon"]), float(row["lat"])) for row in csv.DictReader(file)]
    west, south, east, north = THAILAND
    kept = [(x, y) for x, y in rows if west <= x <= east and south <= y <= north]
    return Points.of([x for x, _ in kept], [y for _, y in kept])


def ours(here: Points, there: Points) -> Answer:
    """`analytics.access`: a k-d tree over points on the sphere; kilometres and access, one a village."""
    people, supply = np.ones(len(here)), np.ones(len(there))
    pairs = access.pairs_within(here, there, RADIUS_KM)
    found = access.floating_catchment(pairs, people, supply, Bands((RADIUS_KM,), (1.0,)))
    return access.nearest(here, there).km, found.access


def balltree(here: Points, there: Points) -> Answer:
    """scikit-learn's BallTree with the haversine metric, and the catchment in the fewest steps numpy allows."""
    from sklearn.neighbors import BallTree

    a, b = (np.radians(np.column_stack((p.latitude, p.longitude))) for p in (here, there))
    tree = BallTree(b, metric="haversine")
    km = tree.query(a)[0][:, 0] * EARTH_RADIUS_KM
    found = tree.query_radius(a, RADIUS_KM / EARTH_RADIUS_KM)
    origin, place = np.repeat(np.arange(len(here)), list(map(len, found))), np.concatenate(found)
    reached = np.bincount(place, minlength=len(there))
    ratio = np.divide(1.0, reached, out=np.zeros(len(there)), where=reached > 0)
    return km, np.bincount(origin, ratio[place], minlength=len(here))


def loop(here: Points, there: Points) -> Answer:
    """Every village with every office, in Python."""
    places = [
        (math.radians(x), math.radians(y)) for x, y in zip(there.longitude, there.latitude, strict=True)
    ]
    km, near = [], []
    reached = [0] * len(places)
    for x, y in zip(np.radians(here.longitude).tolist(), np.radians(here.latitude).tolist(), strict=True):
        best, inside, cosine = math.inf, [], math.cos(y)
        for j, (u, v) in enumerate(places):
            half = math.sin((v - y) / 2) ** 2 + cosine * math.cos(v) * math.sin((u - x) / 2) ** 2
            length = 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(half))
            best = min(best, length)
            if length <= RADIUS_KM:
                inside.append(j)
                reached[j] += 1
        km.append(best)
        near.append(inside)
    return np.array(km), np.array([sum(1 / reached[j] for j in inside) for inside in near])


SIDES = {"ours": ours, "balltree": balltree, "loop": loop}


def measure(side: str) -> dict[str, float]:
    """Median seconds of a side for all villages, and what it found."""
    root = real_root()
    here, there = villages(root), offices(root)
    count, part = len(here), 1
    if side == "loop":
        here, part = Points(here.longitude[::SAMPLE], here.latitude[::SAMPLE]), SAMPLE
    taken = []
    for _ in range(ROUNDS[side]):
        start = time.process_time()
        km, reached = SIDES[side](here, there)
        taken.append(part * (time.process_time() - start))
    return {
        "seconds": statistics.median(taken),
        "villages": count,
        "offices": len(there),
        "mean_km": float(km.mean()),
        "median_km": float(np.median(km)),
        "access": float(reached.sum()),
    }


def ratios(seconds: dict[str, float]) -> tuple[float, float]:
    """How many times of ours the BallTree takes, and the loop."""
    return seconds["balltree"] / seconds["ours"], seconds["loop"] / seconds["ours"]


def main() -> None:
    """Measure and print."""
    if len(sys.argv) == 2:
        print(json.dumps(measure(sys.argv[1])))
        return
    found = {side: watch([sys.executable, "-m", "bench.access", side]) for side in SIDES}
    print(facts())
    print(
        table(
            [
                "side",
                "villages",
                "offices",
                "processor, s",
                "memory of the process",
                "mean km",
                "offices reached",
            ],
            [
                [
                    side + (f" (1 in {SAMPLE}, multiplied)" if side == "loop" else ""),
                    f"{w.result['villages']:,.0f}",
                    f"{w.result['offices']:,.0f}",
                    f"{w.result['seconds']:.2f}",
                    size(w.memory),
                    f"{w.result['mean_km']:.6f}",
                    "–" if side == "loop" else f"{w.result['access']:,.1f}",
                ]
                for side, w in found.items()
            ],
        )
    )
    tree, plain = ratios({side: w.result["seconds"] for side, w in found.items()})
    print(f"BallTree / ours: {tree:.1f}; loop / ours: {plain:,.0f}")


if __name__ == "__main__":
    main()
