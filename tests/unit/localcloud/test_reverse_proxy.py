from multidict import CIMultiDict, CIMultiDictProxy

from localcloud.reverse_proxy import end_to_end


def test_drops_what_concerns_one_connection_and_keeps_repeated_headers() -> None:
    headers = CIMultiDict(
        [
            ("Connection", "keep-alive, X-Private"),
            ("Keep-Alive", "timeout=5"),
            ("Transfer-Encoding", "chunked"),
            ("TE", "trailers"),
            ("Upgrade", "h2c"),
            ("x-private", "1"),
            ("Set-Cookie", "a=1"),
            ("Set-Cookie", "b=2"),
            ("Content-Length", "3"),
        ]
    )
    kept = list(end_to_end(CIMultiDictProxy(headers)).items())
    assert kept == [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Content-Length", "3")]
