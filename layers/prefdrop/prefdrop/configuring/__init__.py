"""The account's configuration as a snapshot in the bucket: what it is, pulling it, reading it.

Imports hold their rows to it before the vendor hears of them, and so does `feeds check`.
"""
