"""The ledger: what has surely happened, in DynamoDB and S3. The only place that knows table keys."""
