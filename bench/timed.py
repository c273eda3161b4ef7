"""``daomap serve`` for measuring: the server also tells each tab how long its script ran.

Streamlit does so with usage statistics on, which Daomap refuses to start with. They are switched on after the start here; nothing
leaves the machine, because it is the web page that would pass the report on and no benchmark that asks for times has one.

    DAOMAP_HOME=... python -m bench.timed serve --headless --port 8501
"""

from __future__ import annotations

import argparse
from pathlib import Path

from streamlit import config
from streamlit.web import cli

from ui import data

APP = Path(__file__).resolve().parent.parent / "app.py"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("--port", default="8501")
    parser.add_argument("--headless", action="store_true")
    options = parser.parse_args()
    ordinary = data.warm_up

    def warm_up() -> None:
        config.set_option("browser.gatherUsageStats", True)
        ordinary()

    data.warm_up = warm_up  # what app.py calls as soon as the server runs
    cli.main(["run", str(APP), "--server.port", options.port, "--server.headless", "true"])


if __name__ == "__main__":
    main()
