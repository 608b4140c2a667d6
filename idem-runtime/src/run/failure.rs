//! What becomes of a key whose body ended without a value.

use std::fmt::{self, Display, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::{Call, Ops};
use crate::claim::Failure;
use crate::lease::Panic;
use crate::policy::{ErrorDisposition, OnError, OnStale};

/// The message of a failure is kept up to so many bytes: every duplicate reads it.
const LONGEST_MESSAGE: usize = 4 * 1024;

/// A failure is remembered for a hundred years at the most, as the attributes have it: servers cannot count to every end.
const LONGEST_MEMORY: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

/// The end of a claim without a result.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) how: Failure,
    /// What ended it; shown in events, which show no values.
    pub(super) why: &'static str,
    /// What the error said; for the record alone.
    pub(super) message: Option<String>,
}

/// What the task does with this error, or the panic of a function of its own over it.
pub(super) fn judged<T, E>(call: &Call, ops: &Ops<T, E>, error: &E) -> Result<Ended, Panic> {
    let judge = || {
        let disposition = match (call.settings.on_error, ops.judge) {
            (OnError::Store(ttl), _) => ErrorDisposition::Store(ttl),
            (OnError::Judge, Some(judge)) => judge(error),
            (OnError::Release | OnError::Judge, _) => ErrorDisposition::Retry,
        };
        (disposition, ops.message.map(|message| message(error)))
    };
    let (disposition, message) = catch_unwind(AssertUnwindSafe(judge))?;
    let how = match disposition {
        ErrorDisposition::Retry => Failure::Release,
        ErrorDisposition::Store(ttl) => Failure::Store(ttl.min(LONGEST_MEMORY)),
        ErrorDisposition::Park => Failure::Park,
    };
    Ok(Ended { how, why: "the body returned an error", message })
}

/// The body ended nobody knows where: its effect may have taken place, which under `park` an operator decides. Under
/// `reconcile` its function does, when the lease is over: until then something of the body may go on. Nothing ends it.
pub(super) fn abandoned(on_stale: OnStale, why: &'static str) -> Option<Ended> {
    let how = match on_stale {
        OnStale::Rerun => Failure::Release,
        OnStale::Park => Failure::Park,
        OnStale::Reconcile => return None,
    };
    Some(Ended { how, why, message: None })
}

/// What an error says, as a record keeps it.
pub(crate) fn message<E: Display + ?Sized>(error: &E) -> String {
    let mut kept = Kept(String::new());
    // An error here is the end of the room, or the error's own: what was said until then is kept.
    _ = write!(kept, "{error}");
    kept.0
}

/// A text that takes no more than there is room for.
struct Kept(String);

impl Write for Kept {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let fits = text.floor_char_boundary(LONGEST_MESSAGE - self.0.len());
        // No text of PostgreSQL's holds a NUL.
        self.0.extend(text[..fits].chars().map(|c| if c == '\0' { ' ' } else { c }));
        if fits < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_kept_as_far_as_there_is_room_and_without_nul() {
        let long = "ä".repeat(LONGEST_MESSAGE);
        let check = |error: &dyn Display, kept: &str| assert_eq!(message(error), kept);
        check(&"refused", "refused");
        check(&"a\0b", "a b");
        check(&long, &"ä".repeat(LONGEST_MESSAGE / 2));
        // What comes behind the cut does not follow it, though a byte is left.
        check(&format_args!("x{long}{}", "y"), &format!("x{}", "ä".repeat(LONGEST_MESSAGE / 2 - 1)));
        check(&format!("x{long}"), &format!("x{}", "ä".repeat(LONGEST_MESSAGE / 2 - 1)));
    }

    #[test]
    fn a_display_that_fails_is_kept_as_far_as_it_came() {
        struct Halfway;
        impl Display for Halfway {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("half")?;
                Err(fmt::Error)
            }
        }
        assert_eq!(message(&Halfway), "half");
    }
}
