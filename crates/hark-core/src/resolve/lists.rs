//! Lists: add, take off, tick, read.

use super::places::{ask, unknown};
use super::verdict::Verdict;
use super::{Context, Effect};
use crate::home::List;
use crate::intent::Intent;
use crate::list::{self, Change, Item};
use crate::reply::{Argument, Say};

/// The list that is meant where none is named.
const DEFAULT_LIST: &str = "shopping";

/// Adds an item.
pub(super) fn add(intent: &Intent, context: &Context<'_>) -> Result<Verdict, Verdict> {
    let codes = ("item_added", "item_already_there");
    change(intent, context, list::add, codes)
}

/// Takes an item off.
pub(super) fn remove(intent: &Intent, context: &Context<'_>) -> Result<Verdict, Verdict> {
    let codes = ("item_removed", "item_removed");
    change(intent, context, list::remove, codes)
}

/// Marks an item as done.
pub(super) fn complete(intent: &Intent, context: &Context<'_>) -> Result<Verdict, Verdict> {
    let codes = ("item_completed", "item_completed");
    change(intent, context, list::complete, codes)
}

/// Reads what is still to be done.
pub(super) fn read(intent: &Intent, context: &Context<'_>) -> Result<Verdict, Verdict> {
    let list = meant(intent, context)?;
    let open = items(context, list).iter().filter(|item| !item.completed);
    let open: Vec<_> = open.map(|item| item.text.clone()).collect();
    let say = match open.is_empty() {
        true => with_list("list_empty", context, list),
        false => with_list("list_items", context, list).with("items", Argument::Texts(open)),
    };
    Ok(Verdict::answer(vec![], say))
}

fn change(
    intent: &Intent,
    context: &Context<'_>,
    change: fn(&[Item], &str) -> Change,
    (done, already): (&'static str, &'static str),
) -> Result<Verdict, Verdict> {
    let list = meant(intent, context)?;
    let item = intent.text("item").map(str::trim).filter(|i| !i.is_empty());
    let item = item.ok_or_else(|| ask("missing_value"))?;
    let say = |code| with_list(code, context, list).text("item", item);
    match change(items(context, list), item) {
        Change::Items(items) => {
            let list = list.id.clone();
            Ok(Verdict::effect(Effect::SetList { list, items }, say(done)))
        }
        Change::Already => Ok(Verdict::answer(vec![], say(already))),
        Change::Unknown => Err(Verdict::question(say("unknown_item"))),
        Change::Full => Err(Verdict::failed(with_list("list_full", context, list))),
    }
}

/// The list that is named, else the shopping list, else the only one.
fn meant<'a>(intent: &Intent, context: &Context<'a>) -> Result<&'a List, Verdict> {
    let lists = &context.home.lists;
    let found = match intent.text("name") {
        Some(name) => lists.iter().find(|list| {
            let mut names = list.names.all(context.language).into_iter();
            list.id.as_str() == name || names.any(|n| n.to_lowercase() == name.to_lowercase())
        }),
        None => lists
            .iter()
            .find(|list| list.id.as_str() == DEFAULT_LIST)
            .or(match &lists[..] {
                [only] => Some(only),
                _ => None,
            }),
    };
    found.ok_or_else(|| unknown("unknown_list", intent, "name"))
}

fn items<'a>(context: &Context<'a>, list: &List) -> &'a [Item] {
    context.lists.get(&list.id).map_or(&[], Vec::as_slice)
}

fn with_list(code: &'static str, context: &Context<'_>, list: &List) -> Say {
    Say::new(code).text("list", list.names.phrase(context.language))
}
