//! People who speak without a pause, and count.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hark_client::{Client, Converse, new_session};
use hark_core::outcome::Outcome;
use hark_core::{Language, Ordinal};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Longer than anything should take; only a fault meets it.
const PATIENCE: Duration = Duration::from_secs(60);
/// Answers after which it is sure that both of a pair are asked.
const SOME: usize = 40;

/// Speakers of clips, which need a worker, and typed sentences, which need a router.
pub struct Load {
    speakers: JoinSet<()>,
    answered: Arc<AtomicUsize>,
    stop: watch::Sender<bool>,
}

impl Load {
    /// Begins. Whoever gets no answer panics, and that ends the test.
    pub fn start(client: &Client) -> Self {
        let mut load = Self {
            speakers: JoinSet::new(),
            answered: Arc::default(),
            stop: watch::Sender::new(false),
        };
        for _ in 0..2 {
            let (answered, stop) = (Arc::clone(&load.answered), load.stop.subscribe());
            load.speakers.spawn(clips(client.clone(), answered, stop));
            let (answered, stop) = (Arc::clone(&load.answered), load.stop.subscribe());
            load.speakers
                .spawn(sentences(client.clone(), answered, stop));
        }
        load
    }

    /// Waits for some more answers.
    pub async fn goes_on(&self) {
        let enough = self.answered.load(Ordering::SeqCst) + SOME;
        let wait = async {
            while self.answered.load(Ordering::SeqCst) < enough {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .expect("answers come");
    }

    /// Ends; how many answers there were.
    pub async fn stop(mut self) -> usize {
        self.stop.send_replace(true);
        while let Some(ended) = self.speakers.join_next().await {
            ended.unwrap();
        }
        self.answered.load(Ordering::SeqCst)
    }
}

async fn clips(client: Client, answered: Arc<AtomicUsize>, stop: watch::Receiver<bool>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/de-hallway-on.wav");
    let clip = bytes::Bytes::from(std::fs::read(path).unwrap());
    while !*stop.borrow() {
        let heard = client.recognize(clip.clone(), &[Language::german()]).await;
        heard.unwrap_or_else(|error| panic!("a clip got no answer: {error}"));
        answered.fetch_add(1, Ordering::SeqCst);
    }
}

async fn sentences(client: Client, answered: Arc<AtomicUsize>, stop: watch::Receiver<bool>) {
    let session = new_session();
    for ordinal in 0.. {
        if *stop.borrow() {
            return;
        }
        let sentence = Converse {
            text: "Schalte das Licht im Flur ein".to_owned(),
            language: Some(Language::german()),
            speaker: None,
            area: None,
            session: Some(session),
            ordinal: Ordinal(ordinal),
        };
        let done = client.converse(sentence).await;
        let done = done.unwrap_or_else(|error| panic!("a sentence got no answer: {error}"));
        assert_eq!(done.outcome.outcome, Outcome::Done, "{done:?}");
        answered.fetch_add(1, Ordering::SeqCst);
    }
}
