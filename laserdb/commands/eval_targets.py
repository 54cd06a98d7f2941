"""laserdb eval targets"""

from __future__ import annotations

from pathlib import Path

import click

from laserdb.commands.output import database_argument, json_option, parse_pairs, print_json, print_table


@click.command("targets")
@database_argument
@click.option(
    "--method",
    default="deviation",
    show_default=True,
    help="deviation (from each model's mean, §3.2.1) or irt (1PL item response model, §A.2.5).",
)
@click.option(
    "--set", "params", metavar="K=V", multiple=True, help="A parameter of the template; repeatable."
)
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write them: .jsonl, .csv, .parquet."
)
@click.option("--sql", "show_sql", is_flag=True, help="Print the SQL instead of running it.")
@json_option
def command(
    db: str, method: str, params: tuple[str, ...], out: Path | None, show_sql: bool, as_json: bool
) -> None:
    """How hard each imported item was for the models (higher = harder), by category and data set.

    Parameters: drop_unsolved (true), least_models (1), and of deviation center (true).

    \b
      laserdb eval targets pool.duckdb --method irt -o targets.parquet
      laserdb sql pool.duckdb "SELECT category, dataset, count(*), avg(target), stddev(target)
                               FROM 'targets.parquet' GROUP BY ALL"
    """
    from laserdb.evals import targets
    from laserdb.warehouse import Warehouse

    given = parse_pairs(params, "--set")
    if show_sql:
        click.echo(targets.targets_sql(method, given))
        return
    warehouse = Warehouse(db)
    with warehouse.read() as session:
        table = targets.compute(session, method, given)
    if out is not None:
        targets.write(table, out)
    found = targets.distribution(warehouse, table)
    if as_json:
        print_json(
            {"method": method, "items": table.num_rows, "out": out and str(out), "distribution": found}
        )
        return
    print_table(
        f"{table.num_rows:,} targets ({method}), higher = harder",
        ("category", "data set", "items", "models", "mean", "sd", "p10", "median", "p90"),
        [tuple(row.values()) for row in found],
    )
