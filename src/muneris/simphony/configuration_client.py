"""The Configuration API: read only, and conditional where an entity tag is held."""

from http import HTTPMethod, HTTPStatus
from urllib.parse import quote

from pydantic import BaseModel

from muneris.simphony.configuration import (
    Discount,
    ServiceCharge,
    Taxes,
    Tender,
    UnavailableItems,
    Versioned,
)
from muneris.simphony.errors import ReadFailedError
from muneris.simphony.menu import MenuSummary, SimphonyMenu
from muneris.simphony.model import Connection
from muneris.simphony.transport import Answer, Call, Transport, decode, site_headers, site_query
from muneris.simphony.wire import items_of, parse


class ConfigurationClient:
    """Reads. None is the answer if that is still what is `held`, by the entity tag it came with.

    An entity tag belongs to one revenue center, one path and one version of the API. Each call raises
    `ReadFailedError` if there is no answer to rely on, and `TokenRejectedError`.
    """

    def __init__(self, http: Transport) -> None:
        self._http = http

    async def get_menus(self, connection: Connection, bearer: str) -> tuple[MenuSummary, ...]:
        """The revenue center's menus; this list takes no entity tag."""
        answer = await self._http.read(connection, bearer, _list_call(connection, "menus/summary"))
        return _items(MenuSummary, answer)

    async def get_menu(
        self, connection: Connection, bearer: str, *, held: Versioned[SimphonyMenu] | None = None
    ) -> Versioned[SimphonyMenu] | None:
        """The revenue center's menu, under the id that the list of menus has for it: its tag is of that."""
        menus = await self.get_menus(connection, bearer)
        ours = [each for each in menus if each.rvc_ref in {None, connection.rvc_ref}]
        if not ours:
            raise ReadFailedError("Simphony lists no menu for the revenue center")
        menu_id = ours[0].menu_id
        path = f"menus/{quote(menu_id, safe='')}"
        call = Call(HTTPMethod.GET, path, headers=site_headers(connection), version=connection.menu_version)
        same = held if held is not None and held.value.menu_id == menu_id else None
        read = await self._get(SimphonyMenu, connection, bearer, call, same)
        return read and read._replace(value=read.value.model_copy(update={"menu_id": menu_id}))

    async def get_unavailable(
        self, connection: Connection, bearer: str, *, held: Versioned[UnavailableItems] | None = None
    ) -> Versioned[UnavailableItems] | None:
        """What the POS cannot sell now."""
        call = _list_call(connection, "menus/items/unavailable")
        return await self._get(UnavailableItems, connection, bearer, call, held)

    async def get_taxes(
        self, connection: Connection, bearer: str, *, held: Versioned[Taxes] | None = None
    ) -> Versioned[Taxes] | None:
        """Its taxes."""
        return await self._get(Taxes, connection, bearer, _list_call(connection, "taxes"), held)

    async def get_tenders(self, connection: Connection, bearer: str) -> tuple[Tender, ...]:
        """Its tenders."""
        return await self._list(Tender, connection, bearer, "tenders/collection")

    async def get_discounts(self, connection: Connection, bearer: str) -> tuple[Discount, ...]:
        """Its discounts."""
        return await self._list(Discount, connection, bearer, "discounts/collection")

    async def get_service_charges(self, connection: Connection, bearer: str) -> tuple[ServiceCharge, ...]:
        """Its service charges."""
        return await self._list(ServiceCharge, connection, bearer, "serviceCharges/collection")

    async def _get[T: BaseModel](
        self,
        kind: type[T],
        connection: Connection,
        bearer: str,
        call: Call,
        held: Versioned[T] | None,
    ) -> Versioned[T] | None:
        etag = held.etag if held is not None else None
        headers = {**call.headers, "If-None-Match": etag} if etag else call.headers
        also = (HTTPStatus.NOT_MODIFIED,) if etag else ()
        answer = await self._http.read(connection, bearer, call._replace(headers=headers), also=also)
        if not answer.is_success:
            return None
        return Versioned(decode(kind, answer), answer.headers.get("ETag"))

    async def _list[T: BaseModel](
        self, kind: type[T], connection: Connection, bearer: str, path: str
    ) -> tuple[T, ...]:
        return _items(kind, await self._http.read(connection, bearer, _list_call(connection, path)))


def _list_call(connection: Connection, path: str) -> Call:
    return Call(HTTPMethod.GET, path, site_query(connection))


def _items[T: BaseModel](kind: type[T], answer: Answer) -> tuple[T, ...]:
    try:
        return tuple(kind.model_validate(each) for each in items_of(parse(answer.body)))
    except ValueError as error:
        raise ReadFailedError(f"an unreadable list of {kind.__name__}", answer.status) from error
