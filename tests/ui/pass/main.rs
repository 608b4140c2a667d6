//! What the compiler takes without a word: a module a form, as a crate of a user might have it.
#![allow(clippy::all, reason = "odd forms are what is tried, and a body need not be run")]

mod boxed_futures;
mod crate_elsewhere;
mod every_option;
mod free_function;
mod from_a_macro;
mod generics;
mod key_templates;
mod methods;
mod nested_and_not_send;
mod no_prelude;
mod parameter_forms;
mod parameters_under_cfg;
mod patterns_and_references;
mod reconcile;
mod shadowed_names;
mod strict_beside;
