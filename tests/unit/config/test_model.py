from hypothesis import given
from hypothesis import strategies as st
from tests.restaurant import CONNECTION, PROPERTY

from muneris.config.model import PropertySettings, etag_version, with_menu_from
from muneris.config.ordering import Ordering
from muneris.config.property import Property
from muneris.simphony.model import Connection

CURRENCIES = st.sampled_from(["DKK", "EUR", "JPY"])
SETTINGS = st.builds(
    PropertySettings,
    name=st.sampled_from(["Nyhavn", "Prater"]),
    country=st.sampled_from(["DK", "AT"]),
    currency=CURRENCIES,
    time_zone=st.sampled_from(["Europe/Copenhagen", "Europe/Vienna"]),
    contact_email=st.sampled_from(["a@nordic.example", "b@nordic.example"]),
    ordering=st.builds(Ordering, lead_minutes=st.integers(0, 60)),
)
CONNECTIONS = st.builds(
    lambda loc, rvc, language: CONNECTION.model_copy(
        update={"loc_ref": loc, "rvc_ref": rvc, "language": language}
    ),
    st.sampled_from(["cph01", "vie01"]),
    st.sampled_from([1, 2]),
    st.sampled_from(["en-US", "da-DK"]),
)
PROPERTIES = st.builds(
    lambda settings, status, connection: settings.applied_to(PROPERTY).model_copy(
        update={"status": status, "simphony": connection}
    ),
    SETTINGS,
    st.sampled_from(["pending", "confirmed", "configured"]),
    st.none() | CONNECTIONS,
)


@given(SETTINGS, PROPERTIES)
def test_settings_change_what_they_name_and_the_status_only_with_the_currency(
    settings: PropertySettings, known: Property
) -> None:
    applied = settings.applied_to(known)
    assert {name: getattr(applied, name) for name in PropertySettings.model_fields} == dict(settings)
    assert (applied.code, applied.simphony) == (known.code, known.simphony)
    assert applied.status == (known.status if settings.currency == known.currency else "pending")


@given(SETTINGS, PROPERTIES)
def test_settings_that_were_applied_are_a_propertys_own(settings: PropertySettings, known: Property) -> None:
    applied = settings.applied_to(known)
    assert settings.are_those_of(applied)
    assert settings.are_those_of(known) == (applied == known)
    assert (etag_version(applied) == etag_version(known)) == (applied == known)


@given(PROPERTIES, CONNECTIONS, CURRENCIES)
def test_a_menu_configures_the_property_whose_own_it_is(
    known: Property, connection: Connection, currency: str
) -> None:
    is_own = (
        known.simphony is not None and known.simphony.site == connection.site and known.currency == currency
    )
    after = with_menu_from(known, connection, currency)
    assert after.status == ("configured" if is_own else "pending")
    assert after.model_copy(update={"status": known.status}) == known
