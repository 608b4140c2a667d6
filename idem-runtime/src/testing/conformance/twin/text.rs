//! Acts as text: one a line, as a failed check says them and as a fixture is given them again.
//!
//! ```text
//! fresh 1 key 0 lease 2s park attempts 3 grace forever arguments 20
//! claim 1
//! pass 4s
//! complete 1 result 7 ttl 2s restore older
//! fail 1 release | not-started | park | remember 2s
//! admit 1 2s
//! renew 1
//! cancel 0
//! clear 0 force
//! resolve 0 completed | retry | cancel
//! sweep
//! ```

use std::fmt;
use std::str::{FromStr, SplitWhitespace};
use std::time::Duration;

use super::act::{Act, Policy, Word};
use crate::claim::Failure;
use crate::policy::{OnStale, Retention};

/// The arguments that players say.
pub(super) const TEN: &str = "10 EUR";
const TWENTY: &str = "20 EUR";

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Fresh { player, key, policy } => write!(f, "fresh {player} key {key} {policy}"),
            Self::Claim(player) => write!(f, "claim {player}"),
            Self::Admit(player, hold) => write!(f, "admit {player} {}", spelled(hold)),
            Self::Renew(player) => write!(f, "renew {player}"),
            Self::Complete { player, result, ttl, may_restore, older } => {
                let (restore, older) = (if may_restore { " restore" } else { "" }, if older { " older" } else { "" });
                write!(f, "complete {player} result {result} ttl {}{restore}{older}", kept(ttl))
            }
            Self::Fail(player, Failure::Release) => write!(f, "fail {player} release"),
            Self::Fail(player, Failure::NotStarted) => write!(f, "fail {player} not-started"),
            Self::Fail(player, Failure::Store(time)) => write!(f, "fail {player} remember {}", spelled(time)),
            Self::Fail(player, Failure::Park) => write!(f, "fail {player} park"),
            Self::Cancel(key) => write!(f, "cancel {key}"),
            Self::Clear { key, force } => write!(f, "clear {key}{}", if force { " force" } else { "" }),
            Self::Resolve(key, Word::Completed) => write!(f, "resolve {key} completed"),
            Self::Resolve(key, Word::Retry) => write!(f, "resolve {key} retry"),
            Self::Resolve(key, Word::Cancel) => write!(f, "resolve {key} cancel"),
            Self::Sweep => f.write_str("sweep"),
            Self::Pass(time) => write!(f, "pass {}", spelled(time)),
        }
    }
}

/// What is usual is not said.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lease {}", spelled(self.lease))?;
        match self.on_stale {
            OnStale::Rerun => {}
            OnStale::Park => f.write_str(" park")?,
            OnStale::Reconcile => f.write_str(" reconcile")?,
        }
        if let Some(most) = self.max_attempts {
            write!(f, " attempts {most}")?;
        }
        if self.grace != Retention::For(Duration::ZERO) {
            write!(f, " grace {}", kept(self.grace))?;
        }
        match self.argument {
            Some(TEN) => Ok(()),
            Some(_) => f.write_str(" arguments 20"),
            None => f.write_str(" arguments none"),
        }
    }
}

fn spelled(time: Duration) -> String {
    humantime::format_duration(time).to_string().replace(' ', "")
}

fn kept(time: Retention) -> String {
    match time {
        Retention::For(time) => spelled(time),
        Retention::Forever => "forever".into(),
    }
}

impl FromStr for Act {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let mut words = Words(line.split_whitespace());
        let act = words.act().map_err(|what| format!("`{}` is no act: {what}", line.trim()))?;
        match words.0.next() {
            None => Ok(act),
            Some(more) => Err(format!("`{}` is no act: `{more}` does not belong to it", line.trim())),
        }
    }
}

struct Words<'t>(SplitWhitespace<'t>);

impl<'t> Words<'t> {
    fn act(&mut self) -> Result<Act, String> {
        Ok(match self.next()? {
            "fresh" => {
                let player = self.number()?;
                self.word("key")?;
                Act::Fresh { player, key: self.number()?, policy: self.policy()? }
            }
            "claim" => Act::Claim(self.number()?),
            "admit" => Act::Admit(self.number()?, self.time()?),
            "renew" => Act::Renew(self.number()?),
            "complete" => {
                let player = self.number()?;
                self.word("result")?;
                let result = self.number()?;
                self.word("ttl")?;
                let ttl = self.retention()?;
                Act::Complete { player, result, ttl, may_restore: self.has("restore"), older: self.has("older") }
            }
            "fail" => {
                let player = self.number()?;
                let how = match self.next()? {
                    "release" => Failure::Release,
                    "not-started" => Failure::NotStarted,
                    "remember" => Failure::Store(self.time()?),
                    "park" => Failure::Park,
                    other => return Err(format!("`{other}` is no way to fail")),
                };
                Act::Fail(player, how)
            }
            "cancel" => Act::Cancel(self.number()?),
            "clear" => Act::Clear { key: self.number()?, force: self.has("force") },
            "resolve" => {
                let key = self.number()?;
                let word = match self.next()? {
                    "completed" => Word::Completed,
                    "retry" => Word::Retry,
                    "cancel" => Word::Cancel,
                    other => return Err(format!("`{other}` is no word of an operator's")),
                };
                Act::Resolve(key, word)
            }
            "sweep" => Act::Sweep,
            "pass" => Act::Pass(self.time()?),
            other => return Err(format!("there is no `{other}`")),
        })
    }

    fn policy(&mut self) -> Result<Policy, String> {
        self.word("lease")?;
        let mut policy = Policy::plain(self.time()?);
        if self.has("park") {
            policy.on_stale = OnStale::Park;
        } else if self.has("reconcile") {
            policy.on_stale = OnStale::Reconcile;
        }
        if self.has("attempts") {
            policy.max_attempts = Some(self.number()?);
        }
        if self.has("grace") {
            policy.grace = self.retention()?;
        }
        if self.has("arguments") {
            policy.argument = match self.next()? {
                "10" => Some(TEN),
                "20" => Some(TWENTY),
                "none" => None,
                other => return Err(format!("`{other}` are no arguments")),
            };
        }
        Ok(policy)
    }

    fn next(&mut self) -> Result<&'t str, String> {
        self.0.next().ok_or_else(|| "it ends too early".into())
    }

    /// Takes the next word if it is this one.
    fn has(&mut self, word: &str) -> bool {
        let mut ahead = self.0.clone();
        let there = ahead.next() == Some(word);
        if there {
            self.0 = ahead;
        }
        there
    }

    fn word(&mut self, word: &str) -> Result<(), String> {
        if self.has(word) { Ok(()) } else { Err(format!("`{word}` is missing")) }
    }

    fn number<N: FromStr>(&mut self) -> Result<N, String> {
        let word = self.next()?;
        word.parse().map_err(|_| format!("`{word}` is no number here"))
    }

    fn time(&mut self) -> Result<Duration, String> {
        let word = self.next()?;
        humantime::parse_duration(word).map_err(|_| format!("`{word}` is no time"))
    }

    fn retention(&mut self) -> Result<Retention, String> {
        if self.has("forever") { Ok(Retention::Forever) } else { self.time().map(Retention::For) }
    }
}
