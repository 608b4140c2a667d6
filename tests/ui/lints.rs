//! No lint fires in a user's code because of an attribute: Clippy reads these handlers with all of pedantic and nursery on.
#![deny(warnings, missing_docs, missing_debug_implementations, unreachable_pub, unsafe_code, unused)]
#![deny(
    unused_qualifications,
    unused_lifetimes,
    elided_lifetimes_in_paths,
    let_underscore_drop,
    unused_results,
    single_use_lifetimes
)]
#![deny(
    trivial_casts,
    trivial_numeric_casts,
    redundant_lifetimes,
    unnameable_types,
    unit_bindings,
    tail_expr_drop_order
)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery)]
#![deny(
    clippy::allow_attributes_without_reason,
    clippy::absolute_paths,
    clippy::shadow_unrelated,
    clippy::shadow_reuse
)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::as_conversions)]

/// Handlers that others may call.
pub mod handlers {
    use std::borrow::Cow;
    use std::fmt::Display;
    use std::future::ready;
    use std::pin::Pin;
    use std::sync::Arc;

    use futures::future::{BoxFuture, FutureExt as _};
    use idem::{Error, idempotent, idempotent_daily, idempotent_once, not_idempotent, strict};
    use serde::{Deserialize, Serialize};
    use tracing::instrument;

    /// What was sent.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct Receipt {
        /// By this.
        pub id: u64,
    }

    /// Whom it concerns.
    #[derive(Debug, Clone, Copy, Serialize)]
    pub struct Account {
        /// Its number.
        pub id: u64,
    }

    type Answer<T> = Result<T, Error>;

    /// At most one digest per user and day.
    ///
    /// # Errors
    /// None of its own.
    #[idempotent(name = "lints.digest", ttl = "48h", scope = "user", date_based)]
    pub async fn digest(user: u64, mut topic: String, #[idem(skip)] attempt: u32) -> Result<Receipt, Error> {
        topic.push('!');
        later().await;
        Ok(Receipt { id: user + u64::from(attempt) })
    }

    /// By references.
    ///
    /// # Errors
    /// None of its own.
    #[idempotent(name = "lints.borrowed", key(text, bytes, more, maybe, account.id))]
    pub async fn borrowed<'a>(
        text: &str,
        bytes: &'a [u8],
        more: Cow<'_, str>,
        maybe: Option<&'a str>,
        account: &Account,
    ) -> Result<usize, Error> {
        later().await;
        Ok(text.len() + bytes.len() + more.len() + maybe.map_or(0, str::len) + usize::from(account.id > 0))
    }

    /// With everything that may be generic.
    ///
    /// # Errors
    /// None of its own.
    #[idempotent(name = "lints.generic", skip(make, copies))]
    pub async fn generic<F, const N: usize>(
        make: F,
        user: u64,
        copies: [u8; N],
        #[idem(skip)] log: impl Display + Send,
    ) -> anyhow::Result<String>
    where
        F: Fn(u64) -> String + Send,
    {
        later().await;
        Ok(format!("{}{}{log}", make(user), copies.len()))
    }

    /// Out of patterns.
    ///
    /// # Errors
    /// None of its own.
    #[idempotent_daily(name = "lints.patterns", skip(a, b))]
    pub async fn patterns((a, b): (u8, u8), Account { id }: Account, _unused: u8) -> Answer<u64> {
        later().await;
        Ok(id + u64::from(a) + u64::from(b))
    }

    /// Without arguments.
    ///
    /// # Errors
    /// None of its own.
    #[idempotent_once(name = "lints.migrate", key(), result = "discard", on_in_progress = "skip")]
    pub async fn migrate() -> Answer<()> {
        later().await;
        Ok(())
    }

    /// With all that can be said.
    ///
    /// # Errors
    /// None of its own.
    #[strict]
    #[idempotent(
        name = "lints.policies",
        version = 2,
        ttl = "7d",
        category = "critical",
        lease = "1m",
        scope("tenant", customer = account.id),
        key(account.id),
        on_in_progress = "wait",
        wait = "10s",
        on_store_error = "run",
        expires_after = "2h",
        max_runtime = "15m",
        max_result = "2MiB",
        store = "billing",
        error = Error::from,
        companion = Policies
    )]
    pub async fn policies(account: Account) -> Answer<Receipt> {
        later().await;
        Ok(Receipt { id: account.id })
    }

    /// Boxes its future.
    #[idempotent(name = "lints.boxed")]
    pub fn boxed(text: &str) -> Pin<Box<dyn Future<Output = Result<usize, Error>> + Send + '_>> {
        Box::pin(async move {
            later().await;
            Ok(text.len())
        })
    }

    /// The same, under other names.
    #[idempotent(name = "lints.boxed_by_alias")]
    pub fn boxed_by_alias(text: String) -> BoxFuture<'static, Answer<usize>> {
        async move {
            later().await;
            Ok(text.len())
        }
        .boxed()
    }

    /// Traced from both sides.
    ///
    /// # Errors
    /// None of its own.
    #[instrument(skip_all, fields(user), err)]
    #[idempotent(name = "lints.traced")]
    pub async fn traced(user: u64) -> Answer<u64> {
        later().await;
        Ok(user)
    }

    /// Traced from the other side.
    ///
    /// # Errors
    /// None of its own.
    #[idempotent(name = "lints.traced_below")]
    #[instrument(err, ret)]
    pub async fn traced_below(user: u64) -> Answer<u64> {
        later().await;
        Ok(user)
    }

    /// Reads only.
    ///
    /// # Errors
    /// None of its own.
    #[not_idempotent(reason = "reads only")]
    #[must_use]
    pub const fn find(user: u64) -> u64 {
        user
    }

    /// Has methods.
    #[expect(
        clippy::unsafe_derive_deserialize,
        reason = "the lint looks into the registration inside of the methods, which is inventory's"
    )]
    #[derive(Debug, Clone, Serialize, Deserialize)]
    pub struct Mailer {
        sent: u64,
    }

    impl Mailer {
        /// By reference.
        ///
        /// # Errors
        /// None of its own.
        #[idempotent(name = "lints.mailer.send")]
        pub async fn send(&self, user: u64) -> Answer<u64> {
            later().await;
            Ok(self.sent + user)
        }

        /// By mutable reference.
        ///
        /// # Errors
        /// None of its own.
        #[idempotent(name = "lints.mailer.push")]
        pub async fn push(&mut self, user: u64) -> Answer<u64> {
            later().await;
            self.sent += user;
            Ok(self.sent)
        }

        /// Shared.
        ///
        /// # Errors
        /// None of its own.
        #[idempotent(name = "lints.mailer.shared")]
        pub async fn shared(self: Arc<Self>, user: u64) -> Answer<u64> {
            later().await;
            Ok(self.sent + user)
        }

        /// Without a receiver.
        ///
        /// # Errors
        /// None of its own.
        #[idempotent(name = "lints.mailer.open")]
        pub async fn open(sent: u64) -> Answer<Self> {
            later().await;
            Ok(Self { sent })
        }
    }

    /// Sends.
    #[async_trait::async_trait]
    pub trait Sends {
        /// Sends it.
        ///
        /// # Errors
        /// None of its own.
        async fn notify(&self, user: u64, text: &str) -> Answer<u64>;
    }

    #[async_trait::async_trait]
    impl Sends for Mailer {
        #[idempotent(name = "lints.mailer.notify")]
        async fn notify(&self, mut user: u64, text: &str) -> Answer<u64> {
            later().await;
            user += 1;
            Ok(self.sent + user + u64::from(text.is_empty()))
        }
    }

    /// Calls handlers that nobody else sees.
    ///
    /// # Errors
    /// None of its own.
    pub async fn all(user: u64) -> Answer<u64> {
        Ok(private(user, "x").await? + Box::pin(recursive(1)).await?)
    }

    #[idempotent(name = "lints.private")]
    async fn private(user: u64, text: &str) -> Answer<u64> {
        if text.is_empty() {
            return Ok(0);
        }
        later().await;
        Ok(user)
    }

    #[idempotent(name = "lints.recursive")]
    pub(crate) async fn recursive(depth: u64) -> Answer<u64> {
        if depth == 0 { Ok(0) } else { Box::pin(recursive(depth - 1)).await }
    }

    async fn later() {
        ready(()).await;
    }
}

#[test]
fn the_handlers_are_those_that_the_attributes_made() {
    use handlers::{Policies, digest, find, recursive};

    let tasks: Vec<&str> = [digest::TASK, Policies::TASK, recursive::TASK].iter().map(|task| task.name()).collect();
    assert_eq!(tasks, ["lints.digest", "lints.policies", "lints.recursive"]);
    assert_eq!(find::TASK.name().rsplit('.').next(), Some("find"));
}
