"""The views that users query: one per scorer, and those that bring all scores together.

They are written anew whenever a scorer gets its first table, since DuckDB binds a view's columns
when it is made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.resources import files

from laserdb.sqltext import identifier, literal
from laserdb.warehouse import scored
from laserdb.warehouse.session import Session
from laserdb.warehouse.tables import CATEGORY as CATEGORY
from laserdb.warehouse.tables import EMBEDDING as EMBEDDING
from laserdb.warehouse.tables import UNIT_KEYS as UNIT_KEYS
from laserdb.warehouse.tables import ResultTable as ResultTable

# Every empty view has the types that its first row will have.
EMPTY_SCORES = (
    "SELECT NULL::BIGINT AS turn_id, NULL::VARCHAR AS scorer, NULL::DOUBLE AS score, "
    "NULL::VARCHAR AS error, NULL::BIGINT AS run_id WHERE false"
)
EMPTY_LABELS = (
    "SELECT NULL::BIGINT AS turn_id, NULL::VARCHAR AS category, NULL::DOUBLE AS confidence, "
    "NULL::BIGINT AS run_id WHERE false"
)
EMPTY_EMBEDDINGS = (
    "SELECT NULL::BIGINT AS sample_id, NULL::VARCHAR AS embedder, NULL::FLOAT[] AS vector, "
    "NULL::BIGINT AS run_id WHERE false"
)
EMPTY_TOKENS = (
    "SELECT NULL::BIGINT AS turn_id, NULL::BIGINT AS instruction_tokens, "
    "NULL::BIGINT AS response_tokens WHERE false"
)


def result_tables(session: Session) -> list[ResultTable]:
    """All result tables of the warehouse, by name."""
    rows = session.rows("SELECT scorer, table_name, unit, columns FROM result_tables ORDER BY table_name")
    return [ResultTable(scorer, name, unit, json.loads(columns)) for scorer, name, unit, columns in rows]


def embedding_table(model: str) -> str:
    """The name of an embedder's table; each has its own, since vectors differ in width."""
    slug = "".join(char if char.isalnum() else "_" for char in model).strip("_").lower()
    return f"{EMBEDDING}_{slug}"


def create_views(session: Session) -> None:
    """(Re)create every view of the public contract (DESIGN §3) over the tables that exist now."""
    tables = result_tables(session)
    # The newest run that ever got through; a trial with --limit doesn't displace it, nor does new data.
    session.run(
        "CREATE OR REPLACE VIEW current_runs AS SELECT scorer, "
        "arg_max(run_id, (completed_at IS NOT NULL, run_id)) AS run_id FROM runs GROUP BY scorer"
    )
    turn_tables = [table for table in tables if not table.of_samples]
    for table in turn_tables:
        session.run(score_view(table))
    session.run(f"CREATE OR REPLACE VIEW scores AS {union(map(scores_branch, turn_tables), EMPTY_SCORES)}")
    session.run(f"CREATE OR REPLACE VIEW labels AS {labels(turn_tables)}")
    session.run(f"CREATE OR REPLACE VIEW token_counts AS {token_counts(turn_tables)}")
    session.run(f"CREATE OR REPLACE VIEW embeddings AS {embeddings(tables)}")
    session.run(
        files("laserdb.warehouse").joinpath("view_sql/sample_categories.sql").read_text(encoding="utf-8")
    )
    session.run(f"CREATE OR REPLACE VIEW sample_scores AS {scored.sample_scores(tables)}")


def score_view(table: ResultTable) -> str:
    """`score_<scorer>`: the results of the scorer's current run, a row per turn."""
    own = "".join(f", r.{identifier(column)}" for column in table.columns)
    return (
        f"CREATE OR REPLACE VIEW {identifier('score_' + table.scorer)} AS "
        f"SELECT t.turn_id, r.score, r.error, r.run_id{own} "
        f"FROM turns t JOIN {table.qualified} r ON r.key = t.{UNIT_KEYS[table.unit]} "
        f"WHERE r.run_id = (SELECT run_id FROM current_runs WHERE scorer = {literal(table.scorer)})"
    )


def scores_branch(table: ResultTable) -> str:
    view = identifier("score_" + table.scorer)
    return f"SELECT turn_id, {literal(table.scorer)} AS scorer, score, error, run_id FROM {view}"


def labels(tables: list[ResultTable]) -> str:
    if not any(table.scorer == CATEGORY for table in tables):
        return EMPTY_LABELS
    return "SELECT turn_id, category, confidence, run_id FROM score_category WHERE category IS NOT NULL"


def token_counts(tables: list[ResultTable]) -> str:
    if not any(table.scorer == "tokens" for table in tables):
        return EMPTY_TOKENS
    return "SELECT turn_id, instruction_tokens, response_tokens FROM score_tokens WHERE error IS NULL"


def embeddings(tables: list[ResultTable]) -> str:
    """`embeddings`: a row per sample and embedder; every embedder has its own table and width."""
    found = [table for table in tables if table.scorer == EMBEDDING]
    # Arrays of different widths have no common type but the list.
    same_width = len({table.columns["vector"] for table in found}) == 1
    vector = "r.vector" if same_width else "r.vector::FLOAT[] AS vector"
    branches = (
        f"SELECT s.sample_id, runs.model AS embedder, {vector}, r.run_id FROM samples s "
        f"JOIN {table.qualified} r ON r.key = s.{UNIT_KEYS[table.unit]} JOIN runs USING (run_id) "
        "WHERE r.vector IS NOT NULL AND r.run_id IN "
        "(SELECT arg_max(run_id, (completed_at IS NOT NULL, run_id)) "
        f"FROM runs WHERE scorer = {literal(EMBEDDING)} GROUP BY model)"
        for table in found
    )
    return union(branches, EMPTY_EMBEDDINGS)


def union(branches: Iterable[str], empty: str) -> str:
    return " UNION ALL ".join(branches) or empty
