"""App settings: `%name%` in bindings, and connections by the name of a setting."""

import re
from collections.abc import Mapping

_PLACEHOLDER = re.compile(r"%([^%]+)%")
HOST_STORAGE = "AzureWebJobsStorage"
"""The setting with the host's own storage connection, and the default of every binding."""


class SettingMissingError(Exception):
    """A binding names an app setting that does not exist."""


def substitute(text: str, settings: Mapping[str, str]) -> str:
    """Replace every `%name%` by the setting of that name.

    Raises:
        SettingMissingError: there is no such setting.
    """
    return _PLACEHOLDER.sub(lambda found: _get(found[1], settings), text)


def _get(name: str, settings: Mapping[str, str]) -> str:
    if name not in settings:
        raise SettingMissingError(f"The app setting '{name}' is missing: add it, or correct '%{name}%'.")
    return settings[name]


def is_disabled(function: str, settings: Mapping[str, str]) -> bool:
    """Whether an app setting disables a function ("How to disable functions in Azure Functions")."""
    return settings.get(f"AzureWebJobs.{function}.Disabled", "").lower() in {"1", "true"}


def connection_string(connection: str, settings: Mapping[str, str]) -> str:
    """The storage connection string that a binding's `connection` names.

    Azure looks for `AzureWebJobs<connection>` first, then for `<connection>`; empty means the host's own.

    Raises:
        SettingMissingError: neither exists.
    """
    name = connection or HOST_STORAGE
    for candidate in (f"AzureWebJobs{name}", name):
        if settings.get(candidate):
            return settings[candidate]
    raise SettingMissingError(
        f"The storage connection '{name}' is missing: add an app setting '{name}' with a connection string."
    )
