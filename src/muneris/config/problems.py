"""Why a request about a property or its menu is refused."""

from muneris.core.problems import ProblemType

PRECONDITION_REQUIRED = ProblemType("precondition_required", 428, "Precondition required")
SIMPHONY_CHECK_FAILED = ProblemType("simphony_check_failed", 422, "Simphony check failed")
SIMPHONY_NOT_CONNECTED = ProblemType("simphony_not_connected", 409, "Simphony not connected")
SIMPHONY_UNAVAILABLE = ProblemType("simphony_unavailable", 503, "Simphony unavailable")
MENU_EMPTY = ProblemType("menu_empty", 409, "Menu empty")
TOKEN_REJECTED = ProblemType("token_rejected", 503, "Token rejected by Simphony")
WEBHOOK_NOT_SIGNED = ProblemType("webhook_not_signed", 401, "Webhook not signed")
MENU_NOT_FOUND = ProblemType("menu_not_found", 404, "Menu not found")
