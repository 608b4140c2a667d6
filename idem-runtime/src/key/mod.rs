//! Keys: what makes two calls the same work.
