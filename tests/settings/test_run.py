import os
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from tasks.core.errors import SettingsError
from tasks.settings.evaluation import EvaluationSettings
from tasks.settings.settings import Settings, Weights


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in list(os.environ):
        if name.upper().startswith("PALATE_"):
            monkeypatch.delenv(name)


@pytest.fixture
def toml(tmp_path):
    def write(text):
        file = tmp_path / "palate.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def test_an_option_beats_the_environment_which_beats_the_file_which_beats_the_default(
    monkeypatch, toml
):
    file = toml("top = 3\n")
    assert Settings().top == 10
    assert Settings(config=file).top == 3
    monkeypatch.setenv("PALATE_TOP", "4")
    assert Settings(config=file).top == 4
    assert Settings(config=file, top=5).top == 5


def test_settings_from_all_sources_come_together(monkeypatch, toml):
    monkeypatch.setenv("PALATE_MODEL", "svdpp")
    chosen = Settings(config=toml('reranker = "rrf"\nseed = 7\n'), seed=9)
    assert (chosen.model, chosen.reranker, chosen.seed, chosen.top) == ("svdpp", "rrf", 9, 10)


def test_the_environment_names_the_file(monkeypatch, toml):
    monkeypatch.setenv("PALATE_CONFIG", str(toml("top = 3\n")))
    chosen = Settings()
    assert chosen.top == 3
    assert isinstance(chosen.config, Path)


def test_the_file_of_an_option_beats_that_of_the_environment(monkeypatch, toml, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text("seed = 8\n")
    monkeypatch.setenv("PALATE_CONFIG", str(toml("top = 3\nseed = 1\n")))
    chosen = Settings(config=other)
    assert (chosen.seed, chosen.top, chosen.config) == (8, 10, other)


def test_an_empty_name_of_a_file_in_the_environment_is_no_file(monkeypatch):
    monkeypatch.setenv("PALATE_CONFIG", "")
    assert Settings().top == 10


def test_weights_are_merged_one_by_one(monkeypatch, toml):
    file = toml("[weights]\nestimate = 2.0\npopularity = 3.0\n")
    monkeypatch.setenv("PALATE_WEIGHTS__POPULARITY", "4.5")
    chosen = Settings(config=file, weights={"similarity": 0.5})
    assert chosen.weights == Weights(
        estimate=2.0, similarity=0.5, popularity=4.5, date_affinity=1.0
    )


def test_weights_may_be_one_json_text_in_the_environment(monkeypatch):
    monkeypatch.setenv("PALATE_WEIGHTS", '{"estimate": 0}')
    assert Settings().weights.estimate == 0.0


def test_weights_that_are_not_json_are_refused_as_a_setting(monkeypatch):
    monkeypatch.setenv("PALATE_WEIGHTS", "heavy")
    with pytest.raises((SettingsError, ValidationError)):
        Settings()


@pytest.mark.parametrize("key", ["serach_count", "search-count", "config", "TOP"])
def test_an_unknown_key_of_the_file_is_named(toml, key):
    file = toml(f'{key} = "x"\n')
    with pytest.raises(SettingsError, match=f"'{key}'") as error:
        Settings(config=file)
    assert str(file) in error.value.what


def test_an_unknown_weight_in_the_file_is_named(toml):
    with pytest.raises((SettingsError, ValidationError), match="popularty"):
        Settings(config=toml("[weights]\npopularty = 1.0\n"))


def test_an_unknown_option_is_refused():
    with pytest.raises(ValidationError, match="serach_count"):
        Settings.model_validate({"serach_count": 5})


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"nowhere\.toml: cannot be read"):
        Settings(config=tmp_path / "nowhere.toml")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        Settings(config=tmp_path)


@pytest.mark.parametrize("content", [b"top = \n", b"top 3", b"\xff\xfe", b"top = 1\ntop = 2\n"])
def test_a_file_that_is_not_toml_is_named(tmp_path, content):
    file = tmp_path / "bad.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"bad\.toml: is not valid TOML"):
        Settings(config=file)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, 100),
        ({"top": 250}, 250),
        ({"search_count": 40}, 40),
        ({"search_count": 10}, 10),
        ({"top": 10, "tuning": 0.5, "depth": 2}, 500),
        ({"top": 5, "tuning": 0.2, "depth": 2}, 100),
        ({"top": 3, "tuning": 0.55, "depth": 1}, 17),
        ({"top": 3, "tuning": 0.1, "depth": 1}, 3),
        ({"top": 10, "tuning": 0.07, "depth": 2}, 70),
        ({"top": 10, "tuning": 1.0, "depth": 1}, 100),
        ({"top": 1, "tuning": 1.0, "depth": 2}, 100),
        ({"sources": {"svd": 30, "ease": 20}}, 50),
        ({"sources": {"svd": 7, "text": 3}}, 10),
    ],
)
def test_the_number_of_candidates(given, expected):
    assert Settings(**given).candidate_count == expected


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"tuning": 0.5}, "go together"),
        ({"depth": 2}, "go together"),
        ({"tuning": 0.5, "depth": 2, "search_count": 100}, "not both"),
        ({"search_count": 9}, "9 candidates cannot fill a list of 10"),
        ({"search_count": 100, "top": 101}, "cannot fill"),
        ({"tuning": 0.5, "depth": 0}, "5 candidates cannot fill"),
        ({"sources": {"svd": 5, "text": 4}}, "9 candidates cannot fill"),
        ({"sources": {"svd": 50, "nearest": 50}}, "sources: there is no base model 'nearest'"),
        ({"sources": {"ease": 50, "text": 50}}, "sources: svd, .* must be one of them"),
        ({"model": "text", "sources": {"svd": 50}}, "sources: text, .* must be one of them"),
        ({"sources": {"svd": 0, "ease": 50}}, "sources: svd, .* must be one of them"),
        (
            {"reranker": "learned", "scorer": "llm", "llm_model": "m"},
            "reranker: learned reads text embeddings, and a language model's scores only with",
        ),
        ({"reranker": "learned", "scorer": "llm-batch", "llm_model": "m"}, "reranker: learned"),
        ({"learn_trees": True, "learn_splits": 1}, "learn_trees: one inner split is to learn from"),
        (
            {"tune": ("als_alpha", "als_factors")},
            "tune: it knows ease_regularization, als_regularization, als_alpha, not 'als_factors'",
        ),
    ],
)
def test_contradictions_are_refused(given, reason):
    with pytest.raises(ValidationError, match=reason):
        Settings(**given)


def test_a_contradiction_between_sources_is_refused(monkeypatch, toml):
    monkeypatch.setenv("PALATE_TOP", "50")
    with pytest.raises(ValidationError, match="cannot fill a list of 50"):
        Settings(config=toml("search_count = 20\n"))


@pytest.mark.parametrize(
    "given",
    [
        {"top": 0},
        {"search_count": 0},
        {"model": "nearest"},
        {"reranker": "random"},
        {"reranker": "oracle"},
        {"model_options": {"knn_neighbours": 0}},
        {"model_options": {"svd_factors": 10}},
        {"seed": -1},
        {"seed": 2**32},
        {"min_similarity": 1.5},
        {"tuning": 0.0, "depth": 1},
        {"tuning": 1.5, "depth": 1},
        {"chunk_users": 0},
        {"limit_users": 0},
        {"weights": {"estimate": -1}},
        {"sources": {"svd": 50, "ease": -1}},
        {"learn_splits": 0},
        {"learn_splits": 21},
        {"learn_users": 0},
        {"learn_protocol": "hold-out"},
        {"profile_style": "poem"},
        {"learn_target": "loved"},
    ],
)
def test_values_out_of_range_are_refused(given):
    with pytest.raises(ValidationError):
        Settings(**given)


def test_the_base_model_alone_proposes_unless_sources_are_named():
    assert Settings(model="ease", search_count=40).candidate_sources == {"ease": 40}
    several = {"knn": 30, "svd": 20}
    assert Settings(model="svd", sources=several, search_count=40).candidate_sources == several


def test_texts_propose_nothing_where_language_is_left_out_unless_they_are_the_base():
    named = {"svd": 20, "text": 20, "ease": 0}
    silent = Settings(sources=named, without=("dates", "language"))
    assert silent.candidate_sources == {"svd": 20, "ease": 0}
    assert Settings(sources=named, without=("dates",)).candidate_sources == named
    base = Settings(model="text", sources=named, without=("language",))
    assert base.candidate_sources == named


def test_sources_are_merged_one_by_one_and_their_order_is_that_of_the_file(toml):
    file = toml('without = ["dates"]\n[sources]\ntext = 20\nsvd = 50\n')
    chosen = Settings(config=file, sources={"svd": 70})
    assert list(chosen.candidate_sources.items()) == [("text", 20), ("svd", 70)]
    assert chosen.without == ("dates",)
    assert Settings(config=file, without=("language",)).without == ("language",)


def test_a_night_learns_under_the_protocol_that_is_set_and_an_evaluation_under_its_own():
    night = Settings(learn_protocol="user-split")
    assert (night.inner_protocol, night.inner_keep) == ("user-split", 3)
    measured = EvaluationSettings(learn_protocol="user-split", protocol="cold-user", keep=1)
    assert (measured.inner_protocol, measured.inner_keep) == ("cold-user", 1)


def test_trees_take_two_inner_splits_at_least():
    assert Settings(learn_trees=True, learn_splits=2).learn_trees
    assert not Settings(learn_splits=1).learn_trees


def test_settings_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        Settings().top = 3  # type: ignore[misc]


def test_the_example_configuration_holds_every_default():
    example = Path(__file__).parents[2] / "deployments" / "nightly.toml"
    read = Settings(config=example)
    assert read.model_copy(update={"config": None, "search_count": None}) == Settings()
    text = example.read_text(encoding="utf-8")
    shown = tomllib.loads(text)
    by_default = {name: field.default for name, field in Settings.model_fields.items()}
    elsewhere = {"config", "tuning", "depth"}
    for table in ("weights", "model_options"):
        assert shown[table] == by_default[table].model_dump()
    for name in by_default.keys() - shown.keys() - elsewhere:
        assert by_default[name] is None, f"{name} has a default that the example does not show"
        assert f"\n# {name} = " in text


def test_a_language_model_must_be_named():
    with pytest.raises(ValidationError, match="llm_model"):
        Settings(scorer="llm")
    with pytest.raises(ValidationError, match="llm_model"):
        Settings(profile_writer="llm")


def test_what_costs_money_is_measured_on_nobody_unless_asked():
    assert Settings().users_to_measure is None
    assert Settings(scorer="llm", llm_model="m").users_to_measure == 0
    assert Settings(scorer="llm-batch", llm_model="m", measure_users=5).users_to_measure == 5
    assert Settings(measure_users=0).users_to_measure == 0


def test_profiles_are_written_by_the_model_that_scores():
    assert Settings().writer == "composed"
    assert Settings(scorer="llm", llm_model="m").writer == "llm"
    assert Settings(scorer="llm", llm_model="m", profile_writer="composed").writer == "composed"
    assert Settings(profile_writer="llm", llm_model="m").writer == "llm"


def test_the_engine_is_told_its_own_settings_and_whether_to_use_batches():
    told = Settings(scorer="llm-batch", llm_model="m", llm_items=7).llm
    assert (told.llm_model, told.llm_items, told.in_batches) == ("m", 7, True)
    assert not Settings(scorer="llm", llm_model="m").llm.in_batches
