"""Names and birth dates, as eleven states write them."""

from __future__ import annotations

import datetime as dt
import unicodedata

import pytest

from domain.birth_dates import read_birth_date
from domain.circumstances import BirthPrecision
from domain.countries import MemberState
from domain.errors import DateInvalid, DateOutOfRange, NameInvalid
from domain.people import BirthDate, Calendar, Identifier, birth_date_checked, checked_name

ON = dt.date(2025, 7, 1)


@pytest.mark.parametrize(
    "name",
    [
        "Suparman",
        "O'Brien",
        "Nur'aini",
        "Ma\u02bbruf",
        "Ma\u2019ruf",
        "Ma\u00b4ruf",
        "Ana-Maria d'Araújo",
        "Muthu A/L Raman (Kumar)",
        "St. John, Jr.",
        "Nguyễn Thị Ánh",
        "Đặng Văn Đô",
        "ณัฐ",
        "สมชาย ใจดี",
        "น้ำฝน",
        "မောင်",
        "အောင်",
        "ဒေါ်အောင်ဆန်းစုကြည်",
        "សុខា",
        "ព្រះ",
        "ສົມສັກ",
        "عبد الرحمن",
        "முருகன்",
        "ಸೂ\u0cb0\u200d\u0ccd\u0caf",
        "陳大文",
        "田中 タロウ",
        "Сергей",
        "\u0430nna",
        "<script>alert(1)</script>",
        "{{7*7}}",
        "=cmd|' /C calc'!A0",
        "../../x",
        "'; DROP TABLE worker; --",
        "100% _",
        "𠮷野",
    ],
)
def test_a_name_is_given_back_as_it_is(name: str) -> None:
    assert checked_name(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("name", ["Nguyễn Thị Ánh", "အောင်", "Araújo"])
def test_the_decomposed_and_the_composed_form_are_one_name(name: str) -> None:
    decomposed = unicodedata.normalize("NFD", name)

    assert checked_name(decomposed) == checked_name(name) == unicodedata.normalize("NFC", name)


def test_a_cyrillic_letter_does_not_become_the_latin_one() -> None:
    assert checked_name("\u0430nna") != checked_name("anna")


@pytest.mark.parametrize("text", ["  Siti   Aminah ", "Siti\u00a0Aminah", "Siti\u3000Aminah\u2009"])
def test_spaces_of_any_kind_become_one_between_words(text: str) -> None:
    assert checked_name(text) == "Siti Aminah"


@pytest.mark.parametrize("text", ["", " ", "   ", "\u00a0", "\u3000 "])
def test_a_name_of_nothing_is_refused(text: str) -> None:
    with pytest.raises(NameInvalid, match="empty"):
        checked_name(text)


@pytest.mark.parametrize("letter", ["a", "\u0e13", "𠮷"])
def test_a_name_of_two_hundred_characters_is_accepted_and_one_more_refused(letter: str) -> None:
    assert checked_name(letter * 200) == letter * 200

    with pytest.raises(NameInvalid, match="200"):
        checked_name(letter * 201)


@pytest.mark.parametrize("text", ["a" * 10_000, " " * 100_000])
def test_a_text_of_any_length_is_refused_in_the_same_words(text: str) -> None:
    with pytest.raises(NameInvalid, match="more than 200 characters"):
        checked_name(text)


@pytest.mark.parametrize(
    "character",
    [
        *("\0", "\t", "\n", "\r", "\x1b", "\x7f", "\x85", "\u2028", "\u2029"),
        *("\u202a", "\u202d", "\u202e", "\u2066", "\u2069", "\u200e", "\u200f", "\u061c"),
        *("\u200b", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u3164", "\u17b4", "\ufe0f", "\U000e0100"),
        *("\U000e0041", "\ue000", "\U000f0000", "\ud800", "\ufdd0", "\U000e1000"),
        *("\U0001f600", "\u2764", "\U0001f1ee", "\U0001f3fd", "\u203c", "\u20e3", "\u2122", "\u2800"),
    ],
    ids=lambda character: f"U+{ord(character):04X}",
)
@pytest.mark.parametrize("place", ["front", "middle", "end"])
def test_a_character_that_no_name_has_is_refused_wherever_it_stands(character: str, place: str) -> None:
    text = {
        "front": f"{character}Siti",
        "middle": f"Si{character}ti",
        "end": f"Siti{character}",
    }[place]

    with pytest.raises(NameInvalid) as refused:
        checked_name(text)

    assert "Siti" not in refused.value.message


@pytest.mark.parametrize("joiner", ["\u200c", "\u200d"])
@pytest.mark.parametrize(("before", "after"), [("ക്", "ഷ"), ("عبد", "الله"), ("က", "ခ"), ("ក", "ខ")])
def test_a_joiner_is_kept_inside_a_script_that_is_written_with_it(joiner: str, before: str, after: str) -> None:
    name = before + joiner + after

    assert checked_name(name) == name


@pytest.mark.parametrize("joiner", ["\u200c", "\u200d"])
@pytest.mark.parametrize(
    ("before", "after"), [("Si", "ti"), ("ณ", "ฐ"), ("", "ക"), ("ക", ""), ("ക", " ക"), ("ക", "a"), ("ക", "က")]
)
def test_a_joiner_anywhere_else_is_refused(joiner: str, before: str, after: str) -> None:
    with pytest.raises(NameInvalid, match="joiner"):
        checked_name(before + joiner + after)


@pytest.mark.parametrize("text", ["\u0301", "\u0301Siti", "Siti \u0301", "7\u0301", "-\u0e31"])
def test_a_combining_mark_without_a_letter_is_refused(text: str) -> None:
    with pytest.raises(NameInvalid, match="combining mark"):
        checked_name(text)


def born(year: int, month: int | None = None, day: int | None = None) -> BirthDate:
    precision = BirthPrecision.YEAR if month is None else BirthPrecision.MONTH if day is None else BirthPrecision.DAY
    return BirthDate(first_day=dt.date(year, month or 1, day or 1), precision=precision)


def buddhist(year: int, month: int | None, day: int | None) -> BirthDate:
    return born(year - 543, month, day)


@pytest.mark.parametrize(
    ("birth", "last_day"),
    [
        (born(1980, 2, 3), dt.date(1980, 2, 3)),
        (born(1980, 2), dt.date(1980, 2, 29)),
        (born(1980, 12), dt.date(1980, 12, 31)),
        (born(1980), dt.date(1980, 12, 31)),
    ],
    ids=str,
)
def test_a_birth_date_knows_the_last_day_that_it_can_be(birth: BirthDate, last_day: dt.date) -> None:
    assert birth.last_day == last_day


@pytest.mark.parametrize(
    ("birth", "told", "can_be"),
    [
        (born(1980, 2, 3), (3, 2, 80), True),
        (born(2080, 2, 3), (3, 2, 80), True),
        (born(1980, 2, 3), (4, 2, 80), False),
        (born(1980, 2, 3), (3, 2, 81), False),
        (born(1980, 2), (29, 2, 80), True),
        (born(1980, 2), (1, 3, 80), False),
        (born(1980), (31, 12, 80), True),
        (born(1980), (1, 1, 81), False),
        (BirthDate(first_day=dt.date(1937, 4, 1), precision=BirthPrecision.YEAR), (31, 3, 38), True),
        (BirthDate(first_day=dt.date(1937, 4, 1), precision=BirthPrecision.YEAR), (31, 3, 37), False),
        (BirthDate(first_day=dt.date(1937, 4, 1), precision=BirthPrecision.YEAR), (1, 4, 37), True),
    ],
)
def test_a_date_with_two_digits_of_the_year_can_be_a_birth_date_as_far_as_it_is_known(
    birth: BirthDate, told: tuple[int, int, int], can_be: bool
) -> None:
    day, month, year_two_digits = told

    assert birth.can_be(day=day, month=month, year_two_digits=year_two_digits) is can_be


@pytest.mark.parametrize(
    "birth",
    [born(2025, 7, 1), born(2025, 7), born(2025), born(1980, 2, 29), born(1904, 7, 2), born(1904, 7), born(1904)],
)
def test_a_birth_date_that_a_living_person_can_have_is_given_back(birth: BirthDate) -> None:
    assert birth_date_checked(birth, ON) == birth


@pytest.mark.parametrize("birth", [born(2025, 7, 2), born(2025, 8), born(2026), born(2569, 1, 1)])
def test_a_birth_in_the_future_is_refused(birth: BirthDate) -> None:
    with pytest.raises(DateOutOfRange, match="after 2025-07-01"):
        birth_date_checked(birth, ON)


@pytest.mark.parametrize("birth", [born(1904, 7, 1), born(1904, 6), born(1903)])
def test_a_birth_more_than_120_years_ago_is_refused_without_repeating_it(birth: BirthDate) -> None:
    with pytest.raises(DateOutOfRange, match="120 years") as refused:
        birth_date_checked(birth, ON)

    assert str(birth.first_day) not in refused.value.message


@pytest.mark.parametrize(
    ("text", "calendar", "birth"),
    [
        ("1985-07-12", Calendar.GREGORIAN, born(1985, 7, 12)),
        ("1985-07", Calendar.GREGORIAN, born(1985, 7)),
        ("1985", Calendar.GREGORIAN, born(1985)),
        ("2528-07-12", Calendar.BUDDHIST, born(1985, 7, 12)),
        ("2528", Calendar.BUDDHIST, born(1985)),
    ],
)
def test_a_birth_date_is_read_as_far_as_it_is_written(text: str, calendar: Calendar, birth: BirthDate) -> None:
    assert read_birth_date(text, calendar, ON, buddhist) == birth


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "YYYY-MM-DD"),
        ("85", "YYYY-MM-DD"),
        ("12.07.1985", "YYYY-MM-DD"),
        ("1985-7", "YYYY-MM-DD"),
        ("1985-07-", "YYYY-MM-DD"),
        ("๑๙๘๕", "YYYY-MM-DD"),
        ("1985-02-30", "no day of the calendar"),
        ("1985-13", "no day of the calendar"),
        ("0000", "no day of the calendar"),
        ("2528-07-12", "Buddhist Era"),
        ("1405", "Islamic calendar"),
    ],
)
def test_a_birth_date_that_cannot_be_read_is_refused_with_a_hint_and_not_repeated(text: str, hint: str) -> None:
    with pytest.raises(DateInvalid, match=hint) as refused:
        read_birth_date(text, Calendar.GREGORIAN, ON, buddhist)

    assert not text or text not in refused.value.message


def test_a_birth_date_never_shows_its_day() -> None:
    assert "1985" not in repr(born(1985, 7, 12)) + str(born(1985, 7, 12))


@pytest.mark.parametrize(
    "name",
    [
        "Soekarno",
        "Ni Luh Putu Ayu Ratih",
        "Raden Ajeng Kartini",
        "Nguyễn Văn An",
        "Lý Thị Hương",
        "Tan Ah Kow",
        "Sok Dara",
        "Ahmad bin Ismail",
        "Siti binti Abdullah",
        "Dayang Hajah Masni binti Haji Awang",
        "Muthusamy A/L Subramaniam",
        "Letchumi A/P Govindasamy",
        "Anak Agung @ Robert anak Jinggut",
        "U Thant",
        "Daw Khin Kyi",
        "Ko Ni",
        "Maria Clara Santos Reyes",
        "Juan Dela Cruz y Peña, Jr.",
        "Ma. Theresa D.L. Ñuñez III",
        "João da Costa Araújo",
        "สมชาย ใจดี",
        "หม่อมราชวงศ์คึกฤทธิ์ ปราโมช",
        "น้ำทิพย์ เสียมทอง",
        "ណារិទ្ធិ ស៊ីសុវត្ថិ",
        "ហ៊ុន សែន",
        "ສົມສັກ ຫຼວງພະບາງ",
        "ບຸນຍັງ ວໍລະຈິດ",
        "ဦးသန့်",
        "ဒေါ်ခင်ကြည်",
        "မောင်မောင်ကြီး",
        "Nguyễn Thị Thuỳ Dương",
        "Phạm Ngọc Đoan Trang",
        "Tengku Ampuan Afzan Rahimah binti Almarhum Tengku Panglima Perang Haji Muhammad Ibni Almarhum Sultan Abdullah",
        "Maria Concepcion Purificacion de los Santos y Villanueva de Guzman-Macapagal Magsaysay Dimaculangan",
        "พระบาทสมเด็จพระปรเมนทรมหาภูมิพลอดุลยเดชมหิตลาธิเบศรามาธิบดีจักรีนฤบดินทรสยามินทราธิราชบรมนาถบพิตร",
    ],
)
def test_a_name_of_a_shape_that_a_member_state_has_passes_unchanged(name: str) -> None:
    assert checked_name(name) == unicodedata.normalize("NFC", name)


def test_an_identifier_never_shows_its_value() -> None:
    identifier = Identifier(kind="nik", state=MemberState.ID, value="3374901505800001")

    assert "3374" not in repr(identifier) + str(identifier) + f"{identifier}"


@pytest.mark.parametrize(
    ("first_day", "precision", "text"),
    [
        (dt.date(1990, 5, 2), BirthPrecision.DAY, "1990-05-02"),
        (dt.date(1990, 5, 1), BirthPrecision.MONTH, "1990-05"),
        (dt.date(1990, 1, 1), BirthPrecision.YEAR, "1990"),
        (dt.date(1935, 4, 1), BirthPrecision.YEAR, "1935-04/1936-03"),
    ],
)
def test_a_birth_date_is_written_as_far_as_it_is_known(
    first_day: dt.date, precision: BirthPrecision, text: str
) -> None:
    assert BirthDate(first_day=first_day, precision=precision).text == text
