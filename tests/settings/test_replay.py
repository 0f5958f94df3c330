import pytest
from pydantic import ValidationError

from tasks.settings.replay import ReplayOptions, method_of_rival
from tasks.settings.sources import ReplayCommandOptions


def settings(**given):
    return ReplayCommandOptions(**given).settings()


def test_a_rival_is_a_model_with_options_fixed_or_tuned():
    plain = method_of_rival("ease")
    assert (plain.model, plain.reranker, plain.tune) == ("ease", "none", ())
    sharp = method_of_rival("ease.regularization=50")
    assert sharp.model_options.of("ease")["regularization"] == 50
    assert method_of_rival("ease.regularization=tuned").tune == ("ease_regularization",)


@pytest.mark.parametrize(
    ("rival", "says"),
    [
        ("eas", "the nearest is 'ease'"),
        ("ease.days", "not of the form MODEL.OPTION=VALUE"),
        ("ease.speed=3", "nothing to set or tune named ease_speed"),
        ("popularity.x=tuned", "nothing to set or tune named popularity_x"),
    ],
)
def test_a_rival_that_there_is_not_is_refused(rival, says):
    with pytest.raises(ValidationError, match="rivals") as error:
        ReplayOptions(rivals=(rival,))
    assert says in str(error.value)


def test_a_part_that_there_is_not_is_not_left_out():
    assert ReplayOptions(ablate=("time", "log count")).ablate == ("time", "log count")
    with pytest.raises(ValidationError, match="no feature or group 'tyme'"):
        ReplayOptions(ablate=("tyme",))


def test_a_night_is_as_of_its_moment_and_a_method_serves_as_many_days():
    chosen = settings(nights=3, every="7d", horizon="14d", refit=21, seed=5)
    night = chosen.on(1_600_000_000, 7, 14)
    assert (night.known_until, night.horizon, night.night.refit) == (1_600_000_000, 14, 3)
    assert night.method == chosen.method and night.seed == 5
    assert chosen.on(0, 30, 30).night.refit == 1
    assert settings(refit=0).on(0, 30, 30).night.refit == 0, "0 is never"


def test_each_night_is_a_split_of_what_is_measured():
    measured = settings(nights=4, seed=5).measuring(method_of_rival("ease"), 4)
    assert list(measured.each_seed) == [0, 1, 2, 3]
    assert (measured.protocol_name, measured.method.model) == ("replay", "ease")


@pytest.mark.parametrize("given", [{"from_": "soon"}, {"every": "30 days"}, {"nights": 0}])
def test_what_is_no_day_or_number_of_days_is_refused(given):
    with pytest.raises(ValidationError):
        settings(**given)
