//! Values on their way: serde values as bytes, never more than are allowed.
//!
//! The format is postcard's. It is compact, written down, and has a storage interface by which a
//! value that is too large is refused while it is being written. (It carries no words of a
//! `Serialize` that fails: "serde serialization error" is all one hears.)

use postcard::ser_flavors::Flavor;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Values up to this size are written at once; larger ones are measured first.
///
/// Doubling it wastes up to that much memory on a value that turns out to be too large; halving
/// it measures, and so walks through twice, values that would have fitted.
const AT_ONCE: usize = 1024 * 1024;

/// Why a value cannot be sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unsendable {
    /// It takes more bytes than are allowed.
    TooLarge,
    /// Its `Serialize` failed, or asks for what the format cannot do.
    Refused(String),
}

/// Appends a value to `bytes`. If that fails, `bytes` is as it was.
pub(crate) fn append<T>(bytes: &mut Vec<u8>, value: &T, largest: usize) -> Result<(), Unsendable>
where
    T: Serialize + ?Sized,
{
    let before = bytes.len();
    let appended = append_at_once(bytes, value, largest);
    if appended.is_err() {
        bytes.truncate(before);
    }
    appended
}

fn append_at_once<T>(bytes: &mut Vec<u8>, value: &T, largest: usize) -> Result<(), Unsendable>
where
    T: Serialize + ?Sized,
{
    let before = bytes.len();
    match write(value, Appended::new(bytes, largest.min(AT_ONCE))) {
        Err(Unsendable::TooLarge) if largest > AT_ONCE => {}
        done => return done,
    }
    bytes.truncate(before);
    let mut size = 0;
    write(
        value,
        Measured {
            size: &mut size,
            largest,
        },
    )?;
    bytes.reserve_exact(size);
    write(value, Appended::new(bytes, largest))
}

/// Reads a value; all of the bytes must belong to it.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(format!("{} bytes more than it has: {UNLIKE}", rest.len())),
        Err(error) => Err(words(&error)),
    }
}

/// Both ends are the same program, so this is what bytes that cannot be read come from.
const UNLIKE: &str = "its `Deserialize` does not read what its `Serialize` writes (a field that \
    `#[serde(skip_serializing_if)]` leaves out is missed)";

/// What is the matter, and what is behind it.
fn words(error: &postcard::Error) -> String {
    use postcard::Error::{
        SerdeDeCustom, SerdeSerCustom, SerializeSeqLengthUnknown, WontImplement,
    };
    match error {
        WontImplement | SerializeSeqLengthUnknown => format!(
            "{error}: the format (postcard) keeps neither types nor the names of fields, so \
             `#[serde(untagged)]`, `tag` and `flatten` do not travel"
        ),
        SerdeSerCustom | SerdeDeCustom => error.to_string(),
        _ => format!("{error}: {UNLIKE}"),
    }
}

fn write<T, S>(value: &T, storage: S) -> Result<(), Unsendable>
where
    T: Serialize + ?Sized,
    S: Flavor<Output = ()>,
{
    match postcard::serialize_with_flavor(value, storage) {
        Ok(()) => Ok(()),
        Err(postcard::Error::SerializeBufferFull) => Err(Unsendable::TooLarge),
        Err(error) => Err(Unsendable::Refused(words(&error))),
    }
}

/// Appends at most so many bytes.
struct Appended<'a> {
    bytes: &'a mut Vec<u8>,
    /// How long they may become.
    end: usize,
}

impl<'a> Appended<'a> {
    fn new(bytes: &'a mut Vec<u8>, largest: usize) -> Self {
        let end = bytes.len().saturating_add(largest);
        Appended { bytes, end }
    }
}

impl Flavor for Appended<'_> {
    type Output = ();

    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        if data.len() > self.end - self.bytes.len() {
            return Err(postcard::Error::SerializeBufferFull);
        }
        self.bytes.extend_from_slice(data);
        Ok(())
    }

    fn try_push(&mut self, data: u8) -> postcard::Result<()> {
        if self.bytes.len() == self.end {
            return Err(postcard::Error::SerializeBufferFull);
        }
        self.bytes.push(data);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Counts, and keeps nothing.
struct Measured<'a> {
    size: &'a mut usize,
    largest: usize,
}

impl Flavor for Measured<'_> {
    type Output = ();

    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        if data.len() > self.largest - *self.size {
            return Err(postcard::Error::SerializeBufferFull);
        }
        *self.size += data.len();
        Ok(())
    }

    fn try_push(&mut self, _data: u8) -> postcard::Result<()> {
        self.try_extend(&[0])
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_out_as_it_went_in() {
        let value = (
            7_u8,
            "text".to_owned(),
            vec![1.5_f64, -0.0],
            Some(u128::MAX),
        );
        let mut bytes = vec![9, 9];
        append(&mut bytes, &value, 100).unwrap();
        assert_eq!(read(&bytes[2..]), Ok(value));
    }

    #[test]
    fn exactly_the_limit_fits_and_one_byte_more_does_not() {
        for length in [100, AT_ONCE - 3, AT_ONCE + 100] {
            let value = vec![1_u8; length];
            let mut bytes = Vec::new();
            append(&mut bytes, &value, usize::MAX / 2).unwrap();
            let size = bytes.len();
            let mut bytes = vec![5];
            assert_eq!(append(&mut bytes, &value, size), Ok(()));
            assert_eq!(bytes.len(), 1 + size);
            let refused = append(&mut bytes, &value, size - 1);
            assert_eq!(refused, Err(Unsendable::TooLarge));
            assert_eq!(
                bytes.len(),
                1 + size,
                "what was there before is still there"
            );
        }
    }

    #[test]
    fn bytes_that_are_left_over_are_an_error() {
        assert!(read::<u8>(&[1, 2]).is_err());
        assert!(read::<u8>(&[]).is_err());
        assert!(read::<bool>(&[2]).is_err());
    }

    #[test]
    fn what_the_format_cannot_do_is_said_with_its_reason() {
        let refused = read::<serde::de::IgnoredAny>(&[1]).unwrap_err();
        assert!(refused.contains("neither types nor the names"), "{refused}");
        let misread = read::<Option<u8>>(&[3]).unwrap_err();
        assert!(misread.contains("skip_serializing_if"), "{misread}");
    }

    /// A length of 2^60 with nothing behind it: an error, and no memory asked for.
    #[test]
    fn f66_a_vector_is_not_believed_its_length() {
        let mut bytes = vec![0xff; 8];
        bytes.push(0x0f);
        assert!(read::<Vec<u64>>(&bytes).is_err());
        assert!(read::<String>(&bytes).is_err());
    }
}
