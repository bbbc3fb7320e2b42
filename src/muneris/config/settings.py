"""The settings of the config app."""

from pydantic import SecretStr

from muneris.cloud.settings import PeerSettings


class ConfigSettings(PeerSettings):
    """What properties need."""

    sealing_key: SecretStr
    """The AES-256 key that provider credentials are sealed with, in base64."""
    outbound_local: bool = False
    """Whether a property's Simphony may be on this machine: for local clouds only."""
