"""Storage accounts are read from their connections as the Azure SDK reads them."""

import pytest
from azure.core.credentials import AzureNamedKeyCredential
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from localcloud.azurite import StorageAddress
from muneris.cloud.wire.account import storage_account
from muneris.cloud.wire.authorization import BearerToken, BlobSharedKey, TableSharedKey

KEY = "c2VjcmV0IGtleQ=="
NAMED = f"AccountName=muneris1;AccountKey={KEY}"
FORMS = [
    NAMED,
    f"{NAMED};",
    f"DefaultEndpointsProtocol=http;{NAMED};EndpointSuffix=core.windows.net",
    f"DefaultEndpointsProtocol=https;{NAMED};EndpointSuffix=core.chinacloudapi.cn",
    f"{NAMED};TableEndpoint=https://tables.example.com/;EndpointSuffix=core.windows.net",
    f"{NAMED};BlobEndpoint=https://blobs.example.com;QueueEndpoint=https://queues.example.com:8443/a",
    StorageAddress(10, 11, 12).connection_string,
]


@pytest.mark.parametrize("connection", FORMS)
def test_a_connection_string_means_what_it_means_to_the_sdk(connection: str) -> None:
    account = storage_account(connection)
    assert account.table == TableServiceClient.from_connection_string(connection).url.rstrip("/")
    assert account.blob == BlobServiceClient.from_connection_string(connection).url.rstrip("/")
    assert account.queue == QueueServiceClient.from_connection_string(connection).url.rstrip("/")


def test_an_account_has_its_key() -> None:
    account = storage_account(NAMED)
    assert isinstance(account.credential, AzureNamedKeyCredential)
    assert (account.name, account.credential.named_key) == ("muneris1", ("muneris1", KEY))
    assert isinstance(account.tables, TableSharedKey)
    assert isinstance(account.blobs, BlobSharedKey)


def test_names_of_parts_are_found_in_any_case() -> None:
    assert storage_account(NAMED.replace("AccountName", "accountname")).name == "muneris1"


def test_development_storage_is_the_emulator_at_its_usual_ports() -> None:
    development = storage_account("UseDevelopmentStorage=true")
    emulator = storage_account(StorageAddress(10000, 10001, 10002).connection_string)
    assert (development.blob, development.queue, development.table) == (
        emulator.blob,
        emulator.queue,
        emulator.table,
    )
    assert isinstance(development.credential, AzureNamedKeyCredential)
    assert isinstance(emulator.credential, AzureNamedKeyCredential)
    assert development.credential.named_key == emulator.credential.named_key


def test_development_storage_may_be_on_another_host() -> None:
    proxied = storage_account("UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://10.0.0.5")
    assert proxied.table == "http://10.0.0.5:10002/devstoreaccount1"


async def test_an_account_that_is_only_named_is_used_with_the_managed_identity() -> None:
    account = storage_account("muneris1")
    assert (account.name, account.blob, account.queue, account.table) == (
        "muneris1",
        "https://muneris1.blob.core.windows.net",
        "https://muneris1.queue.core.windows.net",
        "https://muneris1.table.core.windows.net",
    )
    assert isinstance(account.tables, BearerToken)
    assert account.blobs is account.tables
    assert account.credential is storage_account("muneris2").credential
    assert account.credential is not storage_account("muneris2", "an identity's client id").credential


@pytest.mark.parametrize(
    ("connection", "said"),
    [
        ("", "blank or malformed"),
        ("Muneris-1", "blank or malformed"),
        (f"AccountName=muneris1;AccountKey={KEY};AccountName=muneris2", "blank or malformed"),
        (f"AccountKey={KEY}", "has no accountname"),
        ("AccountName=muneris1;SharedAccessSignature=sv=2019&sig=c2VjcmV0", "has no accountkey"),
        ("UseDevelopmentStorage=false", "has no accountname"),
    ],
)
def test_anything_else_is_refused_and_never_quoted(connection: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        storage_account(connection)
    assert "c2VjcmV0" not in str(refused.value)
