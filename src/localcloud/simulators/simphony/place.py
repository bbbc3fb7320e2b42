"""What a location and a revenue center tell of themselves (STS Gen2 guide, Organization API)."""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Self

from pydantic import Field

from localcloud.simulators.simphony.controls import Control
from localcloud.simulators.simphony.menu_body import TextMap
from localcloud.simulators.simphony.site import Site
from localcloud.simulators.simphony.wire import Json

_EARTH_RADIUS_METRES = 6_371_000


class TimeZone(Control):
    """A time zone under its three names."""

    iana_name: str
    windows_name: str
    tz_index: int


class Address(Control):
    """Where to find it."""

    line1: str = ""
    line2: str = ""
    floor: str = ""
    locality: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    notes: str = ""


class GeoLocation(Control):
    """A point on Earth, in degrees."""

    latitude: float
    longitude: float

    def metres_to(self, other: Self) -> float:
        """The distance over the ground (haversine formula)."""
        here, there = map(math.radians, (self.latitude, other.latitude))
        east = math.radians(other.longitude - self.longitude)
        half = math.sin((there - here) / 2) ** 2 + math.cos(here) * math.cos(there) * math.sin(east / 2) ** 2
        return 2 * _EARTH_RADIUS_METRES * math.asin(math.sqrt(half))


class OrderType(Control):
    """An order type of a revenue center; times in minutes, tips in percent."""

    order_type_ref: int
    name: str
    service_level_time: int = 0
    suggested_tips: tuple[int, ...] = ()


class OrderChannel(Control):
    """An order channel of a revenue center."""

    order_channel_id: int
    name: TextMap
    is_default: bool = False
    service_level_time: int = 0


class Place(Control):
    """A location and one of its revenue centers."""

    location_name: str | None = None
    currency: str = "DKK"
    phone_number: str = "+45 33 00 00 00"
    languages: tuple[str, ...] = ("en-US", "da-DK")
    timezone: TimeZone = TimeZone(
        iana_name="Europe/Copenhagen", windows_name="Romance Standard Time", tz_index=105
    )
    address: Address = Address(line1="Nyhavn 1", locality="København", postal_code="1051", country="DK")
    geo_location: GeoLocation = GeoLocation(latitude=55.6798, longitude=12.5910)
    name: str | None = None
    order_types: tuple[OrderType, ...] = Field(
        default=(
            OrderType(order_type_ref=1, name="Dine In", suggested_tips=(5, 10, 15)),
            OrderType(order_type_ref=2, name="Take Out", service_level_time=15),
            OrderType(order_type_ref=3, name="Delivery", service_level_time=45),
        )
    )
    order_channels: tuple[OrderChannel, ...] = (
        OrderChannel(order_channel_id=1, name={"en-US": "Web", "da-DK": "Web"}, is_default=True),
    )
    tables: tuple[str, ...] = tuple(str(number) for number in range(1, 21))

    def location(self, site: Site) -> Mapping[str, Json]:
        """The location as it is answered."""
        return {
            "orgShortName": site.org,
            "locRef": site.loc,
            "name": self.location_name or site.loc.upper(),
            "currency": self.currency,
            "phoneNumber": self.phone_number,
            "languages": list(self.languages),
            "timezone": self.timezone.model_dump(by_alias=True),
            "address": self.address.model_dump(by_alias=True),
            "geoLocation": self._point,
            "posPlatform": {"name": "Simphony", "version": "19.8.4"},
        }

    def revenue_center(self, site: Site) -> Mapping[str, Json]:
        """The revenue center as it is answered."""
        name = self.name or f"Revenue center {site.rvc}"
        return {
            **site.fields,
            "name": name,
            "consumerName": name,
            "address": self.address.model_dump(by_alias=True),
            "geoLocation": self._point,
            "extensions": {},
            "orderTypes": [each.model_dump(by_alias=True) for each in self.order_types],
            "orderChannels": [each.model_dump(by_alias=True) for each in self.order_channels],
            "tables": list(self.tables),
        }

    @property
    def _point(self) -> Json:
        return {
            "latitude": Decimal(str(self.geo_location.latitude)),
            "longitude": Decimal(str(self.geo_location.longitude)),
        }
