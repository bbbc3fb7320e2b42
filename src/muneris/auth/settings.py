"""The settings of the auth app."""

from pydantic import SecretStr

from muneris.cloud.settings import PeerSettings


class AuthSettings(PeerSettings):
    """What signing in needs."""

    signing_key: SecretStr
    """The private key of the region's access tokens: a P-256 JWK in JSON."""
