//! What is to go wrong and where, and its text: the seed.

use std::fmt;
use std::str::FromStr;

use crate::testing::fault::Op;

/// The store's operations that a call makes itself, by the names that seeds give them.
const OPERATIONS: [(Op, &str); 13] = [
    (Op::Claim, "claim"),
    (Op::Admit, "admit"),
    (Op::Renew, "renew"),
    (Op::Complete, "complete"),
    (Op::Fail, "fail"),
    (Op::Cancel, "cancel"),
    (Op::Clear, "clear"),
    (Op::Resolve, "resolve"),
    (Op::Get, "get"),
    (Op::Now, "now"),
    (Op::List, "list"),
    (Op::Sweep, "sweep"),
    (Op::Describe, "describe"),
];

/// Where something can go wrong in a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Point {
    /// The how many-th time, from 1, that the delivery waits.
    Await(u64),
    /// The how many-th call of this operation, from 1, that the delivery makes.
    Operation(Op, u64),
}

/// What goes wrong there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Harm {
    /// The request is lost on its way.
    LoseRequest,
    /// The reply is lost on its way back.
    LoseReply,
    /// The request is not answered, and arrives before the next delivery.
    Late,
    /// The process is killed.
    Kill(Side),
    /// The delivery's future is dropped.
    Drop(Side),
    /// The process is stopped, and goes on when another has had the next delivery.
    Pause(Side),
    /// From here on the store is away, until the leases are over.
    Away,
}

/// On which side of a store's operation a delivery is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Not in an operation: where the delivery waits.
    Here,
    /// The request has not arrived, and never will.
    Before,
    /// The request was applied, its reply has not arrived.
    After,
}

/// In the order in which they are tried.
const AT_AWAITS: [(Harm, &str); 3] =
    [(Harm::Kill(Side::Here), "kill"), (Harm::Drop(Side::Here), "drop"), (Harm::Pause(Side::Here), "pause")];
const AT_OPERATIONS: [(Harm, &str); 10] = [
    (Harm::LoseRequest, "lose-request"),
    (Harm::LoseReply, "lose-reply"),
    (Harm::Late, "late"),
    (Harm::Kill(Side::Before), "kill-before"),
    (Harm::Kill(Side::After), "kill-after"),
    (Harm::Drop(Side::Before), "drop-before"),
    (Harm::Drop(Side::After), "drop-after"),
    (Harm::Away, "away"),
    (Harm::Pause(Side::Before), "pause-before"),
    (Harm::Pause(Side::After), "pause-after"),
];

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mishap {
    /// In which delivery, from 1.
    pub(super) delivery: usize,
    pub(super) point: Point,
    pub(super) harm: Harm,
}

/// Everything that goes wrong, in the order in which it does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Schedule(pub(super) Vec<Mishap>);

impl Harm {
    pub(super) fn is_pause(self) -> bool {
        matches!(self, Self::Pause(_))
    }
}

impl Point {
    pub(super) fn operation(op: Op, number: u64) -> Option<Self> {
        OPERATIONS.iter().any(|(known, _)| *known == op).then_some(Self::Operation(op, number))
    }

    /// What can go wrong there. A question that arrives late changes nothing.
    fn harms(self) -> impl Iterator<Item = Harm> {
        let asks = matches!(self, Self::Operation(Op::Get | Op::Now | Op::List | Op::Describe, _));
        self.names().iter().map(|(harm, _)| *harm).filter(move |harm| !(asks && *harm == Harm::Late))
    }

    fn names(self) -> &'static [(Harm, &'static str)] {
        match self {
            Self::Await(_) => &AT_AWAITS,
            Self::Operation(..) => &AT_OPERATIONS,
        }
    }
}

impl Schedule {
    /// What goes wrong in one delivery.
    pub(super) fn of(&self, delivery: usize) -> Vec<Mishap> {
        self.0.iter().filter(|mishap| mishap.delivery == delivery).copied().collect()
    }

    /// How many deliveries there are before one to which nothing is done: those in which something goes wrong, and the one
    /// that comes while an owner is paused.
    pub(super) fn disturbed(&self) -> usize {
        let disturbed = |mishap: &Mishap| mishap.delivery + usize::from(mishap.harm.is_pause());
        self.0.iter().map(disturbed).max().unwrap_or(0)
    }

    /// How many of its faults are pauses.
    pub(super) fn pauses(&self) -> usize {
        self.0.iter().filter(|mishap| mishap.harm.is_pause()).count()
    }

    /// This schedule and one thing more, at each of the points that come after its last.
    pub(super) fn extended(&self, points: &[(usize, Point)]) -> impl Iterator<Item = Self> {
        let is_last = |mishap: &Mishap, at: &(usize, Point)| *at == (mishap.delivery, mishap.point);
        let last = self.0.last().and_then(|last| points.iter().position(|at| is_last(last, at)));
        let after = last.map_or(0, |last| last + 1);
        let harms = |&(delivery, point): &(usize, Point)| {
            let mishap = move |harm| Mishap { delivery, point, harm };
            point.harms().map(mishap).collect::<Vec<_>>()
        };
        // Nothing more goes wrong with a store that is away: it hears nothing.
        let is_away = |at: &&(usize, Point)| {
            let away = self.0.iter().any(|mishap| mishap.delivery == at.0 && mishap.harm == Harm::Away);
            away && matches!(at.1, Point::Operation(..))
        };
        let more = points[after..].iter().filter(move |at| !is_away(at)).flat_map(harms);
        more.map(|mishap| Self(self.0.iter().copied().chain([mishap]).collect()))
    }
}

/// `await2`, `complete1`
impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Await(number) => write!(f, "await{number}"),
            Self::Operation(op, number) => write!(f, "{}{number}", name(*op)),
        }
    }
}

/// The name of an operation.
pub(super) fn name(op: Op) -> &'static str {
    OPERATIONS.iter().find(|(known, _)| *known == op).map_or("keeper", |(_, name)| name)
}

/// `1@await2=kill,2@complete1=lose-reply`; `none` for nothing.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        self.0.iter().enumerate().try_for_each(|(at, mishap)| {
            let Mishap { delivery, point, harm } = mishap;
            let harm = point.names().iter().find(|(known, _)| known == harm).map_or("", |(_, name)| name);
            write!(f, "{}{delivery}@{point}={harm}", if at == 0 { "" } else { "," })
        })
    }
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self::default());
        }
        let mishap = |part: &str| {
            let wrong = || {
                format!(
                    "`{part}` in the seed `{text}` is no fault: copy what a failed exploration printed, as in `1@await2=kill,2@complete1=lose-reply`"
                )
            };
            mishap(part.trim()).ok_or_else(wrong)
        };
        text.split(',').map(mishap).collect::<Result<_, _>>().map(Self)
    }
}

fn mishap(text: &str) -> Option<Mishap> {
    let (delivery, rest) = text.split_once('@')?;
    let (place, harm) = rest.split_once('=')?;
    let (what, number) = place.split_at(place.find(|letter: char| letter.is_ascii_digit())?);
    let number = number.parse().ok().filter(|number| *number > 0)?;
    let point = match what {
        "await" => Point::Await(number),
        _ => OPERATIONS.iter().find(|(_, name)| *name == what).map(|(op, _)| Point::Operation(*op, number))?,
    };
    let harm = point.names().iter().find(|(_, name)| *name == harm).map(|(harm, _)| *harm)?;
    let delivery = delivery.parse().ok().filter(|delivery| (1..=MOST_DELIVERIES).contains(delivery))?;
    Some(Mishap { delivery, point, harm })
}

/// A seed may not ask for more deliveries than this.
const MOST_DELIVERIES: usize = 1_000;
