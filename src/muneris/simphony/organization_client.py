"""The Organization API: it takes organization, location and revenue center in the path."""

from http import HTTPMethod

from pydantic import BaseModel

from muneris.simphony.errors import ReadFailedError
from muneris.simphony.model import Connection
from muneris.simphony.organization import Location, Organization, RevenueCenter
from muneris.simphony.transport import Call, Transport, decode
from muneris.simphony.wire import items_of, parse


class OrganizationClient:
    """Reads.

    Each raises `ReadFailedError` if there is no answer to rely on (`status` 404: there is no such thing), and
    `TokenRejectedError`.
    """

    def __init__(self, http: Transport) -> None:
        self._http = http

    async def get_organizations(self, connection: Connection, bearer: str) -> tuple[Organization, ...]:
        """The organizations that the account may see."""
        return await self._list(Organization, connection, bearer, "organizations", "organization")

    async def get_organization(self, connection: Connection, bearer: str) -> Organization:
        """The connection's organization."""
        return await self._get(Organization, connection, bearer, _organization(connection))

    async def get_locations(self, connection: Connection, bearer: str) -> tuple[Location, ...]:
        """The locations of the organization: all of them, since none is asked to be left out."""
        path = f"{_organization(connection)}/locations"
        return await self._list(Location, connection, bearer, path, "location")

    async def get_location(self, connection: Connection, bearer: str) -> Location:
        """The property as Simphony knows it."""
        return await self._get(Location, connection, bearer, _location(connection))

    async def get_revenue_centers(self, connection: Connection, bearer: str) -> tuple[RevenueCenter, ...]:
        """The revenue centers of the location."""
        path = f"{_location(connection)}/revenueCenters"
        return await self._list(RevenueCenter, connection, bearer, path, "revenueCenter")

    async def get_revenue_center(self, connection: Connection, bearer: str) -> RevenueCenter:
        """The revenue center and its order types."""
        path = f"{_location(connection)}/revenueCenters/{connection.rvc_ref}"
        return await self._get(RevenueCenter, connection, bearer, path)

    async def _get[T: BaseModel](self, kind: type[T], connection: Connection, bearer: str, path: str) -> T:
        return decode(kind, await self._http.read(connection, bearer, Call(HTTPMethod.GET, path)))

    async def _list[T: BaseModel](
        self, kind: type[T], connection: Connection, bearer: str, path: str, name: str
    ) -> tuple[T, ...]:
        """A list: the guide calls its entries `name`, live systems `items`."""
        answer = await self._http.read(connection, bearer, Call(HTTPMethod.GET, path))
        try:
            return tuple(kind.model_validate(each) for each in items_of(parse(answer.body), name))
        except ValueError as error:
            raise ReadFailedError(f"an unreadable list of {kind.__name__}", answer.status) from error


def _organization(connection: Connection) -> str:
    return f"organizations/{connection.org_short_name}"


def _location(connection: Connection) -> str:
    return f"{_organization(connection)}/locations/{connection.loc_ref}"
