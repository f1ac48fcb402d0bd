//! A session of streaming speech: messages in, answers out.
//!
//! The session runs within the response stream that is polled for it, so it ends when the
//! speaker goes. It listens on while an utterance is being answered; utterances are
//! answered one after the other, in their order. When as many wait as may, it stops
//! reading, and flow control tells the speaker.

mod messages;

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt as _};
use hark_core::outcome::Timings;
use hark_core::utterance::{ResumePoint, Span};
use hark_core::{Language, Ordinal};
use hark_proto::{Error, ErrorCode};
use hark_runtime::drain::Drain;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::answer::{Answer, OnBehalf, Task, answer};
use crate::ear::{self, Ear, Heard, Spoken};
use crate::pace::Pace;
use crate::shared::Shared;
use crate::trace::Utterance;
pub(crate) use messages::{Chunk, Event, Inbound, Outbound, Settings};

/// Runs a session to its end.
///
/// # Errors
/// What the speaker did wrong, or what could not be done for it.
pub(crate) async fn run<S>(
    shared: Arc<Shared>,
    drain: Drain,
    mut inbound: S,
    out: mpsc::Sender<Outbound>,
) -> Result<(), Error>
where
    S: Stream<Item = Result<Inbound, Error>> + Unpin,
{
    let settings = first(&mut inbound, &shared).await?;
    let span =
        tracing::info_span!("hark.asr.session", hark.session.id = %settings.on_behalf.session);
    let _open = shared.metrics.stream();
    let session = Session::new(shared, settings, out);
    session.run(inbound, drain).instrument(span).await
}

async fn first<S>(inbound: &mut S, shared: &Shared) -> Result<Settings, Error>
where
    S: Stream<Item = Result<Inbound, Error>> + Unpin,
{
    let message = tokio::time::timeout(shared.limits.idle_gap, inbound.next());
    match message.await.map_err(|_| idle(shared))? {
        None => Err(Error::missing("config")),
        Some(Err(error)) => Err(error),
        Some(Ok(Inbound::Config(settings))) => Ok(*settings),
        Some(Ok(Inbound::Audio(_))) => {
            let late = "the first message has to be the config; this one is audio";
            Err(Error::invalid_field("config", late))
        }
    }
}

fn idle(shared: &Shared) -> Error {
    let gap = shared.limits.idle_gap;
    Error::deadline_exceeded(format!("no message for {gap:?}; send audio, or close"))
}

struct Session {
    shared: Arc<Shared>,
    out: Outbox,
    ear: Ear,
    pace: Pace,
    started: Instant,
    /// Before this, no more is read.
    ready_at: Instant,
    on_behalf: OnBehalf,
    languages: Vec<Language>,
    single_utterance: bool,
    act: bool,
    /// Whether more audio is wanted.
    listening: bool,
    draining: bool,
    /// The utterance that is being spoken.
    speaking: Option<Utterance>,
    waiting: VecDeque<Waiting>,
    working: Option<Working>,
    acknowledged: ResumePoint,
}

/// An utterance that was spoken, and waits for its answer.
struct Waiting {
    spoken: Spoken,
    decided: Instant,
    trace: Utterance,
}

/// An utterance that is being answered.
struct Working {
    answer: BoxFuture<'static, (Span, Result<Answer, Error>)>,
    /// Ends once the answer was sent.
    trace: Utterance,
}

enum Step {
    Message(Option<Result<Inbound, Error>>),
    Idle,
    Answered(Span, Box<Result<Answer, Error>>),
    Drain,
}

impl Session {
    fn new(shared: Arc<Shared>, settings: Settings, out: mpsc::Sender<Outbound>) -> Self {
        let now = Instant::now();
        let ear = Ear::new(settings.format, &settings.endpointing, settings.resume);
        Self {
            ear,
            pace: Pace::new(shared.limits.burst, shared.limits.factor),
            started: now,
            ready_at: now,
            on_behalf: settings.on_behalf,
            languages: shared.languages_or_home(settings.languages),
            single_utterance: settings.single_utterance,
            act: !settings.transcribe_only,
            listening: true,
            draining: false,
            speaking: None,
            waiting: VecDeque::new(),
            working: None,
            acknowledged: settings.resume,
            shared,
            out: Outbox(out),
        }
    }

    async fn run<S>(mut self, mut inbound: S, drain: Drain) -> Result<(), Error>
    where
        S: Stream<Item = Result<Inbound, Error>> + Unpin,
    {
        self.out
            .send(Outbound::Started {
                session: self.on_behalf.session,
                principal: self.on_behalf.principal.clone(),
                languages: self.languages.clone(),
                next_ordinal: self.ear.next_ordinal(),
            })
            .await?;
        loop {
            self.begin_work();
            if self.is_over() {
                return Ok(());
            }
            match self.step(&mut inbound, &drain).await {
                Step::Message(Some(message)) => self.message(message?).await?,
                Step::Message(None) => self.half_closed().await?,
                Step::Idle => return Err(idle(&self.shared)),
                Step::Answered(span, answer) => self.answered(span, (*answer)?).await?,
                Step::Drain => self.drain().await?,
            }
        }
    }

    /// Waits for whatever comes next.
    async fn step<S>(&mut self, inbound: &mut S, drain: &Drain) -> Step
    where
        S: Stream<Item = Result<Inbound, Error>> + Unpin,
    {
        let room = self.waiting.len() < self.shared.limits.max_waiting;
        let idle_gap = self.shared.limits.idle_gap;
        // A speaker that waits for its answer need not talk on.
        let may_be_idle = self.working.is_some();
        let ready_at = self.ready_at;
        let next = async {
            tokio::time::sleep_until(ready_at).await;
            if may_be_idle {
                return Step::Message(inbound.next().await);
            }
            match tokio::time::timeout(idle_gap, inbound.next()).await {
                Ok(message) => Step::Message(message),
                Err(_) => Step::Idle,
            }
        };
        tokio::select! {
            biased;
            (span, answer) = working(&mut self.working) => Step::Answered(span, Box::new(answer)),
            () = drain.requested(), if !self.draining => Step::Drain,
            step = next, if self.listening && room => step,
        }
    }

    fn is_over(&self) -> bool {
        let idle = self.waiting.is_empty() && self.working.is_none();
        idle && (!self.listening || (self.draining && !self.ear.is_speaking()))
    }

    /// Starts on the next utterance that waits, unless one is being worked on.
    fn begin_work(&mut self) {
        if self.working.is_some() {
            return;
        }
        let Some(waiting) = self.waiting.pop_front() else {
            return;
        };
        let Waiting {
            spoken,
            decided,
            trace,
        } = waiting;
        let span = spoken.span;
        let timings = Timings {
            speech: Some(spoken.speech),
            endpoint: Some(spoken.silence),
            ..Timings::default()
        };
        let task = Task {
            audio: spoken.audio,
            languages: self.languages.clone(),
            act: self.act.then(|| (self.on_behalf.clone(), span.ordinal)),
            decided,
            timings,
        };
        let shared = Arc::clone(&self.shared);
        let within = trace.span().clone();
        let work = async move { (span, answer(&shared, task, &within).await) };
        self.working = Some(Working {
            answer: Box::pin(work),
            trace,
        });
    }

    async fn message(&mut self, message: Inbound) -> Result<(), Error> {
        let chunk = match message {
            Inbound::Audio(chunk) => chunk,
            Inbound::Config(_) => {
                let twice = "came twice; only the first message is a config";
                return Err(Error::invalid_field("config", twice));
            }
        };
        let audio = self.ear.duration(chunk.data.len());
        let heard = self
            .ear
            .hear(chunk.sequence, chunk.offset_samples, &chunk.data)
            .map_err(|e| refused(&e))?;
        let wait = self.pace.brought(self.started.elapsed(), audio);
        self.ready_at = Instant::now() + wait;
        self.heard(heard).await?;
        self.acknowledge(false).await
    }

    async fn half_closed(&mut self) -> Result<(), Error> {
        self.listening = false;
        let heard = self.ear.finish();
        self.heard(heard).await
    }

    async fn heard(&mut self, heard: Vec<Heard>) -> Result<(), Error> {
        for heard in heard {
            match heard {
                Heard::Begin(span) => {
                    self.speaking = Some(Utterance::begin(span.ordinal));
                    let out = &self.out;
                    out.event(Event::Begin, span.ordinal, span.begin).await?;
                }
                Heard::Spoken(spoken) => {
                    self.spoken(spoken).await?;
                    if self.single_utterance {
                        self.listening = false;
                        return Ok(());
                    }
                }
                Heard::Nothing { ordinal, offset } => self.nothing(ordinal, offset).await?,
            }
        }
        Ok(())
    }

    async fn spoken(&mut self, spoken: Spoken) -> Result<(), Error> {
        let span = spoken.span;
        self.shared.metrics.ended(spoken.reason, spoken.speech);
        tracing::debug!(
            ordinal = span.ordinal.0,
            reason = spoken.reason.as_str(),
            "utterance ended"
        );
        let begun = self.speaking.take();
        let trace = begun.unwrap_or_else(|| Utterance::begin(span.ordinal));
        trace.ended(&spoken);
        self.waiting.push_back(Waiting {
            spoken,
            decided: Instant::now(),
            trace,
        });
        self.out.event(Event::End, span.ordinal, span.end).await
    }

    /// Nobody spoke: the session is over.
    async fn nothing(&mut self, ordinal: Ordinal, offset: u64) -> Result<(), Error> {
        self.listening = false;
        self.out.event(Event::NothingSaid, ordinal, offset).await?;
        let language = self.languages[0].clone();
        let outcome = self.act.then(|| self.shared.silence.outcome(&language));
        let answer = Answer {
            readings: Vec::new(),
            language,
            no_speech_probability: 1.0,
            outcome,
            timings: Timings::default(),
        };
        let (begin, end) = (offset, offset);
        let span = Span {
            ordinal,
            begin,
            end,
        };
        self.out.answer(span, answer).await?;
        self.acknowledge(true).await
    }

    async fn answered(&mut self, span: Span, answer: Answer) -> Result<(), Error> {
        let trace = self.working.take().map(|working| working.trace);
        let within = trace.map_or_else(tracing::Span::none, |t| t.span().clone());
        self.out.answer(span, answer).instrument(within).await?;
        self.ear.settle(span.ordinal);
        self.acknowledge(true).await
    }

    async fn drain(&mut self) -> Result<(), Error> {
        self.draining = true;
        let point = self.ear.acknowledged();
        let (ordinal, offset) = (point.ordinal, point.offset_samples);
        self.out.event(Event::Draining, ordinal, offset).await
    }

    /// Tells the speaker what it need not keep, if that is news: a new utterance, or, so
    /// that it is not told at every message, a second of silence.
    async fn acknowledge(&mut self, now: bool) -> Result<(), Error> {
        let point = self.ear.acknowledged();
        let moved = point
            .offset_samples
            .saturating_sub(self.acknowledged.offset_samples);
        let news = point != self.acknowledged && (now || self.ear.is_long(moved));
        if !news {
            return Ok(());
        }
        self.acknowledged = point;
        self.out.send(Outbound::Acknowledged(point)).await
    }
}

/// To the speaker.
struct Outbox(mpsc::Sender<Outbound>);

impl Outbox {
    async fn answer(&self, span: Span, answer: Answer) -> Result<(), Error> {
        let ordinal = span.ordinal;
        let (outcome, timings) = (answer.outcome.clone(), answer.timings);
        self.send(Outbound::Result {
            ordinal,
            end_offset: span.end,
            answer: Box::new(answer),
        })
        .await?;
        let Some(outcome) = outcome else {
            return Ok(());
        };
        self.send(Outbound::Outcome {
            ordinal,
            outcome: Box::new(outcome),
            timings,
        })
        .await
    }

    async fn event(&self, event: Event, ordinal: Ordinal, offset: u64) -> Result<(), Error> {
        self.send(Outbound::Event {
            event,
            ordinal,
            offset,
        })
        .await
    }

    async fn send(&self, message: Outbound) -> Result<(), Error> {
        let gone = |_| Error::new(ErrorCode::Cancelled, "the speaker has gone");
        self.0.send(message).await.map_err(gone)
    }
}

async fn working(working: &mut Option<Working>) -> (Span, Result<Answer, Error>) {
    match working {
        Some(work) => (&mut work.answer).await,
        None => std::future::pending().await,
    }
}

fn refused(error: &ear::Error) -> Error {
    use hark_core::utterance::Error as Order;
    let field = match error {
        ear::Error::Sequence(Order::Sequence { .. }) => "audio.sequence",
        ear::Error::Sequence(Order::Offset { .. }) => "audio.offset_samples",
        ear::Error::Audio(_) => "audio.data",
    };
    let code = match error {
        ear::Error::Sequence(_) => ErrorCode::OutOfSequence,
        ear::Error::Audio(_) => ErrorCode::InvalidAudio,
    };
    Error::new(code, "").with_violation(field, error.to_string())
}
