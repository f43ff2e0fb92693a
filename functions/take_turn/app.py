"""Lambda handler of the workflow step take_turn."""

from prefdrop.importing import take_turn
from prefdrop.importing.step import step

handler = step(take_turn.run)
