"""A page of the site in a browser, with everything that leaves the site refused, and all that goes wrong noted."""

import re

from jupyterlab_page import PATIENCE

AWAKE = '.lm-explorer[data-painted]:not([data-painted=""])'


class Visit:
    """A page of the site, and all that went wrong on it."""

    def __init__(self, browser, base: str, **device):
        self.wrong: list[str] = []
        self.base, self.context = base, browser.new_context(**device)
        # as a pattern: a function would be asked here for every picture of a page
        self.context.route(re.compile(f"^(?!{re.escape(base)}|blob:|data:)"), self.refuse)
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", lambda said: said.type == "error" and self.wrong.append(said.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("requestfailed", self.failed)

    def refuse(self, route) -> None:
        self.wrong.append(f"left the site: {route.request.url}")
        route.abort()

    def failed(self, request) -> None:
        """What the browser itself gave up, as the page was left before it had come, is no fault of the page."""
        if request.failure != "net::ERR_ABORTED":
            self.wrong.append(f"failed: {request.url} ({request.failure})")

    def to(self, name: str):
        self.page.goto(f"{self.base}/{name}")
        return self.page

    def at(self, name: str):
        """The page as it stands there; where another one stands, it is opened."""
        return self.page if self.page.url == f"{self.base}/{name}" else self.to(name)

    def awake(self, name: str):
        """An explorer that is scrolled into sight, once it lives."""
        place = self.page.locator(f'[data-explorer="{name}"]')
        place.scroll_into_view_if_needed()
        explorer = place.locator(AWAKE)
        explorer.wait_for()
        return explorer
