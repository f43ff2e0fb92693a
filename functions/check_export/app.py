"""Lambda handler of the workflow step check_export."""

from prefdrop.exporting import check_export
from prefdrop.exporting.step import export_step

handler = export_step(check_export.run)
