from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from muneris.companies.model import Company, Registration

REGISTRATIONS = st.builds(
    Registration,
    code=st.sampled_from(["NOR", "DAN"]),
    name=st.sampled_from(["Nordic", "Danube", " Nordic "]),
    contact_email=st.sampled_from(["it@a.example", "it@b.example"]),
    vat_number=st.sampled_from(["DK1", "AT2"]),
    home_region=st.sampled_from(["api1", "api2"]),
)
STATUSES = st.sampled_from(get_args(Company.model_fields["status"].annotation))


@given(REGISTRATIONS, REGISTRATIONS, STATUSES)
def test_a_company_knows_its_registration_whatever_became_of_it(
    registration: Registration, other: Registration, status: str
) -> None:
    company = Company.model_validate({**registration.model_dump(), "status": status})
    for each in (company, company.activated()):
        assert each.was_registered_by(registration)
        assert each.was_registered_by(other) == (other == registration)


@given(REGISTRATIONS, STATUSES)
def test_who_is_activated_is_so_for_good_and_else_the_same(registration: Registration, status: str) -> None:
    company = Company.model_validate({**registration.model_dump(), "status": status})
    active = company.activated()
    assert active.status == "active"
    assert active.activated() == active
    assert active.model_copy(update={"status": status}) == company
