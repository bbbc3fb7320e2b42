"""The settings of an app: read once, checked at start, frozen."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, Json, SecretStr, StringConstraints, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from muneris.cloud.tables.spread import MAIN


def _not_main(name: str) -> str:
    if name == MAIN:
        raise ValueError(f"{MAIN!r} is the account of MUNERIS_STORAGE: give a further one another name")
    return name


AccountName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{0,23}$"), AfterValidator(_not_main)]


class CloudSettings(BaseSettings):
    """What every app needs to know of its region. Environment variables `MUNERIS_…`; see docs/settings.md."""

    model_config = SettingsConfigDict(
        env_prefix="MUNERIS_", env_ignore_empty=True, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    region: str
    regions: Json[dict[str, str]]
    """Public endpoint of each region, this one included."""
    storage: SecretStr | None = None
    """Connection string of the region's storage account. Without it, the next three say which it is."""
    storage_account_name: Annotated[
        str, Field(alias="MUNERIS_STORAGE__accountName", pattern=r"^([a-z0-9]{3,24})?$")
    ] = ""
    storage_credential: Annotated[Literal["managedidentity"], Field(alias="MUNERIS_STORAGE__credential")] = (
        "managedidentity"
    )
    """The one kind of credential there is beside a key."""
    storage_client_id: Annotated[str | None, Field(alias="MUNERIS_STORAGE__clientId")] = None
    """The app's user-assigned identity; without it, the system-assigned one."""
    storage_accounts: Annotated[Json[dict[AccountName, SecretStr]], Field(default="{}")]
    """Further storage accounts of the region, by names that stand in directory rows: none is ever renamed."""
    group_commit: bool = True
    """Whether transactions of one property that wait for each other go together (docs/adr/0013)."""
    events_endpoint: str
    events_key: SecretStr | None = None
    """Access key of the topic; without it, the app's managed identity publishes."""
    staff_issuer: str
    staff_jwks: str
    """The public keys of whoever signs staff tokens (JWKS)."""

    @model_validator(mode="after")
    def _has_one_storage_account(self) -> Self:
        # The names are those of identity-based connections (Azure Functions), which triggers read as well.
        if (self.storage is None) == (not self.storage_account_name):
            raise ValueError("set either MUNERIS_STORAGE or MUNERIS_STORAGE__accountName")
        return self

    @property
    def storage_connection(self) -> str:
        """Connection string or name of the region's storage account."""
        return self.storage.get_secret_value() if self.storage else self.storage_account_name


class PeerSettings(CloudSettings):
    """For apps that write into the other regions' tables."""

    peers: Annotated[Json[dict[str, str]], Field(default="{}")]
    """Connection string or name of each other region's storage account."""
