#![deny(warnings)]

use std::collections::HashSet;
use std::time::SystemTime;

use idem::idempotent;

struct Order {
    id: u64,
    r#type: String,
}

#[derive(serde::Serialize)]
struct Point(i32, i32);

type Maybe = Option<u64>;

fn lower(text: &str) -> String {
    text.to_lowercase()
}

fn day(at: &SystemTime) -> u64 {
    at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400)
}

fn id_of(order: &Order) -> u64 {
    order.id
}

mod deeper {
    pub fn sorted<T: Ord + Clone>(all: &[T]) -> Vec<T> {
        let mut all = all.to_vec();
        all.sort();
        all
    }
}

#[idempotent]
async fn named(
    #[idem(name = "user_id")] user: u64,
    #[idem(name = "to", with = lower,)] mail: String,
    #[idem(with = str::trim)] text: &str,
) -> Result<usize, idem::Error> {
    Ok(mail.len() + text.len() + user as usize)
}

#[idempotent(scope = "tenant")]
async fn all(
    #[idem(set)] tags: HashSet<String>,
    #[idem(set)] boxed: Box<HashSet<u8>>,
    #[idem(set)] list: &[u32],
    #[idem(omit_none)] note: Option<&str>,
    #[idem(omit_none)] maybe: Maybe,
    #[idem(with = day)]
    #[idem(name = "day")]
    at: SystemTime,
    #[idem(with = id_of)] order: &mut Order,
    #[idem(with = deeper::sorted::<u8>)] bytes: Vec<u8>,
    #[idem(with = lower)] tenant: String,
) -> Result<usize, idem::Error> {
    order.id += 1;
    Ok(tags.len()
        + boxed.len()
        + list.len()
        + note.map_or(0, str::len)
        + maybe.map_or(0, |n| n as usize)
        + bytes.len()
        + day(&at) as usize
        + tenant.len())
}

#[idempotent(scope(user = first))]
async fn patterns(
    #[idem(name = "pair")] (first, mut second): (u64, u64),
    #[idem(name = "point")] &Point(x, y): &Point,
    #[idem(name = "unread")]
    #[allow(unused_variables)]
    [a, b]: [u8; 2],
    #[idem(name = "unit")] _: u8,
    #[idem(name = "only")] Point(c, _): Point,
) -> Result<u64, idem::Error> {
    second += 1;
    Ok(first + second + (x + y + c) as u64)
}

#[idempotent(key(o.id, mail))]
async fn selected(
    #[idem(name = "order")] o: Order,
    #[idem(with = lower)] mail: String,
    other: u8,
) -> Result<usize, idem::Error> {
    Ok(o.r#type.len() + mail.len() + usize::from(other))
}

struct Mailer;

impl Mailer {
    fn lower(text: &str) -> String {
        text.to_lowercase()
    }

    #[idempotent(name = "mailer.send")]
    async fn send(
        &self,
        #[idem(with = Self::lower)] to: &str,
        #[idem(name = "p")] (a, b): (u8, u8),
    ) -> Result<u8, idem::Error> {
        Ok(a + b + to.len() as u8)
    }
}

#[test]
fn compiles() {
    let order = || Order { id: 1, r#type: "t".into() };
    let _ = named(1, "A".into(), " x ");
    let _ = named::key(&1, &"A".into(), " x ");
    let _ = all([].into(), Box::default(), &[], None, None, SystemTime::now(), &mut order(), vec![], "t".into());
    let _ =
        all::key(&[].into(), &Box::default(), &[], &None, &None, &SystemTime::now(), &order(), &vec![], &"t".into());
    let _ = patterns((1, 2), &Point(1, 2), [1, 2], 3, Point(1, 2));
    let _ = patterns::call((1, 2), &Point(1, 2), [1, 2], 3, Point(1, 2));
    let _ = patterns::key(&(1, 2), &Point(1, 2), &[1, 2], &3, &Point(1, 2));
    let _ = selected(order(), "a".into(), 1);
    let _ = selected::key(&order(), &"a".into());
    let _ = Mailer.send("x", (1, 2));
}
