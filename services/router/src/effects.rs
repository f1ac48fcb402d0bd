//! Effects that are in the store itself: they happen in the same transaction as the
//! claim, so they happen once.

use std::sync::Arc;
use std::time::Duration;

use hark_core::TimerId;
use hark_core::resolve::Effect;
use hark_core::store::{Compare, Op, Revision, Select};
use hark_core::timer::Timer;

use crate::handle::Handling;
use crate::house::House;
use crate::state::{Basis, items_value, timer_value};

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
            let put = Op::Put {
                key: key.clone(),
                value: timer_value(timer),
                lease: None,
            };
            (vec![Compare::absent(key)], vec![put])
        }
        Effect::CancelTimers(ids) => {
            let of = |id: &TimerId| basis.timers.iter().find(|t| t.timer.id == *id);
            let meant: Vec<_> = ids.iter().filter_map(of).collect();
            let compare = meant
                .iter()
                .map(|t| Compare::ModRevision(t.key.clone(), t.revision));
            let delete = meant.iter().map(|t| Op::Delete(Select::Key(t.key.clone())));
            (compare.collect(), delete.collect())
        }
        Effect::SetList { list, items } => {
            let key = views.keys.list(list);
            let revision = basis.lists.get(list).map_or(Revision(0), |(_, at)| *at);
            let put = Op::Put {
                key: key.clone(),
                value: items_value(items),
                lease: None,
            };
            (vec![Compare::ModRevision(key, revision)], vec![put])
        }
    }
}

/// Waits until what was written at `revision` is seen here, so that the next sentence is
/// decided from it.
pub(crate) async fn settle(house: &Arc<House>, effect: &Effect, revision: Revision) {
    let view = match effect {
        Effect::Nothing | Effect::Devices(_) => return,
        Effect::StartTimer { .. } | Effect::CancelTimers(_) => &house.views.timers,
        Effect::SetList { .. } => &house.views.lists,
    };
    let seen = tokio::time::timeout(SETTLE, view.reached(revision));
    if seen.await.is_err() {
        tracing::warn!(%revision, "what was written is not seen yet");
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
    }
}
