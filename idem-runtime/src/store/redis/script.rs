//! The scripts: a few comparisons and one write each. What is written was decided by `transition`, in the client.
//!
//! `allow-oom`: what was begun may end on a full server. Only a claim of a new key is refused there, and that is no script.
//! Numbers beyond 2^53 never pass through Lua, which has none; lengths and milliseconds do.

use std::sync::LazyLock;

use redis::Cmd;

/// What every script answers where it wrote nothing: value, end, time of day.
macro_rules! seen {
    () => {
        "return {redis.call('GET', KEYS[1]), redis.call('PEXPIRETIME', KEYS[1]), redis.call('TIME')}"
    };
}

/// Writes a value, to live for ever, for its time, or not at all: what is over at once is not written.
macro_rules! put {
    ($value:literal) => {
        concat!(
            "  if ARGV[4] == '' then redis.call('SET', KEYS[1], ",
            $value,
            ")\n",
            "  elseif ARGV[4] == '0' then redis.call('DEL', KEYS[1])\n",
            "  else redis.call('SET', KEYS[1], ",
            $value,
            ", 'PX', ARGV[4]) end\n"
        )
    };
}

/// Writes a value where the key is still as it was seen: `seen, its end, value, time to live or nothing`.
/// Answers when the key ends now.
pub(super) static WRITE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(concat!(
        "#!lua flags=allow-oom\n",
        "local ends = string.format('%.0f', redis.call('PEXPIRETIME', KEYS[1]))\n",
        "if ends == ARGV[2] and (redis.call('GET', KEYS[1]) or '') == ARGV[1] then\n",
        put!("ARGV[3]"),
        "  return redis.call('PEXPIRETIME', KEYS[1])\n",
        "end\n",
        seen!()
    ))
});

/// Ends a claim: `what its running record begins with, the new value up to what is kept, and after it, time to live or
/// nothing`. Answers what was kept and when the key ends now.
pub(super) static SETTLE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(concat!(
        "#!lua flags=allow-oom\n",
        "local value = redis.call('GET', KEYS[1]) or ''\n",
        "if string.sub(value, 1, #ARGV[1]) == ARGV[1] and #value > 63\n",
        "    and struct.unpack('>I4', value, 60) == #value then\n",
        "  local kept = string.sub(value, 28, 51)\n",
        "  value = ARGV[2] .. kept .. ARGV[3]\n",
        put!("value"),
        "  return {kept, redis.call('PEXPIRETIME', KEYS[1])}\n",
        "end\n",
        seen!()
    ))
});

/// More time on a claim: `what its running record begins with, the lease in milliseconds, in microseconds, the same as
/// bytes`. The value stays as it is, but for a lease that is the longest so far.
pub(super) static RENEW: LazyLock<Script> = LazyLock::new(|| {
    Script::new(concat!(
        "#!lua flags=allow-oom\n",
        "local head = redis.call('GETRANGE', KEYS[1], 0, 62)\n",
        "if string.sub(head, 1, #ARGV[1]) == ARGV[1] and #head == 63\n",
        "    and struct.unpack('>I4', head, 60) == redis.call('STRLEN', KEYS[1]) then\n",
        "  if struct.unpack('>I8', head, 44) < tonumber(ARGV[3]) then redis.call('SETRANGE', KEYS[1], 43, ARGV[4]) end\n",
        "  local ttl = tonumber(ARGV[2]) + struct.unpack('>I8', head, 52)\n",
        "  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', ttl))\n",
        "  return 1\n",
        "end\n",
        seen!()
    ))
});

/// Writes the beginning of a record over itself (`magic, format, state, owner`) where it still is that, so that what replicas
/// acknowledge next includes it.
pub(super) static TOUCH: LazyLock<Script> = LazyLock::new(|| {
    Script::new(concat!(
        "#!lua flags=allow-oom\n",
        "if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) ~= ARGV[1] then return 0 end\n",
        "redis.call('SETRANGE', KEYS[1], 0, ARGV[1])\n",
        "return 1"
    ))
});

/// A text and the name that servers know it by.
pub(super) struct Script {
    text: &'static str,
    hash: String,
}

impl Script {
    fn new(text: &'static str) -> Self {
        Self { text, hash: redis::Script::new(text).get_hash().to_owned() }
    }
}

/// A script with its key and its arguments.
pub(super) struct Call<'a> {
    script: &'static Script,
    key: &'a [u8],
    args: Vec<&'a [u8]>,
}

impl<'a> Call<'a> {
    pub(super) fn new(script: &'static Script, key: &'a [u8], args: Vec<&'a [u8]>) -> Self {
        Self { script, key, args }
    }

    /// By its hash, as long as the server knows it.
    pub(super) fn by_hash(&self) -> Cmd {
        self.command("EVALSHA", &self.script.hash)
    }

    /// With its text, by which the server learns it.
    pub(super) fn by_text(&self) -> Cmd {
        self.command("EVAL", self.script.text)
    }

    fn command(&self, name: &str, script: &str) -> Cmd {
        let mut command = Cmd::new();
        command.arg(name).arg(script).arg(1).arg(self.key);
        for arg in &self.args {
            command.arg(*arg);
        }
        command
    }
}
