"""Who calls: what an access token says, whoever issued it."""

from dataclasses import dataclass

STAFF = "staff"
GUEST = "guest"


@dataclass(frozen=True)
class Caller:
    """An authenticated caller.

    `subject` identifies it; `scope` is `staff` or `guest`; `property_code` binds a guest to its property.
    """

    subject: str
    scope: str
    property_code: str | None = None

    @property
    def is_staff(self) -> bool:
        """Staff may do everything."""
        return self.scope == STAFF

    def may_order_at(self, property_code: str) -> bool:
        """Whether orders at that property are this caller's business at all."""
        return self.is_staff or self.property_code == property_code
