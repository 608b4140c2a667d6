//! The servers that hold records.

use super::link::Link;
use super::wire::Node;
use crate::store::StoreError;

impl Link {
    /// All that must be walked over to see all records.
    ///
    /// # Errors
    /// A cluster that does not say.
    pub(super) async fn nodes(&self) -> Result<Vec<Node>, StoreError> {
        match &self.shared.address {
            #[cfg(feature = "redis-cluster")]
            super::address::Address::Cluster(_) => self.primaries().await,
            _ => Ok(vec![Node::OfTheKey]),
        }
    }
}
