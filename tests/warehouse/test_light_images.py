"""Pictures of light: every pixel where its cell is, in the colour of its value, and nothing drawn that is not there."""

import hashlib
import io
import math

import numpy as np
import pytest
from PIL import Image

from geo.nightlight import THAILAND, Grid, canonical, read_cog
from tests.warehouse.lights import COARSE, cells, light_batch
from ui.palette import NIGHT_GROUND, difference_colours, light_colours
from warehouse import light_images
from warehouse.light_files import raster_file
from warehouse.light_images import (
    DARK,
    DIFFERENCE_COLOURS,
    EMPTY,
    FIRST,
    LIGHT_COLOURS,
    PICTURES,
    ImageName,
    difference_numbers,
    encode,
    image_bounds,
    image_url,
    light_image,
    light_numbers,
    read_name,
)
from warehouse.publish import publish_batches
from warehouse.settings import Settings
from warehouse.snapshots import Store

COLOURS = light_colours(LIGHT_COLOURS)
SNAPSHOT = "snap-000001-0123456789ab"
FINE = canonical(-180 - 1 / 480, 75 + 1 / 480, 1 / 240, 1 / 240)


def opened(body: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(body)).convert("RGBA"))


def pixel_of(bounds, shape, lon: float, lat: float) -> tuple[int, int]:
    """Row and column of a place in a picture that is stretched between its bounds in Web Mercator."""

    def up(latitude: float) -> float:
        return math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2))

    west, south, east, north = bounds
    row = (up(north) - up(lat)) / (up(north) - up(south)) * shape[0]
    return int(row), int((lon - west) / (east - west) * shape[1])


@pytest.mark.parametrize("grid", [COARSE, FINE, Grid(191, 336, 97.2, 20.6, 0.045, 0.045)])
def test_a_single_bright_cell_lies_where_it_is_on_the_map(grid):
    for row, col in ((0, 0), (grid.height // 3, grid.width // 4), (grid.height - 1, grid.width - 1)):
        values = np.zeros(grid.shape, dtype=np.float32)
        values[row, col] = 50
        numbers = light_numbers(values, unit="nW/cm²/sr", threshold=0)
        body = opened(encode(numbers, grid, COLOURS))
        lon, lat = grid.west + (col + 0.5) * grid.dx, grid.north - (row + 0.5) * grid.dy
        place = pixel_of(image_bounds(grid), body.shape, lon, lat)
        assert body[place][3] == 255
        assert tuple(body[place][:3]) == COLOURS[numbers[row, col] - FIRST]
        shown = np.argwhere(body[..., 3])
        # Nothing beyond its edges by more than one pixel, and nothing else is drawn.
        down, across = grid.dy * body.shape[0] / (grid.height * grid.dy) * 1.1, body.shape[1] / grid.width
        assert np.ptp(shown[:, 0]) <= down + 1 and np.ptp(shown[:, 1]) <= across


def test_no_row_of_cells_is_left_out():
    for grid in (COARSE, FINE):
        numbers = np.broadcast_to(
            (np.arange(grid.height) % 250 + FIRST).astype(np.uint8)[:, None], grid.shape
        )
        picture = np.asarray(Image.open(io.BytesIO(encode(numbers, grid, COLOURS))))[:, 0].astype(int)
        assert set(np.diff(picture)) <= {0, 1, -249}
        assert (np.diff(picture) != 0).sum() == grid.height - 1


def test_a_close_up_is_cut_at_whole_cells_with_both_years_alike():
    box = (100.31, 13.49, 100.93, 13.95)
    west, south, east, north = image_bounds(FINE, box)
    assert west < box[0] and south < box[1] and east > box[2] and north > box[3]
    for edge, start in ((west, FINE.west), (east, FINE.west), (south, FINE.north), (north, FINE.north)):
        assert (edge - start) / FINE.dx == pytest.approx(round((edge - start) / FINE.dx), abs=1e-5)
    years = [light_numbers(np.full(FINE.shape, v, np.float32), unit="nW/cm²/sr", threshold=0) for v in (0, 9)]
    old, new = (opened(encode(n, FINE, COLOURS, box=box, ground=NIGHT_GROUND)) for n in years)
    assert old.shape == new.shape
    columns = round((east - west) / FINE.dx)
    assert new.shape[1] % columns == 0 and 600 < max(new.shape[:2]) <= 1250
    assert np.unique(old.reshape(-1, 4), axis=0).tolist() == [[*NIGHT_GROUND, 255]]


def test_dark_no_data_and_lit_are_told_apart():
    values = np.array([[np.nan, -0.2, 0.0, 0.5, 0.51, 1000.0]], dtype=np.float32)
    numbers = light_numbers(values, unit="nW/cm²/sr", threshold=0.5)
    assert numbers[0, :4].tolist() == [EMPTY, DARK, DARK, DARK]
    assert FIRST < numbers[0, 4] < numbers[0, 5] == FIRST + LIGHT_COLOURS - 1
    grid = Grid(6, 1, 100, 14, 0.1, 0.1)
    overlay = opened(encode(numbers, grid, COLOURS))
    step = overlay.shape[1] // 6
    assert overlay[0, ::step, 3].tolist() == [0, 0, 0, 0, 255, 255]
    # What is clear is no darker than the faintest light: mixed with it from afar, it leaves no dark rim.
    assert {tuple(c) for c in overlay[overlay[..., 3] == 0][:, :3].tolist()} == {COLOURS[0]}
    near = opened(encode(numbers, grid, COLOURS, box=(100.2, 13.9, 100.4, 14.0), ground=NIGHT_GROUND))
    assert near[0, :: near.shape[1] // 6, 3].tolist() == [0, 255, 255, 255, 255, 255]


def test_a_difference_is_of_lit_cells_only_and_centred():
    before = np.array([[0.1, 0.0, 5.0, 5.0, np.nan, 9.0]], dtype=np.float32)
    after = np.array([[0.4, 5.0, 0.0, 5.0, 5.0, np.nan]], dtype=np.float32)
    numbers = difference_numbers(before, after, unit="nW/cm²/sr", threshold=0.5)[0].astype(int)
    middle = FIRST + DIFFERENCE_COLOURS // 2
    assert numbers[0] == DARK and numbers[3] == middle
    assert numbers[1] - middle == middle - numbers[2] > 0
    assert numbers[4] == numbers[5] == EMPTY


# Colours and scales are part of what an address promises for a year.
PROMISED = {2: "c37c331a3d8d4970"}


def test_another_picture_needs_another_number_of_the_rules():
    values = np.append(np.geomspace(0.01, 900, 400), np.nan).astype(np.float32)[None]
    text = hashlib.sha256()
    for unit in ("nW/cm²/sr", "DN"):
        text.update(light_numbers(values, unit=unit, threshold=0.3).tobytes())
        text.update(difference_numbers(values, values[:, ::-1], unit=unit, threshold=0.3).tobytes())
    text.update(repr((COLOURS, NIGHT_GROUND)).encode())
    for theme in light_images.THEMES:
        text.update(repr(difference_colours(DIFFERENCE_COLOURS, theme)).encode())
    small = Grid(8, 8, 100.0, 15.0, 0.1, 0.1)
    numbers = np.arange(64, dtype=np.uint8).reshape(8, 8)
    for palette in (COLOURS, difference_colours(DIFFERENCE_COLOURS, "light")):
        text.update(opened(encode(numbers, small, palette)).tobytes())
        text.update(
            opened(
                encode(numbers, small, palette, box=(100.2, 14.3, 100.4, 14.6), ground=(1, 2, 3))
            ).tobytes()
        )
    # When this fails, raise PICTURES and write the new hash down under it: browsers keep pictures for a year.
    assert text.hexdigest()[:16] == PROMISED[PICTURES]


@pytest.mark.parametrize(
    ("product", "name", "query"),
    [
        ("modelled", "2012", {"area": "555"}),
        ("modelled", "2012", {"area": "๕๕"}),
        ("modelled", "2012", {"area": "55010101"}),
        ("modelled", "2012", {"area": ""}),
        ("modelled", "2012", {"theme": "blue"}),
        ("modelled", "2012", {"v": "1"}),
        ("modelled", "2012", {"width": "100000"}),
        ("modelled", "๒๐๑๒", {}),
        ("modelled", "2021-2012", {}),
        ("modelled", "2012-2012", {}),
        ("modelled", "2012-2016-2021", {}),
        ("modelled", "2012\n", {}),
        ("modelled", "2012-observations", {}),
        ("unheard-of", "2012", {}),
        ("../modelled", "2012", {}),
    ],
)
def test_only_whole_addresses_are_read(product, name, query):
    assert read_name(product, name, query) is None


def test_an_address_is_written_as_it_is_read():
    url = image_url(SNAPSHOT, "modelled", (2012, 2021), area="5001", theme="dark")
    path, _, query = url.partition("?")
    pairs = dict(part.split("=") for part in query.split("&"))
    assert path == f"/lights/{SNAPSHOT}/modelled/2012-2021.png"
    assert read_name("modelled", "2012-2021", pairs) == ImageName("modelled", (2012, 2021), "5001", "dark")
    with pytest.raises(ValueError, match="expected a known product"):
        image_url(SNAPSHOT, "modelled", (2021, 2012))


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("lights"))
    batch = light_batch("vnl-v21-average-masked", y2012=cells(1), y2021=cells(2))
    info = publish_batches(store, Settings(), [batch], fresh=True)
    return store, info


def test_the_picture_of_a_snapshot_is_that_of_its_cells(published):
    store, info = published
    values, grid, _ = read_cog(info.path / raster_file("vnl-v21-average-masked", 2021))
    name = ImageName("vnl-v21-average-masked", (2021,))
    body = light_image(store.snapshots, info.id, name, COLOURS, NIGHT_GROUND)
    numbers = light_numbers(values, unit="nW/cm²/sr", threshold=0)
    assert body == encode(numbers, grid, COLOURS)
    assert light_image(store.snapshots, info.id, name, COLOURS, NIGHT_GROUND) is body
    close = light_image(
        store.snapshots, info.id, ImageName(name.product, (2021,), "50"), COLOURS, NIGHT_GROUND
    )
    assert close is not None and close != body


def test_what_a_snapshot_does_not_hold_is_no_picture(published):
    store, info = published
    for snapshot, product, years, area in (
        (info.id, "modelled", (2012,), None),
        (info.id, "vnl-v21-average-masked", (2013,), None),
        (info.id, "vnl-v21-average-masked", (2012, 2013), None),
        (info.id, "vnl-v21-average-masked", (2012,), "99"),
        (SNAPSHOT, "vnl-v21-average-masked", (2012,), None),
        ("../" + info.id, "vnl-v21-average-masked", (2012,), None),
    ):
        assert (
            light_image(store.snapshots, snapshot, ImageName(product, years, area), COLOURS, NIGHT_GROUND)
            is None
        )


def test_a_raster_that_was_tampered_with_is_not_drawn(tmp_path):
    store = Store(tmp_path)
    info = publish_batches(
        store, Settings(), [light_batch("vnl-v21-average-masked", y2012=cells(1))], fresh=True
    )
    name = ImageName("vnl-v21-average-masked", (2012,))
    assert light_image(store.snapshots, info.id, name, COLOURS, NIGHT_GROUND) is not None
    path = info.path / raster_file(name.product, 2012)
    body = bytearray(path.read_bytes())
    body[-1] ^= 1
    path.chmod(0o644)
    path.write_bytes(body)
    assert light_image(store.snapshots, info.id, name, COLOURS, NIGHT_GROUND) is None


def test_thailand_is_the_whole_picture():
    west, south, east, north = image_bounds(FINE)
    assert west <= THAILAND[0] and south <= THAILAND[1] and east >= THAILAND[2] and north >= THAILAND[3]


def test_a_drifting_background_is_no_difference(tmp_path):
    """Unmasked light: the ground rose by 0.3 everywhere, over the threshold; one town grew."""
    before = np.random.default_rng(1).normal(0.4, 0.02, COARSE.shape).astype(np.float32)
    after = before + np.float32(0.3)
    town = (60, 30)
    before[town], after[town] = 20, 40
    store = Store(tmp_path)
    info = publish_batches(
        store, Settings(), [light_batch("viirs-dnb-monthly", y2012=before, y2021=after)], fresh=True
    )
    name = ImageName("viirs-dnb-monthly", (2012, 2021))
    colours = difference_colours(DIFFERENCE_COLOURS, "light")
    body = light_image(store.snapshots, info.id, name, colours, (0, 0, 0))
    assert body is not None
    shown = np.argwhere(opened(body)[..., 3])
    step = opened(body).shape[1] // COARSE.width
    assert len(shown) > 0 and np.ptp(shown[:, 1]) < step and np.ptp(shown[:, 0]) <= step * 1.1
