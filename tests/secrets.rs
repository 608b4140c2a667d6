//! Whatever is logged, shown or told holds no argument, no result and no password. A program of its own, since it listens to every
//! event of the process.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use idem::testing::{Fault, FaultStore, ManualClock, Op};
use idem::{Delivery, Error, MemoryStore, Runtime, Store, StoreError, idempotent};

/// Each stands for something else that must not show. A body's error is the application's own, and is kept only where it says so.
const ARGUMENT: &str = "planted-argument-4711";
const RESULT: &str = "planted-result-0815";
const PASSWORD: &str = "planted-password-xyzzy";
const FAILURE: &str = "planted-failure-plugh";

#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error(transparent)]
    Idem(#[from] Error),
    #[error("{FAILURE}")]
    Refused,
}

#[idempotent(name = "secrets.plain", ttl = "1h")]
async fn plain(text: String, fails: bool) -> Result<String, AppError> {
    let kept = idem::step("one", async || Ok::<_, AppError>(RESULT.to_owned())).await?;
    if fails { Err(AppError::Refused) } else { Ok(format!("{kept}{}", text.len())) }
}

#[idempotent(name = "secrets.strict", ttl = "1h", strict, scope = "user", on_stale = "park")]
async fn strict(user: String, text: String) -> Result<String, AppError> {
    let _ = (user, text);
    Ok(RESULT.to_owned())
}

#[idempotent(name = "secrets.remembers", on_error = "store", error_ttl = "1h")]
async fn remembers(text: String) -> Result<String, AppError> {
    let _ = text;
    Err(AppError::Refused)
}

#[idempotent(name = "secrets.small", ttl = "1h", max_result = "4B", on_store_error = "run")]
async fn small(text: String) -> Result<String, AppError> {
    let _ = text;
    Ok(RESULT.to_owned())
}

/// Everything that was logged, at every level, with its fields.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn write(&self, line: impl fmt::Display) {
        self.0.lock().unwrap().push(line.to_string());
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        let mut line = span.metadata().name().to_owned();
        span.record(&mut Fields(&mut line));
        self.write(line);
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        let mut line = String::new();
        values.record(&mut Fields(&mut line));
        self.write(line);
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = event.metadata().target().to_owned();
        event.record(&mut Fields(&mut line));
        self.write(line);
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

struct Fields<'a>(&'a mut String);

impl tracing::field::Visit for Fields<'_> {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        use fmt::Write as _;
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

fn text() -> String {
    ARGUMENT.to_owned()
}

/// What an error says, and what it and everything in it shows.
fn tell(log: &Log, error: &AppError) {
    if let AppError::Idem(error) = error {
        log.write(format!("{error} {error:?} {error:#?}"));
    }
}

/// Calls that run, repeat, fail, meet, are refused, looked at and explained.
async fn everything(runtime: &Runtime, faults: &FaultStore, log: &Log) {
    let outcome = plain::call(text(), false).await.unwrap();
    log.write(format!("{:?}", outcome.call()));
    assert!(plain::call(text(), false).await.unwrap().is_replayed());
    assert!(matches!(plain(text(), true).await, Err(AppError::Refused)));
    assert!(plain(text(), true).await.is_err());
    strict(text(), text()).await.unwrap();
    tell(log, &strict(text(), text()).await.unwrap_err());
    assert!(matches!(remembers(text()).await, Err(AppError::Refused)));
    small(text()).await.unwrap();
    tell(log, &small(text()).await.unwrap_err());
    let delivery = |other: &'static str| {
        Delivery::new().idempotency_key("order-1").unwrap().run(plain(other.to_owned() + ARGUMENT, false))
    };
    delivery("a").await.unwrap();
    tell(log, &delivery("b").await.unwrap_err());
    let away = StoreError::Unavailable { store: "the test's store".into(), reason: "away".into() };
    faults.faults().always(Op::Claim, Fault::Error(away));
    tell(log, &plain("new".to_owned() + ARGUMENT, false).await.unwrap_err());
    small("new".to_owned() + ARGUMENT).await.unwrap();
    faults.faults().heal();
    for key in [plain::key(&text(), &false), strict::key(&text(), &text()), small::key(&text())] {
        let key = key.unwrap();
        log.write(format!("{key} {key:?} {}", runtime.explain(&key).await.unwrap()));
        log.write(format!("{:?}", runtime.status(&key).await.unwrap()));
    }
    log.write(format!("{:?}", plain::admit(&text(), &false).await.unwrap().without_its_value()));
    strict::cancel(&text(), &text()).await.unwrap();
    log.write(format!("{runtime:?} {:?} {faults:?}", runtime.audit(Vec::<idem::Expected>::new()).await.unwrap()));
    runtime.sweep().await.unwrap();
    log.write(runtime.shutdown(Duration::from_secs(10)).await);
    tell(log, &plain(text(), false).await.unwrap_err());
}

trait WithoutItsValue {
    fn without_its_value(&self) -> String;
}

impl<T> WithoutItsValue for idem::Admission<T> {
    fn without_its_value(&self) -> String {
        match self {
            idem::Admission::New(ticket) => format!("{ticket:?}"),
            idem::Admission::AlreadyDone(outcome) => format!("{:?}", outcome.call()),
            idem::Admission::AlreadyQueued => "queued".into(),
            idem::Admission::AlreadyRunning => "running".into(),
        }
    }
}

#[tokio::test]
async fn nothing_that_is_logged_or_told_shows_a_value_or_a_password() {
    let log = Log::default();
    tracing::subscriber::set_global_default(log.clone()).unwrap();
    let clock = ManualClock::new();
    let memory: Arc<dyn Store> = Arc::new(MemoryStore::builder().clock(Arc::new(clock.clone())).build());
    #[allow(unused_mut, reason = "without the drivers there is one")]
    let mut stores = vec![memory];
    #[cfg(feature = "sqlite")]
    let folder = tempfile::tempdir().unwrap();
    #[cfg(feature = "sqlite")]
    stores.push(Arc::new(idem::SqliteStore::open(folder.path().join("idem.db")).await.unwrap()));
    for store in stores {
        let faults = FaultStore::new(store);
        let runtime = Runtime::builder().store(faults.clone()).namespace("secrets").build().unwrap();
        runtime.enter(everything(&runtime, &faults, &log)).await;
    }
    for scheme in ["postgres", "mysql", "redis", "rediss", "sqlite", "nothing"] {
        for rest in ["127.0.0.1:1/db", "not a host/db", "127.0.0.1:99999999/db", "", "[::1/db", "127.0.0.1:1/db?x=%zz"]
        {
            let url = format!("{scheme}://user:{PASSWORD}@{rest}");
            if let Err(error) = idem::connect(&url).await {
                log.write(format!("{error} {error:?}"));
            }
        }
    }
    let log = log.0.lock().unwrap();
    assert!(log.len() > 60, "only {} lines were looked at", log.len());
    assert!(log.iter().any(|line| line.contains("secrets.plain")), "the events were not heard");
    for planted in [ARGUMENT, RESULT, PASSWORD, FAILURE] {
        let found: Vec<_> = log.iter().filter(|line| line.contains(planted)).collect();
        assert!(found.is_empty(), "{planted} shows in: {found:#?}");
    }
}
