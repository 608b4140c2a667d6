//! What the store is, as its connection says it.

use sqlx::{Row, SqliteConnection};

use super::Inner;
use super::database::text;
use super::writer::Pen;
use crate::store::{Description, Durability, Setting, StoreError};

impl Inner {
    pub(super) async fn describe(&self) -> Result<Description, StoreError> {
        self.writer.run(Pen::describe).await
    }
}

impl Pen {
    fn describe(&mut self) -> Result<Description, StoreError> {
        let mut connection = self.take()?;
        let version = self.sql(text(&mut connection, "SELECT sqlite_version()"))?;
        let journal = self.sql(text(&mut connection, "PRAGMA journal_mode"))?;
        let synchronous = self.sql(number(&mut connection, "PRAGMA synchronous"))?;
        let pages = self.sql(number(&mut connection, "PRAGMA max_page_count"))?;
        let page = self.sql(number(&mut connection, "PRAGMA page_size"))?;
        self.put(connection);
        let harm = journal_harm(&journal);
        let settings = vec![
            setting("journal_mode", journal, harm),
            setting("synchronous", synchronous_name(synchronous), synchronous_harm(synchronous)),
            setting("busy_timeout", humantime::format_duration(self.database.busy_timeout()).to_string(), None),
            setting("max_size", pages.saturating_mul(page).to_string(), None),
        ];
        Ok(Description {
            kind: "sqlite".into(),
            version: Some(version),
            location: self.database.path().display().to_string(),
            durability: Durability::Disk,
            settings,
        })
    }
}

async fn number(connection: &mut SqliteConnection, sql: &'static str) -> Result<i64, sqlx::Error> {
    sqlx::query(sql).fetch_one(connection).await?.try_get(0)
}

fn setting(name: &str, value: String, harm: Option<&str>) -> Setting {
    Setting { name: name.into(), value, harm: harm.map(str::to_owned) }
}

fn journal_harm(mode: &str) -> Option<&'static str> {
    let lost = "a crash in the middle of a write can damage the file";
    matches!(mode, "off" | "memory").then_some(lost)
}

fn synchronous_name(level: i64) -> String {
    match level {
        0 => "off".into(),
        1 => "normal".into(),
        2 => "full".into(),
        3 => "extra".into(),
        other => other.to_string(),
    }
}

fn synchronous_harm(level: i64) -> Option<&'static str> {
    let lost = "a power cut can take back claims and completions that were answered: their bodies run again";
    (level < 2).then_some(lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_weaken_the_promise_say_so() {
        for (mode, harmful) in [("wal", false), ("delete", false), ("truncate", false), ("memory", true), ("off", true)]
        {
            assert_eq!(journal_harm(mode).is_some(), harmful, "{mode}");
        }
        for (level, harmful) in [(0, true), (1, true), (2, false), (3, false)] {
            assert_eq!(synchronous_harm(level).is_some(), harmful, "{}", synchronous_name(level));
        }
    }
}
