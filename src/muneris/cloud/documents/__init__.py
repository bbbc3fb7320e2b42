"""Documents: what one concern publishes for others to read, as blobs with an ETag."""

from muneris.cloud.documents.cache import CachedDocuments
from muneris.cloud.documents.store import Document, Documents, DocumentsUnavailableError

__all__ = ["CachedDocuments", "Document", "Documents", "DocumentsUnavailableError"]
