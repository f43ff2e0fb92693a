"""A local server that behaves as PossibleNOW MyPreferences does, quirks included.

It shares nothing with the library `prefdrop` but the table of assumed names
(`mypreferences_assumptions`): a mistake must not be able to pass on both sides.

Start it with `python -m prefdrop_local.sandbox`, or from Python with
`prefdrop_local.sandbox.process.start_sandbox()`.
"""
