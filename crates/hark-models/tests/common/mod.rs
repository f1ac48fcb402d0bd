//! Wheels, right and wrong, and what an index says of them.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
#![allow(dead_code, reason = "not every test needs all of it")]

pub mod house;

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use sha2::{Digest, Sha256};

/// A member of a wheel, as the wheel has it.
#[derive(Clone)]
pub struct Member {
    name: Vec<u8>,
    data: Vec<u8>,
    /// What it says it has.
    size: u32,
    deflated: bool,
}

impl Member {
    pub fn stored(name: &str, content: &[u8]) -> Self {
        Self {
            name: name.into(),
            data: content.to_vec(),
            size: content.len() as u32,
            deflated: false,
        }
    }

    pub fn deflated(name: &str, content: &[u8]) -> Self {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        Self {
            name: name.into(),
            data: encoder.finish().unwrap(),
            size: content.len() as u32,
            deflated: true,
        }
    }

    /// Says that it has so many bytes.
    pub fn saying(self, size: u32) -> Self {
        Self { size, ..self }
    }
}

/// A zip file of these members, in this order, whatever they are called.
pub fn wheel(members: &[Member]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        let offset = file.len() as u32;
        let method: u16 = if member.deflated { 8 } else { 0 };
        let mut common = Vec::new();
        for number in [20_u16, 0, method, 0, 0x21] {
            common.extend(number.to_le_bytes());
        }
        // Nothing here looks at the sum.
        for number in [0, member.data.len() as u32, member.size] {
            common.extend(u32::to_le_bytes(number));
        }
        common.extend((member.name.len() as u16).to_le_bytes());
        common.extend(0_u16.to_le_bytes());
        file.extend(b"PK\x03\x04");
        file.extend(&common);
        file.extend(&member.name);
        file.extend(&member.data);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        // No comment, the first disk, no attributes.
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(&member.name);
    }
    let start = file.len() as u32;
    file.extend(&directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    for _ in 0..2 {
        file.extend((members.len() as u16).to_le_bytes());
    }
    file.extend((directory.len() as u32).to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend(0_u16.to_le_bytes());
    file
}

pub fn sha256(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    digest.iter().map(|b| format!("{b:02x}")).collect()
}
