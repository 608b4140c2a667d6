//! Protocols that are wrong, each in one way that a store or a client could be.

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mutant {
    /// The store completes whatever runs, whoever asks.
    CompleteWithoutOwner,
    /// The store completes for the owner, whichever of its claims the completion is of.
    CompleteWithoutFence,
    /// The store lets a completion write over another.
    CompleteOverCompleted,
    /// The store says that a result is kept, and keeps none.
    CompletionNotKept,
    /// The store ends the claim of the key, whosever it is.
    ReleaseByKeyOnly,
    /// The store removes the record of a claim that ends.
    ReleaseDeletes,
    /// The store says that a claim has ended, and keeps it.
    ReleaseNotKept,
    /// A claim that was not started takes back an attempt each time that this is said.
    ReleaseCountsTwice,
    /// The store renews the claim of the key, whosever it is.
    RenewByKeyOnly,
    /// Each second client sends the time with its claim, and its clock is a lease ahead.
    LeaseByClientClock,
    /// The store answers a claim that is sent again as it answers another's.
    ClaimNotReplayable,
    /// The store grants a claim that comes after its own release.
    LateClaimGranted,
    /// A cache that lags answers claims, and the store does as it says.
    CacheAnswersForStore,
    /// A claim that takes over has the fence of the one before it.
    TakeoverKeepsFence,
    /// The fence is the store's clock, whatever the last one was.
    FenceFromClockAlone,
    /// What becomes of an abandoned claim is not asked of its own policy.
    TakeoverIgnoresPark,
    /// A claim has no deadline.
    LeaseWithoutEnd,
    /// A client that hears nothing claims anew, as another owner.
    NewOwnerOnRetry,
    /// A client counts its lease from the answer, not from the sending.
    DeadlineFromAnswer,
    /// A client enters the body on an answer that came too late.
    LateAnswerBelieved,
    /// A client whose late claim was renewed does not ask whether it is the same claim still.
    RenewalBelieved,
    /// A client takes a key that is running as done.
    RunningTakenAsDone,
    /// A client that was told to wait does not ask again.
    WaitsForEver,
    /// A client whose body was dropped releases its claim also where it is to be parked.
    DroppedBodyReleases,
    /// The store admits whoever asks for a key that is pending.
    AdmitByKeyOnly,
    /// The store gives back the ticket of the key, whosever it is.
    GiveBackByKeyOnly,
    /// The store admits a ticket that comes after it was given back.
    LateTicketAdmitted,
    /// An admission has no end.
    AdmissionWithoutEnd,
    /// An admission keeps deliveries out as a claim does.
    AdmissionExcludes,
    /// The store admits also what it completed.
    AdmitCompleted,
}
