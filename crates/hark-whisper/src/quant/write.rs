//! Single precision written in ggml's number formats. With eight bits and more as ggml's
//! reference does it (`quantize_row_*_ref` in whisper.cpp's `ggml-quants.c`), to the bit; with
//! four or five bits a block gets the [scale that fits it best](fit), so that less is lost.

mod fit;

use half::f16;

use super::Format;
use fit::Fit;

impl Format {
    /// The values in this format; none if they do not fill whole blocks.
    pub fn write(self, values: &[f32]) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.bytes_of(values.len())?);
        for block in values.chunks_exact(self.block_len()) {
            self.write_block(block, &mut bytes);
        }
        Some(bytes)
    }

    fn write_block(self, x: &[f32], bytes: &mut Vec<u8>) {
        match self {
            Self::F32 => bytes.extend(x[0].to_le_bytes()),
            Self::F16 => half(x[0], bytes),
            Self::Q8_0 => {
                let scale = extreme(x).abs() / 127.0;
                let inverse = inverse(scale);
                half(scale, bytes);
                bytes.extend(x.iter().map(|v| (v * inverse).round() as i8 as u8));
            }
            Self::Q4_0 => {
                let fit = Fit::around_zero(x, 15);
                half(fit.scale, bytes);
                nibbles(&fit.quants, bytes);
            }
            Self::Q5_0 => {
                let fit = Fit::around_zero(x, 31);
                half(fit.scale, bytes);
                five_bits(&fit.quants, bytes);
            }
            Self::Q5_1 => {
                let fit = Fit::from_low(x, 31);
                half(fit.scale, bytes);
                half(fit.low, bytes);
                five_bits(&fit.quants, bytes);
            }
        }
    }
}

fn half(value: f32, bytes: &mut Vec<u8>) {
    bytes.extend(f16::from_f32(value).to_le_bytes());
}

/// The value that is farthest from 0, the first of equals.
fn extreme(x: &[f32]) -> f32 {
    let farther = |a: f32, &b: &f32| if b.abs() > a.abs() { b } else { a };
    x.iter().fold(0.0, farther)
}

fn inverse(scale: f32) -> f32 {
    if scale == 0.0 { 0.0 } else { 1.0 / scale }
}

/// 32 numbers of 4 bits: the first half low, the second half high.
fn nibbles(quants: &[u8], bytes: &mut Vec<u8>) {
    bytes.extend((0..16).map(|i| (quants[i] & 15) | ((quants[i + 16] & 15) << 4)));
}

/// 32 numbers of 5 bits: their fifth bits first.
fn five_bits(quants: &[u8], bytes: &mut Vec<u8>) {
    let fifth = quants.iter().zip(0..).map(|(q, i)| u32::from(q >> 4) << i);
    bytes.extend(fifth.sum::<u32>().to_le_bytes());
    nibbles(quants, bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Format; 6] = [
        Format::F32,
        Format::F16,
        Format::Q4_0,
        Format::Q5_0,
        Format::Q5_1,
        Format::Q8_0,
    ];

    #[test]
    fn half_a_block_is_not_written() {
        for format in ALL {
            let whole = format.block_len() == 1;
            assert_eq!(format.write(&[1.0; 48]).is_some(), whole, "{format:?}");
        }
    }

    #[test]
    fn zeros_stay_zeros() {
        for format in ALL {
            let bytes = format.write(&[0.0; 32]).unwrap();
            assert!(format.read(&bytes).iter().all(|&v| v == 0.0), "{format:?}");
        }
    }

    proptest! {
        /// What was read from a block is written as the same block again.
        #[test]
        fn q8_0_singles_and_halves_are_lossless_once_written(
            x in prop::collection::vec(-4.0_f32..4.0, 64),
        ) {
            for format in [Format::F32, Format::F16, Format::Q8_0] {
                let once = format.write(&x).unwrap();
                let again = format.write(&format.read(&once)).unwrap();
                prop_assert_eq!(once, again, "{:?}", format);
            }
        }
    }
}
