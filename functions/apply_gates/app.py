"""Lambda handler of the workflow step apply_gates."""

from prefdrop.importing import apply_gates
from prefdrop.importing.step import step

handler = step(apply_gates.run)
