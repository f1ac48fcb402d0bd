//! Effects that are in the store itself: they happen in the same transaction as the
//! claim, so they happen once.

use std::sync::Arc;
use std::time::Duration;

use hark_core::TimerId;
use hark_core::outcome::Reply;
use hark_core::push::{Action, Push};
use hark_core::resolve::Effect;
use hark_core::store::{Compare, Key, Op, Revision, Select};
use hark_core::timer::{RING_EXPIRES_AFTER, Timer};
use hark_proto::stored::stored::Value;
use hark_proto::value;

use crate::handle::Handling;
use crate::house::House;
use crate::state::{Basis, KnownTimer, items_value, timer_value};

/// How long the next sentence may have to wait to see what this one wrote.
const SETTLE: Duration = Duration::from_millis(500);

/// What must hold for an effect that was decided from `basis` (beyond the fence), and
/// what it writes.
pub(crate) fn of(
    handling: &Handling<'_>,
    effect: &Effect,
    basis: &Basis,
) -> (Vec<Compare>, Vec<Op>) {
    let views = &handling.house.views;
    match effect {
        Effect::Nothing | Effect::Devices(_) => (Vec::new(), Vec::new()),
        Effect::StartTimer { name, duration } => {
            let timer = new_timer(handling, name, *duration);
            let key = views.keys.timer(&timer.id);
            let write = put(key.clone(), timer_value(timer));
            (vec![Compare::absent(key)], vec![write])
        }
        Effect::CancelTimers(ids) => {
            let meant: Vec<_> = ids.iter().filter_map(|id| known(basis, id)).collect();
            let delete = meant.iter().map(|t| Op::Delete(Select::Key(t.key.clone())));
            (unchanged(&meant), delete.collect())
        }
        Effect::SetTimers(timers) => {
            let of = |timer: &Timer| Some((known(basis, &timer.id)?, timer.clone()));
            let (meant, new): (Vec<_>, Vec<_>) = timers.iter().filter_map(of).unzip();
            let pairs = meant.iter().zip(new);
            let writes = pairs.map(|(known, new)| put(known.key.clone(), timer_value(new)));
            let writes = writes.collect();
            (unchanged(&meant), writes)
        }
        Effect::SetList { list, items } => {
            let key = views.keys.list(list);
            let revision = basis.lists.get(list).map_or(Revision(0), |(_, at)| *at);
            let write = put(key.clone(), items_value(items));
            (vec![Compare::ModRevision(key, revision)], vec![write])
        }
        Effect::Announce(text) => {
            let push = announcement(handling, text);
            let key = views.keys.push_to_any(&push.id);
            let write = put(key, value::encode(Value::Push(push.into())));
            (Vec::new(), vec![write])
        }
        Effect::Several(all) => {
            let each = all.iter().map(|effect| of(handling, effect, basis));
            let (compares, writes): (Vec<_>, Vec<_>) = each.unzip();
            (compares.concat(), writes.concat())
        }
    }
}

fn put(key: Key, value: Vec<u8>) -> Op {
    Op::Put {
        key,
        value,
        lease: None,
    }
}

fn known<'a>(basis: &'a Basis, id: &TimerId) -> Option<&'a KnownTimer> {
    basis.timers.iter().find(|t| t.timer.id == *id)
}

fn unchanged(timers: &[&KnownTimer]) -> Vec<Compare> {
    let compare = |t: &&KnownTimer| Compare::ModRevision(t.key.clone(), t.revision);
    timers.iter().map(compare).collect()
}

/// What every speaker is to say.
fn announcement(handling: &Handling<'_>, text: &str) -> Push {
    let asked = handling.asked;
    let reply = Reply {
        code: "announcement".to_owned(),
        arguments: [("text".to_owned(), text.to_owned())].into(),
        language: asked.language.clone(),
        text: text.to_owned(),
    };
    Push {
        id: format!("announce-{}-{}", asked.session, asked.ordinal),
        expires_at: handling.house.clock.wall().plus(RING_EXPIRES_AFTER),
        action: Action::Say(reply),
    }
}

/// Waits until what was written at `revision` is seen here, so that the next sentence is
/// decided from it.
pub(crate) async fn settle(house: &Arc<House>, effect: &Effect, revision: Revision) {
    let (timers, lists) = (touches_timers(effect), touches_lists(effect));
    let seen = tokio::time::timeout(SETTLE, async {
        if timers {
            drop(house.views.timers.reached(revision).await);
        }
        if lists {
            drop(house.views.lists.reached(revision).await);
        }
    });
    if seen.await.is_err() {
        tracing::warn!(%revision, "what was written is not seen yet");
    }
}

fn touches_timers(effect: &Effect) -> bool {
    match effect {
        Effect::StartTimer { .. } | Effect::CancelTimers(_) | Effect::SetTimers(_) => true,
        Effect::Several(all) => all.iter().any(touches_timers),
        _ => false,
    }
}

fn touches_lists(effect: &Effect) -> bool {
    match effect {
        Effect::SetList { .. } => true,
        Effect::Several(all) => all.iter().any(touches_lists),
        _ => false,
    }
}

fn new_timer(handling: &Handling<'_>, name: &str, duration: Duration) -> Timer {
    let asked = handling.asked;
    let id = format!("{}-{}", asked.session, asked.ordinal);
    Timer {
        id: TimerId::parse(&id).expect("a UUID and a number make an id"),
        name: name.to_owned(),
        duration,
        started_at: handling.house.clock.wall(),
        speaker: asked.speaker.clone(),
        area: handling.area.clone(),
        language: asked.language.clone(),
        paused: None,
    }
}
