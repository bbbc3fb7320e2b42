"""HTTP as every app speaks it: FastAPI, problem documents, bearer tokens, one outer guard."""

from muneris.cloud.http.api import create_api
from muneris.cloud.http.bearer import Authenticate, PublicKeys
from muneris.cloud.http.correlation import correlation_id
from muneris.cloud.http.problem_documents import problem_responses

__all__ = [
    "Authenticate",
    "PublicKeys",
    "correlation_id",
    "create_api",
    "problem_responses",
]
