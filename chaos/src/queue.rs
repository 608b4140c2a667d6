//! A queue that delivers at least once: what is not acknowledged comes again. Where a broker delivers, it only knows what is
//! not acknowledged yet.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::time::{Duration, Instant};

/// The copies that were delivered, and not acknowledged yet.
#[derive(Debug)]
pub struct Queue {
    /// How long an acknowledgement is waited for.
    visibility: Duration,
    open: HashMap<u64, Open>,
    again: VecDeque<u64>,
    later: BinaryHeap<Reverse<(Instant, u64)>>,
}

#[derive(Debug)]
struct Open {
    sent: Instant,
    queued: bool,
}

impl Queue {
    pub fn new(visibility: Duration) -> Self {
        Self { visibility, open: HashMap::new(), again: VecDeque::new(), later: BinaryHeap::new() }
    }

    /// A copy goes out.
    pub fn sent(&mut self, copy: u64, now: Instant) {
        self.open.insert(copy, Open { sent: now, queued: false });
    }

    /// A copy is acknowledged. Again, where it was delivered twice.
    pub fn acknowledged(&mut self, copy: u64) {
        self.open.remove(&copy);
    }

    /// A copy comes again, where nobody has acknowledged it.
    pub fn again(&mut self, copy: u64) {
        if let Some(open) = self.open.get_mut(&copy).filter(|open| !open.queued) {
            open.queued = true;
            self.again.push_back(copy);
        }
    }

    /// A copy comes again at that time.
    pub fn again_at(&mut self, copy: u64, at: Instant) {
        self.later.push(Reverse((at, copy)));
    }

    /// Takes back what was waited for too long.
    pub fn look(&mut self, now: Instant) {
        while let Some(Reverse((at, copy))) = self.later.peek().copied()
            && at <= now
        {
            self.later.pop();
            self.again(copy);
        }
        let visibility = self.visibility;
        let late = |open: &Open| !open.queued && now.duration_since(open.sent) > visibility;
        for (copy, open) in self.open.iter_mut().filter(|(_, open)| late(open)) {
            open.queued = true;
            self.again.push_back(*copy);
        }
    }

    /// The next copy to deliver again.
    pub fn next_again(&mut self) -> Option<u64> {
        loop {
            let copy = self.again.pop_front()?;
            // Acknowledged while it was queued, it does not come.
            if self.open.contains_key(&copy) {
                return Some(copy);
            }
        }
    }

    /// How many are not acknowledged yet.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether all is acknowledged.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Queue;

    #[test]
    fn what_is_not_acknowledged_in_time_comes_again_once_each_time() {
        let (mut queue, began) = (Queue::new(Duration::from_secs(1)), Instant::now());
        queue.sent(1, began);
        queue.sent(2, began);
        queue.acknowledged(2);
        queue.look(began + Duration::from_millis(999));
        assert_eq!(queue.next_again(), None);
        queue.look(began + Duration::from_millis(1_001));
        queue.look(began + Duration::from_millis(1_002));
        queue.again(1);
        assert_eq!((queue.next_again(), queue.next_again()), (Some(1), None));
        queue.sent(1, began + Duration::from_secs(2));
        queue.again_at(1, began + Duration::from_millis(2_500));
        queue.look(began + Duration::from_millis(2_499));
        assert_eq!(queue.next_again(), None);
        queue.look(began + Duration::from_millis(2_501));
        queue.acknowledged(1);
        assert_eq!((queue.next_again(), queue.is_empty()), (None, true));
    }
}
