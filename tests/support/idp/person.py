"""A person with a browser at the provider's pages: opens the address of a sign-in, logs in, approves or refuses."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

_MOST_PAGES = 10


class _Page(HTMLParser):
    """The first form of a page, and whether the page asks for a login."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.names: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        if tag == "form" and self.action is None:
            self.action = found.get("action") or ""
        elif tag in ("input", "button") and found.get("name"):
            name = str(found["name"])
            self.names.add(name)
            if found.get("type") == "hidden" or tag == "input":
                self.fields[name] = found.get("value") or ""


class Person:
    """Somebody who can sign in at the provider."""

    def __init__(self, login: str) -> None:
        self.login = login

    def approve(self, address: str) -> str:
        """Open the address of a device login, log in and say yes; return the last page.

        Raises:
            AssertionError: the provider did not take it.
        """
        page = self._walk(address, {})
        assert "Sign-in Success" in page, page
        return page

    def refuse(self, address: str) -> str:
        """Open the address of a device login and say no; return the last page."""
        return self._walk(address, {"abort": "yes"})

    def _walk(self, address: str, answer: dict[str, str]) -> str:
        with httpx.Client(follow_redirects=True, trust_env=False, timeout=20) as browser:
            response = browser.get(address)
            for _ in range(_MOST_PAGES):
                page = _Page(response.text)
                if page.action is None or "Sign-in Success" in response.text:
                    break
                fields = {name: value for name, value in page.fields.items() if name != "abort"}
                is_refusal = bool(answer) and "abort" in page.names
                if "login" in page.names:
                    fields |= {"login": self.login, "password": "any"}
                elif is_refusal:
                    fields |= answer
                response = browser.post(urljoin(str(response.url), page.action), data=fields)
                if is_refusal or response.status_code >= 400:
                    break
            return response.text
