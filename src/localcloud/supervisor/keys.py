"""The secrets of one local cloud: made once for its data folder, readable by their owner alone."""

import base64
import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from localcloud.staff import generate_signing_key
from muneris.cloud.sealing import generate_sealing_key

FOLDER = "keys"
_STAFF_FILE = "staff.json"
_KEY_BYTES = 32


@dataclass(frozen=True)
class RegionKeys:
    """A region's own secrets, which in Azure its Key Vault holds."""

    signing: str
    """Private ES256 JWK in JSON: signs access tokens."""
    sealing: str
    """Private JWK in JSON: opens what is sealed to the region."""
    events: str
    """Access key of the region's Event Grid topics, in base64."""


@dataclass(frozen=True)
class Keys:
    """All secrets of a local cloud."""

    staff: str
    """Private ES256 JWK in JSON of the staff issuer."""
    regions: dict[str, RegionKeys]


def load_keys(data_dir: Path, regions: Iterable[str]) -> Keys:
    """Read the secrets of a data folder; make those it has not yet."""
    folder = data_dir / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Keys(
        staff=_keep(folder / _STAFF_FILE, generate_signing_key),
        regions={name: _load_region(folder, name) for name in regions},
    )


def read_staff_key(data_dir: Path) -> str:
    """The private JWK of a data folder's staff issuer; FileNotFoundError if it never ran."""
    return (data_dir / FOLDER / _STAFF_FILE).read_text()


def _load_region(folder: Path, name: str) -> RegionKeys:
    return RegionKeys(
        signing=_keep(folder / f"{name}-signing.json", generate_signing_key),
        sealing=_keep(folder / f"{name}-sealing.json", generate_sealing_key),
        events=_keep(folder / f"{name}-events.txt", _random_key),
    )


def _random_key() -> str:
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def _keep(file: Path, make: Callable[[], str]) -> str:
    """The content of a file, made at once and whole if there is none."""
    if not file.exists():
        draft = file.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
            output.write(make())
        draft.replace(file)
    return file.read_text()
