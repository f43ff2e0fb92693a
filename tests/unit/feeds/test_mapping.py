from __future__ import annotations

from .conftest import Stage, make_feed


def test_a_row_becomes_the_record_its_feed_maps(stage: Stage) -> None:
    feed = make_feed(
        """
        first = "CustomerName.FirstName"
        email = "Emails[EmailAddressType=Home].EmailAddress"
        news = { to = "Emails[EmailAddressType=Home].EmailPreferences[FilterId=NEWS].PreferenceType", values = { Y = 1, N = 2 } }
        """
    )

    records, rejects = stage(feed, "crm_id,first,email,news\n7,Ana,ana@example.test,Y\n")

    assert rejects == []
    assert records == [
        {
            "AlternateIds": [{"AlternateIdType": "CrmContactId", "AlternateId": "7"}],
            "CustomerName": {"FirstName": "Ana"},
            "Emails": [
                {
                    "EmailAddressType": "Home",
                    "EmailAddress": "ana@example.test",
                    "EmailPreferences": [{"FilterId": "NEWS", "PreferenceType": 1}],
                }
            ],
        }
    ]
