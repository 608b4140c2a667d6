//! What the store is, as its server says it.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::dialect::Server;
use crate::store::sql::dialect::Trouble;
use crate::store::sql::run::Operation;
use crate::store::{Description, Durability, Setting};

/// Standbys that take the log as it is; consumers of logical replication take nothing over.
const DESCRIBE: &str = "SELECT current_setting('server_version'), current_setting('synchronous_commit'),
    current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_standby_names'),
    current_setting('transaction_isolation'),
    (SELECT relpersistence::text FROM pg_class WHERE oid = to_regclass($1)),
    (SELECT count(*) FROM pg_stat_replication WHERE pid NOT IN
        (SELECT active_pid FROM pg_replication_slots WHERE slot_type = 'logical' AND active_pid IS NOT NULL))";

pub(super) struct Describe;

impl Operation<Server> for Describe {
    type Answer = Description;

    async fn attempt(&self, server: &Server, connection: &mut PgConnection) -> Result<Description, Trouble> {
        let row = sqlx::query(DESCRIBE).bind(&*server.table).fetch_one(connection).await;
        let row = row.map_err(Trouble::First)?;
        Ok(Description {
            kind: "postgres".into(),
            version: Some(row.try_get(0)?),
            location: format!("{}, table {}", server.name, server.table),
            durability: Durability::Disk,
            settings: settings(&row)?,
        })
    }
}

fn settings(row: &PgRow) -> Result<Vec<Setting>, sqlx::Error> {
    let text = |at| row.try_get::<String, _>(at);
    let (commit, fsync, pages, standbys, isolation) = (text(1)?, text(2)?, text(3)?, text(4)?, text(5)?);
    let persistence: Option<String> = row.try_get(6)?;
    let replicas: i64 = row.try_get(7)?;
    let persistence = if persistence.as_deref() == Some("u") { "unlogged" } else { "logged" };
    Ok(vec![
        setting("synchronous_commit", &commit),
        setting("fsync", &fsync),
        setting("full_page_writes", &pages),
        setting("table", persistence),
        replication(&standbys, replicas),
        setting("transaction_isolation", &isolation),
    ])
}

fn setting(name: &str, value: &str) -> Setting {
    let harm = match (name, value) {
        ("synchronous_commit", "off" | "local" | "remote_write") => {
            Some("a crash can take back claims and completions that were answered: their bodies run again")
        }
        ("fsync", "off") => Some("a crash of the machine can damage the database and lose every record"),
        ("full_page_writes", "off") => Some("a power cut in the middle of a write can damage the tables"),
        ("table", "unlogged") => Some("a crash of the server empties the table: every call runs again"),
        _ => None,
    };
    Setting { name: name.into(), value: value.into(), harm: harm.map(str::to_owned) }
}

/// With a standby that is not waited for, a failover goes back in time.
fn replication(standbys: &str, replicas: i64) -> Setting {
    let harm = "a failover to a standby that is behind forgets claims and completions that were answered";
    let value = match (standbys, replicas) {
        ("", 0) => "none".to_owned(),
        ("", _) => "asynchronous".to_owned(),
        (standbys, _) => format!("synchronous ({standbys})"),
    };
    let harm = (value == "asynchronous").then(|| harm.to_owned());
    Setting { name: "replication".into(), value, harm }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_weaken_the_promise_say_so() {
        let cases = [
            ("synchronous_commit", "on", false),
            ("synchronous_commit", "remote_apply", false),
            ("synchronous_commit", "off", true),
            ("synchronous_commit", "local", true),
            ("fsync", "on", false),
            ("fsync", "off", true),
            ("full_page_writes", "off", true),
            ("table", "logged", false),
            ("table", "unlogged", true),
            ("transaction_isolation", "serializable", false),
        ];
        for (name, value, harmful) in cases {
            assert_eq!(setting(name, value).harm.is_some(), harmful, "{name} = {value}");
        }
        for (standbys, replicas, harmful) in [("", 0, false), ("", 1, true), ("ANY 1 (a, b)", 2, false)] {
            assert_eq!(replication(standbys, replicas).harm.is_some(), harmful, "{standbys}, {replicas}");
        }
    }
}
