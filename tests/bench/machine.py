"""What a figure was measured on: a figure without its machine says nothing."""

import json
import os
import platform
from pathlib import Path
from typing import Any

import psutil

from tasks.store.record import versions

CPU_FILE = Path("/proc/cpuinfo")


def machine() -> dict[str, Any]:
    """Cores, the CPU's model, memory, the system, and versions of what does the work."""
    return {
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "cpu": _cpu(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.platform(terse=True),
        "versions": json.loads(versions()),
    }


def _cpu() -> str:
    if CPU_FILE.is_file():
        for line in CPU_FILE.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or "unknown"
