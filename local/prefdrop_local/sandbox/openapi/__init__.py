"""The sandbox's description of itself, as an OpenAPI document.

Paths and methods come from the table of assumptions. What a call takes and answers each area says
in its module `described`, which is merged in `openapi.areas`.
"""
