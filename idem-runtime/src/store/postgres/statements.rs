//! The texts of the statements. The names of the tables are all that is put into them.

use std::sync::Arc;

use sqlx::SqlStr;
use sqlx::{AssertSqlSafe, SqlSafeStr};

use crate::record::RECORD_FORMAT;
use crate::store::sql::offset::LONGEST;
use crate::store::sql::row::{WRITTEN, columns, micros};
use crate::transition::MIN_GRACE;

/// The server's clock. Never `now()`: that is when a transaction began, which may be long ago.
const CLOCK: &str = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

const COLUMNS: &str = columns!();

/// Whether there is a result is read, not the result.
const NO_RESULT_READ: &str = "CASE WHEN result IS NOT NULL THEN ''::bytea END AS result";

#[derive(Debug)]
pub(super) struct Statements {
    pub(super) read: SqlStr,
    pub(super) now: SqlStr,
    pub(super) claim: SqlStr,
    pub(super) insert: SqlStr,
    pub(super) replace: SqlStr,
    pub(super) complete: SqlStr,
    pub(super) renew: SqlStr,
    pub(super) page: SqlStr,
    pub(super) over: SqlStr,
    pub(super) stale: SqlStr,
    pub(super) remove: SqlStr,
}

impl Statements {
    /// For the table of this name, quoted.
    pub(super) fn of(table: &str) -> Self {
        let statement = |text: String| AssertSqlSafe(Arc::<str>::from(text)).into_sql_str();
        Self {
            read: statement(read(table)),
            now: statement(format!("SELECT {CLOCK} AS read_at")),
            claim: statement(claim(table)),
            insert: statement(insert(table)),
            replace: statement(replace(table)),
            complete: statement(complete(table)),
            renew: statement(renew(table)),
            page: statement(page(table)),
            over: statement(over(table)),
            stale: statement(stale(table)),
            remove: statement(remove(table)),
        }
    }
}

/// One row in any case, so that the clock is answered also where there is no record.
fn read(table: &str) -> String {
    format!(
        "SELECT now.read_at, {COLUMNS}, result, revision
         FROM (SELECT {CLOCK} AS read_at) AS now LEFT JOIN {table} ON key = $1"
    )
}

/// Writes where there is no row, and reads it where there is one, without waiting for whoever is changing it. A rival's
/// row that is not committed yet is waited for, and not seen afterwards: then there is neither.
fn claim(table: &str) -> String {
    let names = WRITTEN.join(", ");
    // The arguments are the row of a claim at time 0.
    let value = |(at, column): (usize, &&str)| match *column {
        "fence" => "greatest(read_at, 1)".to_owned(),
        "lease_until" | "created_at" | "updated_at" | "expires_at" => format!("read_at + ${}", at + 1),
        _ => format!("${}", at + 1),
    };
    let values = WRITTEN.iter().enumerate().map(value).collect::<Vec<_>>().join(", ");
    format!(
        "WITH now AS MATERIALIZED (SELECT {CLOCK} AS read_at),
         made AS (INSERT INTO {table} ({names}, revision)
             SELECT {values}, read_at FROM now WHERE NOT EXISTS (SELECT FROM {table} WHERE key = $1)
             ON CONFLICT (key) DO NOTHING RETURNING created_at)
         SELECT now.read_at, (SELECT made.created_at FROM made) AS made_at, {COLUMNS}, result, revision
         FROM now LEFT JOIN {table} ON key = $1"
    )
}

fn insert(table: &str) -> String {
    let names = WRITTEN.join(", ");
    let values = (1..=WRITTEN.len()).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ");
    format!("INSERT INTO {table} ({names}, revision) VALUES ({values}, {CLOCK}) ON CONFLICT (key) DO NOTHING")
}

/// A key that was read from its text may show its task abbreviated: the longer name stays.
fn replace(table: &str) -> String {
    let set = |(at, column): (usize, &&str)| match *column {
        "key" | "version" | "scope_label" => None,
        "task" => {
            Some(format!("task = CASE WHEN octet_length(${0}) > octet_length(task) THEN ${0} ELSE task END", at + 1))
        }
        column => Some(format!("{column} = ${}", at + 1)),
    };
    let set = WRITTEN.iter().enumerate().filter_map(set).collect::<Vec<_>>().join(", ");
    let seen = WRITTEN.len() + 1;
    format!("UPDATE {table} SET {set}, revision = revision + 1 WHERE key = $1 AND revision = ${seen}")
}

/// What has to be so of a row that is changed without having been read: its time is not over, and it would read.
fn sound() -> String {
    let longest = u32::MAX;
    format!(
        "(expires_at IS NULL OR expires_at > now.read_at) AND format BETWEEN 0 AND {RECORD_FORMAT}
         AND attempt BETWEEN 0 AND {longest} AND process BETWEEN 0 AND {longest} AND fence >= 0 AND longest_lease >= 0
         AND (max_attempts IS NULL OR max_attempts BETWEEN 0 AND {longest}) AND (grace IS NULL OR grace BETWEEN 0 AND {LONGEST})
         AND on_stale IN ('rerun', 'park', 'reconcile') AND result IS NULL AND no_result IS NULL"
    )
}

fn complete(table: &str) -> String {
    let sound = sound();
    format!(
        "WITH now AS MATERIALIZED (SELECT {CLOCK} AS read_at)
         UPDATE {table} SET state = 'completed', lease_until = NULL, retry_at = NULL, error = NULL, updated_at = now.read_at,
             completed_at = now.read_at, expires_at = now.read_at + $6, no_result = $7, result = $8, revision = revision + 1
         FROM now
         WHERE key = $1 AND owner = $2 AND fence = $3 AND label = $4 AND fingerprint IS NOT DISTINCT FROM $5
             AND state IN ('running', 'parked') AND {sound}
         RETURNING {COLUMNS}, {NO_RESULT_READ}"
    )
}

fn renew(table: &str) -> String {
    let (sound, min_grace) = (sound(), micros(MIN_GRACE));
    format!(
        "WITH now AS MATERIALIZED (SELECT {CLOCK} AS read_at)
         UPDATE {table} AS held SET lease_until = now.read_at + asked.lease, updated_at = now.read_at,
             longest_lease = greatest(longest_lease, asked.lease), revision = revision + 1,
             expires_at = CASE WHEN on_stale = 'rerun' AND grace IS NOT NULL
                 THEN now.read_at + asked.lease + greatest(grace, {min_grace}) END
         FROM now, unnest($1::bytea[], $2::bytea[], $3::text[], $4::bigint[], $5::bigint[]) AS asked (key, owner, label, lease, place)
         WHERE held.key = asked.key AND held.owner = asked.owner AND held.label = asked.label AND state = 'running' AND {sound}
         RETURNING asked.place"
    )
}

/// A row of a newer format is read, and refused: its own idea of its end is not known here.
fn page(table: &str) -> String {
    format!(
        "SELECT {COLUMNS}, result, revision FROM {table}, (SELECT {CLOCK} AS read_at) AS now
         WHERE key > $1 AND ($2::text IS NULL OR task = $2) AND ($3::text IS NULL OR state = $3)
             AND (expires_at IS NULL OR expires_at > read_at OR format > {RECORD_FORMAT})
         ORDER BY key LIMIT $4"
    )
}

fn over(table: &str) -> String {
    format!(
        "SELECT {COLUMNS}, {NO_RESULT_READ}, revision FROM {table}, (SELECT {CLOCK} AS read_at) AS now
         WHERE expires_at <= read_at AND (expires_at, key) > ($1, $2) ORDER BY expires_at, key LIMIT $3"
    )
}

fn stale(table: &str) -> String {
    format!(
        "SELECT {COLUMNS}, {NO_RESULT_READ}, revision FROM {table}, (SELECT {CLOCK} AS read_at) AS now
         WHERE state = 'running' AND lease_until <= read_at AND (expires_at IS NULL OR expires_at > read_at)
         ORDER BY lease_until LIMIT $1"
    )
}

/// The rows were read without a lock: what was renewed or taken over meanwhile is not over any more, and what somebody
/// works on is not waited for. The outer statement asks again, since it may see what the inner one did not.
fn remove(table: &str) -> String {
    let over = format!("expires_at <= now.read_at AND format <= {RECORD_FORMAT}");
    format!(
        "WITH now AS MATERIALIZED (SELECT {CLOCK} AS read_at)
         DELETE FROM {table} USING now WHERE key IN (
             SELECT key FROM {table} AS seen, now WHERE key = ANY($1) AND {over} FOR UPDATE OF seen SKIP LOCKED
         ) AND {over}"
    )
}
