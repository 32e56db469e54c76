"""E-mails as clients, mailing lists and signatures nest them: every text and every attachment is read, once."""

import pytest

from ingest.parse import parse_bytes

HEADERS = "From: a@x.fr\r\nSubject: Tarifs\r\nMIME-Version: 1.0\r\n"
CSV = "Content-Type: text/csv; name=t.csv\r\nContent-Disposition: attachment; filename=t.csv\r\n\r\nnom;prix\r\nBilan;1"
READ_CSV = ["Pièce jointe : t.csv", "nom : Bilan ; prix : 1"]
SIGNATURE = "Content-Type: application/{}pkcs7-signature; name=smime.p7s\r\n\r\nAAAA"


def part(text: str, kind: str = "plain") -> str:
    return f"Content-Type: text/{kind}; charset=utf-8\r\n\r\n{text}"


def multi(kind: str, *parts: str) -> str:
    mark = f"limite{abs(hash(parts))}"
    inner = "".join(f"--{mark}\r\n{text}\r\n" for text in parts)
    return f"Content-Type: multipart/{kind}; boundary={mark}\r\n\r\n{inner}--{mark}--\r\n"


def read(message: str) -> list[str]:
    """The texts of a message below its subject and its envelope."""
    return [block.text for block in parse_bytes((HEADERS + message).encode(), "m.eml").blocks[2:]]


def test_a_text_after_an_attachment_is_part_of_the_message() -> None:
    assert read(multi("mixed", part("Bonjour."), CSV, part("Valable jusqu'en mai."))) == [
        "Bonjour.",
        "Valable jusqu'en mai.",
        *READ_CSV,
    ]


@pytest.mark.parametrize("prefix", ["", "x-"])
def test_the_attachments_of_a_signed_message_are_read_and_its_signature_is_not(prefix: str) -> None:
    signed = multi("signed", multi("mixed", part("Voir le tableau."), CSV), SIGNATURE.format(prefix))
    assert read(signed) == ["Voir le tableau.", *READ_CSV]


def test_the_footer_of_a_mailing_list_hides_no_attachment() -> None:
    message = multi("mixed", multi("mixed", part("Voir le tableau."), CSV), part("Pied de liste"))
    assert read(message) == ["Voir le tableau.", "Pied de liste", *READ_CSV]


def test_an_alternative_is_read_once_with_the_attachments_of_its_other_version() -> None:
    page = multi("mixed", part("<p>Voir le tableau.</p>", "html"), CSV)
    assert read(multi("alternative", part("Voir le tableau."), page)) == ["Voir le tableau.", *READ_CSV]


def test_a_blank_version_of_a_text_gives_way_to_the_other() -> None:
    assert read(multi("alternative", part(" "), part("<p>Le bilan : 1 500 €.</p>", "html"))) == [
        "Le bilan : 1 500 €."
    ]


@pytest.mark.parametrize("page", ["", "<!-- rien -->", "<style>p {}</style>"])
def test_a_page_without_text_does_not_cost_the_message(page: str) -> None:
    assert read(multi("mixed", part(page, "html"), CSV)) == READ_CSV


def test_a_message_that_is_only_a_document_is_read_as_its_attachment() -> None:
    assert read(CSV) == READ_CSV


def test_an_encrypted_message_is_named_as_unread() -> None:
    name, reason = read("Content-Type: application/pkcs7-mime; name=smime.p7m\r\n\r\nAAAA")
    assert name == "Pièce jointe : smime.p7m"
    assert reason.startswith("Pièce jointe non lue")


def test_a_message_whose_parts_have_no_boundary_is_read_as_text() -> None:
    assert read("Content-Type: multipart/mixed; boundary=absente\r\n\r\nBonjour.") == ["Bonjour."]


@pytest.mark.parametrize("kind", ["message/delivery-status", "text/rfc822-headers", "text/enriched"])
def test_the_parts_that_mail_servers_add_for_programs_are_neither_read_nor_named(kind: str) -> None:
    added = f"Content-Type: {kind}\r\n\r\nReporting-MTA: dns; x\r\n"
    assert read(multi("mixed", part("Message non remis."), added)) == ["Message non remis."]
