use std::pin::Pin;

pub fn handle_paid(event: Event) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send>> {
    Box::pin(async move { Ok(()) })
}

pub async fn ping() -> &'static str {
    "pong"
}
