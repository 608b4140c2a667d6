//! Collections whose order has no meaning.
use serde::{Deserialize, Serialize};
use std::ops::{Deref, DerefMut};

/// The name by which the encoder knows a [`Set`].
pub(super) const SET_NAME: &str = "$idem::Set";

/// A collection whose order does not matter to the key.
///
/// A `HashSet` yields its elements in random order, so a key refuses it. Inside `Set` the elements
/// are ordered by their encoding, and two that encode alike are refused. To every other format a
/// `Set` is the collection itself.
///
/// ```
/// # use idem_runtime as idem;
/// use idem::key::{KeySpace, KeyWriter, Set, TaskIdent};
/// use std::collections::HashSet;
/// use std::num::NonZeroU32;
///
/// let key = |tags: HashSet<&str>| {
///     let mut writer = KeyWriter::new();
///     writer.arg("tags", &Set(tags))?;
///     writer.finish(&KeySpace::new("app"), &TaskIdent::new("t", NonZeroU32::MIN))
/// };
/// assert_eq!(key(["a", "b"].into())?, key(["b", "a"].into())?);
/// # Ok::<(), idem::key::KeyError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename = "$idem::Set")]
pub struct Set<C>(pub C);

impl<C> Set<C> {
    /// The collection.
    pub fn into_inner(self) -> C {
        self.0
    }
}

impl<C> Deref for Set<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.0
    }
}

impl<C> DerefMut for Set<C> {
    fn deref_mut(&mut self) -> &mut C {
        &mut self.0
    }
}

impl<C> From<C> for Set<C> {
    fn from(collection: C) -> Self {
        Set(collection)
    }
}

impl<T, C: FromIterator<T>> FromIterator<T> for Set<C> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Set(items.into_iter().collect())
    }
}

impl<T, C: Extend<T>> Extend<T> for Set<C> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        self.0.extend(items);
    }
}

impl<C: IntoIterator> IntoIterator for Set<C> {
    type Item = C::Item;
    type IntoIter = C::IntoIter;

    fn into_iter(self) -> C::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, C> IntoIterator for &'a Set<C>
where
    &'a C: IntoIterator,
{
    type Item = <&'a C as IntoIterator>::Item;
    type IntoIter = <&'a C as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
