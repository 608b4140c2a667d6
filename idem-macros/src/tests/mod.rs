//! The pipeline as a function from tokens to tokens.
