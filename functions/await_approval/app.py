"""Lambda handler of the workflow step await_approval."""

from prefdrop.importing import await_approval
from prefdrop.importing.step import step

handler = step(await_approval.run)
