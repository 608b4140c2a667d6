//! Times that a database adds to its own clock, which nobody here has read yet: rows and durations counted from zero.

use std::sync::Arc;

use super::row::micros;
use crate::claim::{ClaimRequest, CompleteRequest, RenewRequest};
use crate::clock::Timestamp;
use crate::policy::Retention;
use crate::record::{Record, State};
use crate::transition::{self, Change};

/// Longer times than this are not added up in a database, where they might not fit: the transition saturates.
pub(crate) const LONGEST: i64 = i64::MAX / 4;

const EPOCH: Timestamp = Timestamp::from_micros(0);

/// The row that a claim writes at time 0 where there is none; `None` where its times do not fit.
pub(crate) fn claimed(request: &ClaimRequest) -> Option<Arc<Record>> {
    match transition::claim(None, request, EPOCH).change {
        Change::Put(row) if row.expires_at.is_none_or(fits) && row.lease_until.is_none_or(fits) => Some(row),
        _ => None,
    }
}

/// How long a completion keeps its record, in microseconds: for ever, for so long, or longer than fits.
pub(crate) fn kept(request: &CompleteRequest) -> Option<Option<i64>> {
    match request.retention {
        Retention::Forever => Some(None),
        Retention::For(kept) => Some(Some(micros(kept)).filter(|kept| *kept <= LONGEST)).filter(Option::is_some),
    }
}

/// The lease that the transition grants for a renewal, in microseconds; `None` where it does not fit.
pub(crate) fn lease(request: &RenewRequest) -> Option<i64> {
    let mut held = Record::new(request.key.clone(), request.owner, EPOCH);
    held.state = State::Running;
    match transition::renew(Some(&held), request, EPOCH).change {
        Change::Put(renewed) => renewed.lease_until.filter(|until| fits(*until)).map(Timestamp::as_micros),
        Change::Keep => None,
    }
}

fn fits(time: Timestamp) -> bool {
    time.as_micros() <= LONGEST
}
