"""Settings composed of options that each have a name of their own."""

from typing import Any, TypeVar

from pydantic import BaseModel

from tasks.llm.options import LlmOptions
from tasks.settings.evaluation import EvaluationSettings
from tasks.settings.method import Method
from tasks.settings.night import NightOptions
from tasks.settings.settings import Settings

Composed = TypeVar("Composed", Settings, EvaluationSettings)


def night_settings(**given: Any) -> Settings:
    """Of a night; what is not given has its default."""
    return _composed(Settings, given, method=Method, night=NightOptions, llm=LlmOptions)


def evaluation_settings(**given: Any) -> EvaluationSettings:
    """Of an evaluation; what is not given has its default."""
    return _composed(EvaluationSettings, given, method=Method, llm=LlmOptions)


def _composed(kind: type[Composed], given: dict[str, Any], **parts: type[BaseModel]) -> Composed:
    taken = {
        name: {key: value for key, value in given.items() if key in part.model_fields}
        for name, part in parts.items()
    }
    own = {key: value for key, value in given.items() if not any(key in t for t in taken.values())}
    return kind(**own, **{name: part(**taken[name]) for name, part in parts.items()})
