"""Which base model was fitted last, for nights that do not fit one anew."""

import hashlib
from pathlib import Path

from pydantic import ValidationError

from tasks.artifacts import is_intact, replacing
from tasks.vocabulary import Artifact, DatasetInfo, ModelName, Record


class KeptModel(Record):
    """A fitted model and when that was (ISO, UTC)."""

    factors: Artifact
    fitted_at_utc: str


def keep(home: Path, info: DatasetInfo, model: ModelName, seed: int, kept: KeptModel) -> None:
    """Remember it as the last one of this data set, kind and seed."""
    with replacing(_file(home, info, model, seed)) as private:
        private.write_text(kept.model_dump_json(), encoding="utf-8")


def last(home: Path, info: DatasetInfo, model: ModelName, seed: int) -> KeptModel | None:
    """The one remembered, None if there is none or its file is gone."""
    try:
        text = _file(home, info, model, seed).read_text(encoding="utf-8")
        kept = KeptModel.model_validate_json(text)
    except (OSError, ValidationError):
        return None
    return kept if is_intact(home, kept.factors) else None


def _file(home: Path, info: DatasetInfo, model: ModelName, seed: int) -> Path:
    named = hashlib.sha256(f"{info.name} {info.scale}".encode()).hexdigest()[:16]
    return home / "models" / f"{named}-{model}-{seed}.json"
