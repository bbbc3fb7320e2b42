"""The settings of the config app."""

from typing import Self

from pydantic import SecretStr, model_validator

from muneris.replication.settings import TokenSettings
from muneris.simphony.notifications import why_undeliverable


class ConfigSettings(TokenSettings):
    """What properties need."""

    webhook_url: str = ""
    """This region's address for Simphony's notifications; empty: it is not asked to notify."""
    webhook_secret: SecretStr | None = None
    """What the keys that Simphony signs them with come from; the same in every region."""

    @model_validator(mode="after")
    def _can_be_notified(self) -> Self:
        why = why_undeliverable(self.webhook_url) if self.webhook_url and not self.outbound_local else None
        if why is not None:
            raise ValueError(
                f"Simphony does not deliver to MUNERIS_WEBHOOK_URL ({why}): see docs/settings.md"
            )
        return self
