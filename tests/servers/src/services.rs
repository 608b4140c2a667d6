//! The servers of a whole test run.

use crate::{MySql, Postgres, Redis, Server, mysql, postgres, redis};

/// A kind of server that tests share.
pub struct Kind {
    pub name: &'static str,
    pub variable: &'static str,
    pub port: u16,
    url: &'static str,
    usable: fn(u16) -> Result<(), String>,
    private: fn() -> Result<Private, String>,
}

#[derive(Debug)]
enum Private {
    Redis(Redis),
    Postgres(Postgres),
    MySql(MySql),
}

pub const KINDS: [Kind; 3] = [
    Kind {
        name: "Redis",
        variable: "IDEM_TEST_REDIS_URL",
        port: 6379,
        url: "redis://127.0.0.1:6379",
        usable: redis::usable,
        private: || Redis::try_start(&[]).map(Private::Redis),
    },
    Kind {
        name: "PostgreSQL",
        variable: "IDEM_TEST_POSTGRES_URL",
        port: 5432,
        url: "postgres://postgres@127.0.0.1:5432/postgres",
        usable: postgres::usable,
        // One for all tests of a run: as many at once as there are processors, with several connections each.
        private: || Postgres::try_start(&[("max_connections", "500")]).map(Private::Postgres),
    },
    Kind {
        name: "MySQL",
        variable: "IDEM_TEST_MYSQL_URL",
        port: 3306,
        url: "mysql://root@127.0.0.1:3306/mysql",
        usable: mysql::usable,
        private: || MySql::try_start(&["--max-connections=500"]).map(Private::MySql),
    },
];

impl Kind {
    /// What the environment says.
    pub fn given(&self) -> Option<String> {
        std::env::var(self.variable).ok().filter(|url| !url.is_empty())
    }

    /// The server at the standard port, where one lets us in. Nothing but a greeting is sent to it.
    pub fn standard(&self) -> Result<String, String> {
        (self.usable)(self.port).map(|()| with_password(self.url))
    }
}

/// With a password, where a server that asks for none takes any: it must not show in what the tests log (`cargo xtask tests`).
fn with_password(url: &str) -> String {
    let given = [("redis://", "redis://default:planted-password@"), ("//postgres@", "//postgres:planted-password@")];
    given.iter().fold(url.to_owned(), |url, (without, with)| url.replacen(without, with, 1))
}

/// One server of a test run.
#[derive(Debug)]
pub struct Service {
    /// What to tell the tests: a variable of their environment and its value. None where the environment has it already.
    pub variable: Option<(&'static str, String)>,
    /// Which was taken, and why, for a person to read; no password.
    pub taken: String,
    private: Option<Private>,
}

/// The servers of a test run; private ones live as long as this value.
#[derive(Debug)]
pub struct Services(Vec<Service>);

impl Services {
    /// For each kind the server that the environment names, else the one at the standard port, else a private one.
    ///
    /// # Errors
    /// A private server is needed and does not start: what was looked for, and which package has it.
    pub fn gather() -> Result<Self, String> {
        KINDS.iter().map(Service::take).collect::<Result<_, _>>().map(Self)
    }

    /// Private ones only.
    ///
    /// # Errors
    /// One does not start.
    pub fn private() -> Result<Self, String> {
        KINDS.iter().map(|kind| Service::private(kind, "asked for")).collect::<Result<_, _>>().map(Self)
    }
}

impl std::ops::Deref for Services {
    type Target = [Service];

    fn deref(&self) -> &[Service] {
        &self.0
    }
}

impl Service {
    fn take(kind: &Kind) -> Result<Self, String> {
        let &Kind { name, variable, port, .. } = kind;
        if kind.given().is_some() {
            return Ok(Self { variable: None, taken: format!("{name}: the one that {variable} names"), private: None });
        }
        match kind.standard() {
            Ok(url) => Ok(Self {
                variable: Some((variable, url)),
                taken: format!("{name}: the one at the standard port, 127.0.0.1:{port}"),
                private: None,
            }),
            Err(why) => Self::private(kind, &format!("{variable} is not set, 127.0.0.1:{port} {why}")),
        }
    }

    fn private(kind: &Kind, why: &str) -> Result<Self, String> {
        let private = (kind.private)()?;
        let (url, process) = (private.url().to_owned(), private.pid());
        let taken = format!("{}: a private one, {url}, process {process} ({why})", kind.name);
        Ok(Self { variable: Some((kind.variable, with_password(&url))), taken, private: Some(private) })
    }

    /// The server, where it is a private one.
    pub fn server(&self) -> Option<&Server> {
        self.private.as_deref()
    }
}

impl std::ops::Deref for Private {
    type Target = Server;

    fn deref(&self) -> &Server {
        match self {
            Self::Redis(server) => server,
            Self::Postgres(server) => server,
            Self::MySql(server) => server,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::KINDS;
    use crate::{MySql, Postgres, Redis};

    fn run(command: &mut Command) {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// A server that Debian starts with its package is such a one: then the tests have private ones.
    #[test]
    fn a_server_that_wants_a_password_is_not_taken() {
        let (redis, postgres, mysql) = (Redis::start(&[]), Postgres::start(&[]), MySql::start(&[]));
        let ports = [redis.port(), postgres.port(), mysql.port()];
        for (kind, port) in KINDS.iter().zip(ports) {
            (kind.usable)(port).unwrap();
        }
        run(Command::new("redis-cli").args(["-u", redis.url(), "CONFIG", "SET", "requirepass", "secret"]));
        let rules = "DO $$BEGIN EXECUTE format('COPY (SELECT ''host all all 127.0.0.1/32 scram-sha-256'') TO %L', \
                     current_setting('hba_file')); END$$";
        run(Command::new("psql").args([postgres.url(), "-c", rules, "-c", "SELECT pg_reload_conf()"]));
        let alter = "ALTER USER root@'127.0.0.1' IDENTIFIED BY 'secret'";
        let port = mysql.port().to_string();
        run(Command::new("mariadb").args(["--no-defaults", "-h", "127.0.0.1", "-P", &port, "-u", "root", "-e", alter]));
        for (kind, (port, reason)) in KINDS.iter().zip(ports.into_iter().zip(["NOAUTH", "password", "password"])) {
            let refused = crate::wait::until(std::time::Duration::from_secs(10), || {
                (kind.usable)(port).is_err_and(|error| error.contains(reason))
            });
            assert!(refused, "{}: {:?}", kind.name, (kind.usable)(port));
        }
    }
}
