"""Which assumptions about the vendor hold for an account, found out by asking it."""
