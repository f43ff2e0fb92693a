"""The import's use cases, one module per step of the workflow in `statemachine/import.asl.json`.

Every step can run twice with the same result, and says with `next` where the ledger stands; ids,
cursors and counters are all that passes between steps.
"""
