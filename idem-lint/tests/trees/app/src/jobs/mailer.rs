use idem::idempotent as once_only;
use sidekiq::Worker;

pub async fn send_welcome(user: u64) -> Result<(), Error> {
    Ok(())
}

#[once_only(name = "mail.digest")]
pub async fn send_digest(user: u64) -> Result<(), Error> {
    Ok(())
}

pub struct Receipts;

#[async_trait]
impl Worker<u64> for Receipts {
	async fn perform(&self, user: u64) -> sidekiq::Result<()> {
		Ok(())
	}
}
