//! What the environment says where the builder was told nothing.

use std::env;

/// `MAINSPRING_DEBUG`: on, if it is set to anything but nothing and `0`.
pub(crate) fn debug() -> bool {
    env::var_os("MAINSPRING_DEBUG").is_some_and(|text| !text.is_empty() && text != "0")
}

/// `MAINSPRING_SEED`: decimal or, behind `0x`, hexadecimal.
///
/// # Panics
///
/// If it is set and no number: a run that is not repeated as it was asked for would mislead.
pub(crate) fn seed() -> Option<u64> {
    let text = env::var_os("MAINSPRING_SEED")?;
    let text = text.to_string_lossy();
    let seed = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    match seed {
        Ok(seed) => Some(seed),
        Err(error) => panic!(
            "MAINSPRING_SEED is {text:?}, and takes a number below 2^64, as 24301 or 0x5eed: {error}"
        ),
    }
}
