"""What a client asks for in `Simphony-Features` (STS Gen2 guide, Header Parameters)."""

from aiohttp import web

DETECT_DUPLICATES = "detect-duplicate-request"
CONDIMENT_PREFIX = "enable-condiment-prefix"


def has_feature(request: web.Request, feature: str) -> bool:
    """Whether a request asks for a feature."""
    features = request.headers.get("Simphony-Features", "").split(",")
    return feature in {each.strip().lower() for each in features}
