//! The worker around a fake engine: order, bounds, cancelling, deadlines, recovery.

use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hark_core::Language;
use hark_core::audio::Pcm;
use hark_core::engine::{self, Engine, Job};
use hark_core::queue::WorkClass;
use hark_runtime::health::Health;
use hark_whisper::FakeEngine;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Transcribed, Worker, WorkerError};

/// Longer than any of these tests takes.
const LONG: Duration = Duration::from_secs(60);

/// A job whose number of samples tells it from others.
fn job(samples: usize) -> Job {
    Job {
        audio: Pcm::new(vec![0.1; samples]),
        languages: vec![Language::german()],
    }
}

/// An engine that begins each job when told to, and notes which it began.
struct Gate {
    open: mpsc::Sender<()>,
    begun: Arc<Mutex<Vec<usize>>>,
}

fn gated(capacity: usize) -> (Worker, Gate) {
    let (open, gate) = mpsc::channel::<()>();
    let begun = Arc::new(Mutex::new(Vec::new()));
    let (gate, log) = (Arc::new(Mutex::new(gate)), Arc::clone(&begun));
    let factory = move || {
        let (gate, log) = (Arc::clone(&gate), Arc::clone(&log));
        let engine = FakeEngine::saying("licht an").waiting(move |asked| {
            log.lock().unwrap().push(asked.job.audio.samples().len());
            while !asked.cancel.is_cancelled() {
                let wait = gate.lock().unwrap().recv_timeout(Duration::from_millis(5));
                match wait {
                    Err(mpsc::RecvTimeoutError::Timeout) => {}
                    Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        Ok(Box::new(engine) as Box<dyn Engine>)
    };
    let worker = Worker::start(factory, capacity, Health::new().part("inference")).unwrap();
    (worker, Gate { open, begun })
}

impl Gate {
    async fn begun(&self, count: usize) {
        wait_for(|| self.begun.lock().unwrap().len() >= count).await;
    }

    fn order(&self) -> Vec<usize> {
        self.begun.lock().unwrap().clone()
    }
}

async fn wait_for(mut condition: impl FnMut() -> bool) {
    let reached = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(LONG, reached)
        .await
        .expect("the condition is never reached");
}

/// A request on its way.
struct Asked(JoinSet<Result<Transcribed, WorkerError>>);

impl Asked {
    async fn answer(mut self) -> Result<Transcribed, WorkerError> {
        self.0.join_next().await.unwrap().unwrap()
    }
}

fn ask(worker: &Worker, samples: usize, class: WorkClass, deadline: Option<Instant>) -> Asked {
    let worker = worker.clone();
    let mut set = JoinSet::new();
    set.spawn(async move { worker.transcribe(job(samples), class, deadline).await });
    Asked(set)
}

#[tokio::test]
async fn the_most_urgent_goes_first() {
    let (worker, gate) = gated(8);
    let running = ask(&worker, 1, WorkClass::Final, None);
    gate.begun(1).await;
    let mut waiting = Vec::new();
    let soon = Some(Instant::now() + LONG);
    for (samples, class, deadline) in [
        (2, WorkClass::Partial, None),
        (3, WorkClass::Final, None),
        (4, WorkClass::Speculative, None),
        (5, WorkClass::Final, soon),
    ] {
        waiting.push(ask(&worker, samples, class, deadline));
        wait_for(|| worker.queue().1 == waiting.len()).await;
    }
    for _ in 0..5 {
        gate.open.send(()).unwrap();
    }
    running.answer().await.unwrap();
    for answer in waiting {
        assert_eq!(
            answer.answer().await.unwrap().transcription.text,
            "licht an"
        );
    }
    assert_eq!(gate.order(), [1, 5, 3, 4, 2]);
}

#[tokio::test]
async fn a_full_queue_sheds_partials_and_refuses_the_rest_at_once() {
    let (worker, gate) = gated(1);
    let running = ask(&worker, 1, WorkClass::Final, None);
    gate.begun(1).await;
    let partial = ask(&worker, 2, WorkClass::Partial, None);
    wait_for(|| worker.queue().1 == 1).await;
    let last = ask(&worker, 3, WorkClass::Final, None);
    assert_eq!(partial.answer().await, Err(WorkerError::Shed));
    let refused = worker.transcribe(job(4), WorkClass::Final, None).await;
    assert_eq!(refused, Err(WorkerError::Overloaded { capacity: 1 }));
    gate.open.send(()).unwrap();
    gate.open.send(()).unwrap();
    running.answer().await.unwrap();
    last.answer().await.unwrap();
    assert_eq!(gate.order(), [1, 3]);
}

#[tokio::test]
async fn what_nobody_waits_for_never_reaches_the_engine() {
    let (worker, gate) = gated(4);
    let running = ask(&worker, 1, WorkClass::Final, None);
    gate.begun(1).await;
    let gone = worker.transcribe(job(2), WorkClass::Final, None);
    assert!(
        tokio::time::timeout(Duration::from_millis(1), gone)
            .await
            .is_err()
    );
    let late = worker.transcribe(job(3), WorkClass::Final, Some(Instant::now()));
    assert_eq!(late.await, Err(WorkerError::DeadlineExceeded));
    let last = ask(&worker, 4, WorkClass::Final, None);
    gate.open.send(()).unwrap();
    gate.open.send(()).unwrap();
    running.answer().await.unwrap();
    last.answer().await.unwrap();
    assert_eq!(gate.order(), [1, 4]);
}

#[tokio::test]
async fn cancelling_frees_the_engine_in_the_middle_of_a_job() {
    let (worker, gate) = gated(4);
    let stuck = worker.transcribe(job(1), WorkClass::Final, None);
    let begun = gate.begun(1);
    tokio::select! {
        _ = stuck => panic!("nobody opened the gate"),
        () = begun => {}
    }
    let next = ask(&worker, 2, WorkClass::Final, None);
    gate.begun(2).await;
    gate.open.send(()).unwrap();
    next.answer().await.unwrap();
}

#[tokio::test]
async fn an_engine_that_panics_fails_one_request_and_is_built_again() {
    let health = Health::new();
    let factory = || {
        Ok(Box::new(FakeEngine::new(|asked| {
            match asked.job.audio.samples().len() {
                13 => panic!("unlucky"),
                7 => Err(engine::Error::Broken("worn out".to_owned())),
                _ => Ok("licht an".to_owned()),
            }
        })) as Box<dyn Engine>)
    };
    let worker = Worker::start(factory, 4, health.part("inference")).unwrap();
    for (samples, expect) in [(13, "it panicked: unlucky"), (7, "worn out")] {
        let error = worker
            .transcribe(job(samples), WorkClass::Final, None)
            .await
            .unwrap_err();
        assert_eq!(
            error,
            WorkerError::Engine(engine::Error::Broken(expect.to_owned()))
        );
        let next = worker
            .transcribe(job(1), WorkClass::Final, None)
            .await
            .unwrap();
        assert_eq!(next.transcription.text, "licht an");
        health.ready().await;
    }
}

#[tokio::test]
async fn a_part_whose_engine_cannot_be_built_again_is_not_ready_and_still_ends() {
    let health = Health::new();
    let mut built = 0;
    let factory = move || {
        built += 1;
        if built > 1 {
            return Err(crate::Error::Thread(std::io::ErrorKind::Other.into()));
        }
        let engine = FakeEngine::new(|_| Err(engine::Error::Broken("worn out".to_owned())));
        Ok(Box::new(engine) as Box<dyn Engine>)
    };
    let worker = Worker::start(factory, 4, health.part("inference")).unwrap();
    worker
        .transcribe(job(1), WorkClass::Final, None)
        .await
        .unwrap_err();
    wait_for(|| {
        let parts = health.snapshot().parts;
        parts["inference"]
            .as_deref()
            .is_some_and(|r| r.contains("built again"))
    })
    .await;
    let waiting = ask(&worker, 2, WorkClass::Final, None);
    wait_for(|| worker.queue().1 == 1).await;
    worker.0.shared.close();
    assert_eq!(waiting.answer().await, Err(WorkerError::Closed));
    let closed = worker.transcribe(job(3), WorkClass::Final, None).await;
    assert_eq!(closed, Err(WorkerError::Closed));
}

#[tokio::test]
async fn audio_that_no_engine_takes_is_refused_before_it_waits() {
    let (worker, gate) = gated(1);
    let nan = Job {
        audio: Pcm::new(vec![0.0, f32::NAN]),
        languages: Vec::new(),
    };
    for (job, expect) in [
        (job(0), engine::Error::NoAudio),
        (job(16_000 * 31), engine::Error::TooLong { seconds: 31.0 }),
        (nan, engine::Error::NotFinite { index: 1 }),
    ] {
        let error = worker
            .transcribe(job, WorkClass::Final, None)
            .await
            .unwrap_err();
        assert_eq!(error, WorkerError::Engine(expect));
    }
    assert_eq!(gate.order(), [] as [usize; 0]);
}

#[tokio::test]
async fn what_is_over_makes_room_and_is_told_why() {
    let (worker, gate) = gated(1);
    let running = ask(&worker, 1, WorkClass::Final, None);
    gate.begun(1).await;
    let soon = Instant::now() + Duration::from_millis(20);
    let late = ask(&worker, 2, WorkClass::Final, Some(soon));
    wait_for(|| Instant::now() > soon).await;
    let next = ask(&worker, 3, WorkClass::Final, None);
    assert_eq!(late.answer().await, Err(WorkerError::DeadlineExceeded));
    gate.open.send(()).unwrap();
    gate.open.send(()).unwrap();
    running.answer().await.unwrap();
    next.answer().await.unwrap();
    assert_eq!(gate.order(), [1, 3]);
}

#[tokio::test]
async fn what_became_of_requests_is_counted() {
    let (worker, gate) = gated(1);
    gate.open.send(()).unwrap();
    let heard = worker.transcribe(job(1), WorkClass::Dictation, None).await;
    heard.unwrap();
    let text = hark_runtime::telemetry::scrape().unwrap();
    for line in [
        "hark_asr_requests_total{class=\"dictation\",outcome=\"ok\"} 1",
        "hark_asr_queue_wait_seconds_count ",
        "hark_asr_encode_seconds_count ",
        "hark_asr_decode_seconds_count ",
        "hark_asr_queue_length ",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
}
