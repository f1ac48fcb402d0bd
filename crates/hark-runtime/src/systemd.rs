//! Tells systemd how the process stands, where systemd started it (`Type=notify`). What
//! depends on Hark starts once Hark is ready, not once it exists.

use std::future::Future;

use sd_notify::NotifyState;

use crate::health::Health;

/// Waits for the end, and tells systemd when the process is ready and when it ends.
pub(crate) async fn follow(health: &Health, ended: impl Future<Output = ()>) {
    let ready = async {
        health.ready().await;
        tell(NotifyState::Ready);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = ready => {}
        () = ended => {}
    }
    tell(NotifyState::Stopping);
}

fn tell(state: NotifyState<'_>) {
    // Without systemd there is nobody to tell, which is no error.
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "cannot tell systemd how the process stands");
    }
}
