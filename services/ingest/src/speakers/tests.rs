//! Attaching, on a real store.

use std::collections::BTreeMap;

use hark_core::Language;
use hark_core::outcome::Reply;
use hark_core::principal::Authentication;
use hark_core::push::{Action, Push};
use hark_core::time::ManualClock;
use hark_store::MemoryStore;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio_stream::wrappers::ReceiverStream;

use super::*;

const NOW: Timestamp = Timestamp::from_unix_ms(1_800_000_000_000);

/// The speakers of a home and what they hang on.
struct Home {
    speakers: Arc<Speakers>,
    store: Arc<dyn Store>,
    clock: ManualClock,
    keys: KeySpace,
    drain: Drain,
}

/// One attached stream, from the speaker's side.
struct Side {
    send: Sender<Result<FromSpeaker, Error>>,
    receive: Receiver<ToSpeaker>,
}

fn id(text: &str) -> SpeakerId {
    SpeakerId::parse(text).unwrap()
}

fn home_id() -> HomeId {
    HomeId::parse("home").unwrap()
}

fn anonymous() -> Principal {
    Principal::anonymous(home_id(), Authentication::Loopback)
}

impl Home {
    fn new(most: usize) -> (Self, impl Future<Output = ()>) {
        let clock = ManualClock::starting_at(NOW);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let store: Arc<dyn Store> = Arc::new(memory(&shared));
        let (speakers, view) = Speakers::open(&home_id(), Arc::clone(&store), shared, most);
        let home = Self {
            speakers: Arc::new(speakers),
            store,
            clock,
            keys: KeySpace::new(&home_id()),
            drain: Drain::new(),
        };
        (home, view)
    }

    fn attach(&self, principal: Principal) -> (Side, impl Future<Output = Result<(), Error>>) {
        let (send, inbound) = mpsc::channel(8);
        let (out, receive) = mpsc::channel(8);
        let speakers = Arc::clone(&self.speakers);
        let drain = self.drain.clone();
        let run = async move {
            let inbound = ReceiverStream::new(inbound);
            let within = Duration::from_secs(5);
            speakers
                .attach(principal, drain, within, inbound, out)
                .await
        };
        (Side { send, receive }, run)
    }

    async fn put(&self, key: Key, push_id: &str, lasts: Duration) {
        let push = Push {
            id: push_id.to_owned(),
            expires_at: self.clock.wall().plus(lasts),
            action: Action::Say(Reply {
                code: "timer_ringing".into(),
                arguments: BTreeMap::new(),
                language: Language::german(),
                text: "Dein Timer ist um.".into(),
            }),
        };
        let put = Op::Put {
            key,
            value: pushes::encode(push),
            lease: None,
        };
        let txn = Txn {
            success: vec![put],
            ..Txn::default()
        };
        self.store.txn(txn).await.unwrap();
    }

    async fn pushes(&self) -> usize {
        let all = Select::Prefix(self.keys.pushes());
        self.store.range(all).await.unwrap().entries.len()
    }

    async fn gone(&self) {
        while self.pushes().await > 0 {
            tokio::task::yield_now().await;
        }
    }
}

fn memory(clock: &Arc<dyn Clock>) -> MemoryStore {
    MemoryStore::open(Arc::clone(clock)).unwrap()
}

impl Side {
    async fn hello(&mut self, speaker: Option<&str>) {
        let hello = FromSpeaker::Hello(speaker.map(id));
        self.send.send(Ok(hello)).await.unwrap();
    }

    async fn attached(&mut self) -> SpeakerId {
        match self.receive.recv().await.unwrap() {
            ToSpeaker::Attached(speaker, _) => speaker,
            other => panic!("{other:?}"),
        }
    }

    async fn push(&mut self) -> String {
        match self.receive.recv().await.unwrap() {
            ToSpeaker::Push(push) => push.id,
            other => panic!("{other:?}"),
        }
    }

    async fn acknowledge(&mut self, id: &str) {
        let ack = FromSpeaker::Acknowledge(id.to_owned());
        self.send.send(Ok(ack)).await.unwrap();
    }
}

/// Runs the background of a test beside it.
async fn beside<T>(background: impl Future, test: impl Future<Output = T>) -> T {
    tokio::select! {
        biased;
        done = test => done,
        _ = background => panic!("the background ended before the test"),
    }
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn what_was_not_acknowledged_comes_again_and_what_was_is_gone() {
    let (home, view) = Home::new(8);
    let kitchen = id("kitchen");
    beside(view, async {
        home.put(home.keys.push(&kitchen, "p1"), "p1", MINUTE).await;
        home.put(home.keys.push(&id("bath"), "p2"), "p2", MINUTE)
            .await;
        let (mut first, run) = home.attach(anonymous());
        beside(run, async {
            first.hello(Some("kitchen")).await;
            assert_eq!(first.attached().await, kitchen);
            assert_eq!(first.push().await, "p1");
        })
        .await;
        // The stream broke before the acknowledgement.
        let (mut second, run) = home.attach(anonymous());
        beside(run, async {
            second.hello(Some("kitchen")).await;
            second.attached().await;
            assert_eq!(second.push().await, "p1");
            home.put(home.keys.push_to_any("p3"), "p3", MINUTE).await;
            assert_eq!(second.push().await, "p3", "each once on one stream");
            for push in ["p1", "p1", "p3", "unknown"] {
                second.acknowledge(push).await;
            }
            while home.pushes().await > 1 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn the_newest_stream_of_a_speaker_wins() {
    let (home, view) = Home::new(1);
    beside(view, async {
        let (mut older, run_older) = home.attach(anonymous());
        let (mut newer, run_newer) = home.attach(anonymous());
        let test = async {
            older.hello(Some("kitchen")).await;
            older.attached().await;
            newer.hello(Some("kitchen")).await;
            newer.attached().await;
            std::future::pending::<()>().await;
        };
        let error = tokio::select! {
            ended = run_older => ended.unwrap_err(),
            _ = run_newer => panic!("the newer stream goes on"),
            () = test => unreachable!(),
        };
        assert_eq!(error.code(), ErrorCode::Superseded);
        assert_eq!(home.speakers.attached(), 0, "dropped with the newer stream");
    })
    .await;
}

#[tokio::test]
async fn more_speakers_than_allowed_are_told_to_come_back() {
    let (home, view) = Home::new(1);
    beside(view, async {
        let (mut one, run_one) = home.attach(anonymous());
        beside(run_one, async {
            one.hello(Some("kitchen")).await;
            one.attached().await;
            let (mut two, run_two) = home.attach(anonymous());
            two.hello(Some("bath")).await;
            let error = run_two.await.unwrap_err();
            assert_eq!(error.code(), ErrorCode::Overloaded);
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn what_has_expired_is_neither_sent_nor_kept() {
    let (home, view) = Home::new(8);
    beside(view, async {
        home.put(home.keys.push(&id("kitchen"), "old"), "old", MINUTE)
            .await;
        home.clock.advance(MINUTE);
        let (mut side, run) = home.attach(anonymous());
        beside(run, async {
            side.hello(Some("kitchen")).await;
            side.attached().await;
            home.put(home.keys.push(&id("kitchen"), "new"), "new", MINUTE)
                .await;
            assert_eq!(side.push().await, "new");
            home.clock.advance(MINUTE);
            let sweep = home.speakers.sweep(&home.drain);
            beside(sweep, home.gone()).await;
        })
        .await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_a_proper_hello_is_refused() {
    let (home, view) = Home::new(8);
    beside(view, async {
        let (_side, run) = home.attach(anonymous());
        assert_eq!(run.await.unwrap_err().code(), ErrorCode::DeadlineExceeded);

        let (mut side, run) = home.attach(anonymous());
        side.acknowledge("p1").await;
        let error = run.await.unwrap_err();
        assert_eq!(error.violations()[0].field, "hello");

        let (mut side, run) = home.attach(anonymous());
        side.hello(None).await;
        let error = run.await.unwrap_err();
        assert_eq!(error.violations()[0].field, "hello.speaker_id");

        let (mut side, run) = home.attach(anonymous());
        side.hello(Some("kitchen")).await;
        side.hello(Some("kitchen")).await;
        assert!(run.await.unwrap_err().to_string().contains("twice"));
    })
    .await;
}

#[test]
fn a_speaker_speaks_for_itself_alone() {
    let speaker = Principal {
        kind: Kind::Speaker,
        id: "kitchen".into(),
        ..anonymous()
    };
    for (who, said, expect) in [
        (&speaker, None, Ok(Some(id("kitchen")))),
        (&speaker, Some("kitchen"), Ok(Some(id("kitchen")))),
        (&speaker, Some("bath"), Err(ErrorCode::PermissionDenied)),
        (&anonymous(), Some("bath"), Ok(Some(id("bath")))),
        (&anonymous(), None, Ok(None)),
    ] {
        let got = speaker_of(who, said.map(id)).map_err(|e| e.code());
        assert_eq!(got, expect);
    }
}

#[tokio::test]
async fn a_drain_ends_the_streams() {
    let (home, view) = Home::new(8);
    beside(view, async {
        let (mut side, run) = home.attach(anonymous());
        side.hello(Some("kitchen")).await;
        home.drain.request();
        assert_eq!(run.await, Ok(()));
    })
    .await;
}
