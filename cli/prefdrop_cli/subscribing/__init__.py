"""Webhook subscriptions as a file says they shall be: reading it, comparing, changing."""
