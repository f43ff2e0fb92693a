"""The account's events: made from the journal of changes, retrieved, subscribed to, delivered.

A change of a profile is one row of the journal. Its events follow from the row alone (`diff`), so
they are made when somebody asks for them, and an import pays for no more than the row. `history`
reads them, `retrieval` and `subscription_api` serve the vendor's calls, `courier` and what it uses
(`outbox`, `handshake`, `sending`, `faults`) bring them to subscribers, `admin` lets tests look in.
"""
