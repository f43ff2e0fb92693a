"""Lambda handler of the workflow step check_status."""

from prefdrop.importing import check_status
from prefdrop.importing.step import step

handler = step(check_status.run)
