"""The Experience (configuration) API: what an account is set up with, per locale.

The configuration lives in the database. It starts as the account file says, calls change it, and
the rules that judge data follow it (`in_force`).
"""
