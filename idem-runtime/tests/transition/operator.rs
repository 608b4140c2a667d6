//! What an operator says against what an owner says.

use idem_runtime::claim::{ClaimVerdict, CompleteVerdict, Failure, ResolveRequest};
use idem_runtime::policy::Retention;
use idem_runtime::record::{State, StoredResult};
use idem_runtime::transition;

use crate::support::{TTL, World, claim_by};

#[test]
fn proto_12_an_operators_result_refuses_the_owners() {
    let mut world = World::new();
    let fence = world.granted(&claim_by(1)).fence;
    world.fail(&claim_by(1), Failure::Park);
    let result = StoredResult::Envelope(b"the operator's".as_slice().into());
    let request = ResolveRequest::Completed(result.clone(), Retention::For(TTL));
    world.apply(|record, now| transition::resolve(record, &request, now));
    let told = world.complete(&claim_by(1), fence, true);
    assert!(matches!(told, CompleteVerdict::LeaseLost(Some(State::Completed))), "{told:?}");
    assert_eq!(world.there().result, Some(result));
    assert!(matches!(world.claim(&claim_by(1)), ClaimVerdict::Completed(_)));
}
