//! The sentence-template language, its compiler and matcher, German and English
//! sentences, numbers and replies.
//!
//! [`Sentences`] (YAML in Home Assistant's shape) and a [`Lexicon`] (the names of one
//! home in one language) compile to a [`Matcher`]; [`Matcher::readings`] gives what a
//! text can mean, best first, [`Matcher::prefix`] whether a beginning can still become a
//! sentence. [`Replies`] renders what to say about it.
//!
//! Nothing here touches a home: a reading says which words were spoken for what; what
//! they mean in a home is decided by who takes it.
//!
//! # Intents and slots
//!
//! Names are Home Assistant's; what it has no name for is marked †. Every slot is
//! optional unless it says *always*. Text slots hold names as registered in the
//! language of the sentence, except where this table gives the values.
//!
//! | intent | slots |
//! | --- | --- |
//! | `HassTurnOn`, `HassTurnOff` | `name`, `area`, `floor`, `domain`, `device_class`, `scope`† |
//! | `HassToggle` | `name`, `area`, `domain` |
//! | `HassLightSet` | one of `brightness` (0–100), `brightness_step`† (−100–100 percentage points), `color` always; `name`, `area`, `floor`, `domain` = `light`, `scope`† |
//! | `HassSetPosition` | `position` (0–100, 100 open) always; `name`, `area`, `domain` = `cover`, `device_class` |
//! | `HassClimateSetTemperature` | `temperature` (°C, 5–30, tenths) always; `name`, `area` |
//! | `HassClimateGetTemperature` | `name`, `area` |
//! | `HassGetState` | `name`, `area`, `domain`, `device_class`, `state` |
//! | `HassStartTimer` | `hours`, `minutes`, `seconds` (halves and tenths occur: 1.5 hours), none of them where no time was said; `name` |
//! | `HassTimerStatus`, `HassCancelTimer` | `name` or `start_hours`, `start_minutes`, `start_seconds` |
//! | `HassCancelAllTimers` | |
//! | `HassListAddItem`, `HassListRemoveItem`, `HassListCompleteItem` | `item`, `name` (of the list), both always |
//! | `HassShoppingListAddItem`, `HassShoppingListCompleteItem` | `item` always; second reading where the home has a shopping list of its own, only reading where it has none |
//! | `HassListGetItems`† | `name` of the list always. Home Assistant has no intent for what is on a list |
//! | `HassGetCurrentTime`, `HassGetCurrentDate`, `HassNevermind` | |
//!
//! What the values mean:
//! - **Devices by name**: `name` is the registered name; `area` or `floor` beside it
//!   narrows it. `domain` beside it is given where the verb says it (open, close, lock,
//!   a light's colour).
//! - **Devices by kind**: `domain` with `area` or `floor` means all of that kind there.
//!   Without either it means those in the speaker's own area, and is a question where
//!   the speaker has none. Only `scope` = `home` ("im ganzen Haus", "everywhere") means
//!   the whole home.
//! - **Covers**: open is `HassTurnOn` with `domain` = `cover`, close is `HassTurnOff`, as
//!   Home Assistant has it. `device_class` says which word was spoken: `blind`
//!   (also said of shutters, shades and roller blinds), `curtain`, `awning`, `garage`,
//!   `gate`. People mix the first three up: take them for any cover that is not a
//!   `garage`, `gate`, `door` or `window`.
//! - **Locks**: lock is `HassTurnOn` with `domain` = `lock`, unlock is `HassTurnOff`.
//! - **Television**: by its name, or `domain` = `media_player`, `device_class` = `tv`.
//! - **`state`** of `HassGetState` is what is asked ("is it open?"): `on`/`off` for
//!   lights, switches, media players and binary sensors (`on` = open), `open`/`closed`
//!   for covers, `locked`/`unlocked` for locks. Without `state`, the state itself is
//!   asked. `domain` is always there unless only a `name` was spoken.
//! - **`color`**: Home Assistant's English names: `white`, `red`, `orange`, `yellow`,
//!   `green`, `blue`, `purple`, `pink`, `brown`, `turquoise`.
//! - **`brightness_step`**: "heller" is 20, "etwas heller" 10, "viel heller" 40, "um 15
//!   Prozent dunkler" −15. Whoever acts makes it absolute.
//! - **Unknown rooms**: an `area` that is not in the home (compare with the home's names)
//!   holds the words as spoken, in a reading that scores low. It is a question, never
//!   "everywhere". The same with an unknown device's `name`.
//!
//! - **Exceptions**: `except_area`, `except_floor`, `except_name`, and with `_2` to `_4`
//!   those after the first.
//! - **`time`** of `HassStartTimer` is a time of day, like "07:30"; sentences give it as
//!   `time_hour`, `time_minute` (may be negative) and `time_add` (minutes; 720 in the
//!   afternoon), which are added up.
//! - **`conversation_command`** is what is to be done when the timer is over.
//!
//! # Several commands, and words misheard
//!
//! [`Matcher::understand`] also parts a text into several commands, and takes words that
//! nothing is called for those that sound or look most like them.
//!
//! # Score
//!
//! Every letter of the text is worth 1 where a template spells it or a list or number
//! gives it exactly, 1.05 as part of a device's or list's name from the home, 0.9 as a
//! skipped word ("bitte"), 0.1 in a wildcard; the score is the mean. So known names beat
//! wildcards, and more literal text beats less. Ties go to the reading with fewer slots,
//! then to the sentence that comes first.

mod builtin;
mod captures;
mod compile;
pub mod corpus;
mod error;
mod expand;
mod fuzzy;
mod hasher;
mod lexicon;
mod list;
mod load;
mod matcher;
mod meaning;
mod normalize;
pub mod numbers;
mod program;
mod replies;
mod sample;
mod search;
mod sentences;
mod strict;
pub mod template;
mod trie;
mod understand;
mod words;
mod yaml;

pub use error::Error;
pub use lexicon::{Entry, Lexicon};
pub use matcher::{MAX_READINGS, MAX_TEXT_CHARS, Matcher, Name, Prefix};
pub use replies::Replies;
pub use sample::{IntentInfo, Sample, Sampler};
pub use sentences::Sentences;
pub use understand::Understood;
