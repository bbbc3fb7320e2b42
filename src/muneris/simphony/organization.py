"""Organizations, locations and revenue centers (Organization API)."""

from pydantic import AliasPath, Field

from muneris.simphony.node import (
    NO_NAMES,
    LenientFlag,
    LenientNames,
    LenientNumber,
    LenientText,
    Node,
    Nodes,
    Texts,
)


class Organization(Node):
    """An enterprise."""

    org_short_name: str
    name: LenientText = ""


class Location(Node):
    """A property as Simphony knows it. `time_zone` is an IANA name, `currency` a code of ISO 4217."""

    loc_ref: str
    name: LenientText = ""
    currency: LenientText = ""
    phone_number: LenientText = ""
    languages: Texts = ()
    time_zone: LenientText | None = Field(default=None, validation_alias=AliasPath("timezone", "ianaName"))
    platform: LenientText = Field(default="", validation_alias=AliasPath("posPlatform", "name"))
    platform_version: LenientText = Field(default="", validation_alias=AliasPath("posPlatform", "version"))


class OrderType(Node):
    """An order type of a revenue center. Future orders rely on its `service_level_time`, in minutes."""

    order_type_ref: int
    name: LenientText = ""
    service_level_time: LenientNumber = None


class OrderChannel(Node):
    """An order channel of a revenue center."""

    order_channel_id: int
    name: LenientNames = NO_NAMES
    is_default: LenientFlag = False


class RevenueCenter(Node):
    """A revenue center and what can be ordered in it how: types and channels have no list of their own."""

    rvc_ref: int
    name: LenientText = ""
    order_types: Nodes[OrderType] = ()
    order_channels: Nodes[OrderChannel] = ()
    tables: Texts = ()
