"""A property as config publishes it for the other concerns. Pure."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from muneris.config.ordering import Ordering
from muneris.simphony.model import Connection

_SIMPHONY = {
    "api_url": "https://sts.oraclecloud.com",
    "auth_url": "https://idp.oracleindustry.com",
    "client_id": "bXVuZXJpcw.0b4f",
    "org_short_name": "nordic",
    "loc_ref": "cph01",
    "rvc_ref": 1,
    "employee_ref": 9001,
    "order_type_refs": {"dine_in": 1, "pickup": 2, "delivery": 3},
    "tender_refs": {"online": 10},
    "account": "4f1d0c9b8a7e6f5d",
    "bearer": "id_token",
    "menu_version": 1,
    "language": "da-DK",
}


class Property(BaseModel):
    """One restaurant. `configured` once its Simphony is connected and a menu is loaded: then it takes orders.

    `currency` is an ISO 4217 code, `time_zone` an IANA name, `country` an ISO 3166 alpha-2 code.
    """

    model_config = ConfigDict(frozen=True)

    code: str = Field(examples=["NOR-CPH01"])
    name: str = Field(examples=["Nordic Kitchens Nyhavn"])
    country: str = Field(examples=["DK"])
    currency: str = Field(examples=["DKK"])
    time_zone: str = Field(examples=["Europe/Copenhagen"])
    contact_email: str = Field(examples=["nyhavn@nordickitchens.example"])
    address: str = Field(default="", examples=["Nyhavn 1, 1051 København"])
    ordering: Ordering = Field(default=Ordering(), examples=[{"lead_minutes": 20, "furthest_days": 7}])
    status: Literal["pending", "confirmed", "configured"]
    simphony: Connection | None = Field(default=None, examples=[_SIMPHONY])


def property_document(property_code: str) -> str:
    """The name of the document a property is published as."""
    return f"{property_code}/property.json"
