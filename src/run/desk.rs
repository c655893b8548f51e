//! Where the dispatcher sits: whoever brings it something to hear rings, and it takes its turn on the thread of the bell.
//!
//! So the end of a process is heard, recorded and followed by the next start on one thread: waking another one
//! for each of these takes longer than they do. Turns exclude each other by a lock. Requests and times are waited for on the run's
//! own thread. Decides nothing.

use super::dispatch::{Dispatcher, Message, Turn};
use super::{Ledger, Request};
use crate::error::Result;
use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, mpsc};
use tokio::task::yield_now;
use tokio::time::Instant;

/// The desk.
pub(super) struct Desk {
    requests: Mutex<mpsc::Receiver<Request>>,
    sink: Ledger,
    /// Not there before the run begins and when it ends.
    seat: Mutex<Option<Seat>>,
    /// The run's own thread.
    home: Line,
}

/// Where one tells the dispatcher something: a thread's own, so that what follows is done there.
#[derive(Clone, Default)]
pub(super) struct Line(Arc<Bell>);

#[derive(Default)]
struct Bell {
    /// What has not been heard.
    inbox: Mutex<Vec<Message>>,
    rung: Notify,
}

/// The dispatcher at its desk.
struct Seat {
    dispatcher: Dispatcher,
    /// When the run's own thread wakes by itself.
    wakes: Option<Instant>,
    /// What a turn came to that was the last.
    last: Option<Last>,
}

/// Why no turn follows.
enum Last {
    /// The run ends.
    Over(Result<()>),
    /// A bug.
    Panic(Box<dyn Any + Send>),
}

impl Line {
    /// Has the dispatcher hear it.
    pub fn tell(&self, message: Message) {
        lock(&self.0.inbox).push(message);
        self.ring();
    }

    /// Has it take its turn when what holds this panics: nobody would tell it anything then.
    pub fn watch(&self) -> Watch {
        Watch(self.clone())
    }

    fn ring(&self) {
        self.0.rung.notify_one();
    }

    async fn rung(&self) {
        self.0.rung.notified().await;
    }

    fn messages(&self) -> Vec<Message> {
        std::mem::take(&mut *lock(&self.0.inbox))
    }
}

/// Rings when it is dropped by a panic.
pub(super) struct Watch(Line);

impl Drop for Watch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.ring();
        }
    }
}

impl Desk {
    /// Nobody sits there. What people ask for is heard whenever a turn is taken.
    pub fn new(requests: mpsc::Receiver<Request>, sink: Ledger) -> Arc<Desk> {
        let (requests, seat, home) = (Mutex::new(requests), Mutex::default(), Line::default());
        Arc::new(Desk { requests, sink, seat, home })
    }

    /// Where the dispatcher is told what the run's own thread is to hear.
    pub fn home(&self) -> &Line {
        &self.home
    }

    /// What people have asked for.
    pub fn requests(&self) -> Vec<Message> {
        let mut requests = lock(&self.requests);
        std::iter::from_fn(|| requests.try_recv().ok()).map(Message::Request).collect()
    }

    /// Takes turns on a hand whenever its bell is rung.
    pub async fn listen(self: Arc<Desk>, hand: usize, line: Line) {
        loop {
            line.rung().await;
            self.turn(Some(hand), &line, false);
            // What the turn was about is started first.
            yield_now().await;
            self.settle();
        }
    }

    /// Has the dispatcher take turns until the last, and gives it back with what that came to.
    pub async fn carry_out(self: &Arc<Desk>, dispatcher: Dispatcher) -> (Dispatcher, Result<()>) {
        *lock(&self.seat) = Some(Seat { dispatcher, wakes: None, last: None });
        let _leave = Leave(self);
        let mut is_listening = true;
        let mut is_due = false;
        let Seat { dispatcher, last, .. } = loop {
            self.turn(None, &self.home, is_due);
            self.settle();
            let wakes = {
                let mut seat = lock(&self.seat);
                if let Some(over) = seat.take_if(|seat| seat.last.is_some()) {
                    break over;
                }
                seat.as_ref().and_then(|seat| seat.wakes)
            };
            is_due = false;
            tokio::select! {
                biased;
                request = self.request(), if is_listening => match request {
                    Some(request) => lock(&self.home.0.inbox).push(Message::Request(request)),
                    None => is_listening = false,
                },
                () = self.home.rung() => {}
                () = tokio::time::sleep_until(wakes.unwrap_or_else(Instant::now)), if wakes.is_some() => is_due = true,
            }
        };
        match last {
            Some(Last::Over(how)) => (dispatcher, how),
            Some(Last::Panic(panic)) => resume_unwind(panic),
            None => unreachable!("BUG: a turn was the last"),
        }
    }

    /// What somebody asks for next; none once nobody can.
    async fn request(&self) -> Option<Request> {
        poll_fn(|context| lock(&self.requests).poll_recv(context)).await
    }

    /// Has the sink do what it has put off. A bug there is one of the turn.
    fn settle(&self) {
        let settled = catch_unwind(AssertUnwindSafe(|| lock(&self.sink).settle()));
        if let Err(panic) = settled
            && let Some(seat) = &mut *lock(&self.seat)
        {
            seat.last.get_or_insert(Last::Panic(panic));
            self.home.ring();
        }
    }

    /// One turn, if any is to come: hear what is there, what people ask for last; decide, record, act.
    fn turn(&self, hand: Option<usize>, line: &Line, is_due: bool) {
        let mut seat = lock(&self.seat);
        let Some(Seat { dispatcher, wakes, last }) = &mut *seat else { return };
        if last.is_some() {
            return;
        }
        let mut messages = line.messages();
        messages.append(&mut self.requests());
        match catch_unwind(AssertUnwindSafe(|| dispatcher.turn(messages, is_due, hand))) {
            Ok(Ok(Turn::Taken)) => {
                let next = dispatcher.wakes();
                let is_sooner = next.is_some_and(|next| wakes.is_none_or(|wakes| next < wakes));
                *wakes = next;
                if hand.is_some() && is_sooner {
                    self.home.ring();
                }
            }
            Ok(Ok(Turn::Last)) => *last = Some(Last::Over(Ok(()))),
            Ok(Err(error)) => *last = Some(Last::Over(Err(error))),
            Err(panic) => *last = Some(Last::Panic(panic)),
        }
        if last.is_some() {
            self.home.ring();
        }
    }
}

/// Nobody waits for the run any more: whoever sits there leaves, and ends what runs.
struct Leave<'d>(&'d Desk);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        // The lock is let go first: the hands end with the dispatcher, and one may be waiting for it.
        let seat = lock(&self.0.seat).take();
        drop(seat);
    }
}

/// A bug in one thread is told by itself; it leaves no half-made list here.
pub(super) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
