"""What the pages about the node have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from moneyrocket.gui.context import Context
from moneyrocket.gui.style.colors import Tone
from moneyrocket.gui.widgets.basics import Page
from moneyrocket.gui.workers import Poll
from moneyrocket.interfaces.node import Node

T = TypeVar("T")


class NodePage(Page):
    """A page about the node, which may come and go.

    Args:
        title: Heading.
        context: The rest of the program.
    """

    def __init__(self, title: str, context: Context) -> None:
        super().__init__(title)
        self.context = context
        self.session = context.session
        self.banner.action.clicked.connect(self.banner.hide)

    def poll(self, ask: Callable[[Node], T], take: Callable[[T], object], interval_ms: int) -> Poll:
        """Ask the node again and again while the page is shown."""

        def work() -> T | None:
            node = self.session.node
            return ask(node) if node is not None else None

        def done(answer: T | None) -> None:
            if answer is not None and self.session.node is not None:
                take(answer)

        poll = Poll(self.session.worker, work, done, interval_ms, self)
        self.shown.connect(poll.start)
        self.hidden.connect(poll.stop)
        self.session.state_changed.connect(lambda: poll.ask() if self.isVisible() else None)
        return poll

    def act(self, work: Callable[[Node], T], done: Callable[[T], object] | None = None) -> None:
        """Have the node do something, and show on the page if it cannot."""
        node = self.session.node
        if node is not None:
            self.session.worker.call(lambda: work(node), done, self.complain, context=self)

    def complain(self, error: Exception) -> None:
        """Show why something did not work."""
        if not isinstance(error, ConnectionError):  # the main window shows that
            self.banner.say(str(error), Tone.DANGER, self.tr("Dismiss"))
