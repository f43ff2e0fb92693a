"""What to do about an import that ended in an error: whole commands, to be typed as they stand."""

from __future__ import annotations

from shlex import quote

from prefdrop.importing.drop import is_feed_name
from prefdrop.importing.record_failure import RETRY_HINT
from prefdrop.ledger.imports import Import

RETRY = "`prefdrop imports retry {id}` goes on from the ledger; nothing staged is staged twice."
OTHERWISE = "{hint} " + RETRY
DROP = "`prefdrop drop FILE --feed {feed} --watch`"
DROP_AGAIN = f"Then drop the file again: {DROP}. A retry would read the same version of it."
NEW_CREDENTIALS = (
    "Put the right credentials into the stack's secret: `aws secretsmanager "
    "put-secret-value --secret-id {secret} --secret-string "
    '\'{{"auth":"pnauthinfo3","user_id":"...","secret":"..."}}\'`. '
    "`prefdrop doctor` shows whether the vendor accepts them."
)
CREDENTIALS = "{hint} " + NEW_CREDENTIALS + " Then: " + RETRY
SUPPORT = (
    "Ask the vendor's support what became of the token ids in the report. If nothing was executed, "
    "or if the feed matches people by an alternate id (match_alternate_id), drop the file again, "
    f"which then changes nobody twice: {DROP}. Else leave it: new profiles would be made."
)
REMEDIES = {
    "FeedMissing": "Put the feed into the bucket with `prefdrop feeds push FEED.toml`; if the "
    "drop was meant for another feed, drop it there instead. Then: " + RETRY,
    "FeedError": "{hint} Correct the feed and put it into the bucket with `prefdrop feeds push "
    "FEED.toml`. Then: " + RETRY,
    "SourceError": "{hint} `prefdrop feeds check FEED.toml FILE` tries both and sends nothing. "
    "Correct the file, or the feed (`prefdrop feeds push FEED.toml`). " + DROP_AGAIN,
    "NotADrop": "{hint} " + DROP_AGAIN,
    "ObjectMissing": "{hint} " + DROP_AGAIN,
    "TooManyRecords": "Raise max_records only if so many deletions are meant, and put the feed "
    "into the bucket with `prefdrop feeds push FEED.toml`. " + DROP_AGAIN,
    "Superseded": "Import only the rows whose match key no later file holds: `prefdrop imports "
    "retry {id} --except-newer`. Or overwrite the newer data: `prefdrop imports retry {id} "
    "--force`.",
    "LaterDropUnreadable": "{hint}",
    "NotAuthorized": CREDENTIALS,
    "WrongCredentials": CREDENTIALS,
    "WrongSecret": CREDENTIALS,
    "TornStage": "Nothing of it was executed. See that nothing else imports into this account at "
    "the same time. Then: " + RETRY,
    "TokenDied": SUPPORT + " A retry would only say the same.",
    "ExecutionAborted": "Somebody stopped it; what was staged and not executed has no effect. "
    + RETRY,
}
"""By the error's code, for those that a retry alone does not mend."""


def remedy(record: Import, secret: str) -> str:
    """The next step for an import that ended in an error; `secret` names the vendor's secret."""
    code = record.error.code if record.error else ""
    return filled(REMEDIES.get(code, OTHERWISE), record, secret)


def filled(words: str, record: Import, secret: str = "") -> str:
    """`words` with this import's names in them, and the hint that its error brings."""
    hint = record.error.hint if record.error and record.error.hint != RETRY_HINT else ""
    hint = hint.replace("`prefdrop imports retry`", f"`prefdrop imports retry {record.import_id}`")
    # Older releases took drops for any name; one that no feed can have is for nobody to type.
    feed = quote(record.feed) if is_feed_name(record.feed) else "FEED"
    told = words.format(id=quote(record.import_id), feed=feed, secret=quote(secret), hint=hint)
    return told.strip()
