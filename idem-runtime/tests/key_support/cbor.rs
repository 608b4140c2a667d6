//! A strict decoder, and the documents it gives.
use super::Doc;

/// What a document means: equal here, equal keys.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    Null,
    /// `Some`s around nothing.
    Somes(usize),
    Bool(bool),
    /// The magnitude, of -1 - n if negative.
    Int {
        negative: bool,
        magnitude: u128,
    },
    /// The bits of a float that equals no integer of 64 bits; one NaN.
    Float(u64),
    Text(String),
    Array(Vec<Meaning>),
    /// Sorted by (length, bytes).
    Map(Vec<(String, Meaning)>),
}

/// Decodes one item that fills the bytes, in the only form that is allowed.
pub fn decode(bytes: &[u8]) -> Meaning {
    let mut reader = Reader(bytes);
    let meaning = reader.item();
    assert!(reader.0.is_empty(), "bytes after the item");
    meaning
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(n);
        self.0 = rest;
        taken
    }

    fn head(&mut self) -> (u8, u8, u64) {
        let first = self.take(1)[0];
        let (major, info) = (first >> 5, first & 31);
        let n = match info {
            0..24 => return (major, info, info.into()),
            24..28 => self.take(1 << (info - 24)).iter().fold(0, |n, byte| n << 8 | u64::from(*byte)),
            _ => panic!("an indefinite or reserved head"),
        };
        let least = [24, 1 << 8, 1 << 16, 1 << 32][usize::from(info - 24)];
        assert!(major == 7 || n >= least, "a head that is not the shortest");
        (major, info, n)
    }

    fn item(&mut self) -> Meaning {
        let (major, info, n) = self.head();
        match major {
            0 | 1 => Meaning::Int { negative: major == 1, magnitude: n.into() },
            3 => Meaning::Text(self.text(n)),
            4 => Meaning::Array((0..n).map(|_| self.item()).collect()),
            5 => self.map(n),
            6 => self.tagged(n),
            7 => simple(info, n),
            _ => panic!("a byte string by itself"),
        }
    }

    fn text(&mut self, n: u64) -> String {
        String::from_utf8(self.take(n as usize).to_vec()).unwrap()
    }

    fn map(&mut self, n: u64) -> Meaning {
        let mut entries: Vec<(String, Meaning)> = Vec::new();
        for _ in 0..n {
            let Meaning::Text(name) = self.item() else {
                panic!("a name that is no text");
            };
            if let Some((last, _)) = entries.last() {
                assert!(order(last, &name).is_lt(), "names out of order");
            }
            let value = self.item();
            entries.push((name, value));
        }
        Meaning::Map(entries)
    }

    fn tagged(&mut self, tag: u64) -> Meaning {
        match tag {
            2 | 3 => {
                let (major, _, len) = self.head();
                assert_eq!(major, 2, "a bignum's digits");
                let digits = self.take(len as usize);
                assert!((9..=16).contains(&len) && digits[0] != 0, "a bignum too small");
                let magnitude = digits.iter().fold(0, |n, byte| n << 8 | u128::from(*byte));
                Meaning::Int { negative: tag == 3, magnitude }
            }
            0x6964_656d => match self.item() {
                Meaning::Null => Meaning::Somes(1),
                Meaning::Somes(n) => Meaning::Somes(n + 1),
                other => panic!("a Some-tag around {other:?}"),
            },
            _ => panic!("tag {tag}"),
        }
    }
}

fn simple(info: u8, n: u64) -> Meaning {
    let x = match info {
        20 => return Meaning::Bool(false),
        21 => return Meaning::Bool(true),
        22 => return Meaning::Null,
        25 => half(n as u16),
        26 => f64::from(f32::from_bits(n as u32)),
        27 => f64::from_bits(n),
        _ => panic!("simple value {info}"),
    };
    let meaning = float(x);
    assert!(matches!(meaning, Meaning::Float(_)), "{x} is an integer");
    assert!(info == 25 || !x.is_nan(), "a NaN of its own");
    assert!(info != 27 || f64::from(x as f32) != x, "{x} is an f32");
    meaning
}

fn half(bits: u16) -> f64 {
    let mantissa = f64::from(bits & 0x3ff);
    let magnitude = match bits >> 10 & 31 {
        0 => mantissa * 2_f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1024.0 + mantissa) * 2_f64.powi(i32::from(exponent) - 25),
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}

fn float(x: f64) -> Meaning {
    if x.is_nan() {
        return Meaning::Float(f64::NAN.to_bits());
    }
    if x.trunc() == x && (-(2_f64.powi(63))..2_f64.powi(64)).contains(&x) {
        return int(x as i128);
    }
    Meaning::Float(x.to_bits())
}

fn int(n: i128) -> Meaning {
    let negative = n < 0;
    let magnitude = (if negative { -1 - n } else { n }) as u128;
    Meaning::Int { negative, magnitude }
}

fn order(a: &str, b: &str) -> std::cmp::Ordering {
    (a.len(), a).cmp(&(b.len(), b))
}

/// What a document means, without the encoder under test.
pub fn meaning(doc: &Doc) -> Meaning {
    match doc {
        Doc::Null => Meaning::Null,
        Doc::Bool(value) => Meaning::Bool(*value),
        Doc::Int(digits) => int(digits.parse().unwrap()),
        Doc::F64(x) => float(*x),
        Doc::F32(x) => float((*x).into()),
        Doc::Text(text) => Meaning::Text(text.clone()),
        Doc::Bytes(bytes) => Meaning::Array(bytes.iter().map(|byte| int((*byte).into())).collect()),
        Doc::Some(inner) => match meaning(inner) {
            Meaning::Null => Meaning::Somes(1),
            Meaning::Somes(n) => Meaning::Somes(n + 1),
            other => other,
        },
        Doc::Array(docs) => Meaning::Array(docs.iter().map(meaning).collect()),
        Doc::Set(docs) => {
            let mut elements: Vec<Meaning> = docs.iter().map(meaning).collect();
            elements.sort_by_key(encode);
            Meaning::Array(elements)
        }
        Doc::Map(entries) => {
            let mut entries: Vec<_> = entries.iter().map(|(name, value)| (spelling(name), meaning(value))).collect();
            entries.sort_by(|(a, _), (b, _)| order(a, b));
            Meaning::Map(entries)
        }
    }
}

fn spelling(name: &Doc) -> String {
    match name {
        Doc::Int(text) | Doc::Text(text) => text.clone(),
        Doc::Bool(value) => value.to_string(),
        Doc::Some(inner) => spelling(inner),
        other => panic!("{other:?} is no name"),
    }
}

/// A second encoder, of meanings: slow and plain.
pub fn encode(meaning: &Meaning) -> Vec<u8> {
    match meaning {
        Meaning::Null => vec![0xf6],
        Meaning::Somes(n) => [b"\xdaidem".repeat(*n), vec![0xf6]].concat(),
        Meaning::Bool(value) => vec![0xf4 + u8::from(*value)],
        Meaning::Int { negative, magnitude } => match u64::try_from(*magnitude) {
            Ok(n) => head(u8::from(*negative), n),
            Err(_) => {
                let bytes = magnitude.to_be_bytes();
                let digits = &bytes[bytes.iter().position(|byte| *byte != 0).unwrap()..];
                let tag = head(6, 2 + u64::from(*negative));
                [tag, head(2, digits.len() as u64), digits.to_vec()].concat()
            }
        },
        Meaning::Float(bits) => float_bytes(f64::from_bits(*bits)),
        Meaning::Text(text) => [head(3, text.len() as u64), text.clone().into()].concat(),
        Meaning::Array(items) => {
            let bytes: Vec<u8> = items.iter().flat_map(encode).collect();
            [head(4, items.len() as u64), bytes].concat()
        }
        Meaning::Map(entries) => {
            let entry =
                |(name, value): &(String, Meaning)| [encode(&Meaning::Text(name.clone())), encode(value)].concat();
            let bytes: Vec<u8> = entries.iter().flat_map(entry).collect();
            [head(5, entries.len() as u64), bytes].concat()
        }
    }
}

fn head(major: u8, n: u64) -> Vec<u8> {
    let bytes = n.to_be_bytes();
    match n {
        0..24 => vec![major << 5 | n as u8],
        24..0x100 => [&[major << 5 | 24], &bytes[7..]].concat(),
        0x100..0x1_0000 => [&[major << 5 | 25], &bytes[6..]].concat(),
        0x1_0000..0x1_0000_0000 => [&[major << 5 | 26], &bytes[4..]].concat(),
        _ => [&[major << 5 | 27], &bytes[..]].concat(),
    }
}

fn float_bytes(x: f64) -> Vec<u8> {
    if x.is_nan() {
        return vec![0xf9, 0x7e, 0x00];
    }
    // The first binary16 that decodes to it, by trial.
    if let Some(bits) = (0..=u16::MAX).find(|bits| half(*bits) == x) {
        return [&[0xf9][..], &bits.to_be_bytes()].concat();
    }
    if f64::from(x as f32) == x {
        return [&[0xfa][..], &(x as f32).to_be_bytes()].concat();
    }
    [&[0xfb][..], &x.to_be_bytes()].concat()
}
