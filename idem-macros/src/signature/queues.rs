//! The one list of queues' types that differ from delivery to delivery of the same work.

use syn::TypePath;

/// A type of a queue, known by how it is written: an attribute cannot resolve names.
struct Changing {
    /// What the names of the queue's crates begin with.
    family: &'static str,
    name: &'static str,
    /// Also where its name stands alone, as it does under the queue's prelude. Not for names that applications like too.
    alone: bool,
    why: &'static str,
}

const CHANGING: &[Changing] = &[
    Changing {
        family: "apalis",
        name: "Attempt",
        alone: true,
        why: "an `Attempt` counts the deliveries, so that every retry would be new work",
    },
    Changing {
        family: "apalis",
        name: "TaskId",
        alone: false,
        why: "a `TaskId` is another one each time that the same work is enqueued",
    },
];

/// Why a type changes from delivery to delivery, if it is known to.
pub(super) fn changes(ty: &TypePath) -> Option<&'static str> {
    let segments = &ty.path.segments;
    let (first, last) = (segments.first()?, segments.last()?);
    let alone = segments.len() == 1;
    let known = |c: &&Changing| {
        last.ident == c.name && if alone { c.alone } else { first.ident.to_string().starts_with(c.family) }
    };
    CHANGING.iter().find(known).map(|c| c.why)
}
