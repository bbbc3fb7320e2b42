"""Settings of the orders app."""

from pydantic import Json, SecretStr

from muneris.cloud.settings import CloudSettings


class OrdersSettings(CloudSettings):
    """Environment variables `MUNERIS_…`; see docs/settings.md."""

    apps: Json[dict[str, str]]
    """Base address of each app of the region, for health."""
    sealing_key: SecretStr
    """The region's private key (JWK or JWK set), which tokens are opened with."""
    outbound_local: bool = False
    """Whether Simphony may be on this machine."""
    simphony_deadline_seconds: float = 65.0
    guest_open_orders: int = 20
    """Open orders a guest may have."""
