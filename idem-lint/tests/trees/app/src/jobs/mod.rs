pub mod mailer;

use celery::task as job;

#[job(max_retries = 3)]
async fn charge(order: u64) -> TaskResult<()> {
    settle(order).await
}

async fn settle(order: u64) -> TaskResult<()> {
    Ok(())
}
