"""The only reader of the environment: every setting is a variable ``UNDERCURRENT_<NAME>``, but for the one that
every Kafka tool reads, ``KAFKA_BOOTSTRAP_SERVERS``.

A value that does not fit fails at the start and names its variable.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from contracts.errors import WrongUsage


class Settings(BaseSettings):
    """What can be configured, with units; frozen once read."""

    model_config = SettingsConfigDict(env_prefix="UNDERCURRENT_", frozen=True, extra="ignore")

    tenant: str = Field(default="local", pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)
    """The tenant that files are loaded for."""

    encoder: str = "auto"
    """``auto`` (weights if installed, else keywords), ``minilm``, ``keywords``, or a sentence-transformers name."""

    names: Literal["auto", "off"] = "auto"
    """Recognise names with spaCy: ``auto`` where its weights are installed, ``off`` for patterns alone."""

    taxonomy: Path | None = None
    """YAML file of categories; None is the one that is shipped."""

    rules: Path | None = None
    """YAML file of priority rules and weights; None is the one that is shipped."""

    review_below: float = Field(default=0.7, ge=0, le=1)
    """Concerns with less confidence than this go to review and are not clustered."""

    epoch_s: float = Field(default=1.0, gt=0, le=60)
    """Seconds between snapshots: the most that is done again after a crash."""

    kafka_bootstrap: str = Field(default="", validation_alias="KAFKA_BOOTSTRAP_SERVERS")
    """``host:port,…`` of a Kafka cluster; empty: a broker of our own where a command needs one."""

    kafka_properties: Path | None = None
    """Properties file with librdkafka's names for every Kafka client (TLS, SASL, time-outs)."""

    qdrant_url: str = ""
    """Address of a Qdrant server; empty: the embedded one in the data directory."""

    qdrant_api_key: SecretStr | None = None
    """Key of the Qdrant server."""


def load_settings() -> Settings:
    """The settings of this process. Raises ``WrongUsage`` naming the variable that does not fit."""
    try:
        return Settings()
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        field = str(first["loc"][0])
        name = field if field.isupper() else "UNDERCURRENT_" + field.upper()
        raise WrongUsage(f"{name}: {first['msg']}") from None
