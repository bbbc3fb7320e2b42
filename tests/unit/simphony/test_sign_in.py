import re

from muneris.simphony.sign_in import new_verifier, s256


def test_challenge_is_that_of_rfc_7636_appendix_b() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert s256(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_verifier_has_the_allowed_length_and_characters() -> None:
    assert new_verifier(lambda count: b"\xfb" * count) == "-_v7" * 10 + "-_s"
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", new_verifier())
