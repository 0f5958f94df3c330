"""Requests to this machine go straight there, whatever proxy the environment names."""

from collections.abc import MutableMapping
from ipaddress import ip_address

HERE = ("127.0.0.1", "localhost", "::1")
NAMES = ("no_proxy", "NO_PROXY")


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's loopback."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def spare_loopback(environment: MutableMapping[str, str]) -> None:
    """Add this machine to the hosts that are asked without a proxy, in both spellings."""
    for name in NAMES:
        there = [host for host in environment.get(name, "").split(",") if host.strip()]
        missing = [host for host in HERE if host not in there and "*" not in there]
        environment[name] = ",".join([*there, *missing])
