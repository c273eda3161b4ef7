"""The process that opens strangers' files. Started by `warehouse.intake.pool`, never imported by the server.

Only light modules are imported here: the confinement has to be in force before Arrow starts its threads.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import BinaryIO

import geo  # noqa: F401  (an empty package; once confined, the folder it stands in cannot be searched)
from warehouse.intake.confine import confine
from warehouse.intake.frames import PipeRequests, Requests, SocketRequests, write_frame


def main(argv: list[str] | None = None) -> int:
    """Confine this process, say so, and answer requests until they end."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--memory-mb", type=int, default=4096)
    arguments.add_argument(
        "--no-landlock", action="store_true", help="confinement comes from outside, or not at all"
    )
    arguments.add_argument("--probe-port", type=int, default=0, help="a listener that must be out of reach")
    arguments.add_argument("--vector", action="store_true", help="load pyogrio's GDAL before the first file")
    arguments.add_argument("--raster", action="store_true", help="load rasterio's GDAL before the first file")
    chosen = arguments.parse_args(argv)
    requests, answers = _take_channels()
    measures = confine(chosen.memory_mb, landlock=not chosen.no_landlock, probe_port=chosen.probe_port)
    from warehouse.intake.reading import serve, warm_up

    warm_up(chosen.vector, chosen.raster)
    write_frame(answers, {"hello": list(measures), "pid": os.getpid()})
    return serve(requests, answers)


def _take_channels() -> tuple[Requests, BinaryIO]:
    """The ways in and out as private objects; standard output becomes standard error, so that no library
    prints into a frame.
    """
    requests: Requests
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(0, os.O_BINARY)
        msvcrt.setmode(1, os.O_BINARY)
        requests = PipeRequests(os.fdopen(os.dup(0), "rb"))
    else:
        requests = SocketRequests(os.dup(0))
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, answers


if __name__ == "__main__":
    sys.exit(main())
