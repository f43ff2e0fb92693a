"""Exports: the steps of `statemachine/export.asl.json`, one module each, and what they share.

A run is visible only once its manifest is there, and the manifest is written last. Which records a
run holds is decided in the ledger before that, together with the watermark.
"""
