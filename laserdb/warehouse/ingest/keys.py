"""The content keys: what makes two texts, turns or conversations the same. Others rely on these.

    norm(text)       Unicode NFC, then white space (as Python's `str.isspace`) trimmed from both ends
    instruction_key  md5(norm(instruction))
    turn_key         md5(instruction_key || '-') without an answer, else
                     md5(instruction_key || '+' || norm(response)): NULL and '' differ
    prompt_key       instruction_key of the only turn, else md5 of all norm(instruction) joined by a
                     blank line: the key of the text that is embedded
    content_key      md5 of md5(norm(system)) and the turn keys in order, and where the messages are
                     stored, of each one's role, norm(text content) and tool calls

md5 results are stored as UUID; inside of other keys they are 32 hexadecimal digits. A missing system
message and an empty one are the same.
"""

from __future__ import annotations

SPACES = (
    r"\x{0009}-\x{000D}\x{001C}-\x{0020}\x{0085}\x{00A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}"
    r"\x{202F}\x{205F}\x{3000}"
)
# Every text that isn't in NFC holds one of these (a test checks that). DuckDB's nfc_normalize does
# 10 MB/s on anything but ASCII, this pattern hundreds.
MAYBE_NOT_NFC = (
    r"\p{M}\x{0340}-\x{0344}\x{0374}\x{037E}\x{0387}\x{0900}-\x{0DFF}\x{0F00}-\x{109F}\x{1100}-\x{11FF}"
    r"\x{1B00}-\x{1B7F}\x{1F70}-\x{1FFF}\x{2000}\x{2001}\x{2126}\x{212A}\x{212B}\x{2329}\x{232A}\x{2ADC}"
    r"\x{F900}-\x{FAFF}\x{FB1D}-\x{FB4F}\x{11080}-\x{16FFF}\x{1D100}-\x{1D1FF}\x{2F800}-\x{2FA1F}"
)


def normalised_list(texts: str) -> str:
    """SQL for a list of norm of each text of a list; NULLs stay."""
    # Nearly all texts are normal: looking is cheap, above all with one pattern for each end (a single
    # one for both would read through the text). nfc_normalize stops at a NUL, hence the replacement.
    return f"""list_transform({texts}, lambda t: CASE
        WHEN (strlen(t) <> length(t) AND regexp_matches(t, '[{MAYBE_NOT_NFC}]'))
            OR regexp_matches(t, '\\A[{SPACES}]') OR regexp_matches(t, '[{SPACES}]\\z')
        THEN regexp_replace(regexp_replace(
            nfc_normalize(replace(t, chr(0), chr(65533))), '\\A[{SPACES}]+', ''), '[{SPACES}]+\\z', '')
        ELSE t END)"""


def normalised(text: str) -> str:
    """SQL for norm of one text."""
    return f"{normalised_list(f'[{text}]')}[1]"


MESSAGE = '[{"role": "VARCHAR", "content": "VARCHAR", "tool_calls": "VARCHAR"}]'

_KEYED = f"""
    WITH normal AS (
        SELECT *,
            {normalised_list("instructions")} AS asked,
            {normalised_list("responses")} AS answered,
            md5({normalised("coalesce(system, '')")}) AS system_key,
            from_json(messages, '{MESSAGE}') AS said
        FROM staged
    ), instruction_keyed AS (
        SELECT *,
            list_transform(asked, lambda t: md5(t)) AS instruction_keys,
            {normalised_list("list_transform(said, lambda m: coalesce(m.content, ''))")} AS contents
        FROM normal
    ), turn_keyed AS (
        SELECT *,
            list_transform(
                list_zip(instruction_keys, answered),
                lambda t: md5(CASE WHEN t[2] IS NULL THEN t[1] || '-' ELSE t[1] || '+' || t[2] END)
            ) AS turn_keys
        FROM instruction_keyed
    )
    SELECT line::BIGINT AS line, fits, data_id, system, messages, metadata, instructions, responses,
        instruction_keys, turn_keys,
        CASE WHEN len(asked) = 1 THEN instruction_keys[1]
             ELSE md5(array_to_string(asked, chr(10) || chr(10))) END AS prompt_key,
        md5(
            system_key || array_to_string(turn_keys, '')
            || CASE WHEN messages IS NULL THEN '' ELSE array_to_string(list_transform(
                list_zip(said, contents),
                lambda m: m[1].role || md5(m[2]) || coalesce(md5(m[1].tool_calls), '')
            ), ',') END
        ) AS content_key
    FROM turn_keyed
"""


def keyed(staged: str) -> str:
    """SQL for the rows of a query (columns of `rows.STAGED`, and `fits`) with their keys, as text."""
    return f"WITH staged AS ({staged}) SELECT * FROM ({_KEYED})"
