from __future__ import annotations

import pytest

from laserdb.errors import StrategyError, UsageError
from laserdb.sql.header import parse_header, resolve_params

TEXT = """\
-- purpose: try things
-- source: a book
-- needs: category, quality
-- param share = 0.5: how much
-- param n = 3: how many
-- param flag = true: whether
-- param name = "x": which
-- param quotas = {"a": 0.5, "b": 0.5}: weights
SELECT 1
-- param late = 1: not in the header
"""


def test_what_a_header_says():
    header = parse_header(TEXT, "x.sql")
    assert (header.purpose, header.source, header.needs) == ("try things", "a book", ("category", "quality"))
    assert list(header.params) == ["share", "n", "flag", "name", "quotas"]
    assert header.params["share"].default == 0.5
    assert header.params["share"].help == "how much"


def test_all_that_is_wrong_is_said_at_once():
    text = "-- needs: categories\n-- param m = 1: taken\n-- param x = {: broken\nSELECT 1"
    with pytest.raises(StrategyError) as error:
        parse_header(text, "x.sql")
    message = str(error.value)
    assert "unknown need 'categories'; did you mean category?" in message
    assert "x.sql:2: m is given to every template" in message
    assert "x.sql:3: the default of x isn't JSON" in message


def test_given_values_take_the_type_of_the_default():
    header = parse_header(TEXT, "x.sql")
    given = {"share": "1", "n": "7", "flag": "false", "name": "7", "quotas": '{"b": 1}'}
    assert resolve_params(header, given, "x") == {
        "share": 1,
        "n": 7,
        "flag": False,
        "name": "7",
        "quotas": {"a": 0.5, "b": 1.0},
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"shares": "1"}, "unknown parameter of x 'shares'; did you mean share?"),
        ({"n": "1.5"}, "--set n: expected a value like 3, not '1.5'"),
        ({"n": "true"}, "--set n: expected a value like 3"),
        ({"flag": "yes"}, "--set flag: expected a value like true, not 'yes'"),
        ({"quotas": '{"c": 1}'}, "unknown key 'c'"),
        ({"quotas": '{"a": -1}'}, "numbers ≥ 0"),
        ({"quotas": '{"a": true}'}, "numbers ≥ 0"),
        ({"share": "x", "nn": "1"}, "nn"),
    ],
)
def test_wrong_values(given, message):
    with pytest.raises(UsageError) as error:
        resolve_params(parse_header(TEXT, "x.sql"), given, "x")
    assert message in str(error.value)
