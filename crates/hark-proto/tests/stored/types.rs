//! Every message of the contract as the Rust type that is generated for it.

use std::collections::BTreeMap;

use hark_proto::{internal, stored, v1};
use prost::{DecodeError, Message};

/// Decodes bytes as one type and encodes what that type understood.
pub type RoundTrip = fn(&[u8]) -> Result<Vec<u8>, DecodeError>;

fn round_trip<M: Message + Default>(bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    Ok(M::decode(bytes)?.encode_to_vec())
}

macro_rules! types {
    ($($module:ident $package:literal: $($name:ident)*;)*) => {
        /// By full name.
        pub fn all() -> BTreeMap<String, RoundTrip> {
            BTreeMap::from([
                $($((
                    concat!($package, ".", stringify!($name)).to_owned(),
                    round_trip::<$module::$name> as RoundTrip,
                ),)*)*
            ])
        }
    };
}

types! {
    internal "hark.internal.v1":
        DescribeRequest
        DescribeResponse
        DrainRequest
        DrainResponse
        HandleRequest
        HandleResponse
        ParseRequest
        ParseResponse
        Reading
        Token
        TranscribeRequest
        TranscribeResponse
        ;
    stored "hark.store.v1":
        AbsoluteCommand
        Instance
        InstanceModel
        LedgerEntry
        Stored
        StoredCredential
        StoredList
        StoredListItem
        StoredRevocation
        StoredTimer
        ;
    v1 "hark.v1":
        Acknowledgement
        ActOn
        AddCredentialRequest
        AddCredentialResponse
        Alternative
        Area
        AttachRequest
        AttachResponse
        Attached
        AudioChunk
        AudioFormat
        Capabilities
        Color
        ConverseRequest
        ConverseResponse
        Credential
        Device
        DeviceChange
        DeviceState
        DrainNodeRequest
        DrainNodeResponse
        EndpointingConfig
        ExecuteRequest
        ExecuteResponse
        GetStatusRequest
        GetStatusResponse
        HomeList
        Intent
        ListAreasRequest
        ListAreasResponse
        ListCredentialsRequest
        ListCredentialsResponse
        ListDevicesRequest
        ListDevicesResponse
        ListItem
        ListListsRequest
        ListListsResponse
        ListNodesRequest
        ListNodesResponse
        ListTimersRequest
        ListTimersResponse
        LocalName
        ModelStatus
        Node
        OutcomeResult
        PartStatus
        Principal
        PrincipalName
        Push
        PushAcknowledgement
        RecognitionResult
        RecognizeRequest
        RecognizeResponse
        Reconnect
        Reply
        ReplyAudio
        ResumePoint
        RevokeRequest
        RevokeResponse
        Ring
        SessionStarted
        Slot
        SpeakerHello
        SpeakerSettings
        SpeechEvent
        StopRing
        StoreStatus
        StreamingConfig
        StreamingRecognizeRequest
        StreamingRecognizeResponse
        Timer
        Timings
        UtteranceOutcome
        WatchDevicesRequest
        WatchDevicesResponse
        WatchNodesRequest
        WatchNodesResponse
        WatchTimersRequest
        WatchTimersResponse
        Word
        ;
}
