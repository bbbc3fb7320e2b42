"""A company: who may own properties. Pure."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from muneris.core.ids import COMPANY_CODE

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
EmailAddress = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s.]+$", max_length=254)]
"""An address as far as a form can tell (RFC 5321 allows 254 characters); a mail shows whether it exists."""


class Registration(BaseModel):
    """What a company signs up with; `home_region` is where all its data lives."""

    model_config = ConfigDict(frozen=True)

    code: Annotated[str, StringConstraints(pattern=COMPANY_CODE.pattern)] = Field(examples=["NOR"])
    name: Text = Field(examples=["Nordic Kitchens"])
    contact_email: EmailAddress = Field(examples=["it@nordickitchens.example"])
    vat_number: Text = Field(examples=["DK12345678"])
    home_region: str = Field(examples=["api1"])


class Company(Registration):
    """A registered company: `pending` until staff have checked it."""

    status: Literal["pending", "active"]

    def was_registered_by(self, registration: Registration) -> bool:
        """Whether a registration is the one this company came from, so that it may be repeated."""
        return Registration.model_validate(self.model_dump()) == registration

    def activated(self) -> "Company":
        """The company once staff have checked it."""
        return self.model_copy(update={"status": "active"})
