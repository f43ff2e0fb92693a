"""Lambda handler of the workflow step fail_export."""

from prefdrop.exporting import fail_export
from prefdrop.exporting.step import export_step

handler = export_step(fail_export.run)
