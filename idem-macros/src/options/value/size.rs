use syn::parse::ParseStream;

use super::{Site, text};
use crate::diagnostic::Ctxt;

const UNITS: &[(&str, u64)] = &[
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

pub(crate) fn size(input: ParseStream<'_>, site: &Site<'_>, _: &mut Ctxt) -> syn::Result<u64> {
    let text = text(input, site)?;
    measure(&text.value()).map_err(|fault| {
        let message = format!("`{} = {:?}` {fault}; write it as in `{}`", site.key, text.value(), site.entry.form);
        syn::Error::new(text.span(), message)
    })
}

fn measure(text: &str) -> Result<u64, &'static str> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim();
    let factor = UNITS.iter().find(|(name, _)| *name == unit);
    let (Ok(number), Some((_, factor))) = (number.parse::<u64>(), factor) else {
        return Err("is not a size; write a whole number and one of B, KiB, MiB, GiB, kB, MB, GB");
    };
    match number.checked_mul(*factor) {
        Some(0) => Err("leaves no room for a result; to keep none write `result = \"discard\"`"),
        Some(bytes) => Ok(bytes),
        None => Err("is larger than any result"),
    }
}

#[cfg(test)]
mod tests {
    use super::measure;

    #[test]
    fn reads_sizes() {
        assert_eq!(measure("1MiB"), Ok(1 << 20));
        assert_eq!(measure("512 KiB"), Ok(512 << 10));
        assert_eq!(measure("100B"), Ok(100));
        assert_eq!(measure("2kB"), Ok(2_000));
        for bad in ["", "1", "MiB", "0B", "1mib", "1.5MiB", "-1B", "99999999999GiB", "1 M iB"] {
            assert!(measure(bad).is_err(), "{bad}");
        }
    }
}
