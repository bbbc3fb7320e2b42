"""What a function host is told."""

from pathlib import Path

from pydantic import BaseModel, Field

_HOST_ID_LENGTH = 32


class FunctionHostConfig(BaseModel, frozen=True):
    """One function app of one region.

    `settings` are the app settings; they become environment variables, as in Azure. Durations are in
    seconds. `lease_seconds` is how long a received message stays invisible, so how late a message of a
    killed host runs again (10 minutes in Azure). `timer_lease_seconds` is the same for timers; a blob
    lease lasts 15 to 60 seconds (Azure Storage, Lease Blob). `http_timeout_seconds` is the longest
    Azure's front end waits for an answer.
    """

    app: str
    app_dir: Path
    region: str
    port: int
    settings: dict[str, str]
    lease_seconds: float = Field(default=30.0, ge=1, le=604_800)
    timer_lease_seconds: float = Field(default=15.0, ge=15, le=60)
    http_timeout_seconds: float = Field(default=230.0, gt=0)
    stop_grace_seconds: float = Field(default=5.0, ge=0)

    @property
    def host_id(self) -> str:
        """Names the locks and timers of this app in its storage account.

        As Azure: lower case, cut to 32 characters; the setting `AzureFunctionsWebHost__hostid` wins.
        """
        default = f"{self.region}-{self.app}".lower()[:_HOST_ID_LENGTH]
        return self.settings.get("AzureFunctionsWebHost__hostid", default)
