//! Renewals, all in one round trip.

use redis::Value;

use super::fault;
use super::link::{Link, Reply, Talk};
use super::script::{Call, RENEW};
use super::seen::Seen;
use super::value;
use crate::claim::{RenewRequest, RenewVerdict};
use crate::record::State;
use crate::store::StoreError;
use crate::transition;

/// A lease of nothing is a millisecond (PROTO-7).
const SHORTEST_MS: u64 = 1;

type Answer = Result<RenewVerdict, StoreError>;

/// A renewal in the words of the script.
struct Words {
    name: Vec<u8>,
    head: Vec<u8>,
    millis: String,
    micros: String,
    bytes: [u8; 8],
}

impl Link {
    pub(super) async fn renew(&self, requests: &[RenewRequest]) -> Result<Vec<Answer>, StoreError> {
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        let talk = self.talk()?;
        let shared = talk.shared();
        let words: Vec<Words> = requests.iter().map(|request| talk.words(request)).collect();
        let calls: Vec<Call<'_>> = words.iter().map(Words::call).collect();
        let asked = shared.time.uptime();
        let replies = talk.run(&calls).await?;
        let mut answers = Vec::with_capacity(requests.len());
        for (request, reply) in requests.iter().zip(replies) {
            answers.push(talk.renewed(request, reply, asked).await);
        }
        Ok(answers)
    }
}

impl Words {
    fn call(&self) -> Call<'_> {
        let args = vec![self.head.as_slice(), self.millis.as_bytes(), self.micros.as_bytes(), &self.bytes];
        Call::new(&RENEW, &self.name, args)
    }
}

impl Talk<'_> {
    fn words(&self, request: &RenewRequest) -> Words {
        let head = value::head(request.owner, State::Running);
        let millis = value::millis(request.lease).clamp(SHORTEST_MS, value::FOREVER_MS);
        let micros = value::micros(request.lease).max(SHORTEST_MS * 1_000);
        Words {
            name: self.shared().names.record(request.key.digest()),
            head,
            millis: millis.to_string(),
            micros: micros.to_string(),
            bytes: micros.to_be_bytes(),
        }
    }

    async fn renewed(&self, request: &RenewRequest, reply: Reply, asked: std::time::Duration) -> Answer {
        let shared = self.shared();
        let digest = request.key.digest();
        match reply.map_err(|error| fault::of_record(&shared.name, digest, &error))? {
            Value::Int(1) => Ok(RenewVerdict::Renewed),
            Value::Array(said) => {
                let seen = Seen::of_script(said, digest, asked, shared)?;
                self.step(&request.key, seen, |record, now| transition::renew(record, request, now)).await
            }
            _ => Err(fault::odd(&shared.name)),
        }
    }
}
