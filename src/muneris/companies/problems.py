"""Why a request about a company is refused."""

from muneris.core.problems import ProblemType

COMPANY_EXISTS = ProblemType("company_exists", 409, "Company exists")
COMPANY_NOT_FOUND = ProblemType("company_not_found", 404, "Company not found")
COMPANY_NOT_ACTIVE = ProblemType("company_not_active", 409, "Company not active")
COMPANY_IN_ANOTHER_REGION = ProblemType("company_in_another_region", 421, "Company in another region")
