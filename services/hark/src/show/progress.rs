//! What is going on, on a terminal, while something takes longer than a moment. Goes to
//! stderr, and nowhere where that is no terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Something that takes a while. It disappears when this is dropped.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// Begins to say `message`.
    pub fn start(message: impl Into<String>) -> Self {
        let bar = ProgressBar::new_spinner().with_message(message.into());
        let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}");
        bar.set_style(style.expect("the template is one"));
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
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
