"""What a benchmark ran on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any


def described() -> dict[str, Any]:
    """Processor, cores, whether it has bfloat16 (None where OpenVINO is missing), load, and versions of what runs networks."""
    try:
        from ml.runtimes.openvino import has_bfloat16

        bfloat16: bool | None = has_bfloat16()
    except ImportError:
        bfloat16 = None
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "bfloat16": bfloat16,
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in ("tensorflow-cpu", "tensorflow", "keras", "openvino")},
    }


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    for line in facts.read_text().splitlines() if facts.is_file() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
