//! Five handlers, duplicates from a retry loop and from concurrency, and a store that remembers.
//!
//! ```text
//! cargo run --example quickstart --features sqlite
//! cargo run --example quickstart --all-features -- --store redis://127.0.0.1:6379
//! ```
//! Run it twice on one day: the second time every call is answered from the store, or refused where the task is strict.
//! `--fresh` forgets the keys of an earlier run.
#![allow(missing_docs, clippy::print_stdout)]

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use clap::Parser;
use comfy_table::{Table, presets};
use idem::{Outcome, Runtime, idempotent, idempotent_daily, idempotent_once};
use serde::{Deserialize, Serialize};

#[derive(Parser)]
struct Options {
    /// Where the records are: `memory:`, `sqlite:PATH`, `postgres://…`, `mysql://…`, `redis://…`; a file in `target/` unless given.
    #[arg(long)]
    store: Option<String>,
    /// Forgets the keys of an earlier run first.
    #[arg(long)]
    fresh: bool,
}

#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error(transparent)]
    Idem(#[from] idem::Error),
    #[error("the printer is out of paper")]
    OutOfPaper,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Receipt {
    id: String,
}

fn receipt(id: impl Into<String>) -> Result<Receipt, AppError> {
    Ok(Receipt { id: id.into() })
}

/// An alert goes out once, for ever.
#[idempotent_once(name = "alerts.send")]
async fn send_alert(incident: u64) -> Result<Receipt, AppError> {
    receipt(format!("pager-{incident}"))
}

/// One report a user and calendar day.
#[idempotent_daily(name = "reports.daily", scope = "user")]
async fn daily_report(user: u64, topic: String) -> Result<Receipt, AppError> {
    receipt(format!("{topic} for {user}"))
}

/// One payroll run a company and month, whoever starts it and whatever the note says.
/// Kept for longer than the month, so that no later start finds it forgotten.
#[idempotent(name = "payroll.run", ttl = "62d", scope(company = company), key(month))]
async fn run_payroll(company: u32, month: String, note: &str) -> Result<Receipt, AppError> {
    receipt(format!("{company} {month} ({note})"))
}

/// Money moves once, and whoever asks again is told so instead of being answered.
#[idempotent(name = "bank.transfer", ttl = "7d", strict)]
async fn transfer(order: u64, cents: u64) -> Result<Receipt, AppError> {
    receipt(format!("order {order}: {cents} cents"))
}

/// Fails the first time; a failure is not remembered.
#[idempotent(name = "labels.print", ttl = "24h")]
async fn print_label(parcel: u64) -> Result<Receipt, AppError> {
    static JAMMED: AtomicBool = AtomicBool::new(true);
    if JAMMED.swap(false, Ordering::SeqCst) {
        return Err(AppError::OutOfPaper);
    }
    receipt(format!("label {parcel}"))
}

/// Every call and its outcome.
struct Calls {
    table: Table,
    replayed: usize,
    total: usize,
}

impl Calls {
    fn add(&mut self, call: &str, outcome: Result<Outcome<Receipt>, AppError>) {
        let (kind, attempt, said) = match outcome {
            Ok(outcome) => {
                self.replayed += usize::from(outcome.is_replayed());
                (outcome.kind(), outcome.call().attempt.to_string(), outcome.value().id.clone())
            }
            Err(AppError::Idem(error)) if error.is_duplicate() => ("refused", "–".into(), "completed before".into()),
            Err(error) => ("failed", "–".into(), error.to_string()),
        };
        self.total += 1;
        self.table.add_row([call, kind, &attempt, &said]);
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Options { store, fresh } = Options::parse();
    let url = match store {
        Some(url) => url,
        None => default_file()?,
    };
    let runtime = Runtime::builder().store(idem::connect(&url).await?).namespace("quickstart").build()?;
    runtime.install()?;
    let report = runtime.audit(idem::tasks![send_alert, daily_report, run_payroll, transfer, print_label]).await?;
    println!("{report}");
    if let Err(error) = report.require_full() {
        println!("An application would stop here: {error}\n");
    }
    if fresh {
        forget().await?;
    }
    let known = send_alert::status(&17).await?.is_some();

    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header(["call", "outcome", "attempt", "answer"]);
    let mut calls = Calls { table, replayed: 0, total: 0 };

    for delivery in 1..=3 {
        calls.add(&format!("send_alert(17), delivery {delivery}"), send_alert::call(17).await);
    }
    let (a, b, c) = tokio::join!(
        daily_report::call(7, "sales".into()),
        daily_report::call(7, "sales".into()),
        daily_report::call(8, "sales".into()),
    );
    calls.add("daily_report(7, sales), at once", a);
    calls.add("daily_report(7, sales), at once", b);
    calls.add("daily_report(8, sales), another user", c);
    calls.add("run_payroll(1, 2026-11), cron", run_payroll::call(1, "2026-11".into(), "cron").await);
    calls.add("run_payroll(1, 2026-11), by hand", run_payroll::call(1, "2026-11".into(), "by hand").await);
    calls.add("transfer(4711), delivery 1", transfer::call(4711, 99_00).await);
    calls.add("transfer(4711), delivery 2", transfer::call(4711, 99_00).await);
    for attempt in 1..=3 {
        calls.add(&format!("print_label(3), try {attempt}"), print_label::call(3).await);
    }
    println!("{}", calls.table);
    let Calls { replayed, total, .. } = calls;
    match known {
        true => println!("{replayed} of {total} calls were replayed from an earlier run"),
        false => println!("{replayed} of {total} calls were replayed. Run it again: the store remembers"),
    }
    Ok(())
}

fn default_file() -> anyhow::Result<String> {
    let program = std::env::current_exe()?;
    let folder = program.ancestors().nth(3).context("an example lies in target/")?.join("quickstart");
    std::fs::create_dir_all(&folder)?;
    Ok(format!("sqlite:{}", folder.join("idem.db").display()))
}

async fn forget() -> Result<(), idem::Error> {
    send_alert::clear(&17).await?;
    for user in [7, 8] {
        daily_report::clear(&user, &"sales".into()).await?;
    }
    run_payroll::clear(&1, &"2026-11".into()).await?;
    transfer::clear(&4711, &99_00).await?;
    print_label::clear(&3).await?;
    Ok(())
}
