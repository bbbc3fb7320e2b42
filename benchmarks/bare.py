"""A bare client of Table Storage and Event Grid: its requests are ready, but for their keys."""

import base64
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from uuid import UUID

import aiohttp
from pydantic import JsonValue
from yarl import URL

from localcloud.azurite import StorageAddress
from localcloud.azurite.process import KEY
from muneris.core.ids import newest_first

type Entity = dict[str, JsonValue]

_TABLE = "Orders"
_PARTITION, _ORDER, _NEWEST_FIRST = "{partition}", "{order}", "{newest_first}"
_VERSION = {"x-ms-version": "2019-02-02", "DataServiceVersion": "3.0", "MaxDataServiceVersion": "3.0"}
_JSON = {"Accept": "application/json;odata=minimalmetadata"}
_BATCH = {"Content-Type": "multipart/mixed; boundary=batch_bench", "Accept": "application/json"}
_EVENTS = {"Content-Type": "application/cloudevents-batch+json; charset=utf-8"}


class BareStorage:
    """The region's table of orders by hand-made requests."""

    def __init__(self, session: aiohttp.ClientSession, address: StorageAddress) -> None:
        self._session = session
        self._account = address.account
        self._endpoint = address.endpoints["table"]
        self._batch = URL(f"{self._endpoint}/$batch", encoded=True)
        self._signed: dict[str, str] = {}

    async def rows(self, partition: str) -> list[Entity]:
        """Every row of a partition, as the service writes it."""
        self.sign()
        path = f"{_TABLE}()"
        headers = _VERSION | _JSON | _authorization(self._account, path)
        query = {"$filter": f"PartitionKey eq '{partition}'"}
        async with self._session.get(f"{self._endpoint}/{path}", params=query, headers=headers) as answer:
            document = await answer.json(content_type=None)
        rows: list[Entity] = document["value"]
        return rows

    def sign(self) -> None:
        """Sign the transactions of the next minutes: a table's signature covers no body."""
        self._signed = _VERSION | _BATCH | _authorization(self._account, "$batch")

    def insert(self, rows: Iterable[str]) -> bytes:
        """The body that inserts rows, in JSON, in one transaction."""
        head = (
            "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
            f"POST {self._endpoint}/{_TABLE} HTTP/1.1\r\nContent-Type: application/json;odata=nometadata\r\n"
            "Accept: application/json;odata=nometadata\r\nPrefer: return-no-content\r\n"
            "DataServiceVersion: 3.0\r\n\r\n"
        )
        parts = "".join(f"--changeset_bench\r\n{head}{row}\r\n" for row in rows)
        return (
            "--batch_bench\r\nContent-Type: multipart/mixed; boundary=changeset_bench\r\n\r\n"
            f"{parts}--changeset_bench--\r\n--batch_bench--\r\n"
        ).encode()

    async def transact(self, body: bytes) -> None:
        """Carry out a transaction; RuntimeError unless all of it was done."""
        async with self._session.post(self._batch, data=body, headers=self._signed) as answer:
            text = await answer.read()
        if answer.status != HTTPStatus.ACCEPTED or b"HTTP/1.1 4" in text or b"HTTP/1.1 5" in text:
            raise RuntimeError(f"a transaction was answered {answer.status}: {text.decode()[:500]}")


def _authorization(account: str, path: str) -> dict[str, str]:
    """By shared key, the light form ("Authorize with Shared Key", Azure Storage)."""
    moment = format_datetime(datetime.now(UTC), usegmt=True)
    text = f"{moment}\n/{account}/{account}/{path}"
    signature = base64.b64encode(hmac.digest(base64.b64decode(KEY), text.encode(), "sha256")).decode()
    return {"x-ms-date": moment, "Authorization": f"SharedKeyLite {account}:{signature}"}


class Template:
    """What one accepted order wrote and said, to be written and said of others."""

    def __init__(
        self, storage: BareStorage, rows: Sequence[Entity], event: Entity, code: str, order_id: UUID
    ) -> None:
        def blank(text: str) -> str:
            text = text.replace(str(order_id), _ORDER).replace(newest_first(order_id), _NEWEST_FIRST)
            return text.replace(code, _PARTITION)

        self._storage = storage
        self._rows = [blank(json.dumps(_without_metadata(row))) for row in rows]
        self._body = storage.insert(self._rows)
        self._event = blank(json.dumps([event])).encode()

    def body(self, code: str, order_id: UUID) -> bytes:
        """The transaction of an order."""
        return _filled(self._body, code, order_id)

    def settled(self, code: str, order_ids: Iterable[UUID]) -> bytes:
        """The transaction that leaves orders behind which owe nothing any more."""
        row = next(row for row in self._rows if '"order|' in row).encode()
        return self._storage.insert([_filled(row, code, each).decode() for each in order_ids])

    def event(self, code: str, order_id: UUID) -> bytes:
        """The request that publishes its event."""
        return _filled(self._event, code, order_id)


def _without_metadata(row: Entity) -> Entity:
    return {name: value for name, value in row.items() if not name.startswith(("odata.", "Timestamp"))}


def _filled(text: bytes, code: str, order_id: UUID) -> bytes:
    text = text.replace(_ORDER.encode(), str(order_id).encode())
    text = text.replace(_NEWEST_FIRST.encode(), newest_first(order_id).encode())
    return text.replace(_PARTITION.encode(), code.encode())


class Publish:
    """Publishes to the region's topic, as the orders app's settings say."""

    def __init__(self, session: aiohttp.ClientSession, settings: Mapping[str, str]) -> None:
        self._session = session
        self._address = URL(settings["MUNERIS_EVENTS_ENDPOINT"]).with_query({"api-version": "2018-01-01"})
        self._headers = _EVENTS | {"aeg-sas-key": settings["MUNERIS_EVENTS_KEY"]}

    async def __call__(self, events: bytes) -> None:
        """Publish; RuntimeError unless they were taken."""
        async with self._session.post(self._address, data=events, headers=self._headers) as answer:
            await answer.read()
        if answer.status != HTTPStatus.OK:
            raise RuntimeError(f"a publish was answered {answer.status}")
