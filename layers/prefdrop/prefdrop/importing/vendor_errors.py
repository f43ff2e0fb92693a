"""What a failed call of an import says of the vendor, apart from the import."""

from __future__ import annotations

from prefdrop.errors import PrefdropError, Transient


class CredentialsRefused(Transient):
    """The vendor refuses the stack's credentials on every call; nothing was applied."""

    def __init__(self, refused: PrefdropError) -> None:
        super().__init__(refused.message, hint=refused.hint)


class VendorAway(Transient):
    """The vendor answers no call, not even one that names no import."""

    def __init__(self, error: PrefdropError) -> None:
        super().__init__(error.message, hint=error.hint)
