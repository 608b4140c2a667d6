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
        private: || Postgres::try_start(&[]).map(Private::Postgres),
    },
    Kind {
        name: "MySQL",
        variable: "IDEM_TEST_MYSQL_URL",
        port: 3306,
        url: "mysql://root@127.0.0.1:3306/mysql",
        usable: mysql::usable,
        private: || MySql::try_start(&[]).map(Private::MySql),
    },
];

impl Kind {
    /// What the environment says.
    pub fn given(&self) -> Option<String> {
        std::env::var(self.variable).ok().filter(|url| !url.is_empty())
    }

    /// The server at the standard port, where one lets us in. Nothing but a greeting is sent to it.
    pub fn standard(&self) -> Result<String, String> {
        (self.usable)(self.port).map(|()| self.url.to_owned())
    }
}

/// One server of a test run.
#[derive(Debug)]
pub struct Service {
    /// What to tell the tests: the name of a variable of their environment, and its value.
    pub variable: (&'static str, String),
    /// Which was taken, and why, for a person to read. A URL of the environment is not shown: it may hold a password.
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
        if let Some(url) = kind.given() {
            let taken = format!("{name}: the one in {variable}");
            return Ok(Self { variable: (variable, url), taken, private: None });
        }
        match kind.standard() {
            Ok(url) => Ok(Self {
                variable: (variable, url),
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
        Ok(Self { variable: (kind.variable, url), taken, private: Some(private) })
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
