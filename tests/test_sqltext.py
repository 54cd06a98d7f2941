from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from laserdb.sqltext import identifier, literal

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXT,
)


@given(values)
def test_a_literal_reads_back_as_the_value(value):
    con = duckdb.connect()
    assert con.execute(f"SELECT {literal(value)}").fetchall() == [(value,)]
    con.close()


@given(st.lists(TEXT, min_size=1))
def test_lists_read_back(value):
    con = duckdb.connect()
    assert con.execute(f"SELECT {literal(value)}").fetchall() == [(value,)]
    con.close()


@given(TEXT.filter(bool))
def test_an_identifier_names_a_column(name):
    con = duckdb.connect()
    found = con.execute(f"SELECT 1 AS {identifier(name)}").description
    assert found is not None
    assert found[0][0] == name
    con.close()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "a\0b"])
def test_what_sql_has_no_literal_for(value):
    with pytest.raises(ValueError, match=r"finite|NUL"):
        literal(value)


def test_other_types_are_refused():
    with pytest.raises(TypeError, match="bytes"):
        literal(b"x")


@pytest.mark.parametrize("name", ["", "a\0"])
def test_unusable_identifiers(name):
    with pytest.raises(ValueError, match="SQL name"):
        identifier(name)
