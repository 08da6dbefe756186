"""The paper in every language: what stands on it, what is inside it, and what of a person is not."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pikepdf
import pypdf
import pytest
import zxingcpp
from PIL import Image

from adapters.certificates.extraction import ATTACHMENT, text_in
from adapters.certificates.issuer import CertificateIssuer
from adapters.certificates.languages import LABELS
from adapters.certificates.pdf import printable
from domain.certificates import BodyKind, CertificateFacts, DisclosedPerson, Verdict
from domain.countries import MemberState
from domain.schemes import Branch
from tests.certificates.made import COVERS, NAME, PERSON, facts, issuer_in, verdict, verdict_on_file

LANGUAGES = sorted(LABELS)


@pytest.fixture
def issuer(tmp_path: Path) -> CertificateIssuer:
    return issuer_in(tmp_path)


def paper(issuer: CertificateIssuer, told: CertificateFacts, language: str = "en") -> bytes:
    return issuer.body(BodyKind.PDF, told, language=language).content


def words_on(content: bytes) -> str:
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    return " ".join(text.split())


def fonts_in(content: bytes) -> dict[str, bool]:
    """The fonts of a paper, and whether each is inside it."""
    with pikepdf.open(io.BytesIO(content)) as opened:
        fonts = [font for page in opened.pages for font in page.Resources.Font.values()]
        described = {str(font.BaseFont): font.DescendantFonts[0].FontDescriptor for font in fonts}
        return {name: "/FontFile2" in one or "/FontFile3" in one for name, one in described.items()}


def names_in(value: object) -> set[str]:
    """The names of everything in a file of labels, to the leaves."""
    if isinstance(value, dict):
        return {f"{name}.{below}" for name, one in value.items() for below in names_in(one) or {""}}
    return {str(len(value))} if isinstance(value, list) else set()


def test_there_is_a_paper_in_the_languages_that_were_promised() -> None:
    assert {"en", "id", "ms", "th", "vi"} <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything(language: str) -> None:
    labels = LABELS[language]

    assert names_in(labels) == names_in(LABELS["en"])
    assert set(labels["states"]) == {state.value for state in MemberState}
    assert set(labels["branches"]) == {branch.value for branch in Branch}
    assert all(isinstance(text, str) and text.strip() for text in labels["states"].values())
    assert "{address}" in " ".join(labels["how"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_letter_of_a_language_can_be_printed(language: str) -> None:
    def texts(value: object) -> list[str]:
        if isinstance(value, dict | list):
            return [text for one in (value.values() if isinstance(value, dict) else value) for text in texts(one)]
        return [str(value)]

    said = "".join(texts({**LABELS[language], "unprintable": ""}))

    assert printable(said) == said


@pytest.mark.parametrize("language", ["en", "id", "ms", "vi"])
def test_the_paper_says_the_facts_in_its_language(issuer: CertificateIssuer, language: str) -> None:
    said = words_on(paper(issuer, facts(person=PERSON), language))

    labels = LABELS[language]
    for expected in (labels["title"], labels["states"]["MY"], labels["branches"]["employment_injury"], NAME, "C7654322",
                     "MY-01A204D0-3842DBC9", "MY.SOCSO.CAT1", "2025-10-16", "2027-10-15", "SSFW00000003"):  # fmt: skip
        assert expected in said


def test_the_paper_in_thai_is_set_in_thai_letters_and_lacks_none(issuer: CertificateIssuer) -> None:
    content = paper(issuer, facts(), "th")

    assert any("NotoSansThai" in name for name in fonts_in(content))
    assert "\N{REPLACEMENT CHARACTER}" not in words_on(content)


def test_every_letter_that_is_called_printable_is(issuer: CertificateIssuer) -> None:
    every = "".join(chr(code) for code in range(0x20, 0xFFFD) if printable(chr(code)) == chr(code))

    # A paper for archives that lacked one would be refused by the program that sets it.
    for at in range(0, len(every), 200):
        assert paper(issuer, facts(person=DisclosedPerson(name=every[at : at + 200])))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_paper_is_tagged_for_readers_and_made_for_archives(issuer: CertificateIssuer, language: str) -> None:
    with pikepdf.open(io.BytesIO(paper(issuer, facts(), language))) as opened:
        metadata = opened.open_metadata()

        assert metadata["pdfaid:part"] == "3"
        assert metadata["pdfaid:conformance"] == "A"
        assert metadata["pdfuaid:part"] == "1"
        assert str(opened.Root.Lang) == language
        assert opened.Root.MarkInfo.Marked
        assert "/StructTreeRoot" in opened.Root
        assert opened.Root.ViewerPreferences.DisplayDocTitle


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_letter_on_the_paper_is_inside_it(issuer: CertificateIssuer, language: str) -> None:
    fonts = fonts_in(paper(issuer, facts(person=PERSON), language))

    assert fonts
    assert all(fonts.values())


def test_another_program_takes_the_signed_token_out_of_the_paper(issuer: CertificateIssuer) -> None:
    with pikepdf.open(io.BytesIO(paper(issuer, facts()))) as opened:
        attached = opened.attachments[ATTACHMENT]
        token = attached.get_file().read_bytes().decode()

        assert attached.get_file().mime_type == "application/dc+sd-jwt"
        assert attached.obj.AFRelationship == "/Alternative"
    assert verdict(token, issuer) is Verdict.VALID


def test_the_code_is_read_from_its_picture_also_when_it_is_small(issuer: CertificateIssuer) -> None:
    text = issuer.body(BodyKind.QR_TEXT, facts()).content.decode()
    picture = Image.open(io.BytesIO(issuer.body(BodyKind.QR_PNG, facts()).content)).convert("L")

    small = picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)

    for seen in (picture, small):
        (code,) = zxingcpp.read_barcodes(seen)
        assert code.text[:60] == text[:60]
        assert verdict(code.text, issuer) is Verdict.VALID
        assert "QR" in str(code.format)


def test_the_code_has_about_four_hundred_characters_at_most(issuer: CertificateIssuer) -> None:
    nobody = issuer.body(BodyKind.QR_TEXT, facts()).content.decode()
    named = issuer.body(BodyKind.QR_TEXT, facts(person=DisclosedPerson(name=NAME))).content.decode()

    assert len(nobody) <= 400
    assert len(named) <= 420
    assert set(nobody) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


def test_a_photo_of_the_code_is_read(issuer: CertificateIssuer) -> None:
    picture = Image.open(io.BytesIO(issuer.body(BodyKind.QR_PNG, facts()).content)).convert("RGB")
    photo = io.BytesIO()
    picture.rotate(4, expand=True, fillcolor="white").save(photo, "JPEG", quality=70)

    assert verdict_on_file(photo.getvalue(), issuer) is Verdict.VALID


@pytest.mark.parametrize("kind", BodyKind)
def test_a_body_that_nobody_wanted_to_be_named_in_names_nobody(issuer: CertificateIssuer, kind: BodyKind) -> None:
    content = issuer.body(kind, facts()).content

    read = content.decode("latin-1") + (words_on(content) + text_in(content) if kind is BodyKind.PDF else "")

    for personal in (NAME, "C7654322", "1990-05-02"):
        assert personal not in read


def test_letters_that_no_font_here_has_are_marked_and_the_token_has_them(issuer: CertificateIssuer) -> None:
    content = paper(issuer, facts(person=DisclosedPerson(name="李 Mei")))

    assert "\N{REPLACEMENT CHARACTER} Mei" in words_on(content)
    assert LABELS["en"]["unprintable"] in words_on(content)
    assert verdict_on_file(content, issuer) is Verdict.VALID


@pytest.mark.parametrize("name", ["សុខ សុភា", "ທ້າວ ບຸນມີ", "မောင်မောင်", "สมชาย ใจดี", "Đỗ Thị Hằng", "Ñ Łódź"])
def test_names_in_the_scripts_of_the_region_are_printed(issuer: CertificateIssuer, name: str) -> None:
    assert "\N{REPLACEMENT CHARACTER}" not in words_on(paper(issuer, facts(person=DisclosedPerson(name=name))))


@pytest.mark.parametrize("name", ['#image("x")', "*bold*", "$x$", "\\", '"', "<b>", "#sys.inputs", "_a_"])
def test_a_name_is_never_read_as_part_of_the_template(issuer: CertificateIssuer, name: str) -> None:
    assert name in words_on(paper(issuer, facts(person=DisclosedPerson(name=name))))


def test_many_covers_go_on_to_a_second_page(issuer: CertificateIssuer) -> None:
    many = tuple(replace(COVERS[0], scheme_id=f"MY.SOCSO.CAT{number}") for number in range(40))

    content = paper(issuer, facts(covers=many))

    assert len(pypdf.PdfReader(io.BytesIO(content)).pages) > 1
    assert "MY.SOCSO.CAT39" in words_on(content)


def test_simulated_institutions_are_named_as_such_on_the_paper(issuer: CertificateIssuer) -> None:
    for language in ("en", "vi"):
        warning = LABELS[language]["simulated"]
        assert warning in words_on(paper(issuer, facts(), language))
        assert warning not in words_on(paper(issuer, facts(simulated=False), language))


def test_a_picture_of_too_many_points_is_not_opened() -> None:
    bomb = io.BytesIO()
    Image.new("1", (9_000, 9_000)).save(bomb, "PNG")

    assert text_in(bomb.getvalue()) == ""


def test_the_process_that_reads_files_of_strangers_is_told_nothing_of_keys_and_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[dict[str, str]] = []

    def run(*_: object, **how: object) -> subprocess.CompletedProcess[bytes]:
        told.append(how["env"])  # type: ignore[arg-type]
        return subprocess.CompletedProcess([sys.executable], 0, stdout=b"")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setenv("LINGKAR_DATABASE_URL", "postgresql://secret")

    text_in(b"%PDF-1.7")

    assert [set(environment) for environment in told] == [{"PATH"}]
