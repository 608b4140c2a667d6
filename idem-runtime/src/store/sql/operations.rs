//! A store's operations, where its core does them as they stand.

/// The `impl Store` of every store with a [`Core`](super::run::Core) in its field `core`, whose connections are of this kind.
macro_rules! operations {
    ($kind:ident, $name:expr) => {
        fn claim<'a>(&'a self, request: &'a ClaimRequest) -> StoreFuture<'a, ClaimVerdict> {
            Box::pin(self.core.claim(request))
        }

        fn admit<'a>(&'a self, request: &'a AdmitRequest) -> StoreFuture<'a, AdmitVerdict> {
            Box::pin(self.core.step(&request.key, request, transition::admit))
        }

        fn renew<'a>(&'a self, requests: &'a [RenewRequest]) -> StoreFuture<'a, Vec<Result<RenewVerdict, StoreError>>> {
            Box::pin(self.core.renew(requests))
        }

        fn complete<'a>(&'a self, request: &'a CompleteRequest) -> StoreFuture<'a, CompleteVerdict> {
            Box::pin(self.core.complete(request))
        }

        fn fail<'a>(&'a self, request: &'a FailRequest) -> StoreFuture<'a, FailVerdict> {
            Box::pin(self.core.step(&request.claim.key, request, transition::fail))
        }

        fn cancel<'a>(&'a self, request: &'a CancelRequest) -> StoreFuture<'a, CancelVerdict> {
            Box::pin(self.core.step(&request.key, request, transition::cancel))
        }

        fn clear<'a>(&'a self, key: &'a Key, force: bool) -> StoreFuture<'a, ClearVerdict> {
            Box::pin(self.core.clear(key, force))
        }

        fn resolve<'a>(&'a self, key: &'a Key, request: &'a ResolveRequest) -> StoreFuture<'a, ResolveVerdict> {
            Box::pin(self.core.step(key, request, transition::resolve))
        }

        fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Arc<Record>>> {
            Box::pin(self.core.get(key))
        }

        fn now<'a>(&'a self, _key: &'a Key) -> StoreFuture<'a, Timestamp> {
            Box::pin(self.core.now())
        }

        fn list<'a>(&'a self, query: &'a ListQuery) -> StoreFuture<'a, Vec<Arc<Record>>> {
            Box::pin(self.core.list(query))
        }

        fn sweep(&self, limit: usize) -> StoreFuture<'_, SweepReport> {
            Box::pin(self.core.sweep(limit))
        }

        fn describe(&self) -> StoreFuture<'_, Description> {
            Box::pin(self.core.run(&Describe))
        }

        fn within<'a>(&'a self, connection: TxConnection<'a>) -> Result<Box<dyn Within + 'a>, TxConnection<'a>> {
            match connection {
                TxConnection::$kind(connection) => Ok(Box::new(InTransaction::new(&self.core.dialect, connection))),
                #[allow(unreachable_patterns, reason = "the other drivers are not compiled in")]
                other => Err(other),
            }
        }

        fn transactions(&self) -> Option<&'static str> {
            Some($name)
        }

        fn keeper(&self) -> StoreFuture<'_, Arc<dyn Store>> {
            Box::pin(async move {
                let core = Core { dialect: self.core.dialect.clone(), lender: Lender::own(KEEPER_CONNECTIONS) };
                // It connects now, so that the first heartbeat does not wait for it.
                core.connect().await?;
                let keeper: Arc<dyn Store> = Arc::new(Self { core: Arc::new(core) });
                Ok(keeper)
            })
        }
    };
}

pub(crate) use operations;

/// Heartbeats use one; another is for what dropped calls left behind, and for a beat after one that hangs.
pub(crate) const KEEPER_CONNECTIONS: usize = 3;
