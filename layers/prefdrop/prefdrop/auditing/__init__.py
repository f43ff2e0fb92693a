"""The use cases around the vendor's events: receive them, read missed ones back, explain them.

Nothing here logs an event's content, a request's body, its headers or its path.
"""
