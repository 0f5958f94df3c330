"""Servers and workers: what `palate up` started, Prefect's, the runner's, the language model's."""

import asyncio
import base64
import json
import os
import urllib.error
import urllib.request
from importlib.metadata import version
from typing import Any

import openai

from flows.doctor.finding import Finding, fail, ok, warn
from flows.runner import workers_of
from flows.service.state import read_state
from tasks.core.errors import PalateError
from tasks.core.secrets import Secrets
from tasks.core.targets import Target, target_of
from tasks.llm.client import ChatClient
from tasks.llm.failures import Failure
from tasks.llm.probe import Probed, probe
from tasks.llm.ways import refused
from tasks.settings.runner_name import THREADS, scheduler_of
from tasks.settings.settings import Settings
from tasks.store.export.lists import check_target

SECONDS = 5.0
START = (
    "Start it (`prefect server start`), or unset PREFECT_API_URL: then commands start their own."
)


def check_service(settings: Settings) -> list[Finding]:
    """Everything that `palate up` started still runs; nothing to say where nothing was."""
    state = read_state(settings.home)
    if state is None:
        return []
    from flows.service.processes import find, log_file  # noqa: PLC0415 - an extra

    gone = [role for role, process in state.processes.items() if find(process) is None]
    if not gone:
        return [ok("service", f"palate up started {', '.join(state.processes)}: all of it runs")]
    logs = ", ".join(str(log_file(settings.home, role)) for role in gone)
    what = f"of what palate up started, {' and '.join(gone)} ended"
    return [fail("service", what, f"See {logs}; palate up starts it again, palate down ends all.")]


def check_prefect(_settings: Settings) -> list[Finding]:
    """The server that PREFECT_API_URL names answers, and is of the same version."""
    url = os.environ.get("PREFECT_API_URL")
    if not url:
        return [
            ok("prefect", "PREFECT_API_URL is not set: each command starts a server for itself")
        ]
    try:
        theirs = _ask(url, "/admin/version")
    except (OSError, ValueError) as error:
        return [fail("prefect", f"{_shown(url)} does not answer ({_why(error)})", START)]
    if theirs != version("prefect"):
        what = f"{_shown(url)} runs Prefect {theirs}, this is {version('prefect')}"
        return [warn("prefect", what, "Use the same version on both sides.")]
    return [ok("prefect", f"{_shown(url)} answers, Prefect {theirs}")]


def check_workers(_settings: Settings) -> list[Finding]:
    """Every work pool of that server has a worker online; nothing to say without a server."""
    url = os.environ.get("PREFECT_API_URL")
    try:
        pools = _ask(url, "/work_pools/filter", {}) if url else []
    except (OSError, ValueError):
        return []  # `check_prefect` says so
    return [_pool(pool) for pool in pools if pool["type"] != "prefect-agent"]


def _pool(pool: dict[str, Any]) -> Finding:
    name = pool["name"]
    if pool["is_paused"]:
        return warn("worker", f"pool {name} is paused", f"prefect work-pool resume '{name}'")
    if pool["status"] != "READY":
        return warn(
            "worker", f"pool {name} has no worker online", f"prefect worker start -p '{name}'"
        )
    return ok("worker", f"pool {name} has a worker online")


def check_runner(settings: Settings) -> list[Finding]:
    """A scheduler's workers have what tasks need; nothing to say of threads."""
    if settings.runner == THREADS:
        return []
    if scheduler_of(settings.runner) and not settings.home.is_dir():
        what = f"{settings.runner}: its workers are looked at once {settings.home} is there"
        return [warn("runner", what, "Make the folder, or run a night.")]
    count = workers_of(settings)
    return [ok("runner", f"{settings.runner}: {count} workers with what tasks need")]


def check_targets(settings: Settings) -> list[Finding]:
    """Each place that nights publish to beside the results file would take lists."""
    return [_target(target_of(given)) for given in settings.night.publish_to]


def _target(target: Target) -> Finding:
    try:
        check_target(target, SECONDS)
    except PalateError as error:
        return fail("publish", error.what.rstrip("."), error.fix)
    return ok("publish", f"{target.shown} would take lists")


def check_llm(settings: Settings) -> list[Finding]:
    """The language model's server takes the key and has the model; asked only where one is set."""
    if not (settings.llm.llm_model or settings.llm.llm_base_url):
        return []
    where, secrets = settings.llm.llm_base_url or "OpenAI", Secrets()
    if settings.llm.llm_base_url is None and secrets.openai_api_key is None:
        what = "OPENAI_API_KEY is not set"
        return [fail("llm", what, "Export it, or name a server that needs none (--llm-base-url).")]
    try:
        names = asyncio.run(_models(settings, secrets))
    except openai.APIStatusError as error:
        return [_refused(where, error.status_code)]
    except (openai.OpenAIError, TimeoutError, AttributeError, TypeError, ValueError) as error:
        what = f"{where} gives no list of models ({type(error).__name__})"
        return [
            fail("llm", what, "Check --llm-base-url (it ends in /v1), the server, the network.")
        ]
    if settings.llm.llm_model and settings.llm.llm_model not in names:
        what = f"{where} answers, but does not list {settings.llm.llm_model}"
        return [warn("llm", what, f"It lists {', '.join(names[:5]) or 'nothing'}.")]
    listed = ok("llm", f"{where} answers and lists {len(names)} models")
    return [listed, *(_asked(settings, secrets) if settings.llm.llm_model else [])]


def _asked(settings: Settings, secrets: Secrets) -> list[Finding]:
    """One real question: in which form it is taken, and what the server gives and allows."""
    try:
        probed = asyncio.run(_probe(settings, secrets))
    except TimeoutError:
        what = f"a question is not answered within {settings.llm.llm_deadline:.0f} s"
        return [fail("llm", what, "See the server's log, or raise --llm-deadline.")]
    except Failure as failure:
        fix = failure.error.fix if failure.error else "See the server's log."
        return [fail("llm", f"a question is not answered: {failure.why}", fix)]
    if not probed.judged:
        return [fail("llm", probed.what, "Ask a model that can answer in JSON (--llm-model).")]
    if settings.llm.llm_ask not in {None, probed.way}:
        return [fail("llm", probed.what, refused(settings.llm).fix)]
    return [ok("llm", probed.what)]


async def _probe(settings: Settings, secrets: Secrets) -> Probed:
    client = ChatClient(settings.engine, secrets)
    try:
        async with asyncio.timeout(settings.llm.llm_deadline):
            return await probe(client, settings.llm)
    finally:
        await client.close()


async def _models(settings: Settings, secrets: Secrets) -> list[str]:
    """Names of the models; the deadline is for the whole answer, however slowly it drips."""
    client = ChatClient(settings.engine, secrets)
    try:
        async with asyncio.timeout(SECONDS):
            return [str(model.id) for model in (await client.openai.models.list()).data]
    finally:
        await client.close()


def _refused(where: str, status: int) -> Finding:
    """Never what the server said: it may quote the key."""
    if status in {401, 403}:
        return fail("llm", f"{where} refuses the key ({status})", "Check OPENAI_API_KEY.")
    if status in {404, 405}:
        return warn(
            "llm",
            f"{where} answers, but has no /models ({status})",
            "Check that --llm-base-url ends in /v1.",
        )
    return fail("llm", f"{where} answers with status {status}", "See its log, or try again later.")


def _ask(url: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | _login()
    request = urllib.request.Request(url.rstrip("/") + path, data, headers)  # noqa: S310 - http(s)
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
        return json.load(answer)


def _login() -> dict[str, str]:
    login, key = os.environ.get("PREFECT_API_AUTH_STRING"), os.environ.get("PREFECT_API_KEY")
    if login:
        return {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}
    return {"Authorization": f"Bearer {key}"} if key else {}


def _shown(url: str) -> str:
    """The address without what may be a password."""
    scheme, _, rest = url.rpartition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def _why(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"status {error.code}"
    reason = getattr(error, "reason", error)
    return getattr(reason, "strerror", None) or type(reason).__name__
