"""A property as config publishes it for the other concerns. Pure."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from muneris.simphony.model import Connection


class Property(BaseModel):
    """One restaurant. `configured` once its Simphony is connected and a menu is loaded: then it takes orders.

    `currency` is an ISO 4217 code, `time_zone` an IANA name, `country` an ISO 3166 alpha-2 code.
    """

    model_config = ConfigDict(frozen=True)

    code: str
    name: str
    country: str
    currency: str
    time_zone: str
    contact_email: str
    address: str = ""
    status: Literal["pending", "confirmed", "configured"]
    simphony: Connection | None = None


def property_document(property_code: str) -> str:
    """The name of the document a property is published as."""
    return f"{property_code}/property.json"
