"""What inventory publishes, read by the other concerns: at most a few seconds old, from memory."""

from muneris.cloud.documents import CachedDocuments, Documents
from muneris.inventory.availability import Availability, availability_document
from muneris.inventory.recipes import Recipes, recipes_document


class RecipeReadModel:
    """The published recipes."""

    def __init__(self, documents: Documents) -> None:
        self._documents = CachedDocuments(documents, Recipes.model_validate_json)

    async def find(self, property_code: str) -> Recipes | None:
        """The property's recipes, or None: none are published."""
        return await self._documents.find(recipes_document(property_code))


class AvailabilityReadModel:
    """The published availability."""

    def __init__(self, documents: Documents) -> None:
        self._documents = CachedDocuments(documents, Availability.model_validate_json)

    async def find(self, property_code: str) -> Availability | None:
        """What is known of the property's menu items, or None: nothing is."""
        return await self._documents.find(availability_document(property_code))
