//! ggml's number formats, read into single precision and written from it.
//!
//! Blocks of 32 values share a scale (and in the `_1` kinds a minimum); their layout is
//! that of `ggml-common.h` in whisper.cpp 1.8.

mod write;

use half::f16;

/// A number format of ggml.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Single precision.
    F32,
    /// Half precision.
    F16,
    /// 4 bits and a scale.
    Q4_0,
    /// 5 bits and a scale.
    Q5_0,
    /// 5 bits, a scale and a minimum.
    Q5_1,
    /// 8 bits and a scale.
    Q8_0,
}

impl Format {
    /// By ggml's number for it.
    pub fn from_ggml(number: i32) -> Option<Self> {
        match number {
            0 => Some(Self::F32),
            1 => Some(Self::F16),
            2 => Some(Self::Q4_0),
            6 => Some(Self::Q5_0),
            7 => Some(Self::Q5_1),
            8 => Some(Self::Q8_0),
            _ => None,
        }
    }

    /// ggml's number for it.
    pub fn to_ggml(self) -> i32 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::Q4_0 => 2,
            Self::Q5_0 => 6,
            Self::Q5_1 => 7,
            Self::Q8_0 => 8,
        }
    }

    /// Values in a block.
    pub fn block_len(self) -> usize {
        match self {
            Self::F32 | Self::F16 => 1,
            Self::Q4_0 | Self::Q5_0 | Self::Q5_1 | Self::Q8_0 => 32,
        }
    }

    /// Bytes of a block.
    pub fn block_bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
            Self::Q4_0 => 18,
            Self::Q5_0 => 22,
            Self::Q5_1 => 24,
            Self::Q8_0 => 34,
        }
    }

    /// Bytes of so many values; none if they do not fill whole blocks or overflow.
    pub fn bytes_of(self, values: usize) -> Option<usize> {
        if !values.is_multiple_of(self.block_len()) {
            return None;
        }
        (values / self.block_len()).checked_mul(self.block_bytes())
    }

    /// The values in single precision. A block that is cut short is left out.
    pub fn read(self, bytes: &[u8]) -> Vec<f32> {
        let blocks = bytes.chunks_exact(self.block_bytes());
        let mut values = Vec::with_capacity(blocks.len() * self.block_len());
        for block in blocks {
            self.read_block(block, &mut values);
        }
        values
    }

    fn read_block(self, block: &[u8], values: &mut Vec<f32>) {
        let half = |at: usize| f16::from_le_bytes([block[at], block[at + 1]]).to_f32();
        match self {
            Self::F32 => values.push(f32::from_le_bytes([block[0], block[1], block[2], block[3]])),
            Self::F16 => values.push(half(0)),
            Self::Q8_0 => {
                let scale = half(0);
                values.extend(block[2..].iter().map(|&q| scale * f32::from(q as i8)));
            }
            Self::Q4_0 => {
                let scale = half(0);
                values.extend(nibbles(&block[2..]).map(|q| scale * (f32::from(q) - 8.0)));
            }
            Self::Q5_0 => {
                let scale = half(0);
                let quants = five_bits(&block[6..], &block[2..6]);
                values.extend(quants.map(|q| scale * (f32::from(q) - 16.0)));
            }
            Self::Q5_1 => {
                let (scale, minimum) = (half(0), half(2));
                let quants = five_bits(&block[8..], &block[4..8]);
                values.extend(quants.map(|q| scale * f32::from(q) + minimum));
            }
        }
    }
}

/// 32 numbers of 4 bits: all low halves, then all high halves.
fn nibbles(bytes: &[u8]) -> impl Iterator<Item = u8> {
    bytes
        .iter()
        .map(|b| b & 0x0f)
        .chain(bytes.iter().map(|b| b >> 4))
}

/// 32 numbers of 5 bits: their fifth bits are kept apart.
fn five_bits(low: &[u8], high: &[u8]) -> impl Iterator<Item = u8> {
    let high = u32::from_le_bytes([high[0], high[1], high[2], high[3]]);
    nibbles(low)
        .zip(0..)
        .map(move |(q, i)| q | ((((high >> i) & 1) as u8) << 4))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_blocks_read_as_ggml_reads_them() {
        let two = f16::from_f32(2.0).to_le_bytes();
        let mut q8 = two.to_vec();
        q8.extend((0..32).map(|i| (i - 16_i8) as u8));
        assert_eq!(Format::Q8_0.read(&q8)[..3], [-32.0, -30.0, -28.0]);

        let mut q4 = two.to_vec();
        q4.extend([0x1f; 16]);
        let values = Format::Q4_0.read(&q4);
        assert_eq!((values[0], values[16]), (14.0, -14.0));

        let mut q5 = two.to_vec();
        q5.extend([1, 0, 1, 0]);
        q5.extend([0x10; 16]);
        let values = Format::Q5_0.read(&q5);
        assert_eq!(values[..2], [0.0, -32.0]);
        assert_eq!(values[16..18], [2.0, -30.0]);
    }

    #[test]
    fn halves_and_singles_are_exact() {
        assert_eq!(Format::F32.read(&1.25_f32.to_le_bytes()), [1.25]);
        assert_eq!(Format::F16.read(&f16::from_f32(-0.5).to_le_bytes()), [-0.5]);
    }

    #[test]
    fn sizes_are_of_whole_blocks() {
        for (format, values, expect) in [
            (Format::F32, 3, Some(12)),
            (Format::Q8_0, 64, Some(68)),
            (Format::Q8_0, 33, None),
            (Format::F16, usize::MAX, None),
            (Format::F32, usize::MAX, None),
        ] {
            assert_eq!(format.bytes_of(values), expect, "{format:?} {values}");
        }
        assert_eq!(Format::from_ggml(3), None);
        for number in [0, 1, 2, 6, 7, 8] {
            assert_eq!(Format::from_ggml(number).map(Format::to_ggml), Some(number));
        }
    }

    proptest! {
        /// Within a step, on average: the farthest values may give way to the others.
        #[test]
        fn quantised_values_come_back_within_a_step(
            x in prop::collection::vec(-4.0_f32..4.0, 32),
        ) {
            let span = x.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
            for (format, steps) in [
                (Format::Q8_0, 127.0), (Format::Q4_0, 8.0),
                (Format::Q5_0, 16.0), (Format::Q5_1, 15.5),
            ] {
                let bytes = format.write(&x).unwrap();
                prop_assert_eq!(bytes.len(), format.block_bytes());
                let back = format.read(&bytes);
                let lost = x.iter().zip(&back).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
                let bound = span / steps * 1.02 + 1e-2;
                prop_assert!(lost <= 32.0 * bound * bound, "{format:?} {x:?} {back:?}");
            }
        }

        #[test]
        fn any_bytes_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for number in -1..10 {
                if let Some(format) = Format::from_ggml(number) {
                    let blocks = bytes.len() / format.block_bytes();
                    prop_assert_eq!(format.read(&bytes).len(), blocks * format.block_len());
                }
            }
        }
    }
}
