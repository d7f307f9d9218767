//! Where a byte is: what std has for it is slower on short lines, and private where it is not.

/// The lowest bit of each byte of a word, and the highest.
const LOWEST: u64 = u64::from_ne_bytes([0x01; 8]);
const HIGHEST: u64 = u64::from_ne_bytes([0x80; 8]);

/// The first place where `byte` is.
///
/// # Source
///
/// Warren, "Hacker's Delight", section 6-1: a word minus one in each byte borrows from the byte
/// above only behind a zero, so the lowest zero found is one.
pub(crate) fn find(byte: u8, bytes: &[u8]) -> Option<usize> {
    let pattern = u64::from_ne_bytes([byte; 8]);
    let (words, rest) = bytes.as_chunks::<8>();
    for (number, word) in words.iter().enumerate() {
        // Zero in each byte that is the one.
        let word = u64::from_le_bytes(*word) ^ pattern;
        let zeros = word.wrapping_sub(LOWEST) & !word & HIGHEST;
        if zeros != 0 {
            return Some(8 * number + zeros.trailing_zeros() as usize / 8);
        }
    }
    let place = rest.iter().position(|other| *other == byte)?;
    Some(8 * words.len() + place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_found_where_a_look_at_each_finds_it() {
        let mut dice = 1_u32;
        for length in 0..2_000 {
            // Few different bytes, and those that borrow from each other.
            let bytes: Vec<u8> = (0..length % 40)
                .map(|_| {
                    dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    [0, 1, 2, 0x7f, 0x80, 0x81, 0xfe, 0xff][(dice >> 29) as usize]
                })
                .collect();
            for byte in [0, 1, 0x7f, 0x80, 0x81, 0xff, 7] {
                let place = bytes.iter().position(|other| *other == byte);
                assert_eq!(find(byte, &bytes), place, "{byte} in {bytes:?}");
            }
        }
    }
}
