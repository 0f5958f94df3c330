"""What must never be written down: read from the environment alone, never a setting or a record."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

NOT_SHARED = (
    "a shared home needs its ledger of paid answers in Postgres, which all machines reach: set"
    " PALATE_LEDGER_URL"
)


class Secrets(BaseSettings):
    """Keys, and addresses that may hold a password."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    openai_api_key: SecretStr | None = Field(None, description="For the language model's server.")
    tmdb_api_key: SecretStr | None = Field(None, description="For themoviedb.org (`enrich`).")
    palate_notify_url: SecretStr | None = Field(
        None, description="Webhook to tell of nights that fail, are degraded or guarded."
    )
    palate_ledger_url: SecretStr | None = Field(
        None, description="SQLAlchemy URL of a Postgres ledger; a file in --home unless set."
    )
    palate_pg_url: SecretStr | None = Field(
        None, description="Postgres of Prefect's server for `palate up`; its own unless set."
    )
