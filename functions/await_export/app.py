"""Lambda handler of the workflow step await_export."""

from prefdrop.exporting import await_export
from prefdrop.exporting.step import export_step

handler = export_step(await_export.run)
