//! One attribute makes an async task handler idempotent.
