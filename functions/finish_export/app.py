"""Lambda handler of the workflow step finish_export."""

from prefdrop.exporting import finish_export
from prefdrop.exporting.step import export_step

handler = export_step(finish_export.run)
