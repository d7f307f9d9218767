//! What may be sent, shared and moved: a table that is checked when it is compiled.
//!
//! Programs that come from tokio put these types into `Send` futures, into `Arc`s and on other
//! threads. Where tokio has the type, the row says what tokio's says; a type that is more than
//! tokio's (mostly a future that is `Unpin`) has "more" beside it.

use std::cell::Cell;
use std::future::Ready;
use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};

use mainspring::runtime::{self, *};
use mainspring::task::{self, *};
use mainspring::time::*;
use mainspring_reactor as reactor;

/// Neither `Send` nor `Sync`.
type Local = PhantomData<*const ()>;
/// `Send` and not `Sync`.
type Sent = Cell<u8>;
/// Not `Unpin`.
type Pinned = std::marker::PhantomPinned;

/// Rows of a type, what it has, and after `not` what it must not have.
macro_rules! rows {
    ($($type:ty : $($has:ident)* $(, not $($lacks:ident)*)? ;)*) => { $({
        fn has<T: ?Sized $(+ $has)*>() {}
        has::<$type>();
        $($({
            // Two traits give the name to a type that has the trait, and the compiler cannot
            // choose; one gives it to a type that lacks it.
            trait Ask<Answer> {
                fn lacks() {}
            }
            impl<T: ?Sized> Ask<()> for T {}
            struct Has;
            impl<T: ?Sized + $lacks> Ask<Has> for T {}
            <$type as Ask<_>>::lacks();
        })*)?
    })* };
}

#[test]
fn tasks() {
    rows! {
        task::Id: Send Sync Unpin;
        JoinError: Send Sync Unpin;
        JoinHandle<u8>: Send Sync Unpin UnwindSafe RefUnwindSafe;
        JoinHandle<Sent>: Send Sync Unpin UnwindSafe RefUnwindSafe;
        JoinHandle<Local>: Unpin, not Send Sync;
        JoinHandle<Pinned>: Unpin;
        AbortHandle: Send Sync Unpin UnwindSafe RefUnwindSafe;
        YieldNow: Send Sync Unpin; // more: Unpin
        JoinSet<u8>: Send Sync Unpin;
        JoinSet<Sent>: Send Sync Unpin;
        JoinSet<Local>: Unpin, not Send Sync;
        join_set::JoinNext<'static, u8>: Send Sync Unpin; // more: Unpin
        join_set::JoinNext<'static, Sent>: Send Sync Unpin; // more: Unpin
        join_set::JoinNext<'static, Local>: Unpin, not Send Sync; // more: Unpin
        join_set::JoinNextWithId<'static, Sent>: Send Sync Unpin; // more: Unpin
        join_set::JoinAll<u8>: Send Sync Unpin; // more: Unpin
        join_set::JoinAll<Pinned>: Unpin; // more: Unpin
        join_set::JoinAll<Local>: Unpin, not Send Sync; // more: Unpin
        join_set::ShutDown<'static, Sent>: Send Sync Unpin; // more: Unpin
        LocalKey<u8>: Send Sync Unpin UnwindSafe RefUnwindSafe;
        LocalKey<Local>: Send Sync Unpin UnwindSafe RefUnwindSafe;
        LocalSet: Unpin, not Send Sync;
        RunUntil<'static, Ready<u8>>: , not Send Sync; // more: Unpin where the future is
        RunUntil<'static, Pinned>: , not Unpin;
        LocalEnterGuard: Unpin, not Send Sync;
        coop::RestoreOnPending: Unpin, not Send Sync;
        coop::Coop<Ready<u8>>: Send Sync Unpin;
        Unconstrained<Ready<u8>>: Send Sync Unpin;
        Unconstrained<Pinned>: , not Unpin;
        ConsumeBudget: Send Sync Unpin; // more: Unpin
        AccessError: Send Sync Unpin UnwindSafe RefUnwindSafe;
        TaskLocalFuture<u8, std::future::Ready<u8>>: Send Sync, not Unpin;
        TaskLocalFuture<Sent, std::future::Ready<u8>>: Send, not Sync Unpin;
        TaskLocalFuture<Local, std::future::Ready<u8>>: , not Send Sync Unpin;

        // Without a counterpart.
        join_set::JoinOutcomes<u8>: Send Sync Unpin;
        AbortOnDrop<Sent>: Send Sync Unpin;
        AbortOnDrop<Local>: Unpin, not Send Sync;
        Shared<u8>: Send Sync Unpin UnwindSafe RefUnwindSafe;
        Shared<Sent>: Unpin, not Send Sync;
        Shared<Pinned>: Unpin;
        Defer: Unpin, not Send Sync;
        TaskGroup<'static, u8>: Unpin, not Send Sync;
        Member<u8>: Unpin, not Send Sync;
        Group<'static, u8, u8, std::future::Ready<Result<u8, u8>>>: Unpin, not Send Sync;
        Group<'static, u8, u8, Pinned>: , not Send Sync Unpin;
        ErrorGroup<u8>: Send Sync Unpin;
        Unhandled: Send Sync Unpin;
        Outcome<u8>: Send Sync Unpin;
        Idle: Send Sync Unpin;
        TaskInfo: Send Sync Unpin;
        JobReport: Send Sync Unpin;
        WorkerDied: Send Sync Unpin;
    }
}

#[test]
fn runtimes() {
    rows! {
        Builder: Send Sync Unpin;
        Runtime: Send Sync Unpin UnwindSafe RefUnwindSafe;
        Handle: Send Sync Unpin UnwindSafe RefUnwindSafe;
        EnterGuard<'static>: Sync Unpin, not Send;
        LocalRuntime: Unpin, not Send Sync;
        LocalOptions: Unpin, not Send Sync;
        runtime::Id: Send Sync Unpin;
        RuntimeMetrics: Send Sync Unpin UnwindSafe RefUnwindSafe;
        RuntimeFlavor: Send Sync Unpin;
        TryCurrentError: Send Sync Unpin;

        // Without a counterpart.
        CallbackHandle: Unpin, not Send Sync;
        CallbackHandleSend: Send Sync Unpin;
        RemoteJoinHandle<Sent>: Send Sync Unpin;
        RemoteJoinHandle<Local>: Unpin, not Send Sync;
        OnStall: Send Sync Unpin;
        RunEnd: Send Sync Unpin;
        Closed: Send Sync Unpin;
    }
}

#[test]
fn times() {
    rows! {
        Instant: Send Sync Unpin;
        Sleep: Send Sync, not Unpin;
        Timeout<Ready<u8>>: Send Sync, not Unpin;
        Timeout<Ready<Sent>>: Send, not Sync Unpin;
        Timeout<Ready<Local>>: , not Send Sync Unpin;
        Elapsed: Send Sync Unpin;
        Interval: Send Sync Unpin;
        MissedTickBehavior: Send Sync Unpin;
        Tick<'static>: Send Sync Unpin; // more: Unpin
        Advance: Send Sync Unpin; // more: Unpin

        // Without a counterpart.
        Deadline: Send Sync Unpin;
        Scope<std::future::Ready<u8>>: Send Sync, not Unpin;
        Scope<std::future::Ready<Local>>: , not Send Sync;
    }
}

#[test]
fn reading_and_writing() {
    use mainspring::io::futures::*;
    use mainspring::io::*;
    use mainspring::net::TcpStream;

    type BoxedRead = std::pin::Pin<Box<dyn AsyncBufRead + Send + Sync>>;
    type BoxedWrite = std::pin::Pin<Box<dyn AsyncWrite + Send + Sync>>;
    type LocalRead = std::pin::Pin<Box<dyn AsyncBufRead>>;
    type LocalWrite = std::pin::Pin<Box<dyn AsyncWrite>>;
    type BoxedSeek = std::pin::Pin<Box<dyn AsyncSeek + Send + Sync>>;

    rows! {
        BufReader<TcpStream>: Send Sync Unpin;
        BufReader<LocalRead>: Unpin, not Send Sync;
        BufStream<TcpStream>: Send Sync Unpin;
        BufWriter<TcpStream>: Send Sync Unpin;
        BufWriter<LocalWrite>: Unpin, not Send Sync;
        Chain<TcpStream, TcpStream>: Send Sync Unpin;
        DuplexStream: Send Sync Unpin;
        Empty: Send Sync Unpin;
        Join<TcpStream, TcpStream>: Send Sync Unpin;
        Lines<TcpStream>: Send Sync Unpin;
        ReadBuf<'static>: Send Sync Unpin;
        ReadHalf<TcpStream>: Send Sync Unpin;
        ReadHalf<Sent>: Send Unpin;
        ReadHalf<Local>: Unpin, not Send Sync;
        ReadHalf<Pinned>: Unpin;
        Repeat: Send Sync Unpin;
        SimplexStream: Send Sync Unpin;
        Sink: Send Sync Unpin;
        Split<TcpStream>: Send Sync Unpin;
        Take<TcpStream>: Send Sync Unpin;
        WriteHalf<TcpStream>: Send Sync Unpin;
        WriteHalf<Local>: Unpin, not Send Sync;

        // All of these are more: Unpin.
        Copy<'static, TcpStream, TcpStream>: Send Sync Unpin;
        Copy<'static, LocalRead, TcpStream>: Unpin, not Send Sync;
        CopyBidirectional<'static, TcpStream, TcpStream>: Send Sync Unpin;
        CopyBuf<'static, BufReader<TcpStream>, TcpStream>: Send Sync Unpin;
        FillBuf<'static, BoxedRead>: Send Sync Unpin;
        NextLine<'static, BoxedRead>: Send Sync Unpin;
        NextSegment<'static, BoxedRead>: Send Sync Unpin;
        Read<'static, 'static, BoxedRead>: Send Sync Unpin;
        Read<'static, 'static, LocalRead>: Unpin, not Send Sync;
        ReadExact<'static, 'static, BoxedRead>: Send Sync Unpin;
        ReadInto<'static, 'static, BoxedRead, Vec<u8>>: Send Sync Unpin;
        ReadLine<'static, 'static, BoxedRead>: Send Sync Unpin;
        ReadNumber<'static, BoxedRead, u32, 4>: Send Sync Unpin;
        ReadToEnd<'static, 'static, BoxedRead>: Send Sync Unpin;
        ReadToString<'static, 'static, BoxedRead>: Send Sync Unpin;
        ReadUntil<'static, 'static, BoxedRead>: Send Sync Unpin;
        Seek<'static, BoxedSeek>: Send Sync Unpin;
        Flush<'static, BoxedWrite>: Send Sync Unpin;
        Shutdown<'static, BoxedWrite>: Send Sync Unpin;
        Write<'static, 'static, BoxedWrite>: Send Sync Unpin;
        WriteAll<'static, 'static, BoxedWrite>: Send Sync Unpin;
        WriteAllBuf<'static, 'static, BoxedWrite, &[u8]>: Send Sync Unpin;
        WriteBuf<'static, 'static, BoxedWrite, &[u8]>: Send Sync Unpin;
        WriteNumber<'static, BoxedWrite, 4>: Send Sync Unpin;
        WriteVectored<'static, 'static, BoxedWrite>: Send Sync Unpin;
    }
}

#[test]
fn the_reactor() {
    rows! {
        reactor::Reactor: Send Sync Unpin;
        reactor::Wheel: Send Sync Unpin;
        reactor::Source: Send Sync Unpin;
        reactor::Unparker: Send Sync Unpin;
        reactor::Ready: Send Sync Unpin;
        reactor::SourceKey: Send Sync Unpin;
        reactor::TimerKey: Send Sync Unpin;
        reactor::Tick: Send Sync Unpin;
        reactor::Turned: Send Sync Unpin;
    }
}

#[test]
fn futures_in_hand() {
    use mainspring::future::*;
    rows! {
        Resolver<u8>: Send Sync Unpin;
        Resolver<Sent>: Send Sync Unpin;
        Resolver<Local>: Unpin, not Send Sync;
        Cancelled<'static, u8>: Send Sync Unpin;
        Gather<Ready<u8>>: Send;
        TryGather<Ready<Result<u8, u8>>>: Send;
        Wait<u8>: Send Sync;
        Wait<Local>: , not Send Sync;
        Finished<u8>: Send Sync Unpin;
        CallbackId: Send Sync Unpin;
        AsCompleted<std::future::Ready<u8>>: Send Unpin;
        Buffered<Iter<std::vec::IntoIter<std::future::Ready<u8>>>, std::future::Ready<u8>>: Send;
        ForEach<Iter<std::ops::Range<u8>>, fn(u8), std::future::Ready<()>>: Send Sync;
    }
}

#[test]
fn pools() {
    use mainspring::pool::*;
    rows! {
        ThreadPool: Send Sync Unpin;
        ThreadPoolBuilder: Send Sync Unpin;
        Threads: Send Sync Unpin;
    }
}

#[test]
fn files() {
    use mainspring::fs::*;
    use mainspring::io::{Stderr, Stdin, Stdout};
    rows! {
        File: Send Sync Unpin;
        OpenOptions: Send Sync Unpin;
        DirBuilder: Send Sync Unpin;
        DirEntry: Send Sync Unpin;
        ReadDir: Send Sync Unpin;
        FileTimes: Send Sync Unpin;
        Stdin: Send Sync Unpin;
        Stdout: Send Sync Unpin;
        Stderr: Send Sync Unpin;
        Call<std::path::PathBuf, Vec<u8>>: Send Sync Unpin; // more: Sync Unpin
        Call<Local, u8>: Unpin, not Send Sync;
        NextEntry<'static>: Send Sync Unpin; // more: Unpin
    }
    fn sent<T: Send>(_: T) {}
    fn waits_of_a_file(file: &'static File) {
        sent(file.sync_all());
        sent(file.set_len(0));
        sent(file.try_clone());
        sent(file.set_modified(std::time::SystemTime::now()));
    }
    let _ = waits_of_a_file;
}

#[test]
fn processes() {
    use mainspring::process::*;
    rows! {
        ProcessPool: Send Sync Unpin;
        ProcessPoolBuilder: Send Sync Unpin;
        Processes: Send Sync Unpin;
        Function: Send Sync Unpin;
        ProcessError: Send Sync Unpin;
        WarmUp: Send Sync Unpin;
        Shutdown: Send Sync Unpin;
    }
}

#[test]
fn waiting_for_tasks() {
    use mainspring::sync::*;
    rows! {
        Semaphore: Send Sync Unpin;
        SemaphorePermit<'static>: Send Sync Unpin;
        OwnedSemaphorePermit: Send Sync Unpin;
        AcquireError: Send Sync Unpin;
        TryAcquireError: Send Sync Unpin;
        Acquire<'static>: Send Sync;
        AcquireOwned: Send Sync;

        Mutex<u8>: Send Sync Unpin UnwindSafe RefUnwindSafe;
        Mutex<Sent>: Send Sync Unpin;
        Mutex<Local>: Unpin, not Send Sync;
        Mutex<Pinned>: Send Sync, not Unpin;
        MutexGuard<'static, u8>: Send Sync Unpin UnwindSafe RefUnwindSafe;
        MutexGuard<'static, Sent>: Send Unpin, not Sync;
        MutexGuard<'static, Local>: Unpin, not Send Sync;
        MutexGuard<'static, Pinned>: Send Sync Unpin;
        OwnedMutexGuard<u8>: Send Sync Unpin;
        OwnedMutexGuard<Sent>: Send Unpin, not Sync;
        OwnedMutexGuard<Local>: Unpin, not Send Sync;
        OwnedMutexGuard<Pinned>: Send Sync Unpin;
        TryLockError: Send Sync Unpin;
        MutexLock<'static, u8>: Send Sync;
        MutexLock<'static, Sent>: Send Sync;
        MutexLock<'static, Local>: , not Send Sync;
        MutexLockOwned<u8>: Send Sync;
        MutexLockOwned<Sent>: Send Sync;
        MutexLockOwned<Local>: , not Send Sync;

        RwLock<u8>: Send Sync Unpin;
        RwLock<Sent>: Unpin, not Send Sync; // less: `Send`, for it may hold an `Arc` of the value
        RwLock<Local>: Unpin, not Send Sync;
        RwLockReadGuard<'static, u8>: Send Sync Unpin;
        RwLockReadGuard<'static, Sent>: Unpin, not Send Sync;
        RwLockReadGuard<'static, Pinned>: Send Sync Unpin;
        OwnedRwLockReadGuard<u8>: Send Sync Unpin;
        OwnedRwLockReadGuard<Sent>: Unpin, not Send Sync;
        RwLockWriteGuard<'static, u8>: Send Sync Unpin;
        RwLockWriteGuard<'static, Sent>: Unpin, not Send Sync;
        RwLockWriteGuard<'static, Pinned>: Send Sync Unpin;
        OwnedRwLockWriteGuard<u8>: Send Sync Unpin;
        OwnedRwLockWriteGuard<Sent>: Unpin, not Send Sync;
        RwLockRead<'static, u8>: Send Sync;
        RwLockRead<'static, Sent>: , not Send Sync;
        RwLockReadOwned<u8>: Send Sync;
        RwLockWrite<'static, u8>: Send Sync;
        RwLockWrite<'static, Sent>: , not Send Sync;
        RwLockWriteOwned<u8>: Send Sync;

        // Without a counterpart.
        Condition: Send Sync Unpin;
        Condition<Sent>: Send Sync Unpin;
        Condition<Local>: Unpin, not Send Sync;
        ConditionGuard<'static, u8>: Send Sync Unpin;
        ConditionGuard<'static, Sent>: Send Unpin, not Sync;
        ConditionLock<'static, u8>: Send Sync Unpin;
        ConditionWait<'static, u8>: Send Sync Unpin;
        ConditionWait<'static, Sent>: Send Unpin, not Sync;
        ConditionWaitFor<'static, u8, fn()>: Send Sync Unpin;
        ConditionWaitUntil<'static, u8, fn()>: Send Sync Unpin;
        Event: Send Sync Unpin;
        EventWait<'static>: Send Sync;
        Queue<u8>: Send Sync Unpin;
        Queue<Sent>: Send Sync Unpin;
        Queue<Local>: Unpin, not Send Sync;
        LifoQueue<u8>: Send Sync Unpin;
        PriorityQueue<u8>: Send Sync Unpin;
        Ticket<u8>: Send Sync Unpin;
    }
}

#[test]
fn channels() {
    use mainspring::sync::mpsc::error::*;
    use mainspring::sync::mpsc::*;
    use mainspring::sync::oneshot;
    rows! {
        Sender<u8>: Send Sync Unpin UnwindSafe RefUnwindSafe;
        Sender<Sent>: Send Sync Unpin;
        Sender<Local>: Unpin, not Send Sync;
        Sender<Pinned>: Unpin;
        Receiver<u8>: Send Sync Unpin;
        Receiver<Sent>: Send Sync Unpin;
        Receiver<Local>: Unpin, not Send Sync;
        Receiver<Pinned>: Unpin;
        UnboundedSender<Sent>: Send Sync Unpin UnwindSafe RefUnwindSafe;
        UnboundedSender<Local>: Unpin, not Send Sync;
        UnboundedReceiver<Sent>: Send Sync Unpin UnwindSafe;
        UnboundedReceiver<Local>: Unpin, not Send Sync;
        WeakSender<Sent>: Send Sync Unpin;
        WeakSender<Local>: Unpin, not Send Sync;
        WeakUnboundedSender<Sent>: Send Sync Unpin;
        Permit<'static, Sent>: Send Sync Unpin;
        Permit<'static, Local>: Unpin, not Send Sync;
        PermitIterator<'static, Sent>: Send Sync Unpin;
        OwnedPermit<Sent>: Send Sync Unpin;
        OwnedPermit<Local>: Unpin, not Send Sync;
        SendError<Sent>: Send Unpin, not Sync;
        TrySendError<u8>: Send Sync Unpin;
        SendTimeoutError<u8>: Send Sync Unpin;
        TryRecvError: Send Sync Unpin;

        // More: named, and mostly `Unpin`.
        Recv<'static, Sent>: Send Sync Unpin;
        Recv<'static, Local>: , not Send Sync;
        RecvMany<'static, Sent>: Send Unpin;
        Sending<'static, Sent>: Send Unpin;
        Sending<'static, Local>: , not Send Sync;
        SendTimeout<'static, Sent>: Send, not Unpin;
        Reserve<'static, Sent>: Send Sync Unpin;
        ReserveMany<'static, Sent>: Send Sync Unpin;
        ReserveOwned<Sent>: Send Sync Unpin;
        Closed<'static, Sent>: Send Sync Unpin;

        oneshot::Sender<Sent>: Send Sync Unpin;
        oneshot::Sender<Local>: Unpin, not Send Sync;
        oneshot::Sender<Pinned>: Unpin;
        oneshot::Receiver<Sent>: Send Sync Unpin;
        oneshot::Receiver<Local>: Unpin, not Send Sync;
        oneshot::Receiver<Pinned>: Unpin;
        oneshot::Closed<'static, Sent>: Send Sync Unpin;
        oneshot::error::RecvError: Send Sync Unpin;
        oneshot::error::TryRecvError: Send Sync Unpin;
    }
}

#[test]
fn sockets() {
    use mainspring::io::unix::*;
    use mainspring::io::{Interest, Ready};
    use mainspring::net::*;
    use std::os::fd::OwnedFd;
    use std::rc::Rc;
    rows! {
        TcpListener: Send Sync Unpin UnwindSafe RefUnwindSafe;
        TcpStream: Send Sync Unpin UnwindSafe RefUnwindSafe;
        TcpSocket: Send Sync Unpin UnwindSafe RefUnwindSafe;
        tcp::ReadHalf<'static>: Send Sync Unpin UnwindSafe RefUnwindSafe;
        tcp::OwnedWriteHalf: Send Sync Unpin UnwindSafe RefUnwindSafe;
        tcp::ReuniteError: Send Sync Unpin UnwindSafe RefUnwindSafe;
        tcp::futures::Readiness<'static>: Send Sync Unpin; // more: Unpin
        tcp::futures::WhatIsReady<'static>: Send Sync Unpin; // more: Unpin
        Interest: Send Sync Unpin UnwindSafe RefUnwindSafe;
        Ready: Send Sync Unpin UnwindSafe RefUnwindSafe;
        AsyncFd<OwnedFd>: Send Sync Unpin UnwindSafe RefUnwindSafe;
        AsyncFd<Rc<OwnedFd>>: Unpin, not Send Sync;
        AsyncFdReadyGuard<'static, OwnedFd>: Send Sync Unpin;
        AsyncFdReadyGuard<'static, Rc<OwnedFd>>: Unpin, not Send Sync;
        AsyncFdReadyMutGuard<'static, OwnedFd>: Send Sync Unpin;
        AsyncFdRegisterError<Sent>: Send Unpin, not Sync;
        TryIoError: Send Sync Unpin;
    }
}

#[test]
fn sockets_of_this_machine_and_datagrams() {
    use mainspring::net::*;
    rows! {
        UdpSocket: Send Sync Unpin UnwindSafe RefUnwindSafe;
        UnixDatagram: Send Sync Unpin UnwindSafe RefUnwindSafe;
        UnixListener: Send Sync Unpin UnwindSafe RefUnwindSafe;
        UnixStream: Send Sync Unpin UnwindSafe RefUnwindSafe;
        UnixSocket: Send Sync Unpin UnwindSafe RefUnwindSafe;
        unix::SocketAddr: Send Sync Unpin UnwindSafe RefUnwindSafe;
        unix::UCred: Send Sync Unpin UnwindSafe RefUnwindSafe;
        unix::ReadHalf<'static>: Send Sync Unpin UnwindSafe RefUnwindSafe;
        unix::WriteHalf<'static>: Send Sync Unpin UnwindSafe RefUnwindSafe;
        unix::OwnedReadHalf: Send Sync Unpin UnwindSafe RefUnwindSafe;
        unix::OwnedWriteHalf: Send Sync Unpin UnwindSafe RefUnwindSafe;
        unix::ReuniteError: Send Sync Unpin UnwindSafe RefUnwindSafe;
        unix::pipe::Sender: Send Sync Unpin UnwindSafe RefUnwindSafe;
        unix::pipe::Receiver: Send Sync Unpin UnwindSafe RefUnwindSafe;
        unix::pipe::OpenOptions: Send Sync Unpin UnwindSafe RefUnwindSafe;
    }
}

#[test]
fn signals() {
    use mainspring::sync::*;
    rows! {
        Notify: Send Sync Unpin UnwindSafe RefUnwindSafe;
        futures::Notified<'static>: Send Sync, not Unpin;
        futures::OwnedNotified: Send Sync, not Unpin;
        Barrier: Send Sync Unpin UnwindSafe RefUnwindSafe;
        BarrierWaitResult: Send Sync Unpin;
        BarrierWait<'static>: Send Sync Unpin; // more: Unpin
        OnceCell<u8>: Send Sync Unpin;
        OnceCell<Sent>: Send Unpin, not Sync;
        OnceCell<Local>: Unpin, not Send Sync;
        SetError<Sent>: Send Unpin, not Sync;
        SetOnce<u8>: Send Sync Unpin;
        SetOnce<Sent>: Send Unpin, not Sync;
        SetOnce<Local>: Unpin, not Send Sync;
        SetOnceWait<'static, u8>: Send Sync Unpin; // more: Unpin
        SetOnceWait<'static, Sent>: Unpin, not Send Sync;
        GetOrInit<'static, u8, fn() -> Ready<u8>, Ready<u8>>: Send Sync;
        GetOrInit<'static, Sent, fn() -> Ready<Sent>, Ready<Sent>>: , not Send Sync;
        GetOrInit<'static, u8, fn() -> Ready<u8>, Pinned>: , not Unpin;

        // Without a counterpart.
        BarrierArrive<'static>: Send Sync Unpin;
        BrokenBarrier: Send Sync Unpin;
    }
}

#[test]
fn channels_to_many() {
    use mainspring::sync::{broadcast, watch};
    rows! {
        watch::Sender<u8>: Send Sync Unpin UnwindSafe RefUnwindSafe;
        watch::Sender<Sent>: Unpin, not Send Sync;
        watch::Sender<Local>: Unpin, not Send Sync;
        watch::Receiver<u8>: Send Sync Unpin UnwindSafe RefUnwindSafe;
        watch::Receiver<Sent>: Unpin, not Send Sync;
        watch::Ref<'static, u8>: Sync Unpin, not Send;
        watch::Ref<'static, Sent>: Unpin, not Send Sync;
        watch::Changed<'static, u8>: Send Sync Unpin; // more: Unpin
        watch::Changed<'static, Sent>: Unpin, not Send Sync;
        watch::Closed<'static, u8>: Send Sync Unpin; // more: Unpin
        watch::WaitFor<'static, u8, fn(&u8) -> bool>: Send Sync Unpin; // more: Unpin
        watch::error::SendError<u8>: Send Sync Unpin;
        watch::error::RecvError: Send Sync Unpin;

        broadcast::Sender<u8>: Send Sync Unpin UnwindSafe RefUnwindSafe;
        broadcast::Sender<Sent>: Send Sync Unpin;
        broadcast::Sender<Local>: Unpin, not Send Sync;
        broadcast::WeakSender<Sent>: Send Sync Unpin;
        broadcast::WeakSender<Local>: Unpin, not Send Sync;
        broadcast::Receiver<Sent>: Send Sync Unpin;
        broadcast::Receiver<Local>: Unpin, not Send Sync;
        broadcast::Recv<'static, Sent>: Send Sync Unpin; // more: Unpin
        broadcast::Recv<'static, Local>: Unpin, not Send Sync;
        broadcast::Closed<'static, Sent>: Send Sync;
        broadcast::error::RecvError: Send Sync Unpin;
        broadcast::error::TryRecvError: Send Sync Unpin;
    }
}

#[test]
fn signals_and_programs() {
    use mainspring::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
    use mainspring::signal::CtrlC;
    use mainspring::signal::unix::{Recv, Signal, SignalKind};
    rows! {
        Signal: Send Sync Unpin;
        SignalKind: Send Sync Unpin UnwindSafe RefUnwindSafe;
        Recv<'static>: Send Sync Unpin; // more: Unpin
        CtrlC: Send Sync Unpin; // more: Unpin

        Child: Send Sync Unpin;
        ChildStdin: Send Sync Unpin;
        ChildStdout: Send Sync Unpin;
        ChildStderr: Send Sync Unpin;
        Command: Send Sync Unpin;
    }
    fn is_shared<F: Future + Send + Sync>(_ask: impl FnOnce() -> F) {}
    fn no<T>() -> T {
        unreachable!("it is only asked for its type")
    }
    is_shared(|| no::<&mut Child>().wait());
    is_shared(|| no::<&mut Child>().kill());
    is_shared(|| no::<Child>().wait_with_output());
    is_shared(|| no::<&mut Command>().status());
    is_shared(|| no::<&mut Command>().output());
}
