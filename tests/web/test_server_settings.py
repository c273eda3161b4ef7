"""The server starts with the shipped settings and with no weaker ones, wherever they come from."""

import os
import re
import subprocess
import sys
import tomllib

import pytest

from tests.browser.conftest import ROOT, free_port
from ui.server_settings import unsafe_settings

SHIPPED = {
    f"{section}.{name}": value
    for section, table in tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8")).items()
    for name, value in table.items()
}


def option(**changed):
    """`get_option` over the shipped file, Streamlit's own defaults and changes to them."""
    from streamlit import config

    changes = {name.replace("__", "."): value for name, value in changed.items()}

    def get(name):
        if name in changes:
            return changes[name]
        return SHIPPED[name] if name in SHIPPED else config._config_options_template[name].default_val

    return get


def test_the_shipped_settings_are_safe():
    assert unsafe_settings(option()) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("server.enableXsrfProtection", False),
        ("server.enableCORS", False),
        ("server.corsAllowedOrigins", ["https://evil.example"]),
        ("server.enableStaticServing", True),
        ("server.enableAgentApi", True),
        ("server.scriptHealthCheckEnabled", True),
        ("server.runOnSave", True),
        ("server.fileWatcherType", "auto"),
        ("server.trustedUserHeaders", {"X-Auth-Request-Email": "email"}),
        ("server.xsrfCookieSameSite", "none"),
        ("server.maxUploadSize", 51),
        ("server.maxUploadSize", 0),
        ("server.maxMessageSize", 200),
        ("server.allowedHosts", []),
        ("server.allowedHosts", ["*"]),
        ("client.showErrorDetails", "full"),
        ("client.showErrorDetails", "stacktrace"),
        ("client.showErrorDetails", True),
        ("client.showErrorLinks", True),
        ("client.disableDataExport", False),
        ("client.toolbarMode", "developer"),
        ("browser.gatherUsageStats", True),
        ("browser.serverAddress", None),
        ("runner.magicEnabled", True),
        ("global.developmentMode", True),
        ("server.address", "0.0.0.0"),
        ("server.address", None),
    ],
)
def test_each_weaker_setting_is_named_with_what_was_found_and_expected(name, value):
    found = unsafe_settings(option(**{name.replace(".", "__"): value}))
    assert len(found) == 1
    line = found[0].line()
    # Listening wider than this machine is allowed, with a name people reach it by.
    named = "server.allowedHosts" if name == "server.address" else name
    assert line.startswith(f"{named}: ")
    assert "\n" not in line
    assert "พบ" in line and "ต้องเป็น" in line and "found" in line and "expected" in line
    assert re.search(r"STREAMLIT_[A-Z_]+, --[a-zA-Z.]+", line)


@pytest.mark.parametrize("hosts", [["dashboard.example.go.th"], ["*.example.go.th", "127.0.0.1"]])
def test_a_deployment_names_its_hosts(hosts):
    assert unsafe_settings(option(server__address="0.0.0.0", server__allowedHosts=hosts)) == []


def test_the_mend_names_the_variable_streamlit_reads():
    from streamlit import config

    for name in ("server.enableCORS", "server.enableXsrfProtection", "browser.gatherUsageStats"):
        value = not option()(name)
        line = unsafe_settings(option(**{name.replace(".", "__"): value}))[0].line()
        assert config._config_options_template[name].env_var in line


@pytest.mark.parametrize(
    ("variables", "flags", "names"),
    [
        ({"STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION": "false"}, [], ["server.enableXsrfProtection"]),
        ({"STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "full"}, [], ["client.showErrorDetails"]),
        ({}, ["--server.enableCORS", "false", "--server.maxUploadSize", "200"], ["server.enableCORS", "server.maxUploadSize"]),
        ({}, ["--server.address", "0.0.0.0"], ["server.allowedHosts"]),
    ],
)  # fmt: skip
def test_a_server_with_weaker_settings_does_not_start(embedded_home, variables, flags, names):
    done = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true",
         "--server.port", str(free_port()), *flags],
        cwd=ROOT, env=os.environ | variables, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if re.match(r"[a-z]+\.[a-zA-Z]+: พบ", line)]
    assert [line.split(":")[0] for line in lines] == names
    assert "Traceback" not in done.stderr


def test_daomap_serve_says_no_as_well(embedded_home):
    done = subprocess.run(
        [sys.executable, "-m", "warehouse.cli", "serve", "--headless", "--port", str(free_port())],
        cwd=ROOT, env=os.environ | {"STREAMLIT_BROWSER_GATHER_USAGE_STATS": "true"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "browser.gatherUsageStats: พบ true" in done.stderr
