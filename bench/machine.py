"""What the figures were measured on, and how steady it was meanwhile."""

import os
import platform
import sys
import sysconfig
from pathlib import Path
from statistics import median
from typing import Final

import engine
from bench.rounds import spin_seconds

CPUINFO: Final = Path("/proc/cpuinfo")
MEMINFO: Final = Path("/proc/meminfo")
MOUNTS: Final = Path("/proc/self/mounts")


def machine(data: Path) -> dict[str, object]:
    """The machine, the interpreter, and the file system of the measured journals."""
    return {
        "cpu": _field(CPUINFO, "model name") or platform.processor(),
        "cpus": os.cpu_count(),
        "memory": _field(MEMINFO, "MemTotal"),
        "system": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        "fileSystem": file_system(data),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "optimised": "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or ""),
        "engine": "compiled" if engine.COMPILED else "interpreted",
        "asserts": not sys.flags.optimize,
    }


def _field(path: Path, name: str) -> str:
    if not path.exists():
        return ""
    lines = path.read_text().splitlines()
    found = (line.partition(":")[2].strip() for line in lines if line.startswith(name))
    return next(found, "")


def file_system(path: Path) -> str:
    """The type of the file system that a path is on, where the system says so."""
    if not MOUNTS.exists():
        return ""
    mounts = [line.split()[1:3] for line in MOUNTS.read_text().splitlines()]
    above = [(point, kind) for point, kind in mounts if path.resolve().is_relative_to(point)]
    return max(above, key=lambda mount: len(mount[0]))[1] if above else ""


class Noise:
    """A fixed piece of work, timed now and then: what the machine gives at the moment."""

    def __init__(self) -> None:
        self.seconds: Final[list[float]] = []
        self.sample()

    def sample(self) -> None:
        """Look once more."""
        self.seconds.append(min(spin_seconds() for _ in range(3)))

    def summary(self) -> dict[str, object]:
        """How far the machine strayed; the load average is that of the last minute."""
        least, middle, most = min(self.seconds), median(self.seconds), max(self.seconds)
        return {
            "fastestMs": least * 1e3,
            "medianMs": middle * 1e3,
            "slowestMs": most * 1e3,
            "slowestByFastest": most / least,
            "loadAverage": os.getloadavg()[0],
        }
