import sqlite3
import time
from contextlib import closing
from importlib.metadata import version

import pytest

from flows.doctor import services
from flows.doctor.services import check_llm, check_prefect, check_targets, check_workers
from tasks.settings.settings import Settings
from tasks.settings.sources import NightlyOptions
from tests.flows.doctor.loopback import answering
from tests.support.fake_llm import faults
from tests.support.fake_llm.handle import fake_llm
from tests.support.options import plain_settings
from tests.support.redis_server import PASSWORD, client_of, redis_server

CLOSED = "http://127.0.0.1:9"
KEY = "sk-very-secret"


def summary(findings):
    return [(one.status, one.what, one.fix) for one in findings]


def pool(name, status="READY", *, paused=False):
    return {"name": name, "type": "process", "status": status, "is_paused": paused}


def test_without_an_address_no_server_is_looked_for(monkeypatch):
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    assert check_prefect(Settings())[0].status == "ok" and check_workers(Settings()) == []


def test_a_prefect_server_that_is_away_says_how_to_start_one(monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", f"http://me:{KEY}@127.0.0.1:9/api")
    (finding,) = check_prefect(Settings())
    assert finding.status == "fail" and "prefect server start" in finding.fix
    assert "127.0.0.1:9/api" in finding.what and KEY not in finding.what
    assert check_workers(Settings()) == []


@pytest.mark.parametrize(("theirs", "status"), [(version("prefect"), "ok"), ("3.0.0", "warn")])
def test_a_prefect_server_of_another_version_is_told(monkeypatch, theirs, status):
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "admin:secret")
    with answering({"/admin/version": theirs}) as (url, seen):
        monkeypatch.setenv("PREFECT_API_URL", f"{url}/api")
        (finding,) = check_prefect(Settings())
    assert finding.status == status and theirs in finding.what
    assert seen == ["Basic YWRtaW46c2VjcmV0"]


def test_pools_without_a_worker_or_paused_are_told_by_name(monkeypatch):
    pools = [pool("local"), pool("far", "NOT_READY"), pool("still", paused=True)]
    with answering({"/work_pools/filter": pools}) as (url, _):
        monkeypatch.setenv("PREFECT_API_URL", f"{url}/api")
        findings = check_workers(Settings())
    assert [one.status for one in findings] == ["ok", "warn", "warn"]
    assert (
        "prefect worker start -p 'far'" in findings[1].fix and "resume 'still'" in findings[2].fix
    )


def models(*names):
    return {"/v1/models": {"object": "list", "data": [{"id": n, "object": "model"} for n in names]}}


def llm(url, **given):
    return plain_settings(llm_base_url=f"{url}/v1", **{"llm_model": "fake-1"} | given)


def test_no_language_model_is_asked_for_that_nobody_set():
    assert check_llm(Settings()) == []


def test_openai_without_a_key_is_not_even_asked(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert summary(check_llm(plain_settings(llm_model="m")))[0][:2] == (
        "fail",
        "OPENAI_API_KEY is not set",
    )


@pytest.mark.parametrize(("names", "status"), [(["fake-1", "b"], "ok"), (["b"], "warn")])
def test_the_model_must_be_among_those_that_the_server_lists(monkeypatch, names, status):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with answering(models(*names)) as (url, seen):
        finding = check_llm(llm(url))[0]
    assert finding.status == status and seen[0] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("status", "expected", "fix"),
    [(401, "fail", "OPENAI_API_KEY"), (404, "warn", "/v1"), (500, "fail", "log")],
)
def test_what_a_server_refuses_is_told_without_its_words(monkeypatch, status, expected, fix):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    quoting = {"/models": {"error": {"message": f"Incorrect API key provided: {KEY}"}}}
    with answering(quoting, status) as (url, _):
        (finding,) = check_llm(llm(url))
    assert finding.status == expected and str(status) in finding.what and fix in finding.fix
    assert KEY not in str(finding)


@pytest.mark.parametrize(
    ("profile", "form"),
    [
        (None, "json_schema, max_completion_tokens, temperature 0"),
        ("mistral", "json_schema, max_tokens, temperature 0"),
        ("lm_studio", "no response_format, max_completion_tokens, temperature 0"),
        ("vllm", "json_schema, max_completion_tokens, temperature 0, no system message"),
    ],
)
def test_one_real_question_shows_the_form_that_a_server_takes(tmp_path, monkeypatch, profile, form):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with fake_llm(tmp_path, profile=profile) as fake:
        _, asked = check_llm(plain_settings(llm_base_url=fake.url, llm_model="fake-1"))
        assert asked.status == "ok" and f"({form}), 2 of 2 items judged" in asked.what
        refused = profile == "mistral"
        given = (
            "token probabilities are refused" if refused else "no token probabilities; no limits"
        )
        assert given in asked.what and asked.what.endswith("asked for as numbers in words")
        fake.script(faults.malformed())
        _, asked = check_llm(plain_settings(llm_base_url=fake.url, llm_model="fake-1"))
        assert asked.status == "fail" and "0 of 2 items judged" in asked.what


@pytest.mark.parametrize(
    ("given", "wanted", "status", "told"),
    [
        (True, None, "ok", "; token probabilities; no limits told; scores are asked for by the"),
        (True, "ratings", "ok", "scores are asked for beside people's own ratings"),
        (True, "numbers", "ok", "scores are asked for as numbers in words"),
        (False, "numbers", "ok", "scores are asked for as numbers in words"),
        (False, "ratings", "fail", "no token probabilities"),
    ],
)
def test_it_is_told_how_scores_are_asked_for(tmp_path, monkeypatch, given, wanted, status, told):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with fake_llm(tmp_path, probabilities=given) as fake:
        chosen = {"llm_base_url": fake.url, "llm_model": "fake-1", "llm_ask": wanted}
        _, asked = check_llm(plain_settings(**chosen))
        assert (asked.status, told in asked.what) == (status, True), asked
        assert len(fake.calls()) == 2
        if status == "fail":
            assert "set it to numbers" in asked.fix


@pytest.mark.parametrize("body", [b"<html>hello</html>", b'{"data": 3}', b"[]"])
def test_a_server_that_is_something_else_fails(body):
    with answering({"/models": body}) as (url, _):
        assert [one.status for one in check_llm(llm(url))] == ["fail"]


def test_a_language_model_that_is_away_or_silent_fails_within_the_deadline(monkeypatch):
    assert check_llm(llm(CLOSED))[0].status == "fail"
    monkeypatch.setattr(services, "SECONDS", 0.1)
    monkeypatch.setattr(
        "http.server.BaseHTTPRequestHandler.send_response", lambda *_: time.sleep(1)
    )
    started = time.monotonic()
    with answering(models("fake-1")) as (url, _):
        assert "TimeoutError" in check_llm(llm(url))[0].what
        assert time.monotonic() - started < 0.9


def published_to(toml, *addresses):
    return NightlyOptions(config=toml(f"publish_to = {list(addresses)}\n")).settings()


def test_places_to_publish_to_are_tried_and_nothing_is_made_there(tmp_path, toml, monkeypatch):
    monkeypatch.setenv("REDIS_PASSWORD", PASSWORD)
    file, database = tmp_path / "lists.csv", tmp_path / "shop.db"
    with redis_server() as socket:
        redis = f"unix://:$REDIS_PASSWORD@{socket}"
        findings = check_targets(published_to(toml, str(file), f"sqlite:///{database}", redis))
        assert client_of(socket).dbsize() == 0
    assert [one.status for one in findings] == ["ok"] * 3, findings
    assert not file.exists() and not database.exists()
    assert PASSWORD not in str(findings)


def test_places_that_would_take_no_lists_are_told_each(tmp_path, toml, monkeypatch):
    monkeypatch.setenv("DB_PASSWORD", KEY)
    shop = tmp_path / "shop.db"
    with closing(sqlite3.connect(shop)) as connection:
        connection.execute("CREATE TABLE recommendations (somebody TEXT)")
    wrong = {
        str(tmp_path / "nowhere" / "lists.csv"): "there is no folder",
        f"sqlite:///{tmp_path / 'nowhere' / 'shop.db'}": "there is no folder",
        f"sqlite:///{shop}": "has other columns than the lists",
        "postgresql://me:$DB_PASSWORD@127.0.0.1:9/shop": "lists cannot be written",
        "redis://127.0.0.1:9/0": "lists cannot be written",
        "redis://:$NO_SUCH_SECRET@127.0.0.1:9/0": "$NO_SUCH_SECRET is not in the environment",
    }
    findings = check_targets(published_to(toml, *wrong))
    assert [one.status for one in findings] == ["fail"] * len(wrong)
    for finding, says in zip(findings, wrong.values(), strict=True):
        assert says in finding.what and finding.fix
    assert KEY not in str(findings)
    assert not (tmp_path / "nowhere").exists()
