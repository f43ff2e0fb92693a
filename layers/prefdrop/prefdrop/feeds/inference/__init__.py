"""A first feed for a file that nobody has written one for, inferred from its first rows.

Not part of the import: nothing that runs on AWS imports it. `propose` reads a sample, decides what
each column is, tries the feed on the sample and answers its text. What it decides and why stands in
the text as comments. Of the file itself only column names get there, codes that we know, locales,
version numbers and types of ids, so a proposed feed holds no person's data.
"""

from __future__ import annotations

from prefdrop.feeds.inference.proposal import Finding, Proposal, Trial, propose

__all__ = ["Finding", "Proposal", "Trial", "propose"]
