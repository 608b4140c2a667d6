//! What goes out next, to workers or to a broker.

use std::time::Instant;

use anyhow::Context;
use rand::Rng;

use super::{Run, WINDOW};
use crate::broker::Broker;
use crate::fleet::State;
use crate::history::{COPIES, What};
use crate::load::Next;
use crate::wire::ToWorker;

impl Run {
    /// Sends what can be sent; whether more is to come.
    pub(super) fn dispatch(&mut self) -> anyhow::Result<bool> {
        while let Some(place) = self.room(2 * usize::from(WINDOW))
            && let Some(copy) = self.queue.next_again()
        {
            self.send(place, copy)?;
        }
        while let Some(place) = self.room(WINDOW.into()) {
            let Some(copy) = self.next_copy()? else { return Ok(false) };
            self.send(place, copy)?;
        }
        Ok(true)
    }

    /// Gives the broker as much as is always to be there; whether more is to come.
    pub(super) async fn publish(&mut self, broker: &dyn Broker) -> anyhow::Result<bool> {
        let mut bodies = Vec::new();
        let mut more = true;
        while more && self.queue.len() < 2 * usize::from(WINDOW) * self.options.workers {
            let copy = self.next_copy()?;
            more = copy.is_some();
            if let Some(copy) = copy {
                let message = self.load.message(copy / COPIES);
                bodies.push(serde_json::to_vec(&ToWorker::Deliver { copy, message })?);
                self.queue.sent(copy, Instant::now());
                self.deliveries += 1;
            }
        }
        if !bodies.is_empty() {
            broker.publish(bodies).await.context("the broker takes no messages")?;
        }
        Ok(more)
    }

    fn next_copy(&mut self) -> anyhow::Result<Option<u64>> {
        loop {
            match self.stream.next() {
                Some(Next::Key { message, copies }) => {
                    let owed = What::Owed { key: message.key, policy: message.policy, copies };
                    self.history.note(&owed)?;
                }
                Some(Next::Copy(copy)) => return Ok(Some(copy)),
                None => return Ok(None),
            }
        }
    }

    /// A worker that can take one more. A stopped one looks as if it could.
    fn room(&mut self, most: usize) -> Option<usize> {
        let takes = |state| matches!(state, State::Ready | State::Paused);
        let places = self.workers.iter().enumerate();
        let places: Vec<usize> = places
            .filter(|(_, worker)| takes(worker.state) && worker.under_way.len() < most)
            .map(|(place, _)| place)
            .collect();
        let chosen = self.random.random_range(0..places.len().max(1));
        places.get(chosen).copied()
    }

    fn send(&mut self, place: usize, copy: u64) -> anyhow::Result<()> {
        let message = self.load.message(copy / COPIES);
        let worker = &mut self.workers[place];
        self.history.note(&What::Sent { copy, key: message.key, to: worker.process })?;
        worker.say(&ToWorker::Deliver { copy, message })?;
        worker.under_way.insert(copy);
        self.queue.sent(copy, Instant::now());
        self.deliveries += 1;
        Ok(())
    }
}
