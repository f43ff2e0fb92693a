"""What the tests ask of the emulated DynamoDB, asked of a second one (`make test-dynalite`)."""
