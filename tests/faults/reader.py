"""A reader as the dashboard is one: asks again and again, and stops at the first thing no reader may ever see.

Started by `test_kill` as ``python -m tests.faults.reader HOME EXPECTED`` until its standard input closes.
"""

from __future__ import annotations

import gzip
import json
import select
import sys
import time
from pathlib import Path

from warehouse.query import Warehouse, layer_file, serving
from warehouse.snapshots import SnapshotInfo, Store


def look(house: Warehouse, snapshots: Path) -> list[float]:
    """What one snapshot says: a province, its three districts, and the province on the map."""
    province = house.values("target_poor", level="province", year=2018, within="83")["value"].tolist()
    districts = house.values("target_poor", level="district", year=2018, within="83")["value"].tolist()
    path = layer_file(snapshots, house.snapshot, "province", "TH", "poverty-2018")
    drawn = []
    if path is not None:
        features = json.loads(gzip.decompress(path.read_bytes()))["features"]
        drawn = [f["properties"]["target_poor"] for f in features if f["properties"]["code"] == "83"]
    return [*province, *districts, *drawn]


def main() -> None:
    home, expected = Path(sys.argv[1]), Path(sys.argv[2])
    known = json.loads(expected.read_text())
    store = Store(home)
    newest = reads = fresh = 0
    seen: set[int] = set()
    while not select.select([sys.stdin], [], [], 0)[0]:
        house, info = _open(store, reads)
        fresh += reads % 10 == 0
        try:
            found = look(house, store.snapshots)
        except OSError:
            # Pruned between two looks: the layer of a snapshot that is no longer the current one may be gone.
            if Store(home).current().version <= info.version:  # type: ignore[union-attr]
                raise
            continue
        if len(found) == 4 and Store(home).current().version > info.version:  # type: ignore[union-attr]
            continue
        assert found in known.values(), f"half an import: {found} in {info.id}"
        assert not info.notices, info.notices
        assert info.version >= newest, f"went back from {newest} to {info.version}"
        newest = info.version
        seen.add(newest)
        reads += 1
        time.sleep(0.2)  # often enough to meet every step, and out of the way of the importer
    print(json.dumps({"reads": reads, "fresh": fresh, "versions": len(seen), "newest": newest}))


def _open(store: Store, reads: int) -> tuple[Warehouse, SnapshotInfo]:
    if reads % 10 == 0:
        house = Warehouse.open(Store(store.home))
        return house, house.info
    house = serving(store)
    return house, house.info


if __name__ == "__main__":
    main()
