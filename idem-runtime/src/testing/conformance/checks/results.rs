//! Results come back as they were given.

use crate::claim::{ClaimVerdict, CompleteVerdict};
use crate::record::StoredResult;
use crate::testing::conformance::bench::{Bench, Checked, Stop, hold, want};
use crate::testing::conformance::prng::Prng;
use crate::testing::conformance::worker::{replays, same_result};

/// Nothing, one byte, around the sizes that formats and pages break at, and the default limit.
const SIZES: &[usize] = &[0, 1, 2, 255, 256, 4_095, 65_535, 65_536, 1_048_575, 1_048_576];

pub(super) async fn results_are_equal_byte_for_byte(bench: &Bench) -> Checked {
    let mut prng = Prng::new(7);
    for size in SIZES {
        let bytes: Vec<u8> = (0..*size).map(|_| prng.byte()).collect();
        kept(bench, &bytes).await?;
    }
    Ok(())
}

/// Bytes that a store might take for text, an end, a nothing or a figure of its own.
pub(super) async fn odd_results_are_equal_byte_for_byte(bench: &Bench) -> Checked {
    let all: Vec<u8> = (0..=255).collect();
    let odd: [&[u8]; 10] =
        [b"\0", b"null", b"NULL", b"0", b"''", b"\\x00", b"\xff\xfe", b"{}", b"running", all.as_slice()];
    for bytes in odd {
        kept(bench, bytes).await?;
    }
    Ok(())
}

async fn kept(bench: &Bench, bytes: &[u8]) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    let expected = StoredResult::Envelope(bytes.into());
    match a.complete(bytes).await? {
        CompleteVerdict::Completed { record, .. } => same_result(record.result.as_ref(), &expected)?,
        found => return Err(Stop::found(&found, "Completed")),
    }
    replays(&bench.worker(&key).elsewhere().claim().await?, bytes)?;
    same_result(bench.record(&key).await?.result.as_ref(), &expected)
}

/// A result that was not kept is no empty result, and no reason to run again.
pub(super) async fn result_that_was_not_kept_says_why(bench: &Bench) -> Checked {
    for reason in ["", "2 MiB, the limit is 1 MiB", "“größer” als\nerlaubt"] {
        let key = bench.key()?;
        let mut a = bench.worker(&key);
        a.granted().await?;
        let mut request = a.completion(b"");
        request.result = StoredResult::Absent(reason.into());
        want!(a.send(&request).await?, CompleteVerdict::Completed { .. });
        match bench.worker(&key).elsewhere().claim().await? {
            ClaimVerdict::Completed(record) => same_result(record.result.as_ref(), &request.result)?,
            found => return Err(Stop::found(&found, "Completed")),
        }
    }
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    a.done(b"").await?;
    let record = bench.record(&key).await?;
    hold!(record.result == Some(StoredResult::Envelope([].into())), "found {:?}, expected no bytes", record.result);
    Ok(())
}
