"""Lambda handler of the workflow step begin_export."""

from prefdrop.exporting import begin_export
from prefdrop.exporting.step import export_step

handler = export_step(begin_export.run)
