"""What is an address of the web, and how it is spelled when it is asked for."""

from __future__ import annotations

import pytest

from lipsync.net.url import MAX_LENGTH, parse_url


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("https://example.org", "https://example.org/"),
        ("HTTPS://Example.ORG:443/A?b=c#d", "https://example.org/A?b=c"),
        ("http://example.org:8080/", "http://example.org:8080/"),
        ("https://example.org./x", "https://example.org/x"),
        ("https://bücher.example/ü?q=é", "https://xn--bcher-kva.example/%C3%BC?q=%C3%A9"),
        ("https://пример.рф/", "https://xn--e1afmkfd.xn--p1ai/"),
        ("https://①②⑦.⓪.⓪.①/", "https://127.0.0.1/"),
        ("https://[2001:DB8:0::1]:444/", "https://[2001:db8::1]:444/"),
        (" https://example.org/a b ", "https://example.org/a%20b"),
        ("https://example.org/a%2Fb?X-Signature=a%2Bb/c==", "https://example.org/a%2Fb?X-Signature=a%2Bb/c=="),
        ("https://example.org?a=b", "https://example.org/?a=b"),
        ("https://my_bucket.example/{a}|\\", "https://my_bucket.example/%7Ba%7D%7C%5C"),
    ],
)
def test_it_is_spelled_as_it_is_asked_for(text: str, asked: str) -> None:
    address = parse_url(text)
    assert str(address) == asked
    assert parse_url(asked) == address  # and stays so


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.org",
        "//example.org/",
        "https://",
        "https:///path",
        "https:example.org",
        "ftp://example.org/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://me:word@example.org/",
        "https://@example.org/",
        "https://example.org\\@127.0.0.1/",
        "https://127.0.0.1\\.example.org/",
        "https://exam ple.org/",
        "https://exa\nmple.org/",
        "https://example.org/\r\nX-Evil: 1",
        "https://example.org/\x00",
        "https://example.org:0/",
        "https://example.org:/",
        "https://example.org:65536/",
        "https://example.org:-1/",
        "https://example.org:x/",
        "https://[::1/",
        "https://[example.org]/",
        "https://[v1.a:b]/",
        "https://[fe80::1%eth0]/",
        "https://[fe80::1%25eth0]/",
        "https://a..example/",
        "https://" + "a" * 64 + ".example/",
        "https://%31%32%37.0.0.1/",
        "https://example.org/\ud800",
        "https://\ud800.example/",
        "https://example.org/" + "a" * MAX_LENGTH,
    ],
)
def test_what_is_none_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as caught:
        parse_url(text)
    assert "example" not in str(caught.value)


@pytest.mark.parametrize(
    ("location", "asked"),
    [
        ("/b", "https://example.org/b"),
        ("c?d", "https://example.org/a/c?d"),
        ("//other.example/x", "https://other.example/x"),
        ("http://other.example:81/ü", "http://other.example:81/%C3%BC"),
    ],
)
def test_a_redirect(location: str, asked: str) -> None:
    assert str(parse_url("https://example.org/a/b").join(location)) == asked


def test_the_host_of_a_number_of_the_sixth_version_has_brackets() -> None:
    address = parse_url("http://[::1]:81/")
    assert (address.host, address.authority, address.origin) == ("::1", "[::1]:81", ("http", "::1", 81))
