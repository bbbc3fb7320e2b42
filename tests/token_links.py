"""Links of one account's chain, without anything secret in them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from muneris.replication.links import Link, Writer
from muneris.simphony.model import Account

ACCOUNT = Account(
    auth_url="https://idp.oracleindustry.com", org_short_name="nordic", client_id="client=", username="api"
)
OBTAINED = datetime(2030, 5, 4, 10, tzinfo=UTC)
LIFE = timedelta(days=10)


def new_link(
    writer: Writer,
    version: int,
    seen: Mapping[Writer, int] | None = None,
    *,
    obtained_at: datetime = OBTAINED,
    life: timedelta = LIFE,
    spent: bool = False,
    keeps_password: bool = False,
) -> Link:
    """A link that lives ten days, and goes back to nothing unless told otherwise."""
    return Link(
        account=ACCOUNT,
        writer=writer,
        version=version,
        seen={writer: version} if seen is None else seen,
        obtained_at=obtained_at,
        expires_at=obtained_at + life,
        password_at=OBTAINED,
        sealed=b"",
        spent=spent,
        keeps_password=keeps_password,
    )
