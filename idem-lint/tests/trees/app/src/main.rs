use apalis::prelude::*;
use mail_app::jobs::mailer::send_welcome;
use mail_app::jobs::mailer::send_digest as digest;

#[tokio::main]
async fn main() {
    Monitor::new()
        .register(WorkerBuilder::new("welcome").backend(pool()).build_fn(send_welcome))
        .register(WorkerBuilder::new("digest").backend(pool()).build(digest))
        .run()
        .await;
}
