"""User management: the account's API users, listed, created and updated by administrators."""
