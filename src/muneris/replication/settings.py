"""The settings of apps that keep the tokens of Oracle accounts."""

from typing import Annotated, Self

from pydantic import Field, Json, SecretStr, model_validator

from muneris.cloud.settings import PeerSettings


class TokenSettings(PeerSettings):
    """What tokens need."""

    sealing_key: SecretStr
    """The region's private key (JWK or JWK set), which what is sealed to it is opened with."""
    sealing_recipients: Json[dict[str, dict[str, str]]]
    """The public key (JWK) of every region, by name: what tokens are sealed to."""
    outbound_local: bool = False
    """Whether a property's Simphony may be on this machine: for local clouds only."""

    @model_validator(mode="after")
    def _every_other_region_is_a_peer(self) -> Self:
        if {self.region, *self.peers} != self.regions.keys():
            raise ValueError(
                "MUNERIS_PEERS has to name every other region of MUNERIS_REGIONS: all of them vote"
            )
        return self

    @model_validator(mode="after")
    def _every_region_can_open(self) -> Self:
        missing = self.regions.keys() - self.sealing_recipients.keys()
        if missing:
            names = ", ".join(sorted(missing))
            raise ValueError(f"MUNERIS_SEALING_RECIPIENTS lacks {names}: they could not open any token")
        return self


class TokenMasterSettings(TokenSettings):
    """What the token master needs."""

    token_schedule: Annotated[str, Field(pattern=r"^\S+( \S+){5}$")] = "0 0 */12 * * *"  # noqa: S105 - no secret
    """When it looks at every account: an NCRONTAB expression of six fields, in UTC."""
