"""Lambda handler of the workflow step sweep_turns."""

from prefdrop.importing import sweep_turns
from prefdrop.importing.step import step

handler = step(sweep_turns.run)
