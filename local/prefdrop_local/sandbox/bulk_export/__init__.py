"""Bulk export: segments of the account's profiles, as they were at one moment, in pages."""
