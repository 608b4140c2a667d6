//! Finds collections that iterate in random order.
//!
//! A guard, not a part of the format: no byte of a key depends on the name of a type.
use std::any::type_name;

/// Hash tables of std and of hashbrown, with their iterators.
const RANDOM: [&str; 4] =
    ["std::collections::hash::", "std::collections::hash_set::", "hashbrown::set::", "hashbrown::map::"];

/// Whether iterating `T` gives its elements in random order.
#[inline]
pub(super) fn is_random<T: ?Sized>() -> bool {
    let name = bare(type_name::<T>());
    RANDOM.iter().any(|path| name.starts_with(path))
}

/// The type's name for a message.
pub(super) fn shown<T: ?Sized>() -> &'static str {
    bare(type_name::<T>())
}

#[inline]
fn bare(name: &'static str) -> &'static str {
    let name = name.strip_prefix('&').unwrap_or(name);
    name.strip_prefix("mut ").unwrap_or(name)
}
