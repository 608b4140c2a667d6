//! What the store is, as its server says it.

use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, MySqlConnection, Row};

use super::dialect::Server;
use crate::store::sql::dialect::Trouble;
use crate::store::sql::run::Operation;
use crate::store::{Description, Durability, Setting};

/// Variables, so that one that a server does not have is no error. MariaDB named the isolation otherwise before 11.1.
const DESCRIBE: &str = "SHOW SESSION VARIABLES WHERE Variable_name IN ('version', 'innodb_flush_log_at_trx_commit',
    'log_bin', 'sync_binlog', 'innodb_doublewrite', 'read_only', 'transaction_isolation', 'tx_isolation')";

pub(super) struct Describe;

impl Operation<Server> for Describe {
    type Answer = Description;

    async fn attempt(&self, server: &Server, connection: &mut MySqlConnection) -> Result<Description, Trouble> {
        let engine = format!("SHOW CREATE TABLE {}", server.table);
        let shown = sqlx::raw_sql(DESCRIBE).fetch_all(&mut *connection).await.map_err(Trouble::First)?;
        let table = sqlx::raw_sql(AssertSqlSafe(engine)).fetch_one(connection).await?;
        let variables = Variables::of(&shown)?;
        Ok(Description {
            kind: "mysql".into(),
            version: variables.get("version").map(str::to_owned),
            location: format!("{}, table {}", server.name, server.table),
            durability: Durability::Disk,
            settings: settings(&variables, engine_of(&table.try_get::<String, _>(1)?)),
        })
    }
}

/// What the server calls its settings, and their values.
struct Variables(Vec<(String, String)>);

impl Variables {
    fn of(rows: &[MySqlRow]) -> Result<Self, sqlx::Error> {
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, _>>().map(Self)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| &**value)
    }
}

fn settings(variables: &Variables, engine: &str) -> Vec<Setting> {
    let logs = variables.get("log_bin").is_some_and(is_on);
    let of_server = ["innodb_flush_log_at_trx_commit", "innodb_doublewrite", "log_bin", "sync_binlog", "read_only"];
    let isolation = variables.get("transaction_isolation").or(variables.get("tx_isolation"));
    let shown = of_server.iter().filter_map(|name| Some((*name, variables.get(name)?)));
    let shown = shown.chain(isolation.map(|value| ("transaction_isolation", value))).chain([("engine", engine)]);
    shown.map(|(name, value)| setting(name, value, logs)).collect()
}

fn setting(name: &str, value: &str, logs: bool) -> Setting {
    let harm = match (name, value) {
        ("innodb_flush_log_at_trx_commit", "1") => None,
        ("innodb_flush_log_at_trx_commit", _) => {
            Some("a crash can take back claims and completions that were answered: their bodies run again")
        }
        ("sync_binlog", "1") => None,
        ("sync_binlog", _) if logs => {
            Some("a crash of the machine can take back what was answered, and replicas can miss it: bodies run again")
        }
        ("innodb_doublewrite", value) if !is_on(value) => {
            Some("a power cut in the middle of a write can damage the tables")
        }
        ("read_only", value) if is_on(value) => Some("no record can be written: give the primary's address"),
        ("engine", engine) if !engine.eq_ignore_ascii_case("InnoDB") => {
            Some("a crash of the server can damage the table and lose every record")
        }
        _ => None,
    };
    Setting { name: name.into(), value: value.into(), harm: harm.map(str::to_owned) }
}

/// Words for "on" that the two servers have; `fast` is MariaDB's doublewrite without waiting, and as safe.
fn is_on(value: &str) -> bool {
    matches!(value, "1" | "ON" | "DETECT_AND_RECOVER" | "fast")
}

/// The engine in a statement that makes a table.
fn engine_of(create: &str) -> &str {
    let engine = create.rsplit_once(" ENGINE=").map_or("", |(_, after)| after);
    engine.split(|end: char| !end.is_ascii_alphanumeric()).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_weaken_the_promise_say_so() {
        let cases = [
            ("innodb_flush_log_at_trx_commit", "1", true, false),
            ("innodb_flush_log_at_trx_commit", "2", false, true),
            ("innodb_flush_log_at_trx_commit", "0", false, true),
            ("sync_binlog", "1", true, false),
            ("sync_binlog", "0", true, true),
            ("sync_binlog", "1000", true, true),
            ("sync_binlog", "0", false, false),
            ("innodb_doublewrite", "ON", true, false),
            ("innodb_doublewrite", "OFF", true, true),
            ("innodb_doublewrite", "DETECT_ONLY", true, true),
            ("read_only", "OFF", true, false),
            ("read_only", "ON", true, true),
            ("engine", "InnoDB", true, false),
            ("engine", "MyISAM", true, true),
            ("transaction_isolation", "READ-COMMITTED", true, false),
        ];
        for (name, value, logs, harmful) in cases {
            assert_eq!(setting(name, value, logs).harm.is_some(), harmful, "{name} = {value}");
        }
    }

    #[test]
    fn the_engine_is_read_from_what_makes_the_table() {
        let create = "CREATE TABLE `x` (\n  `key` binary(32) NOT NULL COMMENT ' ENGINE=x'\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4";
        assert_eq!(engine_of(create), "InnoDB");
        assert_eq!(engine_of(""), "");
    }
}
