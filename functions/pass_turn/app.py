"""Lambda handler of the workflow step pass_turn."""

from prefdrop.importing import pass_turn
from prefdrop.importing.step import step

handler = step(pass_turn.run)
