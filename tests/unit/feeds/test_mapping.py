from __future__ import annotations

from .support import EMAIL, NEWS, make_feed, stage


def test_a_row_becomes_the_record_its_feed_maps() -> None:
    feed = make_feed(
        f"""
        first = "CustomerName.FirstName"
        email = "{EMAIL}"
        news = {{ to = "{NEWS}", values = {{ Y = 1, N = 2 }} }}
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
