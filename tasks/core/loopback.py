"""Requests to this machine go straight there, whatever proxy the environment names."""

from collections.abc import MutableMapping

HERE = ("127.0.0.1", "localhost", "::1")
NAMES = ("no_proxy", "NO_PROXY")


def spare_loopback(environment: MutableMapping[str, str]) -> None:
    """Add this machine to the hosts that are asked without a proxy, in both spellings."""
    for name in NAMES:
        there = [host for host in environment.get(name, "").split(",") if host.strip()]
        missing = [host for host in HERE if host not in there and "*" not in there]
        environment[name] = ",".join([*there, *missing])
