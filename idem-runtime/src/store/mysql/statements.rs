//! The texts of the statements. Nothing is put into them but the name of the table and [literals](super::literal).

use super::literal::{Literals, NULL, bytes, list, number, text};
use crate::claim::{CompleteRequest, RenewRequest};
use crate::key::{Fingerprint, Key};
use crate::record::{RECORD_FORMAT, Record, StoredResult};
use crate::store::sql::dialect::Place;
use crate::store::sql::offset::LONGEST;
use crate::store::sql::row::{self, WRITTEN, micros};
use crate::store::{ListQuery, StoreError};
use crate::transition::MIN_GRACE;

/// The server's clock as its statement began, in UTC whatever the time zone of the session. A statement that waits for
/// a row counts from before its wait: what it grants ends earlier than it might, never later than its holder believes.
pub(super) const CLOCK: &str = "TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'1970-01-01 00:00:00', UTC_TIMESTAMP(6))";

/// Whether there is a result is read, not the result.
const NO_RESULT_READ: &str = "CASE WHEN result IS NOT NULL THEN x'' END AS result";

/// Statements on a table. Texts are compared as bytes: to every collation that both MySQL and MariaDB have, a space at
/// the end is none.
#[derive(Debug)]
pub(super) struct Statements {
    table: Box<str>,
    columns: Box<str>,
}

impl Statements {
    /// For the table of this name, quoted.
    pub(super) fn of(table: &str) -> Self {
        let read = |column: &&&str| !matches!(**column, "task" | "version" | "scope_label" | "result");
        let columns = list(WRITTEN.iter().filter(read).map(|column| format!("`{column}`")));
        Self { table: table.into(), columns: columns.into() }
    }

    /// One row in any case, so that the clock is answered also where there is no record.
    pub(super) fn read(&self, key: &Key) -> String {
        self.look(key, "0", "result")
    }

    /// Writes the row of a claim at time 0 where there is none, and reads what is there then. A duplicate takes no lock:
    /// what selects the row to be written reads without one.
    pub(super) fn claim(&self, row: &Record) -> Result<String, StoreError> {
        let (Self { table, .. }, key) = (self, bytes(Some(row.key.digest())));
        let at = |(column, value): (&&str, String)| match *column {
            "fence" => CLOCK.to_owned(),
            "lease_until" | "created_at" | "updated_at" | "expires_at" => format!("{CLOCK} + {value}"),
            _ => value,
        };
        // What is null says so by not being there: a third of a duplicate's time goes into the reading of this text.
        let said = WRITTEN.iter().zip(literals(row)?).filter(|(_, value)| value != NULL);
        let (names, values): (Vec<_>, Vec<_>) =
            said.map(|(name, value)| (format!("`{name}`"), at((name, value)))).unzip();
        let (names, values) = (list(names), list(values));
        let look = self.look(&row.key, "ROW_COUNT()", "result");
        Ok(format!(
            "INSERT INTO {table} ({names}, revision)
             SELECT {values}, {CLOCK} FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM {table} AS found WHERE `key` = {key})
             ON DUPLICATE KEY UPDATE revision = revision;
             {look}"
        ))
    }

    /// A row that is there is left as it is, and its revision becomes the id that the statement answers. `INSERT IGNORE`
    /// would leave it too, and hide every other mistake.
    pub(super) fn insert(&self, record: &Record) -> Result<String, StoreError> {
        let Self { table, .. } = self;
        let (names, values) = (names(), list(literals(record)?));
        Ok(format!(
            "INSERT INTO {table} ({names}, revision) VALUES ({values}, {CLOCK})
             ON DUPLICATE KEY UPDATE revision = LAST_INSERT_ID(revision)"
        ))
    }

    /// A key that was read from its text may show its task abbreviated: the longer name stays.
    pub(super) fn replace(&self, record: &Record, seen: i64) -> Result<String, StoreError> {
        let Self { table, .. } = self;
        let set = |(column, value): (&&str, String)| match *column {
            "key" | "version" | "scope_label" => None,
            "task" => {
                Some(format!("task = CASE WHEN OCTET_LENGTH({value}) > OCTET_LENGTH(task) THEN {value} ELSE task END"))
            }
            column => Some(format!("`{column}` = {value}")),
        };
        let set = list(WRITTEN.iter().zip(literals(record)?).filter_map(set));
        let key = bytes(Some(record.key.digest()));
        Ok(format!("UPDATE {table} SET {set}, revision = revision + 1 WHERE `key` = {key} AND revision = {seen}"))
    }

    /// Completes, and reads what is there then.
    pub(super) fn complete(&self, request: &CompleteRequest, fence: i64, kept: Option<i64>) -> String {
        let (Self { table, .. }, claim, sound) = (self, &request.claim, sound());
        let (no_result, result) = match &request.result {
            StoredResult::Absent(reason) => (text(Some(reason)), bytes(None)),
            StoredResult::Envelope(envelope) => (text(None), bytes(Some(envelope))),
        };
        let expires_at = kept.map_or_else(|| number(None), |kept| format!("{CLOCK} + {kept}"));
        let (key, owner) = (bytes(Some(claim.key.digest())), bytes(Some(claim.owner.as_bytes())));
        let label = bytes(Some(claim.key.to_string().as_bytes()));
        let fingerprint = bytes(claim.fingerprint.as_ref().map(Fingerprint::bytes));
        let look = self.look(&claim.key, "ROW_COUNT()", NO_RESULT_READ);
        format!(
            "UPDATE {table} SET state = 'completed', lease_until = NULL, retry_at = NULL, error = NULL, updated_at = {CLOCK},
                 completed_at = {CLOCK}, expires_at = {expires_at}, no_result = {no_result}, result = {result},
                 revision = revision + 1
             WHERE `key` = {key} AND owner = {owner} AND fence = {fence} AND CAST(label AS BINARY) = {label}
                 AND fingerprint <=> {fingerprint} AND CAST(state AS BINARY) IN ('running', 'parked') AND {sound};
             {look}"
        )
    }

    /// Renews, and reads who holds what then. Keys are locked in one order, so that two batches do not wait for each other.
    pub(super) fn renew(&self, asked: &[(&RenewRequest, i64)]) -> String {
        let (Self { table, .. }, sound, min_grace) = (self, sound(), micros(MIN_GRACE));
        let key = |request: &RenewRequest| bytes(Some(request.key.digest()));
        let keys = list(asked.iter().map(|(request, _)| key(request)));
        let claims = list(asked.iter().map(|(request, _)| {
            let (owner, label) = (bytes(Some(request.owner.as_bytes())), request.key.to_string());
            format!("({}, {owner}, {})", key(request), bytes(Some(label.as_bytes())))
        }));
        let lease = leases(asked);
        let held = format!("`key` IN ({keys}) AND CAST(state AS BINARY) = 'running' AND {sound}");
        format!(
            "UPDATE {table} FORCE INDEX (PRIMARY) SET lease_until = {CLOCK} + {lease}, updated_at = {CLOCK},
                 longest_lease = GREATEST(longest_lease, {lease}), revision = revision + 1,
                 expires_at = CASE WHEN on_stale = 'rerun' AND grace IS NOT NULL
                     THEN {CLOCK} + {lease} + GREATEST(grace, {min_grace}) END
             WHERE {held} AND (`key`, owner, CAST(label AS BINARY)) IN ({claims});
             SELECT `key`, owner, label, lease_until - updated_at AS lease FROM {table} FORCE INDEX (PRIMARY) WHERE {held}"
        )
    }

    /// A row of a newer format is read, and refused: its own idea of its end is not known here.
    pub(super) fn page(&self, asked: &ListQuery) -> String {
        let Self { table, columns } = self;
        let same = |column: &str, text: Option<&str>| {
            text.map(|text| format!(" AND CAST({column} AS BINARY) = {}", bytes(Some(text.as_bytes()))))
                .unwrap_or_default()
        };
        let after = bytes(Some(asked.after.as_ref().map_or(&[], |digest| digest.as_slice())));
        let (task, state) =
            (same("task", asked.task.as_deref()), same("state", asked.state.map(|state| state.as_str())));
        let limit = asked.page();
        format!(
            "SELECT {columns}, result, revision FROM {table}
             WHERE `key` > {after}{task}{state}
                 AND (expires_at IS NULL OR expires_at > {CLOCK} OR format > {RECORD_FORMAT})
             ORDER BY `key` LIMIT {limit}"
        )
    }

    pub(super) fn over(&self, after: &Place, limit: usize) -> String {
        let (Self { table, columns }, at, key) = (self, after.expires_at, bytes(Some(&after.key)));
        // The place is given twice, because no index is used to compare two columns at once.
        format!(
            "SELECT {columns}, {NO_RESULT_READ}, revision FROM {table}
             WHERE expires_at <= {CLOCK} AND expires_at >= {at} AND (expires_at > {at} OR `key` > {key})
             ORDER BY expires_at, `key` LIMIT {limit}"
        )
    }

    pub(super) fn stale(&self, limit: usize) -> String {
        let Self { table, columns } = self;
        format!(
            "SELECT {columns}, {NO_RESULT_READ}, revision FROM {table}
             WHERE lease_until <= {CLOCK} AND state = 'running' AND (expires_at IS NULL OR expires_at > {CLOCK})
             ORDER BY lease_until LIMIT {limit}"
        )
    }

    /// The rows were read without a lock: what was renewed or taken over meanwhile is not over any more, and what somebody
    /// works on is not waited for. The limit is what makes the locks come first.
    pub(super) fn remove(&self, keys: &[&[u8]]) -> String {
        let (Self { table, .. }, limit) = (self, keys.len());
        let keys = list(keys.iter().map(|key| bytes(Some(key))));
        let over = format!("expires_at <= {CLOCK} AND format <= {RECORD_FORMAT}");
        format!(
            "DELETE held FROM (
                 SELECT `key` FROM {table} FORCE INDEX (PRIMARY) WHERE `key` IN ({keys}) AND {over}
                 LIMIT {limit} FOR UPDATE SKIP LOCKED
             ) AS free STRAIGHT_JOIN {table} AS held FORCE INDEX (PRIMARY) ON held.`key` = free.`key` WHERE {over}"
        )
    }

    /// Changes nothing that anybody sees, and is a transaction that the server has to keep.
    pub(super) fn nothing(&self, key: &[u8; 32]) -> String {
        let (Self { table, .. }, key, owner) = (self, bytes(Some(key)), bytes(Some(&[0; 16])));
        format!(
            "START TRANSACTION;
             INSERT INTO {table} (`key`, label, task, version, state, owner, fence, attempt, longest_lease, host, process,
                 on_stale, created_at, updated_at, format, revision)
             VALUES ({key}, '', '', 0, 'cleared', {owner}, 0, 0, 0, '', 0, 'rerun', 0, 0, 1, 0);
             DELETE FROM {table} WHERE `key` = {key};
             COMMIT"
        )
    }

    fn look(&self, key: &Key, written: &str, result: &str) -> String {
        let (Self { table, columns }, key) = (self, bytes(Some(key.digest())));
        format!(
            "SELECT {CLOCK} AS read_at, {written} AS written, {columns}, {result}, revision
             FROM (SELECT 1) AS one LEFT JOIN {table} ON `key` = {key}"
        )
    }
}

fn names() -> String {
    list(WRITTEN.iter().map(|column| format!("`{column}`")))
}

fn literals(record: &Record) -> Result<Vec<String>, StoreError> {
    let mut literals = Literals::default();
    row::write(record, &mut literals)?;
    Ok(literals.0)
}

/// The lease that is asked for a row: commonly the same for all, and looked up where not.
fn leases(asked: &[(&RenewRequest, i64)]) -> String {
    let most = asked.first().map_or(0, |(_, lease)| *lease);
    let others = asked.iter().filter(|(_, lease)| *lease != most);
    let when =
        |(request, lease): &(&RenewRequest, i64)| format!(" WHEN {} THEN {lease}", bytes(Some(request.key.digest())));
    match others.map(when).collect::<String>() {
        none if none.is_empty() => most.to_string(),
        cases => format!("CASE `key`{cases} ELSE {most} END"),
    }
}

/// What has to be so of a row that is changed without having been read: its time is not over, and it would read.
fn sound() -> String {
    let longest = u32::MAX;
    format!(
        "(expires_at IS NULL OR expires_at > {CLOCK}) AND format BETWEEN 0 AND {RECORD_FORMAT}
         AND attempt BETWEEN 0 AND {longest} AND process BETWEEN 0 AND {longest} AND fence >= 0 AND longest_lease >= 0
         AND (max_attempts IS NULL OR max_attempts BETWEEN 0 AND {longest}) AND (grace IS NULL OR grace BETWEEN 0 AND {LONGEST})
         AND CAST(on_stale AS BINARY) IN ('rerun', 'park', 'reconcile') AND result IS NULL AND no_result IS NULL"
    )
}
