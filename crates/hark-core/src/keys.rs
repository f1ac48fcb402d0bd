//! Where things are in the store: every key of a home is under `/hark/v1/<home>/`.

use crate::cluster::Role;
use crate::credentials::Serial;
use crate::ids::{
    CredentialId, DeviceId, HomeId, ListId, NodeId, Ordinal, PrincipalId, SessionId, SpeakerId,
    TimerId,
};
use crate::principal::{Kind, Principal};
use crate::store::Key;

/// The reserved speaker id under which pushes for every speaker lie: each speaker that
/// attaches is told them, and the first acknowledgement deletes them. No speaker may
/// call itself that.
pub const ANY_SPEAKER: &str = "any";

/// The keys of one home.
#[derive(Debug, Clone)]
pub struct KeySpace {
    root: String,
}

impl KeySpace {
    /// The keys of `home`.
    pub fn new(home: &HomeId) -> Self {
        Self {
            root: format!("/hark/v1/{home}/"),
        }
    }

    /// Everything of the home.
    pub fn root(&self) -> Key {
        Key::new(self.root.as_str())
    }

    /// States that devices were set to.
    pub fn devices(&self) -> Key {
        self.key("device/")
    }

    /// The state that a device was set to.
    pub fn device(&self, id: &DeviceId) -> Key {
        self.key(&format!("device/{id}"))
    }

    /// Every utterance that was handled.
    pub fn ledger(&self) -> Key {
        self.key("ledger/")
    }

    /// What was decided and done about an utterance.
    pub fn ledger_entry(&self, who: &Principal, session: SessionId, ordinal: Ordinal) -> Key {
        self.key(&format!("ledger/{}/{session}/{:010}", who.key(), ordinal.0))
    }

    /// Timers that run.
    pub fn timers(&self) -> Key {
        self.key("timer/")
    }

    /// A timer.
    pub fn timer(&self, id: &TimerId) -> Key {
        self.key(&format!("timer/{id}"))
    }

    /// The home's lists.
    pub fn lists(&self) -> Key {
        self.key("list/")
    }

    /// The items of a list.
    pub fn list(&self, id: &ListId) -> Key {
        self.key(&format!("list/{id}"))
    }

    /// What speakers are still to be told.
    pub fn pushes(&self) -> Key {
        self.key("push/")
    }

    /// What one speaker is still to be told.
    pub fn pushes_of(&self, speaker: &SpeakerId) -> Key {
        self.key(&format!("push/{speaker}/"))
    }

    /// What every speaker is still to be told.
    pub fn pushes_of_any(&self) -> Key {
        self.key(&format!("push/{ANY_SPEAKER}/"))
    }

    /// One thing that every speaker is to be told.
    pub fn push_to_any(&self, id: &str) -> Key {
        self.key(&format!("push/{ANY_SPEAKER}/{id}"))
    }

    /// One thing that a speaker is to be told.
    pub fn push(&self, speaker: &SpeakerId, id: &str) -> Key {
        self.key(&format!("push/{speaker}/{id}"))
    }

    /// A router that is alive; its create revision is that router's fencing token.
    pub fn router(&self, instance: &str) -> Key {
        self.key(&format!("router/{instance}"))
    }

    /// Everything about who may come in.
    pub fn access(&self) -> Key {
        self.key("access/")
    }

    /// A token's digest, and whose it is.
    pub fn credential(&self, id: &CredentialId) -> Key {
        self.key(&format!("access/credential/{id}"))
    }

    /// A principal whose certificates were revoked.
    pub fn revoked_principal(&self, kind: Kind, name: &PrincipalId) -> Key {
        self.key(&format!("access/revoked/{}/{name}", kind.as_str()))
    }

    /// A certificate that was revoked.
    pub fn revoked_serial(&self, serial: &Serial) -> Key {
        self.key(&format!("access/revoked/serial/{serial}"))
    }

    /// Every part of every node.
    pub fn instances(&self) -> Key {
        self.key("instance/")
    }

    /// What one part of a node says of itself.
    pub fn instance(&self, role: Role, node: &NodeId) -> Key {
        self.key(&format!("instance/{}/{node}", role.as_str()))
    }

    fn key(&self, rest: &str) -> Key {
        Key::new(format!("{}{rest}", self.root))
    }
}
