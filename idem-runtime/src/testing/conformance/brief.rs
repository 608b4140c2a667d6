//! Answers in a few words, for the list of steps.

use std::sync::Arc;

use crate::claim::{
    AdmitVerdict, CancelVerdict, ClaimVerdict, ClearVerdict, CompleteVerdict, FailVerdict, RenewVerdict, ResolveVerdict,
};
use crate::clock::Timestamp;
use crate::record::Record;
use crate::store::{StoreError, SweepReport};

/// Says it in a few words.
pub(super) trait Brief {
    fn brief(&self) -> String;
}

/// `completed, attempt 1, fence 17, of c0…07`
impl Brief for Record {
    fn brief(&self) -> String {
        let owner = self.owner.as_bytes().last().copied().unwrap_or(0);
        format!("{}, attempt {}, fence {}, of owner …{owner:02x}", self.state, self.attempt, self.fence)
    }
}

impl Brief for Timestamp {
    fn brief(&self) -> String {
        self.to_string()
    }
}

impl Brief for Arc<Record> {
    fn brief(&self) -> String {
        Record::brief(self)
    }
}

impl<T: Brief> Brief for Option<T> {
    fn brief(&self) -> String {
        self.as_ref().map_or_else(|| "nothing".into(), Brief::brief)
    }
}

impl<T: Brief> Brief for Vec<T> {
    fn brief(&self) -> String {
        if self.len() > 3 {
            return format!("{} of them", self.len());
        }
        let each: Vec<_> = self.iter().map(Brief::brief).collect();
        format!("[{}]", each.join("; "))
    }
}

impl<T: Brief> Brief for Result<T, StoreError> {
    fn brief(&self) -> String {
        self.as_ref().map_or_else(|error| format!("error: {error}"), Brief::brief)
    }
}

impl Brief for ClaimVerdict {
    fn brief(&self) -> String {
        match self {
            Self::Claimed(claimed) => {
                let previous =
                    claimed.previous.map_or_else(String::new, |before| format!(", taken over from {before:?}"));
                let (attempt, fence, left) = (claimed.attempt, claimed.fence, claimed.lease_left);
                format!("Claimed(attempt {attempt}, fence {fence}, lease left {left:?}{previous})")
            }
            Self::Running { lease_left, record } => format!("Running(lease left {lease_left:?}; {})", record.brief()),
            Self::Completed(record) => format!("Completed({})", record.brief()),
            Self::Failed(record) => format!("Failed({})", record.brief()),
            Self::Parked(record) => format!("Parked({})", record.brief()),
            Self::Cancelled(record) => format!("Cancelled({})", record.brief()),
            Self::Stale => "Stale".into(),
            Self::Mismatch { arguments } => format!("Mismatch({})", arguments.join(", ")),
        }
    }
}

impl Brief for AdmitVerdict {
    fn brief(&self) -> String {
        match self {
            Self::Admitted => "Admitted".into(),
            Self::Queued { left, record } => format!("Queued(left {left:?}; {})", record.brief()),
            Self::Running { lease_left, record } => format!("Running(lease left {lease_left:?}; {})", record.brief()),
            Self::Completed(record) => format!("Completed({})", record.brief()),
            Self::Failed(record) => format!("Failed({})", record.brief()),
            Self::Unknown(record) => format!("Unknown({})", record.brief()),
            Self::Cancelled(record) => format!("Cancelled({})", record.brief()),
            Self::Stale => "Stale".into(),
            Self::Mismatch { arguments } => format!("Mismatch({})", arguments.join(", ")),
        }
    }
}

impl Brief for CompleteVerdict {
    fn brief(&self) -> String {
        match self {
            Self::Completed { record, restored } => {
                let restored = if *restored { ", restored" } else { "" };
                format!("Completed({}{restored})", record.brief())
            }
            Self::LeaseLost(found) => format!("LeaseLost({found:?})"),
        }
    }
}

macro_rules! brief_by_debug {
    ($($type:ty),*) => {
        $(impl Brief for $type {
            fn brief(&self) -> String {
                format!("{self:?}")
            }
        })*
    };
}

brief_by_debug!(RenewVerdict, FailVerdict, CancelVerdict, ClearVerdict, ResolveVerdict, StoreError);

impl Brief for SweepReport {
    fn brief(&self) -> String {
        format!("removed {}, stale {}, bad {}", self.removed, self.stale.len(), self.bad.len())
    }
}
