"""Settings from flat options and the fields' own defaults: no method's file, no environment."""

from typing import Any, TypeVar

from tasks.llm.options import LlmOptions
from tasks.settings.evaluation import EvaluationSettings
from tasks.settings.method import Method
from tasks.settings.night import NightOptions
from tasks.settings.settings import Settings

Composed = TypeVar("Composed", Settings, EvaluationSettings)


def plain_settings(**flat: Any) -> Settings:
    """A night's settings: SVD proposes, `weighted` re-ranks, unless the options say otherwise."""
    return _composed(Settings, flat, method=Method, night=NightOptions, llm=LlmOptions)


def plain_evaluation(**flat: Any) -> EvaluationSettings:
    """The same of an evaluation."""
    return _composed(EvaluationSettings, flat, method=Method, llm=LlmOptions)


def _composed(kind: type[Composed], flat: dict[str, Any], **parts: Any) -> Composed:
    """Each option goes to the part that has it; one that none has is refused."""
    own = dict(flat)
    values = {
        name: part.model_validate({key: own.pop(key) for key in part.model_fields if key in own})
        for name, part in parts.items()
    }
    return kind.model_validate(own | values)
