"""Every action of the console, once: bindings, footer, command palette, the `?` help and the docs all come from here.

Ids are stable, so a user's preferences can give an action other keys (`keys: {token.revoke: X}`).
"""

from __future__ import annotations

from dataclasses import dataclass

from loki_tui.key_names import show_key
from loki_tui.places import PLACES

_OF_LISTS = ("list", "table")
_WITH_LISTS = frozenset(place.mode for place in PLACES if place.has_list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that a key does.

    Attributes:
        id: what preferences call it.
        keys: the keys, separated by commas, as Textual names them.
        label: one or two words, for the footer.
        help: one sentence, for `?`, the palette and the docs.
        run: the name of the method that does it, without `action_`.
        place: where it works: on a screen (`tokens`, `audit`, `sign_in`), on every screen with a list (`list`), in the
            table of one (`table`), or `everywhere`.
        changes: whether it changes the store; then it needs `*` and is off with --read-only.
        footer: its place in the footer, from 1, or 0 for none.
        refusal: why it is not allowed now, or "".
    """

    id: str
    keys: str
    label: str
    help: str
    run: str
    place: str = "tokens"
    changes: bool = False
    footer: int = 0
    refusal: str = ""

    def works_on(self, mode: str) -> bool:
        """Tell whether it works on the screen of that name."""
        return self.place in {mode, "everywhere"} or (self.place in _OF_LISTS and mode in {*_WITH_LISTS, *_OF_LISTS})

    @property
    def shown_key(self) -> str:
        """The first of its keys, as people write it."""
        return show_key(self.keys.split(",")[0])

    @property
    def shown_keys(self) -> str:
        """Its keys, as people write them: `a or b`."""
        return " or ".join(show_key(key) for key in self.keys.split(","))


ACTIONS = (
    Action(
        id="token.new",
        keys="n",
        label="New",
        help="Make a new token; its secret is shown once",
        run="new_token",
        changes=True,
        footer=1,
    ),
    Action(
        id="token.rotate",
        keys="r",
        label="Rotate",
        help="Give the token a new secret; the old one works on for a while",
        run="rotate_token",
        changes=True,
        footer=2,
    ),
    Action(
        id="token.revoke",
        keys="x",
        label="Revoke",
        help="Revoke the marked tokens, or this one, after a question",
        run="revoke_tokens",
        changes=True,
        footer=3,
    ),
    Action(
        id="token.delete",
        keys="d",
        label="Delete",
        help="Delete the marked tokens, or this one: only what is revoked or has expired",
        run="delete_tokens",
        changes=True,
    ),
    Action(
        id="token.end_grace",
        keys="e",
        label="End grace",
        help="Revoke the old secret of a token that was rotated, before its time",
        run="end_grace",
        changes=True,
    ),
    Action(
        id="token.why",
        keys="y",
        label="Why",
        help="Explain what the token may do, and through which scope",
        run="explain_token",
        footer=4,
    ),
    Action(
        id="token.history",
        keys="enter",
        label="History",
        help="Show what happened to the token",
        run="show_history",
    ),
    Action(
        id="token.trail",
        keys="t",
        label="Trail",
        help="Go to everything that the audit log says about the token; Esc comes back",
        run="show_trail",
    ),
    Action(
        id="audit.verify",
        keys="v",
        label="Verify",
        help="Verify the whole log: whether anything was changed, cut or forged, and where",
        run="verify_log",
        place="audit",
        footer=1,
    ),
    Action(
        id="audit.head",
        keys="h",
        label="Head",
        help="Show the newest signed head and the first public key, as words and as QR codes",
        run="show_head",
        place="audit",
        footer=2,
    ),
    Action(
        id="audit.failures",
        keys="f",
        label="Failures",
        help="Show only what failed or was refused, or everything again",
        run="toggle_failures",
        place="audit",
        footer=3,
    ),
    Action(
        id="audit.pause",
        keys="p",
        label="Pause",
        help="Hold new entries back and count them, or let them come again",
        run="pause",
        place="audit",
        footer=4,
    ),
    Action(
        id="audit.token",
        keys="t",
        label="Token",
        help="Go to the token that the entry is about, or by; Esc comes back",
        run="show_token",
        place="audit",
        footer=6,
    ),
    Action(
        id="audit.entry",
        keys="enter",
        label="Entry",
        help="Show everything that the entry says, with its hash and where it stands",
        run="show_entry",
        place="audit",
    ),
    Action(
        id="list.filter",
        keys="slash",
        label="Filter",
        help="Filter as you type: words, and terms such as owner:alice -role:viewer, or event:auth.fail actor:bo",
        run="start_filter",
        place="list",
        footer=5,
    ),
    Action(
        id="list.mark",
        keys="space",
        label="Mark",
        help="Mark the token, to act on several at once",
        run="mark_token",
        footer=6,
    ),
    Action(
        id="list.all",
        keys="a",
        label="All",
        help="Show revoked tokens too, or hide them again",
        run="toggle_revoked",
        footer=7,
    ),
    Action(
        id="list.walk",
        keys="w",
        label="Walk",
        help="Go to the next row that needs somebody",
        run="walk_concerns",
        place="list",
    ),
    Action(
        id="list.sort",
        keys="s",
        label="Sort",
        help="Sort by the next order: urgency, name, expires, last used, created",
        run="sort_next",
    ),
    Action(
        id="list.reverse",
        keys="S",
        label="Reverse",
        help="Turn the order round",
        run="sort_backwards",
    ),
    Action(
        id="list.back",
        keys="escape",
        label="Back",
        help="Unmark all, then clear the filter, then go back to where t led here from",
        run="step_back",
        place="list",
    ),
    Action(id="table.down", keys="j,down", label="Down", help="Next row", run="move(1)", place="table"),
    Action(id="table.up", keys="k,up", label="Up", help="Row before", run="move(-1)", place="table"),
    Action(
        id="table.page_down",
        keys="pagedown,ctrl+f",
        label="Page down",
        help="Next page",
        run="move_page(1)",
        place="table",
    ),
    Action(
        id="table.page_up",
        keys="pageup,ctrl+b",
        label="Page up",
        help="Page before",
        run="move_page(-1)",
        place="table",
    ),
    Action(id="table.top", keys="g,home", label="Top", help="First row", run="move_to_end(False)", place="table"),
    Action(id="table.bottom", keys="G,end", label="Bottom", help="Last row", run="move_to_end(True)", place="table"),
    Action(
        id="sign_in.start",
        keys="s,enter",
        label="Sign in",
        help="Sign in with the identity provider, by a code that you approve on any device",
        run="start",
        place="sign_in",
        footer=1,
    ),
    Action(
        id="sign_in.take",
        keys="y",
        label="Yes, take it",
        help="Act as the person who approved, with the role that is shown",
        run="take",
        place="sign_in",
        footer=2,
    ),
    Action(
        id="sign_in.copy",
        keys="c",
        label="Copy the address",
        help="Send the address to the terminal's clipboard",
        run="copy",
        place="sign_in",
        footer=3,
    ),
    Action(
        id="sign_in.cancel",
        keys="escape",
        label="Cancel",
        help="Leave the sign-in at that; nothing changes",
        run="cancel",
        place="sign_in",
        footer=4,
    ),
    Action(
        id="sign_in.out",
        keys="o",
        label="Sign out",
        help="Forget the sign-in, here and at the provider, and be the local user again",
        run="sign_out",
        place="sign_in",
        footer=5,
    ),
    *(
        Action(
            id=f"place.{place.mode}",
            keys=place.key,
            label=place.title,
            help=place.help,
            run=f"show_place('{place.mode}')",
            place="everywhere",
        )
        for place in PLACES
    ),
    Action(
        id="app.palette",
        keys="colon,ctrl+p",
        label="Commands",
        help="Find an action or a token by its name",
        run="command_palette",
        place="everywhere",
    ),
    Action(
        id="app.theme",
        keys="T",
        label="Theme",
        help="Try other colours",
        run="change_theme",
        place="everywhere",
    ),
    Action(
        id="app.keys",
        keys="question_mark",
        label="Keys",
        help="Show every key",
        run="show_keys",
        place="everywhere",
        footer=8,
    ),
    Action(
        id="app.quit",
        keys="q,ctrl+q",
        label="Quit",
        help="Leave the console",
        run="leave",
        place="everywhere",
        footer=9,
    ),
)
