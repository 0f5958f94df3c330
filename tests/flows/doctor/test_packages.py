import sys
from importlib.metadata import PackageNotFoundError
from types import ModuleType

import pytest
from packaging.requirements import Requirement

from flows.doctor import packages
from flows.doctor.packages import (
    check_data,
    check_embedder,
    check_extras,
    check_packages,
    check_python,
    check_spark,
    problem_of,
    required,
)
from tasks.core.errors import SettingsError
from tasks.data import catalogue
from tasks.settings.settings import Settings
from tests.support.options import plain_settings


def installed(monkeypatch, **versions):
    def version(name):
        if name not in versions:
            raise PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(packages, "version", version)


def test_this_installation_is_in_order():
    for check in (check_python, check_packages, check_extras):
        assert [one.status for one in check(Settings()) if one.status == "fail"] == []


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        ("polars", "1.9", "polars 1.9, palate needs <3,>=2"),
        ("fastapi", "0.165.1", "fails on every flow"),
        ("polars", "2.5", None),
    ],
)
def test_a_version_outside_what_is_needed_is_told(monkeypatch, name, version, expected):
    installed(monkeypatch, **{name: version})
    problem = problem_of(Requirement(f"{name}>=2,<3" if name == "polars" else name))
    assert (problem is None) if expected is None else (problem and expected in problem)


def test_a_package_that_is_not_there_fails_with_how_to_get_it(monkeypatch):
    installed(monkeypatch)
    findings = check_packages(Settings())
    assert len(findings) > 20 and {one.status for one in findings} == {"fail"}
    assert "not installed" in findings[0].what and "requirements.lock" in findings[0].fix


def test_what_an_extra_adds_is_told_apart_from_what_is_always_needed():
    always = {one.name for one in required("")}
    assert "polars" in always and "implicit" not in always
    assert [one.name for one in required("als")] == ["implicit"]


@pytest.mark.parametrize("model", ["als", "svdpp-fast"])
def test_an_extra_that_the_settings_ask_for_must_be_there(monkeypatch, model):
    installed(monkeypatch)
    statuses = [one.status for one in check_extras(plain_settings(model=model))]
    assert statuses[:2] == ["ok", "fail"]
    assert "fail" not in [one.status for one in check_extras(Settings())]


def test_spark_needs_java_where_a_base_model_is_spark_s(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pyspark", ModuleType("pyspark"))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert check_spark(Settings()) == []
    with pytest.raises(SettingsError, match="needs Java"):
        check_spark(plain_settings(model="spark-als"))
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.touch(mode=0o755)
    assert [one.status for one in check_spark(plain_settings(model="spark-als"))] == ["ok"]


def test_a_python_that_is_too_old_fails(monkeypatch):
    monkeypatch.setattr("platform.python_version", lambda: "3.10.4")
    assert [one.status for one in check_python(Settings())] == ["fail"]


def test_a_data_set_that_is_there_is_named_with_its_files(made_up, monkeypatch):
    monkeypatch.setenv("PALATE_DATA_DIR", str(made_up.parent))
    for data in (str(made_up), made_up.name, "movielens"):
        assert check_data(Settings(data=data))[0].status == "ok"
    assert "ratings" in check_data(Settings(data=str(made_up)))[0].what


def test_a_data_set_that_is_nowhere_is_an_error(tmp_path):
    with pytest.raises(SettingsError):
        check_data(Settings(data=str(tmp_path / "nowhere")))


def test_nothing_is_downloaded_to_find_out(tmp_path, monkeypatch):
    monkeypatch.delenv("PALATE_DATA_DIR", raising=False)
    monkeypatch.setattr(catalogue, "find", pytest.fail)
    (finding,) = check_data(Settings(data="ml-latest-small", home=tmp_path))
    assert finding.status == "ok" and "grouplens" in finding.what


def test_the_embedder_loads():
    assert [one.status for one in check_embedder(Settings())] == ["ok"]
