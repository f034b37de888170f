"""Step 5: what holds is read back; nothing is changed here. Its look is judged beside that of the last step."""

from __future__ import annotations

import html

from tests.support.half_set_up import NOW, TIMES, added, installation, limits
from tests.support.served_setup import ServedSetup
from wardgate.page.setup.limits_step import limits_view


def test_where_it_comes_from() -> None:
    view = limits_view(installation(), limits(), TIMES)
    assert view.rows == [
        ("Written by", "The ward's configuration"),
        ("Version", "3"),
        ("Since", "20 November 2026"),
        ("Its mark", "abcdef01"),
    ]
    assert view.wrong == "Wrong? Ring the ward: 0116 000 0000."
    assert limits_view(installation(limits_read_back=NOW), limits(), TIMES).read_back == "Read back today, 9:15am."


def test_without_a_phone_there_is_no_empty_number() -> None:
    assert limits_view(installation(phone=""), limits(phone=""), TIMES).wrong == "Wrong? Ring the ward."


def test_they_are_read_back_once_and_from_the_state_that_was_shown(served: ServedSetup) -> None:
    served.set(installation(devices=(added(),)))
    served.call(lambda: setattr(served.hub, "limits", limits()))
    phone = served.signed_in()
    shown = html.unescape(phone.ask("/setup/limits").text)
    assert "Tell the ward if weight goes up 2 kg or more in 3 days." in shown
    assert "Wrong? Ring the ward: 0116 000 0000." in shown
    form = phone.form("/setup/limits", "read-back")
    for _ in range(2):
        assert phone.post("/setup/limits", form).headers["location"] == "/setup/finish"
    assert served.hub.acts("read_back") == [{"revision": 7}]
    again = phone.ask("/setup/limits").text
    assert "Read back today, 9:15am." in again
    assert 'value="read-back"' not in again


def test_a_page_that_is_too_old_reads_nothing_back(served: ServedSetup) -> None:
    served.set(installation(devices=(added(),)))
    phone = served.signed_in()
    form = phone.form("/setup/limits", "read-back")
    served.change(revision=9)
    answer = phone.post("/setup/limits", form)
    assert answer.status == 409
    assert "This page is older than the hub" in html.unescape(answer.text)
    assert served.hub.seen.limits_read_back is None
