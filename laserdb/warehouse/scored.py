"""SQL of what selection sees of a sample: category, difficulty f, quality q, preference p (DESIGN §4.1–4.4).

One pass over the turns brings everything together; what nobody asks for isn't joined. The view
`sample_scores` asks for everything, a selection for what its strategy mentions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from laserdb.errors import UsageError
from laserdb.sqltext import literal
from laserdb.warehouse.tables import CATEGORY, EMBEDDING, UNIT_KEYS, ResultTable

COLUMNS = (
    "category",
    "f",
    "q",
    "p",
    "instruction_tokens",
    "response_tokens",
    "tokens",
    "last_response_tokens",
)
TOKENS = frozenset(COLUMNS[4:])
DIFFICULTY = "difficulty"
# What never judges quality, whatever `routes` says.
NO_QUALITY = frozenset({"tokens", CATEGORY, DIFFICULTY, EMBEDDING})

# A normalised score in multiples of 2^-52, as an integer: sums of these are exact, so that a mean does not
# depend on the order in which threads add. quantile_cont's interpolation between equal values can be off by
# the last bit.
_ONE = 2**52
NORMAL = (
    "CASE WHEN {score} IS NULL THEN NULL "
    "WHEN {bounds}[2] - {bounds}[1] <= 1e-12 * greatest(abs({bounds}[2]), abs({bounds}[1])) "
    f"THEN {_ONE // 2} ELSE round({_ONE}.0 * "
    "greatest(0.0, least(1.0, ({score} - {bounds}[1]) / ({bounds}[2] - {bounds}[1]))))::BIGINT END"
)
# Equal by the formulas is equal here, whatever the last bits of the arithmetic: else ties would not go to the
# smaller sample_id.
ROUNDED = "round({value}, 12)"
MEAN = ROUNDED.format(value=f"sum({{name}}_sum)::DOUBLE / nullif(sum({{name}}_count), 0) / {_ONE}.0")


def current(scorer: str) -> str:
    """The run that the views show."""
    return f"(SELECT run_id FROM current_runs WHERE scorer = {literal(scorer)})"


def sample_scores(
    tables: Iterable[ResultTable],
    columns: Collection[str] = COLUMNS,
    *,
    scorers: Collection[str] | None = None,
    only: str | None = None,
    percentiles: Sequence[float] | None = None,
) -> str:
    """SELECT of `sample_id` and the given columns, a row per sample.

    `scorers` are those that judge quality (default: any that `routes` names when the query runs);
    `only` is a relation with a column `sample_id` to which the rows are restricted; `percentiles` are
    those that become 0 and 1 (LASER §3.3: 1 and 99).
    """
    known = {table.scorer: table for table in tables}
    shares = shares_of(percentiles or (1, 99))
    judges = [table for name, table in known.items() if name not in NO_QUALITY and not table.of_samples]
    if scorers is not None:
        judges = [table for table in judges if table.scorer in scorers]
    with_f = bool({"f", "p"} & set(columns)) and DIFFICULTY in known
    with_q = bool({"q", "p"} & set(columns)) and bool(judges) and CATEGORY in known
    with_category = (with_q or "category" in columns) and CATEGORY in known
    with_tokens = bool(TOKENS & set(columns)) and "tokens" in known
    ctes: list[str] = []
    fields, joins = ["t.sample_id", "t.turn_index"], []
    if with_category:
        table = known[CATEGORY]
        fields.append("c.category")
        joins.append(join(table, "c", current(CATEGORY)))
    if with_f:
        table = known[DIFFICULTY]
        ctes.append(f"difficulty_bounds AS ({bounds_of(table, shares)})")
        fields.append(f"{NORMAL.format(score='d.score', bounds='db.bounds')} AS f")
        joins.append(join(table, "d", current(DIFFICULTY)) + " CROSS JOIN difficulty_bounds db")
    if with_q:
        normals = []
        joins.append("LEFT JOIN routes ON routes.category = c.category")
        for unit in sorted({table.unit for table in judges}):
            ctes += judged(unit, [table for table in judges if table.unit == unit], shares)
            normals.append(NORMAL.format(score=f"u_{unit}.score", bounds=f"b_{unit}.bounds"))
            joins.append(
                f"LEFT JOIN judged_{unit} u_{unit} "
                f"ON u_{unit}.key = t.{UNIT_KEYS[unit]} AND u_{unit}.scorer = routes.scorer "
                f"LEFT JOIN bounds_{unit} b_{unit} ON b_{unit}.scorer = u_{unit}.scorer"
            )
        fields.append(f"coalesce({', '.join(normals)}) AS q")
    if with_tokens:
        fields.append("k.instruction_tokens, k.response_tokens")
        joins.append(join(known["tokens"], "k", current("tokens"), " AND k.error IS NULL"))
    where = f" WHERE t.sample_id IN (SELECT sample_id::BIGINT FROM {only})" if only else ""
    ctes.append(f"turn_scores AS (SELECT {', '.join(fields)} FROM turns t {' '.join(joins)}{where})")
    present = (with_category, with_f, with_q, with_tokens)
    return f"WITH {', '.join(ctes)} {grouped(columns, *present)}"


def shares_of(percentiles: Sequence[float]) -> str:
    """SQL of two percentiles as shares. Raises UsageError for anything else."""
    try:
        low, high = (float(one) for one in percentiles)
        fits = 0 <= low < high <= 100
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise UsageError(f"percentiles must be two numbers from 0 to 100, the lower first, not {percentiles}")
    return f"[{low / 100!r}, {high / 100!r}]"


def grouped(columns: Collection[str], category: bool, f: bool, q: bool, tokens: bool) -> str:
    """From turns to samples, by way of each sample's categories, of which the most frequent one counts.

    A tie goes to the label that comes first in the conversation.
    """
    inner, outer = ["sample_id"], ["sample_id"]
    if category:
        inner += ["category", "count(*) * 1000000 - min(turn_index) AS votes"]
    for name, there in (("f", f), ("q", q)):
        if there:
            inner += [f"sum({name}) AS {name}_sum", f"count({name}) AS {name}_count"]
    if tokens:
        inner += [
            "sum(instruction_tokens) AS instruction_sum",
            "sum(response_tokens) AS response_sum",
            "max(turn_index) FILTER (response_tokens IS NOT NULL) AS last_index",
            "arg_max(response_tokens, turn_index) AS last_tokens",
        ]
    means = {
        "f": MEAN.format(name="f") if f else "NULL::DOUBLE",
        "q": MEAN.format(name="q") if q else "NULL::DOUBLE",
    }
    found = {
        "category": "arg_max(category, votes)" if category else "NULL::VARCHAR",
        **means,
        "p": ROUNDED.format(value=f"{means['f']} * {means['q']}"),
        "instruction_tokens": "sum(instruction_sum)::BIGINT" if tokens else "NULL::BIGINT",
        "response_tokens": "sum(response_sum)::BIGINT" if tokens else "NULL::BIGINT",
        "tokens": "(sum(instruction_sum) + sum(response_sum))::BIGINT" if tokens else "NULL::BIGINT",
        "last_response_tokens": "arg_max(last_tokens, last_index)::BIGINT" if tokens else "NULL::BIGINT",
    }
    outer += [f"{found[name]} AS {name}" for name in COLUMNS if name in columns]
    by = "sample_id, category" if category else "sample_id"
    by_category = f"SELECT {', '.join(inner)} FROM turn_scores GROUP BY {by}"
    return f"SELECT {', '.join(outer)} FROM ({by_category}) GROUP BY sample_id"


def join(table: ResultTable, alias: str, run: str, more: str = "") -> str:
    """Join a scorer's results to the turns `t`; turns without one stay."""
    key = UNIT_KEYS[table.unit]
    return f"LEFT JOIN {table.qualified} {alias} ON {alias}.key = t.{key} AND {alias}.run_id = {run}{more}"


def bounds_of(table: ResultTable, shares: str) -> str:
    """LASER §3.3: percentiles over all scored turns of the pool; failures are NULL and don't count."""
    return (
        f"SELECT quantile_cont(r.score, {shares}) AS bounds FROM turns t JOIN {table.qualified} r "
        f"ON r.key = t.{UNIT_KEYS[table.unit]} WHERE r.run_id = {current(table.scorer)} "
        "AND r.score IS NOT NULL"
    )


def judged(unit: str, judges: Sequence[ResultTable], shares: str) -> list[str]:
    """CTEs of every score of this unit that counts as quality in some category, and their percentiles."""
    branches = (
        f"SELECT key, {literal(table.scorer)} AS scorer, score FROM {table.qualified} "
        f"WHERE run_id = {current(table.scorer)} AND score IS NOT NULL "
        f"AND {literal(table.scorer)} IN (SELECT scorer FROM routes)"
        for table in judges
    )
    return [
        f"judged_{unit} AS MATERIALIZED ({' UNION ALL '.join(branches)})",
        f"bounds_{unit} AS (SELECT u.scorer, quantile_cont(u.score, {shares}) AS bounds "
        f"FROM turns t JOIN judged_{unit} u ON u.key = t.{UNIT_KEYS[unit]} GROUP BY u.scorer)",
    ]
