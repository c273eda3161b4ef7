"""What is installed is what was locked, and may be handed on."""

import importlib.util
import re
import tomllib

import pytest

from tests.browser.conftest import ROOT

SPEC = importlib.util.spec_from_file_location("licences", ROOT / "deploy" / "licences.py")
licences = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(licences)
LOCK = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))


def faults(package):
    """Why a package of the lock file cannot be installed by its hash from the registry."""
    found = []
    if "registry" not in package["source"]:
        found.append(f"{package['name']}: from {package['source']}")
    files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
    if not files:
        found.append(f"{package['name']}: no file")
    found += [
        f"{package['name']}: {f.get('url')}"
        for f in files
        if not re.fullmatch(r"sha256:[0-9a-f]{64}", f.get("hash", ""))
        or not f.get("url", "https://").startswith("https://")
    ]
    return found


def test_every_locked_file_has_its_hash_and_comes_from_the_registry():
    packages = [p for p in LOCK["package"] if p["name"] != "daomap"]
    assert len(packages) > 60
    assert [fault for package in packages for fault in faults(package)] == []
    assert [p["source"] for p in LOCK["package"] if p["name"] == "daomap"] == [{"editable": "."}]


@pytest.mark.parametrize(
    "package",
    [
        {"name": "x", "source": {"git": "https://x"}, "sdist": {"hash": "sha256:" + "0" * 64}},
        {"name": "x", "source": {"url": "https://x/x.whl"}, "wheels": [{"hash": "sha256:" + "0" * 64}]},
        {"name": "x", "source": {"path": "../x"}, "wheels": [{"hash": "sha256:" + "0" * 64}]},
        {"name": "x", "source": {"registry": "r"}, "wheels": [{"url": "https://x"}]},
        {"name": "x", "source": {"registry": "r"}, "wheels": [{"url": "https://x", "hash": "md5:00"}]},
        {"name": "x", "source": {"registry": "r"}, "wheels": [{"url": "http://x", "hash": "sha256:" + "0" * 64}]},
        {"name": "x", "source": {"registry": "r"}},
    ],
)  # fmt: skip
def test_a_package_without_hash_or_from_elsewhere_is_seen(package):
    assert faults(package)


def test_the_project_names_no_other_source():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    needs = [
        *project["project"]["dependencies"],
        *(d for g in project["dependency-groups"].values() for d in g),
    ]
    assert [n for n in needs if "@" in n or "://" in n] == []
    assert "sources" not in project["tool"]["uv"] and "index" not in project["tool"]["uv"]


def test_the_page_of_licences_is_up_to_date():
    packages = licences.runtime_packages()
    text = licences.PAGE.read_text("utf-8").split("## ")[0]
    found = re.findall(r"^\| ([a-z0-9._-]+) \| ([^|]+) \| ([^|]+) \|$", text, re.M)
    rows = {name: versions for name, versions, _ in found if name != "package"}
    assert rows == {name: ", ".join(versions) for name, versions in packages.items()}
    assert licences.PAGE.read_text("utf-8") == licences.page(), (
        "write it again: python deploy/licences.py --write"
    )


def test_no_licence_is_unknown_or_asks_for_more_than_we_can_keep():
    packages = licences.runtime_packages()
    assert {"streamlit", "duckdb", "geopandas", "fontpkg-noto-sans-thai"} <= set(packages)
    assert {"pytest", "playwright", "ruff"} & set(packages) == set()
    assert {n: licences.licence(n) for n in packages if licences.forbidden(licences.licence(n))} == {}


@pytest.mark.parametrize(
    "text", ["", "UNKNOWN", "GPL-3.0-only", "AGPL-3.0", "MIT AND GPL-2.0-only", "Proprietary", "SSPL-1.0"]
)
def test_other_licences_are_forbidden(text):
    assert licences.forbidden(text)


@pytest.mark.parametrize("text", ["MIT", "Apache-2.0 OR GPL-2.0-only", "MIT AND CC-BY-4.0"])
def test_a_choice_may_be_taken(text):
    assert not licences.forbidden(text)
