#![deny(warnings)]

use std::sync::Arc;

use idem::{idempotent, not_idempotent};

struct Mailer {
    sent: u64,
}

trait Sends {
    async fn notify(&self, user: u64) -> Result<u64, idem::Error>;
}

impl Mailer {
    #[idempotent(name = "mailer.send")]
    async fn send(&self, user: u64) -> Result<u64, idem::Error> {
        Ok(self.sent + user)
    }

    #[idempotent(name = "mailer.push")]
    async fn push(&mut self, user: u64) -> Result<u64, idem::Error> {
        self.sent += user;
        Ok(self.sent)
    }

    #[idempotent(name = "mailer.shared")]
    async fn shared(self: Arc<Self>, user: u64) -> Result<u64, idem::Error> {
        Ok(self.sent + user)
    }

    #[idempotent(name = "mailer.connect", associated)]
    async fn connect(host: &str) -> Result<usize, idem::Error> {
        Ok(host.len())
    }

    #[not_idempotent(reason = "reads only", name = "mailer.sent")]
    fn sent(&self) -> u64 {
        self.sent
    }

    #[not_idempotent(reason = "reads only", name = "mailer.limit", associated)]
    fn limit() -> u64 {
        7
    }
}

impl Sends for Mailer {
    #[idempotent(name = "mailer.notify")]
    async fn notify(&self, user: u64) -> Result<u64, idem::Error> {
        self.send(user).await
    }
}

#[test]
fn compiles() {
    let mut mailer = Mailer { sent: 0 };
    let _ = mailer.send(1);
    let _ = mailer.notify(1);
    let _ = mailer.push(1);
    let _ = Mailer::connect("localhost");
    assert_eq!(mailer.sent() + Mailer::limit(), 7);
    let _ = Arc::new(mailer).shared(1);
    let _ = idem::tasks!["mailer.send", "mailer.push"];
}
