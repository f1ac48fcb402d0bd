//! What is going on, on a terminal, while something takes longer than a moment. Goes to
//! stderr; where that is no terminal, only what is worth a line of its own is said.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::show;

/// Something that takes a while. It disappears when this is dropped.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// Begins to say `message`.
    pub fn start(message: impl Into<String>) -> Self {
        let bar = ProgressBar::new_spinner().with_message(message.into());
        bar.set_style(style("{spinner} {msg} {elapsed}"));
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }

    /// Begins something of so many steps.
    pub fn steps(steps: usize) -> Self {
        let bar = ProgressBar::new(steps as u64);
        let style =
            ProgressStyle::with_template("{spinner} {pos}/{len} {elapsed}, {eta} left: {wide_msg}");
        bar.set_style(style.expect("the template is one"));
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }

    /// Says what the next step is about.
    pub fn step(&self, message: impl Into<String>) {
        self.0.set_message(message.into());
        self.0.inc(1);
    }

    /// Says something else from now on.
    pub fn say(&self, message: impl Into<String>) {
        self.0.set_message(message.into());
    }

    /// Counts bytes of something from now on, from `from` to `total` if that is known.
    pub fn of_bytes(&self, what: &str, total: Option<u64>, from: u64) {
        self.0.set_style(style(match total {
            Some(_) => "{msg} [{bar:24}] {bytes}/{total_bytes}, {bytes_per_sec}, {eta}",
            None => "{spinner} {msg} {bytes} {elapsed}",
        }));
        self.0.set_length(total.unwrap_or(0));
        self.0.set_position(from);
        self.0.reset_eta();
        self.0.set_message(what.to_owned());
        if self.0.is_hidden() {
            let from = match from {
                0 => String::new(),
                n => format!(", from byte {n} on"),
            };
            show::remark(&format!("{what}{from}"));
        }
    }

    /// So many bytes are done.
    pub fn at(&self, bytes: u64) {
        self.0.set_position(bytes);
    }

    /// Says something that stays.
    pub fn note(&self, text: &str) {
        self.0.suspend(|| show::remark(text));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is one")
}
