"""Neighbours and clusters on the real districts, against the libraries of the field."""

import geopandas as gpd
import numpy as np
import pytest

from analytics.clusters import KINDS, contiguity, local_moran, moran
from tests.realdata import real_path

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def districts():
    frame = gpd.read_file(f"zip://{real_path('boundaries/tha_admbnda_adm2_shapefile.zip')}")
    column = next(c for c in frame.columns if c.upper() == "ADM2_PCODE")
    return frame.assign(code=frame[column].str.removeprefix("TH"))[["code", "geometry"]]


def test_districts_touch_whom_the_library_says(districts):
    from libpysal.graph import Graph

    ours = contiguity(districts)
    theirs = Graph.build_contiguity(districts.set_index("code"), rook=False)
    assert ours.matrix.nnz == theirs.n_edges == 2 * 2574
    assert set(ours.islands) == set(theirs.isolates)
    assert len(ours.islands) == 6 and "8404" in ours.islands  # Ko Samui
    assert (ours.matrix.toarray() == theirs.sparse.toarray()).all()


def test_a_smooth_surface_has_the_librarys_moran_and_clusters_at_its_ends(districts):
    from esda import Moran
    from libpysal.graph import Graph

    neighbours = contiguity(districts)
    north = districts.geometry.representative_point().y.to_numpy()
    values = north + np.random.default_rng(3).normal(0, 2, len(north))
    joined = districts[~districts["code"].isin(neighbours.islands)]
    graph = Graph.build_contiguity(joined.set_index("code"), rook=False)
    found = moran(values, neighbours)
    assert found.i == pytest.approx(Moran(values[joined.index], graph, permutations=0).I)
    assert found.n == 922 and found.islands == 6
    local = local_moran(values, neighbours)
    kind = {code: KINDS[k] for code, k in zip(districts["code"], local.kind, strict=True)}
    assert kind["5707"] == kind["5004"] == "high_high"  # Mae Chan and Chiang Dao, far north
    assert kind["9503"] == kind["9601"] == "low_low"  # Betong and Mueang Narathiwat's side, far south
    assert kind["8404"] == "no_neighbour"
