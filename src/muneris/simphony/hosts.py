"""Where requests may go: Oracle's hosts alone, whatever a user typed into a setting."""

import ipaddress

from yarl import URL

from muneris.simphony.errors import NotConfiguredError

ORACLE_SUFFIXES = ("oraclecloud.com", "oraclemicros.com", "oraclerestaurants.com", "oracleindustry.com")
"""The domains of the known Simphony environments."""


def allowed_url(text: str, *, allow_local: bool) -> URL:
    """The base address a setting holds; with `allow_local` also http on loopback.

    Raises:
        NotConfiguredError: it is no address of Oracle's; the message says what is allowed.
    """
    url = _parse(text)
    host = (url.host or "").lower()
    is_oracle = url.scheme == "https" and any(
        host == suffix or host.endswith(f".{suffix}") for suffix in ORACLE_SUFFIXES
    )
    is_local = allow_local and url.scheme in {"http", "https"} and _is_loopback(host)
    if url.user is not None or url.password is not None or not (is_oracle or is_local):
        domains = ", ".join(ORACLE_SUFFIXES)
        raise NotConfiguredError(f"Simphony's address must be https on a host of {domains}; set another one")
    return url


def _parse(text: str) -> URL:
    try:
        return URL(text.strip().rstrip("/"))
    except ValueError as error:
        raise NotConfiguredError("Simphony's address is no URL") from error


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
