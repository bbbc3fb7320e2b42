import json

from joserfc import jwt
from joserfc.jwk import KeySet

from localcloud import staff


def test_a_token_says_who_may_do_what_and_for_how_long() -> None:
    key = staff.generate_signing_key()
    jwks = json.loads(staff.to_public_jwks(key))
    token = jwt.decode(staff.issue_token(key, issued_at=1_000), KeySet.import_key_set(jwks), ["ES256"])
    assert token.header == {"alg": "ES256", "typ": "JWT", "kid": json.loads(key)["kid"]}
    assert token.claims == {
        "iss": "muneris-local-staff",
        "sub": "staff",
        "aud": "muneris",
        "scope": "staff",
        "iat": 1_000,
        "exp": 4_600,
    }


def test_the_public_keys_hold_nothing_private() -> None:
    (key,) = json.loads(staff.to_public_jwks(staff.generate_signing_key()))["keys"]
    assert sorted(key) == ["alg", "crv", "kid", "kty", "use", "x", "y"]
