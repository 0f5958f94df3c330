"""The most memory that this process held since it was last asked; known on Linux alone."""

from contextlib import suppress
from pathlib import Path

FORGET_PEAK = "5"
"""What Linux takes as the order to count the peak anew (man 5 proc, clear_refs)."""


def forget_peak() -> None:
    """Count the peak from now on; of a process, so that work side by side shares it."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text(FORGET_PEAK, encoding="ascii")


def peak_mb() -> float | None:
    """Peak resident memory in MB since `forget_peak`; None where the system does not tell."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return None
