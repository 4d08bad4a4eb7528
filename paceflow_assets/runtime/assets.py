"""Assets: every table as a Dagster asset.

What lives here: the asset, its checks and its automation, made from what `@table` declares.
What belongs here: what Dagster needs to know of a table. What stays out: computing (compute), jobs and schedules (nightly).
"""

import datetime as dt
from collections.abc import Iterator

import dagster as dg
from dagster_duckdb import DuckDBResource

from paceflow_assets.runtime import checks, reporting, ruleset, upkeep
from paceflow_assets.runtime.catalog import prepared
from paceflow_assets.runtime.compute import Workshop, code_versions, now_ms
from paceflow_assets.runtime.discovery import discover
from paceflow_assets.runtime.errors import RulesError, TableInvalid
from paceflow_assets.runtime.partitions import ALL
from paceflow_assets.runtime.rules import DEFAULT, Rules, rules, section_of, shown
from paceflow_assets.runtime.settings import Settings
from paceflow_assets.runtime.table import Table, tables
from paceflow_assets.runtime.upkeep import Upkeep

REPOSITORIES = dg.DynamicPartitionsDefinition(name="repository")
NIGHTLY = "0 2 * * *"
OWNER = "team:paceflow"
CHECK = "Types as declared, no null in a key, the grain unique, every parent row there. Checked before the file is replaced."
FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=dt.timedelta(days=7), warn_window=dt.timedelta(days=2))
TYPE_NAMES = {
    "String": "text",
    "Int64": "integer",
    "Float64": "float",
    "Boolean": "boolean",
    "UInt64": "hash",
    "Date": "date",
}


def automation(table: Table) -> dg.AutomationCondition | None:
    """Rebuild what a changed rule or a changed upstream made stale, once, when its upstreams are at rest.

    Raw tables have none: discovery tells when they are due. `AutomationCondition.eager()` does not look at code versions.
    """
    condition = dg.AutomationCondition
    bumped = condition.newly_missing() | condition.code_version_changed()
    moved = (bumped | condition.any_deps_match(condition.data_version_changed())).since_last_handled()
    is_complete = ~condition.any_deps_missing()
    at_rest = ~condition.any_deps_in_progress() & ~condition.in_progress()
    if table.per_repository:
        return None if table.layer == "raw" else moved & is_complete & at_rest
    # A table that mixes repositories is no part of their runs, which go their own pace. One may end after this table was built
    # and before the next tick: then times decide, which Dagster compares only for a `since` with no `|` or `&` in it. Runs that
    # are asked for together start in no order: it waits while an upstream is about to be built. A repository that could never
    # be built holds up nothing. More than 100 repositories at once, of which Dagster reads no times, count as later.
    has_other_rows = condition.newly_updated().since(~condition.data_version_changed())  # both, with the time of the update
    fed = condition.any_deps_match(has_other_rows)
    fed_since = fed.since(condition.newly_updated()) & fed.since(condition.newly_requested())
    return (bumped.since_last_handled() | fed_since) & at_rest & ~condition.any_deps_match(moved & is_complete)


def column_schema(table: Table) -> dg.TableSchema:
    """Columns with their types and meanings."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=name,
                type=TYPE_NAMES.get(str(column.type), "time" if column.type.is_temporal() else "nested"),
                description=column.meaning,
                constraints=dg.TableColumnConstraints(nullable=name not in table.key or column.optional),
            )
            for name, column in table.columns.items()
        ]
    )


def rules_read(table: Table, effective: Rules) -> str:
    """The parameters that the table's rows depend on, as a Markdown table."""
    lines = ["| rule | parameter | value | from |", "|---|---|---|---|"]
    for rule in table.rules.values():
        section = section_of(rule)
        for name, value in effective.values[section].items():
            origin = effective.origins.get((section, name), DEFAULT)
            lines.append(f"| {section} | {name} | {shown(value)} | {origin} |")
    return "\n".join(lines)


def kinds(table: Table) -> set[str]:
    """What the table is made with."""
    if table.sql is not None:
        return {"sql", "duckdb", "parquet"}
    return {"python", "duckdb" if table.sql_parameter else "polars", "parquet"}


def asset(table: Table, code_version: str, settings: Settings, effective: Rules) -> dg.AssetsDefinition:
    """The asset of a table: it computes under the rules that it was defined with, and tells what was built.

    It refuses when these are not in force any more, or when somebody chose others for the warehouse.
    """

    @dg.asset(
        name=table.name,
        deps=list(table.upstreams),
        partitions_def=REPOSITORIES if table.per_repository else None,
        description=table.description,
        group_name=table.layer,
        owners=[OWNER],
        kinds=kinds(table),
        code_version=code_version,
        metadata={
            "grain": ", ".join(table.key),
            "dagster/column_schema": column_schema(table),
            "dagster/table_name": table.name,
            **({"rules": dg.MetadataValue.md(rules_read(table, effective))} if table.rules else {}),
        },
        check_specs=[dg.AssetCheckSpec(checks.NAME, asset=table.name, description=CHECK)],
        freshness_policy=FRESHNESS,
        automation_condition=automation(table),
        required_resource_keys={"duckdb", "warehouse"},
    )
    def build(context: dg.AssetExecutionContext) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        repository = context.partition_key if table.per_repository else ALL
        if table.layer == "raw":
            discover(settings, now_ms())
        duckdb: DuckDBResource = context.resources.duckdb
        with duckdb.get_connection() as connection:
            workshop = Workshop(settings, effective, prepared(connection), context.resources.warehouse)
            try:
                with workshop.warehouse.lock(repository):
                    for change in agreed(settings, effective):
                        context.log.info(f"rule changed: {change}")
                    built = workshop.compute(table, repository)
            except TableInvalid as error:
                if error.verdict is not None:
                    yield result(table, repository, error.verdict)
                raise dg.Failure(str(error), allow_retries=False) from None
            except RulesError as error:
                raise dg.Failure(str(error), allow_retries=False) from None
            context.log.info(f"{table.name}: {repository}: {built.provenance.rows} rows")
            yield result(table, repository, built.verdict)
            yield dg.MaterializeResult(
                metadata=reporting.metadata(workshop, built.provenance),
                data_version=dg.DataVersion(built.provenance.data_version),
            )

    return build


def agreed(settings: Settings, effective: Rules) -> list[ruleset.Change]:
    """Let the warehouse be computed with these rules from now on, if they are in force and nobody chose others.

    What differs from the rules before; else `RulesError`.
    """
    if rules(settings.rules_source).fingerprint != effective.fingerprint:
        raise RulesError("the rules changed since these definitions were loaded; nothing was computed; reload the definitions")
    return ruleset.follow(settings, effective)


def result(table: Table, repository: str, verdict: checks.Verdict) -> dg.AssetCheckResult:
    """The verdict on a table, for a run of Dagster's."""
    return dg.AssetCheckResult(
        asset_key=table.name,
        check_name=checks.NAME,
        passed=verdict.passed,
        severity=reporting.severity(blocks=verdict.blocks),
        metadata=reporting.check_metadata(verdict, repository),
    )


def upkeep_check(check: Upkeep, settings: Settings) -> dg.AssetChecksDefinition:
    """A check across repositories; while the daemon runs it is made once a night."""

    @dg.asset_check(
        asset=check.table,
        name=check.name,
        description=check.meaning,
        automation_condition=dg.AutomationCondition.cron_tick_passed(NIGHTLY, settings.timezone),
    )
    def look() -> dg.AssetCheckResult:
        found = upkeep.findings_of(check, settings, now_ms())
        return dg.AssetCheckResult(
            passed=not found, severity=dg.AssetCheckSeverity.WARN, metadata=reporting.findings_metadata(found)
        )

    return look


def upkeep_checks(settings: Settings) -> list[dg.AssetChecksDefinition]:
    """Every check across repositories."""
    return [upkeep_check(check, settings) for check in upkeep.CHECKS]


def assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """Every table as an asset, under the rules in force."""
    effective = rules(settings.rules_source)
    versions = code_versions(effective)
    return [asset(table, versions[table.name], settings, effective) for table in tables().values()]
