"""Which settings of Streamlit's server Daomap serves with; anything weaker stops the start.

The safe values stand in ``.streamlit/config.toml``, but an environment variable, a flag or another configuration file wins over
that file, and a copied line that turns a protection off is not noticed by looking at pages. So the running values are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

LOCAL_NAMES: Final = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})
LARGEST_MB: Final = 50
_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")  # enableCORS -> enable_CORS

# What each setting has to be, and why it is looked at.
_EXACT: Final[dict[str, Any]] = {
    "server.enableXsrfProtection": True,
    "server.enableCORS": True,  # what refuses a socket that another site's page opens
    "server.corsAllowedOrigins": [],
    "server.enableStaticServing": False,
    "server.enableAgentApi": False,  # drives pages without a browser
    "server.scriptHealthCheckEnabled": False,  # runs the script for anybody who asks
    "server.runOnSave": False,
    "server.fileWatcherType": "none",
    "server.trustedUserHeaders": {},  # whoever reaches the port could say who they are
    "client.showErrorLinks": False,
    "client.disableDataExport": True,  # rows without their source, formulas as they stand
    "browser.gatherUsageStats": False,
    "runner.magicEnabled": False,
    "global.developmentMode": False,
}
_ONE_OF: Final[dict[str, tuple[str, ...]]] = {
    "client.showErrorDetails": ("none",),
    "client.toolbarMode": ("viewer", "minimal"),
    "server.xsrfCookieSameSite": ("lax", "strict"),
}
_AT_MOST: Final[dict[str, int]] = {"server.maxUploadSize": LARGEST_MB, "server.maxMessageSize": LARGEST_MB}


@dataclass(frozen=True, slots=True)
class Unsafe:
    """A setting with which Daomap does not serve.

    Attributes
    ----------
    name : str
        ``section.option`` as Streamlit calls it.
    found, expected : str
    where : str
        Where the value was set, in Streamlit's words; empty where unknown.
    """

    name: str
    found: str
    expected: str
    where: str = ""

    def line(self) -> str:
        """One line for the person who starts the server, in Thai and English."""
        variable = "STREAMLIT_" + _WORDS.sub("_", self.name).replace(".", "_").upper()
        source = f" [{self.where}]" if self.where else ""
        return (
            f"{self.name}: พบ {self.found} ต้องเป็น {self.expected} / found {self.found}{source}, expected {self.expected}. "
            f"แก้ที่ / Mend: {variable}, --{self.name}, .streamlit/config.toml"
        )


def unsafe_settings(
    option: Callable[[str], Any], where: Callable[[str], str] = lambda _name: ""
) -> list[Unsafe]:
    """Every setting that is weaker than Daomap needs.

    Parameters
    ----------
    option : callable
        Value of a setting by its name: ``streamlit.config.get_option``.
    where : callable, optional
        Where it was set: ``streamlit.config.get_where_defined``.

    Returns
    -------
    list of Unsafe
        Empty when the server may start.
    """
    found: list[Unsafe] = []

    def hold(good: bool, name: str, expected: str) -> None:
        if not good:
            found.append(Unsafe(name, _shown(option(name)), expected, where(name)))

    for name, value in _EXACT.items():
        hold((option(name) or type(value)()) == value, name, _shown(value))
    for name, values in _ONE_OF.items():
        hold(str(option(name)).lower() in values, name, " | ".join(values))
    for name, most in _AT_MOST.items():
        hold(0 < int(option(name)) <= most, name, f"1-{most}")
    # Unset, an outside service is asked for this machine's address as soon as a foreign origin knocks.
    hold(
        bool(option("browser.serverAddress")), "browser.serverAddress", "127.0.0.1 | dashboard.example.go.th"
    )
    hosts = {str(h).strip().lower() for h in option("server.allowedHosts") or ()}
    hold(
        bool(hosts) and not any(h in ("", "*", "*.") for h in hosts),
        "server.allowedHosts",
        "127.0.0.1, localhost, dashboard.example.go.th",
    )
    address = option("server.address")
    if not address or str(address).lower() not in LOCAL_NAMES:
        # Reached from outside under no name: every socket would be refused, and the page stay empty.
        hold(bool(hosts - LOCAL_NAMES), "server.allowedHosts", "dashboard.example.go.th")
    return found


def refuse_unsafe() -> None:
    """End the process, naming every fault, when the running settings are weaker than Daomap needs.

    Raises
    ------
    SystemExit
        With the lines as its text, which the interpreter writes to standard error; exit code 1.
    """
    from streamlit import config

    faults = unsafe_settings(config.get_option, config.get_where_defined)
    if faults:
        heading = "ไม่เปิดเซิร์ฟเวอร์: การตั้งค่าไม่ปลอดภัย / The server does not start: unsafe settings"
        raise SystemExit("\n".join([heading, *(fault.line() for fault in faults)]))


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."
