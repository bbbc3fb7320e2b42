"""The settings of an app: read once, checked at start, frozen."""

from typing import Annotated

from pydantic import Field, Json, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class CloudSettings(BaseSettings):
    """What every app needs to know of its region. Environment variables `MUNERIS_…`; see docs/settings.md."""

    model_config = SettingsConfigDict(env_prefix="MUNERIS_", frozen=True, extra="ignore")

    region: str
    regions: Json[dict[str, str]]
    """Public endpoint of each region, this one included."""
    storage: SecretStr
    """Connection string of the region's storage account."""
    events_endpoint: str
    events_key: SecretStr
    staff_issuer: str
    staff_jwks: str
    """The public keys of whoever signs staff tokens (JWKS)."""


class PeerSettings(CloudSettings):
    """For apps that write into the other regions' tables."""

    peers: Annotated[Json[dict[str, str]], Field(default_factory=dict)]
    """Connection string of each other region's storage account."""
