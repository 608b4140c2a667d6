//! The value of a record in Redis: what is written is read, and whatever bytes are there, reading them ends well.

use idem_fuzz::{fuzz, fuzz_bytes};
use idem_runtime::StoreError;
use idem_runtime::testing::stored::{read_redis_value, redis_value, skim_redis_value};

use crate::key_support::unhex;
use crate::records::{NOW, goes_on, record};

/// Those of the frozen formats.
const GOLDEN: [&str; 2] = [
    include_str!("../../../idem-runtime/tests/golden/redis_records_v1.txt"),
    include_str!("../../../idem-runtime/tests/golden/redis_records_v2.txt"),
];

/// For messages, and for what a record is beside its parts.
const ALWAYS: u64 = 4_096;

/// A part is held once, a label once more for each of its fields; and both again while they are copied.
const PER_BYTE: u64 = 6;

#[test]
fn redis_record_round_trip() {
    let report = fuzz("redis_record_round_trip", 500, record(), |record| {
        let (bytes, ttl) = redis_value(&record, NOW);
        let ends = ttl.map_or(-1, |ttl| NOW.as_micros() / 1_000 + i64::try_from(ttl).unwrap());
        let read = read_redis_value(record.key.digest(), &bytes, ends).unwrap();
        assert_eq!(read, record);
        assert_eq!(skim_redis_value(&bytes), (Some(record.state), Some(record.fence)));
        goes_on(&read, NOW);
    });
    println!("{report}");
}

/// Each input is the digest of the key that was asked for, when its key ends, and the value.
#[test]
fn redis_record_of_any_bytes() {
    let lines = GOLDEN.iter().flat_map(|file| file.lines()).filter(|line| !line.starts_with('#'));
    let good = lines.map(|line| {
        let [_, digest, value] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        [unhex(digest), (NOW.as_micros() / 1_000 + 86_400_000).to_be_bytes().to_vec(), unhex(value)].concat()
    });
    let report = fuzz_bytes("redis_record", 3_000, good.collect(), any_bytes);
    println!("{report}");
}

fn any_bytes(input: &[u8]) {
    let Some((digest, rest)) = input.split_first_chunk::<32>() else { return };
    let Some((ends, bytes)) = rest.split_first_chunk::<8>() else { return };
    let ends = i64::from_be_bytes(*ends);
    let mut read = None;
    let held = allocation_counter::measure(|| read = Some(read_redis_value(digest, bytes, ends))).bytes_max;
    assert!(held <= ALWAYS + PER_BYTE * bytes.len() as u64, "{held} bytes of memory for {} bytes", bytes.len());
    let skimmed = skim_redis_value(bytes);
    match read.unwrap() {
        Ok(record) => {
            assert_eq!(record.key.digest(), digest);
            assert_eq!(skimmed, (Some(record.state), Some(record.fence)));
            for now in [NOW, record.created_at, record.updated_at] {
                goes_on(&record, now);
            }
            // What was read can be written, and is from then on the same.
            let (once, _) = redis_value(&record, NOW);
            let again = read_redis_value(digest, &once, ends).unwrap();
            assert_eq!(redis_value(&again, NOW).0, once);
        }
        // No byte of the value is shown; the reasons are ours and short.
        Err(StoreError::Corrupt { reason, .. }) => assert!(reason.is_ascii() && reason.len() < 200, "{reason}"),
        Err(StoreError::NewerFormat { found, .. }) => assert!(found > 2 && skimmed.0.is_none()),
        Err(other) => panic!("{other}"),
    }
}
