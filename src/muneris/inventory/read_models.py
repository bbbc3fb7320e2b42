"""What inventory publishes, for the other concerns to read."""

import time
from collections.abc import Callable

from muneris.cloud.documents import Documents
from muneris.cloud.documents.read_model import FRESH_SECONDS, ReadModel
from muneris.inventory.availability import Availability, availability_document
from muneris.inventory.recipes import Recipes, recipes_document


def recipe_read_model(
    documents: Documents, *, monotonic: Callable[[], float] = time.monotonic
) -> ReadModel[Recipes]:
    """The published recipes."""
    return ReadModel(documents, Recipes, recipes_document, monotonic=monotonic)


def availability_read_model(
    documents: Documents,
    *,
    fresh_seconds: float = FRESH_SECONDS,
    monotonic: Callable[[], float] = time.monotonic,
) -> ReadModel[Availability]:
    """The published availability."""
    return ReadModel(
        documents, Availability, availability_document, fresh_seconds=fresh_seconds, monotonic=monotonic
    )
