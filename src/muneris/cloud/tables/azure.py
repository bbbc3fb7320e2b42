"""Azure Table Storage by its REST API; one attempt a call, retries are `retried`'s."""

from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

from muneris.cloud.tables.batch import BATCH_TYPE, batch_body, read_batch
from muneris.cloud.tables.entities import ENTITY_TYPE, entity_url, literal, read_row, read_rows
from muneris.cloud.tables.refusals import error_of
from muneris.cloud.tables.rows import Page, Row
from muneris.cloud.tables.table import PAGE, OutcomeUnknownError, RowMissingError, TableUnavailableError
from muneris.cloud.tables.transaction import Transaction
from muneris.cloud.wire.account import StorageAccount
from muneris.cloud.wire.refusal import read_refusal
from muneris.cloud.wire.requests import Answer, AnswerLostError, Method, NotSentError, Requests

# The version that takes access tokens for tables ("Authorize with Microsoft Entra ID", Azure Storage).
_HEADERS = {"x-ms-version": "2020-12-06", "DataServiceVersion": "3.0", "Accept": ENTITY_TYPE}
_BATCH_HEADERS = {**_HEADERS, "Content-Type": BATCH_TYPE}
_OK = 200
_NEXT = ("NextPartitionKey", "NextRowKey")
"""Where the next page starts ("Query timeout and pagination"); the second may be absent."""


class AzureTable:
    """One table of a storage account.

    Every write is a transaction, of one row as of many: a POST, which nothing repeats by itself.
    """

    def __init__(self, account: StorageAccount, name: str, requests: Requests) -> None:
        self._account = account
        self._url = f"{account.table}/{name}"
        self._requests = requests

    async def find(self, partition: str, key: str) -> Row | None:
        """The row, or None."""
        try:
            answer = await self._get(entity_url(self._url, partition, key))
        except RowMissingError:
            return None
        return _content(answer, read_row)

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        """Carry out all of it or nothing, in one request."""
        body = batch_body(self._url, transaction)
        try:
            answer = await self._send("POST", f"{self._account.table}/$batch", _BATCH_HEADERS, body)
        except NotSentError as error:
            raise TableUnavailableError(str(error)) from error
        except AnswerLostError as error:
            raise OutcomeUnknownError(str(error)) from error
        return read_batch(answer, transaction)

    async def page(
        self,
        partition: str,
        *,
        start: str = "",
        end: str = "\uffff",
        limit: int = PAGE,
        continuation: str | None = None,
    ) -> Page:
        """At most `limit` rows with start <= key < end, in key order."""
        rows = f"RowKey ge {literal(start)} and RowKey lt {literal(end)}"
        query = {"$filter": f"PartitionKey eq {literal(partition)} and {rows}", "$top": str(limit)}
        url = f"{self._url}()?{_encoded(query)}"
        answer = await self._get(url if continuation is None else f"{url}&{continuation}")
        return Page(_content(answer, read_rows), _continuation(answer.headers))

    async def _get(self, url: str) -> Answer:
        try:
            answer = await self._send("GET", url, _HEADERS)
        except (NotSentError, AnswerLostError) as error:
            raise TableUnavailableError(str(error)) from error
        if answer.status != _OK:
            raise error_of(read_refusal(answer.status, answer.body))
        return answer

    async def _send(
        self, method: Method, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        authorized = await self._account.tables.headers(method, url, headers)
        return await self._requests.send(method, url, {**headers, **authorized}, body)


def _content[T](answer: Answer, read: Callable[[bytes], T]) -> T:
    try:
        return read(answer.body)
    except ValueError as error:
        raise TableUnavailableError(f"an unreadable answer: {error}") from error


def _continuation(headers: Mapping[str, str]) -> str | None:
    """The part of the next page's address that says where it starts."""
    found = {name: headers.get(f"x-ms-continuation-{name.lower()}") for name in _NEXT}
    return _encoded({name: value for name, value in found.items() if value}) or None


def _encoded(query: Mapping[str, str]) -> str:
    return urlencode(query, safe="$'", quote_via=quote)
