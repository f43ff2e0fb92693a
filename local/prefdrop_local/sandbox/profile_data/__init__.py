"""The Data API: profiles, preferences and consents of one person at a time."""
