"""Who holds a draft's secret, and on what ground its token may go live. No widgets."""

from __future__ import annotations

from enum import StrEnum

from loki_tui.dialogs.delivery import Delivered


class Saved(StrEnum):
    """Why we may think that the secret is saved."""

    NOT = "not"
    PROVED = "proved"
    SAID = "said"
    DELIVERED = "delivered"


class Custody:
    """Keeps account of one draft until it is committed or discarded."""

    def __init__(self) -> None:
        self.saved = Saved.NOT
        self._delivered: Delivered | None = None

    @property
    def has_file(self) -> bool:
        """Whether a file holds the secret, which goes again when the draft is discarded."""
        return self._delivered is not None and self._delivered.file is not None

    def note_proof(self, is_right: bool) -> None:
        """Note that the secret was given back, or that what stands in the field is not it."""
        if is_right:
            self.saved = Saved.PROVED
        elif self.saved is Saved.PROVED:
            self.saved = Saved.NOT if self._delivered is None else Saved.DELIVERED

    def toggle_word(self) -> None:
        """Take somebody's word that it is saved, or give it back; a proof or a delivery counts for more."""
        if self.saved is Saved.NOT:
            self.saved = Saved.SAID
        elif self.saved is Saved.SAID:
            self.saved = Saved.NOT

    def note_delivered(self, delivered: Delivered) -> str:
        """Note where the secret is now, and return what to say; an earlier file is removed."""
        before = self.take_back()
        self._delivered = delivered
        self.saved = Saved.DELIVERED
        return f"{delivered.words}; {before}" if before else delivered.words

    def hand_over(self) -> Delivered | None:
        """Return what was delivered; from now on whoever commits answers for it."""
        delivered, self._delivered = self._delivered, None
        return delivered

    def take_back(self) -> str:
        """Undo the delivery where that can be done, and return what to say about it, or ""."""
        delivered = self.hand_over()
        if delivered is None:
            return ""
        if self.saved is Saved.DELIVERED:
            self.saved = Saved.NOT
        return delivered.take_back()
