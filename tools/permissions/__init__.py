"""What the template grants is what is needed: nothing is missing and nothing is left over.

`calls.toml` holds the calls that each function really makes, as the tests record them; `actions`
says which permissions a call takes; `declared.toml` says what services, workflows and everybody
else need, with reasons. `check` compares all of it with the policies of the translated template.
"""
