//! What the store and the workers do with what they hear: a worker does what the run pipeline of `idem-runtime` does.

use idem_runtime::record::State;

use crate::call::{Answer, Ask, Call, How, Message, Phase, Told};
use crate::monitor::Rule;
use crate::mutant::Mutant;
use crate::store::Served;
use crate::world::{Model, World};

impl Model {
    pub(crate) fn deliver(&self, world: &mut World, message: Message) {
        match message {
            Message::Request(ask) => self.serve(world, ask),
            Message::Reply { owner, told } => {
                if let Some(place) = world.calls.iter().position(|call| call.owner == owner) {
                    self.hear(world, place, told);
                }
            }
        }
    }

    fn serve(&self, world: &mut World, ask: Ask) {
        let before = world.row;
        let Served { row, answer } = self.rules().serve(before, world.lagging, ask, world.now);
        world.seen.witness(ask, answer, before, row);
        if self.is(Mutant::CacheAnswersForStore) && row != before {
            world.lagging = before;
        }
        world.row = row;
        let owner = ask.owner();
        let is_check = matches!(ask, Ask::Check { .. });
        let own_before = world.calls.iter().find(|call| call.owner == owner).and_then(|call| call.before);
        let told = match answer {
            Answer::Claimed { fence, .. } if is_check => Told::Checked(Some(fence)),
            _ if is_check => Told::Checked(None),
            Answer::Claimed { fence, .. } => Told::Claimed(fence),
            Answer::Running { left, by } => {
                if own_before == Some(by) {
                    world.seen.breaks(Rule::RepeatedClaim);
                }
                Told::Running(left)
            }
            Answer::Replay(_) | Answer::Refused => Told::Over,
            Answer::Stale => Told::Stale,
            Answer::Renewed { sent } => Told::Renewed(sent),
            Answer::NotRenewed => Told::NotRenewed,
            Answer::Kept(_) => Told::Kept,
            Answer::NotKept => Told::NotKept,
            Answer::Settled(_) => return, // Nobody waits for it.
        };
        world.wire.push(Message::Reply { owner, told });
    }

    /// A call is told something that it waits for.
    fn hear(&self, world: &mut World, place: usize, told: Told) {
        let call = world.calls[place];
        let lease = self.sizes.lease;
        match (told, call.phase) {
            (Told::Claimed(fence), Phase::Asking { sent, .. }) => {
                let from = if self.is(Mutant::DeadlineFromAnswer) { world.now } else { sent };
                self.enter(world, place, fence, from + lease);
            }
            (Told::Running(left), Phase::Asking { .. }) => {
                if self.is(Mutant::RunningTakenAsDone) {
                    world.over(place);
                } else {
                    world.calls[place].phase = Phase::Waiting { until: world.now + left };
                }
            }
            (Told::Over, Phase::Asking { .. }) | (Told::Kept, Phase::Completing { .. }) => world.over(place),
            (Told::Stale, Phase::Asking { .. }) => world.ask(place),
            (Told::Renewed(sent), Phase::Confirming { fence }) => {
                if self.is(Mutant::RenewalBelieved) {
                    return self.enter(world, place, fence, sent + lease);
                }
                world.calls[place].phase = Phase::Checking { deadline: sent + lease };
                world.request(Ask::Check { owner: call.owner });
            }
            (Told::Checked(Some(fence)), Phase::Checking { deadline }) => self.enter(world, place, fence, deadline),
            (Told::NotRenewed, Phase::Confirming { .. }) | (Told::Checked(_), Phase::Checking { .. }) => {
                world.request(Ask::Fail { owner: call.owner, how: How::NotStarted });
                world.ask(place);
            }
            // An older answer takes nothing back.
            (Told::Renewed(sent), Phase::Body { fence, deadline }) => {
                world.calls[place].phase = Phase::Body { fence, deadline: deadline.max(sent + lease) };
            }
            (Told::NotRenewed, Phase::Body { .. }) | (Told::NotKept, Phase::Completing { .. }) => world.requeue(place),
            _ => {}
        }
    }

    /// The claim is granted: the body is entered, unless the deadline has passed meanwhile.
    fn enter(&self, world: &mut World, place: usize, fence: u64, deadline: u8) {
        let owner = world.calls[place].owner;
        if deadline <= world.now && !self.is(Mutant::LateAnswerBelieved) {
            world.calls[place].phase = Phase::Confirming { fence };
            world.request(Ask::Renew { owner, sent: world.now });
            return;
        }
        let held = world.row.is_some_and(|row| {
            let holds = row.lease_until.is_none_or(|until| until > world.now);
            row.state == State::Running && row.owner == owner && row.fence == fence && holds
        });
        world.seen.entered(self.sizes.parks, held);
        world.calls[place].phase = Phase::Body { fence, deadline };
    }

    pub(crate) fn give_up(&self, world: &mut World, place: usize) {
        let Call { owner, phase, .. } = world.calls[place];
        match phase {
            Phase::Asking { .. } | Phase::Confirming { .. } | Phase::Checking { .. } => {
                world.request(Ask::Fail { owner, how: How::NotStarted });
            }
            Phase::Body { .. } => {
                let parks = self.sizes.parks && !self.is(Mutant::DroppedBodyReleases);
                world.request(Ask::Fail { owner, how: if parks { How::Park } else { How::Release } });
            }
            // Left to the keeper, which is later than the deadline.
            Phase::Completing { fence, .. } => world.request(Ask::Complete { owner, fence, may_restore: false }),
            Phase::Waiting { .. } => {}
        }
        world.requeue(place);
    }

    pub(crate) fn resend(&self, world: &mut World, place: usize) {
        let fresh = world.fresh();
        let now = world.now;
        let call = &mut world.calls[place];
        match &mut call.phase {
            Phase::Asking { more, .. } => {
                *more -= 1;
                if self.is(Mutant::NewOwnerOnRetry) {
                    (call.before, call.owner) = (Some(call.owner), fresh);
                }
                let owner = call.owner;
                world.request(Ask::Claim { owner });
            }
            Phase::Completing { fence, deadline, more } => {
                *more -= 1;
                let ask = Ask::Complete { owner: call.owner, fence: *fence, may_restore: now < *deadline };
                world.request(ask);
            }
            _ => {}
        }
    }
}
