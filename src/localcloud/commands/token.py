"""`muneris token`: an access token for trying things out."""

import asyncio
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

import aiohttp
import typer
from pydantic import BaseModel, ValidationError

from localcloud import staff
from localcloud.app_settings import endpoint
from localcloud.commands.answer import answer
from localcloud.commands.options import DEFAULT_DATA_DIR, AsJson, DataDir
from localcloud.errors import LocalCloudError
from localcloud.supervisor.keys import read_staff_key
from localcloud.supervisor.running import get_running

_ANSWER = aiohttp.ClientTimeout(total=10)


class AccessToken(BaseModel, frozen=True):
    """A token and its remaining seconds."""

    access_token: str
    expires_in: int


class Problem(BaseModel, frozen=True):
    """What of a problem document matters here."""

    detail: str = "no details"
    home_endpoint: str | None = None


def token(
    *,
    for_staff: Annotated[bool, typer.Option("--staff", help="A token that may do everything.")] = False,
    guest: Annotated[
        str | None, typer.Option("--guest", metavar="PROPERTY", help="A token of a new guest there.")
    ] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Issue an access token of the local cloud."""
    if for_staff == (guest is not None):
        raise typer.BadParameter("give one of --staff and --guest PROPERTY")
    running = get_running(data_dir)
    if guest is None:
        issued = _issue_staff_token(data_dir)
    else:
        issued = asyncio.run(open_guest_session(endpoint(running.layout.traffic_manager), guest))
    answer(issued, issued.access_token, as_json=as_json)


def _issue_staff_token(data_dir: Path) -> AccessToken:
    signed = staff.issue_token(read_staff_key(data_dir))
    return AccessToken(access_token=signed, expires_in=staff.LIFETIME_SECONDS)


async def open_guest_session(base: str, property_code: str) -> AccessToken:
    """Open a new guest's session in the property's home region.

    Args:
        base: address of any region, or of Traffic Manager.
        property_code: for example NOR-CPH01.

    Raises:
        LocalCloudError: the region refuses, or nothing answers.
    """
    try:
        async with aiohttp.ClientSession(timeout=_ANSWER) as session:
            status, text = await _post(session, base, property_code)
            if status == HTTPStatus.MISDIRECTED_REQUEST:
                home = Problem.model_validate_json(text).home_endpoint
                status, text = await _post(session, home or base, property_code)
        if status == HTTPStatus.CREATED:
            return AccessToken.model_validate_json(text)
        raise LocalCloudError(
            f"No session at {property_code}: {Problem.model_validate_json(text).detail} ({status})"
        )
    except ValidationError as error:
        raise LocalCloudError(f"{base} does not answer as the auth app does: is it running?") from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise LocalCloudError(f"{base} does not answer: see 'muneris status'.") from error


async def _post(session: aiohttp.ClientSession, base: str, property_code: str) -> tuple[int, str]:
    body = {"property_code": property_code}
    async with session.post(f"{base}/v1/auth/guest-sessions", json=body) as response:
        return response.status, await response.text()
