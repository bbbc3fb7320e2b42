import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.function_host.routes import RouteError, in_order_of_precedence, parse_route


@pytest.mark.parametrize(
    ("template", "path", "params"),
    [
        ("api/orders", "/api/Orders/", {}),
        ("api/orders", "/api/orders/1", None),
        ("api/{*route}", "/api", {}),
        ("/{*route}", "/", {}),
        ("/{*route}", "/a/b", {"route": "a/b"}),
        ("api/{*route}", "/apis", None),
        ("items/{id:int}", "/items/-3", {"id": "-3"}),
        ("items/{id:int}", "/items/three", None),
        ("items/{id:int:min(1)}", "/items/3", {"id": "3"}),
        ("items/{id:length(2)}", "/items/abc", {"id": "abc"}),
        (
            "items/{id:guid}",
            "/items/6F9619FF-8B86-D011-B42D-00CF4FC964FF",
            {"id": "6F9619FF-8B86-D011-B42D-00CF4FC964FF"},
        ),
        ("items/{id?}", "/items", {}),
        ("items/{id=7}", "/items", {"id": "7"}),
        ("items/{id=7}", "/items/8", {"id": "8"}),
        ("files/{name}.{extension}", "/files/menu.pdf", {"name": "menu", "extension": "pdf"}),
        ("a.b", "/axb", None),
        ("a/{b}", "/a", None),
    ],
)
def test_matches(template: str, path: str, params: dict[str, str] | None) -> None:
    assert parse_route(template).match(path) == params


def test_the_more_specific_route_comes_first() -> None:
    templates = ["{*all}", "api/{*rest}", "api/{name}", "api/{id:int}", "api/new", "api/{name}/parts"]
    ordered = in_order_of_precedence((parse_route(each), each) for each in templates)
    assert [each for _, each in ordered] == [
        "api/new",
        "api/{id:int}",
        "api/{name}",
        "api/{name}/parts",
        "api/{*rest}",
        "{*all}",
    ]


@pytest.mark.parametrize("template", ["a/{b", "a/b}", "a/{}", "a/{b c}"])
def test_refuses_what_is_no_template(template: str) -> None:
    with pytest.raises(RouteError, match="cannot be read"):
        parse_route(template)


_SEGMENTS = st.lists(
    st.text(st.characters(exclude_characters="/{}", exclude_categories=["Cs"]), min_size=1), max_size=4
)


@given(_SEGMENTS)
def test_a_literal_template_matches_itself(segments: list[str]) -> None:
    path = "/".join(segments)
    assert parse_route(path).match(f"/{path}") == {}


@given(_SEGMENTS)
def test_a_catch_all_gets_the_rest(segments: list[str]) -> None:
    rest = "/".join(segments)
    assert parse_route("v1/{*rest}").match(f"/v1/{rest}") == ({"rest": rest} if rest else {})
