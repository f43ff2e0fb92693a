"""Lambda handler of the workflow step report_import."""

from prefdrop.importing import report_import
from prefdrop.importing.step import step

handler = step(report_import.run)
