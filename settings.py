"""The only reader of the environment: every setting is a variable ``UNDERCURRENT_<NAME>``, but for the one that
every Kafka tool reads, ``KAFKA_BOOTSTRAP_SERVERS``.

A value that does not fit fails at the start and names its variable.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from contracts.errors import WrongUsage
from contracts.unfit import first_unfit

Url = Annotated[str, Field(pattern=r"^(https?://[^\s@]+)?$")]
Dollars = Annotated[Decimal, Field(ge=0, le=1_000_000_000, decimal_places=6)]


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

    matrix: Path | None = None
    """YAML file of the decision matrix; None is the one that is shipped."""

    review_below: float = Field(default=0.7, ge=0, le=1)
    """Concerns with less confidence than this go to review and are not clustered."""

    review_below_tenants: dict[str, Annotated[float, Field(ge=0, le=1)]] = {}
    """The same of tenants that want another bound, as JSON."""

    ask_one_in: int = Field(default=5, ge=0, le=1_000_000)
    """Of the concerns that go on, one in so many is put to people for their models to learn from; 0: none."""

    epoch_s: float = Field(default=1.0, gt=0, le=60)
    """Seconds between snapshots: the most that is done again after a crash."""

    kafka_bootstrap: str = Field(default="", validation_alias="KAFKA_BOOTSTRAP_SERVERS")
    """``host:port,…`` of a Kafka cluster; empty: a broker of our own where a command needs one."""

    kafka_properties: Path | None = None
    """Properties file with librdkafka's names for every Kafka client (TLS, SASL, time-outs)."""

    connections: Path | None = None
    """YAML file of connections to vendors: docs/connectors.md; None: no vendor is connected."""

    destinations: Path | None = None
    """YAML file of trackers and alert sinks by tenant: docs/dispatch.md; None: nothing leaves."""

    store_url: SecretStr | None = None
    """SQLAlchemy address of the edge's store (``postgresql+psycopg://…``); None: a SQLite file in the data folder."""

    tenant_live_per_s: int = Field(default=50, ge=1, le=100_000)
    """Records a second that a tenant may send to the journal, on average over 10 s; more waits in the bulk lane."""

    tenant_most_per_s: int = Field(default=1_000, ge=1, le=1_000_000)
    """Records a second that are accepted of a tenant at all; more is refused with 429."""

    uploads_kept_days: float = Field(default=7.0, gt=0, le=365)
    """Days after the last byte at which an upload over HTTP that nobody finishes is deleted."""

    poll_every_s: float = Field(default=60.0, ge=1, le=86_400)
    """Seconds between two polls of a vendor."""

    qdrant_url: str = ""
    """Address of a Qdrant server; empty: the embedded one in the data directory."""

    qdrant_api_key: SecretStr | None = None
    """Key of the Qdrant server."""

    llm_order: str = Field(
        default="openai,anthropic,compatible",
        pattern=r"^(openai|anthropic|compatible)(,(openai|anthropic|compatible))*$",
    )
    """Which providers of language models are asked, in order; one that is not set up is left out."""

    openai_api_key: SecretStr | None = None
    """Key of OpenAI; without one it is not asked."""

    openai_api_key_file: Path | None = None
    """File that holds the key instead, read anew for every call."""

    openai_model: str = Field(default="gpt-5-mini", min_length=1)
    """The model to ask for."""

    openai_url: Url = ""
    """Another address than OpenAI's own."""

    openai_effort: str = ""
    """How long a reasoning model thinks, in OpenAI's words; empty: its own default."""

    anthropic_api_key: SecretStr | None = None
    """Key of Anthropic; without one it is not asked."""

    anthropic_api_key_file: Path | None = None
    """File that holds the key instead, read anew for every call."""

    anthropic_model: str = Field(default="claude-haiku-4-5", min_length=1)
    """The model to ask for."""

    anthropic_url: Url = ""
    """Another address than Anthropic's own."""

    anthropic_effort: str = ""
    """How long a reasoning model thinks, in Anthropic's words; empty: its own default."""

    compatible_url: Url = ""
    """Address of a server that speaks OpenAI's chat completions (Ollama, vLLM, llama.cpp), with its ``/v1``."""

    compatible_model: str = ""
    """The model to ask for there."""

    compatible_api_key: SecretStr | None = None
    """Its key, if it wants one."""

    compatible_api_key_file: Path | None = None
    """File that holds the key instead, read anew for every call."""

    compatible_format: Literal["json_schema", "json_object", "none"] = "json_schema"
    """What it understands of ``response_format``."""

    llm_proxy: Url = ""
    """HTTP proxy for OpenAI, Anthropic and servers that are not of one's own network."""

    llm_ca_file: Path | None = None
    """File of certificates (PEM) to trust for language models, instead of the usual authorities."""

    llm_concurrency: int = Field(default=8, ge=1, le=64)
    """Calls at once to each provider."""

    llm_attempt_s: float = Field(default=60.0, gt=0, le=600)
    """Seconds that one request to a model may take."""

    llm_prices: Path | None = None
    """YAML file of prices that replaces entries of the shipped table and adds others."""

    llm_cap_monthly_usd: Dollars = Decimal(5000)
    """US dollars that a tenant may spend on language models in a calendar month (UTC)."""

    llm_cap_daily_usd: Dollars | None = None
    """US dollars that a tenant may spend in a day (UTC); None: the month's cap alone."""

    openai_large_model: str = "gpt-5"
    """Asked where the small one is unsure or fails; empty: no large one of OpenAI."""

    anthropic_large_model: str = "claude-sonnet-4-5"
    """Asked where the small one is unsure or fails; empty: no large one of Anthropic."""

    compatible_large_model: str = ""
    """Asked where the small one is unsure or fails; empty: no large one at the compatible server."""

    llm_batch: int = Field(default=8, ge=1, le=32)
    """Concerns that are asked about in one call."""

    llm_sure: float = Field(default=0.95, ge=0, le=1)
    """From this confidence on a local decision of low stakes stands, and no model is asked."""

    answers_within_minutes: int = Field(default=0, ge=0, le=100_000)
    """How long after it happened a concern in review may wait for a model before a person looks; 0: not at all."""


def load_settings() -> Settings:
    """The settings of this process. Raises ``WrongUsage`` naming the variable that does not fit."""
    try:
        return Settings()
    except SettingsError as exc:  # it is no JSON, of a setting that takes some
        field = next((name for name in Settings.model_fields if f'"{name}"' in str(exc)), "")
        raise WrongUsage(f"UNDERCURRENT_{field.upper()}: it is not JSON") from None
    except ValidationError as exc:
        unfit = first_unfit(exc)
        field = str(unfit.place[0])
        name = field if field.isupper() else "UNDERCURRENT_" + field.upper()
        raise WrongUsage(f"{name}: {unfit.why}") from None
