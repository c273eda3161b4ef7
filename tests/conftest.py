"""One embedded snapshot for all tests that read one, built where no test can touch the user's own."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples at every run, and no stop-watch: a red run is then a change's fault, and can be repeated.
# DAOMAP_EXPLORE=1 looks for new examples, more of them.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=1000, deadline=None)
settings.load_profile("explore" if os.environ.get("DAOMAP_EXPLORE") else "steady")


# Begun first where tests run side by side: what takes minutes must not be what everybody waits for at the end.
LONG = (
    "tests/faults/test_kill.py",
    "tests/real/test_disclosure_real.py",
    "browser",
    "tests/malformed/test_generated.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests together, for the servers and homes they share; and all tests with a browser, which fills a machine."""
    place = {name: position for position, name in enumerate(LONG)}
    order = {}
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            path = item.path.relative_to(item.config.rootpath)
            item.add_marker(
                pytest.mark.xdist_group("browser" if "browser" in path.parts else path.as_posix())
            )
        group = item.get_closest_marker("xdist_group").args[0]
        order[item] = place.get(group, len(place))
    items.sort(key=order.__getitem__)


@pytest.fixture(scope="session")
def embedded_home(tmp_path_factory) -> Path:
    """A data home with the embedded snapshot; ``DAOMAP_HOME`` points to it for the whole session."""
    home = tmp_path_factory.mktemp("home")
    os.environ["DAOMAP_HOME"] = str(home)
    from ui import data
    from warehouse.cli import main

    data.settings.cache_clear()
    data.store.cache_clear()
    assert main(["build"]) == 0
    return home
