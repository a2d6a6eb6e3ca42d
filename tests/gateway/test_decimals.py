"""Decimal strings: exact, strict, and work bounded by the text's first characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decimals import (
    BadDecimal,
    e8_from_percent,
    e8_from_text,
    percent_text_from_e8,
    text_from_e8,
)

BAD = [
    "", " ", "0x10", "1e5", "1E5", "NaN", "Infinity", "-1", "+1", "01", "00", ".5", "5.", "1.",
    "1,5",
    "1_000", " 1", "1 ", "1\n", "1\x00", "１２３", "٣", "1.123456789", "1234567890123", "9" * 5_000,
    "1." + "0" * 5_000, "1.2.3", "--1", "0.0.0", "1e1000000",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_decimal_is_refused_by_its_first_characters(text: str) -> None:
    with pytest.raises(BadDecimal) as refused:
        e8_from_text(text)

    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("1", 100_000_000),
        ("0.00000001", 1),
        ("0.1", 10_000_000),
        ("999999999999.99999999", 99_999_999_999_999_999_999),
    ],
)
def test_a_decimal_is_scaled_exactly(text: str, value: int) -> None:
    assert e8_from_text(text) == value


@given(st.integers(-(2**70), 2**70))
def test_what_is_written_is_short_and_means_the_same(value: int) -> None:
    text = text_from_e8(value)

    whole, _, fraction = text.lstrip("-").partition(".")
    assert int(whole + fraction.ljust(8, "0")) == abs(value)
    assert text.startswith("-") == (value < 0)
    assert not fraction.endswith("0")


@given(st.integers(0, 99_999_999_999_999_999_999))
def test_writing_and_reading_are_inverse(value: int) -> None:
    assert e8_from_text(text_from_e8(value)) == value


@pytest.mark.parametrize(
    ("text", "share_e8"),
    [("50", 50_000_000), ("-50", -50_000_000), ("0.000001", 1), ("-12.5", -12_500_000)],
)
def test_a_percentage_is_a_share_of_the_whole(text: str, share_e8: int) -> None:
    assert e8_from_percent(text) == share_e8
    assert percent_text_from_e8(share_e8) == text


@pytest.mark.parametrize("text", ["", "-", "+5", "1e2", "0.0000001", "--5", "5%", "- 5"])
def test_what_is_no_percentage_is_refused(text: str) -> None:
    with pytest.raises(BadDecimal):
        e8_from_percent(text)
