//! The stored form of a fingerprint.

use idem_fuzz::fuzz_bytes;
use idem_runtime::key::Fingerprint;

use crate::key_support::unhex;
use crate::records::key;

#[test]
fn fingerprint_of_any_bytes() {
    let (_, other) = key("amount", 7);
    let golden = include_str!("../../../idem-runtime/tests/golden/fingerprint.hex");
    let good = vec![other.bytes().to_vec(), unhex(golden.trim())];
    let report = fuzz_bytes("fingerprint", 4_000, good, |bytes| {
        let Ok(read) = Fingerprint::from_bytes(bytes) else { return };
        assert_eq!(read.bytes(), bytes);
        assert!(read.matches(&read) && read.differing(&read).is_empty());
        let [mut there, mut back] = [read.differing(&other), other.differing(&read)];
        there.sort();
        back.sort();
        assert_eq!(there, back);
    });
    println!("{report}");
}
