"""Every setting that an app reads is in the example of local settings."""

import importlib
import pkgutil
from collections.abc import Iterator

import muneris
from localcloud.app_settings import load_example
from muneris.cloud.settings import CloudSettings

PREFIX = "MUNERIS_"


def settings_classes(base: type[CloudSettings] = CloudSettings) -> Iterator[type[CloudSettings]]:
    """Those of every concern that has any."""
    yield base
    for each in base.__subclasses__():
        yield from settings_classes(each)


def variables(settings: type[CloudSettings]) -> set[str]:
    """The environment variables that a class reads."""
    assert settings.model_config["env_prefix"] == PREFIX
    return {field.alias or PREFIX + name.upper() for name, field in settings.model_fields.items()}


def test_the_example_has_what_is_read_and_nothing_else_of_ours() -> None:
    for module in pkgutil.walk_packages(muneris.__path__, "muneris."):
        if module.name.endswith(".settings"):
            importlib.import_module(module.name)
    read = {name: each.__name__ for each in settings_classes() for name in variables(each)}
    assert set(read.values()) >= {"AuthSettings", "ConfigSettings", "OrdersSettings"}
    assert read.keys() == {name for name in load_example() if name.startswith(PREFIX)}
