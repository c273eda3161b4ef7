"""Points and scores of villages, from batches to what readers are given."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pytest

from analytics.village_specs import catalogue_entries, read_spec, shipped_specs
from tests.warehouse.batches import batch
from warehouse.batch import VILLAGE_POINT, VILLAGE_SCORE, Batch
from warehouse.point_layers import point_layer_bytes
from warehouse.publish import known_imports, publish_batches
from warehouse.query import Warehouse
from warehouse.report import QueryError
from warehouse.settings import Settings
from warehouse.snapshots import Store, StoreError
from warehouse.village_layers import village_url
from warehouse.villages import Villages

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


def test_a_round_may_arrive_in_parts_and_a_replaced_part_may_return(tmp_path: Path) -> None:
    entry = {"made": shipped_specs()["plan11"].entry.replace('id = "plan11"', 'id = "made"', 1)}
    first = villages_batch("nrd-s", [("95010101", 1.0)], [("95010101", "i01", 1), ("95010101", "i02", 1)])
    second = villages_batch("nrd-s", [("95010102", 1.0)], [("95010102", "i01", 2)])
    other = villages_batch("villages-points-o", [("95010101", 1.0)])
    # The district's second village comes again, the first with one indicator less.
    again = villages_batch("nrd-s", [], [("95010101", "i01", 3)])
    for made, name in ((first, "a"), (second, "b"), (other, "c"), (again, "d")):
        made.village_specs = entry if made is not other else {}
        made.files = made.files.set_column(1, "file_name", pa.array([f"{name}.csv"]))
    opened = house(tmp_path, first, second)
    assert opened.villages.points()["code"].tolist() == ["95010101", "95010102"]
    assert opened.villages.scores("made", 2015, "95010101") == {"i01": 1, "i02": 1}
    assert opened.villages.points("96").empty and not second.report.warnings
    with pytest.raises(QueryError):
        opened.villages.points("nowhere")
    store = Store(tmp_path / "home", 3)
    assert known_imports(store.current()) == {first.import_id, second.import_id}
    opened = house(tmp_path, other, again)
    assert opened.villages.points().set_index("code")["source_id"].to_dict() == {
        "95010101": "villages-points-o", "95010102": "nrd-s",
    }  # fmt: skip
    assert opened.villages.scores("made", 2015, "95010101") == {"i01": 3}
    assert opened.villages.scores("made", 2015, "95010102") == {"i01": 2}
    for replacing in (other, again):
        told = [f.found for f in replacing.report.warnings if f.code == "publish.villages_replaced"]
        assert told == ["1: 95010101"]
    assert first.import_id not in known_imports(store.current())
    assert again.import_id in known_imports(store.current())
    house(tmp_path, first)
    assert first.import_id in known_imports(store.current())


def test_a_point_of_a_village_that_is_in_no_list_is_not_published(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="in no list"):
        house(tmp_path, villages_batch("s", [("95010109", 1.0)]))


@pytest.fixture(scope="module")
def surveyed(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Three villages with points and scores of two indicators of one domain, and one of another."""
    scores = [("95010101", "i01", 1), ("95010101", "i02", 3), ("95010102", "i01", 2), ("96010101", "i08", 0)]
    made = villages_batch(
        "nrd-plan11-2558", [(c, 1.0) for c in CODES[:2]] + [(CODES[2], 0.4)], scores, spec="plan11"
    )
    plan = shipped_specs()["plan11"]
    # Two indicators in the first domain, so that three scores tell something.
    few = plan.entry.partition("\n[[indicator]]")[0] + "\n" + "".join(
        f'\n[[indicator]]\nid = "{i.id}"\ndomain = "{i.domain}"\nname_th = "{i.name_th}"\nname_en = "{i.name_en}"\n'
        "verified = false\n"
        for i in plan.indicators if i.id in ("i01", "i02", "i08")
    )  # fmt: skip
    made.village_specs = {"plan11": few}
    made.indicators = catalogue_entries(read_spec(few))
    return house(tmp_path_factory.mktemp("surveyed"), made)


def test_a_class_is_told_only_where_no_missing_score_could_change_it(surveyed: Warehouse) -> None:
    [found] = surveyed.villages.rounds
    assert (found.key, found.villages, found.source_id) == ("plan11-2015", 3, "nrd-plan11-2558")

    def classes(measure: str) -> dict[str, float | None]:
        frame = surveyed.villages.classed("plan11", 2015, measure).set_index("code")["k"]
        return {code: None if k != k else k for code, k in frame.items()}

    assert classes("i01") == {"95010101": 1, "95010102": 2}
    # One severe score makes a domain severe; two of the first village's are known, one of the second's is not.
    assert classes("d1") == {"95010101": 1, "95010102": None}
    assert classes("i08") == {"96010101": 0}
    # With six severe problems as the cut, three indicators make everybody level 3, but where nothing applies.
    assert classes("level") == {"95010101": 3, "95010102": 3, "96010101": None}
    assert surveyed.villages.standing("plan11", 2015, "9501")["missing"].tolist() == [1, 2]
    assert surveyed.villages.scores("plan11", 2015, "95010101") == {"i01": 1, "i02": 3}
    for question in (("plan12", 2015, "level"), ("plan11", 2014, "level"), ("plan11", 2015, "i99")):
        with pytest.raises(QueryError):
            surveyed.villages.classed(*question)


def test_a_specification_that_drops_an_indicator_and_villages_that_come_later_count_everywhere_alike(
    tmp_path: Path,
) -> None:
    """All the same on the card, the map and the shares."""
    entry = shipped_specs()["plan11"].entry
    head, *each = entry.split("\n[[indicator]]")
    whole, less = ("\n[[indicator]]".join([head, *each[:n]]) for n in (2, 1))
    made = villages_batch(
        "nrd-s",
        [],
        [(CODES[0], "i02", 1), (CODES[0], "i01", 3), (CODES[1], "i02", 1)],
        spec="plan11",
        known=CODES[:2],
    )
    made.village_specs, made.indicators = {"plan11": whole}, catalogue_entries(read_spec(whole))
    corrected = villages_batch("nrd-t", [], [(CODES[2], "i01", 1)], year=2013, spec="plan11")
    corrected.village_specs, corrected.indicators = {"plan11": less}, catalogue_entries(read_spec(less))
    opened = house(tmp_path, made)
    assert opened.villages.coverage("plan11", 2015, "95") == (2, 2)
    assert (
        opened.values("nrd_plan11_i02", level="province", year=2015).set_index("area_code").at["95", "value"]
        == 100
    )
    opened = house(tmp_path, corrected)
    table = opened.villages.standing("plan11", 2015)
    assert table[["code", "severe", "fine", "missing"]].to_numpy().tolist() == [[CODES[0], 0, 1, 0]]
    assert opened.villages.round("plan11", 2015).villages == 1
    assert opened.villages.coverage("plan11", 2015, "95") == (1, 2)
    # One of two villages known is no share of the province, and was none the moment the other came to be known.
    shares = opened.values("nrd_plan11_i01", level="province", year=2015).set_index("area_code")["value"]
    assert shares.isna().all()


def test_a_point_carries_its_class_in_words_and_an_unsure_one_is_marked(surveyed: Warehouse) -> None:
    [found] = surveyed.villages.rounds
    snapshots = surveyed.info.path.parent

    def features(url: str) -> dict[str, dict[str, object]]:
        _, _, _, name, file = url.partition("?")[0].split("/")
        body = point_layer_bytes(snapshots, surveyed.snapshot, name, file.removesuffix(".geojson"))
        assert body is not None
        return {f["properties"]["c"]: f["properties"] for f in json.loads(gzip.decompress(body))["features"]}

    told = features(village_url(surveyed, found, "d1", within="95"))
    assert told["95010101"] == {
        "c": "95010101",
        "n": "บ้านทดลอง",
        "k": 1,
        "t_th": "มีปัญหามาก",
        "t_en": "severe problem",
    }
    assert "k" not in told["95010102"] and told["95010102"]["t_en"] == "not certain, or no score"
    plain = features(village_url(surveyed))
    own = plain["96010101"]
    assert set(plain) == set(CODES) and (own["c"], own["n"], own["a"]) == ("96010101", "บ้านทดลอง", 1)
    # A second line here too, or the tooltip would show the place it is filled into.
    around = surveyed.area("960101")
    assert own["t_th"] == f"{around.name_th} · ไม่มีคะแนน" and own["t_en"] == f"{around.name_en} · no score"
    for wrong in ("village-plan11-level", "village-plan11-level-15", "village-plan11-x1-2015"):
        assert point_layer_bytes(snapshots, surveyed.snapshot, wrong, "95") is None


def test_a_snapshot_made_before_there_were_villages_has_none(surveyed: Warehouse) -> None:
    class Old:
        def area(self, code: str) -> None: ...

        def _rows(self, sql: str, parameters: object = None) -> list[tuple[object, ...]]:
            assert "duckdb_tables" in sql
            return []

    villages = Villages(Old())  # type: ignore[arg-type]
    assert villages.points().empty and villages.rounds == () and villages.point("95010101") is None
