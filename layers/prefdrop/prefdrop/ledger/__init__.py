"""The ledger: what has surely happened, in DynamoDB and S3. Only here are table keys known."""
