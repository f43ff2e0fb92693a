"""The bulk import of the Integration API: initiate, stage, execute, status, exceptions."""
