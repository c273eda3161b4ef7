"""Points and scores of villages, from batches to what readers are given."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pytest

from tests.warehouse.batches import batch
from warehouse.batch import VILLAGE_POINT, VILLAGE_SCORE, Batch
from warehouse.publish import publish_batches
from warehouse.query import Warehouse
from warehouse.report import QueryError
from warehouse.settings import Settings
from warehouse.snapshots import Store, StoreError

CODES = ("95010101", "95010102", "96010101")


def village(code: str, name: str = "บ้านทดลอง") -> dict[str, object]:
    return {
        "code": code,
        "level": "village",
        "parent": code[:6],
        "name_th": name,
        "name_en": name,
        "kind": "village",
        "region": "south",
        "mapped_to": None,
    }


def villages_batch(
    source: str,
    points: Iterable[tuple[str, float]] = (),
    scores: Iterable[tuple[str, str, int]] = (),
    *,
    year: int = 2015,
    spec: str = "made",
    known: Iterable[str] = CODES,
) -> Batch:
    """Points as (code, confidence) and scores as (code, indicator, score) of one source."""
    points, scores = list(points), list(scores)
    made = batch([], source=source, areas=[village(c) for c in known], sha=f"{source}{points}{scores}{year}")
    made.village_points = pa.Table.from_pylist(
        [
            {
                "code": code,
                "name_th": "บ้านทดลอง",
                "longitude": 101.3,
                "latitude": 6.5,
                "source_id": source,
                "how": "code",
                "confidence": sure,
            }
            for code, sure in points
        ],
        schema=VILLAGE_POINT,
    )
    made.village_scores = pa.Table.from_pylist(
        [
            {"code": c, "spec": spec, "indicator": i, "year": year, "score": s, "source_id": source}
            for c, i, s in scores
        ],
        schema=VILLAGE_SCORE,
    )
    return made


def house(tmp_path: Path, *batches: Batch) -> Warehouse:
    store = Store(tmp_path / "home", 3)
    for one in batches:
        publish_batches(store, Settings(), [one])
    return Warehouse.open(store)


def test_of_two_points_of_a_village_the_surer_one_stays_whichever_came_last(tmp_path: Path) -> None:
    sure = villages_batch("sure", [("95010101", 1.0), ("95010102", 0.5)])
    other = villages_batch("other", [("95010101", 0.9), ("95010102", 0.5), ("96010101", 0.4)])
    found = house(tmp_path, sure, other).villages.points().set_index("code")["source_id"]
    assert found.to_dict() == {"95010101": "sure", "95010102": "other", "96010101": "other"}


def test_a_source_that_comes_again_replaces_all_its_points(tmp_path: Path) -> None:
    first = villages_batch("s", [("95010101", 1.0), ("96010101", 1.0)])
    again = villages_batch("s", [("95010102", 1.0)])
    opened = house(tmp_path, first, again)
    assert opened.villages.points()["code"].tolist() == ["95010102"]
    assert opened.villages.points("96").empty
    with pytest.raises(QueryError):
        opened.villages.points("nowhere")


def test_a_point_of_a_village_that_is_in_no_list_is_not_published(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="in no list"):
        house(tmp_path, villages_batch("s", [("95010109", 1.0)]))
