"""Options in groups, and the few that matter most: how --help and forms show them."""

from pydantic import BaseModel

from tasks.llm.options import LlmOptions
from tasks.models.options import ModelOptions
from tasks.ranking.options import LearnOptions, Weights
from tasks.settings.common import CommonOptions
from tasks.settings.evaluation import EvaluationOptions
from tasks.settings.method import Method
from tasks.settings.night import NightOptions
from tasks.settings.replay import ReplayOptions
from tasks.settings.sources import GivenOptions

GROUPS: dict[str, tuple[str, tuple[type[BaseModel], ...]]] = {
    "general": ("What to recommend", (CommonOptions, GivenOptions)),
    "method": ("Method", (Method, Weights)),
    "learned": ("Learned order", (LearnOptions,)),  # part of a method, but a group by itself
    "llm": ("Language model", (LlmOptions,)),
    "nights": ("Night after night", (NightOptions,)),
    "models": ("Models", (ModelOptions,)),
    "evaluation": ("Evaluation", (EvaluationOptions,)),
    "replay": ("Nights to replay", (ReplayOptions,)),
}
"""By its --help-NAME: the title of a group, and whose options are in it."""

ESSENTIAL = {
    *("data", "home", "config", "method", "top", "limit_users", "profiles"),
    *("scorer", "llm_model", "llm_base_url", "max_cost", "explain", "protocol", "seeds"),
    *("from_", "every", "nights"),
}
"""What --help shows, and forms show first; all else takes --help-all."""


def place_of(name: str) -> tuple[int, str]:
    """Where an option stands: the number of its group and its title, -1 and "" for the few."""
    if name in ESSENTIAL:
        return -1, ""
    places = [
        (place, title)
        for place, (title, models) in enumerate(GROUPS.values())
        if any(name in model.model_fields for model in models)
    ]
    return places[-1] if name.startswith("learn") and places else (places or [(len(GROUPS), "")])[0]
